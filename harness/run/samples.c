/* samples.c - the sampler's side of a measurement: the steps of a span, what is measured beside it,
 * and a row and a record of each sample; then what disturbed them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/signals.h"
#include "harness/machine/usage.h"
#include "harness/peak/handoff.h"
#include "harness/run/manifest.h"
#include "harness/run/measure_work.h"
#include "harness/run/measured_json.h"
#include "harness/run/sweep_tell.h"
#include "harness/timing/sampler.h"

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
        if (!zg_gate_child_samples(&w->m->session->gate))
            measure_beside(w, &row);
        row.disturbed = is_disturbed(sample);
    }
    row.minor_faults = sample->usage.minor_faults;
    row.major_faults = sample->usage.major_faults;
    row.voluntary_switches = sample->usage.voluntary_switches;
    row.involuntary_switches = sample->usage.involuntary_switches;
    enum zg_status status = zg_csv_out_row(w->m->results->samples, &row, sample->counters, err);
    w->m->n_samples += !status;
    w->m->major_faults += sample->usage.major_faults;
    w->m->sampled_s += sample->wall_s_per_step * (double)sample->n_steps;
    if (!status)
        status = zg_measure_grow_blocks(w, sample->block + 1, err);
    if (!status) {
        struct subject_context *const subject = &w->contexts[sample->subject];
        zg_measure_record(w, sample->subject, &row, sample->counters);
        if (subject->counts)
            zg_counters_add(w->m->counters, subject->counts);
        subject->n_counted += sample->n_steps;
    }
    return status;
}

/* Too few blocks are refused before the first of them. */
static enum zg_status check_blocks(const struct zg_measure_work *w,
                                   const struct zg_sampler_report *report, struct zg_error *err)
{
    const int64_t least = w->m->least_blocks;
    const double limit_s = w->m->session->request->policy.max_time_s;
    double block_s = (double)w->n_subjects * zg_peak_fma_now_s(w->m->peak);
    for (int64_t s = 0; s < report->n_subjects; s++)
        block_s += report->subjects[s].pilot_s_per_step * (double)report->subjects[s].n_steps;
    const double needed_s = report->warmup_s + (double)least * block_s;
    char text[32];
    if (least == 0 || limit_s <= 0 || w->plan.n_blocks > 0 ||
        (report->n_blocks_planned >= least && needed_s <= limit_s))
        return ZG_OK;
    return zg_fail(
        err, ZG_USAGE,
        "--max-time %g: has no room for the %lld blocks that an interval needs; of these "
        "%lld engines they take about %s",
        limit_s, (long long)least, (long long)w->n_subjects,
        zg_duration_show(ceil(needed_s), text, sizeof text));
}

static enum zg_status on_plan(void *context, const struct zg_sampler_report *report,
                              struct zg_error *err)
{
    struct zg_measure_work *const w = context;
    const enum zg_status status = check_blocks(w, report, err);
    if (status)
        return status;
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
    const struct zg_session *const session = w->m->session;
    char left[32], all[64] = "";
    zg_duration_show(progress->left_s, left, sizeof left);
    if (session->n_cases > 1 && !progress->warming) {
        const double rest_s = zg_sweep_rest_s(session, w->of - session->cases, &w->m->pace,
                                              progress->elapsed_s + progress->left_s);
        char text[32];
        snprintf(all, sizeof all, ", of all cases %s",
                 zg_duration_show(progress->left_s + rest_s, text, sizeof text));
    }
    if (progress->warming)
        zg_status_line_show(&w->m->session->line, false, "warming up, %.0f s", progress->elapsed_s);
    else
        zg_status_line_show(&w->m->session->line, false, "block %lld of %lld, %s left%s",
                            (long long)progress->block, (long long)progress->n_blocks, left, all);
}

static struct zg_sampler_policy sampler_policy(struct zg_measure_work *w)
{
    struct zg_sampler_policy p = zg_measure_span_policy(w);
    p.counters = w->m->counters;
    p.stop = zg_signals_flag();
    p.n_stops = zg_signals_continued();
    p.least_blocks = w->m->least_blocks;
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
    fprintf(w->m->notes,
            "note: %lld of %lld samples %s disturbed: the process was stopped, or "
            "none of its threads ran for a tenth of the time or more; medians and "
            "their intervals bear a few\n",
            (long long)w->n_disturbed, (long long)(w->n_blocks * w->n_subjects),
            w->n_disturbed == 1 ? "is" : "are");
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
        fprintf(
            w->m->notes,
            "note: a cache line took %.0f to %.0f ns from one thread's cpu to another's, beside "
            "%lld of %lld samples more than %d times the least: the host moves virtual cpus, or "
            "other work is on them; engines that hand over more lose more by it\n",
            least, most, (long long)n_far, (long long)(w->n_blocks * w->n_subjects), FAR);
}

enum zg_status zg_measure_samples(struct zg_measure_work *w, struct zg_error *err)
{
    struct zg_subject subjects[ZG_MAX_ENGINES];
    int64_t own_steps[ZG_MAX_ENGINES];
    w->n_steps = w->plan.n_blocks ? w->plan.n_steps : zg_measure_span_steps(w);
    w->beside = (struct measured_beside){NAN, NAN};
    if (zg_measure_keeps_bank(w))
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
        subjects[s] =
            (struct zg_subject){contender->item->label, zg_measure_run_steps, &w->contexts[s]};
        own_steps[s] = zg_measure_own_steps(w, s);
    }
    if (w->plan.n_blocks > 0)
        status = zg_measure_take_blocks(w, err);
    if (status)
        return status;
    struct zg_sampler_policy policy = sampler_policy(w);
    policy.own_steps = own_steps;
    struct zg_sampler *sampler = NULL;
    status = zg_sampler_open(&sampler, subjects, w->n_subjects, &policy, err);
    if (status)
        return status;
    const double waited_s = zg_usage_waited_s();
    const int64_t begin_ns = zg_clock_wall_ns();
    status = zg_sampler_run(sampler, err);
    const double lasted_s = zg_ns_to_s(zg_clock_wall_ns() - begin_ns);
    w->n_blocks = zg_sampler_report(sampler)->n_blocks;
    json_t *const sampling = zg_sampler_json(sampler);
    if (w->plan.n_blocks > 0) /* whose pilot it was that knew */
        json_object_set_new(sampling, "width_reached", json_boolean(w->plan.width_reached));
    json_object_set_new(sampling, "n_disturbed", json_integer(w->n_disturbed));
    json_object_set_new(sampling, "waited_share",
                        zg_json_real((zg_usage_waited_s() - waited_s) /
                                     (lasted_s * (double)w->m->session->n_threads)));
    json_object_set_new(w->case_meta, "sampling", sampling);
    json_object_set_new(w->m->meta, "sampling",
                        json_pack("{s:I, s:I, s:o}", "n_samples", (json_int_t)w->m->n_samples,
                                  "major_faults", (json_int_t)w->m->major_faults, "wall_s",
                                  zg_json_real(w->m->sampled_s)));
    if (w->n_disturbed > 0)
        tell_disturbed(w);
    tell_handoff(w);
    zg_sampler_close(&sampler);
    return status;
}
