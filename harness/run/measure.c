/*
 * measure.c - the order of a case: fidelity and check of each engine in turn, then the plan and
 * the batches, the sampler with what is measured beside it, phases, summary.
 */
#include "harness/run/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"
#include "harness/base/signals.h"
#include "harness/peak/handoff.h"
#include "harness/run/manifest.h"
#include "harness/run/measure_work.h"
#include "harness/run/measured_json.h"
#include "harness/stats/stats.h"
#include "harness/timing/sampler.h"

/* Steps of a sample where --blocks came without a time to fill, and the most for the sake of more
 * batches. */
enum { USUAL_STEPS = 4, MOST_STEPS = 64 };

/* ---- banks ----------------------------------------------------------------------------------- */

enum zg_status zg_measure_check_banks(const struct zg_session *session, struct zg_error *err)
{
    const int64_t n_steps = zg_max64(1, session->request->policy.steps);
    for (int64_t i = 0; i < session->n_cases; i++) {
        const struct zg_session_case *const of = &session->cases[i];
        const int64_t period = zg_algorithm_period(&of->c.algorithm);
        for (int64_t e = 0; e < session->engines.n_items; e++)
            if (zg_entry_keeps_bank(&of->entries[e]) && period <= n_steps)
                return zg_fail(err, ZG_USAGE,
                               "--nu %lld: must exceed the %lld --steps of a sample, for engine %s "
                               "keeps a bank, which grows at every redraw of V",
                               (long long)period, (long long)n_steps, of->entries[e].item->label);
    }
    return ZG_OK;
}

static bool keeps_bank(const struct zg_measure_work *w)
{
    for (int64_t s = 0; s < w->n_subjects; s++)
        if (zg_entry_keeps_bank(&w->of->entries[w->subjects[s]]))
            return true;
    return false;
}

/* ---- opening and checking -------------------------------------------------------------------- */

/* While no engine is open: the references come and go. */
static enum zg_status open_fidelity(struct zg_measure_work *w, struct zg_error *err)
{
    struct zg_session *const session = w->m->session;
    const struct zg_policy *const policy = &session->request->policy;
    const struct zg_fidelity_options options = {
        .n_probes = policy->fidelity, .n_examples = policy->fidelity_batch, .line = &session->line};
    const enum zg_status status =
        zg_fidelity_open(&w->fidelity, &w->bench, w->of->entries, w->n_contenders, &options, err);
    return status ? status : zg_fidelity_references(w->fidelity, err);
}

/* Fidelity comes before the trial, whose steps would move the weights away from the reference's;
 * and what wrote them for its probes, rounding each time, starts afresh for the trial. */
static enum zg_status open_and_probe(struct zg_measure_work *w, int64_t i, struct zg_error *err)
{
    const struct zg_entry *const entry = &w->of->entries[i];
    enum zg_status status = zg_bench_open_engine(&w->bench, i, entry, err);
    if (!status)
        status = zg_fidelity_measure(w->fidelity, i, err);
    if (!status)
        status = zg_fidelity_add_rows(w->fidelity, i, w->m->results, err);
    if (status || zg_fidelity_result(w->fidelity, i).n_probes == 0 ||
        !zg_entry_writes_weights(entry))
        return status;
    zg_bench_close_engine(&w->bench.contenders[i]);
    return zg_bench_open_engine(&w->bench, i, entry, err);
}

static enum zg_status open_and_try(struct zg_measure_work *w, int64_t i,
                                   const struct zg_trial_options *trial, struct zg_error *err)
{
    struct zg_session *const session = w->m->session;
    const char *const label = session->engines.items[i].label;
    zg_status_line_show(&session->line, true, "opening %s", label);
    const enum zg_status status = open_and_probe(w, i, err);
    if (status)
        return status;
    zg_status_line_show(&session->line, true, "checking %s", label);
    const int64_t baseline = session->baseline;
    return zg_trial_run(&w->bench.contenders[i], trial, i == baseline ? NULL : &w->trials[baseline],
                        &w->trials[i], err);
}

static void note_disagreement(struct zg_measure_work *w, int64_t i)
{
    struct zg_measurement *const m = w->m;
    if (m->n_disagreeing++ == 0)
        snprintf(m->first_disagreement, sizeof m->first_disagreement, "%.80s: %.220s",
                 w->bench.contenders[i].item->label, w->verdicts[i].reason);
}

static enum zg_status check_engines(struct zg_measure_work *w, struct zg_error *err)
{
    struct zg_session *const session = w->m->session;
    const int64_t baseline = session->baseline;
    const struct zg_trial_options trial = zg_trial_options(
        &w->bench.c, session->request->policy.brief ? ZG_BRIEF_TRIAL_STEPS : ZG_RUN_TRIAL_STEPS);
    enum zg_status status = open_fidelity(w, err);
    if (!status)
        status = open_and_try(w, baseline, &trial, err);
    for (int64_t i = 0; i < w->n_contenders && !status; i++)
        if (i != baseline)
            status = open_and_try(w, i, &trial, err);
    if (!status)
        zg_fidelity_tell(w->fidelity, &w->m->notes);
    for (int64_t i = 0; i < w->n_contenders && !status; i++) {
        struct zg_contender *const contender = &w->bench.contenders[i];
        zg_status_line_show(&session->line, true, "comparing %s", contender->item->label);
        status = zg_verify_compare(&w->bench.contenders[baseline], &w->trials[baseline], contender,
                                   &w->trials[i], &trial, &w->verdicts[i], err);
        if (status)
            break;
        status = zg_results_add(w->m->results, &zg_schema_verify, &w->verdicts[i].row, err);
        if (w->verdicts[i].row.passed)
            w->subjects[w->n_subjects++] = i;
        else
            note_disagreement(w, i);
    }
    /* what failed its check is not timed, and its weights need not stay */
    for (int64_t i = 0; i < w->n_contenders; i++)
        if (!w->verdicts[i].row.passed)
            zg_bench_close_engine(&w->bench.contenders[i]);
    return status;
}

/* ---- timing ---------------------------------------------------------------------------------- */

/* Each span starts at the set's first batch; directions go on from step to step.  The amounts
 * are added up inside the span, a copy of 300 bytes a step. */
static enum zg_status run_steps(void *context, int64_t n_steps, struct zg_error *err)
{
    struct subject_context *const subject = context;
    struct zg_contender *const contender = subject->contender;
    struct zg_step step;
    memset(subject->amounts, 0, sizeof subject->amounts);
    for (int64_t i = 0; i < n_steps; i++) {
        contender->next_batch = (uint64_t)(subject->set->first + i % subject->set->n);
        const enum zg_status status = zg_bench_step(contender, subject->choice, &step, err);
        if (status)
            return zg_fail_within(err, status, "engine %s", contender->item->label);
        struct zg_cost cost = {0};
        contender->item->engine->cost(contender->state, &cost);
        subject->amounts[USEFUL_FLOPS] += cost.useful_flops;
        subject->amounts[EXECUTED_FLOPS] += cost.executed_flops;
        subject->amounts[ROWS] += (double)cost.n_rows;
    }
    return ZG_OK;
}

static enum zg_status grow_blocks(struct zg_measure_work *w, int64_t n, struct zg_error *err)
{
    if (n <= w->capacity)
        return ZG_OK;
    const int64_t capacity = zg_max64(n, 2 * w->capacity + 64);
    struct block_record *const blocks =
        realloc(w->blocks, (size_t)(capacity * w->n_contenders) * sizeof *blocks);
    if (!blocks)
        return zg_fail(err, ZG_ENV, "no memory for %lld blocks", (long long)capacity);
    w->blocks = blocks;
    w->capacity = capacity;
    return ZG_OK;
}

/* The span that just ended is the next one's neighbour. */
static void measure_beside(struct zg_measure_work *w, struct zg_sample_row *row)
{
    const struct measured_beside before = w->beside;
    w->beside.fma_gflops = zg_peak_fma_now(w->m->peak);
    w->beside.handoff_ns = zg_handoff_ns(w->m->peak->n_threads);
    row->fma_gflops = isfinite(before.fma_gflops) ? (before.fma_gflops + w->beside.fma_gflops) / 2
                                                  : w->beside.fma_gflops;
    row->handoff_ns = fmax(before.handoff_ns, w->beside.handoff_ns);
}

/* What the summary needs of a sample; the subject's last span was one of the same steps. */
static void record_sample(struct zg_measure_work *w, int64_t s, const struct zg_sample_row *row,
                          const double *counters)
{
    const struct subject_context *const subject = &w->contexts[s];
    struct block_record *const record = &w->blocks[row->block * w->n_contenders + w->subjects[s]];
    w->n_disturbed += row->disturbed == 1;
    record->wall_s_per_step = row->wall_s_per_step;
    record->beside = (struct measured_beside){row->fma_gflops, row->handoff_ns};
    record->derived =
        zg_counters_derive(w->m->counters, counters, row->cpu_s_per_step * (double)row->steps,
                           subject->amounts[EXECUTED_FLOPS]);
    for (int a = 0; a < N_AMOUNTS; a++)
        record->amounts[a] = subject->amounts[a] / (double)row->steps;
}

/* At any time some thread of an engine runs, however the others wait for it: where they ran for
 * less than the time that passed, the machine gave it to somebody else, or nobody. */
static bool is_disturbed(const struct zg_sample *sample)
{
    return sample->stopped || sample->cpu_s_per_step < 0.9 * sample->wall_s_per_step;
}

static enum zg_status on_sample(void *context, const struct zg_sample *sample, struct zg_error *err)
{
    struct zg_measure_work *const w = context;
    const int64_t i = w->subjects[sample->subject];
    const struct zg_contender *const contender = &w->bench.contenders[i];
    struct zg_sample_row row;
    zg_row_clear(&zg_schema_samples, &row);
    row.id = contender->id;
    row.block = sample->block;
    row.order = sample->order;
    row.steps = sample->n_steps;
    /* what valgrind counts it emulates: the time is its own, and no cell of a result */
    if (!zg_counters_use_valgrind(w->m->counters)) {
        row.wall_s_per_step = sample->wall_s_per_step;
        row.cpu_s_per_step = sample->cpu_s_per_step;
        measure_beside(w, &row);
        row.disturbed = is_disturbed(sample);
    }
    row.minor_faults = sample->usage.minor_faults;
    row.major_faults = sample->usage.major_faults;
    row.voluntary_switches = sample->usage.voluntary_switches;
    row.involuntary_switches = sample->usage.involuntary_switches;
    enum zg_status status = zg_csv_out_row(w->m->results->samples, &row, sample->counters, err);
    w->m->n_samples += !status;
    if (!status)
        status = grow_blocks(w, sample->block + 1, err);
    if (!status) {
        struct subject_context *const subject = &w->contexts[sample->subject];
        record_sample(w, sample->subject, &row, sample->counters);
        if (subject->counts)
            zg_counters_add(w->m->counters, subject->counts);
        subject->n_counted += sample->n_steps;
    }
    return status;
}

static enum zg_status on_plan(void *context, const struct zg_sampler_report *report,
                              struct zg_error *err)
{
    struct zg_measure_work *const w = context;
    struct zg_block_plan plan = {.n_blocks = report->n_blocks_planned,
                                 .n_steps = w->n_steps,
                                 .width_reached = report->width_reached,
                                 .n_engines = w->n_subjects};
    for (int64_t s = 0; s < w->n_subjects; s++)
        plan.engines[s] = w->bench.contenders[w->subjects[s]].item->label;
    if (w->plan.n_blocks == 0) /* else it is the one that is gone on with */
        json_object_set_new(w->case_meta, "plan", zg_block_plan_json(&plan));
    return w->m->on_plan ? w->m->on_plan(w->m->context, err) : ZG_OK;
}

static void on_progress(void *context, const struct zg_progress *progress)
{
    struct zg_measure_work *const w = context;
    char left[32];
    zg_duration_show(progress->left_s, left, sizeof left);
    if (progress->warming)
        zg_status_line_show(&w->m->session->line, false, "warming up, %.0f s", progress->elapsed_s);
    else
        zg_status_line_show(&w->m->session->line, false, "block %lld of %lld, %s left",
                            (long long)progress->block, (long long)progress->n_blocks, left);
}

/* A step of every subject, one after the other. */
static double round_s(const struct zg_measure_work *w)
{
    double sum_s = 0;
    for (int64_t s = 0; s < w->n_subjects; s++)
        sum_s += w->trials[w->subjects[s]].mean_step_s;
    return fmax(sum_s, 1e-9);
}

/* The bursts beside the samples of a block. */
static double bursts_s(const struct zg_measure_work *w)
{
    return (double)w->n_subjects * zg_peak_fma_now_s(w->m->peak);
}

/* Rounds that warm-up and pilot take, of single steps, and the blocks that a plan must have room
 * for: six, and half as many again because a guess from five steps may be low. */
enum { WARM_ROUNDS = 6, ROOMY_BLOCKS = 9 };

/* The shortest span whose harness costs stay under 0.1 %. */
static int64_t least_steps(const struct zg_measure_work *w, double min_span_s)
{
    double fastest_s = INFINITY;
    for (int64_t s = 0; s < w->n_subjects; s++)
        fastest_s = fmin(fastest_s, w->trials[w->subjects[s]].fastest_step_s);
    return (int64_t)fmin(fmax(ceil(min_span_s / fmax(fastest_s, 1e-9)), 1), 1e6);
}

/* All contenders take spans of the same number of steps, so that a block holds the same batches for
 * each: as many as leave room for the blocks of an interval in the time. */
static int64_t steps_per_span(const struct zg_measure_work *w, int64_t least)
{
    const struct zg_policy *const policy = &w->m->session->request->policy;
    const double limit_s = zg_policy_max_time_s(policy);
    if (policy->steps > 0)
        return policy->steps;
    const double n_blocks = (double)zg_max64(ROOMY_BLOCKS, policy->blocks);
    double n = USUAL_STEPS;
    if (limit_s > 0)
        n = ((limit_s - n_blocks * bursts_s(w)) / round_s(w) - WARM_ROUNDS * (double)least) /
            n_blocks;
    const int64_t n_steps = zg_max64(least, (int64_t)fmin(fmax(floor(n), 1), MOST_STEPS));
    return keeps_bank(w) ? zg_min64(n_steps, zg_algorithm_period(&w->bench.c.algorithm) - 1)
                         : n_steps;
}

/* A limit that nobody asked for must not cost the interval, which needs six blocks. */
static double max_time_s(const struct zg_measure_work *w, int64_t n_steps, int64_t n_warmup_steps)
{
    const struct zg_policy *const policy = &w->m->session->request->policy;
    const double limit_s = zg_policy_max_time_s(policy);
    if (policy->max_time_s >= 0 || limit_s <= 0)
        return limit_s;
    const double n = (double)(WARM_ROUNDS * n_warmup_steps + ROOMY_BLOCKS * n_steps);
    return fmax(limit_s, n * round_s(w) + ROOMY_BLOCKS * bursts_s(w));
}

static struct zg_sampler_policy sampler_policy(struct zg_measure_work *w)
{
    const struct zg_policy *const policy = &w->m->session->request->policy;
    struct zg_sampler_policy p = zg_sampler_policy_default();
    p.seed = w->bench.c.seed;
    p.blocks = zg_policy_blocks(policy);
    /* the check has warmed every engine, and a plan that is given needs no pilot; nor has valgrind
     * anything to warm */
    if ((policy->brief || zg_counters_use_valgrind(w->m->counters)) && p.blocks > 0)
        p.warmup_blocks = 1;
    p.steps = w->n_steps;
    p.warmup_steps = zg_min64(w->n_steps, least_steps(w, p.min_span_s));
    p.width = zg_policy_width_percent(policy) / 100;
    p.min_time_s = policy->min_time_s;
    p.max_time_s = max_time_s(w, p.steps, p.warmup_steps);
    p.beside_s = zg_peak_fma_now_s(w->m->peak);
    p.counters = w->m->counters;
    p.stop = zg_signals_flag();
    p.n_stops = zg_signals_continued();
    if (w->plan.n_blocks > 0) {
        p.blocks = w->plan.n_blocks;
        p.first_block = w->n_blocks_before;
    }
    p.on_plan = on_plan;
    p.on_sample = on_sample;
    p.on_progress = on_progress;
    p.context = w;
    for (int64_t s = 0; s < w->n_subjects; s++)
        if (w->subjects[s] == w->m->session->baseline)
            p.baseline = s;
    return p;
}

static void tell_disturbed(struct zg_measure_work *w)
{
    zg_text_buffer_printf(&w->m->notes,
                          "note: %lld of %lld samples are disturbed: the process was stopped, or "
                          "none of its threads ran for a tenth of the time or more; medians and "
                          "their intervals bear a few\n",
                          (long long)w->n_disturbed, (long long)(w->n_blocks * w->n_subjects));
}

/* Times the least hand-off: beyond noise, and less than what a second cache makes of it. */
enum { FAR = 2 };

/* Says so if the threads' cpus were now near each other, now far. */
static void tell_handoff(struct zg_measure_work *w)
{
    double least = INFINITY, most = 0;
    int64_t n_far = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t b = 0; b < w->n_blocks; b++)
            for (int64_t s = 0; s < w->n_subjects; s++) {
                const struct block_record *const blocks = &w->blocks[b * w->n_contenders];
                const double ns = blocks[w->subjects[s]].beside.handoff_ns;
                n_far += pass == 1 && ns > FAR * least;
                least = fmin(least, ns);
                most = fmax(most, ns);
            }
    if (n_far > 0)
        zg_text_buffer_printf(
            &w->m->notes,
            "note: a cache line took %.0f to %.0f ns from one thread's cpu to another's, beside "
            "%lld of %lld samples more than %d times the least: the host moves virtual cpus, or "
            "other work is on them; engines that hand over more lose more by it\n",
            least, most, (long long)n_far, (long long)(w->n_blocks * w->n_subjects), FAR);
}

/* ---- going on -------------------------------------------------------------------------------- */

/* Takes the plan of a run that was cut off into the new entry of the case.  Its engines must be the
 * ones that agree now, or its blocks would not be whole. */
static enum zg_status take_plan(struct zg_measure_work *w, json_t *plan, struct zg_error *err)
{
    if (!zg_block_plan_read(&w->plan, plan)) {
        w->plan = (struct zg_block_plan){0};
        return ZG_OK;
    }
    json_object_set(w->case_meta, "plan", plan);
    bool same = w->plan.n_engines == w->n_subjects;
    for (int64_t s = 0; s < w->n_subjects && same; s++)
        same = !strcmp(w->plan.engines[s], w->bench.contenders[w->subjects[s]].item->label);
    return same ? ZG_OK
                : zg_fail(err, ZG_CHECK,
                          "--resume: %s: the engines that agree are not those that were timed; "
                          "choose another directory",
                          w->m->results->dir);
}

/* The records of the blocks that are there, from their rows in samples.csv.  What a step works on
 * is in no row: each engine takes a span again, off the clock. */
static enum zg_status take_blocks_before(struct zg_measure_work *w, struct zg_error *err)
{
    const struct zg_csv_in *const in = w->m->results->old_samples;
    const struct zg_sample_row *const rows = in ? zg_csv_in_rows(in) : NULL;
    const int64_t n_counters = in ? zg_csv_in_n_extra(in) : 0;
    struct zg_case_row ids[ZG_MAX_ENGINES];
    double *const counters = calloc((size_t)n_counters + 1, sizeof *counters);
    enum zg_status status = counters ? ZG_OK : zg_fail(err, ZG_ENV, "no memory for counters");
    for (int64_t s = 0; s < w->n_subjects; s++)
        ids[s] = w->bench.contenders[w->subjects[s]].id;
    if (!status && in)
        status =
            zg_block_plan_there(in, ids, w->n_subjects, w->plan.n_blocks, &w->n_blocks_before, err);
    if (!status)
        status = grow_blocks(w, w->n_blocks_before, err);
    for (int64_t s = 0; s < w->n_subjects && w->n_blocks_before > 0 && !status; s++)
        status = run_steps(&w->contexts[s], w->n_steps, err);
    for (int64_t i = 0; in && i < zg_csv_in_n(in) && !status; i++)
        for (int64_t s = 0; s < w->n_subjects; s++) {
            const struct zg_sample_row *const row = &rows[i];
            if (row->block >= w->n_blocks_before || !zg_case_row_same(&row->id, &ids[s]))
                continue;
            for (int64_t e = 0; e < n_counters; e++)
                counters[e] = zg_csv_in_extra(in, i, e);
            record_sample(w, s, row, counters);
        }
    free(counters);
    return status;
}

static enum zg_status time_engines(struct zg_measure_work *w, struct zg_error *err)
{
    struct zg_subject subjects[ZG_MAX_ENGINES];
    const struct zg_sampler_policy usual = zg_sampler_policy_default();
    w->n_steps =
        w->plan.n_blocks ? w->plan.n_steps : steps_per_span(w, least_steps(w, usual.min_span_s));
    w->beside = (struct measured_beside){NAN, NAN};
    if (keeps_bank(w))
        zg_algorithm_set_period(&w->choice, INT64_MAX); /* V stays */
    enum zg_status status = zg_batch_set_choose(&w->bench, w->n_steps, &w->set, err);
    if (status)
        return status;
    json_object_set_new(w->case_meta, "batches", zg_manifest_batches(&w->set));
    for (int64_t s = 0; s < w->n_subjects; s++) {
        struct zg_contender *const contender = &w->bench.contenders[w->subjects[s]];
        w->contexts[s] = (struct subject_context){.contender = contender,
                                                  .choice = &w->choice,
                                                  .set = &w->set,
                                                  .counts = zg_measure_counts_make(w, 1)};
        subjects[s] = (struct zg_subject){contender->item->label, run_steps, &w->contexts[s]};
    }
    if (w->plan.n_blocks > 0)
        status = take_blocks_before(w, err);
    if (status)
        return status;
    const struct zg_sampler_policy policy = sampler_policy(w);
    struct zg_sampler *sampler = NULL;
    status = zg_sampler_open(&sampler, subjects, w->n_subjects, &policy, err);
    if (status)
        return status;
    status = zg_sampler_run(sampler, err);
    w->n_blocks = zg_sampler_report(sampler)->n_blocks;
    json_t *const sampling = zg_sampler_json(sampler);
    if (w->plan.n_blocks > 0) /* whose pilot it was that knew */
        json_object_set_new(sampling, "width_reached", json_boolean(w->plan.width_reached));
    json_object_set_new(sampling, "n_disturbed", json_integer(w->n_disturbed));
    json_object_set_new(w->case_meta, "sampling", sampling);
    if (w->n_disturbed > 0)
        tell_disturbed(w);
    tell_handoff(w);
    zg_sampler_close(&sampler);
    return status;
}

/* ---- the case -------------------------------------------------------------------------------- */

enum zg_status zg_measure_case(struct zg_measurement *m, int64_t index, struct zg_error *err)
{
    struct zg_measure_work *const w = calloc(1, sizeof *w);
    if (!w)
        return zg_fail(err, ZG_ENV, "no memory for a case");
    w->m = m;
    w->n_contenders = m->session->engines.n_items;
    w->of = &m->session->cases[index];
    const struct zg_case *const c = &w->of->c;
    enum zg_status status = zg_bench_open(&w->bench, c, &m->session->models, err);
    if (status)
        goto done;
    w->choice = zg_case_algorithm(c);
    zg_status_line_show(&m->session->line, true, "fingerprint of the weights of %s", c->model);
    const uint64_t fingerprint = zg_models_fingerprint(&m->session->models, w->bench.model);
    w->bench.resident_mib = zg_memory_resident_mib();
    status = check_engines(w, err);
    if (status)
        goto done;
    json_t *const plan = json_object_get(zg_meta_find_case(m->meta, index), "plan");
    json_t *const case_meta = w->case_meta =
        zg_manifest_case(&w->bench, index, fingerprint, w->n_contenders);
    json_object_set_new(case_meta, "finished", json_false());
    status = take_plan(w, plan, err);
    zg_meta_add_case(m->meta, case_meta);
    if (w->n_subjects > 0 && !status)
        status = time_engines(w, err);
    json_object_set_new(case_meta, "engines", zg_manifest_engines(&w->bench, w->n_contenders));
    json_object_set_new(case_meta, "fidelity", zg_fidelity_json(w->fidelity));
    json_object_set_new(case_meta, "v_redrawn_while_timing", json_boolean(!keeps_bank(w)));
    if (!status && w->n_subjects > 0)
        status = zg_pin_check(m->session->pin, err);
    if (!status && w->n_subjects > 0 && !zg_signals_caught() &&
        !zg_counters_use_valgrind(m->counters))
        status = zg_measure_phases(w, err);
    if (!status)
        status = zg_measure_summarise(w, err);
done:
    zg_status_line_clear(&m->session->line);
    zg_fidelity_close(&w->fidelity);
    zg_bench_close(&w->bench);
    for (int64_t i = 0; i < w->n_subjects; i++)
        free(w->contexts[i].counts);
    free(w->blocks);
    free(w);
    return status;
}
