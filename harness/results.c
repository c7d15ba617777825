/* results.c - see results.h. */
#include "harness/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- rows in memory -------------------------------------------------------------------------- */

static enum zg_status rows_add(struct zg_rows *rows, const void *row, struct zg_error *err)
{
    const size_t size = rows->schema->row_size;
    if (rows->n == rows->capacity) {
        const int64_t capacity = 2 * rows->capacity + 16;
        char *const grown = realloc(rows->rows, (size_t)capacity * size);
        if (!grown)
            return zg_fail(err, ZG_ENV, "no memory for rows of %s", rows->schema->file);
        rows->rows = grown;
        rows->capacity = capacity;
    }
    memcpy(rows->rows + (size_t)rows->n * size, row, size);
    rows->n++;
    return ZG_OK;
}

static struct zg_rows *rows_of(struct zg_results *results, const struct zg_schema *schema)
{
    struct zg_rows *const all[] = {&results->summary, &results->phases, &results->verify,
                                   &results->fidelity, &results->counts};
    for (int i = 0; i < ZG_RESULTS_FILES; i++)
        if (all[i]->schema == schema)
            return all[i];
    return NULL;
}

enum zg_status zg_results_add(struct zg_results *results, const struct zg_schema *schema,
                              const void *row, struct zg_error *err)
{
    return rows_add(rows_of(results, schema), row, err);
}

const char *zg_results_text(struct zg_results *results, const char *text)
{
    char **const texts =
        realloc(results->texts, (size_t)(results->n_texts + 1) * sizeof *results->texts);
    if (!texts)
        return "";
    results->texts = texts;
    char *const copy = strdup(text);
    if (copy)
        results->texts[results->n_texts++] = copy;
    return copy ? copy : "";
}

/* ---- resuming -------------------------------------------------------------------------------- */

bool zg_results_has_case(const struct zg_results *results, const struct zg_case_row *c)
{
    const struct zg_summary_row *const rows = (const void *)results->summary.rows;
    for (int64_t i = 0; i < results->summary.n; i++) {
        struct zg_case_row row;
        memcpy(&row, &rows[i], sizeof row); /* every row starts with the case columns */
        if (zg_case_row_same(&row, c))
            return true;
    }
    return false;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Reads a file's rows back, those of finished cases only.  A file that is not there has none. */
static enum zg_status read_rows(struct zg_results *results, struct zg_csv_in **csv,
                                struct zg_rows *rows, const struct zg_results_resume *resume,
                                struct zg_error *err)
{
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", results->dir, rows->schema->file);
    if (!exists(path))
        return ZG_OK;
    enum zg_status status = zg_csv_in_open(csv, path, rows->schema, err);
    const char *const in = status ? NULL : zg_csv_in_rows(*csv);
    for (int64_t i = 0; !status && i < zg_csv_in_n(*csv); i++) {
        const void *const row = in + (size_t)i * rows->schema->row_size;
        if (rows == &results->summary ? !resume->was_cut_off(resume->context, row)
                                      : zg_results_has_case(results, row))
            status = rows_add(rows, row, err);
    }
    return status;
}

/* Drops the samples of the case that was not finished. */
static enum zg_status trim_samples(struct zg_results *results, struct zg_error *err)
{
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", results->dir, zg_schema_samples.file);
    if (!exists(path))
        return ZG_OK;
    struct zg_csv_in *in = NULL;
    struct zg_csv_out *out = NULL;
    const char **names = NULL;
    double *extra = NULL;
    enum zg_status status = zg_csv_in_open(&in, path, &zg_schema_samples, err);
    if (status)
        return status;
    const int64_t n_extra = zg_csv_in_n_extra(in);
    names = calloc((size_t)n_extra + 1, sizeof *names);
    extra = calloc((size_t)n_extra + 1, sizeof *extra);
    if (!names || !extra) {
        status = zg_fail(err, ZG_ENV, "no memory for the columns of %s", path);
        goto done;
    }
    for (int64_t i = 0; i < n_extra; i++)
        names[i] = zg_csv_in_extra_name(in, i);
    status = zg_csv_out_open(&out, results->dir, &zg_schema_samples, ZG_CSV_REPLACE, names, n_extra,
                             err);
    const struct zg_sample_row *const rows = zg_csv_in_rows(in);
    for (int64_t i = 0; !status && i < zg_csv_in_n(in); i++) {
        struct zg_case_row c;
        memcpy(&c, &rows[i], sizeof c);
        if (!zg_results_has_case(results, &c))
            continue;
        for (int64_t j = 0; j < n_extra; j++)
            extra[j] = zg_csv_in_extra(in, i, j);
        status = zg_csv_out_row(out, &rows[i], extra, err);
    }
    if (!status)
        status = zg_csv_out_close(&out, err);
done:
    zg_csv_out_abort(&out);
    zg_csv_in_close(&in);
    free(names);
    free(extra);
    return status;
}

/* ---- files ----------------------------------------------------------------------------------- */

enum zg_status zg_results_open(struct zg_results *out, const char *dir,
                               const struct zg_results_resume *resume,
                               const char *const *extra_names, int64_t n_extra,
                               struct zg_error *err)
{
    *out = (struct zg_results){.dir = dir,
                               .summary.schema = &zg_schema_summary,
                               .phases.schema = &zg_schema_phases,
                               .verify.schema = &zg_schema_verify,
                               .fidelity.schema = &zg_schema_fidelity,
                               .counts.schema = &zg_schema_counts};
    enum zg_status status = ZG_OK;
    if (resume) {
        status = read_rows(out, &out->old[0], &out->summary, resume, err);
        if (!status)
            status = read_rows(out, &out->old[1], &out->phases, resume, err);
        if (!status)
            status = read_rows(out, &out->old[2], &out->verify, resume, err);
        if (!status)
            status = read_rows(out, &out->old[3], &out->fidelity, resume, err);
        if (!status)
            status = read_rows(out, &out->old[4], &out->counts, resume, err);
        if (!status)
            status = trim_samples(out, err);
    }
    if (!status)
        status = zg_csv_out_open(&out->samples, dir, &zg_schema_samples, ZG_CSV_STREAM, extra_names,
                                 n_extra, err);
    if (status)
        zg_results_close(out);
    return status;
}

void zg_results_close(struct zg_results *results)
{
    zg_csv_out_abort(&results->samples); /* a stream keeps its rows */
    free(results->summary.rows);
    free(results->phases.rows);
    free(results->verify.rows);
    free(results->fidelity.rows);
    free(results->counts.rows);
    for (int i = 0; i < ZG_RESULTS_FILES; i++)
        zg_csv_in_close(&results->old[i]);
    for (int64_t i = 0; i < results->n_texts; i++)
        free(results->texts[i]);
    free(results->texts);
    *results = (struct zg_results){0};
}

static enum zg_status write_rows(const char *dir, const struct zg_rows *rows, struct zg_error *err)
{
    struct zg_csv_out *csv = NULL;
    enum zg_status status = zg_csv_out_open(&csv, dir, rows->schema, ZG_CSV_REPLACE, NULL, 0, err);
    for (int64_t i = 0; !status && i < rows->n; i++)
        status = zg_csv_out_row(csv, rows->rows + (size_t)i * rows->schema->row_size, NULL, err);
    if (!status)
        return zg_csv_out_close(&csv, err);
    zg_csv_out_abort(&csv);
    return status;
}

enum zg_status zg_results_write(struct zg_results *results, struct zg_error *err)
{
    enum zg_status status = write_rows(results->dir, &results->verify, err);
    if (!status && results->fidelity.n > 0)
        status = write_rows(results->dir, &results->fidelity, err);
    if (!status && results->counts.n > 0)
        status = write_rows(results->dir, &results->counts, err);
    if (!status)
        status = write_rows(results->dir, &results->phases, err);
    if (!status)
        status = write_rows(results->dir, &results->summary, err);
    return status;
}
