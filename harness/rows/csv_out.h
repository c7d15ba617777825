/*
 * csv_out.h - writes the rows of schema.h as CSV: texts quoted where they need it, numbers bare,
 * one header row.
 *
 *     struct zg_csv_out *csv = NULL;
 *     status = zg_csv_out_open(&csv, dir, &zg_schema_samples, ZG_CSV_STREAM, names, n_extra, &err);
 *     status = zg_csv_out_row(csv, &row, extra, &err);
 *     status = zg_csv_out_close(&csv, &err);
 *
 * Reals are %.9g, NaN and infinities an empty cell.  zogap never calls setlocale(), so a decimal
 * point is a point.  Control characters in texts become '?': a row is one line.
 */
#ifndef ZG_HARNESS_CSV_OUT_H
#define ZG_HARNESS_CSV_OUT_H

#include <stdint.h>

#include "engines/error.h"
#include "harness/rows/schema.h"

enum zg_csv_mode {
    /* Each row is appended in one write and synced: a kill loses at most the row being written.  An
     * existing file is continued: its header must be ours, and a torn last row is cut off first. */
    ZG_CSV_STREAM,
    /* Rows go to a temporary name; close() syncs and renames, so the file is there whole or not at
     * all. */
    ZG_CSV_REPLACE,
};

struct zg_csv_out;

/* Opens dir/schema->file.  extra_names[n_extra] are the columns after the schema's (n_extra 0
 * unless has_extra). ZG_ENV: the file cannot be written.  ZG_INPUT: a stream exists with another
 * header. */
enum zg_status zg_csv_out_open(struct zg_csv_out **out, const char *dir,
                               const struct zg_schema *schema, enum zg_csv_mode mode,
                               const char *const *extra_names, int64_t n_extra,
                               struct zg_error *err);

/* Writes one row struct of the schema, and extra[n_extra] (NULL: all empty).  Allocates nothing
 * unless a text is longer than any before.  After a failure, later calls fail too. */
enum zg_status zg_csv_out_row(struct zg_csv_out *csv, const void *row, const double *extra,
                              struct zg_error *err);

/* Completes the file and frees.  Where a write failed before, the temporary file is dropped. */
enum zg_status zg_csv_out_close(struct zg_csv_out **csv, struct zg_error *err);

/* Drops what ZG_CSV_REPLACE has written (a stream keeps its rows) and frees.  NULL and a pointer to
 * NULL are fine. */
void zg_csv_out_abort(struct zg_csv_out **csv);

/* dir/schema->file with the row structs rows[n]: there whole or not at all. */
enum zg_status zg_csv_write(const char *dir, const struct zg_schema *schema, const void *rows,
                            int64_t n, struct zg_error *err);

#endif
