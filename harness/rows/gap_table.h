/*
 * gap_table.h - the gap table of a run on the standard output.
 */
#ifndef ZG_HARNESS_GAP_TABLE_H
#define ZG_HARNESS_GAP_TABLE_H

#include "harness/rows/schema.h"
#include "harness/rows/table.h"

/* summary rows [n] of all cases, titled: what the cases differ in has columns of its own.  For
 * programs all columns of all rows. */
enum zg_status zg_gap_table_print(const struct zg_summary_row *rows, int64_t n,
                                  enum zg_format format, struct zg_error *err);

#endif
