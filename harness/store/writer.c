/*
 * writer.c - keeps all rows but samples in memory and writes their files anew each time.  Resuming
 * reads them back and rewrites samples.csv without what is not to be kept.
 */
#include "harness/store/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/store/block_plan.h"

/* ---- rows in memory -------------------------------------------------------------------------- */

/* Read back from the first to the last, written from the last to the first: a case is finished
 * when the summary has its rows. */
static struct zg_row_list *file_at(struct zg_result_writer *writer, int i)
{
    struct zg_row_list *const all[ZG_WRITER_FILES] = {
        &writer->summary, &writer->phases, &writer->verify, &writer->fidelity, &writer->counts};
    return all[i];
}

enum zg_status zg_result_writer_add(struct zg_result_writer *writer, const struct zg_schema *schema,
                                    const void *row, struct zg_error *err)
{
    int i = 0;
    while (file_at(writer, i)->schema != schema)
        i++;
    return zg_row_list_add(file_at(writer, i), row, err);
}

/* ---- resuming -------------------------------------------------------------------------------- */

bool zg_result_writer_has_case(const struct zg_result_writer *writer, const struct zg_case_row *c)
{
    const struct zg_summary_row *const rows = writer->summary.rows;
    for (int64_t i = 0; i < writer->summary.n; i++)
        if (zg_case_row_same(&rows[i].id, c))
            return true;
    return false;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Reads a file's rows back, those of finished cases only.  A file that is not there has none. */
static enum zg_status read_rows(struct zg_result_writer *writer, struct zg_row_list *rows,
                                const struct zg_result_resume *resume, struct zg_error *err)
{
    struct zg_csv_in *csv = NULL;
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", writer->dir, rows->schema->file);
    if (!exists(path))
        return ZG_OK;
    enum zg_status status = zg_csv_in_open(&csv, path, rows->schema, err);
    const char *const in = status ? NULL : csv->rows;
    for (int64_t i = 0; !status && i < csv->n; i++) {
        const void *const row = in + (size_t)i * rows->schema->row_size;
        if (rows == &writer->summary ? !resume->was_cut_off(resume->context, row)
                                     : zg_result_writer_has_case(writer, row))
            status = zg_row_list_add(rows, row, err);
    }
    zg_csv_in_close(&csv);
    return status;
}

/* The blocks that are kept of the case that was last asked for: its rows follow each other. */
struct kept_blocks {
    struct zg_case_row rows[ZG_MAX_ENGINES];
    int64_t n_rows, n_blocks;
};

static bool is_among(const struct kept_blocks *kept, const struct zg_case_row *c)
{
    for (int64_t i = 0; i < kept->n_rows; i++)
        if (zg_case_row_same(&kept->rows[i], c))
            return true;
    return false;
}

static enum zg_status keep_sample(const struct zg_result_writer *writer,
                                  const struct zg_result_resume *resume, int64_t i,
                                  struct kept_blocks *kept, bool *keep, struct zg_error *err)
{
    const struct zg_csv_in *const in = writer->old_samples;
    const struct zg_sample_row *const row = (const struct zg_sample_row *)in->rows + i;
    *keep = zg_result_writer_has_case(writer, &row->id);
    if (*keep)
        return ZG_OK;
    if (!is_among(kept, &row->id)) {
        *kept = (struct kept_blocks){0};
        const int64_t n = resume->n_planned(resume->context, &row->id, kept->rows, &kept->n_rows);
        const enum zg_status status =
            zg_block_plan_there(in, kept->rows, kept->n_rows, n, &kept->n_blocks, err);
        if (status)
            return status;
    }
    *keep = is_among(kept, &row->id) && row->block < kept->n_blocks;
    return ZG_OK;
}

/* Writes samples.csv without rows for which keep[i] is false. */
static enum zg_status rewrite_samples(const struct zg_result_writer *writer, const bool *keep,
                                      struct zg_error *err)
{
    const struct zg_csv_in *const in = writer->old_samples;
    const int64_t n_extra = in->n_extra;
    const struct zg_sample_row *const rows = in->rows;
    struct zg_csv_out *out = NULL;
    enum zg_status status = ZG_OK;
    const char **const names = calloc((size_t)n_extra + 1, sizeof *names);
    double *const extra = calloc((size_t)n_extra + 1, sizeof *extra);
    if (!names || !extra) {
        status = zg_fail(err, ZG_ENV, "no memory for the columns of %s/%s", writer->dir,
                         zg_schema_samples.file);
        goto done;
    }
    for (int64_t i = 0; i < n_extra; i++)
        names[i] = in->extra_names[i];
    status =
        zg_csv_out_open(&out, writer->dir, &zg_schema_samples, ZG_CSV_REPLACE, names, n_extra, err);
    for (int64_t i = 0; !status && i < in->n; i++) {
        for (int64_t j = 0; j < n_extra; j++)
            extra[j] = in->extra[i * in->n_extra + j];
        if (keep[i])
            status = zg_csv_out_row(out, &rows[i], extra, err);
    }
    if (!status)
        status = zg_csv_out_close(&out, err);
done:
    zg_csv_out_abort(&out);
    free(names);
    free(extra);
    return status;
}

/* Drops the samples of cases that were not finished, but for their whole blocks. */
static enum zg_status trim_samples(struct zg_result_writer *writer,
                                   const struct zg_result_resume *resume, struct zg_error *err)
{
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", writer->dir, zg_schema_samples.file);
    if (!exists(path))
        return ZG_OK;
    enum zg_status status = zg_csv_in_open(&writer->old_samples, path, &zg_schema_samples, err);
    if (status)
        return status;
    const int64_t n = writer->old_samples->n;
    struct kept_blocks kept = {0};
    bool all = true;
    bool *const keep = calloc((size_t)n + 1, sizeof *keep);
    if (!keep)
        status = zg_fail(err, ZG_ENV, "no memory for the rows of %s", path);
    for (int64_t i = 0; i < n && !status; i++) {
        status = keep_sample(writer, resume, i, &kept, &keep[i], err);
        all &= keep[i];
    }
    if (!status && !all)
        status = rewrite_samples(writer, keep, err);
    free(keep);
    return status;
}

/* ---- files ----------------------------------------------------------------------------------- */

enum zg_status zg_result_writer_open(struct zg_result_writer *out, const char *dir,
                                     const struct zg_result_resume *resume,
                                     const char *const *extra_names, int64_t n_extra,
                                     struct zg_error *err)
{
    *out = (struct zg_result_writer){.dir = dir,
                                     .summary.schema = &zg_schema_summary,
                                     .phases.schema = &zg_schema_phases,
                                     .verify.schema = &zg_schema_verify,
                                     .fidelity.schema = &zg_schema_fidelity,
                                     .counts.schema = &zg_schema_counts};
    enum zg_status status = ZG_OK;
    for (int i = 0; i < ZG_WRITER_FILES && resume && !status; i++)
        status = read_rows(out, file_at(out, i), resume, err);
    if (resume && !status)
        status = trim_samples(out, resume, err);
    if (!status)
        status = zg_csv_out_open(&out->samples, dir, &zg_schema_samples, ZG_CSV_STREAM, extra_names,
                                 n_extra, err);
    if (status)
        zg_result_writer_close(out);
    return status;
}

void zg_result_writer_close(struct zg_result_writer *writer)
{
    zg_csv_out_abort(&writer->samples); /* a stream keeps its rows */
    for (int i = 0; i < ZG_WRITER_FILES; i++)
        zg_row_list_close(file_at(writer, i));
    zg_csv_in_close(&writer->old_samples);
    *writer = (struct zg_result_writer){0};
}

enum zg_status zg_result_writer_write(struct zg_result_writer *writer, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (int i = ZG_WRITER_FILES - 1; i >= 0 && !status; i--) {
        const struct zg_row_list *const file = file_at(writer, i);
        if (file->n > 0 || (file != &writer->fidelity && file != &writer->counts))
            status = zg_csv_write(writer->dir, file->schema, file->rows, file->n, err);
    }
    return status;
}
