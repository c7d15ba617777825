/* test_case.c - case.h: defaults, sweeps, refusals. */
#include <string.h>

#include "harness/request/case.h"
#include "harness/request/offered.h"
#include "harness/rows/precision.h"
#include "tests/support/cunit_run.h"

static const struct zg_flag *flag_named(const char *name)
{
    for (const struct zg_flag *flag = zg_case_flags; flag->name; flag++)
        if (strcmp(flag->name, name) == 0)
            return flag;
    return NULL;
}

static enum zg_status add(struct zg_sweep *sweep, const char *name, const char *value)
{
    return zg_sweep_add(sweep, flag_named(name), value, NULL);
}

static void expect_algorithm(const struct zg_case *c, const char *expected)
{
    char text[ZG_ALGORITHM_TEXT];
    CU_ASSERT_STRING_EQUAL(zg_algorithm_text(&c->algorithm, text), expected);
}

static void test_defaults(void)
{
    const struct zg_sweep sweep = {0};
    struct zg_case c;
    CU_ASSERT_EQUAL(zg_sweep_n_cases(&sweep), 1);
    CU_ASSERT_EQUAL_FATAL(zg_sweep_case(&sweep, 0, &c, NULL), ZG_OK);
    CU_ASSERT_STRING_EQUAL(c.model, "opt-125m");
    CU_ASSERT_STRING_EQUAL(c.task, "embedded");
    CU_ASSERT_PTR_NULL(c.tokenizer);
    CU_ASSERT_EQUAL(c.batch, 16);
    CU_ASSERT_EQUAL(c.bos, ZG_BOS_OFFICIAL);
    CU_ASSERT_EQUAL(c.dtype, ZG_FP32);
    CU_ASSERT_EQUAL(c.dtype_d, ZG_FP32);
    CU_ASSERT_EQUAL(c.layers_resident, 0);
    CU_ASSERT_EQUAL(c.split, ZG_SPLIT_TRAIN);
    expect_algorithm(&c, "lozo:rank=2+nu=50+eps=0.001+lr=1e-06");
    const struct zg_algorithm_choice choice = zg_case_algorithm(&c);
    CU_ASSERT_EQUAL(choice.seed, c.seed);
    CU_ASSERT_EQUAL(choice.scope, ZG_SCOPE_LINEAR);
    /* what --help shows as defaults of the short forms are those of the algorithm */
    for (const struct zg_flag *flag = zg_case_flags; flag->name; flag++) {
        struct zg_case alone = {0};
        if (!zg_algorithm_option(choice.algorithm, flag->name))
            continue;
        CU_ASSERT_EQUAL(zg_flag_set(&alone, flag, flag->fallback, NULL), ZG_OK);
        expect_algorithm(&alone, "lozo:rank=2+nu=50+eps=0.001+lr=1e-06");
    }
}

static void test_algorithm(void)
{
    struct zg_sweep sweep = {0};
    struct zg_case c;
    struct zg_error err = {0};
    /* short forms come after the text, wherever they stand, and sweep with it */
    CU_ASSERT_EQUAL(add(&sweep, "rank", "1,4"), ZG_OK);
    CU_ASSERT_EQUAL(add(&sweep, "algorithm", "lozo:nu=10,lozo:lr=0+direction=official"), ZG_OK);
    CU_ASSERT_EQUAL(add(&sweep, "scope", "full"), ZG_OK);
    static const char *const texts[] = {
        "lozo:rank=1+nu=10+eps=0.001+lr=1e-06",
        "lozo:rank=1+nu=50+eps=0.001+lr=0+direction=official",
        "lozo:rank=4+nu=10+eps=0.001+lr=1e-06",
        "lozo:rank=4+nu=50+eps=0.001+lr=0+direction=official",
    };
    CU_ASSERT_EQUAL_FATAL(zg_sweep_n_cases(&sweep), 4);
    for (int64_t i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL_FATAL(zg_sweep_case(&sweep, i, &c, NULL), ZG_OK);
        expect_algorithm(&c, texts[i]);
        CU_ASSERT_EQUAL(zg_case_algorithm(&c).scope, ZG_SCOPE_FULL);
    }
    /* the same value twice is no contradiction, another is one */
    CU_ASSERT_EQUAL(add(&sweep, "nu", "10"), ZG_OK);
    CU_ASSERT_EQUAL(zg_sweep_case(&sweep, 0, &c, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_sweep_case(&sweep, 1, &c, NULL), ZG_OK);
    CU_ASSERT_EQUAL(add(&sweep, "nu", "20"), ZG_OK);
    CU_ASSERT_EQUAL(zg_sweep_case(&sweep, 0, &c, &err), ZG_USAGE);
    zg_test_expect_words(err.text, "--nu 20: --algorithm says otherwise, lozo:rank=2+nu=10");
    zg_sweep_close(&sweep);
}

static void test_sweep(void)
{
    struct zg_sweep sweep = {0};
    struct zg_case c;
    CU_ASSERT_EQUAL(add(&sweep, "model", "opt-125m,opt-1.3b"), ZG_OK);
    CU_ASSERT_EQUAL(add(&sweep, "batch", "16,32,64"), ZG_OK);
    CU_ASSERT_EQUAL(add(&sweep, "bos", "stock"), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_sweep_n_cases(&sweep), 6);
    /* the last option varies fastest, every combination appears once */
    static const char *const models[] = {"opt-125m", "opt-1.3b"};
    static const int64_t batches[] = {16, 32, 64};
    for (int64_t i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL_FATAL(zg_sweep_case(&sweep, i, &c, NULL), ZG_OK);
        CU_ASSERT_STRING_EQUAL(c.model, models[i / 3]);
        CU_ASSERT_EQUAL(c.batch, batches[i % 3]);
        CU_ASSERT_EQUAL(c.bos, ZG_BOS_STOCK);
    }
    /* the last use of an option wins */
    CU_ASSERT_EQUAL(add(&sweep, "batch", "8"), ZG_OK);
    CU_ASSERT_EQUAL(zg_sweep_n_cases(&sweep), 2);
    CU_ASSERT_EQUAL(zg_sweep_case(&sweep, 1, &c, NULL), ZG_OK);
    CU_ASSERT_EQUAL(c.batch, 8);
    zg_sweep_close(&sweep);
}

static void test_ranges(void)
{
    struct zg_sweep sweep = {0};
    struct zg_case c;
    CU_ASSERT_EQUAL(add(&sweep, "batch", "4-16+4"), ZG_OK);
    CU_ASSERT_EQUAL(add(&sweep, "rank", "1-4*2,8"), ZG_OK);
    CU_ASSERT_EQUAL(add(&sweep, "seed", "3-4"), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_sweep_n_cases(&sweep), 32);
    CU_ASSERT_EQUAL_FATAL(zg_sweep_case(&sweep, 31, &c, NULL), ZG_OK);
    CU_ASSERT_EQUAL(c.batch, 16);
    CU_ASSERT_EQUAL(c.seed, 4);
    expect_algorithm(&c, "lozo:rank=8+nu=50+eps=0.001+lr=1e-06");
    zg_sweep_close(&sweep);
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_sweep_add(&sweep, flag_named("batch"), "16x", &err), ZG_USAGE);
    zg_test_expect_words(err.text, "--batch 16x: must be an integer from 1 to 1048576; a list "
                                   "(4,16) or a range (4-16+4, 1-64*2) is a sweep");
    zg_sweep_close(&sweep);
    /* a command of one case has neither */
    sweep.one_case = true;
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_sweep_add(&sweep, flag_named("batch"), "4-16+4", &err), ZG_USAGE);
    zg_test_expect_words(err.text, "--batch 4-16+4: a list is a sweep");
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_sweep_add(&sweep, flag_named("batch"), "16x", &err), ZG_USAGE);
    CU_ASSERT_PTR_NULL(strstr(err.text, "range"));
    zg_sweep_close(&sweep);
}

/* What help says of who has a choice is what the engines declare. */
static void test_who_has_it(void)
{
    char text[128];
    zg_offered_scope(ZG_SCOPE_FULL, text, sizeof text);
    CU_ASSERT_EQUAL(strncmp(text, "naive and ", 10), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "fused have it"));
    CU_ASSERT_STRING_EQUAL(zg_offered_kind(ZG_DIRECTION_DENSE, text, sizeof text), "naive has it");
    CU_ASSERT_STRING_EQUAL(zg_offered_feature(ZG_F_DECAY, text, sizeof text), "naive has it");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(zg_offered_feature(ZG_F_MOMENTUM, text, sizeof text), "naive and "));
    const struct zg_engine *engine;
    for (int64_t i = 0; (engine = zg_engine_at(i)); i++) {
        CU_ASSERT_EQUAL(engine->dtypes >> ZG_BF16 & 1, strcmp(engine->name, "openblas") != 0);
        CU_ASSERT_EQUAL(engine->dtypes >> ZG_INT8 & 1,
                        strcmp(engine->name, "fused") == 0 || strcmp(engine->name, "onednn") == 0);
    }
    CU_ASSERT_PTR_NOT_NULL(
        strstr(flag_named("dtype")->summary, "(bf16: not openblas; int8: fused and onednn)"));
    struct zg_sweep sweep = {0};
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_sweep_add(&sweep, flag_named("dtype"), "fp16", &err), ZG_USAGE);
    zg_test_expect_words(err.text, "--dtype fp16: no engine of this build has fp16; they have "
                                   "fp32, bf16, int8");
    zg_sweep_close(&sweep);
}

static void test_dtype_pairs(void)
{
    struct zg_sweep sweep = {0};
    struct zg_case c;
    CU_ASSERT_EQUAL_FATAL(add(&sweep, "dtype", "bf16,bf16+int8,fp32+bf16"), ZG_OK);
    static const enum zg_dtype want[][2] = {
        {ZG_BF16, ZG_BF16}, {ZG_BF16, ZG_INT8}, {ZG_FP32, ZG_BF16}};
    for (int64_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL_FATAL(zg_sweep_case(&sweep, i, &c, NULL), ZG_OK);
        CU_ASSERT_EQUAL(c.dtype, want[i][0]);
        CU_ASSERT_EQUAL(c.dtype_d, want[i][1]);
    }
    zg_sweep_close(&sweep);
    /* the text of a CSV cell is read back as the same pair */
    for (int m = 0; m < ZG_N_DTYPES; m++)
        for (int d = 0; d < ZG_N_DTYPES; d++) {
            enum zg_dtype dtype = ZG_N_DTYPES, dtype_d = ZG_N_DTYPES;
            const char *const text = zg_dtypes_name((enum zg_dtype)m, (enum zg_dtype)d);
            CU_ASSERT_EQUAL(zg_dtypes_parse("dtype", text, &dtype, &dtype_d, NULL), ZG_OK);
            CU_ASSERT_EQUAL((int)dtype, m);
            CU_ASSERT_EQUAL((int)dtype_d, d);
        }
    CU_ASSERT_EQUAL(zg_dtype_coarser(ZG_FP32, ZG_BF16), ZG_BF16);
    CU_ASSERT_EQUAL(zg_dtype_coarser(ZG_BF16, ZG_FP16), ZG_BF16);
}

static void test_refusals(void)
{
    static const char *const bad[][2] = {
        {"batch", "0"},
        {"batch", "-16"},
        {"batch", "16,"},
        {"batch", "16,x"},
        {"batch", "16,16"},
        {"batch", "4,04"}, /* one value, written twice */
        {"rank", "4,04"},
        {"eps", "1e-3,0.001"},
        {"seed", "1,01"},
        {"batch", "4,4-8+4"},
        {"batch", "16-4"},
        {"batch", "4-8*1"},
        {"batch", "+4"},
        {"batch", "0x4"},
        {"rank", "1-1001"},
        {"eps", "0x1p-10"},
        {"eps", "1e-3-1e-1"},
        {"lr", "+1"},
        {"model", "/tmp,/tmp/../tmp/"},
        {"dtype", "fp32,fp32"},
        {"dtype", "fp16"},
        {"dtype", "bf16+fp16"},
        {"bos", "official,0"},
        {"algorithm", "lozo,lozo:rank=2"},
        {"rank", "0"},
        {"nu", "0"},
        {"eps", "0"},
        {"eps", "-1e-3"},
        {"eps", "nan"},
        {"eps", "1e-60"},
        {"lr", "-1"},
        {"lr", "inf"},
        {"lr", "1e60"},
        {"scope", "half"},
        {"direction", "wrong"},
        {"dtype", "fp64"},
        {"bos", "maybe"},
        {"bos", "-1"},
        {"split", "test"},
        {"dtype", "bf16+"},
        {"dtype", "bf16+bf16"},
        {"layers-resident", "-1"},
        {"limit", "0"},
        {"algorithm", "adam"},
        {"algorithm", "lozo:rank=0"},
        {"algorithm", "lozo:beta=1"},
        {"algorithm", "lozo,lozo"},
        {"objective", "lm"},
        {"model", ""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct zg_sweep sweep = {0};
        struct zg_error err = {0};
        const enum zg_status status = zg_sweep_add(&sweep, flag_named(bad[i][0]), bad[i][1], &err);
        if (status != ZG_USAGE || !strstr(err.text, bad[i][0]))
            printf("--%s %s: status %d, %s\n", bad[i][0], bad[i][1], (int)status, err.text);
        CU_ASSERT_EQUAL(status, ZG_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i][0]));
        zg_sweep_close(&sweep);
    }
}

static void test_too_many(void)
{
    struct zg_sweep sweep = {0};
    char list[8192];
    size_t n = 0;
    for (int i = 1; i <= 200; i++)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%d", i > 1 ? "," : "", i);
    CU_ASSERT_EQUAL(add(&sweep, "batch", list), ZG_OK);
    CU_ASSERT_EQUAL(add(&sweep, "rank", list), ZG_USAGE); /* 40,000 cases */
    zg_sweep_close(&sweep);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"defaults", test_defaults},
        {"an algorithm, its options and their short forms", test_algorithm},
        {"a sweep is the product of the lists", test_sweep},
        {"ranges of integers", test_ranges},
        {"who has a choice", test_who_has_it},
        {"dtypes and pairs of them", test_dtype_pairs},
        {"what makes no sense is refused", test_refusals},
        {"a sweep has an end", test_too_many},
        {NULL, NULL}};
    return zg_test_run("harness/case", tests);
}
