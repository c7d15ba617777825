/* measure_phases.c - phases.csv and counters.csv of a case: measure_work.h. */
#include <math.h>
#include <stdlib.h>

#include "engines/base/size.h"
#include "harness/base/signals.h"
#include "harness/run/measure_work.h"

/* Counts hardly differ from step to step, so fewer will do for them. */
enum { MOST_TIMED_STEPS = 20, MOST_COUNTED_STEPS = 5 };

/* Steps with the phases' clock on. */
struct pass {
    int64_t n_steps;
    struct zg_phase_clock clock;
    double flops[ZG_N_PHASES], bytes[ZG_N_PHASES];
};

double *zg_measure_counts_make(const struct zg_measure_work *w, int64_t n)
{
    const struct zg_counters *const counters = w->m->counters;
    if (zg_counters_n_counting(counters) == 0)
        return NULL;
    return calloc((size_t)(n * zg_counters_n_threads(counters) * zg_counters_n(counters)),
                  sizeof(double));
}

/* An interruption ends it early, with ZG_OK: the caller looks. */
static enum zg_status run_pass(struct zg_measure_work *w, struct zg_contender *contender,
                               struct pass *pass, struct zg_error *err)
{
    struct zg_step step;
    enum zg_status status = ZG_OK;
    contender->clock = pass->clock;
    contender->clock.on = true;
    for (int64_t i = 0; i < pass->n_steps && !status && !zg_signals_caught(); i++) {
        struct zg_cost cost = {0};
        contender->next_batch = (uint64_t)(w->set.first + i % w->set.n);
        status = zg_bench_step(contender, &w->choice, &step, err);
        contender->item->engine->cost(contender->state, &cost);
        for (int p = 0; p < ZG_N_PHASES; p++) {
            pass->flops[p] += cost.phase_flops[p];
            pass->bytes[p] += cost.phase_bytes[p];
        }
    }
    pass->clock = contender->clock;
    contender->clock = (struct zg_phase_clock){0};
    return status;
}

/* Sums over the threads: counts[n_threads][n] -> sums[n]. */
static void sum_threads(const struct zg_counters *counters, const double *counts, double *sums)
{
    const int64_t n = zg_counters_n(counters);
    for (int64_t i = 0; i < n; i++) {
        sums[i] = 0;
        for (int64_t t = 0; t < zg_counters_n_threads(counters); t++)
            sums[i] += counts[t * n + i];
    }
}

/* Rows of counters.csv of a phase: all threads together, then each. */
static enum zg_status add_counts(struct zg_measure_work *w, const struct zg_contender *contender,
                                 const char *phase, const double *counts, const double *sums,
                                 int64_t n_steps, struct zg_error *err)
{
    const struct zg_counters *const counters = w->m->counters;
    const int64_t n = zg_counters_n(counters);
    struct zg_count_row row;
    enum zg_status status = ZG_OK;
    zg_row_clear(&zg_schema_counts, &row);
    row.id = contender->id;
    row.phase = phase;
    row.steps = n_steps;
    for (int64_t t = -1; t < zg_counters_n_threads(counters); t++) {
        for (int64_t i = 0; i < n && !status; i++) {
            const struct zg_counter_event *const event = zg_counters_event(counters, i);
            if (!event->counting)
                continue;
            row.thread = t < 0 ? ZG_NO_INTEGER : t;
            row.event = event->name;
            row.count_per_step = (t < 0 ? sums[i] : counts[t * n + i]) / (double)n_steps;
            row.multiplexed = event->multiplexed;
            status = zg_result_writer_add(w->m->results, &zg_schema_counts, &row, err);
        }
    }
    return status;
}

static enum zg_status add_phases(struct zg_measure_work *w, const struct zg_contender *contender,
                                 const struct pass *timed, const struct pass *counted, double *sums,
                                 struct zg_error *err)
{
    const struct zg_counters *const counters = w->m->counters;
    const int64_t stride = zg_counters_n_threads(counters) * zg_counters_n(counters);
    enum zg_status status = ZG_OK;
    for (int p = 0; p < ZG_N_PHASES && !status; p++) {
        const char *const name = zg_phase_name((enum zg_phase)p);
        struct zg_phase_row row;
        if (timed->clock.s[p] <= 0 && timed->flops[p] <= 0 && timed->bytes[p] <= 0)
            continue;
        zg_row_clear(&zg_schema_phases, &row);
        row.id = contender->id;
        row.phase = name;
        row.s_per_step = timed->clock.s[p] / (double)timed->n_steps;
        row.flops_per_step = timed->flops[p] / (double)timed->n_steps;
        row.bytes_per_step = timed->bytes[p] / (double)timed->n_steps;
        if (counted->clock.counts) {
            const double *const counts = counted->clock.counts + p * stride;
            sum_threads(counters, counts, sums);
            const struct zg_derived derived =
                zg_counters_derive(counters, sums, counted->clock.cpu_s[p], counted->flops[p]);
            row.instructions_per_cycle = derived.instructions_per_cycle;
            row.ghz = derived.ghz;
            row.bytes_per_flop = derived.bytes_per_flop;
            if (derived.any)
                row.counts_estimated = derived.estimated;
            status = add_counts(w, contender, name, counts, sums, counted->n_steps, err);
        }
        if (!status)
            status = zg_result_writer_add(w->m->results, &zg_schema_phases, &row, err);
    }
    return status;
}

static enum zg_status phases_of(struct zg_measure_work *w, const struct subject_context *subject,
                                struct zg_error *err)
{
    struct zg_contender *const contender = subject->contender;
    struct pass timed = {.n_steps = zg_min64(w->n_steps, MOST_TIMED_STEPS)};
    struct pass counted = {.n_steps = zg_min64(w->n_steps, MOST_COUNTED_STEPS)};
    double *const sums = calloc((size_t)zg_counters_n(w->m->counters) + 1, sizeof *sums);
    if (!sums)
        return zg_fail(err, ZG_ENV, "no memory for the counts of phases");
    enum zg_status status = run_pass(w, contender, &timed, err);
    counted.clock.counts = zg_measure_counts_make(w, ZG_N_PHASES);
    if (!status && counted.clock.counts) {
        counted.clock.counters = w->m->counters;
        status = run_pass(w, contender, &counted, err);
    }
    if (!status && !zg_signals_caught() && subject->counts && subject->n_counted > 0) {
        sum_threads(w->m->counters, subject->counts, sums);
        status = add_counts(w, contender, "step", subject->counts, sums, subject->n_counted, err);
    }
    if (!status && !zg_signals_caught())
        status = add_phases(w, contender, &timed, &counted, sums, err);
    free(counted.clock.counts);
    free(sums);
    return status;
}

enum zg_status zg_measure_phases(struct zg_measure_work *w, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (int64_t s = 0; s < w->n_subjects && !status && !zg_signals_caught(); s++) {
        zg_status_line_show(&w->m->session->line, true, "phases of %s",
                            w->contexts[s].contender->item->label);
        status = phases_of(w, &w->contexts[s], err);
    }
    return status;
}
