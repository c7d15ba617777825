/* test_engine_options.c - what every engine refuses, and in which words. */
#include "engines/zo.h"
#include "tests/support/cunit_run.h"

#include <math.h>
#include <string.h>

static const char *gemm_of(enum zg_dtype dtype)
{
    return dtype == ZG_BF16 ? "reference" : "onednn";
}

static const struct zg_engine_setting_doc docs[] = {
    {.key = "gemm",
     .choices = "openblas|onednn|reference",
     .summary = "a library",
     .default_value = "onednn",
     .default_of = gemm_of},
    {.key = "mode", .choices = "a|ab", .summary = "a mode", .default_value = "a"},
    {.key = NULL},
};
static const struct zg_engine engine = {
    .name = "test",
    .dtypes = 1u << ZG_FP32 | 1u << ZG_BF16,
    .mechanisms = ZG_MECHANISM_BIT(ZG_M_TRIE) | ZG_MECHANISM_BIT(ZG_M_LAZY),
    .settings = docs,
};

static void refuses(const struct zg_engine *e, const struct zg_engine_options *o, const char *word)
{
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_engine_options_check(e, o, &err), ZG_USAGE);
    if (!strstr(err.text, word))
        printf("\n    '%s' does not name '%s'", err.text, word);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, word));
}

static void test_default(void)
{
    const struct zg_engine_options o = zg_engine_options_default(&engine);
    CU_ASSERT_EQUAL(zg_engine_options_check(&engine, &o, NULL), ZG_OK);
    CU_ASSERT_EQUAL(o.mechanisms, engine.mechanisms);
    CU_ASSERT_EQUAL(o.n_threads, 1);
    CU_ASSERT_EQUAL(o.dtype, ZG_FP32);
}

static void test_refused(void)
{
    const struct zg_engine_options good = zg_engine_options_default(&engine);
    struct zg_engine_options o = good;
    o.dtype = ZG_INT8;
    refuses(&engine, &o, "int8");
    o.dtype = (enum zg_dtype)77;
    refuses(&engine, &o, "77");
    o = good;
    o.limits.features = ZG_FEATURE_BIT(ZG_F_DECAY);
    refuses(&engine, &o, "engine test has no weight decay");
    o.limits.features = 1u << 30;
    refuses(&engine, &o, "feature bits 0x40000000 are unknown");
    struct zg_engine able = engine;
    able.features = ZG_FEATURE_BIT(ZG_F_DECAY);
    o.limits.features = able.features;
    CU_ASSERT_EQUAL(zg_engine_options_check(&able, &o, NULL), ZG_OK);
    o = good;
    o.n_threads = 0;
    refuses(&engine, &o, "threads 0");
    o.n_threads = -3;
    refuses(&engine, &o, "threads -3");
    o = good;
    o.mechanisms |= ZG_MECHANISM_BIT(ZG_M_CANCEL);
    refuses(&engine, &o, "cancel");
    o.mechanisms = 1u << 30;
    refuses(&engine, &o, "0x40000000");
    o = good;
    o.limits.max_tokens = -1;
    refuses(&engine, &o, "max_tokens");
    o = good;
    o.limits.max_probes = 0;
    refuses(&engine, &o, "max_probes");
    struct zg_engine lacking = engine;
    lacking.missing = "OpenBLAS (libopenblas-openmp-dev)";
    refuses(&lacking, &good, "libopenblas-openmp-dev");
}

static void test_settings(void)
{
    struct zg_engine_setting s[] = {{"gemm", "reference"}, {"mode", "ab"}};
    struct zg_engine_options o = zg_engine_options_default(&engine);
    CU_ASSERT_STRING_EQUAL(zg_engine_setting_value(&engine, &o, "gemm"), "onednn");
    CU_ASSERT_STRING_EQUAL(zg_engine_setting_value(&engine, &o, "mode"), "a");
    o.dtype = ZG_BF16;
    CU_ASSERT_STRING_EQUAL(zg_engine_setting_value(&engine, &o, "gemm"), "reference");
    o.dtype = ZG_FP32;
    CU_ASSERT_PTR_NULL(zg_engine_setting_value(&engine, &o, "other"));
    o.settings = s;
    o.n_settings = 2;
    CU_ASSERT_EQUAL(zg_engine_options_check(&engine, &o, NULL), ZG_OK);
    CU_ASSERT_STRING_EQUAL(zg_engine_setting_value(&engine, &o, "gemm"), "reference");
    CU_ASSERT_STRING_EQUAL(zg_engine_setting_value(&engine, &o, "mode"), "ab");
    const char *const bad[] = {"", "ref", "references", "openblas|onednn", "|", "b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        s[0].value = bad[i];
        refuses(&engine, &o, "openblas|onednn|reference");
    }
    s[0] = (struct zg_engine_setting){"mode", "a"};
    refuses(&engine, &o, "twice");
    s[0].key = "gem";
    refuses(&engine, &o, "gem");
}

/* ---- batches --------------------------------------------------------------------------- */

static const int32_t stem[] = {0, 3, 4}, option[] = {5, 6};
static const struct zg_option options[] = {{option, 1}, {option, 2}};
static const struct zg_model_shape shape = {1, 8, 2, 8, 10, 6, true, 0, ZG_FAMILY_OPT};
static const struct zg_probe probe = {0, 0.1f};

static enum zg_status check(const struct zg_example *example, int32_t pad_id,
                            const struct zg_engine_limits *limits, struct zg_error *err)
{
    const struct zg_batch batch = {example, 1, ZG_LOSS_CLASSIFICATION, pad_id};
    return zg_batch_check(&batch, &probe, 1, 1, limits, &shape, err);
}

static void test_batch_content(void)
{
    const struct zg_example good = {stem, 3, options, 2, 1};
    const struct zg_batch batch = {&good, 1, ZG_LOSS_CLASSIFICATION, 1};
    struct zg_engine_limits limits = zg_engine_options_default(&engine).limits;
    zg_engine_limits_include(&limits, &batch);
    CU_ASSERT_EQUAL(check(&good, 1, &limits, NULL), ZG_OK);
    const int32_t beyond[] = {0, 10}, negative[] = {0, -1}, long_stem[5] = {0};
    const struct zg_option empty[] = {{option, 0}}, none[] = {{NULL, 1}};
    const struct zg_example bad[] = {
        {beyond, 2, options, 2, 1}, {negative, 2, options, 2, 1},  {stem, 0, options, 2, 1},
        {NULL, 3, options, 2, 1},   {stem, 3, options, 0, 0},      {stem, 3, NULL, 2, 0},
        {stem, 3, options, 2, 2},   {stem, 3, options, 2, -1},     {stem, 3, empty, 1, 0},
        {stem, 3, none, 1, 0},      {long_stem, 5, options, 2, 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct zg_error err = {0};
        CU_ASSERT_EQUAL(check(&bad[i], 1, &limits, &err), ZG_INPUT);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "example 0"));
    }
    CU_ASSERT_EQUAL(check(&good, 10, &limits, NULL), ZG_INPUT);
    CU_ASSERT_EQUAL(check(&good, -1, &limits, NULL), ZG_INPUT);
}

/* Each limit by itself, one too small. */
static void test_batch_limits(void)
{
    const struct zg_example good = {stem, 3, options, 2, 1};
    const struct zg_batch batch = {&good, 1, ZG_LOSS_LM, 1};
    struct zg_engine_limits limits = zg_engine_options_default(&engine).limits;
    zg_engine_limits_include(&limits, &batch);
    const struct zg_engine_limits exact = limits;
    int64_t *const fields[] = {&limits.max_examples,      &limits.max_options,
                               &limits.max_option_tokens, &limits.max_tokens,
                               &limits.max_padded_tokens, &limits.max_length};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        limits = exact;
        --*fields[i];
        CU_ASSERT_EQUAL(check(&good, 1, &limits, NULL), ZG_USAGE);
    }
    /* including a batch raises limits and never lowers them */
    limits = exact;
    limits.max_tokens = 1000;
    zg_engine_limits_include(&limits, &batch);
    CU_ASSERT_EQUAL(limits.max_tokens, 1000);
}

static void test_probes(void)
{
    const struct zg_example good = {stem, 3, options, 2, 1};
    struct zg_batch batch = {&good, 1, ZG_LOSS_LM, 1};
    struct zg_engine_limits limits = zg_engine_options_default(&engine).limits;
    zg_engine_limits_include(&limits, &batch);
    const struct zg_probe bad[] = {{1, 0}, {-1, 0}, {0, NAN}, {0, INFINITY}}, many[3] = {{0, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_EQUAL(zg_batch_check(&batch, &bad[i], 1, 1, &limits, &shape, NULL), ZG_USAGE);
    CU_ASSERT_EQUAL(zg_batch_check(&batch, many, 2, 1, &limits, &shape, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_batch_check(&batch, many, 3, 1, &limits, &shape, NULL), ZG_USAGE);
    CU_ASSERT_EQUAL(zg_batch_check(&batch, many, 0, 1, &limits, &shape, NULL), ZG_USAGE);
    CU_ASSERT_EQUAL(zg_batch_check(&batch, many, 1, 0, &limits, &shape, NULL), ZG_USAGE);
    batch.n_examples = 0;
    CU_ASSERT_EQUAL(zg_batch_check(&batch, many, 1, 1, &limits, &shape, NULL), ZG_USAGE);
    batch.n_examples = 1;
    batch.loss = (enum zg_loss)9;
    CU_ASSERT_EQUAL(zg_batch_check(&batch, many, 1, 1, &limits, &shape, NULL), ZG_USAGE);
}

/* Lengths whose sums overflow are refused, not wrapped: the limits stay, and no batch of that kind
 * fits. */
static void test_overflow(void)
{
    const struct zg_option huge[] = {{option, INT64_MAX - 1}, {option, INT64_MAX - 1}};
    const struct zg_example example = {stem, 3, huge, 2, 0};
    const struct zg_batch batch = {&example, 1, ZG_LOSS_LM, 1};
    struct zg_engine_limits limits = zg_engine_options_default(&engine).limits;
    const struct zg_engine_limits before = limits;
    zg_engine_limits_include(&limits, &batch);
    CU_ASSERT_EQUAL(memcmp(&limits, &before, sizeof limits), 0);
    CU_ASSERT_EQUAL(zg_batch_check(&batch, &probe, 1, 1, &limits, &shape, NULL), ZG_INPUT);
}

int main(void)
{
    const struct zg_test tests[] = {
        {"defaults pass", test_default},
        {"bad options", test_refused},
        {"settings", test_settings},
        {"bad batches", test_batch_content},
        {"batches beyond each limit", test_batch_limits},
        {"probes", test_probes},
        {"sizes that overflow", test_overflow},
        {NULL, NULL},
    };
    return zg_test_run("engine options", tests);
}
