/* row_source.c - one of the two sources, and what the names of a task mean in it. */
#include "workloads/row_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "engines/base/nearest.h"

struct field {
    int64_t column;             /* of delimited text */
    struct zg_json_path *paths; /* [n_paths], of JSON: the first that a row has */
    int64_t n_paths;
};

struct zg_row_source {
    const struct zg_task *task;
    struct zg_csv_source *csv; /* this */
    struct zg_csv_row row;
    uint64_t print;
    struct zg_json_source *json; /* or that */
    struct zg_json_path *paths;  /* [n_paths]: the task's "rows" */
    int64_t n_paths;
    struct field *fields; /* [n_fields] */
    int64_t n_fields;
    char *where; /* of delimited text, [n_where] */
    size_t n_where;
};

static enum zg_status no_memory(const struct zg_row_source *rows, struct zg_error *err)
{
    return zg_fail(err, ZG_ENV, "task '%s': no memory for its data", rows->task->name);
}

static void free_paths(struct zg_json_path *paths, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        zg_json_path_free(&paths[i]);
    free(paths);
}

/* *paths [*n] = the names as paths; freed by the caller, whatever happens. */
static enum zg_status parse_paths(const struct zg_row_source *rows,
                                  const struct zg_task_names *names, struct zg_json_path **paths,
                                  int64_t *n, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    *n = 0;
    *paths = calloc((size_t)names->n + 1, sizeof **paths);
    if (!*paths)
        return no_memory(rows, err);
    for (int64_t i = 0; i < names->n && !status; i++) {
        struct zg_error own = {0};
        status = zg_json_path_parse(&(*paths)[(*n)++], names->items[i], &own);
        if (status)
            zg_fail(err, status, "task '%s': %s", rows->task->name, own.text);
    }
    return status;
}

/* ---- delimited text -------------------------------------------------------------------------- */

static void hash_cell(struct zg_row_source *rows, const char *text, int64_t n_bytes)
{
    rows->print = XXH3_64bits_withSeed(text, (size_t)n_bytes, rows->print);
}

static enum zg_status open_delimited(struct zg_row_source *rows, const struct zg_task_data *data,
                                     struct zg_error *err)
{
    const struct zg_csv_format *const format = &rows->task->format;
    enum zg_status status = data->bytes
                                ? zg_csv_source_open_memory(&rows->csv, data->path, data->bytes,
                                                            data->n_bytes, format, err)
                                : zg_csv_source_open(&rows->csv, data->path, format, err);
    for (int64_t i = 0; !status && i < zg_csv_source_n_columns(rows->csv); i++) {
        const char *const name = zg_csv_source_column(rows->csv, i);
        hash_cell(rows, name, (int64_t)strlen(name));
    }
    return status;
}

/* Names the columns that there are, as far as the line goes, and the nearest. */
static enum zg_status fail_column(const struct zg_row_source *rows, const char *name,
                                  struct zg_error *err)
{
    char known[256] = "";
    size_t n = 0;
    bool is_full = false;
    const int64_t n_columns = zg_csv_source_n_columns(rows->csv);
    struct zg_nearest nearest = zg_nearest_begin(name);
    for (int64_t i = 0; i < n_columns; i++) {
        const char *const column = zg_csv_source_column(rows->csv, i);
        zg_nearest_try(&nearest, column, strlen(column));
        is_full |= n + strlen(column) + 10 > sizeof known; /* quotes, comma, room for the dots */
        if (!is_full)
            n += (size_t)snprintf(known + n, sizeof known - n, "%s'%s'", i ? ", " : "", column);
    }
    return zg_fail(err, ZG_INPUT, "%s: task '%s' needs column '%.80s', the header has %lld: %s%s%s",
                   zg_csv_source_name(rows->csv), rows->task->name, name, (long long)n_columns,
                   known, is_full ? " ..." : "", zg_nearest_hint(&nearest));
}

static enum zg_status find_column(const struct zg_row_source *rows,
                                  const struct zg_task_names *names, int64_t *column,
                                  struct zg_error *err)
{
    *column = -1;
    for (int64_t i = 0; i < names->n && *column < 0; i++)
        *column = zg_csv_source_find(rows->csv, names->items[i]);
    return *column >= 0 ? ZG_OK : fail_column(rows, names->items[0], err);
}

static enum zg_status next_delimited(struct zg_row_source *rows, bool *more, struct zg_error *err)
{
    const enum zg_status status = zg_csv_source_next(rows->csv, &rows->row, err);
    *more = !status && rows->row.n_fields > 0;
    for (int64_t i = 0; *more && i < rows->row.n_fields; i++)
        hash_cell(rows, rows->row.fields[i].text, rows->row.fields[i].n_bytes);
    snprintf(rows->where, rows->n_where, "%s:%lld", zg_csv_source_name(rows->csv),
             (long long)rows->row.line);
    return status;
}

/* ---- either ---------------------------------------------------------------------------------- */

static enum zg_status open_json(struct zg_row_source *rows, const struct zg_task_data *data,
                                struct zg_error *err)
{
    const bool lines = data->format == ZG_ROWS_JSON_LINES;
    const enum zg_status status =
        parse_paths(rows, &rows->task->rows, &rows->paths, &rows->n_paths, err);
    if (status)
        return status;
    return data->bytes
               ? zg_json_source_open_memory(&rows->json, data->path, data->bytes, data->n_bytes,
                                            lines, rows->paths, rows->n_paths, err)
               : zg_json_source_open(&rows->json, data->path, lines, rows->paths, rows->n_paths,
                                     err);
}

enum zg_status zg_row_source_open(struct zg_row_source **out, const struct zg_task *task,
                                  enum zg_split split, struct zg_error *err)
{
    const struct zg_task_data *const data = &task->data[split];
    *out = NULL;
    if (!data->path)
        return zg_fail(err, ZG_USAGE, "task '%s' has no split '%s'", task->name,
                       zg_split_name(split));
    struct zg_row_source *rows = calloc(1, sizeof *rows);
    const size_t n_where = strlen(data->path) + 32; /* a line's number */
    if (!rows || !(rows->where = malloc(n_where))) {
        free(rows);
        return zg_fail(err, ZG_ENV, "task '%s': no memory for its data", task->name);
    }
    rows->task = task;
    rows->n_where = n_where;
    memcpy(rows->where, data->path, strlen(data->path) + 1);
    struct zg_error own = {0};
    const enum zg_status status = data->format == ZG_ROWS_DELIMITED
                                      ? open_delimited(rows, data, &own)
                                      : open_json(rows, data, &own);
    if (status) {
        zg_fail(err, status, "%s%s%s", own.text, data->others ? "; nor is there " : "",
                data->others ? data->others : "");
        zg_row_source_close(&rows);
    }
    *out = rows;
    return status;
}

void zg_row_source_close(struct zg_row_source **rows)
{
    if (!rows || !*rows)
        return;
    struct zg_row_source *r = *rows;
    zg_csv_source_close(&r->csv);
    zg_json_source_close(&r->json);
    free_paths(r->paths, r->n_paths);
    for (int64_t i = 0; i < r->n_fields; i++)
        free_paths(r->fields[i].paths, r->fields[i].n_paths);
    free(r->fields);
    free(r->where);
    free(r);
    *rows = NULL;
}

enum zg_status zg_row_source_bind(struct zg_row_source *rows, const char *name, int64_t *field,
                                  struct zg_error *err)
{
    char *own_name = (char *)name;
    const struct zg_task_names itself = {&own_name, 1};
    const struct zg_task_names *names = zg_task_field(rows->task, name);
    struct field *const fields =
        realloc(rows->fields, (size_t)(rows->n_fields + 1) * sizeof *fields);
    if (!fields)
        return no_memory(rows, err);
    rows->fields = fields;
    *field = rows->n_fields;
    names = names ? names : &itself;
    struct field *const made = &fields[rows->n_fields++];
    *made = (struct field){.column = -1};
    return rows->csv ? find_column(rows, names, &made->column, err)
                     : parse_paths(rows, names, &made->paths, &made->n_paths, err);
}

enum zg_status zg_row_source_next(struct zg_row_source *rows, bool *more, struct zg_error *err)
{
    return rows->csv ? next_delimited(rows, more, err) : zg_json_source_next(rows->json, more, err);
}

const char *zg_row_source_where(const struct zg_row_source *rows)
{
    return rows->csv ? rows->where : zg_json_source_where(rows->json);
}

static struct zg_slice cell(const struct zg_row_source *rows, int64_t field)
{
    const struct zg_csv_field *const f = &rows->row.fields[rows->fields[field].column];
    return (struct zg_slice){f->text, f->n_bytes};
}

/* The first path that the row has; of none, the first, whose absence is then told. */
static const struct zg_json_path *path_of(const struct zg_row_source *rows, int64_t field)
{
    const struct field *const f = &rows->fields[field];
    for (int64_t i = 0; i < f->n_paths; i++)
        if (zg_json_source_has(rows->json, &f->paths[i]))
            return &f->paths[i];
    return &f->paths[0];
}

enum zg_status zg_row_source_text(struct zg_row_source *rows, int64_t field, struct zg_slice *out,
                                  struct zg_error *err)
{
    if (rows->json)
        return zg_json_source_text(rows->json, path_of(rows, field), out, err);
    *out = cell(rows, field);
    return ZG_OK;
}

enum zg_status zg_row_source_texts(struct zg_row_source *rows, int64_t field, struct zg_slices *out,
                                   struct zg_error *err)
{
    if (rows->json)
        return zg_json_source_texts(rows->json, path_of(rows, field), out, err);
    out->n = 0;
    return zg_slices_append(out, cell(rows, field), err);
}

enum zg_status zg_row_source_spans(struct zg_row_source *rows, int64_t field, struct zg_slice text,
                                   struct zg_slices *out, struct zg_error *err)
{
    if (rows->json)
        return zg_json_source_spans(rows->json, path_of(rows, field), text, out, err);
    return zg_fail(err, ZG_INPUT, "spans of a text are in JSON alone");
}

uint64_t zg_row_source_print(const struct zg_row_source *rows)
{
    return rows->csv ? rows->print : zg_json_source_print(rows->json);
}
