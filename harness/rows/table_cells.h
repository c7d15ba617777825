/* table_cells.h - the inside of struct zg_table.  Private to table*.c. */
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
        int64_t secondary; /* 0: stays; else the largest goes first */
    } * headings;          /* [n_columns] */
    int64_t n_columns;
    struct cell *cells; /* row after row */
    int64_t n_cells;
    bool failed; /* no memory for a cell */
};

/* ---- what people see ------------------------------------------------------------------------- */

/* The heading (row -1) or the text of a cell, which may be in shown[size]; "" of an empty text. */
const char *zg_table_shown(const struct zg_table *table, int64_t row, int64_t column, char *shown,
                           size_t size);

/* Holds it numbers only?  Then it aligns right. */
bool zg_table_is_numeric(const struct zg_table *table, int64_t column);

/* The columns of the aligned table on the page. */
struct zg_table_fit {
    int64_t *widths; /* [n_columns]; 0: is not there */
    bool stacked;    /* no widths would do: a line a cell */
    bool dropped;    /* some column is not there that has a heading */
};

/* false: no memory.  To be closed. */
bool zg_table_fit_make(struct zg_table_fit *out, const struct zg_table *table, int64_t page_width);
void zg_table_fit_close(struct zg_table_fit *fit);

/* As aligned text.  false: no memory. */
bool zg_table_print_aligned(const struct zg_table *table, int64_t n_rows, FILE *out);

#endif
