/* case_axes.c - goes over the case columns and the options of the algorithm: case_axes.h. */
#include "harness/rows/case_axes.h"

#include <stdlib.h>
#include <string.h>

static const struct zg_column *column_of(int64_t i)
{
    return &zg_schema_summary.columns[i];
}

static bool differs(int64_t column, const struct zg_case_row *a, const struct zg_case_row *b)
{
    char x[32], y[32];
    const struct zg_cell p = zg_row_cell(column_of(column), a);
    const struct zg_cell q = zg_row_cell(column_of(column), b);
    return strcmp(zg_cell_show(&p, x, sizeof x), zg_cell_show(&q, y, sizeof y)) != 0;
}

/* The engine and its dtype have columns of their own, the algorithm's options too. */
static bool may_be_axis(const char *name)
{
    return strcmp(name, "engine") != 0 && strcmp(name, "dtype") != 0 &&
           strcmp(name, "algorithm") != 0;
}

/* Options of a that b has not, or otherwise. */
static void add_options(struct zg_case_axes *axes, const char *a, const char *b)
{
    struct zg_option_cell option, other;
    while (zg_option_cell_next(&a, &option)) {
        const bool same =
            zg_option_cell_find(b, option.key, &other) && strcmp(option.value, other.value) == 0;
        if (!same && !zg_case_axes_has_option(axes, option.key) &&
            axes->n_options < ZG_MAX_ACROSS_OPTIONS)
            axes->options[axes->n_options++] = option;
    }
}

void zg_case_axes_add(struct zg_case_axes *axes, const struct zg_case_row *a,
                      const struct zg_case_row *b)
{
    for (int64_t i = 0; i < zg_case_n_columns(); i++)
        if (may_be_axis(column_of(i)->name) && differs(i, a, b))
            axes->columns |= UINT64_C(1) << i;
    if (!zg_cell_same_text(a->algorithm, b->algorithm)) {
        add_options(axes, a->algorithm, b->algorithm);
        add_options(axes, b->algorithm, a->algorithm);
    }
}

void zg_case_axes_find(struct zg_case_axes *out, const struct zg_summary_row *rows, int64_t n)
{
    *out = (struct zg_case_axes){0};
    for (int64_t i = 1; i < n; i++)
        zg_case_axes_add(out, &rows[0].id, &rows[i].id);
}

bool zg_case_axes_has(const struct zg_case_axes *axes, const char *column)
{
    const int64_t i = zg_case_column_find(column);
    return i >= 0 && axes->columns >> i & 1;
}

bool zg_case_axes_has_option(const struct zg_case_axes *axes, const char *key)
{
    for (int64_t i = 0; i < axes->n_options; i++)
        if (zg_option_key_same(axes->options[i].key, key))
            return true;
    return false;
}

static const char *heading_of(const char *column)
{
    return strcmp(column, "layers_resident") == 0 ? "layers resident"
           : strcmp(column, "row_limit") == 0     ? "limit"
                                                  : column;
}

int64_t zg_case_axes_headings(const struct zg_case_axes *axes, struct zg_heading *headings)
{
    int64_t n = 0;
    for (int64_t i = 0; i < zg_case_n_columns(); i++)
        if (axes->columns >> i & 1)
            headings[n++] = (struct zg_heading){column_of(i)->name, heading_of(column_of(i)->name)};
    for (int64_t i = 0; i < axes->n_options; i++)
        headings[n++] = (struct zg_heading){axes->options[i].key, axes->options[i].key};
    return n;
}

void zg_case_axes_cells(const struct zg_case_axes *axes, const struct zg_case_row *id,
                        struct zg_table *table)
{
    for (int64_t i = 0; i < zg_case_n_columns(); i++)
        if (axes->columns >> i & 1)
            zg_table_fields(table, column_of(i), 1, id);
    for (int64_t i = 0; i < axes->n_options; i++) {
        struct zg_option_cell option;
        char *end = NULL;
        const bool has = zg_option_cell_find(id->algorithm, axes->options[i].key, &option);
        const double number = has ? strtod(option.value, &end) : 0;
        if (has && !*end)
            zg_table_real(table, number, option.value);
        else
            zg_table_text(table, has ? option.value : "-");
    }
}
