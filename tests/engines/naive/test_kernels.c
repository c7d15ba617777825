/*
 * test_kernels.c - every variant of the loop's kernels that this machine can run, on odd sizes,
 * against double loops.
 *
 * Tolerances: u = 2^-24.  A sum of n terms of size s is off by at most n u s; the sizes here are
 * below 5000 and the terms below 8, and sums of random terms come far below that bound, so each
 * test says which share it allows.
 */
#include "engines/naive/kernels.h"

#include "engines/base/cpu.h"
#include "engines/base/float_bits.h"
#include "engines/base/philox.h"
#include "tests/support/cunit_run.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    enum zg_isa isa;
    const struct zg_naive_kernels *kernels;
} variants[] = {
    {ZG_ISA_PORTABLE, &zg_naive_kernels_portable},
#ifdef ZG_NAIVE_X86
    {ZG_ISA_AVX2, &zg_naive_kernels_avx2},
    {ZG_ISA_AVX512, &zg_naive_kernels_avx512},
#endif
};
enum { N_VARIANTS = sizeof variants / sizeof variants[0], MAX = 5003 };

static const int64_t lengths[] = {1, 3, 15, 16, 17, 31, 64, 67, 768, 4097, MAX};
enum { N_LENGTHS = sizeof lengths / sizeof lengths[0] };

/* Random numbers with guards behind: a kernel that writes past its row shows. */
static float *draw(int32_t id, int64_t n)
{
    float *x = malloc((size_t)(n + 16) * sizeof *x);
    CU_ASSERT_FATAL(x != NULL);
    zg_philox_normal(5, id, ZG_STREAM_DATA, 0, n, x);
    for (int i = 0; i < 16; i++)
        x[n + i] = 12345.0f;
    return x;
}

static void check_guard(const float *x, int64_t n)
{
    for (int i = 0; i < 16; i++)
        CU_ASSERT_EQUAL(x[n + i], 12345.0f);
}

static void close_to(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance)) {
        char text[160];
        snprintf(text, sizeof text, "%.9g is not %.9g +- %.2g", got, want, tolerance);
        printf("\n    %s", text);
        CU_ASSERT(fabs(got - want) <= tolerance);
    }
}

typedef void variant_test(const struct zg_naive_kernels *k, int64_t n);

static void each(variant_test *test)
{
    for (int v = 0; v < N_VARIANTS; v++)
        for (int i = 0; variants[v].isa <= zg_cpu_isa() && i < N_LENGTHS; i++)
            test(variants[v].kernels, lengths[i]);
}

/* r = 3 multiply-adds on values below 8 x 8: a few roundings of numbers below 200. */
static void lowrank(const struct zg_naive_kernels *k, int64_t n)
{
    float *w = draw(0, n), *w0 = draw(0, n), *vt = draw(1, 3 * MAX);
    const float u[] = {0.5f, -1.25f, 2.0f};
    k->add_lowrank(w, n, 0.75f, u, vt, MAX, 3);
    for (int64_t j = 0; j < n; j++) {
        double want = 0.75 * (double)w0[j];
        for (int64_t r = 0; r < 3; r++)
            want += (double)u[r] * (double)vt[r * MAX + j];
        close_to((double)w[j], want, 4 * 0x1p-24 * 32);
    }
    check_guard(w, n);
    free(w);
    free(w0);
    free(vt);
}
static void test_lowrank(void)
{
    each(lowrank);
}

static void scaled(const struct zg_naive_kernels *k, int64_t n)
{
    float *w = draw(0, n), *w0 = draw(0, n), *z = draw(1, n);
    k->add_scaled(w, n, 1.0f, -0.1f, z);
    for (int64_t j = 0; j < n; j++)
        close_to((double)w[j], (double)w0[j] + (double)-0.1f * (double)z[j], 2 * 0x1p-24 * 8);
    check_guard(w, n);
    free(w);
    free(w0);
    free(z);
}
static void test_scaled(void)
{
    each(scaled);
}

/* mean and variance of n ~ N(0, 1): relative errors near u sqrt(n); the output is below 8 x 8 in
 * size. */
static void norm(const struct zg_naive_kernels *k, int64_t n)
{
    for (int with_bias = 0; with_bias < 2; with_bias++) {
        float *x = draw(0, n), *x0 = draw(0, n), *bias = draw(1, n), *gain = draw(2, n),
              *shift = draw(3, n);
        float *y = draw(4, n);
        k->norm(x, with_bias ? bias : NULL, gain, shift, y, n);
        double mean = 0, variance = 0;
        for (int64_t j = 0; j < n; j++) {
            const float moved = with_bias ? x0[j] + bias[j] : x0[j];
            CU_ASSERT_EQUAL(x[j], moved); /* the residual stream itself, exactly */
            mean += (double)moved / (double)n;
        }
        for (int64_t j = 0; j < n; j++)
            variance += pow((double)x[j] - mean, 2) / (double)n;
        for (int64_t j = 0; j < n; j++) {
            /* a lone element is its own mean, up to the rounding of that mean over sqrt(eps) */
            const double want =
                ((double)x[j] - mean) / sqrt(variance + 1e-5) * (double)gain[j] + (double)shift[j];
            close_to((double)y[j], want, 0x1p-24 * (double)(8 * (n < 4 ? 400 : 16)));
        }
        check_guard(y, n);
        free(x);
        free(x0);
        free(bias);
        free(gain);
        free(shift);
        free(y);
    }
}
static void test_norm(void)
{
    each(norm);
}

static void relu(const struct zg_naive_kernels *k, int64_t n)
{
    float *x = draw(0, n), *x0 = draw(0, n), *bias = draw(1, n);
    x[n / 2] = x0[n / 2] = NAN;
    k->bias_relu(x, bias, n);
    for (int64_t j = 0; j < n; j++) {
        const float sum = x0[j] + bias[j];
        CU_ASSERT(isnan(sum) ? isnan(x[j]) : x[j] == (sum > 0 ? sum : 0));
    }
    check_guard(x, n);
    free(x);
    free(x0);
    free(bias);
}
static void test_relu(void)
{
    each(relu);
}

/* exp's polynomial is good to 2e-7; the sum to u sqrt(n / lanes): the logarithm is good to 4e-7 and
 * its own rounding. */
static void log_sum_exp(const struct zg_naive_kernels *k, int64_t n)
{
    const float spreads[] = {1.0f, 10.0f, 60.0f};
    for (int s = 0; s < 3; s++) {
        float *x = draw(6, n);
        double largest = -INFINITY, total = 0;
        for (int64_t j = 0; j < n; j++) {
            x[j] = x[j] * spreads[s] + 100;
            largest = fmax(largest, (double)x[j]);
        }
        for (int64_t j = 0; j < n; j++)
            total += exp((double)x[j] - largest);
        /* logits near 300 have roundings of 2^-16 in x - largest */
        close_to(k->log_sum_exp(x, n), largest + log(total),
                 4e-7 + 0x1p-24 * 4 * (double)spreads[s]);
        x[n - 1] = NAN;
        CU_ASSERT(isnan(k->log_sum_exp(x, n)));
        x[n - 1] = INFINITY;
        CU_ASSERT(!isfinite(k->log_sum_exp(x, n)));
        free(x);
    }
}
static void test_log_sum_exp(void)
{
    each(log_sum_exp);
}

/* One head as textbook loops.  Scores are sums of head_dim products: 4 u sqrt(head_dim) each, the
 * output is an average. */
static void attention_case(const struct zg_naive_kernels *k, int64_t n, int64_t dim)
{
    const int64_t ld = 3 * dim + 5;
    float *qkv = draw(7, n * ld), *bias = draw(8, 3 * dim), *out = draw(9, n * (dim + 1)),
          *before = draw(9, n * (dim + 1));
    float *scratch = aligned_alloc(64, (size_t)(zg_naive_head_scratch(n, dim) + 16) / 16 * 64);
    double *p = calloc((size_t)n, sizeof *p);
    const struct zg_naive_head h = {.n = n,
                                    .head_dim = dim,
                                    .ld = ld,
                                    .q = qkv,
                                    .k = qkv + dim,
                                    .v = qkv + 2 * dim,
                                    .q_bias = bias,
                                    .k_bias = bias + dim,
                                    .v_bias = bias + 2 * dim,
                                    .q_scale = 1 / sqrtf((float)dim),
                                    .out = out,
                                    .ld_out = dim + 1,
                                    .scratch = scratch};
    k->attention(&h);
    for (int64_t t = 0; t < n; t++) {
        double total = 0;
        for (int64_t s = 0; s <= t; s++) {
            p[s] = 0;
            for (int64_t i = 0; i < dim; i++)
                p[s] += ((double)h.q[t * ld + i] + (double)bias[i]) * (double)h.q_scale *
                        ((double)h.k[s * ld + i] + (double)bias[dim + i]);
            total += p[s] = exp(p[s]);
        }
        for (int64_t i = 0; i < dim; i++) {
            double want = 0;
            for (int64_t s = 0; s <= t; s++)
                want += p[s] / total * ((double)h.v[s * ld + i] + (double)bias[2 * dim + i]);
            close_to((double)out[t * (dim + 1) + i], want, 2e-5);
        }
        /* the column between two rows is left alone */
        CU_ASSERT_EQUAL(out[t * (dim + 1) + dim], before[t * (dim + 1) + dim]);
    }
    check_guard(out, n * (dim + 1));
    free(qkv);
    free(bias);
    free(out);
    free(before);
    free(scratch);
    free(p);
}

static void test_attention(void)
{
    const int64_t sizes[][2] = {{1, 8}, {4, 8}, {5, 20}, {33, 64}, {68, 64}, {31, 80}, {130, 33}};
    for (int v = 0; v < N_VARIANTS; v++)
        for (size_t i = 0; variants[v].isa <= zg_cpu_isa() && i < sizeof sizes / sizeof sizes[0];
             i++)
            attention_case(variants[v].kernels, sizes[i][0], sizes[i][1]);
}

/* bf16 patterns, NaN and denormals among them, at odd places: the same bits, shifted. */
static void widened(const struct zg_naive_kernels *k, int64_t n)
{
    static uint16_t x[MAX + 3];
    float *y = draw(0, n);
    int64_t n_wrong = 0;
    for (int64_t i = 0; i < n + 3; i++)
        x[i] = (uint16_t)(i * 40503);
    k->widen(x + 3, n, y);
    for (int64_t i = 0; i < n; i++)
        n_wrong += zg_bits_of_float(y[i]) != (uint32_t)x[3 + i] << 16;
    CU_ASSERT_EQUAL(n_wrong, 0);
    check_guard(y, n);
    free(y);
}
static void test_widen(void)
{
    each(widened);
}

int main(void)
{
    const struct zg_test tests[] = {
        {"w + U V^T", test_lowrank},   {"w + c z", test_scaled},
        {"bf16 to fp32", test_widen},  {"layer norm", test_norm},
        {"bias and ReLU", test_relu},  {"log-sum-exp", test_log_sum_exp},
        {"attention", test_attention}, {NULL, NULL},
    };
    return zg_test_run("naive kernels", tests);
}
