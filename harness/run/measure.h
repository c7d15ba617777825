/*
 * measure.h - measures one case: every engine opened and checked against the reference, then all
 * timed in interleaved blocks of the same steps, then the phases of a few more steps.
 */
#ifndef ZG_HARNESS_MEASURE_H
#define ZG_HARNESS_MEASURE_H

#include "harness/peak/peak.h"
#include "harness/run/session.h"
#include "harness/store/meta.h"
#include "harness/store/writer.h"
#include "harness/timing/counters.h"

/* Steps of the check before a run, and a brief one: enough to fold an accumulated update into W
 * once, few enough for a slow loop. */
enum { ZG_RUN_TRIAL_STEPS = 5, ZG_BRIEF_TRIAL_STEPS = 3 };

struct zg_measurement {
    struct zg_session *session;
    struct zg_result_writer *results;
    struct zg_counters *counters; /* NULL: none */
    const struct zg_peak *peak;
    json_t *meta;
    /* meta has the plan of a case, which must be on disk before its first sample.  NULL: nothing to
     * do. */
    enum zg_status (*on_plan)(void *context, struct zg_error *err);
    void *context;
    int64_t least_blocks;  /* of a case; a --max-time without room for them is refused.  0: any */
    int64_t n_samples;     /* rows of samples.csv so far, */
    int64_t major_faults;  /* pages that came from disk in them, */
    double sampled_s;      /* and what they took */
    int64_t n_disagreeing; /* engines so far that failed their check, over all cases */
    char first_disagreement[320];
    /* Lines for people, to be printed with the results: a failure is told alone. */
    FILE *notes;
    struct zg_sweep_pace pace; /* of the cases before */
};

/* A bank (mechanism `bank`) grows at every redraw of V, and the step with it.  So that every sample
 * is timed at the same bank, V is not redrawn while the clock runs wherever an engine of the run
 * keeps one, and a sample has fewer than --nu steps: a redraw every nu steps would be in no median.
 * ZG_USAGE: a case whose --steps or --nu do not let that be. */
enum zg_status zg_measure_check_banks(const struct zg_session *session, struct zg_error *err);

/* Adds the case's rows to the results and an entry to meta's "cases"; where there was one with a
 * plan, of a run that was cut off, only what is missing of it is measured (block_plan.h).
 * ZG_CHECK: a loss stopped being finite while the clock ran, or other engines agree than did when
 * the plan was made.  An interruption is no failure: the caller looks at zg_signals_caught(), and
 * calls zg_meta_finish_case() when the rows are in the files. */
enum zg_status zg_measure_case(struct zg_measurement *m, int64_t index, struct zg_error *err);

#endif
