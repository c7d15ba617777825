/*
 * case_row.c - goes over the list of case columns (schema.h), so that a new column is compared and
 * copied without a line here.
 */
#include "harness/rows/case_row.h"

#include <stdio.h>
#include <string.h>

#include "engines/base/printable.h"
#include "harness/rows/algorithm_cell.h"

bool zg_cell_same_text(const char *a, const char *b)
{
    return zg_printable_same(a, b); /* files have texts with escapes */
}

/* ---- columns --------------------------------------------------------------------------------- */

#define NUMBER(name) COLUMN_##name,
enum { ZG_CASE_COLUMNS(NUMBER, NUMBER, NUMBER) N_COLUMNS };
#undef NUMBER

int64_t zg_case_n_columns(void)
{
    return N_COLUMNS;
}

int64_t zg_case_column_find(const char *name)
{
    for (int64_t i = 0; i < N_COLUMNS; i++)
        if (strcmp(zg_schema_summary.columns[i].name, name) == 0)
            return i;
    return -1;
}

static bool may_differ(const struct zg_case_across *across, int column)
{
    return across && across->columns >> column & 1;
}

static bool option_may_differ(const struct zg_case_across *across, const char *key)
{
    for (int64_t i = 0; across && i < across->n_options; i++)
        if (zg_option_key_same(across->options[i], key))
            return true;
    return false;
}

/* ---- differences ----------------------------------------------------------------------------- */

const char *zg_cell_show(const struct zg_cell *cell, char *text, size_t size)
{
    if (zg_cell_is_empty(cell) || (cell->kind == ZG_COLUMN_TEXT && !*cell->text))
        return "none";
    if (cell->kind == ZG_COLUMN_TEXT)
        return cell->text;
    if (cell->kind == ZG_COLUMN_INTEGER)
        snprintf(text, size, "%lld", (long long)cell->integer);
    else
        snprintf(text, size, "%.9g", cell->real);
    return text;
}

int64_t zg_difference_add(char *text, size_t size, const char *name, const char *a, const char *b)
{
    const size_t n = text ? strlen(text) : 0;
    if (zg_printable_same(a, b))
        return 0;
    if (text)
        snprintf(text + n, size - n, "%s%s %s and %s", n ? ", " : "", name, a, b);
    return 1;
}

/* The algorithm's options, each as if it were a column. */
static int64_t add_options(char *text, size_t size, const char *a, const char *b,
                           const struct zg_case_across *across)
{
    struct zg_option_cell option, other;
    int64_t n = 0;
    if (zg_cell_same_text(a, b))
        return 0;
    for (const char *at = a; zg_option_cell_next(&at, &option);)
        if (!option_may_differ(across, option.key))
            n += zg_difference_add(text, size, option.key, option.value,
                                   zg_option_cell_find(b, option.key, &other) ? other.value
                                                                              : "none");
    for (const char *at = b; zg_option_cell_next(&at, &option);)
        if (!option_may_differ(across, option.key) && !zg_option_cell_find(a, option.key, &other))
            n += zg_difference_add(text, size, option.key, "none", option.value);
    return n;
}

int64_t zg_case_row_differences(const struct zg_case_row *a, const struct zg_case_row *b,
                                const struct zg_case_across *across, char *text, size_t size)
{
    int64_t n = 0;
    if (text)
        text[0] = '\0';
    for (int i = 0; i < N_COLUMNS; i++) {
        const struct zg_column *const column = &zg_schema_summary.columns[i];
        const struct zg_cell x = zg_row_cell(column, a), y = zg_row_cell(column, b);
        char shown[2][32];
        if (i == COLUMN_engine || i == COLUMN_dtype || may_differ(across, i))
            continue;
        if (i == COLUMN_algorithm)
            n += add_options(text, size, a->algorithm, b->algorithm, across);
        else
            n += zg_difference_add(text, size, column->name,
                                   zg_cell_show(&x, shown[0], sizeof shown[0]),
                                   zg_cell_show(&y, shown[1], sizeof shown[1]));
    }
    return n;
}

bool zg_case_row_same_work(const struct zg_case_row *a, const struct zg_case_row *b,
                           const struct zg_case_across *across)
{
    return zg_case_row_differences(a, b, across, NULL, 0) == 0;
}

/* ---- the same case --------------------------------------------------------------------------- */

/* For every sample of a directory: no text is made. */
bool zg_case_row_same(const struct zg_case_row *a, const struct zg_case_row *b)
{
#define TEXT(name)    &&zg_cell_same_text(a->name, b->name)
#define INTEGER(name) &&(COLUMN_##name == COLUMN_synthetic || a->name == b->name)
#define REAL(name)
    return true ZG_CASE_COLUMNS(TEXT, INTEGER, REAL);
#undef TEXT
#undef INTEGER
#undef REAL
}

bool zg_case_row_same_across(const struct zg_case_row *a, const struct zg_case_row *b,
                             const struct zg_case_across *across)
{
    struct zg_case_across others = *across;
    others.columns |= UINT64_C(1) << COLUMN_synthetic;
    return zg_cell_same_text(a->engine, b->engine) &&
           (may_differ(across, COLUMN_dtype) || zg_cell_same_text(a->dtype, b->dtype)) &&
           zg_case_row_same_work(a, b, &others);
}

int64_t zg_case_rows_end(const struct zg_summary_row *rows, int64_t n, int64_t begin)
{
    int64_t end = begin + 1;
    for (; end < n; end++) {
        bool same = zg_case_row_same_work(&rows[begin].id, &rows[end].id, NULL);
        for (int64_t i = begin; i < end && same; i++)
            same = !zg_cell_same_text(rows[i].id.engine, rows[end].id.engine);
        if (!same)
            break;
    }
    return end;
}
