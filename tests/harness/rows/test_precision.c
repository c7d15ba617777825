/* test_precision.c - precision.c: dtypes as text, and what each is held to. */
#include "harness/rows/precision.h"

#include <string.h>

#include "tests/support/cunit_run.h"

static void names_parse_back(void)
{
    for (int m = 0; m < ZG_N_DTYPES; m++)
        for (int d = 0; d < ZG_N_DTYPES; d++) {
            enum zg_dtype dtype = ZG_N_DTYPES, dtype_d = ZG_N_DTYPES;
            const char *const name = zg_dtypes_name((enum zg_dtype)m, (enum zg_dtype)d);
            CU_ASSERT_EQUAL(zg_dtypes_parse("--dtype", name, &dtype, &dtype_d, NULL), ZG_OK);
            CU_ASSERT(dtype == (enum zg_dtype)m && dtype_d == (enum zg_dtype)d);
            CU_ASSERT_EQUAL(strchr(name, '+') != NULL, m != d);
        }
}

static void expect_refused(const char *text, const char *says)
{
    enum zg_dtype dtype = ZG_INT8, dtype_d = ZG_INT8;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_dtypes_parse("--dtype", text, &dtype, &dtype_d, &err), ZG_USAGE);
    zg_test_expect_words(err.text, says);
    zg_test_expect_words(err.text, "must be one of fp32 bf16 int8, or two different ones");
    CU_ASSERT(dtype == ZG_INT8 && dtype_d == ZG_INT8); /* left alone */
}

static void others_are_refused(void)
{
    expect_refused("", "--dtype \"\": ");
    expect_refused("fp3", "did you mean 'fp32'?");
    expect_refused("fp321", "--dtype fp321: ");
    expect_refused("BF16", "--dtype BF16: ");
    expect_refused("bf16+bf16", "--dtype bf16+bf16: "); /* not two different ones */
    expect_refused("bf16+", "--dtype bf16+: ");
    expect_refused("+bf16", "--dtype +bf16: ");
    expect_refused("bf61+int8", "did you mean 'bf16'?"); /* the first that is none */
    expect_refused("bf16+int9", "did you mean 'int8'?");
    expect_refused("bf16+int8+fp32", "--dtype bf16+int8+fp32: ");
    expect_refused("a-name-that-is-longer-than-any-dtype", "--dtype a-name-that-");
}

static void the_coarsest_of_a_pair(void)
{
    CU_ASSERT_EQUAL(zg_dtypes_coarsest(NULL), ZG_FP32);
    CU_ASSERT_EQUAL(zg_dtypes_coarsest("nothing"), ZG_FP32);
    CU_ASSERT_EQUAL(zg_dtypes_coarsest("fp32+bf16"), ZG_BF16);
    CU_ASSERT_EQUAL(zg_dtypes_coarsest("bf16+fp32"), ZG_BF16);
    CU_ASSERT_EQUAL(zg_dtypes_coarsest("bf16+int8"), ZG_INT8); /* 1/254 is more than 2^-8 */
    CU_ASSERT_EQUAL(zg_dtypes_coarsest("int8"), ZG_INT8);
    CU_ASSERT_EQUAL(zg_dtype_coarser(ZG_FP16, ZG_BF16), ZG_BF16);
    CU_ASSERT_EQUAL(zg_dtype_coarser(ZG_FP32, ZG_FP32), ZG_FP32);
    CU_ASSERT_EQUAL(zg_dtype_rounding(ZG_FP32), 0x1p-24);
}

static void what_each_is_held_to(void)
{
    CU_ASSERT_EQUAL(zg_loss_tolerance(ZG_FP32), 1e-5);
    CU_ASSERT_EQUAL(zg_loss_tolerance(ZG_BF16), 2e-2);
    CU_ASSERT_EQUAL(zg_loss_tolerance(ZG_INT8), 1e-1);
    CU_ASSERT_EQUAL(zg_fidelity_rms_bound(ZG_BF16, ZG_BF16), 1.5e-2);
    CU_ASSERT_EQUAL(zg_fidelity_rms_bound(ZG_BF16, ZG_INT8), 2.5e-2);
    CU_ASSERT_EQUAL(zg_fidelity_rms_bound(ZG_INT8, ZG_BF16), 2.5e-2);
    CU_ASSERT_EQUAL(zg_fidelity_rms_bound(ZG_INT8, ZG_INT8), 6e-2);
    CU_ASSERT_EQUAL(zg_fidelity_sign_bound(ZG_FP32, ZG_BF16), 0.995);
    CU_ASSERT_EQUAL(zg_fidelity_sign_bound(ZG_BF16, ZG_INT8), 0.99);
    CU_ASSERT_EQUAL(zg_fidelity_sign_bound(ZG_INT8, ZG_BF16), 0.99);
    CU_ASSERT_EQUAL(zg_fidelity_sign_bound(ZG_INT8, ZG_INT8), 0.98);
}

int main(void)
{
    static const struct zg_test tests[] = {{"names parse back", names_parse_back},
                                           {"others are refused", others_are_refused},
                                           {"the coarsest of a pair", the_coarsest_of_a_pair},
                                           {"what each is held to", what_each_is_held_to},
                                           {0}};
    return zg_test_run("precision", tests);
}
