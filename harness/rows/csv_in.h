/*
 * csv_in.h - reads the CSV files of a result directory back, strictly.
 *
 *     struct zg_csv_in *csv = NULL;
 *     status = zg_csv_in_open(&csv, "results/x/samples.csv", &zg_schema_samples, &err);
 *     const struct zg_sample_row *rows = csv->rows;
 *     for (int64_t i = 0; i < csv->n; i++) ...
 *     zg_csv_in_close(&csv);
 *
 * The header must be the schema's columns in order (then any extra ones, where the schema has
 * them); every row has a cell for each; numbers are complete numbers.  What is not, is ZG_INPUT
 * with file, row, column and value.  Columns that came later than the file, at the end of the
 * schema's, read as empty; rows of an older version as older_schema.h says.  A last row without its
 * line end is what a kill leaves behind: it is dropped, and `warning` says so.
 */
#ifndef ZG_HARNESS_CSV_IN_H
#define ZG_HARNESS_CSV_IN_H

#include <stdint.h>

#include "engines/error.h"
#include "harness/rows/schema.h"

struct zg_csv_in {
    void *rows; /* [n] row structs of the schema; texts live until close */
    int64_t n;
    char **extra_names; /* [n_extra] */
    int64_t n_extra;
    double *extra;       /* [n][n_extra]; NaN: empty */
    const char *warning; /* NULL if there is none */
};

/* Reads the whole file.  ZG_INPUT also where it is absent or not readable. */
enum zg_status zg_csv_in_open(struct zg_csv_in **out, const char *path,
                              const struct zg_schema *schema, struct zg_error *err);
void zg_csv_in_close(struct zg_csv_in **csv); /* NULL and a pointer to NULL are fine */

#endif
