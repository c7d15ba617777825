/* test_sampler_plan.c - how many blocks sampler.c plans and takes, and that a plan favours
 * nobody. */
#include <math.h>

#include "harness/stats/blocks.h"
#include "harness/stats/stats.h"
#include "tests/harness/timing/sampler_script.h"
#include "tests/support/cunit_run.h"

/* A pilot with spread plans more blocks; the plan is not touched by what the blocks then show. */
static void spread_plans_more_blocks(void)
{
    static struct world w;
    w = (struct world){0};
    struct script scripts[2] = {{.world = &w, .step_ns = 500 * MS},
                                {.world = &w, .step_ns = 500 * MS, .spread_ns = 5 * MS}};
    const struct zg_subject subjects[2] = {{"steady", run_script, &scripts[0]},
                                           {"noisy", run_script, &scripts[1]}};
    const struct zg_sampler_policy policy = policy_of(&w);
    struct zg_sampler *sampler = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, subjects, 2, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_sampler_run(sampler, NULL), ZG_OK);
    const struct zg_sampler_report *const r = zg_sampler_report(sampler);
    /* Pilot ratios 1, 1/1.01, 1 or 1/1.01, 1, 1/1.01: deviation ln(1.01) / sqrt(3) = 0.005745. */
    CU_ASSERT_DOUBLE_EQUAL(r->pilot_spread, log(1.01) / sqrt(3), 1e-9);
    CU_ASSERT_EQUAL(r->n_blocks_planned, zg_blocks_plan(log(1.01) / sqrt(3), 0.01, 6, 200));
    CU_ASSERT_EQUAL(r->n_blocks, r->n_blocks_planned);
    zg_sampler_close(&sampler);
}

static void run_with_times(double min_time_s, double max_time_s, struct world *w,
                           struct zg_sampler_report *report)
{
    *w = (struct world){0};
    struct script scripts[2] = {{.world = w, .step_ns = 300 * MS, .spread_ns = 60 * MS},
                                {.world = w, .step_ns = 200 * MS}};
    const struct zg_subject subjects[2] = {{"a", run_script, &scripts[0]},
                                           {"b", run_script, &scripts[1]}};
    struct zg_sampler_policy policy = policy_of(w);
    policy.min_time_s = min_time_s;
    policy.max_time_s = max_time_s;
    struct zg_sampler *sampler = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, subjects, 2, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_sampler_run(sampler, NULL), ZG_OK);
    *report = *zg_sampler_report(sampler);
    zg_sampler_close(&sampler);
}

static void time_limits_bound_the_plan(void)
{
    static struct world w;
    struct zg_sampler_report r;
    run_with_times(0, 12, &w, &r);
    CU_ASSERT(!r.width_reached);
    CU_ASSERT(r.n_blocks >= 1 && (double)w.now_ns * 1e-9 <= 12 + 0.56);
    run_with_times(300, 0, &w, &r);
    CU_ASSERT(r.sampling_s >=
              300 * 0.9); /* planned from the pilot's median, 10 % off at most by its spread */
    run_with_times(0, 0.1, &w, &r); /* shorter than the warm-up: still one block */
    CU_ASSERT_EQUAL(r.n_blocks, 1);
    CU_ASSERT(!r.subjects || !r.width_reached);
}

/* What is done beside the samples takes of the time, too. */
static void time_beside_samples_is_planned(void)
{
    static struct world w;
    w = (struct world){.beside_ns = 60 * MS};
    struct script scripts[2] = {{.world = &w, .step_ns = 100 * MS},
                                {.world = &w, .step_ns = 100 * MS}};
    const struct zg_subject subjects[2] = {{"a", run_script, &scripts[0]},
                                           {"b", run_script, &scripts[1]}};
    struct zg_sampler_policy policy = policy_of(&w);
    policy.min_time_s = policy.max_time_s = 12;
    policy.beside_s = 0.06;
    struct zg_sampler *sampler = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, subjects, 2, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_sampler_run(sampler, NULL), ZG_OK);
    const struct zg_sampler_report *const r = zg_sampler_report(sampler);
    /* a block is twice 0.1 s and what is beside it; the warm-up takes 3 s at most */
    CU_ASSERT_EQUAL(r->n_blocks_planned, (int64_t)floor((12 - r->warmup_s) / 0.32));
    CU_ASSERT(r->n_blocks == r->n_blocks_planned && r->n_blocks >= 28 && !r->out_of_time);
    CU_ASSERT((double)w.now_ns * 1e-9 <= 12);
    zg_sampler_close(&sampler);
}

/* A subject that never settles: ended by the limit, recorded as such. */
static void endless_warmup_is_ended_and_recorded(void)
{
    static struct world w;
    w = (struct world){0};
    struct script script = {
        .world = &w,
        .step_ns = 1000 * MS,
        .extra_ns = {9000 * MS, 8000 * MS, 7000 * MS, 6000 * MS, 5000 * MS, 4000 * MS}};
    const struct zg_subject subject = {"restless", run_script, &script};
    struct zg_sampler_policy policy = policy_of(&w);
    policy.max_warmup_s = 30;
    policy.blocks = 1;
    struct zg_sampler *sampler = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, &subject, 1, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_sampler_run(sampler, NULL), ZG_OK);
    const struct zg_subject_report *const s = &zg_sampler_report(sampler)->subjects[0];
    CU_ASSERT(!s->settled);
    CU_ASSERT_EQUAL(s->n_warmup_spans + s->n_pilot_spans, 4); /* 10 + 9 + 8 + 7 s */
    CU_ASSERT_EQUAL(w.n_samples, 1);
    zg_sampler_close(&sampler);
}

/* A process of a gate: each subject has steps of its own and warms up by short spans, and what
 * shows the end of warm-up is all that is taken before the blocks. */
static void own_steps_and_no_pilot(void)
{
    static struct world w;
    static const int64_t own[2] = {3, 700};
    w = (struct world){0};
    struct script scripts[2] = {{.world = &w, .step_ns = 200 * MS},
                                {.world = &w, .step_ns = MS, .extra_ns = {9 * MS}}};
    const struct zg_subject subjects[2] = {{"slow", run_script, &scripts[0]},
                                           {"fast", run_script, &scripts[1]}};
    struct zg_sampler *sampler = NULL;
    struct zg_sampler_policy policy = policy_of(&w);
    policy.blocks = 5;
    policy.no_pilot = true;
    policy.own_steps = own;
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, subjects, 2, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_sampler_run(sampler, NULL), ZG_OK);
    const struct zg_sampler_report *const r = zg_sampler_report(sampler);
    CU_ASSERT_EQUAL(r->n_blocks, 5);
    CU_ASSERT_EQUAL_FATAL(w.n_samples, 10);
    for (int64_t i = 0; i < w.n_samples; i++)
        CU_ASSERT_EQUAL(w.samples[i].n_steps, own[w.samples[i].subject]);
    CU_ASSERT(r->subjects[0].settled && r->subjects[1].settled);
    CU_ASSERT(r->subjects[1].n_pilot_spans == 2 || r->subjects[0].n_pilot_spans == 2);
    CU_ASSERT(r->warmup_s < 5 * 0.25); /* single steps of the slow one, some 10 ms of the other */
    zg_sampler_close(&sampler);
    /* a limit ends it after the block under way, settled or not */
    w = (struct world){0};
    scripts[0].n_spans = scripts[1].n_spans = 0;
    policy = policy_of(&w);
    policy.blocks = 1;
    policy.no_pilot = true;
    policy.own_steps = own;
    policy.max_warmup_s = 0.1;
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, subjects, 2, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_sampler_run(sampler, NULL), ZG_OK);
    const struct zg_subject_report *const slow = zg_sampler_report(sampler)->subjects;
    CU_ASSERT(!slow->settled && slow->n_warmup_spans + slow->n_pilot_spans == 1);
    CU_ASSERT_EQUAL(w.n_samples, 2);
    zg_sampler_close(&sampler);
}

/* Only the missing blocks of a plan, each in the order that it would have had. */
static void goes_on_with_a_plan(void)
{
    static struct world whole, rest;
    whole = (struct world){0};
    struct script scripts[3] = {{.world = &whole, .step_ns = 50 * MS},
                                {.world = &whole, .step_ns = 50 * MS},
                                {.world = &whole, .step_ns = 50 * MS}};
    const struct zg_subject subjects[3] = {{"a", run_script, &scripts[0]},
                                           {"b", run_script, &scripts[1]},
                                           {"c", run_script, &scripts[2]}};
    struct zg_sampler *sampler = NULL;
    struct zg_sampler_policy policy = policy_of(&whole);
    policy.blocks = 9;
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, subjects, 3, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_sampler_run(sampler, NULL), ZG_OK);
    CU_ASSERT(whole.n_plans == 1 && whole.n_planned == 9);
    zg_sampler_close(&sampler);

    for (int64_t first = 0; first <= 9; first += 3) {
        rest = (struct world){0};
        for (int i = 0; i < 3; i++)
            scripts[i].world = &rest;
        policy = policy_of(&rest);
        policy.blocks = 9;
        policy.first_block = first;
        CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, subjects, 3, &policy, NULL), ZG_OK);
        CU_ASSERT_EQUAL(zg_sampler_run(sampler, NULL), ZG_OK);
        const struct zg_sampler_report *const r = zg_sampler_report(sampler);
        CU_ASSERT(r->n_blocks_planned == 9 && r->n_blocks == 9 && r->n_blocks_before == first);
        CU_ASSERT_EQUAL_FATAL(rest.n_samples, 3 * (9 - first));
        CU_ASSERT(first == 9 || rest.last_left_s == 0);
        for (int64_t i = 0; i < rest.n_samples; i++) {
            const struct zg_sample *const same = &whole.samples[3 * first + i];
            CU_ASSERT_EQUAL(rest.samples[i].block, same->block);
            CU_ASSERT_EQUAL(rest.samples[i].subject, same->subject);
        }
        zg_sampler_close(&sampler);
    }

    rest = (struct world){.stop = 1}; /* stopped before it began: what was there still counts */
    policy.first_block = 4;
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, subjects, 3, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_sampler_run(sampler, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_sampler_report(sampler)->n_blocks, 4);
    zg_sampler_close(&sampler);
}

/* A/A, the whole chain: the same subject under two names with a heavy tail, blocks planned from the
 * pilot, the exact interval of the paired ratios.  A plan that peeked, or an order that favoured
 * one, would push the misses over the nominal 5 %: 1000 runs have a standard error of
 * sqrt(0.05 * 0.95 / 1000) = 0.0069; four of them are 0.0276. */
static void aa_runs_agree_as_often_as_promised(void)
{
    enum { RUNS = 1000 };
    static struct world w;
    int64_t missed = 0, blocks = 0;
    for (uint64_t run = 0; run < RUNS; run++) {
        w = (struct world){0};
        struct script scripts[2] = {{.world = &w, .step_ns = 20 * MS, .seed = 2 * run + 1},
                                    {.world = &w, .step_ns = 20 * MS, .seed = 2 * run + 2}};
        const struct zg_subject subjects[2] = {{"a", run_script, &scripts[0]},
                                               {"a again", run_script, &scripts[1]}};
        struct zg_sampler_policy policy = policy_of(&w);
        policy.seed = run;
        policy.on_progress = NULL;
        struct zg_sampler *sampler = NULL;
        CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, subjects, 2, &policy, NULL), ZG_OK);
        CU_ASSERT_EQUAL_FATAL(zg_sampler_run(sampler, NULL), ZG_OK);
        const int64_t n = zg_sampler_report(sampler)->n_blocks;
        double times[2][200], ratios[200], scratch[200];
        struct zg_stats s;
        for (int64_t i = 0; i < w.n_samples; i++)
            times[w.samples[i].subject][w.samples[i].block] = w.samples[i].wall_s_per_step;
        zg_stats_ratios(times[0], times[1], n, ratios);
        zg_stats_of(ratios, n, scratch, &s);
        missed += s.low > 1 || s.high < 1;
        blocks += n;
        zg_sampler_close(&sampler);
    }
    printf("\n    A/A: %.1f %% of the intervals miss 1, %.0f blocks on average",
           100.0 * (double)missed / RUNS, (double)blocks / RUNS);
    CU_ASSERT((double)missed / RUNS < 0.05 + 0.0276);
    CU_ASSERT(blocks > 6 * RUNS); /* the pilot did plan */
}

int main(void)
{
    const struct zg_test tests[] = {
        {"spread plans more blocks", spread_plans_more_blocks},
        {"time limits bound the plan", time_limits_bound_the_plan},
        {"time beside samples is planned", time_beside_samples_is_planned},
        {"endless warm-up is ended and recorded", endless_warmup_is_ended_and_recorded},
        {"own steps and no pilot", own_steps_and_no_pilot},
        {"goes on with a plan", goes_on_with_a_plan},
        {"A/A runs agree as often as promised", aa_runs_agree_as_often_as_promised},
        {0}};
    return zg_test_run("sampler plan", tests);
}
