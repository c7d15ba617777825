/*
 * test_measure.c - measure.h with scripted engines: what the rows say of times, and what stops a
 * case.
 */
#include <stdio.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/peak/peak_kernels.h"
#include "harness/stats/stats.h"
#include "tests/harness/trial.h"

/* The median over the blocks of null0's time over null1's, from samples.csv. */
static double median_of_paired_ratios(struct trial *t, int64_t n_blocks)
{
    struct zg_csv_in *csv = trial_samples(t);
    double ratios[64] = {0};
    const struct zg_sample_row *const rows = csv->rows;
    for (int64_t i = 0; i < csv->n; i++)
        for (int64_t j = 0; j < csv->n; j++)
            if (rows[i].block == rows[j].block && strcmp(rows[i].id.engine, "null0") == 0 &&
                strcmp(rows[j].id.engine, "null1") == 0)
                ratios[rows[i].block] = rows[i].wall_s_per_step / rows[j].wall_s_per_step;
    zg_csv_in_close(&csv);
    return zg_median(ratios, n_blocks);
}

static void test_speedup(void)
{
    struct trial t;
    trial_open(&t);
    ADD("step_us", "4000", NULL);
    ADD("step_us", "1000", NULL);
    trial_measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL(t.m.n_disagreeing, 0);
    CU_ASSERT_EQUAL(trial_n_samples(&t), 16);
    const struct zg_summary_row *const slow = trial_summary(&t, 0), *const fast =
                                                                        trial_summary(&t, 1);
    CU_ASSERT_EQUAL(slow->n, 8);
    CU_ASSERT_EQUAL(slow->speedup, 1);
    CU_ASSERT_EQUAL(fast->verified, 1);
    /* The script spins for 4 and 1 ms, so a step is never shorter. */
    CU_ASSERT_TRUE(slow->wall_s_per_step_median >= 4e-3);
    CU_ASSERT_TRUE(fast->wall_s_per_step_median >= 1e-3);
    /* How much longer is up to the machine; but the ratio is that of the samples, nine digits each.
     */
    CU_ASSERT_DOUBLE_EQUAL(fast->speedup, median_of_paired_ratios(&t, 8), 1e-7 * fast->speedup);
    CU_ASSERT_TRUE(fast->speedup_ci_low <= fast->speedup && fast->speedup <= fast->speedup_ci_high);
    /* the script's 1e6 useful and 2e6 executed FLOPs, over the measured time, over the given peak
     */
    CU_ASSERT_DOUBLE_EQUAL(fast->gflops_useful * fast->wall_s_per_step_median, 1e-3, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(fast->executed_peak_share, 2 * fast->peak_share, 1e-9);
    CU_ASSERT_EQUAL(fast->rows_per_pass, 1);
    CU_ASSERT_DOUBLE_EQUAL(fast->peak_share * 100, fast->gflops_useful, 1e-9);
    trial_close(&t);
}

/* 1e7 FLOPs that take 0.2 ms and more: half the given peak, or less. */
static float half_speed(int64_t n_iterations, float a, float b)
{
    const int64_t end = zg_clock_wall_ns() + n_iterations * 200000;
    while (zg_clock_wall_ns() < end)
        continue;
    return a * b;
}

static const struct zg_peak_loop half_speed_loop = {
    .isa = ZG_ISA_PORTABLE, .flops_per_iteration = 10000000, .a = 1, .b = 1, .run = half_speed};

/* The share of what the machine could do beside each sample, from the samples themselves. */
static void test_peak_then(void)
{
    struct trial t;
    trial_open(&t);
    ADD("step_us", "1000", NULL);
    trial_measure(&t);
    CU_ASSERT(isnan(trial_summary(&t, 0)->peak_share_then)); /* no loop to ask */
    trial_close(&t);
    trial_open(&t);
    t.peak.fma = &half_speed_loop;
    t.peak.fma_iterations = 1;
    t.peak.n_threads = 1;
    ADD("step_us", "1000", NULL);
    trial_measure(&t);
    struct zg_csv_in *csv = trial_samples(&t);
    const struct zg_sample_row *const rows = csv->rows;
    double shares[64] = {0};
    for (int64_t i = 0; i < csv->n; i++) {
        CU_ASSERT(rows[i].fma_gflops > 0 && rows[i].fma_gflops <= 50);
        CU_ASSERT(isnan(rows[i].handoff_ns)); /* of one thread */
        shares[i] = 1e6 / rows[i].wall_s_per_step / 1e9 / rows[i].fma_gflops;
    }
    const double want = zg_median(shares, csv->n);
    CU_ASSERT_DOUBLE_EQUAL(trial_summary(&t, 0)->peak_share_then, want, 1e-6 * want);
    zg_csv_in_close(&csv);
    trial_close(&t);
}

/* Beside a sample of 10 ms and more, a burst of three times 20 ms: the plan has room for both. */
static void test_plan_of_bursts(void)
{
    enum { TIME_S = 2 };
    struct trial t;
    trial_open(&t);
    t.peak.fma = &half_speed_loop;
    t.peak.fma_iterations = 100;
    t.peak.n_threads = 1;
    t.peak.gflops[ZG_FP32].all.median = 50;
    CU_ASSERT_DOUBLE_EQUAL(zg_peak_fma_now_s(&t.peak), 0.06, 1e-9);
    t.request.policy.blocks = 0;
    t.request.policy.steps = 10;
    t.request.policy.min_time_s = t.request.policy.max_time_s = TIME_S;
    ADD("step_us", "1000", NULL);
    trial_measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    const json_t *const sampling = trial_case_meta(&t, "sampling");
    const int64_t n = json_integer_value(json_object_get(sampling, "n_blocks_planned"));
    CU_ASSERT(n >= 1 && (double)n <= TIME_S / 0.07);
    trial_close(&t);
}

/* The hand-off as a test has it, for the harness is linked with -Wl,--wrap=zg_handoff_ns: 50 ns,
 * from the far_from-th time on 250.  NULL: it is measured. */
static const int64_t *far_from;
static int64_t n_handoffs;

double __real_zg_handoff_ns(int64_t n_threads);
double __wrap_zg_handoff_ns(int64_t n_threads);
double __wrap_zg_handoff_ns(int64_t n_threads)
{
    if (!far_from)
        return __real_zg_handoff_ns(n_threads);
    return n_handoffs++ < *far_from ? 50 : 250;
}

/* Cpus that part while a run is on: the slower of before and after each sample, and a note. */
static void test_handoff_jumps(void)
{
    static const int64_t from[] = {5, INT64_MAX};
    for (int i = 0; i < 2; i++) {
        struct trial t;
        trial_open(&t);
        ADD("step_us", "1000", NULL);
        far_from = &from[i];
        n_handoffs = 0;
        trial_measure(&t);
        far_from = NULL;
        CU_ASSERT_EQUAL_FATAL(t.status, ZG_OK);
        struct zg_csv_in *csv = trial_samples(&t);
        const struct zg_sample_row *const rows = csv->rows;
        const int64_t n = csv->n;
        CU_ASSERT_EQUAL(n_handoffs, n);
        for (int64_t k = 0; k < n; k++)
            CU_ASSERT_EQUAL(rows[k].handoff_ns, k < from[i] ? 50 : 250);
        char told[64];
        snprintf(told, sizeof told, "took 50 to 250 ns from one thread's cpu");
        CU_ASSERT_EQUAL(strstr(t.told, told) != NULL, i == 0);
        snprintf(told, sizeof told, "beside %d of %d samples", (int)n - 5, (int)n);
        CU_ASSERT_EQUAL(strstr(t.told, told) != NULL, i == 0);
        zg_csv_in_close(&csv);
        trial_close(&t);
    }
}

/* Speed-ups over two engines are ratios of the same samples. */
static void test_second_baseline(void)
{
    struct trial t;
    trial_open(&t);
    ADD("step_us", "4000", NULL);
    ADD("step_us", "2000", NULL);
    ADD("step_us", "1000", NULL);
    t.session.second_baseline = 1;
    trial_measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_STRING_EQUAL(trial_summary(&t, 2)->second_baseline, "null1");
    CU_ASSERT_EQUAL(trial_summary(&t, 1)->second_speedup, 1);
    const struct zg_summary_row *const slow = trial_summary(&t, 0), *const fast =
                                                                        trial_summary(&t, 2);
    CU_ASSERT_TRUE(slow->second_speedup < 1);
    CU_ASSERT_TRUE(fast->second_speedup > 1 && fast->second_speedup < fast->speedup);
    CU_ASSERT_TRUE(fast->second_speedup_ci_low <= fast->second_speedup &&
                   fast->second_speedup <= fast->second_speedup_ci_high);
    trial_close(&t);
}

/* Without --steps all samples still have the same number of them: at least the usual four, and as
 * many as make the fastest engine's span long enough. */
static void test_steps(void)
{
    struct trial t;
    trial_open(&t);
    t.request.policy.steps = 0;
    ADD("step_us", "4000", NULL);
    ADD("step_us", "20000", NULL);
    trial_measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    const int64_t n_steps = trial_summary(&t, 0)->steps;
    CU_ASSERT_EQUAL(n_steps, 4);
    CU_ASSERT_EQUAL(trial_summary(&t, 1)->steps, n_steps);
    struct zg_csv_in *csv = trial_samples(&t);
    const struct zg_sample_row *const rows = csv->rows;
    CU_ASSERT_EQUAL(csv->n, 16);
    for (int64_t i = 0; i < csv->n; i++)
        CU_ASSERT_EQUAL(rows[i].steps, n_steps);
    zg_csv_in_close(&csv);
    trial_close(&t);
}

/* --brief: three steps of check and one of warm-up before the samples; six blocks unless told. */
static void test_brief(void)
{
    static const int64_t blocks[] = {0, 2};
    for (int i = 0; i < 2; i++) {
        struct trial t;
        trial_open(&t);
        t.request.policy.brief = true;
        t.request.policy.blocks = blocks[i];
        t.request.policy.width_percent = 0;
        ADD("step_us", "12000", NULL);
        ADD("step_us", "11000", NULL);
        trial_measure(&t);
        CU_ASSERT_EQUAL(t.status, ZG_OK);
        CU_ASSERT_EQUAL(trial_verdict(&t, 1)->steps, 3);
        CU_ASSERT_EQUAL(trial_n_samples(&t), i == 0 ? 12 : 4);
        const json_t *const sampling = trial_case_meta(&t, "sampling"),
                            *const subject =
                                json_array_get(json_object_get(sampling, "subjects"), 1);
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(subject, "n_warmup_spans")) +
                            json_integer_value(json_object_get(subject, "n_pilot_spans")),
                        1);
        trial_close(&t);
    }
}

/* K distinct layers stand for the model's depth: every row says so. */
static void test_layers_resident(void)
{
    struct trial t;
    trial_open(&t);
    trial_set(&t, "layers-resident", "1");
    ADD(NULL);
    ADD(NULL);
    trial_measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL(trial_summary(&t, 1)->extrapolated, 1);
    CU_ASSERT_EQUAL(trial_summary(&t, 1)->layers, 2);
    CU_ASSERT_EQUAL(trial_summary(&t, 1)->id.layers_resident, 1);
    CU_ASSERT_EQUAL(trial_verdict(&t, 1)->id.layers_resident, 1);
    CU_ASSERT_EQUAL(
        json_integer_value(json_object_get(trial_case_meta(&t, "model"), "n_layers_resident")), 1);
    trial_close(&t);
    /* more than there are */
    trial_open(&t);
    trial_set(&t, "layers-resident", "3");
    ADD(NULL);
    trial_measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(t.err.text, "--layers-resident 3"));
    trial_close(&t);
}

/* An engine with a bank: V stays while the clock runs, and meta.json says how full the bank is. */
static void test_bank(void)
{
    struct trial t;
    trial_open(&t);
    trial_set(&t, "nu", "3");
    t.request.policy.steps = 2;
    ADD(NULL);
    ADD(NULL);
    t.session.engines.items[1].mechanisms.from_default = true;
    t.session.engines.items[1].has_dtype = true;
    t.session.engines.items[1].dtype = ZG_BF16;
    t.session.engines.items[1].dtype_d = ZG_INT8;
    trial_resolve(&t);
    CU_ASSERT_EQUAL(zg_measure_check_banks(&t.session, NULL), ZG_OK);
    trial_measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_STRING_EQUAL(trial_summary(&t, 0)->id.dtype, "fp32");
    CU_ASSERT_STRING_EQUAL(trial_summary(&t, 1)->id.dtype, "bf16+int8");
    CU_ASSERT_STRING_EQUAL(trial_summary(&t, 1)->peak_dtype, "bf16+int8");
    CU_ASSERT_DOUBLE_EQUAL(trial_summary(&t, 1)->peak_gflops, 300, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(trial_summary(&t, 0)->peak_gflops, 100, 1e-9);
    CU_ASSERT_TRUE(json_is_false(trial_case_meta(&t, "v_redrawn_while_timing")));
    const json_t *const engines = trial_case_meta(&t, "engines");
    const json_t *const with = json_array_get(engines, 1), *const without =
                                                               json_array_get(engines, 0);
    CU_ASSERT_TRUE(json_is_null(json_object_get(without, "bank_redraws")));
    /* five steps of the check redraw V once within; then the one that is timed */
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(with, "bank_redraws")), 3);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(with, "mechanisms")), ZG_N_MECHANISMS);
    trial_close(&t);

    /* a sample that would have to redraw V */
    trial_open(&t);
    trial_set(&t, "nu", "2");
    t.request.policy.steps = 2;
    ADD(NULL);
    trial_resolve(&t);
    CU_ASSERT_EQUAL(zg_measure_check_banks(&t.session, NULL), ZG_OK);
    t.session.engines.items[0].mechanisms.bits = ZG_MECHANISM_BIT(ZG_M_BANK);
    trial_resolve(&t);
    CU_ASSERT_EQUAL(zg_measure_check_banks(&t.session, &t.err), ZG_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(t.err.text, "--nu 2"));
    trial_close(&t);
}

static void test_failures(void)
{
    static const char *const calls[] = {"open", "begin", "score", "apply", "read"};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct trial t;
        trial_open(&t);
        ADD(NULL);
        ADD("fail", calls[i], NULL);
        trial_measure(&t);
        CU_ASSERT_EQUAL(t.status, ZG_ENV);
        CU_ASSERT_PTR_NOT_NULL(strstr(t.err.text, calls[i]));
        CU_ASSERT_EQUAL(t.results.summary.n, 0);
        trial_close(&t);
    }
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"paired ratios of scripted times", test_speedup},
        {"the share of the peak at the time", test_peak_then},
        {"the plan has room for bursts", test_plan_of_bursts},
        {"cpus that part are told", test_handoff_jumps},
        {"speed-ups over a second baseline", test_second_baseline},
        {"the same number of steps in every sample", test_steps},
        {"a brief run takes the fewest steps", test_brief},
        {"resident layers repeat, and are told", test_layers_resident},
        {"a bank does not grow while the clock runs", test_bank},
        {"an engine's failure is the run's", test_failures},
        {NULL, NULL}};
    return zg_test_run("harness/measure", tests);
}
