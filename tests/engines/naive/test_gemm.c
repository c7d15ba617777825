/* test_gemm.c - every matrix product of the build, on every vector width of the plain one, against
 * double sums. */
#include "engines/naive/gemm.h"

#include "engines/base/convert.h"
#include "engines/base/narrow.h"
#include "engines/base/philox.h"
#include "tests/support/cunit_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A matrix as bf16 holds it: in fp32, and in bf16. */
static void *round_all(float *x, int64_t n)
{
    uint16_t *low = calloc((size_t)n, sizeof *low);
    zg_narrow_at(0)->bf16(x, n, low);
    for (int64_t i = 0; i < n; i++)
        x[i] = zg_float_of_bf16(low[i]);
    return low;
}

/* |error| <= k u sum |x w| in the worst case; random terms stay within 4 u sqrt(k) of sums of size
 * sqrt(k).  bf16 numbers have exact products. */
static void check(const struct zg_naive_gemm_library *library, enum zg_dtype dtype,
                  const struct zg_naive_kernels *kernels, int64_t m, int64_t n, int64_t k,
                  bool accumulate, int64_t n_threads)
{
    const int64_t ldx = k + 3, ldw = k + 1, ldy = n + 2;
    float *x = calloc((size_t)(m * ldx), sizeof *x), *w = calloc((size_t)(n * ldw), sizeof *w);
    float *y = calloc((size_t)(m * ldy), sizeof *y), *y0 = calloc((size_t)(m * ldy), sizeof *y0);
    zg_philox_normal(1, 0, ZG_STREAM_DATA, 0, m * ldx, x);
    zg_philox_normal(1, 1, ZG_STREAM_DATA, 0, n * ldw, w);
    zg_philox_normal(1, 2, ZG_STREAM_DATA, 0, m * ldy, y0);
    memcpy(y, y0, (size_t)(m * ldy) * sizeof *y);
    const bool low = dtype == ZG_BF16;
    void *const x_low = low ? round_all(x, m * ldx) : NULL;
    void *const w_low = low ? round_all(w, n * ldw) : NULL;
    const struct zg_naive_gemm g = {.dtype = dtype,
                                    .n_rows = m,
                                    .n_out = n,
                                    .n_in = k,
                                    .x = low ? x_low : x,
                                    .ldx = ldx,
                                    .w = low ? w_low : w,
                                    .ldw = ldw,
                                    .y = y,
                                    .ldy = ldy,
                                    .accumulate = accumulate,
                                    .n_threads = n_threads,
                                    .kernels = kernels};
    struct zg_naive_gemm_state *state = NULL;
    struct zg_error err = {0};
    if (library->open)
        CU_ASSERT_EQUAL_FATAL(library->open(&state, &g, 1, &err), ZG_OK);
    library->run(state, &g);
    if (library->close)
        library->close(&state);
    CU_ASSERT_PTR_NULL(state);
    const double tolerance = 8 * 0x1p-24 * (double)k;
    double worst = 0;
    for (int64_t i = 0; i < m; i++)
        for (int64_t o = 0; o < ldy; o++) {
            double want = accumulate || o >= n ? (double)y0[i * ldy + o] : 0;
            for (int64_t j = 0; o < n && j < k; j++)
                want += (double)x[i * ldx + j] * (double)w[o * ldw + j];
            worst = fmax(worst, fabs((double)y[i * ldy + o] - want));
        }
    if (!(worst <= tolerance))
        printf("\n    %d x %d x %d: off by %.3g, allowed %.3g", (int)m, (int)n, (int)k, worst,
               tolerance);
    CU_ASSERT(worst <= tolerance);
    free(x);
    free(w);
    free(y);
    free(y0);
    free(x_low);
    free(w_low);
}

/* Does the library have the dtype on this machine? */
static bool has_dtype(const struct zg_naive_gemm_library *library, enum zg_dtype dtype)
{
    const struct zg_naive_gemm g = {
        .dtype = dtype, .n_out = 8, .n_in = 8, .ldx = 8, .ldw = 8, .ldy = 8, .n_threads = 1};
    struct zg_naive_gemm_state *state = NULL;
    struct zg_error err = {0};
    const enum zg_status status = library->open ? library->open(&state, &g, 1, &err) : ZG_OK;
    if (library->close)
        library->close(&state);
    if (status == ZG_ENV)
        printf("skipped: %s ", err.text);
    return status != ZG_ENV;
}

static void check_all(const char *name)
{
    static const int64_t sizes[][3] = {{1, 1, 1},      {3, 5, 7},     {4, 32, 256},
                                       {5, 33, 257},   {64, 31, 16},  {130, 100, 768},
                                       {17, 1009, 40}, {2051, 9, 11}, {5, 1030, 1100}};
    static const enum zg_dtype dtypes[] = {ZG_FP32, ZG_BF16};
    const struct zg_naive_gemm_library *library = zg_naive_gemm_find(name);
    if (!library) {
        printf("skipped: not in this build ");
        return;
    }
    const struct zg_naive_kernels *kernels = NULL;
    const char *isas[] = {"portable", "avx2", "avx512"};
    for (int d = 0; d < 2; d++) {
        if (!has_dtype(library, dtypes[d]))
            continue;
        for (int v = 0; v < (strcmp(name, "reference") == 0 ? 3 : 1); v++) {
            setenv("ZOGAP_ISA", isas[v], 1);
            CU_ASSERT_EQUAL_FATAL(zg_naive_kernels_choose(&kernels, NULL), ZG_OK);
            for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
                for (int64_t t = 1; t <= 3; t++)
                    check(library, dtypes[d], kernels, sizes[i][0], sizes[i][1], sizes[i][2],
                          (i + (size_t)t) % 2, t);
        }
    }
    unsetenv("ZOGAP_ISA");
}

static void test_openblas(void)
{
    check_all("openblas");
}
static void test_onednn(void)
{
    check_all("onednn");
}
static void test_reference(void)
{
    check_all("reference");
}

static void test_find(void)
{
    CU_ASSERT_PTR_NOT_NULL(zg_naive_gemm_find("reference"));
    CU_ASSERT_PTR_NULL(zg_naive_gemm_find("cublas"));
    CU_ASSERT_PTR_NULL(zg_naive_gemm_find(""));
    CU_ASSERT_PTR_NOT_NULL(zg_naive_gemm_find(ZG_NAIVE_GEMM_DEFAULT));
    /* the library's own: the macro depends on definitions that a test lacks */
    CU_ASSERT_PTR_NOT_NULL(zg_naive_gemm_find(zg_naive_gemm_default(ZG_FP32)));
    /* what is chosen for bf16 has it here */
    const struct zg_naive_gemm_library *library =
        zg_naive_gemm_find(zg_naive_gemm_default(ZG_BF16));
    CU_ASSERT_FATAL(library != NULL);
    CU_ASSERT(has_dtype(library, ZG_BF16));
    if (zg_naive_gemm_find("openblas"))
        CU_ASSERT_STRING_NOT_EQUAL(library->name, "reference");
}

int main(void)
{
    const struct zg_test tests[] = {
        {"find", test_find},
        {"openblas", test_openblas},
        {"onednn", test_onednn},
        {"reference", test_reference},
        {NULL, NULL},
    };
    return zg_test_run("naive gemm", tests);
}
