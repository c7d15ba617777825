/*
 * test_checks.c - verify.h and fidelity.h in a measurement of scripted engines: what agrees is
 * timed, what does not is not, and a loss that is no number never yields a speed-up.
 */
#include <unistd.h>

#include "harness/bench/verify.h"
#include "tests/harness/trial.h"

/* The engine at index 1 differs: it fails its check, is not timed and has no speed-up; the others
 * are timed. */
static void expect_disagreement(const char *const *settings, const char *reason)
{
    struct trial t;
    trial_open(&t);
    ADD(NULL);
    trial_add(&t, settings);
    ADD(NULL);
    trial_measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL(t.m.n_disagreeing, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(t.m.first_disagreement, "null1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(t.m.first_disagreement, reason));
    CU_ASSERT_EQUAL(trial_verdict(&t, 1)->passed, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(trial_verdict(&t, 1)->reason, reason));
    CU_ASSERT_EQUAL(trial_summary(&t, 1)->verified, 0);
    CU_ASSERT_EQUAL(trial_summary(&t, 1)->n, 0);
    CU_ASSERT_TRUE(isnan(trial_summary(&t, 1)->speedup));
    CU_ASSERT_TRUE(isnan(trial_summary(&t, 1)->wall_s_per_step_median));
    CU_ASSERT_EQUAL(trial_summary(&t, 2)->verified, 1);
    CU_ASSERT_EQUAL(trial_summary(&t, 2)->n, 8);
    CU_ASSERT_EQUAL(trial_n_samples(&t), 16);
    trial_close(&t);
}
#define EXPECT(reason, ...) expect_disagreement((const char *const[]){__VA_ARGS__, NULL}, reason)

static void test_disagreement(void)
{
    EXPECT("losses differ", "loss", "2.001");
    EXPECT("losses differ", "loss", "2.00003");
    EXPECT("projected gradients differ", "slope", "1.004");
    EXPECT("weights after", "weight", "0.6");
    EXPECT("the losses are", "nan", "1");
}

/* Differences below the tolerances pass: 1e-5 of 2e-5 (1e-5 of the loss, which is 2) in the loss;
 * 0.25 % in the slope, of which 0.1 % may differ anyway, and where 1e-6 of the loss is 0.2 % of a c
 * of 1 at eps 1e-3. */
static void test_rounding_passes(void)
{
    struct trial t;
    trial_open(&t);
    ADD(NULL);
    ADD("loss", "2.00001", "slope", "1.0025", NULL);
    trial_measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL(t.m.n_disagreeing, 0);
    CU_ASSERT_DOUBLE_EQUAL(trial_verdict(&t, 1)->gradient_relative_error, 0.0025, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(trial_verdict(&t, 1)->gradient_tolerance, 0.003, 1e-5);
    CU_ASSERT_EQUAL(trial_verdict(&t, 1)->gradient_sign_match, 1);
    trial_close(&t);
}

/* However small c is, a gradient 1 % off fails: where rounding would explain 2e-2 of it, too. */
static void test_small_gradients(void)
{
    static const char *const slopes[][2] = {{"1e-1", "1.01e-1"}, {"1e-1", "1.004e-1"}};
    for (int i = 0; i < 2; i++) {
        struct trial t;
        trial_open(&t);
        ADD("slope", slopes[i][0], NULL);
        ADD("slope", slopes[i][1], NULL);
        trial_measure(&t);
        CU_ASSERT_EQUAL(trial_verdict(&t, 1)->gradient_tolerance, ZG_VERIFY_GRADIENT_MOST);
        CU_ASSERT_EQUAL(trial_verdict(&t, 1)->passed, i == 1);
        trial_close(&t);
    }
}

/* 0.1 eps / c from the third step on, at least the case's; of the reference in all engines. */
static void test_learning_rates(void)
{
    static const struct {
        float lr, expected;
        const char *slope;
    } rows[] = {{1e-6f, 5e-5f, "2"}, {1e-3f, 1e-3f, "2"}, {0, 1e-6f, "0"}, {0, 1, "1e-9"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct trial t;
        struct zg_bench bench = {0};
        struct zg_case c;
        struct zg_trial trials[2];
        trial_open(&t);
        ADD("slope", rows[i].slope, NULL);
        ADD("slope", "7", NULL);
        trial_resolve(&t);
        c = t.session.cases[0].c;
        zg_algorithm_set_real(&c.algorithm, "lr", (double)rows[i].lr);
        CU_ASSERT_EQUAL_FATAL(zg_bench_open(&bench, &c, &t.session.models, NULL), ZG_OK);
        const struct zg_trial_options options = zg_trial_options(&c, 5);
        for (int e = 0; e < 2; e++) {
            struct zg_contender *const contender = &bench.contenders[e];
            CU_ASSERT_EQUAL_FATAL(
                zg_bench_open_engine(&bench, e, &t.session.cases[0].entries[e], NULL), ZG_OK);
            CU_ASSERT_EQUAL(
                zg_trial_run(contender, &options, e > 0 ? &trials[0] : NULL, &trials[e], NULL),
                ZG_OK);
            for (int64_t step = 0; step < 5; step++)
                CU_ASSERT_DOUBLE_EQUAL(trials[e].lr[step],
                                       step < 2 ? fmaxf(rows[i].lr, 1e-6f) : rows[i].expected,
                                       1e-4 * (double)rows[i].expected);
        }
        zg_bench_close(&bench);
        trial_close(&t);
    }
}

/* One engine of a dtype beside one of fp32: what of its loss and slope passes. */
static void expect_low(enum zg_dtype dtype, const char *loss, const char *weight, bool passes)
{
    struct trial t;
    trial_open(&t);
    ADD(NULL);
    ADD("loss", loss, "slope", "-1", "weight", weight, NULL);
    struct zg_engine_item *const item = &t.session.engines.items[1];
    item->has_dtype = true;
    item->dtype = item->dtype_d = dtype;
    trial_measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL(trial_verdict(&t, 1)->passed, passes);
    /* a gradient is told but not judged here, whatever it is */
    CU_ASSERT_DOUBLE_EQUAL(trial_verdict(&t, 1)->gradient_relative_error, 2, 1e-6);
    CU_ASSERT_EQUAL(trial_verdict(&t, 1)->gradient_sign_match, 0);
    CU_ASSERT_TRUE(isnan(trial_verdict(&t, 1)->gradient_tolerance));
    trial_close(&t);
}

/* The loss is 2: 2e-2 of it in bf16, 1e-1 in int8.  Weights of 0.5 and five steps: 4 * 5 * 2^-8 *
 * 0.5 = 0.039, and twice a change of the model's weights, which are 0.5 less at most 0.1. */
static void test_low_precision(void)
{
    expect_low(ZG_BF16, "2.03", "0.5", true);
    expect_low(ZG_BF16, "2.05", "0.5", false);
    expect_low(ZG_INT8, "2.15", "0.5", true);
    expect_low(ZG_INT8, "2.25", "0.5", false);
    expect_low(ZG_BF16, "2", "3", false);
}

static void test_bad_reference(void)
{
    struct trial t;
    trial_open(&t);
    ADD("nan", "1", NULL);
    ADD(NULL);
    trial_measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL(t.m.n_disagreeing, 2);
    CU_ASSERT_EQUAL(t.results.summary.n, 2);
    for (int64_t i = 0; i < 2; i++)
        CU_ASSERT_TRUE(trial_summary(&t, i)->verified == 0 && isnan(trial_summary(&t, i)->speedup));
    CU_ASSERT_PTR_NOT_NULL(strstr(trial_verdict(&t, 1)->reason, "reference"));
    trial_close(&t);
}

/* L+ - L- of a scripted slope of 3 is 6e-3 in fp32; of 3.3 it is a tenth more, of -3 it has the
 * other sign. */
static void expect_fidelity(const char *low_slope, double rms, double sign)
{
    struct trial t;
    trial_open(&t);
    t.request.policy.fidelity = 120;
    t.request.policy.fidelity_batch = 1;
    ADD("slope", "3", NULL);
    ADD("slope", "3", "low_slope", low_slope, NULL);
    struct zg_engine_item *const item = &t.session.engines.items[1];
    item->has_dtype = true;
    item->dtype = ZG_FP32;
    item->dtype_d = ZG_INT8;
    trial_measure(&t);
    CU_ASSERT_EQUAL_FATAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL(trial_summary(&t, 0)->fidelity_probes, ZG_NO_INTEGER);
    CU_ASSERT_EQUAL(trial_summary(&t, 1)->fidelity_probes, 120);
    CU_ASSERT_DOUBLE_EQUAL(trial_summary(&t, 1)->fidelity_rms, rms, 1e-6);
    CU_ASSERT_EQUAL(trial_summary(&t, 1)->fidelity_sign, sign);
    CU_ASSERT_EQUAL(trial_summary(&t, 1)->fidelity_sign_large, sign);
    CU_ASSERT_EQUAL(trial_summary(&t, 1)->fidelity_large_probes, 120);
    CU_ASSERT_EQUAL_FATAL(t.results.fidelity.n, 120);
    const struct zg_fidelity_row *const rows = t.results.fidelity.rows;
    CU_ASSERT_STRING_EQUAL(rows[0].id.dtype, "fp32+int8");
    CU_ASSERT_DOUBLE_EQUAL(rows[7].dl_reference, 6e-3, 1e-9);
    CU_ASSERT_EQUAL(rows[7].probe, 7);
    for (int64_t i = 1; i < 120; i++)
        CU_ASSERT_NOT_EQUAL(rows[i].seed_u, rows[i - 1].seed_u);
    const json_t *const engines = json_object_get(trial_case_meta(&t, "fidelity"), "engines");
    CU_ASSERT_EQUAL(json_array_size(engines), 1);
    CU_ASSERT_EQUAL(
        json_integer_value(json_object_get(trial_case_meta(&t, "fidelity"), "examples")), 1);
    static const char note[] = "fidelity: 120 probes of 1 example took ";
    CU_ASSERT_FATAL(t.n_told > sizeof note);
    CU_ASSERT_EQUAL(memcmp(t.told, note, sizeof note - 1), 0);
    CU_ASSERT_EQUAL(zg_result_writer_write(&t.results, NULL), ZG_OK);
    CU_ASSERT_EQUAL(access(temp_path(t.out, "fidelity.csv"), F_OK), 0);
    trial_close(&t);
}

static void test_fidelity(void)
{
    expect_fidelity("0", 0, 1);
    expect_fidelity("0.3", 0.1, 1);
    expect_fidelity("-6", 2, 0);
    /* nothing to measure, nothing written */
    struct trial t;
    trial_open(&t);
    t.request.policy.fidelity = 10;
    t.request.policy.fidelity_batch = 1;
    ADD(NULL);
    trial_measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_TRUE(json_is_null(trial_case_meta(&t, "fidelity")));
    CU_ASSERT_EQUAL(t.n_told, 0);
    CU_ASSERT_EQUAL(t.results.fidelity.n, 0);
    CU_ASSERT_EQUAL(zg_result_writer_write(&t.results, NULL), ZG_OK);
    CU_ASSERT_NOT_EQUAL(access(temp_path(t.out, "fidelity.csv"), F_OK), 0);
    trial_close(&t);
}

/* `fused` does not replace a loop in fp32 that disagrees with it: here one of scripted losses. */
static void test_fidelity_of_loop(void)
{
    struct zg_engine loop = zg_engine_null;
    struct trial t;
    loop.mechanisms = 0;
    trial_open(&t);
    t.request.policy.fidelity = 120;
    t.request.policy.fidelity_batch = 1;
    ADD("slope", "3", NULL);
    ADD("slope", "3", "low_slope", "0.3", NULL);
    struct zg_engine_item *const item = &t.session.engines.items[1];
    item->engine = &loop;
    item->has_dtype = true;
    item->dtype = item->dtype_d = ZG_BF16;
    trial_measure(&t);
    CU_ASSERT_EQUAL_FATAL(t.status, ZG_OK);
    CU_ASSERT_DOUBLE_EQUAL(trial_summary(&t, 1)->fidelity_rms, 0.1, 1e-6);
    const json_t *const engine =
        json_array_get(json_object_get(trial_case_meta(&t, "fidelity"), "engines"), 0);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(engine, "reference")), "null in fp32");
    CU_ASSERT_TRUE(json_is_null(json_object_get(engine, "replaces")));
    trial_close(&t);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"an engine that disagrees is not timed", test_disagreement},
        {"rounding passes", test_rounding_passes},
        {"small gradients are held to half a percent", test_small_gradients},
        {"updates are large enough to be seen", test_learning_rates},
        {"below fp32 the loss is checked more loosely", test_low_precision},
        {"a reference without a loss fails all", test_bad_reference},
        {"L+ - L- below fp32 is held against fp32", test_fidelity},
        {"a loop that disagrees stays the reference", test_fidelity_of_loop},
        {NULL, NULL}};
    return zg_test_run("harness/checks", tests);
}
