/*
 * measure_work.h - a case while it is measured: what the parts of a measurement hand to each other,
 * in the order in which measure.c calls them.  Private to them.
 */
#ifndef ZG_HARNESS_MEASURE_WORK_H
#define ZG_HARNESS_MEASURE_WORK_H

#include "harness/bench/batch_set.h"
#include "harness/bench/fidelity.h"
#include "harness/bench/verify.h"
#include "harness/run/measure.h"
#include "harness/store/block_plan.h"
#include "harness/timing/counters_derived.h"
#include "harness/timing/sampler.h"

/* What a step works on, for rates; see struct zg_cost. */
enum amount { USEFUL_FLOPS, EXECUTED_FLOPS, ROWS, N_AMOUNTS };

/* What the machine could do next to a span. */
struct measured_beside {
    double fma_gflops; /* NaN where no peak was measured */
    double handoff_ns; /* NaN of one thread */
};

struct block_record { /* of one contender in one block */
    int64_t n_steps;
    double wall_s_per_step;
    bool disturbed;
    struct measured_beside beside;
    double amounts[N_AMOUNTS]; /* per step */
    struct zg_derived derived;
};

struct subject_context {
    struct zg_contender *contender;
    const struct zg_algorithm_choice *choice;
    const struct zg_batch_set *set;
    double amounts[N_AMOUNTS]; /* of the last span */
    double *counts;            /* of all samples: [n_threads][events]; NULL: nothing counts */
    int64_t n_counted;         /* their steps */
};

struct zg_measure_work {
    struct zg_measurement *m;
    const struct zg_session_case *of;
    struct zg_bench bench;
    int64_t n_contenders;
    struct zg_algorithm_choice choice; /* of the steps that are timed */
    struct zg_fidelity_set *fidelity;
    struct zg_trial trials[ZG_MAX_ENGINES];
    struct zg_verdict verdicts[ZG_MAX_ENGINES];
    int64_t subjects[ZG_MAX_ENGINES]; /* contender of each subject: those that agree */
    struct subject_context contexts[ZG_MAX_ENGINES]; /* of each subject */
    int64_t n_subjects;
    int64_t n_steps;           /* of a sample; of a process of a gate, the most of any subject */
    bool checked;              /* the engines were held against the baseline */
    json_t *case_meta;         /* borrowed from the measurement's */
    struct zg_block_plan plan; /* n_blocks 0: none yet */
    int64_t n_blocks_before;   /* of the plan, by a run that was cut off */
    int64_t n_disturbed;       /* samples, those before included */
    struct zg_batch_set set;
    struct block_record *blocks; /* [capacity][n_contenders] */
    int64_t capacity, n_blocks;
    struct measured_beside beside; /* after the last sample; NaN before the first */
};

/* ---- check.c --------------------------------------------------------------------------------- */

/* Opens and checks every engine; adds the verdicts to the results, and what agrees to the
 * subjects. */
enum zg_status zg_measure_check(struct zg_measure_work *w, struct zg_error *err);

/* Opens every engine without a check, all as subjects: of a process of a gate, which checked each
 * build once. */
enum zg_status zg_measure_open(struct zg_measure_work *w, struct zg_error *err);

/* ---- going_on.c ------------------------------------------------------------------------------ */

/* Takes the plan of a run that was cut off, if there is one, into the case's entry.  ZG_CHECK: its
 * engines are not those that agree now. */
enum zg_status zg_measure_take_plan(struct zg_measure_work *w, json_t *plan, struct zg_error *err);
/* Takes the whole blocks that samples.csv has of the plan. */
enum zg_status zg_measure_take_blocks(struct zg_measure_work *w, struct zg_error *err);

/* ---- span_plan.c ----------------------------------------------------------------------------- */

/* Does a subject keep a bank? */
bool zg_measure_keeps_bank(const struct zg_measure_work *w);
/* Steps of a sample where no plan says. */
int64_t zg_measure_span_steps(const struct zg_measure_work *w);
/* Steps of a sample of subject s alone, as a gate asks; 0: as many as the others, or, of a pilot,
 * its own choice. */
int64_t zg_measure_own_steps(const struct zg_measure_work *w, int64_t s);
/* Blocks, steps and times of the sampling; who is told is the caller's. */
struct zg_sampler_policy zg_measure_span_policy(const struct zg_measure_work *w);

/* ---- records.c ------------------------------------------------------------------------------- */

/* Steps of a struct subject_context: what the sampler times. */
enum zg_status zg_measure_run_steps(void *context, int64_t n_steps, struct zg_error *err);
/* Room for the records of n blocks. */
enum zg_status zg_measure_grow_blocks(struct zg_measure_work *w, int64_t n, struct zg_error *err);
/* What the summary needs of subject s's sample; its last span was one of the same steps. */
void zg_measure_record(struct zg_measure_work *w, int64_t s, const struct zg_sample_row *row,
                       const double *counters);

/* ---- samples.c ------------------------------------------------------------------------------- */

/* Chooses the batches, times the subjects in blocks and notes what disturbed them. */
enum zg_status zg_measure_samples(struct zg_measure_work *w, struct zg_error *err);

/* ---- measure_phases.c, measure_summary.c ----------------------------------------------------- */

/* Zeroed counts[n][n_threads][events] of the measurement's counters, malloc'ed; NULL where nothing
 * counts, or there is no memory: then counters.csv has no such rows. */
double *zg_measure_counts_make(const struct zg_measure_work *w, int64_t n);

/* Runs the steps of a sample again, a few at most, and adds a row of each phase of every subject,
 * with what it counts; and the rows of counters.csv, of the samples too.  The phases' clock and
 * counters are so in no sample. */
enum zg_status zg_measure_phases(struct zg_measure_work *w, struct zg_error *err);

/* Adds a row of every contender to the summary. */
enum zg_status zg_measure_summarise(struct zg_measure_work *w, struct zg_error *err);

#endif
