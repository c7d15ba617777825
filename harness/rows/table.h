/*
 * table.h - prints the same rows as an aligned text table, CSV, JSON, JSON Lines, SQL or Markdown.
 *
 *     const struct zg_heading headings[] = {{"engine", "engine"}, {"speedup", "speed-up"}};
 *     struct zg_table *table = NULL;
 *     status = zg_table_open(&table, headings, 2, &err);
 *     zg_table_text(table, "fused");
 *     zg_table_real(table, 6.1234567, "6.12x [6.05, 6.20]");
 *     status = zg_table_print(table, stdout, "standard output", ZG_FORMAT_TABLE, &err);
 *     zg_table_close(&table);
 *
 * A cell has a value, which CSV, JSON and SQL give in full, and a shown text for people, which the
 * table and Markdown give.  Cells are added left to right, row after row.  Numbers align right.
 * Texts become printable (engines/base/printable.h).
 *
 * The aligned table fits the page (harness/base/page.h), whatever its cells hold: where it is too
 * wide, headings and long texts break into lines, then secondary columns are left out
 * (zg_table_set_secondary()), which a line below the table says; what is too wide still is printed
 * a line a cell.
 * Every other form has all columns.
 */
#ifndef ZG_HARNESS_TABLE_H
#define ZG_HARNESS_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "engines/error.h"
#include "harness/rows/schema.h"

/* In the order of ZG_FORMATS, the choices of `--format`. */
enum zg_format {
    ZG_FORMAT_TABLE,
    ZG_FORMAT_CSV,
    ZG_FORMAT_JSON,
    ZG_FORMAT_MARKDOWN,
    ZG_FORMAT_JSONL,
    ZG_FORMAT_SQL,
};
#define ZG_FORMATS "table|csv|json|markdown|jsonl|sql"

/* Does it show texts (true), or give values to programs? */
bool zg_format_is_for_people(enum zg_format format);

struct zg_heading {
    const char *name;  /* for programs: CSV header, JSON key, SQL column */
    const char *shown; /* for people; NULL: no such column in the table and in Markdown */
};

struct zg_table;

/* Copies the headings.  ZG_ENV: no memory. */
enum zg_status zg_table_open(struct zg_table **out, const struct zg_heading *headings, int64_t n,
                             struct zg_error *err);
void zg_table_close(struct zg_table **table); /* NULL and a pointer to NULL are fine */

/* What SQL calls the table, copied; "rows" if nothing is said, a result file's name without .csv
 * for zg_table_of_rows(). */
void zg_table_set_name(struct zg_table *table, const char *name);

/* The columns that an aligned table leaves out where there is no room for all: their names, cut by
 * blanks, in the order in which they go. */
void zg_table_set_secondary(struct zg_table *table, const char *names);

/* Adds the next cell; texts are copied.  A failure (no memory) is kept and reported by
 * zg_table_print(). */
void zg_table_text(struct zg_table *table, const char *value); /* NULL: empty */
/* ZG_NO_INTEGER: empty */
void zg_table_integer(struct zg_table *table, int64_t value);
/* `shown` NULL: three significant digits.  NaN: empty in CSV, null in JSON and SQL, "-" or
 * `shown` for people. */
void zg_table_real(struct zg_table *table, double value, const char *shown);

/* A cell for each of the columns of a row struct. */
void zg_table_fields(struct zg_table *table, const struct zg_column *columns, int64_t n,
                     const void *row);

/* All rows of a result file, one column a schema column, shown under its own name. */
enum zg_status zg_table_of_rows(struct zg_table **out, const struct zg_schema *schema,
                                const void *rows, int64_t n, struct zg_error *err);

/* Prints and flushes.  JSON is an array of objects, JSON Lines an object a line, SQL a transaction
 * that creates the table unless it is there and adds the rows that it has not, as sqlite3 reads it;
 * its first column, unless the table has one of that name, is `run` (zg_run_id()).  ZG_ENV: the
 * file, which `file_name` names, does not take it.  Of the standard output main.c tells at the end:
 * a verdict and the results are worth more than their table (standard_output.h). */
enum zg_status zg_table_print(const struct zg_table *table, FILE *file, const char *file_name,
                              enum zg_format format, struct zg_error *err);

/* Prints to the standard output, where `status` is good, and closes. */
enum zg_status zg_table_finish(struct zg_table **table, enum zg_format format,
                               enum zg_status status, struct zg_error *err);

#endif
