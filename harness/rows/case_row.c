/*
 * case_row.c - goes over the list of case columns (record.h), so that a new column is compared and
 * copied without a line here.  Two reals are the same if a CSV file has them alike.
 */
#include "harness/rows/case_row.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool zg_cell_same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

bool zg_cell_same_real(double a, double b)
{
    char x[32], y[32];
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b); /* printed, they may differ in sign */
    snprintf(x, sizeof x, "%.9g", a);
    snprintf(y, sizeof y, "%.9g", b);
    return strcmp(x, y) == 0;
}

bool zg_case_row_same(const struct zg_case_row *a, const struct zg_case_row *b)
{
#define TEXT(name)    &&zg_cell_same_text(a->name, b->name)
#define INTEGER(name) &&(!strcmp(#name, "synthetic") || a->name == b->name)
#define REAL(name)    &&zg_cell_same_real(a->name, b->name)
    return true ZG_CASE_COLUMNS(TEXT, INTEGER, REAL);
#undef TEXT
#undef INTEGER
#undef REAL
}

int64_t zg_case_n_columns(void)
{
#define ONE(name) +1
    return 0 ZG_CASE_COLUMNS(ONE, ONE, ONE);
#undef ONE
}

int64_t zg_case_column_find(const char *name)
{
    for (int64_t i = 0; i < zg_case_n_columns(); i++)
        if (strcmp(zg_schema_summary.columns[i].name, name) == 0)
            return i;
    return -1;
}

void zg_case_row_copy_cell(struct zg_case_row *to, const struct zg_case_row *from, int64_t column)
{
    const struct zg_column *const c = &zg_schema_summary.columns[column]; /* they start every row */
    const size_t size = c->kind == ZG_COLUMN_TEXT      ? sizeof(const char *)
                        : c->kind == ZG_COLUMN_INTEGER ? sizeof(int64_t)
                                                       : sizeof(double);
    memcpy((char *)to + c->offset, (const char *)from + c->offset, size);
}

/* Adds "NAME A and B" where the cells differ; returns 1 then. */
static int64_t add_difference(char *text, size_t size, const char *name, const char *a,
                              const char *b)
{
    const size_t n = strlen(text);
    if (zg_cell_same_text(a, b))
        return 0;
    snprintf(text + n, size - n, "%s%s %s and %s", n ? ", " : "", name, a && *a ? a : "none",
             b && *b ? b : "none");
    return 1;
}

static const char *show_integer(char *cell, size_t size, int64_t value)
{
    cell[0] = '\0';
    if (value != ZG_NO_INTEGER)
        snprintf(cell, size, "%lld", (long long)value);
    return cell;
}

static const char *show_real(char *cell, size_t size, double value)
{
    cell[0] = '\0';
    if (!isnan(value))
        snprintf(cell, size, "%.9g", value);
    return cell;
}

int64_t zg_case_row_differences(const struct zg_case_row *a, const struct zg_case_row *b,
                                char *text, size_t size)
{
    char x[32], y[32];
    int64_t n = 0;
    text[0] = '\0';
#define TEXT(name)                                                                                 \
    if (strcmp(#name, "engine") && strcmp(#name, "dtype"))                                         \
        n += add_difference(text, size, #name, a->name, b->name);
#define INTEGER(name)                                                                              \
    n += add_difference(text, size, #name, show_integer(x, sizeof x, a->name),                     \
                        show_integer(y, sizeof y, b->name));
#define REAL(name)                                                                                 \
    n += add_difference(text, size, #name, show_real(x, sizeof x, a->name),                        \
                        show_real(y, sizeof y, b->name));
    ZG_CASE_COLUMNS(TEXT, INTEGER, REAL)
#undef TEXT
#undef INTEGER
#undef REAL
    return n;
}

bool zg_case_row_same_work(const struct zg_case_row *a, const struct zg_case_row *b)
{
    char text[2];
    return zg_case_row_differences(a, b, text, sizeof text) == 0;
}

int64_t zg_case_rows_end(const struct zg_summary_row *rows, int64_t n, int64_t begin)
{
    int64_t end = begin + 1;
    for (; end < n; end++) {
        bool same = zg_case_row_same_work(&rows[begin].id, &rows[end].id);
        for (int64_t i = begin; i < end && same; i++)
            same = !zg_cell_same_text(rows[i].id.engine, rows[end].id.engine);
        if (!same)
            break;
    }
    return end;
}
