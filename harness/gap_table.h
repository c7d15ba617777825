/*
 * gap_table.h - what the standard output gets: the gap table of a run, the verdicts of a check.
 */
#ifndef ZG_HARNESS_GAP_TABLE_H
#define ZG_HARNESS_GAP_TABLE_H

#include "engines/model.h"
#include "harness/results.h"
#include "harness/stats.h"
#include "harness/table.h"

/* summary rows [n], one table a case, titled; as CSV and JSON all columns of all rows. */
enum zg_status zg_gap_table_print(const struct zg_summary_row *rows, int64_t n,
                                  enum zg_format format, struct zg_error *err);
enum zg_status zg_verify_table_print(const struct zg_verify_row *rows, int64_t n,
                                     enum zg_format format, struct zg_error *err);

/* The line above a case's table: model, task, batch, ..., and the row's number of blocks. */
void zg_case_title_print(const struct zg_summary_row *row);
/* The same without blocks and line end, into text[size]. */
const char *zg_case_show(const struct zg_summary_row *row, char *text, size_t size);
/* What a check found, where the coarsest dtype of the two engines is this one. */
const char *zg_verified_show(char *text, size_t size, int64_t verified, bool is_reference,
                             enum zg_dtype coarsest);
/* "2.221 s", "35.10 ms", "12.00 us", "-" for NaN: into text[size]. */
const char *zg_step_time_show(double s, char *text, size_t size);
/* "2.221 s [2.105, 2.330]"; without an interval only the median. */
const char *zg_step_interval_show(const struct zg_stats *s, char *text, size_t size);

#endif
