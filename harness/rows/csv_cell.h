/*
 * csv_cell.h - CSV cells: quoted by libcsv where a comma, quote or outer space asks for it; control
 * characters become '?', so that a row is always one line.  A NULL text, ZG_NO_INTEGER and NaN are
 * empty cells.
 */
#ifndef ZG_HARNESS_CSV_CELL_H
#define ZG_HARNESS_CSV_CELL_H

#include "harness/base/text_buffer.h"

void zg_csv_cell_text(struct zg_text_buffer *row, const char *value);
void zg_csv_cell_integer(struct zg_text_buffer *row, int64_t value);
void zg_csv_cell_real(struct zg_text_buffer *row, double value); /* %.9g */

#endif
