/* table_print.c - a table as aligned text, Markdown, CSV, JSON or SQL: table.h. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/json_memory.h"
#include "engines/base/size.h"
#include "harness/base/text_buffer.h"
#include "harness/rows/csv_cell.h"
#include "harness/rows/table.h"
#include "harness/rows/table_cells.h"

/* Characters on a screen: UTF-8 continuation bytes take no place. */
static int64_t width_of(const char *text)
{
    int64_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

/* What people see of a cell, into shown[size] unless the cell has its own text. */
static const char *show(const struct cell *cell, char *shown, size_t size)
{
    snprintf(shown, size, "-");
    switch (cell->kind) {
    case ZG_COLUMN_TEXT:
        return cell->text ? cell->text : "";
    case ZG_COLUMN_INTEGER:
        if (cell->integer != ZG_NO_INTEGER)
            snprintf(shown, size, "%lld", (long long)cell->integer);
        return shown;
    case ZG_COLUMN_REAL:
        if (cell->text)
            return cell->text;
        if (isfinite(cell->real))
            snprintf(shown, size, "%.4g", cell->real);
        return shown;
    }
    return shown;
}

static void append_plain(struct zg_text_buffer *out, const char *text, bool markdown)
{
    for (; *text; text++) {
        if (markdown && *text == '|')
            zg_text_buffer_append(out, "\\", 1);
        zg_text_buffer_append(out, (unsigned char)*text < ' ' || *text == 127 ? "?" : text, 1);
    }
}

/* A column aligns right if it holds numbers only. */
static bool is_numeric(const struct zg_table *table, int64_t column)
{
    for (int64_t i = column; i < table->n_cells; i += table->n_columns)
        if (table->cells[i].kind == ZG_COLUMN_TEXT)
            return false;
    return table->n_cells > column;
}

static int64_t column_width(const struct zg_table *table, int64_t column)
{
    char shown[64];
    int64_t width = width_of(table->headings[column].shown);
    for (int64_t i = column; i < table->n_cells; i += table->n_columns)
        width = zg_max64(width, width_of(show(&table->cells[i], shown, sizeof shown)));
    return width;
}

static bool is_shown(const struct zg_table *table, int64_t column)
{
    return table->headings[column].shown != NULL;
}

static bool is_last_shown(const struct zg_table *table, int64_t column)
{
    for (column++; column < table->n_columns; column++)
        if (is_shown(table, column))
            return false;
    return true;
}

/* One line of the aligned table.  row -1 is the heading. */
static void align_line(const struct zg_table *table, const int64_t *widths, int64_t row,
                       struct zg_text_buffer *out)
{
    bool first = true;
    for (int64_t c = 0; c < table->n_columns; c++) {
        char shown[64];
        if (!is_shown(table, c))
            continue;
        const char *const text =
            row < 0 ? table->headings[c].shown
                    : show(&table->cells[row * table->n_columns + c], shown, sizeof shown);
        const int64_t fill = widths[c] - width_of(text);
        const bool right = is_numeric(table, c);
        zg_text_buffer_repeat(out, ' ', first ? 0 : 2);
        zg_text_buffer_repeat(out, ' ', right ? fill : 0);
        append_plain(out, text, false);
        zg_text_buffer_repeat(out, ' ', right || is_last_shown(table, c) ? 0 : fill);
        first = false;
    }
    zg_text_buffer_append(out, "\n", 1);
}

static void print_aligned(const struct zg_table *table, int64_t n_rows, struct zg_text_buffer *out)
{
    int64_t *const widths = calloc((size_t)table->n_columns + 1, sizeof *widths);
    if (!widths) {
        out->failed = true;
        return;
    }
    for (int64_t c = 0; c < table->n_columns; c++)
        widths[c] = is_shown(table, c) ? column_width(table, c) : 0;
    for (int64_t row = -1; row < n_rows; row++)
        align_line(table, widths, row, out);
    free(widths);
}

static void print_markdown(const struct zg_table *table, int64_t n_rows, struct zg_text_buffer *out)
{
    for (int64_t row = -2; row < n_rows; row++) { /* -2: headings, -1: the rule below them */
        for (int64_t c = 0; c < table->n_columns; c++) {
            char shown[64];
            if (!is_shown(table, c))
                continue;
            zg_text_buffer_string(out, "| ");
            if (row == -2)
                append_plain(out, table->headings[c].shown, true);
            else if (row == -1)
                zg_text_buffer_string(out, is_numeric(table, c) ? "---:" : "---");
            else
                append_plain(out,
                             show(&table->cells[row * table->n_columns + c], shown, sizeof shown),
                             true);
            zg_text_buffer_string(out, " ");
        }
        zg_text_buffer_string(out, "|\n");
    }
}

static void print_csv(const struct zg_table *table, int64_t n_rows, struct zg_text_buffer *out)
{
    for (int64_t c = 0; c < table->n_columns; c++) {
        zg_text_buffer_append(out, ",", c > 0);
        zg_csv_cell_text(out, table->headings[c].name);
    }
    zg_text_buffer_append(out, "\n", 1);
    for (int64_t i = 0; i < n_rows * table->n_columns; i++) {
        const struct cell *const cell = &table->cells[i];
        if (cell->kind == ZG_COLUMN_TEXT)
            zg_csv_cell_text(out, cell->text);
        else if (cell->kind == ZG_COLUMN_INTEGER)
            zg_csv_cell_integer(out, cell->integer);
        else
            zg_csv_cell_real(out, cell->real);
        zg_text_buffer_append(out, (i + 1) % table->n_columns ? "," : "\n", 1);
    }
}

/* JSON holds UTF-8 only; a file name may hold anything. */
static json_t *text_json(const char *text)
{
    if (!text)
        return json_null();
    json_t *const json = json_string(text);
    if (json)
        return json;
    char *const ascii = strdup(text);
    for (char *c = ascii; c && *c; c++)
        *c = (unsigned char)*c > 126 ? '?' : *c;
    json_t *const plain = ascii ? json_string(ascii) : NULL;
    free(ascii);
    return plain;
}

static json_t *cell_json(const struct cell *cell)
{
    if (cell->kind == ZG_COLUMN_TEXT)
        return text_json(cell->text);
    if (cell->kind == ZG_COLUMN_INTEGER)
        return cell->integer == ZG_NO_INTEGER ? json_null() : json_integer(cell->integer);
    return isfinite(cell->real) ? json_real(cell->real) : json_null();
}

static json_t *row_json(const struct zg_table *table, int64_t row, struct zg_text_buffer *out)
{
    json_t *const object = json_object();
    for (int64_t c = 0; c < table->n_columns; c++)
        out->failed |=
            json_object_set_new(object, table->headings[c].name,
                                cell_json(&table->cells[row * table->n_columns + c])) != 0;
    return object;
}

/* Prints and releases. */
static void append_json(json_t *json, size_t flags, struct zg_text_buffer *out)
{
    char *const text = json_dumps(json, flags | JSON_REAL_PRECISION(9));
    json_decref(json);
    out->failed |= !text || zg_json_memory_failed();
    if (text) {
        zg_text_buffer_string(out, text);
        zg_text_buffer_append(out, "\n", 1);
    }
    free(text);
}

static void print_json(const struct zg_table *table, int64_t n_rows, struct zg_text_buffer *out)
{
    json_t *const rows = json_array();
    for (int64_t row = 0; row < n_rows; row++)
        out->failed |= json_array_append_new(rows, row_json(table, row, out)) != 0;
    append_json(rows, JSON_INDENT(2), out);
}

static void print_jsonl(const struct zg_table *table, int64_t n_rows, struct zg_text_buffer *out)
{
    for (int64_t row = 0; row < n_rows; row++)
        append_json(row_json(table, row, out), 0, out);
}

/* Between quotes, which double inside. */
static void append_quoted(struct zg_text_buffer *out, const char *text, char quote)
{
    zg_text_buffer_append(out, &quote, 1);
    for (; *text; text++) {
        zg_text_buffer_append(out, &quote, *text == quote);
        zg_text_buffer_append(out, (unsigned char)*text < ' ' || *text == 127 ? "?" : text, 1);
    }
    zg_text_buffer_append(out, &quote, 1);
}

/* Column names stay as they are: some, like order, are words of SQL. */
static void append_sql_name(struct zg_text_buffer *out, const char *name)
{
    append_quoted(out, name, '"');
}

static void append_sql_cell(struct zg_text_buffer *out, const struct cell *cell)
{
    if (cell->kind == ZG_COLUMN_INTEGER && cell->integer != ZG_NO_INTEGER) {
        zg_csv_cell_integer(out, cell->integer);
    } else if (cell->kind == ZG_COLUMN_REAL && isfinite(cell->real)) {
        zg_csv_cell_real(out, cell->real);
    } else if (cell->kind == ZG_COLUMN_TEXT && cell->text) {
        json_t *const text = text_json(cell->text); /* UTF-8, as a database wants it */
        out->failed |= !text;
        append_quoted(out, text ? json_string_value(text) : "", '\'');
        json_decref(text);
    } else {
        zg_text_buffer_string(out, "NULL");
    }
}

static const char *sql_type(const struct zg_table *table, int64_t column)
{
    static const char *const types[] = {[ZG_COLUMN_TEXT] = "TEXT",
                                        [ZG_COLUMN_INTEGER] = "BIGINT",
                                        [ZG_COLUMN_REAL] = "DOUBLE PRECISION"};
    return types[table->n_cells > column ? table->cells[column].kind : ZG_COLUMN_TEXT];
}

static void print_sql(const struct zg_table *table, int64_t n_rows, struct zg_text_buffer *out)
{
    const char *const name = table->name ? table->name : "rows";
    zg_text_buffer_string(out, "BEGIN;\nCREATE TABLE ");
    append_sql_name(out, name);
    zg_text_buffer_string(out, " (\n");
    for (int64_t c = 0; c < table->n_columns; c++) {
        zg_text_buffer_string(out, "  ");
        append_sql_name(out, table->headings[c].name);
        zg_text_buffer_printf(out, " %s%s\n", sql_type(table, c),
                              c + 1 < table->n_columns ? "," : "");
    }
    zg_text_buffer_string(out, ");\n");
    for (int64_t row = 0; row < n_rows; row++) {
        zg_text_buffer_string(out, "INSERT INTO ");
        append_sql_name(out, name);
        zg_text_buffer_string(out, " VALUES (");
        for (int64_t c = 0; c < table->n_columns; c++) {
            zg_text_buffer_string(out, c ? ", " : "");
            append_sql_cell(out, &table->cells[row * table->n_columns + c]);
        }
        zg_text_buffer_string(out, ");\n");
    }
    zg_text_buffer_string(out, "COMMIT;\n");
}

enum zg_status zg_table_print(const struct zg_table *table, FILE *file, const char *file_name,
                              enum zg_format format, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    struct zg_text_buffer out = {0};
    const int64_t n_rows = table->n_columns ? table->n_cells / table->n_columns : 0;
    switch (format) {
    case ZG_FORMAT_TABLE:
        print_aligned(table, n_rows, &out);
        break;
    case ZG_FORMAT_MARKDOWN:
        print_markdown(table, n_rows, &out);
        break;
    case ZG_FORMAT_CSV:
        print_csv(table, n_rows, &out);
        break;
    case ZG_FORMAT_JSON:
        print_json(table, n_rows, &out);
        break;
    case ZG_FORMAT_JSONL:
        print_jsonl(table, n_rows, &out);
        break;
    case ZG_FORMAT_SQL:
        print_sql(table, n_rows, &out);
        break;
    }
    if (out.failed || table->failed)
        status = zg_fail(err, ZG_ENV, "no memory to print a table");
    else if ((out.n > 0 && fwrite(out.data, 1, out.n, file) != out.n) || fflush(file))
        status = zg_fail(err, ZG_ENV, "%s: cannot write: %s", file_name, strerror(errno));
    zg_text_buffer_free(&out);
    return status;
}
