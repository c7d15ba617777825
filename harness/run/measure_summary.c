/* measure_summary.c - the rows of summary.csv from the blocks of a case: measure_work.h. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "harness/rows/precision.h"
#include "harness/run/measure_work.h"
#include "harness/stats/stats.h"

/* One real of a contender's records, at `offset`: values[n_blocks]. */
static void block_column(const struct zg_measure_work *w, int64_t contender, size_t offset,
                         double *values)
{
    for (int64_t b = 0; b < w->n_blocks; b++) {
        const struct block_record *const record = &w->blocks[b * w->n_contenders + contender];
        memcpy(&values[b], (const char *)record + offset, sizeof *values);
    }
}

#define WALL offsetof(struct block_record, wall_s_per_step)

static double block_median(const struct zg_measure_work *w, int64_t contender, size_t offset,
                           double *scratch)
{
    block_column(w, contender, offset, scratch);
    return zg_median(scratch, w->n_blocks);
}

/* Paired ratios of times; false where that baseline was not timed. */
static bool speedup_over(const struct zg_measure_work *w, int64_t baseline, int64_t i,
                         double *scratch, struct zg_stats *out)
{
    const int64_t n = w->n_blocks;
    double *const walls = scratch, *const others = scratch + n;
    if (baseline < 0 || !w->verdicts[baseline].row.passed)
        return false;
    block_column(w, i, WALL, walls);
    block_column(w, baseline, WALL, others);
    zg_stats_of_ratios(others, walls, n, scratch + 2 * n, out);
    return true;
}

/* A VM's neighbours take a fifth of a core for seconds and give it back: the share of the peak that
 * the cores had at the time. */
static double peak_share_then(const struct zg_measure_work *w, int64_t contender,
                              double peak_gflops, double *scratch)
{
    const double best = w->m->peak->gflops[ZG_FP32].all.best;
    for (int64_t b = 0; b < w->n_blocks; b++) {
        const struct block_record *const r = &w->blocks[b * w->n_contenders + contender];
        const double gflops = r->amounts[USEFUL_FLOPS] / r->wall_s_per_step / 1e9;
        scratch[b] = gflops / (peak_gflops * r->beside.fma_gflops / best);
    }
    return zg_median(scratch, w->n_blocks);
}

static void summarise_counts(const struct zg_measure_work *w, int64_t i, double *scratch,
                             struct zg_summary_row *row)
{
#define DERIVED(name) block_median(w, i, offsetof(struct block_record, derived.name), scratch)
    row->instructions_per_cycle = DERIVED(instructions_per_cycle);
    row->ghz = DERIVED(ghz);
    row->bytes_per_flop = DERIVED(bytes_per_flop);
#undef DERIVED
    const struct zg_derived *const first = &w->blocks[i].derived;
    if (first->any)
        row->counts_estimated = first->estimated;
}

static void summarise_times(const struct zg_measure_work *w, int64_t i, double *scratch,
                            struct zg_summary_row *row)
{
    const int64_t n = w->n_blocks;
    double *const walls = scratch, *const others = scratch + n, *const ratios = scratch + 2 * n;
    struct zg_stats stats;
    block_column(w, i, WALL, walls);
    zg_stats_of(walls, n, ratios, &stats);
    row->n = n;
    row->steps = w->blocks[i].n_steps;
    row->n_disturbed = 0;
    for (int64_t b = 0; b < n; b++)
        row->n_disturbed += w->blocks[b * w->n_contenders + i].disturbed;
    row->wall_s_per_step_median = stats.median;
    row->wall_s_per_step_mad = stats.mad;
    row->wall_s_per_step_ci_low = stats.low;
    row->wall_s_per_step_ci_high = stats.high;
#define AMOUNT(a) block_median(w, i, offsetof(struct block_record, amounts[a]), others)
    row->useful_flops_per_step = AMOUNT(USEFUL_FLOPS);
    row->executed_flops_per_step = AMOUNT(EXECUTED_FLOPS);
    row->rows_per_pass = AMOUNT(ROWS);
#undef AMOUNT
    row->gflops_useful = row->useful_flops_per_step / stats.median / 1e9;
    row->gflops_executed = row->executed_flops_per_step / stats.median / 1e9;
    const struct zg_engine_options *const options = &w->bench.contenders[i].options;
    row->peak_gflops = zg_peak_of_pair(w->m->peak, options->dtype, options->dtype_d);
    if (isfinite(row->peak_gflops))
        row->peak_dtype = zg_dtypes_name(options->dtype, options->dtype_d);
    row->peak_share = row->gflops_useful / row->peak_gflops;
    row->executed_peak_share = row->gflops_executed / row->peak_gflops;
    row->peak_share_then = peak_share_then(w, i, row->peak_gflops, others);
    summarise_counts(w, i, others, row);
    if (speedup_over(w, w->m->session->baseline, i, scratch, &stats)) {
        row->speedup = stats.median;
        row->speedup_ci_low = stats.low;
        row->speedup_ci_high = stats.high;
    }
    if (speedup_over(w, w->m->session->second_baseline, i, scratch, &stats)) {
        row->second_speedup = stats.median;
        row->second_speedup_ci_low = stats.low;
        row->second_speedup_ci_high = stats.high;
    }
}

static void summarise_fidelity(const struct zg_measure_work *w, int64_t i,
                               struct zg_summary_row *row)
{
    const struct zg_fidelity_result result = zg_fidelity_result(w->fidelity, i);
    if (result.n_probes == 0)
        return;
    row->fidelity_probes = result.n_probes;
    row->fidelity_rms = result.rms;
    row->fidelity_sign = result.sign;
    row->fidelity_sign_large = result.sign_large;
    row->fidelity_large_probes = result.n_large;
}

static double lr_effective(const struct zg_case *c)
{
    struct zg_algorithm_choice choice = zg_case_algorithm(c);
    zg_algorithm_hold_lr(&choice);
    return zg_algorithm_lr_effective(&choice, 0);
}

enum zg_status zg_measure_summarise(struct zg_measure_work *w, struct zg_error *err)
{
    const struct zg_model_shape *const shape = zg_model_shape(w->bench.data.model);
    double *const scratch = calloc((size_t)(4 * w->n_blocks + 1), sizeof *scratch);
    if (!scratch)
        return zg_fail(err, ZG_ENV, "no memory for %lld blocks", (long long)w->n_blocks);
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < w->n_contenders && !status; i++) {
        const struct zg_contender *const contender = &w->bench.contenders[i];
        struct zg_summary_row row;
        zg_row_clear(&zg_schema_summary, &row);
        row.id = contender->id;
        row.n = 0;
        row.baseline = w->m->session->engines.items[w->m->session->baseline].label;
        if (w->m->session->second_baseline >= 0)
            row.second_baseline =
                w->m->session->engines.items[w->m->session->second_baseline].label;
        row.peak_rss_mib = contender->peak_rss_mib;
        row.extrapolated = zg_shape_n_resident(shape) < shape->n_layers;
        row.layers = shape->n_layers;
        row.lr_effective = lr_effective(&w->bench.c);
        summarise_fidelity(w, i, &row);
        /* alone, finite losses are all that was checked */
        if (w->checked && (w->n_contenders > 1 || !w->verdicts[i].row.passed))
            row.verified = w->verdicts[i].row.passed;
        if (w->verdicts[i].row.passed && w->n_blocks > 0)
            summarise_times(w, i, scratch, &row);
        status = zg_result_writer_add(w->m->results, &zg_schema_summary, &row, err);
    }
    free(scratch);
    return status;
}
