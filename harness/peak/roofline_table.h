/* roofline_table.h - the rows of roofline.csv as a table, and for people the ridge points. */
#ifndef ZG_HARNESS_ROOFLINE_TABLE_H
#define ZG_HARNESS_ROOFLINE_TABLE_H

#include "harness/rows/table.h"

/* Of rows[n], to the standard output.  A dtype's ridge point is its peak over the bandwidth of
 * reading, both of all threads: work of fewer FLOPs a byte is bound by memory. */
enum zg_status zg_roofline_table_print(const struct zg_roofline_row *rows, int64_t n,
                                       enum zg_format format, struct zg_error *err);

#endif
