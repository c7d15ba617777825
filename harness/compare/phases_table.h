/*
 * phases_table.h - where the time of a step goes: phases.csv of result directories as a table.
 *
 * For people the share of the step, FLOP/s and bytes/s beside each phase's time; for programs the
 * columns of phases.csv as they are, of several directories after `set` and `directory`.
 */
#ifndef ZG_HARNESS_PHASES_TABLE_H
#define ZG_HARNESS_PHASES_TABLE_H

#include "harness/rows/table.h"
#include "harness/store/reader.h"

/* To the standard output.  ZG_INPUT: a directory without phases, as of a run that was cut off. */
enum zg_status zg_phases_table_print(const struct zg_result_reader *const *sets, int64_t n_sets,
                                     enum zg_format format, struct zg_error *err);

#endif
