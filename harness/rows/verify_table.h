/*
 * verify_table.h - the verdicts of a check on the standard output.
 */
#ifndef ZG_HARNESS_VERIFY_TABLE_H
#define ZG_HARNESS_VERIFY_TABLE_H

#include "harness/rows/schema.h"
#include "harness/rows/table.h"

/* verify rows [n]; as CSV and JSON all columns. */
enum zg_status zg_verify_table_print(const struct zg_verify_row *rows, int64_t n,
                                     enum zg_format format, struct zg_error *err);

#endif
