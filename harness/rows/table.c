/* table.c - the cells of a table; table_print.c writes them out. */
#include "harness/rows/table.h"

#include <stdlib.h>
#include <string.h>

#include "engines/base/printable.h"
#include "harness/base/grow.h"
#include "harness/rows/table_cells.h"

bool zg_format_is_for_people(enum zg_format format)
{
    return format == ZG_FORMAT_TABLE || format == ZG_FORMAT_MARKDOWN;
}

enum zg_status zg_table_open(struct zg_table **out, const struct zg_heading *headings, int64_t n,
                             struct zg_error *err)
{
    *out = NULL;
    struct zg_table *table = calloc(1, sizeof *table);
    if (table)
        table->headings = calloc((size_t)n + 1, sizeof *table->headings);
    bool complete = table && table->headings;
    if (complete)
        table->n_columns = n;
    for (int64_t i = 0; complete && i < n; i++) {
        table->headings[i].name = zg_printable_copy(headings[i].name);
        table->headings[i].shown = zg_printable_copy(headings[i].shown);
        complete = table->headings[i].name && (table->headings[i].shown || !headings[i].shown);
    }
    if (!complete) {
        zg_table_close(&table);
        return zg_fail(err, ZG_ENV, "no memory for a table");
    }
    *out = table;
    return ZG_OK;
}

void zg_table_close(struct zg_table **table)
{
    if (!table || !*table)
        return;
    struct zg_table *const t = *table;
    for (int64_t i = 0; i < t->n_columns; i++) {
        free(t->headings[i].name);
        free(t->headings[i].shown);
    }
    for (int64_t i = 0; i < t->n_cells; i++)
        free(t->cells[i].text);
    free(t->name);
    free(t->headings);
    free(t->cells);
    free(t);
    *table = NULL;
}

void zg_table_set_name(struct zg_table *table, const char *name)
{
    free(table->name);
    table->name = strdup(name);
    table->failed |= !table->name;
}

void zg_table_set_secondary(struct zg_table *table, const char *names)
{
    for (int64_t order = INT16_MAX; *names; names += strspn(names, " "), order--) {
        const size_t n = strcspn(names, " ");
        for (int64_t i = 0; i < table->n_columns; i++)
            if (strlen(table->headings[i].name) == n &&
                strncmp(table->headings[i].name, names, n) == 0)
                table->headings[i].secondary = order;
        names += n;
    }
}

static void add(struct zg_table *table, const struct zg_cell *value, const char *text)
{
    table->failed = table->failed || !zg_grow(&table->cells, table->n_cells, sizeof *table->cells);
    if (table->failed)
        return;
    struct cell *const cell = &table->cells[table->n_cells++];
    *cell = (struct cell){.value = *value, .text = zg_printable_copy(text)};
    if (value->kind == ZG_COLUMN_TEXT)
        cell->value.text = cell->text;
    table->failed = text && !cell->text;
}

void zg_table_text(struct zg_table *table, const char *value)
{
    add(table, &(struct zg_cell){.kind = ZG_COLUMN_TEXT}, value);
}

void zg_table_integer(struct zg_table *table, int64_t value)
{
    add(table, &(struct zg_cell){.kind = ZG_COLUMN_INTEGER, .integer = value}, NULL);
}

void zg_table_real(struct zg_table *table, double value, const char *shown)
{
    add(table, &(struct zg_cell){.kind = ZG_COLUMN_REAL, .real = value}, shown);
}

void zg_table_fields(struct zg_table *table, const struct zg_column *columns, int64_t n,
                     const void *row)
{
    for (int64_t i = 0; i < n; i++) {
        const struct zg_cell cell = zg_row_cell(&columns[i], row);
        add(table, &cell, cell.kind == ZG_COLUMN_TEXT ? cell.text : NULL);
    }
}

enum zg_status zg_table_of_rows(struct zg_table **out, const struct zg_schema *schema,
                                const void *rows, int64_t n, struct zg_error *err)
{
    *out = NULL;
    struct zg_heading *const headings = calloc((size_t)schema->n_columns, sizeof *headings);
    if (!headings)
        return zg_fail(err, ZG_ENV, "no memory for a table");
    for (int64_t i = 0; i < schema->n_columns; i++)
        headings[i].name = headings[i].shown = schema->columns[i].name;
    const enum zg_status status = zg_table_open(out, headings, schema->n_columns, err);
    free(headings);
    if (!status) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(schema->file, "."), schema->file);
        zg_table_set_name(*out, name);
    }
    for (int64_t i = 0; !status && i < n; i++)
        zg_table_fields(*out, schema->columns, schema->n_columns,
                        (const char *)rows + (size_t)i * schema->row_size);
    return status;
}
