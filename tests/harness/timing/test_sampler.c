/* test_sampler.c - a run of sampler.c: its spans and samples, its end, its cost. */
#include "harness/timing/sampler.h"

#include <math.h>

#include "harness/stats/blocks.h"
#include "tests/harness/timing/sampler_script.h"
#include "tests/support/cunit_run.h"
#include "tests/support/malloc_count.h"

/* Three steady subjects, the first step of each ten times as slow: what was timed, in which
 * order, is known exactly. */
static void a_whole_run_is_as_scripted(void)
{
    static struct world w;
    w = (struct world){0};
    struct script scripts[3];
    struct zg_subject subjects[3];
    const char *const names[] = {"slow", "middle", "fast"};
    for (int i = 0; i < 3; i++) {
        scripts[i] =
            (struct script){.world = &w, .step_ns = (400 * MS) >> i, .extra_ns = {3600 * MS >> i}};
        subjects[i] = (struct zg_subject){names[i], run_script, &scripts[i]};
    }
    const struct zg_sampler_policy policy = policy_of(&w);
    struct zg_sampler *sampler = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, subjects, 3, &policy, &err), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_sampler_run(sampler, &err), ZG_OK);
    const struct zg_sampler_report *const r = zg_sampler_report(sampler);
    CU_ASSERT_EQUAL(r->n_subjects, 3);
    CU_ASSERT_EQUAL(r->n_blocks_planned, 6); /* no spread at all: the least that has an interval */
    CU_ASSERT_EQUAL(r->n_blocks, 6);
    CU_ASSERT_EQUAL(r->n_samples, 18);
    CU_ASSERT(r->width_reached && !r->interrupted && !r->out_of_time);
    CU_ASSERT_DOUBLE_EQUAL(r->pilot_spread, 0, 1e-12);
    for (int64_t i = 0; i < w.n_samples; i++) {
        int64_t order[3];
        zg_block_order(42, i / 3, 3, order);
        CU_ASSERT_EQUAL(w.samples[i].block, i / 3);
        CU_ASSERT_EQUAL(w.samples[i].order, i % 3);
        CU_ASSERT_EQUAL(w.samples[i].subject, order[i % 3]);
        CU_ASSERT_EQUAL(w.samples[i].n_steps, 1);
        CU_ASSERT_DOUBLE_EQUAL(w.samples[i].wall_s_per_step,
                               0.4 / (double)(1 << w.samples[i].subject), 1e-12);
    }
    double spans_s = 0;
    for (int i = 0; i < 3; i++) {
        const struct zg_subject_report *const s = &r->subjects[i];
        CU_ASSERT_STRING_EQUAL(zg_sampler_report(sampler)->subjects[i].name, names[i]);
        /* Slow first span, then the one that beats it: both warm-up; then 3 of the pilot. */
        CU_ASSERT_EQUAL(s->n_warmup_spans, 2);
        CU_ASSERT(s->settled);
        CU_ASSERT_EQUAL(s->n_pilot_spans, 3);
        CU_ASSERT_DOUBLE_EQUAL(s->pilot_s_per_step, 0.4 / (double)(1 << i), 1e-12);
        spans_s += 6 * 0.4 / (double)(1 << i);
        CU_ASSERT_EQUAL(scripts[i].n_spans, 2 + 3 + 6);
    }
    CU_ASSERT_DOUBLE_EQUAL(r->spans_s, spans_s, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(r->outside_s_per_step, 0, 1e-9); /* only subjects move this clock */
    CU_ASSERT(r->inside_share > 0 && r->inside_share < 1e-3);
    CU_ASSERT_EQUAL(w.n_progress, 3 * 11);
    CU_ASSERT_DOUBLE_EQUAL(w.last_left_s, 0, 1e-9);
    CU_ASSERT_EQUAL(zg_sampler_run(sampler, NULL), ZG_USAGE);
    zg_sampler_close(&sampler);
    CU_ASSERT_PTR_NULL(sampler);
}

/* A step of 1 us: spans grow to the 10 ms that are asked for, in multiples of 7, and the first
 * span of that length is the first that can count. */
static void short_steps_get_long_spans(void)
{
    static struct world w;
    w = (struct world){0};
    struct script script = {.world = &w, .step_ns = 1000};
    const struct zg_subject subject = {"short", run_script, &script};
    struct zg_sampler_policy policy = policy_of(&w);
    policy.steps_multiple = 7;
    struct zg_sampler *sampler = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, &subject, 1, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_sampler_run(sampler, NULL), ZG_OK);
    CU_ASSERT_FATAL(w.n_samples > 0);
    for (int64_t i = 0; i < w.n_samples; i++) {
        CU_ASSERT(w.samples[i].n_steps >= 10000 && w.samples[i].n_steps < 12000);
        CU_ASSERT_EQUAL(w.samples[i].n_steps % 7, 0);
        CU_ASSERT_DOUBLE_EQUAL(w.samples[i].wall_s_per_step, 1e-6, 1e-15);
    }
    CU_ASSERT_EQUAL(zg_sampler_report(sampler)->subjects[0].n_steps, w.samples[0].n_steps);
    CU_ASSERT(isnan(zg_sampler_report(sampler)->pilot_spread)); /* one subject has no ratios */
    zg_sampler_close(&sampler);
}

static void given_steps_and_blocks_are_kept(void)
{
    static struct world w;
    w = (struct world){0};
    struct script scripts[2] = {{.world = &w, .step_ns = 1000}, {.world = &w, .step_ns = 50 * MS}};
    const struct zg_subject subjects[2] = {{"a", run_script, &scripts[0]},
                                           {"b", run_script, &scripts[1]}};
    struct zg_sampler_policy policy = policy_of(&w);
    policy.steps = 3;
    policy.blocks = 2;
    struct zg_sampler *sampler = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, subjects, 2, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_sampler_run(sampler, NULL), ZG_OK);
    CU_ASSERT_EQUAL(w.n_samples, 4);
    for (int64_t i = 0; i < w.n_samples; i++)
        CU_ASSERT_EQUAL(w.samples[i].n_steps, 3);
    const double long_warmup_s = zg_sampler_report(sampler)->warmup_s;
    zg_sampler_close(&sampler);

    /* the same with single steps before the blocks */
    w = (struct world){0};
    policy.warmup_steps = 1;
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, subjects, 2, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_sampler_run(sampler, NULL), ZG_OK);
    CU_ASSERT_EQUAL(w.n_samples, 4);
    for (int64_t i = 0; i < w.n_samples; i++)
        CU_ASSERT_EQUAL(w.samples[i].n_steps, 3);
    CU_ASSERT_EQUAL(zg_sampler_report(sampler)->subjects[1].n_steps, 3);
    /* as many spans, each a third as long; a number of blocks that is given needs no pilot of ten,
     * though the phase is far below 2 s */
    CU_ASSERT_EQUAL(zg_sampler_report(sampler)->subjects[1].n_pilot_spans, 3);
    CU_ASSERT(zg_sampler_report(sampler)->warmup_s < long_warmup_s);
    zg_sampler_close(&sampler);

    /* and with so many blocks of warm-up as are asked for */
    w = (struct world){0};
    policy.warmup_blocks = 1;
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, subjects, 2, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_sampler_run(sampler, NULL), ZG_OK);
    CU_ASSERT_EQUAL(w.n_samples, 4);
    for (int64_t i = 0; i < 2; i++) {
        const struct zg_subject_report *const r = &zg_sampler_report(sampler)->subjects[i];
        CU_ASSERT_EQUAL(r->n_warmup_spans + r->n_pilot_spans, 1);
        CU_ASSERT_FALSE(r->settled);
        CU_ASSERT_EQUAL(r->n_steps, 3);
    }
    zg_sampler_close(&sampler);
}

static void stop_ends_between_samples(void)
{
    static struct world w;
    w = (struct world){.stop_after = 5};
    struct script scripts[2] = {{.world = &w, .step_ns = 500 * MS},
                                {.world = &w, .step_ns = 500 * MS}};
    const struct zg_subject subjects[2] = {{"a", run_script, &scripts[0]},
                                           {"b", run_script, &scripts[1]}};
    const struct zg_sampler_policy policy = policy_of(&w);
    struct zg_sampler *sampler = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, subjects, 2, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_sampler_run(sampler, NULL), ZG_OK);
    const struct zg_sampler_report *const r = zg_sampler_report(sampler);
    CU_ASSERT(r->interrupted);
    CU_ASSERT_EQUAL(r->n_samples, 5);
    CU_ASSERT_EQUAL(r->n_blocks, 2); /* the third is not complete */
    zg_sampler_close(&sampler);

    w = (struct world){.stop = 1}; /* before anything ran */
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, subjects, 2, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_sampler_run(sampler, NULL), ZG_OK);
    CU_ASSERT(zg_sampler_report(sampler)->interrupted);
    CU_ASSERT_EQUAL(w.n_samples, 0);
    zg_sampler_close(&sampler);
}

static void failures_pass_through(void)
{
    static struct world w;
    struct zg_error err = {0};
    struct zg_sampler *sampler = NULL;
    w = (struct world){.fail_after = 3};
    struct script script = {.world = &w, .step_ns = 500 * MS};
    const struct zg_subject subject = {"a", run_script, &script};
    const struct zg_sampler_policy policy = policy_of(&w);
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, &subject, 1, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_sampler_run(sampler, &err), ZG_ENV);
    CU_ASSERT_STRING_EQUAL(err.text, "disk full");
    CU_ASSERT_EQUAL(zg_sampler_report(sampler)->n_samples, 3);
    zg_sampler_close(&sampler);
    w = (struct world){.refuse_plan = true};
    zg_error_clear(&err);
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, &subject, 1, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_sampler_run(sampler, &err), ZG_ENV);
    CU_ASSERT(w.n_plans == 1 && w.n_samples == 0);
    zg_sampler_close(&sampler);
    for (int64_t at = 1; at < 9; at += 7) { /* in the warm-up, in the blocks */
        w = (struct world){0};
        script.n_spans = 0;
        script.fail_at = at;
        zg_error_clear(&err);
        CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, &subject, 1, &policy, NULL), ZG_OK);
        CU_ASSERT_EQUAL(zg_sampler_run(sampler, &err), ZG_ENV);
        CU_ASSERT_STRING_EQUAL(err.text, "scripted failure");
        CU_ASSERT_EQUAL(script.n_spans, at);
        zg_sampler_close(&sampler);
    }
}

static void bad_policies_are_usage(void)
{
    static struct world w;
    struct script script = {.world = &w};
    const struct zg_subject subject = {"a", run_script, &script};
    struct zg_sampler *sampler = NULL;
    struct zg_sampler_policy bad[12];
    for (int i = 0; i < 12; i++)
        bad[i] = zg_sampler_policy_default();
    bad[0].blocks = -1;
    bad[1].steps = -1;
    bad[2].width = 0;
    bad[3].width = NAN;
    bad[4].min_time_s = -1;
    bad[5].min_time_s = 10, bad[5].max_time_s = 5;
    bad[6].baseline = 1;
    bad[7].max_blocks = 3;
    bad[8].max_time_s = NAN;
    bad[9].steps_multiple = 0;
    bad[10].blocks = 5, bad[10].first_block = 6;
    bad[11].beside_s = NAN;
    for (int i = 0; i < 12; i++) {
        CU_ASSERT_EQUAL(zg_sampler_open(&sampler, &subject, 1, &bad[i], NULL), ZG_USAGE);
        CU_ASSERT_PTR_NULL(sampler);
    }
    bad[0] = zg_sampler_policy_default();
    CU_ASSERT_EQUAL(zg_sampler_open(&sampler, &subject, 0, &bad[0], NULL), ZG_USAGE);
}

static enum zg_status count_only(void *context, const struct zg_sample *sample,
                                 struct zg_error *err)
{
    (void)sample;
    (void)err;
    ++*(int64_t *)context;
    return ZG_OK;
}

/* On the real clock and with counters: no allocation between open and the end, and the overhead
 * inside a span is under 0.1 % of it. */
static enum zg_status spin(void *context, int64_t n_steps, struct zg_error *err)
{
    (void)context;
    (void)err;
    for (volatile int64_t i = 0; i < 1000 * n_steps;)
        i = i + 1;
    return ZG_OK;
}

static void sampling_allocates_nothing(void)
{
    const struct zg_subject subjects[2] = {{"a", spin, NULL}, {"a again", spin, NULL}};
    struct zg_counters *counters = NULL;
    const struct zg_counters_request all = {.n_threads = 2};
    CU_ASSERT_EQUAL_FATAL(zg_counters_open(&counters, &all, NULL), ZG_OK);
    int64_t n_samples = 0;
    struct zg_sampler_policy policy = zg_sampler_policy_default();
    policy.blocks = 20;
    policy.min_span_s = 1e-3;
    policy.counters = counters;
    policy.on_sample = count_only;
    policy.context = &n_samples;
    struct zg_sampler *sampler = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, subjects, 2, &policy, NULL), ZG_OK);
    const int64_t before = zg_malloc_count_all();
    CU_ASSERT_EQUAL_FATAL(zg_sampler_run(sampler, NULL), ZG_OK);
    const int64_t allocations = zg_malloc_count_all() - before;
    CU_ASSERT_EQUAL(n_samples, 40);
    CU_ASSERT(zg_sampler_report(sampler)->inside_share < 1e-3);
    if (zg_malloc_count_works()) {
        CU_ASSERT_EQUAL(allocations, 0);
    } else {
        printf("skipped: this build cannot count allocations\n");
    }
    zg_sampler_close(&sampler);
    zg_counters_close(&counters);
}

int main(void)
{
    const struct zg_test tests[] = {
        {"a whole run is as scripted", a_whole_run_is_as_scripted},
        {"short steps get long spans", short_steps_get_long_spans},
        {"given steps and blocks are kept", given_steps_and_blocks_are_kept},
        {"stop ends between samples", stop_ends_between_samples},
        {"failures pass through", failures_pass_through},
        {"bad policies are ZG_USAGE", bad_policies_are_usage},
        {"sampling allocates nothing", sampling_allocates_nothing},
        {0}};
    return zg_test_run("sampler", tests);
}
