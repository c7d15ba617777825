/*
 * test_kernels.c - every variant of kernels.c against the reference, on every tile size and odd
 * depths.
 *
 * A new line in the table is found and tested here without a change.
 */
#include <stdio.h>

#include "engines/base/arena.h"
#include "engines/fused/kernels.h"
#include "tests/engines/fused/guard.h"
#include "tests/support/cunit_run.h"

/* Runs check() on each variant that this machine can run. */
static void each_variant(void (*check)(const struct zg_kernels *kernels))
{
    const struct zg_kernels *kernels;
    int64_t n_run = 0;
    for (int64_t i = 0; (kernels = zg_kernels_at(i)); i++) {
        if (kernels->isa > zg_cpu_isa()) {
            printf("skipped %s: this machine has no %s\n", kernels->name,
                   zg_isa_name(kernels->isa));
            continue;
        }
        check(kernels);
        n_run++;
    }
    CU_ASSERT(n_run >= 2); /* the reference and the portable one run anywhere */
}

enum epilogue { NOTHING, BIAS, BIAS_RELU, BASE, BASE_IS_Y, EVERYTHING, N_EPILOGUES };

/* One tile of the variant against the formula in double; returns the number of wrong outputs. */
static int64_t wrong_outputs(const struct zg_kernels *kernels, int64_t n_rows, int64_t n_out,
                             int64_t n_k, int64_t n_extra, enum epilogue epilogue, uint64_t *seed)
{
    const int64_t n_bias_rows = n_rows - n_k % 3; /* all, but one, but two; negative is none */
    const int64_t nr = kernels->nr, ldx = n_k + n_extra + 3;
    float *w = NULL;
    if (zg_buffer_alloc((void **)&w, (n_k + n_extra) * nr, (int64_t)sizeof(float), "w", NULL))
        abort();
    for (int64_t i = 0; i < (n_k + n_extra) * nr; i++)
        w[i] = i % nr < n_out ? test_uniform(seed) : 0.0f;
    struct guarded x = guarded_open(n_rows, n_k + n_extra, ldx);
    struct guarded bias = guarded_open(1, n_out, n_out);
    struct guarded base = guarded_open(n_rows, n_out, n_out + 5);
    struct guarded y = guarded_open(n_rows, n_out, n_out + 3);
    guarded_fill(&x, seed);
    guarded_fill(&bias, seed);
    guarded_fill(&base, seed);
    struct guarded before = guarded_open(n_rows, n_out, n_out + 3); /* y as base */
    guarded_fill(&before, seed);
    for (int64_t i = 0; i < n_rows * y.ld; i++)
        y.data[i] = before.data[i];

    const bool has_bias = epilogue == BIAS || epilogue == BIAS_RELU || epilogue == EVERYTHING;
    const bool relu = epilogue == BIAS_RELU || epilogue == EVERYTHING;
    const struct guarded *b = epilogue == BASE_IS_Y ? &before : &base;
    const bool has_base = epilogue == BASE || epilogue == BASE_IS_Y || epilogue == EVERYTHING;
    const struct zg_gemm_tile t = {
        .w = w,
        .x = x.data,
        .ldx = ldx,
        .n_k = n_k,
        .x_extra = x.data + n_k,
        .n_extra = n_extra,
        .bias = has_bias ? bias.data : NULL,
        .n_bias_rows = n_bias_rows,
        .base = !has_base               ? NULL
                : epilogue == BASE_IS_Y ? y.data
                                        : base.data,
        .ld_base = epilogue == BASE_IS_Y ? y.ld : base.ld,
        .relu = relu,
        .y = y.data,
        .ldy = y.ld,
        .n_rows = n_rows,
        .n_out = n_out,
        .prefetch = (const char *)w,
        .n_prefetch = 2,
    };
    kernels->gemm_paired(&t);

    int64_t n_wrong = 0;
    for (int64_t i = 0; i < n_rows; i++)
        for (int64_t o = 0; o < n_out; o++) {
            double sum = 0.0, magnitude = 0.0;
            for (int64_t k = 0; k < n_k + n_extra; k++) {
                const double term = (double)w[k * nr + o] * (double)x.data[i * ldx + k];
                sum += term;
                magnitude += fabs(term);
            }
            if (has_bias && i < n_bias_rows) {
                sum += (double)bias.data[o];
                magnitude += fabs((double)bias.data[o]);
            }
            if (has_base) {
                sum += (double)b->data[i * b->ld + o];
                magnitude += fabs((double)b->data[i * b->ld + o]);
            }
            if (relu && sum < 0.0)
                sum = 0.0; /* ReLU brings no two values further apart */
            const double error = fabs((double)y.data[i * y.ld + o] - sum);
            n_wrong += !(error <= sum_bound(n_k + n_extra, 2, magnitude));
        }
    n_wrong += !guarded_intact(&y);
    zg_buffer_free(w);
    guarded_close(&x);
    guarded_close(&bias);
    guarded_close(&base);
    guarded_close(&y);
    guarded_close(&before);
    return n_wrong;
}

static void check_gemm_paired(const struct zg_kernels *kernels)
{
    static const int64_t depths[] = {1, 3, 4, 31, 64, 333};
    static const int64_t extras[] = {0, 1, 2, 4, 9};
    uint64_t seed = 1;
    int64_t n_wrong = 0, n_tiles = 0;
    for (int64_t rows = 1; rows <= kernels->mr; rows++)
        for (int64_t out = 1; out <= kernels->nr; out++) {
            /* Depth, extras and epilogue walk with coprime strides, so that all pairs meet. */
            const int64_t n_k = depths[n_tiles % 6], n_extra = extras[n_tiles % 5];
            for (int e = 0; e < N_EPILOGUES; e++)
                n_wrong += wrong_outputs(kernels, rows, out, n_k, n_extra, (enum epilogue)e, &seed);
            n_tiles++;
        }
    if (n_wrong)
        printf("%s: %lld wrong\n", kernels->name, (long long)n_wrong);
    CU_ASSERT_EQUAL(n_wrong, 0);
}
static void test_gemm_paired(void)
{
    each_variant(check_gemm_paired);
}

static void check_gemm_rowmajor(const struct zg_kernels *kernels)
{
    static const int64_t depths[] = {1, 7, 8, 15, 16, 33, 200};
    uint64_t seed = 2;
    int64_t n_wrong = 0;
    for (int64_t rows = 1; rows <= kernels->dot_rows; rows++)
        for (int64_t out = 1; out <= kernels->dot_outs; out++)
            for (int d = 0; d < 7; d++) {
                const int64_t n_k = depths[d];
                struct guarded w = guarded_open(out, n_k, n_k + 1);
                struct guarded x = guarded_open(rows, n_k, n_k + 2);
                struct guarded y = guarded_open(rows, out, out + 3);
                guarded_fill(&w, &seed);
                guarded_fill(&x, &seed);
                const struct zg_dot_tile t = {w.data, w.ld, x.data, x.ld, n_k,
                                              y.data, y.ld, rows,   out,  (const char *)w.data,
                                              2};
                kernels->gemm_rowmajor(&t);
                for (int64_t i = 0; i < rows; i++)
                    for (int64_t o = 0; o < out; o++) {
                        double sum = 0.0, magnitude = 0.0;
                        for (int64_t k = 0; k < n_k; k++) {
                            const double term =
                                (double)w.data[o * w.ld + k] * (double)x.data[i * x.ld + k];
                            sum += term;
                            magnitude += fabs(term);
                        }
                        n_wrong += !(fabs((double)y.data[i * y.ld + o] - sum) <=
                                     sum_bound(n_k, 0, magnitude));
                    }
                n_wrong += !guarded_intact(&y);
                guarded_close(&w);
                guarded_close(&x);
                guarded_close(&y);
            }
    CU_ASSERT_EQUAL(n_wrong, 0);
}
static void test_gemm_rowmajor(void)
{
    each_variant(check_gemm_rowmajor);
}

/* zo.h promises that a NaN loss is returned as such, so ReLU must not swallow a NaN. */
static void check_nan(const struct zg_kernels *kernels)
{
    float *w = NULL, y[2] = {0.0f, 0.0f};
    if (zg_buffer_alloc((void **)&w, kernels->nr, (int64_t)sizeof(float), "w", NULL))
        abort();
    for (int64_t o = 0; o < kernels->nr; o++)
        w[o] = o == 0 ? NAN : -1.0f;
    const float x = 1.0f;
    const struct zg_gemm_tile t = {.w = w,
                                   .x = &x,
                                   .ldx = 1,
                                   .n_k = 1,
                                   .x_extra = &x,
                                   .relu = true,
                                   .y = y,
                                   .ldy = 2,
                                   .n_rows = 1,
                                   .n_out = 2};
    kernels->gemm_paired(&t);
    CU_ASSERT(isnan(y[0]));
    CU_ASSERT_EQUAL(y[1], 0.0f);
    zg_buffer_free(w);
}
static void test_nan(void)
{
    each_variant(check_nan);
}

static void test_choice(void)
{
    CU_ASSERT_STRING_EQUAL(zg_kernels_at(0)->name, "ref");
    CU_ASSERT_STRING_EQUAL(zg_kernels_choose(ZG_FP32, ZG_ISA_PORTABLE)->name, "portable");
    CU_ASSERT_PTR_NULL(zg_kernels_choose(ZG_FP16, ZG_ISA_AVX512BF16));
    const struct zg_kernels *kernels;
    for (int64_t i = 0; (kernels = zg_kernels_at(i)); i++) {
        CU_ASSERT(i == 0 || zg_kernels_at(i - 1)->isa <= kernels->isa); /* ascending */
        CU_ASSERT(kernels->nr % 8 == 0 && kernels->nr <= ZG_KERNELS_MAX_NR);
        CU_ASSERT(zg_kernels_choose(kernels->dtype, kernels->isa)->isa == kernels->isa);
    }
    CU_ASSERT_PTR_NULL(zg_kernels_at(-1));
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"gemm_paired of every variant", test_gemm_paired},
        {"gemm_rowmajor of every variant", test_gemm_rowmajor},
        {"ReLU keeps NaN", test_nan},
        {"choice", test_choice},
        {NULL, NULL},
    };
    return zg_test_run("fused/kernels", tests);
}
