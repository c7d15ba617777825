/* table_cells.h - the inside of struct zg_table.  Private to table.c and table_print.c. */
#ifndef ZG_HARNESS_TABLE_CELLS_H
#define ZG_HARNESS_TABLE_CELLS_H

#include <stdbool.h>

#include "harness/rows/table.h"

struct cell {
    struct zg_cell value;
    char *text; /* the value of a text; how a real is shown, or NULL */
};

struct zg_table {
    char *name; /* NULL: "rows" */
    struct {
        char *name;
        char *shown;
    } * headings; /* [n_columns] */
    int64_t n_columns;
    struct cell *cells; /* row after row */
    int64_t n_cells;
    bool failed; /* no memory for a cell */
};

#endif
