/* test_fidelity.c - harness/bench/fidelity.h: errors and signs by hand, and the bounds. */
#include "harness/bench/fidelity.h"
#include "harness/rows/precision.h"

#include <math.h>

#include "tests/support/cunit_run.h"

static void test_by_hand(void)
{
    /* 3, 4 (large) and 0.003, 0 (not): errors 0.6, -0.8, sign lost at 0.003, 0 kept */
    const double reference[] = {3, -4, 0.003, 0};
    const double dl[] = {3.6, -4.8, -0.003, 0};
    const struct zg_fidelity_result result = zg_fidelity_compare(dl, reference, 4);
    CU_ASSERT_EQUAL(result.n_probes, 4);
    /* (0.36 + 0.64 + 3.6e-5) / (9 + 16 + 9e-6) */
    CU_ASSERT_DOUBLE_EQUAL(result.rms, sqrt(1.000036 / 25.000009), 1e-12);
    CU_ASSERT_EQUAL(result.sign, 0.75);
    CU_ASSERT_EQUAL(result.sign_large, 1);
    CU_ASSERT_EQUAL(result.n_large, 2);
}

static void test_edges(void)
{
    /* the paper's rule includes 0.005; a zero is no sign */
    const double reference[] = {0.005, -0.005, 0.0049};
    const double dl[] = {0, 0.005, 0.0049};
    struct zg_fidelity_result result = zg_fidelity_compare(dl, reference, 3);
    CU_ASSERT_EQUAL(result.n_large, 2);
    CU_ASSERT_EQUAL(result.sign_large, 0);
    CU_ASSERT_DOUBLE_EQUAL(result.sign, 1.0 / 3, 1e-12);
    /* nothing large, nothing wrong */
    result = zg_fidelity_compare(reference + 2, reference + 2, 1);
    CU_ASSERT_EQUAL(result.rms, 0);
    CU_ASSERT_TRUE(isnan(result.sign_large));
    /* what is not a number has no sign and no error */
    const double nan_dl[] = {NAN, -0.005, 0.0049};
    result = zg_fidelity_compare(nan_dl, reference, 3);
    CU_ASSERT_TRUE(isnan(result.rms));
    CU_ASSERT_EQUAL(result.sign_large, 0.5);
}

static void test_bounds(void)
{
    CU_ASSERT_EQUAL(zg_fidelity_rms_bound(ZG_BF16, ZG_BF16), 1.5e-2);
    CU_ASSERT_EQUAL(zg_fidelity_rms_bound(ZG_FP32, ZG_BF16), 1.5e-2);
    CU_ASSERT_EQUAL(zg_fidelity_rms_bound(ZG_BF16, ZG_INT8), 2.5e-2);
    CU_ASSERT_EQUAL(zg_fidelity_rms_bound(ZG_INT8, ZG_INT8), 6e-2);
    CU_ASSERT_EQUAL(zg_fidelity_sign_bound(ZG_BF16, ZG_BF16), 0.995);
    CU_ASSERT_EQUAL(zg_fidelity_sign_bound(ZG_BF16, ZG_INT8), 0.99);
    CU_ASSERT_EQUAL(zg_fidelity_sign_bound(ZG_INT8, ZG_INT8), 0.98);
}

int main(void)
{
    static const struct zg_test tests[] = {{"error and signs by hand", test_by_hand},
                                           {"zeros, edges, and no number", test_edges},
                                           {"bounds of each precision", test_bounds},
                                           {NULL, NULL}};
    return zg_test_run("harness/fidelity", tests);
}
