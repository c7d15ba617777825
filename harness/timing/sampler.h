/*
 * sampler.h - the timing core: times any set of functions against each other, and knows nothing of
 * models.
 *
 *     struct zg_subject subjects[] = {{"a", run_a, &state_a}, {"b", run_b, &state_b}};
 *     struct zg_sampler_policy policy = zg_sampler_policy_default();
 *     policy.seed = 1;
 *     policy.on_sample = write_row;
 *     struct zg_sampler *sampler = NULL;
 *     status = zg_sampler_open(&sampler, subjects, 2, &policy, &err);
 *     if (!status)
 *         status = zg_sampler_run(sampler, &err);
 *     report = zg_sampler_report(sampler);
 *     zg_sampler_close(&sampler);
 *
 * What run() does
 * ---------------
 *   1. Warm-up and pilot, in interleaved blocks like the real ones.  A subject's span starts at one
 *      step and grows until it is long enough (below).  Its warm-up is over when two spans in a row
 *      fail to beat its fastest earlier span by more than 2 % (zg_warmup_end()); those two and what
 *      follows are its pilot.  The phase ends when every subject has 3 pilot spans (up to 10 while
 *      the phase takes less than 2 s, where `blocks` is not given), or, unsettled, after
 *      max_warmup_s or 50 blocks.  None of these spans is a sample.
 *   2. The plan, before looking: the number of blocks is `blocks` if given, else zg_blocks_plan()
 *      of the pilot's paired ratios.  on_plan is told.
 *   3. Blocks.  In each, every subject runs one span, in an order drawn from the seed
 *      (zg_block_order()).  Each sample goes to on_sample at once.
 *
 * A span is long enough when the cost of reading the clock and of the call is under 0.1 % of it,
 * and it lasts min_span_s.  The wall clock is read innermost: counters, usage, cpu clock, wall
 * clock, run(), wall clock, cpu clock, usage, counters; so wall_s holds nothing of the rest.
 *
 * run() allocates nothing and can be stopped between samples (policy.stop).
 */
#ifndef ZG_HARNESS_SAMPLER_H
#define ZG_HARNESS_SAMPLER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "engines/api.h"
#include "engines/error.h"
#include "harness/base/clock.h"
#include "harness/machine/usage.h"
#include "harness/timing/counters.h"

ZG_PUBLIC_BEGIN

struct zg_subject {
    const char *name;
    /* Does n_steps steps of its work.  A failure ends the run with that status. */
    enum zg_status (*run)(void *context, int64_t n_steps, struct zg_error *err);
    void *context;
};

struct zg_sample {
    int64_t subject; /* index into the subjects */
    int64_t block;   /* 0, 1, ... */
    int64_t order;   /* position inside the block */
    int64_t n_steps;
    double wall_s_per_step;
    double cpu_s_per_step;
    struct zg_usage usage; /* counts of the whole span */
    bool stopped;          /* policy.n_stops went up inside the span */
    /* [zg_counters_n()], of the whole span, NaN = not available; valid during the call */
    const double *counters;
};

struct zg_progress {
    bool warming;     /* warm-up and pilot; blocks are not planned yet */
    int64_t block;    /* blocks done */
    int64_t n_blocks; /* planned; 0 while warming */
    double elapsed_s;
    double left_s; /* estimate, from the spans so far; NaN while warming */
};

struct zg_sampler; /* opaque */
struct zg_sampler_report;

struct zg_sampler_policy {
    uint64_t seed;
    int64_t blocks;      /* > 0: exactly so many; 0: from the pilot */
    int64_t first_block; /* with `blocks`: those before it were taken by a run that was cut off */
    int64_t min_blocks;  /* at least, when from the pilot.  Below 6 no 95 % interval exists */
    int64_t max_blocks;
    int64_t steps; /* > 0: steps per span of every subject; 0: calibrated for each */
    /* [subjects] > 0: of that subject's samples, in place of `steps`; NULL: none such.  Borrowed.
     * Warm-up finds its own. */
    const int64_t *own_steps;
    int64_t warmup_steps;   /* > 0, with `steps`: steps per span of warm-up and pilot instead */
    bool no_pilot;          /* with `blocks`: warm-up ends as soon as its end is seen */
    int64_t warmup_blocks;  /* > 0: warm-up and pilot take so many blocks, settled or not */
    int64_t steps_multiple; /* calibrated spans are a multiple of this */
    double width;           /* wished half-width of the ratio's interval, relative: 0.01 is +-1 % */
    /* Sampling lasts at least this long: more blocks (ignored where `blocks` is given). */
    double min_time_s;
    /* Warm-up included; 0: no limit.  Fewer blocks are planned; past it, the block under way is
     * the last. */
    double max_time_s;
    int64_t least_blocks; /* max_time_s does not end the run before these are complete */
    double max_warmup_s;  /* 0: a quarter of max_time_s, or no limit */
    double min_span_s;
    double beside_s;  /* what on_sample takes after each sample: in the plan of a time */
    int64_t baseline; /* the subject that ratios are against */
    struct zg_counters *counters; /* NULL: none.  Borrowed */
    /* Non-zero ends the run between samples; NULL: cannot be stopped. */
    const volatile sig_atomic_t *stop;
    /* Changes when the process goes on after it was stopped; NULL: nobody watches. */
    const volatile sig_atomic_t *n_stops;
    /* The plan, before the first block; a failure ends the run with that status.  NULL: none. */
    enum zg_status (*on_plan)(void *context, const struct zg_sampler_report *report,
                              struct zg_error *err);
    /* Every sample as soon as taken; a failure ends the run with that status.  NULL: none. */
    enum zg_status (*on_sample)(void *context, const struct zg_sample *sample,
                                struct zg_error *err);
    /* After every span, warm-up included.  NULL: none. */
    void (*on_progress)(void *context, const struct zg_progress *progress);
    void *context;
    /* The wall clock, for tests that script time; NULL: zg_clock_wall_ns(). */
    int64_t (*now_ns)(void *context);
    void *now_context;
};

/* seed 0, blocks from the pilot (6 to 200), calibrated steps, width 0.01, no time limits, min_span
 * 10 ms, baseline 0. */
struct zg_sampler_policy zg_sampler_policy_default(void);

struct zg_subject_report {
    const char *name;       /* given to open */
    int64_t n_steps;        /* per span in the blocks */
    int64_t n_warmup_spans; /* excluded before the pilot */
    double warmup_s;        /* their time */
    bool settled;           /* false: warm-up ended by its limit, not by its rule */
    int64_t n_pilot_spans;
    double pilot_s_per_step;  /* median */
    double inside_s_per_step; /* clock and call cost inside the span, per step */
};

struct zg_sampler_report {
    int64_t n_subjects;
    const struct zg_subject_report *subjects; /* [n_subjects], lives until close */
    int64_t n_blocks_planned;
    int64_t n_blocks_before; /* first_block of the policy */
    int64_t n_blocks;        /* complete ones, with those before */
    int64_t n_samples;
    /* largest relative standard deviation of the pilot's ratios; NaN with one subject */
    double pilot_spread;
    bool width_reached; /* the plan was not cut by max_blocks or max_time_s */
    bool interrupted;   /* by policy.stop */
    bool out_of_time;   /* ended by max_time_s before all planned blocks */
    double warmup_s;    /* warm-up and pilot, all subjects */
    double sampling_s;  /* all blocks */
    double spans_s;     /* of it, inside spans */
    /* largest inside_s_per_step over the subject's time of a step: kept under 0.1 % */
    double inside_share;
    /* (sampling_s - spans_s) per step: CSV rows, counters, progress.  In no result */
    double outside_s_per_step;
    struct zg_clock_cost clock;
};

/* Copies the subjects, whose names are borrowed, and the policy; sizes everything.  ZG_USAGE: no
 * subject, a negative or contradictory policy. */
enum zg_status zg_sampler_open(struct zg_sampler **out, const struct zg_subject *subjects,
                               int64_t n_subjects, const struct zg_sampler_policy *policy,
                               struct zg_error *err);

/* Steps 1 to 3, once.  An interruption is not a failure: ZG_OK, and report.interrupted. */
enum zg_status zg_sampler_run(struct zg_sampler *sampler, struct zg_error *err);

/* Valid after run(), also where it failed; lives until close. */
const struct zg_sampler_report *zg_sampler_report(const struct zg_sampler *sampler);

void zg_sampler_close(struct zg_sampler **sampler); /* NULL and a pointer to NULL are fine */

ZG_PUBLIC_END

#endif
