/*
 * sampler.c - the flow of a measurement: warm-up and pilot, plan, blocks.  The rules alone are in
 * blocks.c.
 */
#include "harness/timing/sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"
#include "harness/stats/blocks.h"
#include "harness/stats/stats.h"

/* The two spans that show the end of warm-up are there in any case. */
enum { MOST_WARM_BLOCKS = 50, SHOWN = 2, LEAST_PILOT = 3, MOST_PILOT = 10 };

#define SHORT_PHASE_S  2.0  /* more pilot than the least only while the phase is shorter */
#define OVERHEAD_SHARE 1e-3 /* of a span */

/* What the sampler knows of a subject. */
struct track {
    double warm[MOST_WARM_BLOCKS]; /* s per step of each span before the blocks */
    int64_t n_warm;
    int64_t warmup_end; /* spans that are warm-up; -1: not over */
    int64_t n_steps;    /* per span */
    int64_t n_sized;    /* leading spans that were too short: warm-up whatever they took */
};

struct zg_sampler {
    struct zg_subject *subjects; /* [n] */
    int64_t n;
    struct zg_sampler_policy policy;
    struct track *tracks; /* [n] */
    int64_t *order;       /* [n] */
    double *counts;       /* [counters] */
    double scratch[MOST_WARM_BLOCKS];
    double ratios[MOST_WARM_BLOCKS];
    int64_t run_begin_ns;
    int64_t steps_done; /* in samples */
    bool ran;
    struct zg_sampler_report report;
    struct zg_subject_report *subject_reports; /* [n] */
};

struct zg_sampler_policy zg_sampler_policy_default(void)
{
    return (struct zg_sampler_policy){
        .min_blocks = ZG_MIN_FOR_INTERVAL,
        .max_blocks = 200,
        .steps_multiple = 1,
        .width = 0.01,
        .min_span_s = 0.01,
    };
}

static enum zg_status check_policy(const struct zg_sampler_policy *p, int64_t n_subjects,
                                   struct zg_error *err)
{
    if (n_subjects < 1)
        return zg_fail(err, ZG_USAGE, "nothing to measure: want at least one engine");
    if (p->blocks < 0 || p->steps < 0 || p->warmup_steps < 0 || p->warmup_blocks < 0)
        return zg_fail(err, ZG_USAGE, "--blocks and --steps want numbers from 1 on");
    if (p->first_block < 0 || p->first_block > p->blocks)
        return zg_fail(err, ZG_USAGE, "block %lld of %lld cannot be the first",
                       (long long)p->first_block, (long long)p->blocks);
    if (p->min_blocks < 1 || p->max_blocks < p->min_blocks || p->steps_multiple < 1)
        return zg_fail(err, ZG_USAGE, "%lld to %lld blocks make no sense", (long long)p->min_blocks,
                       (long long)p->max_blocks);
    if (!(p->width > 0))
        return zg_fail(err, ZG_USAGE, "a width of %g makes no sense: want a number over 0",
                       p->width);
    if (!(p->min_time_s >= 0) || !(p->max_time_s >= 0) || !(p->max_warmup_s >= 0) ||
        !(p->min_span_s >= 0) || !(p->beside_s >= 0))
        return zg_fail(err, ZG_USAGE, "--min-time and --max-time want seconds from 0 on");
    if (p->max_time_s > 0 && p->max_time_s < p->min_time_s)
        return zg_fail(err, ZG_USAGE, "--max-time %g is less than --min-time %g", p->max_time_s,
                       p->min_time_s);
    if (p->baseline < 0 || p->baseline >= n_subjects)
        return zg_fail(err, ZG_USAGE, "the baseline is not among the engines measured");
    return ZG_OK;
}

enum zg_status zg_sampler_open(struct zg_sampler **out, const struct zg_subject *subjects,
                               int64_t n_subjects, const struct zg_sampler_policy *policy,
                               struct zg_error *err)
{
    *out = NULL;
    const enum zg_status status = check_policy(policy, n_subjects, err);
    if (status)
        return status;
    const size_t n = (size_t)n_subjects;
    struct zg_sampler *s = calloc(1, sizeof *s);
    if (!s)
        return zg_fail(err, ZG_ENV, "no memory for the sampler");
    s->n = n_subjects;
    s->policy = *policy;
    s->subjects = calloc(n, sizeof *s->subjects);
    s->tracks = calloc(n, sizeof *s->tracks);
    s->order = calloc(n, sizeof *s->order);
    s->subject_reports = calloc(n, sizeof *s->subject_reports);
    s->counts = calloc((size_t)zg_counters_n(policy->counters) + 1, sizeof *s->counts);
    if (!s->subjects || !s->tracks || !s->order || !s->subject_reports || !s->counts) {
        zg_sampler_close(&s);
        return zg_fail(err, ZG_ENV, "no memory for the sampler");
    }
    for (size_t i = 0; i < n; i++) {
        s->subjects[i] = subjects[i];
        s->subject_reports[i].name = subjects[i].name;
        s->tracks[i].n_steps = policy->steps ? policy->steps : policy->steps_multiple;
        if (policy->steps && policy->warmup_steps)
            s->tracks[i].n_steps = policy->warmup_steps;
        s->tracks[i].warmup_end = -1;
    }
    s->report.n_subjects = n_subjects;
    s->report.n_blocks_before = s->report.n_blocks = policy->first_block;
    s->report.subjects = s->subject_reports;
    s->report.pilot_spread = NAN;
    s->report.inside_share = NAN;
    s->report.outside_s_per_step = NAN;
    *out = s;
    return ZG_OK;
}

void zg_sampler_close(struct zg_sampler **sampler)
{
    if (!sampler || !*sampler)
        return;
    struct zg_sampler *const s = *sampler;
    free(s->subjects);
    free(s->tracks);
    free(s->order);
    free(s->subject_reports);
    free(s->counts);
    free(s);
    *sampler = NULL;
}

const struct zg_sampler_report *zg_sampler_report(const struct zg_sampler *sampler)
{
    return &sampler->report;
}

/* ---- one span -------------------------------------------------------------------------------- */

static int64_t now_ns(const struct zg_sampler *s)
{
    return s->policy.now_ns ? s->policy.now_ns(s->policy.now_context) : zg_clock_wall_ns();
}

static bool stopped(const struct zg_sampler *s)
{
    return s->policy.stop && *s->policy.stop;
}

/* Runs one span.  The wall clock is read innermost, so that no other reading is inside it. */
static enum zg_status take_span(struct zg_sampler *s, int64_t subject, struct zg_sample *sample,
                                struct zg_error *err)
{
    const struct zg_subject *const what = &s->subjects[subject];
    const int64_t n_steps = s->tracks[subject].n_steps;
    struct zg_usage before, after;
    const sig_atomic_t n_stops = s->policy.n_stops ? *s->policy.n_stops : 0;
    zg_counters_start(s->policy.counters);
    zg_usage_read(&before);
    const int64_t cpu_begin = zg_clock_cpu_ns();
    const int64_t wall_begin = now_ns(s);
    const enum zg_status status = what->run(what->context, n_steps, err);
    const int64_t wall_end = now_ns(s);
    const int64_t cpu_end = zg_clock_cpu_ns();
    zg_usage_read(&after);
    zg_counters_stop(s->policy.counters);
    zg_counters_read(s->policy.counters, s->counts);
    *sample = (struct zg_sample){
        .subject = subject,
        .n_steps = n_steps,
        .wall_s_per_step = zg_ns_to_s(wall_end - wall_begin) / (double)n_steps,
        .cpu_s_per_step = zg_ns_to_s(cpu_end - cpu_begin) / (double)n_steps,
        .usage = {.minor_faults = after.minor_faults - before.minor_faults,
                  .major_faults = after.major_faults - before.major_faults,
                  .voluntary_switches = after.voluntary_switches - before.voluntary_switches,
                  .involuntary_switches = after.involuntary_switches - before.involuntary_switches},
        .stopped = s->policy.n_stops && *s->policy.n_stops != n_stops,
        .counters = s->counts,
    };
    return status;
}

static void tell_progress(const struct zg_sampler *s, bool warming, int64_t spans_done)
{
    if (!s->policy.on_progress)
        return;
    struct zg_progress progress = {
        .warming = warming,
        .block = s->report.n_blocks,
        .n_blocks = s->report.n_blocks_planned,
        .elapsed_s = zg_ns_to_s(now_ns(s) - s->run_begin_ns),
        .left_s = NAN,
    };
    if (!warming) {
        const double spans =
            (double)((s->report.n_blocks_planned - s->report.n_blocks_before) * s->n);
        const double sampled_s = progress.elapsed_s - s->report.warmup_s;
        progress.left_s = sampled_s * (spans - (double)spans_done) / (double)spans_done;
    }
    s->policy.on_progress(s->policy.context, &progress);
}

/* ---- warm-up and pilot ----------------------------------------------------------------------- */

/* The least that a span must last: two clock reads and one call stay under 0.1 % of it. */
static double least_span_s(const struct zg_sampler *s)
{
    const double clock_s = 2 * s->report.clock.wall_read_s / OVERHEAD_SHARE;
    return clock_s > s->policy.min_span_s ? clock_s : s->policy.min_span_s;
}

/* Sizes the next span from this one.  True while the spans are still too short. */
static bool grow_span(const struct zg_sampler *s, struct track *track, double s_per_step)
{
    const double least_s = least_span_s(s);
    const double took_s = s_per_step * (double)track->n_steps;
    if (s->policy.steps || took_s >= least_s)
        return false;
    /* A tenfold step at most: a first span may have been faster than the next ones will be; and a
     * tenth more than needed, so that a slightly faster state does not make it short again. */
    double factor = took_s > 0 ? 1.1 * least_s / took_s : 10;
    factor = factor > 10 ? 10 : factor;
    const double steps = ceil((double)track->n_steps * factor);
    track->n_steps = steps > 1e12 ? (int64_t)1e12 : (int64_t)steps;
    track->n_steps = zg_round_up(track->n_steps, s->policy.steps_multiple);
    return true;
}

/* Takes a span of warm-up into account. */
static void note_warm(struct zg_sampler *s, int64_t subject, double s_per_step)
{
    struct track *const track = &s->tracks[subject];
    const bool too_short = track->warmup_end < 0 && grow_span(s, track, s_per_step);
    track->warm[track->n_warm++] = s_per_step;
    if (too_short) {
        track->n_sized = track->n_warm;
    } else if (track->warmup_end < 0) {
        /* Spans of other lengths are warm-up for sure, but the last of them still tells how fast
         * the subject is. */
        const int64_t from = track->n_sized ? track->n_sized - 1 : 0;
        const int64_t end = zg_warmup_end(track->warm + from, track->n_warm - from);
        track->warmup_end = end < 0 ? -1 : from + end;
    }
}

static int64_t n_pilot(const struct track *track)
{
    return track->warmup_end < 0 ? 0 : track->n_warm - track->warmup_end;
}

static bool warm_enough(const struct zg_sampler *s, double elapsed_s)
{
    int64_t least = MOST_PILOT;
    for (int64_t i = 0; i < s->n; i++)
        least = zg_min64(least, n_pilot(&s->tracks[i]));
    const bool plans = s->policy.blocks == 0; /* a number that is given needs no better spread */
    if (s->policy.no_pilot && !plans)
        return least >= SHOWN;
    return least >= MOST_PILOT || (least >= LEAST_PILOT && (!plans || elapsed_s >= SHORT_PHASE_S));
}

/* Without a settled end, the last spans serve as the pilot. */
static void close_warmup(struct zg_sampler *s)
{
    for (int64_t i = 0; i < s->n; i++) {
        struct track *const track = &s->tracks[i];
        struct zg_subject_report *const report = &s->subject_reports[i];
        report->settled = track->warmup_end >= 0;
        if (!report->settled)
            track->warmup_end =
                zg_max64(zg_min64(track->n_sized, track->n_warm - 1), track->n_warm - LEAST_PILOT);
        track->warmup_end = zg_max64(track->warmup_end, 0);
        if (s->policy.own_steps && s->policy.own_steps[i])
            track->n_steps = s->policy.own_steps[i];
        else if (s->policy.steps)
            track->n_steps = s->policy.steps;
        report->n_steps = track->n_steps;
        report->n_warmup_spans = track->warmup_end;
        report->n_pilot_spans = track->n_warm - track->warmup_end;
        memcpy(s->scratch, track->warm + track->warmup_end,
               (size_t)report->n_pilot_spans * sizeof *s->scratch);
        report->pilot_s_per_step = zg_median(s->scratch, report->n_pilot_spans);
        report->inside_s_per_step = 2 * s->report.clock.wall_read_s / (double)track->n_steps;
        const double share = report->inside_s_per_step / report->pilot_s_per_step;
        if (!(share <= s->report.inside_share))
            s->report.inside_share = share;
    }
}

static enum zg_status warm_up(struct zg_sampler *s, struct zg_error *err)
{
    const struct zg_sampler_policy *const p = &s->policy;
    const double limit_s = p->max_warmup_s > 0 ? p->max_warmup_s : p->max_time_s / 4;
    bool over = false;
    for (int64_t block = 0; block < MOST_WARM_BLOCKS && !over; block++) {
        /* Numbered down from -1: the orders are not those of the blocks to come. */
        zg_block_order(p->seed, -1 - block, s->n, s->order);
        for (int64_t i = 0; i < s->n; i++) {
            if (stopped(s)) {
                s->report.interrupted = true;
                return ZG_OK;
            }
            struct zg_sample sample;
            const int64_t subject = s->order[i];
            const enum zg_status status = take_span(s, subject, &sample, err);
            if (status)
                return status;
            if (s->tracks[subject].warmup_end < 0)
                s->subject_reports[subject].warmup_s +=
                    sample.wall_s_per_step * (double)sample.n_steps;
            note_warm(s, subject, sample.wall_s_per_step);
            tell_progress(s, true, 0);
        }
        const double elapsed_s = zg_ns_to_s(now_ns(s) - s->run_begin_ns);
        over = p->warmup_blocks > 0
                   ? block + 1 >= p->warmup_blocks
                   : warm_enough(s, elapsed_s) || (limit_s > 0 && elapsed_s >= limit_s);
    }
    s->report.warmup_s = zg_ns_to_s(now_ns(s) - s->run_begin_ns);
    close_warmup(s);
    return ZG_OK;
}

/* ---- the plan -------------------------------------------------------------------------------- */

/* Relative standard deviation of the pilot's paired ratios against the baseline, the largest over
 * the subjects.  Pilot spans are paired from the end: the last spans of all subjects belong to the
 * last block of the phase. */
static double pilot_spread(struct zg_sampler *s)
{
    const struct track *const base = &s->tracks[s->policy.baseline];
    double largest = NAN;
    for (int64_t i = 0; i < s->n; i++) {
        const struct track *const track = &s->tracks[i];
        const int64_t n = zg_min64(s->subject_reports[i].n_pilot_spans,
                                   s->subject_reports[s->policy.baseline].n_pilot_spans);
        if (i == s->policy.baseline || n < 2)
            continue;
        double sum = 0, squares = 0;
        for (int64_t k = 1; k <= n; k++) {
            s->ratios[k - 1] = log(base->warm[base->n_warm - k] / track->warm[track->n_warm - k]);
            sum += s->ratios[k - 1];
        }
        for (int64_t k = 0; k < n; k++)
            squares += (s->ratios[k] - sum / (double)n) * (s->ratios[k] - sum / (double)n);
        const double deviation = sqrt(squares / (double)(n - 1));
        if (!(deviation <= largest))
            largest = deviation;
    }
    return largest;
}

static void plan(struct zg_sampler *s)
{
    const struct zg_sampler_policy *const p = &s->policy;
    struct zg_sampler_report *const r = &s->report;
    r->pilot_spread = pilot_spread(s);
    r->width_reached = true;
    if (p->blocks) {
        r->n_blocks_planned = p->blocks;
        return;
    }
    double block_s = (double)s->n * p->beside_s;
    for (int64_t i = 0; i < s->n; i++)
        block_s += s->subject_reports[i].pilot_s_per_step * (double)s->tracks[i].n_steps;
    const int64_t wished = zg_blocks_plan(r->pilot_spread, p->width, p->min_blocks, INT64_MAX);
    double blocks = (double)wished;
    if (block_s > 0 && p->min_time_s > blocks * block_s)
        blocks = ceil(p->min_time_s / block_s);
    if (blocks > (double)p->max_blocks && p->min_time_s <= (double)p->max_blocks * block_s)
        blocks = (double)p->max_blocks;
    if (block_s > 0 && p->max_time_s > 0) {
        const double room = floor((p->max_time_s - r->warmup_s) / block_s);
        blocks = blocks < room ? blocks : room;
    }
    blocks = blocks > 1e9 ? 1e9 : blocks;
    r->n_blocks_planned = blocks < 1 ? 1 : (int64_t)blocks;
    r->width_reached = r->n_blocks_planned >= wished;
}

/* ---- the blocks ------------------------------------------------------------------------------ */

static enum zg_status sample_blocks(struct zg_sampler *s, struct zg_error *err)
{
    const struct zg_sampler_policy *const p = &s->policy;
    struct zg_sampler_report *const r = &s->report;
    const int64_t begin_ns = now_ns(s);
    enum zg_status status = ZG_OK;
    while (r->n_blocks < r->n_blocks_planned && !r->interrupted && !r->out_of_time && !status) {
        zg_block_order(p->seed, r->n_blocks, s->n, s->order);
        int64_t i = 0;
        for (; i < s->n; i++) {
            if (stopped(s)) {
                r->interrupted = true;
                break;
            }
            struct zg_sample sample;
            status = take_span(s, s->order[i], &sample, err);
            if (status)
                break;
            sample.block = r->n_blocks;
            sample.order = i;
            r->n_samples++;
            r->spans_s += sample.wall_s_per_step * (double)sample.n_steps;
            s->steps_done += sample.n_steps;
            if (p->on_sample && (status = p->on_sample(p->context, &sample, err)) != ZG_OK)
                break;
            tell_progress(s, false, r->n_samples);
        }
        r->n_blocks += i == s->n;
        const double elapsed_s = zg_ns_to_s(now_ns(s) - s->run_begin_ns);
        r->out_of_time = p->max_time_s > 0 && elapsed_s > p->max_time_s &&
                         r->n_blocks >= p->least_blocks && r->n_blocks < r->n_blocks_planned;
    }
    r->sampling_s = zg_ns_to_s(now_ns(s) - begin_ns);
    if (s->steps_done)
        r->outside_s_per_step = (r->sampling_s - r->spans_s) / (double)s->steps_done;
    return status;
}

enum zg_status zg_sampler_run(struct zg_sampler *sampler, struct zg_error *err)
{
    if (sampler->ran)
        return zg_fail(err, ZG_USAGE, "a sampler runs once");
    sampler->ran = true;
    zg_clock_measure(&sampler->report.clock);
    sampler->run_begin_ns = now_ns(sampler);
    const struct zg_sampler_policy *const p = &sampler->policy;
    enum zg_status status = warm_up(sampler, err);
    if (status || sampler->report.interrupted)
        return status;
    plan(sampler);
    if (p->on_plan)
        status = p->on_plan(p->context, &sampler->report, err);
    return status ? status : sample_blocks(sampler, err);
}
