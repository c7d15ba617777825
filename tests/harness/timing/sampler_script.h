/*
 * sampler_script.h - subjects with scripted times on a scripted clock, so that every number that
 * the sampler tells is known.
 *
 *     static struct world w;
 *     w = (struct world){0};
 *     struct script script = {.world = &w, .step_ns = 400 * MS};
 *     const struct zg_subject subject = {"a", run_script, &script};
 *     const struct zg_sampler_policy policy = policy_of(&w);
 */
#ifndef ZG_TESTS_HARNESS_SAMPLER_SCRIPT_H
#define ZG_TESTS_HARNESS_SAMPLER_SCRIPT_H

#include "harness/timing/sampler.h"

#define MS INT64_C(1000000)

enum { MOST_SAMPLES = 4096 };

/* The world of a test: a clock that only subjects move, and what the sampler told. */
struct world {
    int64_t now_ns;
    int64_t n_samples;
    struct zg_sample samples[MOST_SAMPLES];
    int64_t stop_after; /* samples; 0: never */
    int64_t fail_after; /* samples; 0: never */
    int64_t beside_ns;  /* that keeping a sample takes */
    volatile sig_atomic_t stop;
    int64_t n_progress;
    double last_left_s;
    int64_t n_plans, n_planned; /* on_plan: calls, and blocks of the last one */
    bool refuse_plan;
};

/* A subject: its n-th span's step takes step_ns + extra_ns[n]. */
struct script {
    struct world *world;
    int64_t step_ns;
    int64_t extra_ns[8];
    int64_t spread_ns; /* every second span takes this much more */
    int64_t n_spans;
    int64_t fail_at; /* span; 0: never */
    uint64_t seed;   /* not 0: a heavy-tailed factor on every span */
};

/* The subject's run(). */
enum zg_status run_script(void *context, int64_t n_steps, struct zg_error *err);

/* The default policy with seed 42, which tells the world all. */
struct zg_sampler_policy policy_of(struct world *world);

#endif
