/*
 * case_axes.h - in what do the cases of a sweep differ?  A table of several cases has a column for
 * each of these, its title the rest.
 *
 *     struct zg_case_axes axes;
 *     zg_case_axes_find(&axes, rows, n);
 *     zg_case_show(&axes, row, title, sizeof title);
 *     n_headings = zg_case_axes_headings(&axes, headings);
 *     ... zg_table_open(), then for each row first
 *     zg_case_axes_cells(&axes, &row->id, table);
 */
#ifndef ZG_HARNESS_CASE_AXES_H
#define ZG_HARNESS_CASE_AXES_H

#include "harness/rows/algorithm_cell.h"
#include "harness/rows/case_row.h"
#include "harness/rows/table.h"

/* Case columns and an algorithm's options. */
enum { ZG_MAX_AXIS_COLUMNS = 32 };

struct zg_case_axes { /* all 0: one case */
    uint64_t columns; /* bit i: case column i differs; never engine, dtype, algorithm */
    struct zg_option_cell options[ZG_MAX_ACROSS_OPTIONS]; /* [n_options]: the keys that differ */
    int64_t n_options;
};

/* Of rows[n] that start with the summary's columns. */
void zg_case_axes_find(struct zg_case_axes *out, const struct zg_summary_row *rows, int64_t n);
/* Adds those in which two cases differ. */
void zg_case_axes_add(struct zg_case_axes *axes, const struct zg_case_row *a,
                      const struct zg_case_row *b);

bool zg_case_axes_has(const struct zg_case_axes *axes, const char *column);
bool zg_case_axes_has_option(const struct zg_case_axes *axes, const char *key);

/* A heading for each, and a cell for each of a row; returns how many there are, at most
 * ZG_MAX_AXIS_COLUMNS.  Names are borrowed from axes. */
int64_t zg_case_axes_headings(const struct zg_case_axes *axes, struct zg_heading *headings);
void zg_case_axes_cells(const struct zg_case_axes *axes, const struct zg_case_row *id,
                        struct zg_table *table);

#endif
