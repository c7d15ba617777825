/*
 * ladder_table.h - a ladder on the standard output.
 */
#ifndef ZG_HARNESS_LADDER_TABLE_H
#define ZG_HARNESS_LADDER_TABLE_H

#include "harness/ladder/ladder_rows.h"
#include "harness/rows/table.h"

/* One table a case, titled, and what the rungs' ratios multiply to; as CSV and JSON the rows of
 * ladder.csv.  `summary` are the run's rows, results->n_rows a case. */
enum zg_status zg_ladder_table_print(const struct zg_ladder_result *results, int64_t n,
                                     const struct zg_summary_row *summary, enum zg_format format,
                                     struct zg_error *err);

/* The rungs before anything is measured. */
enum zg_status zg_ladder_list_print(const struct zg_ladder *ladder, enum zg_format format,
                                    struct zg_error *err);

#endif
