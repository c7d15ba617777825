/*
 * ladder_rows.c - fits a case's times, makes its rows, and puts the rows of all cases into
 * ladder.csv and back.
 */
#include "harness/ladder/ladder_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"
#include "harness/stats/stats.h"

/* ---- one case -------------------------------------------------------------------------------- */

struct work {
    struct zg_ladder_result *out;
    const struct zg_ladder *ladder;
    const double *walls; /* [n_rungs][n_blocks] */
    int64_t n_blocks;
    double *scratch;               /* [2][n_blocks] */
    double *residuals;             /* [n_rungs][n_blocks]: of the logarithms of times */
    double log_time[ZG_MAX_RUNGS]; /* fitted; NaN where a rung was not timed */
};

static bool is_timed(const struct zg_ladder_row *row)
{
    return row->verified != 0 && isfinite(row->wall_s_per_step_median);
}

/* The time of rung a over that of rung b, paired block by block. */
static struct zg_stats ratio_of(const struct work *w, int64_t a, int64_t b)
{
    struct zg_stats stats;
    zg_stats_of_ratios(w->walls + a * w->n_blocks, w->walls + b * w->n_blocks, w->n_blocks,
                       w->scratch, &stats);
    return stats;
}

/* ---- the fit --------------------------------------------------------------------------------- */

/* What is left to take halves with a sweep, or faster. */
enum { FIT_SWEEPS = 100 };

static double *residuals_of(const struct work *w, int64_t rung)
{
    return w->residuals + rung * w->n_blocks;
}

static void sweep_rungs(struct work *w)
{
    for (int64_t i = 0; i < w->out->n_rows; i++) {
        if (!is_timed(&w->out->rows[i]))
            continue;
        double *const residuals = residuals_of(w, i);
        memcpy(w->scratch, residuals, (size_t)w->n_blocks * sizeof *w->scratch);
        const double median = zg_median(w->scratch, w->n_blocks);
        w->log_time[i] += median;
        for (int64_t b = 0; b < w->n_blocks; b++)
            residuals[b] -= median;
    }
}

static void sweep_blocks(struct work *w)
{
    for (int64_t b = 0; b < w->n_blocks; b++) {
        double column[ZG_MAX_RUNGS];
        int64_t n = 0;
        for (int64_t i = 0; i < w->out->n_rows; i++)
            if (is_timed(&w->out->rows[i]))
                column[n++] = residuals_of(w, i)[b];
        const double median = zg_median(column, n);
        for (int64_t i = 0; i < w->out->n_rows; i++)
            residuals_of(w, i)[b] -= median;
    }
}

/* Tukey's median polish of log(time) = rung + block + rest. */
static void fit(struct work *w)
{
    for (int64_t i = 0; i < w->out->n_rows; i++) {
        w->log_time[i] = is_timed(&w->out->rows[i]) ? 0 : NAN;
        for (int64_t b = 0; b < w->n_blocks; b++)
            residuals_of(w, i)[b] = log(w->walls[i * w->n_blocks + b]);
    }
    for (int sweep = 0; sweep < FIT_SWEEPS; sweep++) {
        sweep_rungs(w);
        sweep_blocks(w);
    }
    sweep_rungs(w);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void describe(struct work *w, int64_t i, const struct zg_summary_row *summary)
{
    const struct zg_rung *const rung = &w->ladder->rungs[i];
    struct zg_ladder_row *const row = &w->out->rows[i];
    zg_row_clear(&zg_schema_ladder, row);
    row->id = summary->id;
    row->kind = w->ladder->leave_one_out ? "leave-one-out" : "ladder";
    row->rung = i;
    row->name = rung->name;
    row->label = rung->label;
    row->dense_writes = rung->dense_writes;
    row->paper_has = rung->paper_has;
    row->n = summary->n;
    row->wall_s_per_step_median = summary->wall_s_per_step_median;
    row->verified = summary->verified;
}

/* Rung i against `previous`. */
static void compare(struct work *w, int64_t i, int64_t previous)
{
    struct zg_ladder_row *const row = &w->out->rows[i];
    const struct zg_ladder_row *const other = &w->out->rows[previous];
    const uint32_t mine = w->ladder->rungs[i].mechanisms;
    const uint32_t others = w->ladder->rungs[previous].mechanisms;
    const bool removes = w->ladder->leave_one_out && previous > 0;
    const struct zg_stats stats = removes ? ratio_of(w, i, previous) : ratio_of(w, previous, i);
    const double log_ratio = w->log_time[previous] - w->log_time[i];
    const uint32_t changed = removes ? others & ~mine : mine & ~others;
    if (changed && previous > 0) /* the loop has no mechanisms to tell apart from the runtime's */
        row->mechanisms =
            zg_mechanisms_show(changed, '+', w->out->changed[i], sizeof w->out->changed[i]);
    row->previous = w->ladder->rungs[previous].name;
    row->previous_wall_s_per_step_median = other->wall_s_per_step_median;
    row->ratio = exp(removes ? -log_ratio : log_ratio);
    row->ratio_ci_low = stats.low;
    row->ratio_ci_high = stats.high;
}

static void compare_with_loop(struct work *w, int64_t i)
{
    struct zg_ladder_row *const row = &w->out->rows[i];
    const struct zg_stats stats = ratio_of(w, 0, i);
    row->speedup = stats.median;
    row->speedup_ci_low = stats.low;
    row->speedup_ci_high = stats.high;
}

/* What the rows say together, up to the last rung that was timed. */
static void add_up(struct zg_ladder_result *out, bool leave_one_out)
{
    int64_t last = 0;
    double product = 1;
    for (int64_t i = 1; i < out->n_rows; i++)
        if (is_timed(&out->rows[i])) {
            product *= isfinite(out->rows[i].ratio) ? out->rows[i].ratio : 1;
            last = i;
        }
    const struct zg_ladder_row *const end = &out->rows[leave_one_out ? zg_min64(last, 1) : last];
    out->product = leave_one_out || last == 0 || !is_timed(&out->rows[0]) ? NAN : product;
    out->end_to_end = end->speedup;
    out->end_to_end_ci_low = end->speedup_ci_low;
    out->end_to_end_ci_high = end->speedup_ci_high;
    out->apart_percent = 100 * fabs(out->product / out->end_to_end - 1);
}

enum zg_status zg_ladder_evaluate(struct zg_ladder_result *out, const struct zg_ladder *ladder,
                                  const struct zg_summary_row *summary, const double *walls,
                                  int64_t n_blocks, struct zg_error *err)
{
    struct work w = {.out = out, .ladder = ladder, .walls = walls, .n_blocks = n_blocks};
    *out = (struct zg_ladder_result){.n_rows = ladder->n_rungs};
    w.scratch = calloc((size_t)((2 + out->n_rows) * n_blocks + 1), sizeof *w.scratch);
    if (!w.scratch)
        return zg_fail(err, ZG_ENV, "no memory for %lld blocks", (long long)n_blocks);
    w.residuals = w.scratch + 2 * n_blocks;
    for (int64_t i = 0; i < out->n_rows; i++)
        describe(&w, i, &summary[i]);
    fit(&w);
    int64_t last = 0; /* timed */
    for (int64_t i = 0; i < out->n_rows && is_timed(&out->rows[0]); i++) {
        if (!is_timed(&out->rows[i]))
            continue;
        compare_with_loop(&w, i);
        /* left out is something from the full runtime, rung 1 */
        const int64_t previous = ladder->leave_one_out ? zg_min64(i, 2) - 1 : last;
        if (i > 0 && is_timed(&out->rows[previous]))
            compare(&w, i, previous);
        last = i;
    }
    add_up(out, ladder->leave_one_out);
    for (int64_t i = 1; i <= last && !ladder->leave_one_out; i++) {
        struct zg_ladder_row *const row = &out->rows[i];
        const double share = log(row->ratio) / log(out->product);
        row->gap_share = isfinite(share) && isfinite(row->ratio_ci_low) ? share : NAN;
    }
    free(w.scratch);
    return ZG_OK;
}

bool zg_ladder_row_is_apart(const struct zg_ladder_row *row)
{
    const bool removes =
        strcmp(row->kind, "ladder") != 0 && row->previous && strcmp(row->previous, "loop") != 0;
    const double times = log(row->previous_wall_s_per_step_median / row->wall_s_per_step_median);
    const double of_times = removes ? -times : times, of_ratio = log(row->ratio);
    return of_times * of_ratio < 0 && fabs(of_times - of_ratio) > 0.01;
}

/* ---- all cases ------------------------------------------------------------------------------- */

/* walls[n_rungs][n_blocks] of a case, from the rows of samples.csv. */
static void take_walls(const struct zg_csv_in *csv, const struct zg_summary_row *summary,
                       int64_t n_rungs, int64_t n_blocks, double *walls)
{
    const struct zg_sample_row *const rows = csv->rows;
    for (int64_t i = 0; i < n_rungs * n_blocks; i++)
        walls[i] = NAN;
    for (int64_t s = 0; s < csv->n; s++)
        for (int64_t i = 0; i < n_rungs && rows[s].block >= 0 && rows[s].block < n_blocks; i++)
            if (zg_case_row_same(&summary[i].id, &rows[s].id))
                walls[i * n_blocks + rows[s].block] = rows[s].wall_s_per_step;
}

static enum zg_status evaluate_case(struct zg_ladder_result *out, const struct zg_ladder *ladder,
                                    const struct zg_csv_in *csv,
                                    const struct zg_summary_row *summary, struct zg_error *err)
{
    int64_t n_blocks = 0;
    for (int64_t i = 0; i < ladder->n_rungs; i++)
        n_blocks = zg_max64(n_blocks, summary[i].n);
    double *const walls = calloc((size_t)(ladder->n_rungs * n_blocks + 1), sizeof *walls);
    if (!walls)
        return zg_fail(err, ZG_ENV, "no memory for %lld blocks", (long long)n_blocks);
    take_walls(csv, summary, ladder->n_rungs, n_blocks, walls);
    const enum zg_status status = zg_ladder_evaluate(out, ladder, summary, walls, n_blocks, err);
    free(walls);
    return status;
}

enum zg_status zg_ladder_evaluate_run(struct zg_ladder_result *out, const struct zg_ladder *ladder,
                                      const struct zg_result_writer *results, struct zg_error *err)
{
    char path[1200];
    struct zg_csv_in *csv = NULL;
    const struct zg_summary_row *const summary = results->summary.rows;
    const int64_t n_cases = results->summary.n / ladder->n_rungs;
    snprintf(path, sizeof path, "%s/%s", results->dir, zg_schema_samples.file);
    enum zg_status status = zg_csv_in_open(&csv, path, &zg_schema_samples, err);
    for (int64_t i = 0; i < n_cases && !status; i++)
        status = evaluate_case(&out[i], ladder, csv, summary + i * ladder->n_rungs, err);
    zg_csv_in_close(&csv);
    return status;
}

/* ---- reading back ---------------------------------------------------------------------------- */

static bool is_rung(const struct zg_ladder_row *row, const char *kind)
{
    return row->name && row->kind && strcmp(row->kind, kind) == 0;
}

/* The end of the ladder that begins at row `begin`: its rungs are 0, 1, ...; -1 where they are
 * not. */
static int64_t end_of(const struct zg_ladder_row *rows, int64_t n, int64_t begin)
{
    const char *const kind = is_rung(&rows[begin], "ladder") ? "ladder" : "leave-one-out";
    int64_t end = begin;
    while (end < n && rows[end].rung == end - begin && end - begin < ZG_MAX_RUNGS) {
        if (!is_rung(&rows[end], kind))
            return -1;
        end++;
    }
    return end > begin && (end == n || rows[end].rung == 0) ? end : -1;
}

static void restore(struct zg_ladder_result *out, const struct zg_ladder_row *rows, int64_t n)
{
    out->n_rows = n;
    for (int64_t i = 0; i < n; i++) {
        out->rows[i] = rows[i];
        out->rows[i].label = rows[i].label ? rows[i].label : "";
    }
    add_up(out, strcmp(rows->kind, "ladder") != 0);
}

enum zg_status zg_ladder_read(struct zg_ladder_result **out, int64_t *n,
                              const struct zg_csv_in *csv, const char *path, struct zg_error *err)
{
    const struct zg_ladder_row *const rows = csv->rows;
    const int64_t n_rows = csv->n;
    int64_t end;
    *out = NULL;
    *n = 0;
    for (int64_t begin = 0; begin < n_rows; begin = end) {
        end = end_of(rows, n_rows, begin);
        if (end < 0)
            return zg_fail(err, ZG_INPUT, "%s: the rungs from row %lld on are no ladder", path,
                           (long long)begin + 1);
        ++*n;
    }
    if (*n == 0)
        return zg_fail(err, ZG_INPUT, "%s: has a header but no row", path);
    *out = calloc((size_t)*n, sizeof **out);
    if (!*out)
        return zg_fail(err, ZG_ENV, "no memory for %lld ladders", (long long)*n);
    struct zg_ladder_result *result = *out;
    for (int64_t begin = 0; begin < n_rows; begin = end, result++) {
        end = end_of(rows, n_rows, begin);
        restore(result, rows + begin, end - begin);
    }
    return ZG_OK;
}

/* ---- ladder.csv ------------------------------------------------------------------------------ */

enum zg_status zg_ladder_write(const struct zg_ladder_result *results, int64_t n, const char *dir,
                               struct zg_error *err)
{
    struct zg_csv_out *csv = NULL;
    enum zg_status status =
        zg_csv_out_open(&csv, dir, &zg_schema_ladder, ZG_CSV_REPLACE, NULL, 0, err);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < results[i].n_rows && !status; j++)
            status = zg_csv_out_row(csv, &results[i].rows[j], NULL, err);
    if (!status)
        status = zg_csv_out_close(&csv, err);
    zg_csv_out_abort(&csv);
    return status;
}
