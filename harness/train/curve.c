/* curve.c - a stream of rows that goes on where it was cut. */
#include "harness/train/curve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A file that was cut inside its header has no rows; the stream writes the header anew. */
static bool has_header(const char *path)
{
    char line[4096];
    FILE *const file = fopen(path, "r");
    const bool has = file && fgets(line, sizeof line, file) && strchr(line, '\n');
    if (file)
        fclose(file);
    return has;
}

/* Rows of steps that all engines have done: what follows is made again, in its order. */
static enum zg_status keep_rows(struct zg_train_curve *curve, const char *path, int64_t n_steps,
                                char *note, size_t size, struct zg_error *err)
{
    const enum zg_status status = zg_csv_in_open(&curve->old, path, &zg_schema_curve, err);
    if (status)
        return status;
    const struct zg_curve_row *const rows = curve->old->rows;
    while (curve->n_old < curve->old->n && rows[curve->n_old].step <= n_steps)
        curve->n_old++;
    const int64_t n_cut = curve->old->n - curve->n_old;
    if (curve->old->warning)
        snprintf(note, size, "%s", curve->old->warning);
    if (n_cut == 0)
        return ZG_OK;
    snprintf(note, size, "%s: %lld row%s of steps that are lost are dropped", path,
             (long long)n_cut, n_cut == 1 ? "" : "s");
    return zg_csv_write(curve->dir, &zg_schema_curve, rows, curve->n_old, err);
}

enum zg_status zg_train_curve_open(struct zg_train_curve *out, const char *dir, bool go_on,
                                   int64_t n_steps, char *note, size_t size, struct zg_error *err)
{
    char path[1200];
    enum zg_status status = ZG_OK;
    *out = (struct zg_train_curve){.dir = dir, .all.schema = &zg_schema_curve};
    note[0] = '\0';
    snprintf(path, sizeof path, "%s/%s", dir, zg_schema_curve.file);
    if (go_on && has_header(path))
        status = keep_rows(out, path, n_steps, note, size, err);
    if (!status)
        status = zg_csv_out_open(&out->out, dir, &zg_schema_curve, ZG_CSV_STREAM, NULL, 0, err);
    if (status)
        zg_train_curve_close(out);
    return status;
}

void zg_train_curve_close(struct zg_train_curve *curve)
{
    zg_csv_out_abort(&curve->out); /* a stream keeps its rows */
    zg_csv_in_close(&curve->old);
    zg_row_list_close(&curve->all);
    *curve = (struct zg_train_curve){0};
}

const struct zg_curve_row *zg_train_curve_next(const struct zg_train_curve *curve,
                                               const char *engine, int64_t n_steps)
{
    if (curve->next >= curve->n_old)
        return NULL;
    const struct zg_curve_row *const row =
        (const struct zg_curve_row *)curve->old->rows + curve->next;
    return row->step == n_steps && zg_cell_same_text(row->id.engine, engine) ? row : NULL;
}

/* As nine digits of it are. */
static bool same_real(double a, double b)
{
    char x[32], y[32];
    if (!isfinite(a) || !isfinite(b))
        return !isfinite(a) && !isfinite(b);
    snprintf(x, sizeof x, "%.9g", a);
    snprintf(y, sizeof y, "%.9g", b);
    return strcmp(x, y) == 0;
}

static enum zg_status fail_unlike(const struct zg_train_curve *curve, const char *what,
                                  struct zg_error *err)
{
    const struct zg_curve_row *const row =
        (const struct zg_curve_row *)curve->old->rows + curve->next;
    return zg_fail(
        err, ZG_INPUT,
        "%s/%s: row %lld (engine %s, step %lld) is not what the steps lead to: %s; it is "
        "of another training or was changed",
        curve->dir, zg_schema_curve.file, (long long)curve->next + 1,
        row->id.engine ? row->id.engine : "none", (long long)row->step, what);
}

enum zg_status zg_train_curve_take(struct zg_train_curve *curve, struct zg_curve_row *due,
                                   struct zg_error *err)
{
    const struct zg_curve_row *const row =
        (const struct zg_curve_row *)curve->old->rows + curve->next;
    if (!zg_case_row_same(&row->id, &due->id))
        return fail_unlike(curve, "it is of another case", err);
    if (!zg_cell_same_text(row->rows_xxh3, due->rows_xxh3))
        return fail_unlike(curve, "other rows were drawn", err);
    if (!same_real(row->loss_plus, due->loss_plus) || !same_real(row->loss_minus, due->loss_minus))
        return fail_unlike(curve, "it has other losses", err);
    if (!same_real(row->c, due->c) || row->forwards != due->forwards)
        return fail_unlike(curve, "it has another c, or other forwards", err);
    due->eval_split = row->eval_split;
    due->eval_loss = row->eval_loss;
    due->eval_metric = row->eval_metric;
    due->eval_wall_s = row->eval_wall_s;
    curve->next++;
    return zg_row_list_add(&curve->all, due, err);
}

enum zg_status zg_train_curve_check_end(const struct zg_train_curve *curve, struct zg_error *err)
{
    return curve->next < curve->n_old ? fail_unlike(curve, "another row is due", err) : ZG_OK;
}

enum zg_status zg_train_curve_add(struct zg_train_curve *curve, const struct zg_curve_row *row,
                                  struct zg_error *err)
{
    enum zg_status status = zg_train_curve_check_end(curve, err);
    if (!status)
        status = zg_csv_out_row(curve->out, row, NULL, err);
    return status ? status : zg_row_list_add(&curve->all, row, err);
}
