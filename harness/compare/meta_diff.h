/*
 * meta_diff.h - in what do the machines and builds differ that result directories come from?
 *
 * Compares what meta.json says about the build, the machine, the pins, the libraries, the
 * environment, the measured peaks and the policy, down to the single value; what is the same
 * everywhere is left out.  Measured peaks differ from run to run: they are told where they are more
 * than 5 % apart.
 */
#ifndef ZG_HARNESS_META_DIFF_H
#define ZG_HARNESS_META_DIFF_H

#include <stdint.h>

#include "harness/rows/table.h"
#include "harness/store/reader.h"

#define ZG_META_PEAK_TOLERANCE 0.05

/* A table with a row a fact: "fact", its path in meta.json ("machine.cpu.name"), then "value_1" ..
 * "value_n", a column a set, shown as "A", "B", ...; an empty cell where meta.json has null or
 * nothing.  *n_rows gets the number of differences.  The caller closes *out.  ZG_ENV: no memory. */
enum zg_status zg_meta_diff(struct zg_table **out, int64_t *n_rows,
                            const struct zg_result_reader *const *sets, int64_t n,
                            struct zg_error *err);

#endif
