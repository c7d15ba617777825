/* test_peak.c - harness/peak.c: plausible, and the kernels compute what they say. */
#include "harness/peak.h"

#include <math.h>
#include <stdlib.h>

#include "engines/base/arena.h"
#include "harness/peak_kernels.h"
#include "tests/support/cunit_run.h"

static const struct zg_peak_kernel *kernel(int i)
{
#if defined(__x86_64__)
    static const struct zg_peak_kernel *const kernels[] = {&zg_peak_portable, &zg_peak_avx2,
                                                           &zg_peak_avx512};
    return i < 3 && kernels[i]->isa <= zg_cpu_isa() ? kernels[i] : NULL;
#else
    return i == 0 ? &zg_peak_portable : NULL;
#endif
}

/* acc <- acc / 2 + 1 has the fixed point 2, reached to rounding after 40 iterations: the sum
 * over all accumulators' lanes, flops_per_iteration / 2 of them, is twice their number.  All
 * values are small dyadic numbers: exact. */
static void fma_computes(void)
{
    for (int i = 0; kernel(i); i++) {
        const float lanes = (float)kernel(i)->flops_per_iteration / 2;
        CU_ASSERT_EQUAL(kernel(i)->fma(200, 0.5f, 1.0f), 2 * lanes);
    }
}

/* Sums of small integers in fp32 are exact below 2^24. */
static void read_sums(void)
{
    void *buffer = NULL;
    const int64_t n = 4 * ZG_PEAK_READ_UNIT;
    CU_ASSERT_EQUAL_FATAL(zg_buffer_alloc(&buffer, n, sizeof(float), "test", NULL), ZG_OK);
    float *const x = buffer;
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)(i % 100);
    float want = 0;
    for (int64_t i = 0; i < n; i++)
        want += x[i];
    for (int i = 0; kernel(i); i++)
        CU_ASSERT_EQUAL(kernel(i)->read(x, n), want);
    zg_buffer_free(buffer);
}

/* No processor does more than 4 TFLOP/s of fp32 a core, and every one does 0.01 GFLOP/s, a
 * sanitizer build and a busy machine included; two threads do at most little more than twice one
 * thread's best on the same kernel - not asserted, for other work on the machine may take any
 * share from either. */
static void numbers_are_plausible(void)
{
    struct zg_peak peak;
    struct zg_error err = {0};
    const struct zg_peak_request request = {
        .n_threads = 2, .isa = zg_cpu_isa(), .time_s = 0.05, .read_bytes = 1 << 22};
    CU_ASSERT_EQUAL_FATAL(zg_peak_measure(&peak, &request, &err), ZG_OK);
    CU_ASSERT(peak.fp32_gflops_one > 0.01 && peak.fp32_gflops_one < 4000);
    CU_ASSERT(peak.fp32_gflops_all > 0.01 && peak.fp32_gflops_all < 8000);
    CU_ASSERT(peak.fp32_gflops_all_median > 0 &&
              peak.fp32_gflops_all_median <= peak.fp32_gflops_all);
    CU_ASSERT(peak.read_gb_per_s_one > 0 && peak.read_gb_per_s_all > 0);
    CU_ASSERT_EQUAL(peak.read_bytes, 1 << 22);
    CU_ASSERT_EQUAL(peak.n_threads, 2);
    printf("\n    %.1f GFLOP/s one thread, %.1f both", peak.fp32_gflops_one, peak.fp32_gflops_all);
}

static void the_read_test_can_be_left_out(void)
{
    struct zg_peak peak;
    const struct zg_peak_request request = {
        .n_threads = 1, .isa = ZG_ISA_PORTABLE, .time_s = 0.01, .read_bytes = -1};
    CU_ASSERT_EQUAL_FATAL(zg_peak_measure(&peak, &request, NULL), ZG_OK);
    CU_ASSERT_EQUAL(peak.isa, ZG_ISA_PORTABLE);
    CU_ASSERT(isnan(peak.read_gb_per_s_one) && isnan(peak.read_gb_per_s_all));
}

int main(void)
{
    const struct zg_test tests[] = {
        {"the multiply-add kernels compute", fma_computes},
        {"the read kernels sum", read_sums},
        {"numbers are plausible", numbers_are_plausible},
        {"the read test can be left out", the_read_test_can_be_left_out},
        {0}};
    return zg_test_run("peak", tests);
}
