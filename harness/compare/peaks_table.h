/*
 * peaks_table.h - the measured peaks of several directories beside each other, from the
 * roofline.csv of each, and how many times the first one's every other one reaches.
 *
 * Rows are the same where quantity and dtype are, and where both are of one thread, or both of a
 * team: machines have other numbers of cpus.
 */
#ifndef ZG_HARNESS_PEAKS_TABLE_H
#define ZG_HARNESS_PEAKS_TABLE_H

#include "harness/rows/table.h"
#include "harness/store/reader.h"

/* To the standard output, of sets[n_sets] (meta.json alone is enough of each); for programs a row a
 * peak and directory.  ZG_INPUT: a directory without roofline.csv, or with a broken one. */
enum zg_status zg_peaks_table_print(const struct zg_result_reader *const *sets, int64_t n_sets,
                                    enum zg_format format, struct zg_error *err);

#endif
