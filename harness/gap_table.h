/*
 * gap_table.h - what the standard output gets: the gap table of a run, the verdicts of a check.
 */
#ifndef ZG_HARNESS_GAP_TABLE_H
#define ZG_HARNESS_GAP_TABLE_H

#include "harness/results.h"
#include "harness/table.h"

/* summary rows [n], one table a case, titled; as CSV and JSON all columns of all rows. */
enum zg_status zg_gap_table_print(const struct zg_summary_row *rows, int64_t n,
                                  enum zg_format format, struct zg_error *err);
enum zg_status zg_verify_table_print(const struct zg_verify_row *rows, int64_t n,
                                     enum zg_format format, struct zg_error *err);

#endif
