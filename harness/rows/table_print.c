/* table_print.c - a table as Markdown, CSV, JSON or SQL: table.h.  As aligned text:
 * table_align.c. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/json_memory.h"
#include "engines/base/size.h"
#include "harness/base/identity.h"
#include "harness/rows/cell.h"
#include "harness/rows/table.h"
#include "harness/rows/table_cells.h"

static bool print_markdown(const struct zg_table *table, int64_t n_rows, FILE *out)
{
    for (int64_t row = -2; row < n_rows; row++) { /* -2: headings, -1: the rule below them */
        for (int64_t c = 0; c < table->n_columns; c++) {
            char shown[64];
            if (!table->headings[c].shown)
                continue;
            fputs("| ", out);
            if (row == -1)
                fputs(zg_table_is_numeric(table, c) ? "---:" : "---", out);
            else
                zg_markdown_put(out,
                                zg_table_shown(table, row < 0 ? -1 : row, c, shown, sizeof shown));
            fputc(' ', out);
        }
        fputs("|\n", out);
    }
    return true;
}

static bool print_csv(const struct zg_table *table, int64_t n_rows, FILE *out)
{
    for (int64_t c = 0; c < table->n_columns; c++) {
        fputs(c ? "," : "", out);
        zg_cell_put(out, &(struct zg_cell){.text = table->headings[c].name});
    }
    fputc('\n', out);
    for (int64_t i = 0; i < n_rows * table->n_columns; i++) {
        zg_cell_put(out, &table->cells[i].value);
        fputc((i + 1) % table->n_columns ? ',' : '\n', out);
    }
    return true;
}

static json_t *row_json(const struct zg_table *table, int64_t row)
{
    json_t *const object = json_object();
    for (int64_t c = 0; c < table->n_columns; c++)
        json_object_set_new(object, table->headings[c].name,
                            zg_cell_json(&table->cells[row * table->n_columns + c].value));
    return object;
}

/* Prints and releases; false: no memory. */
static bool put_json(json_t *json, size_t flags, FILE *out)
{
    const bool complete = json && !zg_json_memory_failed();
    if (complete) {
        json_dumpf(json, out, flags | JSON_REAL_PRECISION(9));
        fputc('\n', out);
    }
    json_decref(json);
    return complete && !zg_json_memory_failed();
}

static bool print_json(const struct zg_table *table, int64_t n_rows, FILE *out)
{
    json_t *const rows = json_array();
    for (int64_t row = 0; row < n_rows; row++)
        json_array_append_new(rows, row_json(table, row));
    return put_json(rows, JSON_INDENT(2), out);
}

static bool print_jsonl(const struct zg_table *table, int64_t n_rows, FILE *out)
{
    bool complete = true;
    for (int64_t row = 0; row < n_rows && complete; row++)
        complete = put_json(row_json(table, row), 0, out);
    return complete;
}

static void put_sql_cell(FILE *out, const struct zg_cell *cell)
{
    if (zg_cell_is_empty(cell)) {
        fputs("NULL", out);
    } else if (cell->kind == ZG_COLUMN_TEXT) {
        json_t *const text = zg_cell_json(cell); /* UTF-8, as a database wants it */
        zg_quoted_put(out, text ? json_string_value(text) : "", '\'');
        json_decref(text);
    } else {
        zg_cell_put(out, cell);
    }
}

static const char *sql_type(const struct zg_table *table, int64_t column)
{
    static const char *const types[] = {[ZG_COLUMN_TEXT] = "TEXT",
                                        [ZG_COLUMN_INTEGER] = "BIGINT",
                                        [ZG_COLUMN_REAL] = "DOUBLE PRECISION"};
    return types[table->n_cells > column ? table->cells[column].value.kind : ZG_COLUMN_TEXT];
}

static bool has_column(const struct zg_table *table, const char *name)
{
    for (int64_t c = 0; c < table->n_columns; c++)
        if (strcmp(table->headings[c].name, name) == 0)
            return true;
    return false;
}

/* Column names stay as they are, in quotes: some, like order, are words of SQL.  Many runs go into
 * one table, told apart by the first column, and the same rows once. */
static bool print_sql(const struct zg_table *table, int64_t n_rows, FILE *out)
{
    const char *const name = table->name ? table->name : "rows";
    const bool names_run = has_column(table, "run");
    fputs("BEGIN;\nCREATE TABLE IF NOT EXISTS ", out);
    zg_quoted_put(out, name, '"');
    fputs(names_run ? " (\n" : " (\n  \"run\" TEXT,\n", out);
    for (int64_t c = 0; c < table->n_columns; c++) {
        fputs("  ", out);
        zg_quoted_put(out, table->headings[c].name, '"');
        fprintf(out, " %s%s\n", sql_type(table, c), c + 1 < table->n_columns ? "," : "");
    }
    fputs(");\n", out);
    for (int64_t row = 0; row < n_rows; row++) {
        fputs("INSERT INTO ", out);
        zg_quoted_put(out, name, '"');
        fputs(" SELECT ", out);
        if (!names_run)
            put_sql_cell(out, &(struct zg_cell){.text = zg_run_id()});
        for (int64_t c = 0; c < table->n_columns; c++) {
            fputs(c || !names_run ? ", " : "", out);
            put_sql_cell(out, &table->cells[row * table->n_columns + c].value);
        }
        fputs(" EXCEPT SELECT * FROM ", out);
        zg_quoted_put(out, name, '"');
        fputs(";\n", out);
    }
    fputs("COMMIT;\n", out);
    return !zg_json_memory_failed();
}

enum zg_status zg_table_print(const struct zg_table *table, FILE *file, const char *file_name,
                              enum zg_format format, struct zg_error *err)
{
    static bool (*const prints[])(const struct zg_table *, int64_t n_rows, FILE *) = {
        [ZG_FORMAT_TABLE] = zg_table_print_aligned,
        [ZG_FORMAT_MARKDOWN] = print_markdown,
        [ZG_FORMAT_CSV] = print_csv,
        [ZG_FORMAT_JSON] = print_json,
        [ZG_FORMAT_JSONL] = print_jsonl,
        [ZG_FORMAT_SQL] = print_sql,
    };
    const int64_t n_rows = table->n_columns ? table->n_cells / table->n_columns : 0;
    if (table->failed || !prints[format](table, n_rows, file))
        return zg_fail(err, ZG_ENV, "no memory to print a table");
    const bool written = fflush(file) == 0 && !ferror(file);
    if (!written && file != stdout)
        return zg_fail(err, ZG_ENV, "%s: cannot write: %s", file_name, strerror(errno));
    return ZG_OK;
}

enum zg_status zg_table_finish(struct zg_table **table, enum zg_format format,
                               enum zg_status status, struct zg_error *err)
{
    if (!status)
        status = zg_table_print(*table, stdout, "standard output", format, err);
    zg_table_close(table);
    return status;
}
