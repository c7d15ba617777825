/*
 * test_measure.c - measure.h, verify.h and results.h with scripted engines: what agrees is timed,
 * what does not is not, and a loss that is no number never yields a speed-up.
 */
#include "harness/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/peak_kernels.h"
#include "harness/stats.h"
#include "tests/harness/null_engine.h"
#include "tests/harness/scripted_counters.h"
#include "tests/support/cunit_run.h"
#include "tests/support/safetensors_writer.h"
#include "tests/support/temp_dir.h"
#include "workloads/tokenizer.h"

/* A session of null engines on a tiny model, and what a measurement of it gave. */
struct trial {
    char out[64];
    char *model_dir;
    struct zg_request request;
    struct zg_session session;
    struct zg_results results;
    struct zg_peak peak;
    struct zg_counters *counters; /* NULL: none */
    struct zg_measurement m;
    struct zg_error err;
    enum zg_status status;
};

/* Of the case in meta.json. */
static const json_t *case_meta(const struct trial *t, const char *key)
{
    return json_object_get(json_array_get(json_object_get(t->m.meta, "cases"), 0), key);
}

static bool write_tiny_model(const char *dir)
{
    struct zg_tokenizer *tokenizer = NULL;
    struct zg_model *model = NULL;
    if (zg_tokenizer_open_embedded(&tokenizer, NULL))
        return false;
    const struct zg_model_shape shape = {.n_layers = 2,
                                         .d_model = 16,
                                         .n_heads = 2,
                                         .d_ffn = 32,
                                         .n_vocab = zg_tokenizer_n_vocab(tokenizer),
                                         .n_positions = 128,
                                         .tied_head = true};
    const struct zg_write_options options = {.dtype = ZG_FP32, .prefix = true};
    const bool written = zg_model_open_shape(&model, "tiny", &shape, 7, NULL) == ZG_OK &&
                         zg_write_model(dir, model, &options);
    zg_model_close(&model);
    zg_tokenizer_close(&tokenizer);
    return written;
}

static const struct zg_flag *flag_named(const char *name)
{
    const struct zg_flag *flag = zg_case_flags;
    while (strcmp(flag->name, name) != 0)
        flag++;
    return flag;
}

/* One more null engine; settings are "key", "value" pairs, NULL at the end. */
static void add_engine(struct trial *t, const char *const *settings)
{
    struct zg_engine_item *const item = &t->session.engines.items[t->session.engines.n_items];
    *item = (struct zg_engine_item){.engine = &zg_engine_null};
    snprintf(item->label, sizeof item->label, "null%d", (int)t->session.engines.n_items);
    for (; settings[0]; settings += 2)
        item->settings[item->n_settings++] = (struct zg_engine_setting){settings[0], settings[1]};
    t->session.engines.n_items++;
}
#define ADD(...) add_engine(&t, (const char *const[]){__VA_ARGS__})

static void open_trial(struct trial *t)
{
    *t = (struct trial){0};
    make_temp_dir(t->out);
    t->model_dir = zg_temp_directory_make();
    CU_ASSERT_FATAL(t->model_dir && write_tiny_model(t->model_dir));
    CU_ASSERT_EQUAL(zg_sweep_add(&t->request.sweep, flag_named("model"), t->model_dir, NULL),
                    ZG_OK);
    CU_ASSERT_EQUAL(zg_sweep_add(&t->request.sweep, flag_named("batch"), "2", NULL), ZG_OK);
    t->request.policy =
        (struct zg_policy){.blocks = 8, .steps = 1, .width_percent = 1, .max_time_s = -1};
    t->session.request = &t->request;
    t->session.n_cases = 1;
    t->session.n_threads = 1;
    t->session.second_baseline = -1;
    const struct zg_pin_request pin = {.n_threads = 1};
    CU_ASSERT_EQUAL_FATAL(zg_pin_open(&t->session.pin, &pin, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_results_open(&t->results, t->out, NULL, NULL, 0, NULL), ZG_OK);
    t->peak.gflops[ZG_FP32].all.best = 100;
    t->peak.gflops[ZG_BF16].all.best = 200;
    t->peak.gflops[ZG_INT8].all.best = 600;
}

static void measure(struct trial *t)
{
    t->m = (struct zg_measurement){
        .session = &t->session, .results = &t->results, .counters = t->counters, .peak = &t->peak};
    t->m.meta = json_pack("{s:[]}", "cases");
    t->status = zg_measure_case(&t->m, 0, &t->err);
}

static void close_trial(struct trial *t)
{
    json_decref(t->m.meta);
    zg_text_buffer_free(&t->m.notes);
    zg_results_close(&t->results);
    zg_pin_close(&t->session.pin);
    zg_sweep_close(&t->request.sweep);
    zg_temp_directory_remove(&t->model_dir);
    remove_temp_dir(t->out);
}

static const struct zg_summary_row *summary(const struct trial *t, int64_t index)
{
    CU_ASSERT_FATAL(index < t->results.summary.n);
    return (const struct zg_summary_row *)(const void *)t->results.summary.rows + index;
}

static const struct zg_verify_row *verdict(const struct trial *t, int64_t index)
{
    CU_ASSERT_FATAL(index < t->results.verify.n);
    return (const struct zg_verify_row *)(const void *)t->results.verify.rows + index;
}

static int64_t n_sample_rows(struct trial *t)
{
    struct zg_csv_in *csv = NULL;
    CU_ASSERT_EQUAL_FATAL(
        zg_csv_in_open(&csv, temp_path(t->out, "samples.csv"), &zg_schema_samples, NULL), ZG_OK);
    const int64_t n = zg_csv_in_n(csv);
    zg_csv_in_close(&csv);
    return n;
}

/* The median over the blocks of null0's time over null1's, from samples.csv. */
static double median_of_paired_ratios(struct trial *t, int64_t n_blocks)
{
    struct zg_csv_in *csv = NULL;
    double ratios[64] = {0};
    CU_ASSERT_EQUAL_FATAL(
        zg_csv_in_open(&csv, temp_path(t->out, "samples.csv"), &zg_schema_samples, NULL), ZG_OK);
    const struct zg_sample_row *const rows = zg_csv_in_rows(csv);
    for (int64_t i = 0; i < zg_csv_in_n(csv); i++)
        for (int64_t j = 0; j < zg_csv_in_n(csv); j++)
            if (rows[i].block == rows[j].block && strcmp(rows[i].engine, "null0") == 0 &&
                strcmp(rows[j].engine, "null1") == 0)
                ratios[rows[i].block] = rows[i].wall_s_per_step / rows[j].wall_s_per_step;
    zg_csv_in_close(&csv);
    return zg_median(ratios, n_blocks);
}

static void test_speedup(void)
{
    struct trial t;
    open_trial(&t);
    ADD("step_us", "4000", NULL);
    ADD("step_us", "1000", NULL);
    measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL(t.m.n_disagreeing, 0);
    CU_ASSERT_EQUAL(n_sample_rows(&t), 16);
    const struct zg_summary_row *const slow = summary(&t, 0), *const fast = summary(&t, 1);
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
    close_trial(&t);
}

/* 1e7 FLOPs that take 0.2 ms and more: half the given peak, or less. */
static float half_speed(int64_t n_iterations, float a, float b)
{
    const int64_t end = zg_clock_wall_ns() + n_iterations * 200000;
    while (zg_clock_wall_ns() < end)
        continue;
    return a * b;
}

/* The share of what the machine could do beside each sample, from the samples themselves. */
static void test_peak_then(void)
{
    static const struct zg_peak_loop loop = {
        .isa = ZG_ISA_PORTABLE, .flops_per_iteration = 10000000, .a = 1, .b = 1, .run = half_speed};
    struct trial t;
    open_trial(&t);
    ADD("step_us", "1000", NULL);
    measure(&t);
    CU_ASSERT(isnan(summary(&t, 0)->peak_share_then)); /* no loop to ask */
    close_trial(&t);
    open_trial(&t);
    t.peak.fma = &loop;
    t.peak.fma_iterations = 1;
    t.peak.n_threads = 1;
    ADD("step_us", "1000", NULL);
    measure(&t);
    struct zg_csv_in *csv = NULL;
    CU_ASSERT_EQUAL_FATAL(
        zg_csv_in_open(&csv, temp_path(t.out, "samples.csv"), &zg_schema_samples, NULL), ZG_OK);
    const struct zg_sample_row *const rows = zg_csv_in_rows(csv);
    double shares[64] = {0};
    for (int64_t i = 0; i < zg_csv_in_n(csv); i++) {
        CU_ASSERT(rows[i].fma_gflops > 0 && rows[i].fma_gflops <= 50);
        shares[i] = 1e6 / rows[i].wall_s_per_step / 1e9 / rows[i].fma_gflops;
    }
    const double want = zg_median(shares, zg_csv_in_n(csv));
    CU_ASSERT_DOUBLE_EQUAL(summary(&t, 0)->peak_share_then, want, 1e-6 * want);
    zg_csv_in_close(&csv);
    close_trial(&t);
}

/* Speed-ups over two engines are ratios of the same samples. */
static void test_second_baseline(void)
{
    struct trial t;
    open_trial(&t);
    ADD("step_us", "4000", NULL);
    ADD("step_us", "2000", NULL);
    ADD("step_us", "1000", NULL);
    t.session.second_baseline = 1;
    measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_STRING_EQUAL(summary(&t, 2)->second_baseline, "null1");
    CU_ASSERT_EQUAL(summary(&t, 1)->second_speedup, 1);
    const struct zg_summary_row *const slow = summary(&t, 0), *const fast = summary(&t, 2);
    CU_ASSERT_TRUE(slow->second_speedup < 1);
    CU_ASSERT_TRUE(fast->second_speedup > 1 && fast->second_speedup < fast->speedup);
    CU_ASSERT_TRUE(fast->second_speedup_ci_low <= fast->second_speedup &&
                   fast->second_speedup <= fast->second_speedup_ci_high);
    close_trial(&t);
}

/* Without --steps all samples still have the same number of them: at least the usual four, and as
 * many as make the fastest engine's span long enough. */
static void test_steps(void)
{
    struct trial t;
    open_trial(&t);
    t.request.policy.steps = 0;
    ADD("step_us", "4000", NULL);
    ADD("step_us", "20000", NULL);
    measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    const int64_t n_steps = summary(&t, 0)->steps;
    CU_ASSERT_EQUAL(n_steps, 4);
    CU_ASSERT_EQUAL(summary(&t, 1)->steps, n_steps);
    struct zg_csv_in *csv = NULL;
    CU_ASSERT_EQUAL_FATAL(
        zg_csv_in_open(&csv, temp_path(t.out, "samples.csv"), &zg_schema_samples, NULL), ZG_OK);
    const struct zg_sample_row *const rows = zg_csv_in_rows(csv);
    CU_ASSERT_EQUAL(zg_csv_in_n(csv), 16);
    for (int64_t i = 0; i < zg_csv_in_n(csv); i++)
        CU_ASSERT_EQUAL(rows[i].steps, n_steps);
    zg_csv_in_close(&csv);
    close_trial(&t);
}

/* K distinct layers stand for the model's depth: every row says so. */
static void test_layers_resident(void)
{
    struct trial t;
    open_trial(&t);
    CU_ASSERT_EQUAL(zg_sweep_add(&t.request.sweep, flag_named("layers-resident"), "1", NULL),
                    ZG_OK);
    ADD(NULL);
    ADD(NULL);
    measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL(summary(&t, 1)->extrapolated, 1);
    CU_ASSERT_EQUAL(summary(&t, 1)->layers, 2);
    CU_ASSERT_EQUAL(summary(&t, 1)->layers_resident, 1);
    CU_ASSERT_EQUAL(verdict(&t, 1)->layers_resident, 1);
    CU_ASSERT_EQUAL(
        json_integer_value(json_object_get(case_meta(&t, "model"), "n_layers_resident")), 1);
    close_trial(&t);
    /* more than there are */
    open_trial(&t);
    CU_ASSERT_EQUAL(zg_sweep_add(&t.request.sweep, flag_named("layers-resident"), "3", NULL),
                    ZG_OK);
    ADD(NULL);
    measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(t.err.text, "--layers-resident 3"));
    close_trial(&t);
}

/* An engine with a bank: V stays while the clock runs, and meta.json says how full the bank is. */
static void test_bank(void)
{
    struct trial t;
    open_trial(&t);
    CU_ASSERT_EQUAL(zg_sweep_add(&t.request.sweep, flag_named("nu"), "3", NULL), ZG_OK);
    t.request.policy.steps = 2;
    ADD(NULL);
    ADD(NULL);
    t.session.engines.items[1].mechanisms.from_default = true;
    t.session.engines.items[1].has_dtype = true;
    t.session.engines.items[1].dtype = ZG_BF16;
    t.session.engines.items[1].dtype_d = ZG_INT8;
    CU_ASSERT_EQUAL(zg_measure_check_banks(&t.session, NULL), ZG_OK);
    measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_STRING_EQUAL(summary(&t, 0)->dtype, "fp32");
    CU_ASSERT_STRING_EQUAL(summary(&t, 1)->dtype, "bf16+int8");
    CU_ASSERT_STRING_EQUAL(summary(&t, 1)->peak_dtype, "bf16+int8");
    CU_ASSERT_DOUBLE_EQUAL(summary(&t, 1)->peak_gflops, 300, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(summary(&t, 0)->peak_gflops, 100, 1e-9);
    CU_ASSERT_TRUE(json_is_false(case_meta(&t, "v_redrawn_while_timing")));
    const json_t *const engines = case_meta(&t, "engines");
    const json_t *const with = json_array_get(engines, 1), *const without =
                                                               json_array_get(engines, 0);
    CU_ASSERT_TRUE(json_is_null(json_object_get(without, "bank_redraws")));
    /* five steps of the check redraw V once within; then the one that is timed */
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(with, "bank_redraws")), 3);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(with, "mechanisms")), ZG_N_MECHANISMS);
    close_trial(&t);

    /* a sample that would have to redraw V */
    open_trial(&t);
    CU_ASSERT_EQUAL(zg_sweep_add(&t.request.sweep, flag_named("nu"), "2", NULL), ZG_OK);
    t.request.policy.steps = 2;
    ADD(NULL);
    CU_ASSERT_EQUAL(zg_measure_check_banks(&t.session, NULL), ZG_OK);
    t.session.engines.items[0].mechanisms.bits = ZG_MECHANISM_BIT(ZG_M_BANK);
    CU_ASSERT_EQUAL(zg_measure_check_banks(&t.session, &t.err), ZG_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(t.err.text, "--nu 2"));
    close_trial(&t);
}

/* L+ - L- of a scripted slope of 3 is 6e-3 in fp32; of 3.3 it is a tenth more, of -3 it has the
 * other sign. */
static void expect_fidelity(const char *low_slope, double rms, double sign)
{
    struct trial t;
    open_trial(&t);
    t.request.policy.fidelity = 120;
    t.request.policy.fidelity_batch = 1;
    t.request.policy.quiet = true;
    ADD("slope", "3", NULL);
    ADD("slope", "3", "low_slope", low_slope, NULL);
    struct zg_engine_item *const item = &t.session.engines.items[1];
    item->has_dtype = true;
    item->dtype = ZG_FP32;
    item->dtype_d = ZG_INT8;
    measure(&t);
    CU_ASSERT_EQUAL_FATAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL(summary(&t, 0)->fidelity_probes, ZG_NO_INTEGER);
    CU_ASSERT_EQUAL(summary(&t, 1)->fidelity_probes, 120);
    CU_ASSERT_DOUBLE_EQUAL(summary(&t, 1)->fidelity_rms, rms, 1e-6);
    CU_ASSERT_EQUAL(summary(&t, 1)->fidelity_sign, sign);
    CU_ASSERT_EQUAL(summary(&t, 1)->fidelity_sign_large, sign);
    CU_ASSERT_EQUAL(summary(&t, 1)->fidelity_large_probes, 120);
    CU_ASSERT_EQUAL_FATAL(t.results.fidelity.n, 120);
    const struct zg_fidelity_row *const rows = (const void *)t.results.fidelity.rows;
    CU_ASSERT_STRING_EQUAL(rows[0].dtype, "fp32+int8");
    CU_ASSERT_DOUBLE_EQUAL(rows[7].dl_reference, 6e-3, 1e-9);
    CU_ASSERT_EQUAL(rows[7].probe, 7);
    for (int64_t i = 1; i < 120; i++)
        CU_ASSERT_NOT_EQUAL(rows[i].seed_u, rows[i - 1].seed_u);
    const json_t *const engines = json_object_get(case_meta(&t, "fidelity"), "engines");
    CU_ASSERT_EQUAL(json_array_size(engines), 1);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(case_meta(&t, "fidelity"), "examples")), 1);
    CU_ASSERT_EQUAL(zg_results_write(&t.results, NULL), ZG_OK);
    CU_ASSERT_EQUAL(access(temp_path(t.out, "fidelity.csv"), F_OK), 0);
    close_trial(&t);
}

static void test_fidelity(void)
{
    expect_fidelity("0", 0, 1);
    expect_fidelity("0.3", 0.1, 1);
    expect_fidelity("-6", 2, 0);
    /* nothing to measure, nothing written */
    struct trial t;
    open_trial(&t);
    t.request.policy.fidelity = 10;
    t.request.policy.fidelity_batch = 1;
    ADD(NULL);
    measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_TRUE(json_is_null(case_meta(&t, "fidelity")));
    CU_ASSERT_EQUAL(t.results.fidelity.n, 0);
    CU_ASSERT_EQUAL(zg_results_write(&t.results, NULL), ZG_OK);
    CU_ASSERT_NOT_EQUAL(access(temp_path(t.out, "fidelity.csv"), F_OK), 0);
    close_trial(&t);
}

/* The engine at index 1 differs: it fails its check, is not timed and has no speed-up; the others
 * are timed. */
static void expect_disagreement(const char *const *settings, const char *reason)
{
    struct trial t;
    open_trial(&t);
    ADD(NULL);
    add_engine(&t, settings);
    ADD(NULL);
    measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL(t.m.n_disagreeing, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(t.m.first_disagreement, "null1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(t.m.first_disagreement, reason));
    CU_ASSERT_EQUAL(verdict(&t, 1)->passed, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(verdict(&t, 1)->reason, reason));
    CU_ASSERT_EQUAL(summary(&t, 1)->verified, 0);
    CU_ASSERT_EQUAL(summary(&t, 1)->n, 0);
    CU_ASSERT_TRUE(isnan(summary(&t, 1)->speedup));
    CU_ASSERT_TRUE(isnan(summary(&t, 1)->wall_s_per_step_median));
    CU_ASSERT_EQUAL(summary(&t, 2)->verified, 1);
    CU_ASSERT_EQUAL(summary(&t, 2)->n, 8);
    CU_ASSERT_EQUAL(n_sample_rows(&t), 16);
    close_trial(&t);
}
#define EXPECT(reason, ...) expect_disagreement((const char *const[]){__VA_ARGS__, NULL}, reason)

static void test_disagreement(void)
{
    EXPECT("losses differ", "loss", "2.001");
    EXPECT("losses differ", "loss", "2.00003");
    EXPECT("projected gradients differ", "slope", "1.02");
    EXPECT("weights after", "weight", "0.6");
    EXPECT("the losses are", "nan", "1");
}

/* Differences below the tolerances pass: 1e-5 of 2e-5 (1e-5 of the loss, which is 2) in the loss;
 * 0.5 % in the slope, where 1e-5 in a loss of slope 1 is 1 % of c at eps 1e-3. */
static void test_rounding_passes(void)
{
    struct trial t;
    open_trial(&t);
    ADD(NULL);
    ADD("loss", "2.00001", "slope", "1.005", NULL);
    measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL(t.m.n_disagreeing, 0);
    CU_ASSERT_DOUBLE_EQUAL(verdict(&t, 1)->gradient_relative_error, 0.005, 1e-6);
    CU_ASSERT_EQUAL(verdict(&t, 1)->gradient_sign_match, 1);
    close_trial(&t);
}

/* One engine of a dtype beside one of fp32: what of its loss and slope passes. */
static void expect_low(enum zg_dtype dtype, const char *loss, const char *weight, bool passes)
{
    struct trial t;
    open_trial(&t);
    ADD(NULL);
    ADD("loss", loss, "slope", "-1", "weight", weight, NULL);
    struct zg_engine_item *const item = &t.session.engines.items[1];
    item->has_dtype = true;
    item->dtype = item->dtype_d = dtype;
    measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL(verdict(&t, 1)->passed, passes);
    /* a gradient is told but not judged here, whatever it is */
    CU_ASSERT_DOUBLE_EQUAL(verdict(&t, 1)->gradient_relative_error, 2, 1e-6);
    CU_ASSERT_EQUAL(verdict(&t, 1)->gradient_sign_match, 0);
    CU_ASSERT_TRUE(isnan(verdict(&t, 1)->gradient_tolerance));
    close_trial(&t);
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
    open_trial(&t);
    ADD("nan", "1", NULL);
    ADD(NULL);
    measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL(t.m.n_disagreeing, 2);
    CU_ASSERT_EQUAL(t.results.summary.n, 2);
    for (int64_t i = 0; i < 2; i++)
        CU_ASSERT_TRUE(summary(&t, i)->verified == 0 && isnan(summary(&t, i)->speedup));
    CU_ASSERT_PTR_NOT_NULL(strstr(verdict(&t, 1)->reason, "reference"));
    close_trial(&t);
}

static void test_failures(void)
{
    static const char *const calls[] = {"open", "begin", "score", "apply", "read"};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct trial t;
        open_trial(&t);
        ADD(NULL);
        ADD("fail", calls[i], NULL);
        measure(&t);
        CU_ASSERT_EQUAL(t.status, ZG_ENV);
        CU_ASSERT_PTR_NOT_NULL(strstr(t.err.text, calls[i]));
        CU_ASSERT_EQUAL(t.results.summary.n, 0);
        close_trial(&t);
    }
}

static bool none_was_cut_off(const void *context, const struct zg_case_row *c)
{
    (void)context;
    (void)c;
    return false;
}

static bool each_was_cut_off(const void *context, const struct zg_case_row *c)
{
    (void)context;
    (void)c;
    return true;
}

static void test_finished_case(void)
{
    struct trial t;
    struct zg_results again;
    open_trial(&t);
    ADD(NULL);
    measure(&t);
    CU_ASSERT_EQUAL_FATAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_results_write(&t.results, NULL), ZG_OK);
    const struct zg_results_resume resume = {none_was_cut_off, NULL};
    struct zg_case_row c;
    memcpy(&c, summary(&t, 0), sizeof c);
    /* alone, an engine is not held against anything */
    CU_ASSERT_EQUAL(summary(&t, 0)->verified, ZG_NO_INTEGER);
    zg_csv_out_abort(&t.results.samples);

    CU_ASSERT_EQUAL_FATAL(zg_results_open(&again, t.out, &resume, NULL, 0, NULL), ZG_OK);
    CU_ASSERT_TRUE(zg_results_has_case(&again, &c));
    CU_ASSERT_EQUAL(again.summary.n, 1);
    CU_ASSERT_EQUAL(again.verify.n, 1);
    CU_ASSERT_TRUE(again.phases.n >= 1);
    CU_ASSERT_EQUAL(n_sample_rows(&t), 8);
    c.dtype = "bf16"; /* a sweep over --dtype has other cases */
    CU_ASSERT_FALSE(zg_results_has_case(&again, &c));
    c.dtype = "fp32";
    c.lr = 2e-6;
    CU_ASSERT_FALSE(zg_results_has_case(&again, &c));
    zg_results_close(&again);

    /* a case that was cut off has a summary of the blocks that it got, and is measured again */
    const struct zg_results_resume afresh = {each_was_cut_off, NULL};
    CU_ASSERT_EQUAL_FATAL(zg_results_open(&again, t.out, &afresh, NULL, 0, NULL), ZG_OK);
    CU_ASSERT_EQUAL(again.summary.n, 0);
    CU_ASSERT_EQUAL(again.phases.n, 0);
    CU_ASSERT_EQUAL(again.verify.n, 0);
    CU_ASSERT_EQUAL(n_sample_rows(&t), 0);
    zg_results_close(&again);

    /* nor is it finished without its summary */
    unlink(temp_path(t.out, "summary.csv"));
    CU_ASSERT_EQUAL_FATAL(zg_results_open(&again, t.out, &resume, NULL, 0, NULL), ZG_OK);
    CU_ASSERT_EQUAL(again.verify.n, 0);
    CU_ASSERT_EQUAL(n_sample_rows(&t), 0);
    zg_results_close(&again);
    close_trial(&t);
}

static const struct zg_count_row *count_row(const struct trial *t, const char *engine,
                                            const char *phase, int64_t thread, const char *event)
{
    const struct zg_count_row *const rows = (const void *)t->results.counts.rows;
    for (int64_t i = 0; i < t->results.counts.n; i++)
        if (!strcmp(rows[i].engine, engine) && !strcmp(rows[i].phase, phase) &&
            rows[i].thread == thread && !strcmp(rows[i].event, event))
            return &rows[i];
    CU_FAIL_FATAL("no such row of counters.csv");
    return NULL;
}

static const struct zg_phase_row *phase_row(const struct trial *t, const char *phase)
{
    const struct zg_phase_row *const rows = (const void *)t->results.phases.rows;
    for (int64_t i = 0; i < t->results.phases.n; i++)
        if (!strcmp(rows[i].phase, phase))
            return &rows[i];
    CU_FAIL_FATAL("no such row of phases.csv");
    return NULL;
}

static void open_counters(struct zg_counters **out, const char *events, bool multiplex)
{
    static const struct zg_counter_source *const sources[] = {&scripted_source, NULL};
    const struct zg_counters_request request = {
        .events = events, .n_threads = 2, .multiplex = multiplex, .sources = sources};
    CU_ASSERT_EQUAL_FATAL(zg_counters_open(out, &request, NULL), ZG_OK);
}

/* A PMU that counts 3000 cycles, 6000 instructions and 10 L3 misses a span in thread 0, twice that
 * in thread 1: a step is one span of the samples; in a counted step `head` is one and `other`
 * two. */
static void test_counts(void)
{
    const double bytes_per_flop = 30.0 * (double)sysconf(_SC_LEVEL1_DCACHE_LINESIZE) / 2e6;
    struct trial t;
    open_trial(&t);
    ADD("step_us", "200", NULL);
    ADD("step_us", "100", NULL);
    struct zg_counters *counters = NULL;
    open_counters(&counters, "hardware", false);
    t.counters = counters;
    measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    const struct zg_summary_row *const row = summary(&t, 0);
    CU_ASSERT_EQUAL(row->instructions_per_cycle, 2);
    CU_ASSERT_DOUBLE_EQUAL(row->bytes_per_flop, bytes_per_flop, 1e-12);
    CU_ASSERT(row->ghz > 0 && row->ghz < 1);
    CU_ASSERT_EQUAL(row->counts_estimated, 0);
    const struct zg_phase_row *const head = phase_row(&t, "head");
    CU_ASSERT_EQUAL(head->instructions_per_cycle, 2);
    CU_ASSERT_DOUBLE_EQUAL(head->bytes_per_flop, bytes_per_flop, 1e-12);
    CU_ASSERT(isnan(phase_row(&t, "other")->bytes_per_flop));
    /* two engines, all of the step and two phases, the team and its two threads, five events */
    CU_ASSERT_EQUAL(t.results.counts.n, 2 * 3 * 3 * 5);
    const struct zg_count_row *count = count_row(&t, "null1", "step", 1, "PAPI_TOT_INS");
    CU_ASSERT_EQUAL(count->count_per_step, 12000);
    CU_ASSERT_EQUAL(count->steps, 8);
    CU_ASSERT_EQUAL(count->multiplexed, 0);
    CU_ASSERT_EQUAL(count_row(&t, "null0", "step", ZG_NO_INTEGER, "PAPI_L2_DCM")->count_per_step,
                    60);
    CU_ASSERT_EQUAL(count_row(&t, "null0", "head", 0, "PAPI_TOT_CYC")->count_per_step, 3000);
    CU_ASSERT_EQUAL(count_row(&t, "null0", "other", 0, "PAPI_TOT_CYC")->count_per_step, 6000);
    CU_ASSERT_EQUAL(zg_results_write(&t.results, NULL), ZG_OK);
    struct zg_csv_in *csv = NULL;
    CU_ASSERT_EQUAL_FATAL(
        zg_csv_in_open(&csv, temp_path(t.out, "counters.csv"), &zg_schema_counts, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_csv_in_n(csv), t.results.counts.n);
    zg_csv_in_close(&csv);
    zg_counters_close(&counters);
    close_trial(&t);
}

/* Estimates say so in every row; events that do not count give no rows, and nothing is derived. */
static void test_counts_in_part(void)
{
    struct trial t;
    struct zg_counters *counters = NULL;
    open_trial(&t);
    ADD("step_us", "200", NULL);
    scripted_n_registers = 1;
    open_counters(&counters, "cache", true);
    t.counters = counters;
    measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL(summary(&t, 0)->instructions_per_cycle, 2);
    CU_ASSERT_EQUAL(summary(&t, 0)->counts_estimated, 1);
    CU_ASSERT_EQUAL(phase_row(&t, "head")->counts_estimated, 1);
    CU_ASSERT_EQUAL(count_row(&t, "null0", "step", 0, "PAPI_L1_DCM")->multiplexed, 1);
    zg_counters_close(&counters);
    close_trial(&t);
    scripted_n_registers = 5;

    open_trial(&t);
    ADD("step_us", "200", NULL);
    open_counters(&counters, "PAPI_TLB_DM,PAPI_L1_DCM", false);
    t.counters = counters;
    measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT(isnan(summary(&t, 0)->instructions_per_cycle) && isnan(summary(&t, 0)->ghz));
    CU_ASSERT_EQUAL(summary(&t, 0)->counts_estimated, ZG_NO_INTEGER);
    CU_ASSERT_EQUAL(t.results.counts.n, 3 * 3);
    zg_counters_close(&counters);
    close_trial(&t);

    open_trial(&t);
    ADD("step_us", "200", NULL);
    open_counters(&counters, "PAPI_TLB_DM", false);
    t.counters = counters;
    measure(&t);
    CU_ASSERT_EQUAL(t.results.counts.n, 0);
    CU_ASSERT_EQUAL(phase_row(&t, "head")->counts_estimated, ZG_NO_INTEGER);
    zg_counters_close(&counters);
    close_trial(&t);
}

/* What is known before the clock runs is an error then; what a run met on its way is one after. */
static void strict_turns_warnings_into_errors(void)
{
    const struct zg_machine_watch quiet = {.load_1m = 0.1}, busy = {.load_1m = 3.5};
    struct zg_error err = {0};
    json_t *const meta = json_loads(
        "{\"machine\": {\"topology\": {\"cpus\": 4}}, \"pins\": {\"method\": \"hwloc\"}, "
        "\"environment\": {\"warning\": \"\"}, \"warnings\": []}",
        0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(meta);
    CU_ASSERT_EQUAL(zg_meta_check_strict(meta, &quiet, &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_meta_fail_strict(meta, "DIR", &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_meta_check_strict(meta, &busy, &err), ZG_ENV);
    zg_test_expect_words(err.text, "--strict: 1 warning, the load was 3.50");
    zg_test_expect_words(err.text, "nothing is measured");
    zg_error_clear(&err);
    json_object_set_new(json_object_get(meta, "environment"), "warning", json_string("old BLAS"));
    CU_ASSERT_EQUAL(zg_meta_check_strict(meta, &quiet, &err), ZG_ENV);
    zg_test_expect_words(err.text, "old BLAS");
    zg_error_clear(&err);
    json_object_set_new(meta, "warnings", json_pack("[s, s]", "stolen", "throttled"));
    CU_ASSERT_EQUAL(zg_meta_fail_strict(meta, "DIR", &err), ZG_ENV);
    zg_test_expect_words(err.text, "2 warnings, first: stolen; the results are in DIR");
    json_decref(meta);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"counts of steps, phases and threads", test_counts},
        {"counts in part", test_counts_in_part},
        {"strict turns warnings into errors", strict_turns_warnings_into_errors},
        {"paired ratios of scripted times", test_speedup},
        {"the share of the peak at the time", test_peak_then},
        {"speed-ups over a second baseline", test_second_baseline},
        {"the same number of steps in every sample", test_steps},
        {"resident layers repeat, and are told", test_layers_resident},
        {"a bank does not grow while the clock runs", test_bank},
        {"an engine that disagrees is not timed", test_disagreement},
        {"rounding passes", test_rounding_passes},
        {"L+ - L- below fp32 is held against fp32", test_fidelity},
        {"below fp32 the loss is checked more loosely", test_low_precision},
        {"a reference without a loss fails all", test_bad_reference},
        {"an engine's failure is the run's", test_failures},
        {"finished cases are found again", test_finished_case},
        {NULL, NULL}};
    return zg_test_run("harness/measure", tests);
}
