/*
 * test_kernels.c - every variant of the kernels against the reference, on every tile size and odd
 * depths.
 *
 * A new line in the table is found and tested here without a change.
 */
#include <stdio.h>
#include <string.h>

#include "engines/base/arena.h"
#include "engines/fused/kernels.h"
#include "tests/engines/fused/guard.h"
#include "tests/engines/fused/words.h"
#include "tests/support/cunit_run.h"

/* Runs check() on each variant that this machine can run. */
static void each_variant(void (*check)(const struct zg_kernels *kernels))
{
    const struct zg_kernels *kernels;
    int64_t n_run = 0;
    for (int64_t i = 0; (kernels = zg_kernels_at(i)); i++) {
        if (kernels->isa > zg_cpu_isa()) {
            printf("skipped %s %s: this machine has no %s\n", zg_dtype_name(kernels->dtype),
                   kernels->name, zg_isa_name(kernels->isa));
            continue;
        }
        check(kernels);
        n_run++;
    }
    CU_ASSERT(n_run >= 6); /* three dtypes of the reference and the portable one run anywhere */
}

static void multiply(const struct zg_kernels *kernels, const struct zg_gemm_tile *t)
{
    if (kernels->begin)
        kernels->begin();
    kernels->gemm_paired(t);
    if (kernels->end)
        kernels->end();
}

enum epilogue { NOTHING, BIAS, BIAS_RELU, BASE, BASE_IS_Y, EVERYTHING, N_EPILOGUES };

/* A tile's w and x in the variant's words, and what their numbers are. */
struct operands {
    uint32_t *w;              /* [n_words][nr], then [n_extra][nr] */
    uint32_t *x;              /* of zg_x_at() */
    float *w_scale, *x_scale; /* [nr], [n_rows] */
    int32_t *w_sum;           /* [nr] */
    float *w_numbers;         /* [n_out][n_in], without the scale */
    float *x_numbers;         /* [n_rows][n_in] */
    int64_t n_words, ldx;
};

static void *room(int64_t n_words)
{
    void *p = malloc((size_t)zg_max64(1, n_words) * 4); /* ends where it ends, for ASan */
    if (!p)
        abort();
    return p;
}

/* signs: only -1 and 1, so that int8 is at its ends everywhere. */
static struct operands operands_open(const struct zg_kernels *kernels, const struct guarded *x,
                                     int64_t n_out, int64_t n_in, int64_t n_extra, bool signs,
                                     uint64_t *seed)
{
    const int64_t nr = kernels->nr, per_word = zg_word_size(kernels->dtype);
    struct operands p = {.n_words = zg_ceil_div(n_in, per_word)};
    p.ldx = kernels->x_rows > 1 ? zg_round_up(p.n_words, 16) : p.n_words * kernels->x_words + 1;
    if (zg_buffer_alloc((void **)&p.w, (p.n_words + n_extra) * nr, 4, "w", NULL))
        abort();
    p.x = room(zg_round_up(x->rows, kernels->x_rows) * p.ldx);
    memset(p.x, 0xff, (size_t)(zg_round_up(x->rows, kernels->x_rows) * p.ldx) * 4); /* NaN */
    p.w_scale = room(nr);
    p.w_sum = room(nr);
    p.x_scale = room(x->rows);
    p.w_numbers = room(n_out * n_in);
    p.x_numbers = room(x->rows * n_in);
    float *row = room(n_in);
    uint32_t *words = room(p.n_words), *x_words = room(p.n_words * kernels->x_words);
    memset(p.w, 0, (size_t)((p.n_words + n_extra) * nr) * 4);
    for (int64_t o = 0; o < nr; o++) {
        float *numbers = p.w_numbers + o * n_in;
        p.w_scale[o] = 0.0f;
        p.w_sum[o] = 0;
        for (int64_t k = 0; o < n_out && k < n_in; k++)
            row[k] = signs ? (test_uniform(seed) < 0.0f ? -1.0f : 1.0f) : test_uniform(seed);
        if (o >= n_out)
            continue;
        p.w_scale[o] = test_round_row(kernels->dtype, row, n_in, numbers);
        memcpy(words, row, kernels->dtype == ZG_FP32 ? (size_t)n_in * 4 : 0);
        if (kernels->dtype == ZG_BF16)
            zg_narrow_row_bf16(zg_narrow_at(0), row, n_in, words, p.n_words);
        if (kernels->dtype == ZG_INT8)
            zg_narrow_row_int8(zg_narrow_at(0), row, n_in, words, p.n_words);
        for (int64_t k = 0; k < n_in && kernels->dtype == ZG_INT8; k++)
            p.w_sum[o] += 128 * (int32_t)numbers[k];
        for (int64_t k = 0; k < p.n_words; k++)
            p.w[k * nr + o] = words[k];
        for (int64_t e = 0; e < n_extra; e++)
            ((float *)(void *)p.w)[(p.n_words + e) * nr + o] = test_uniform(seed);
    }
    for (int64_t i = 0; i < x->rows; i++) {
        const float *from = x->data + i * x->ld;
        p.x_scale[i] = test_round_row(kernels->dtype, from, n_in, p.x_numbers + i * n_in);
        if (kernels->narrow_row)
            p.x_scale[i] = kernels->narrow_row(zg_narrow_at(0), from, n_in, x_words, p.n_words);
        else
            memcpy(x_words, from, (size_t)n_in * sizeof(float));
        for (int64_t k = 0; k < p.n_words * kernels->x_words; k++)
            p.x[zg_x_at(kernels->x_rows, p.ldx, i, k)] = x_words[k];
    }
    free(row);
    free(words);
    free(x_words);
    return p;
}

static void operands_close(struct operands *p)
{
    zg_buffer_free(p->w);
    free(p->x);
    free(p->w_scale);
    free(p->x_scale);
    free(p->w_sum);
    free(p->w_numbers);
    free(p->x_numbers);
}

/*
 * The formula in double, and how far a kernel may be from it.  fp32: products of the sum (Higham's
 * bound).  bf16: the same with two roundings a product, because VDPBF16PS rounds product and sum;
 * these operands are far from denormals.  int8: an exact sum, rounded to fp32, times the scales:
 * three roundings whatever the length.
 */
static double sum_of(const struct zg_kernels *kernels, const struct operands *p, int64_t i,
                     int64_t o, int64_t n_in, double *error)
{
    double sum = 0.0, magnitude = 0.0;
    for (int64_t k = 0; k < n_in; k++) {
        const double term = (double)p->w_numbers[o * n_in + k] * (double)p->x_numbers[i * n_in + k];
        sum += term;
        magnitude += fabs(term);
    }
    if (kernels->dtype == ZG_INT8) {
        sum *= (double)p->x_scale[i] * (double)p->w_scale[o];
        *error = sum_bound(1, 2, fabs(sum));
    } else {
        *error = sum_bound(kernels->dtype == ZG_BF16 ? 2 * n_in : n_in, 0, magnitude);
    }
    return sum;
}

/* One tile of the variant against the formula in double; returns the number of wrong outputs. */
static int64_t wrong_outputs(const struct zg_kernels *kernels, int64_t n_rows, int64_t n_out,
                             int64_t n_in, int64_t n_extra, enum epilogue epilogue, uint64_t *seed)
{
    const int64_t n_bias_rows = n_rows - n_in % 3; /* all, but one, but two; negative is none */
    const int64_t nr = kernels->nr, ldx = n_in + n_extra + 3;
    struct guarded x = guarded_open(n_rows, n_in + n_extra, ldx);
    struct guarded bias = guarded_open(1, n_out, n_out);
    struct guarded base = guarded_open(n_rows, n_out, n_out + 5);
    struct guarded y = guarded_open(n_rows, n_out, n_out + 3);
    guarded_fill(&x, seed);
    guarded_fill(&bias, seed);
    guarded_fill(&base, seed);
    const bool signs = epilogue == NOTHING;
    for (int64_t i = 0; signs && i < n_rows; i++)
        for (int64_t k = 0; k < n_in; k++)
            x.data[i * ldx + k] = x.data[i * ldx + k] < 0.0f ? -1.0f : 1.0f;
    struct operands p = operands_open(kernels, &x, n_out, n_in, n_extra, signs, seed);
    const float *w_extra = (const float *)(const void *)(p.w + p.n_words * nr);
    struct guarded before = guarded_open(n_rows, n_out, n_out + 3); /* y as base */
    guarded_fill(&before, seed);
    for (int64_t i = 0; i < n_rows * y.ld; i++)
        y.data[i] = before.data[i];

    const bool has_bias = epilogue == BIAS || epilogue == BIAS_RELU || epilogue == EVERYTHING;
    const bool relu = epilogue == BIAS_RELU || epilogue == EVERYTHING;
    const struct guarded *b = epilogue == BASE_IS_Y ? &before : &base;
    const bool has_base = epilogue == BASE || epilogue == BASE_IS_Y || epilogue == EVERYTHING;
    const struct zg_gemm_tile t = {
        .w = p.w,
        .x = p.x,
        .ldx = p.ldx,
        .n_k = p.n_words,
        .w_extra = w_extra,
        .x_extra = x.data + n_in,
        .ld_extra = ldx,
        .n_extra = n_extra,
        .x_scale = p.x_scale,
        .w_scale = p.w_scale,
        .w_sum = p.w_sum,
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
        .prefetch = (const char *)p.w,
        .n_prefetch = 2,
    };
    multiply(kernels, &t);

    int64_t n_wrong = 0;
    for (int64_t i = 0; i < n_rows; i++)
        for (int64_t o = 0; o < n_out; o++) {
            double bound, sum = sum_of(kernels, &p, i, o, n_in, &bound), magnitude = fabs(sum);
            for (int64_t e = 0; e < n_extra; e++) {
                const double term =
                    (double)w_extra[e * nr + o] * (double)x.data[i * ldx + n_in + e];
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
            n_wrong += !(error <= bound + sum_bound(n_extra, 2, magnitude));
        }
    n_wrong += !guarded_intact(&y);
    operands_close(&p);
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
    const int64_t row_step = kernels->mr > 16 ? 9 : 1; /* odd: all rests of 16 and of 32 */
    for (int64_t rows = 1; rows <= kernels->mr; rows += row_step)
        for (int64_t out = 1; out <= kernels->nr; out++) {
            /* Depth, extras and epilogue walk with coprime strides, so that all pairs meet. */
            const int64_t n_k = depths[n_tiles % 6], n_extra = extras[n_tiles % 5];
            for (int e = 0; e < N_EPILOGUES; e++)
                n_wrong += wrong_outputs(kernels, rows, out, n_k, n_extra, (enum epilogue)e, &seed);
            n_tiles++;
        }
    if (n_wrong)
        printf("%s %s: %lld wrong\n", zg_dtype_name(kernels->dtype), kernels->name,
               (long long)n_wrong);
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
    struct guarded x = guarded_open(1, 1, 1);
    float y[2] = {0.0f, 0.0f};
    uint64_t seed = 4;
    x.data[0] = 1.0f;
    struct operands p = operands_open(kernels, &x, 2, 1, 1, true, &seed);
    float *w_extra = (float *)(void *)(p.w + p.n_words * kernels->nr);
    w_extra[0] = NAN; /* an extra is fp32 in every dtype */
    w_extra[1] = -2.0f;
    const struct zg_gemm_tile t = {.w = p.w,
                                   .x = p.x,
                                   .ldx = p.ldx,
                                   .n_k = 1,
                                   .w_extra = w_extra,
                                   .x_extra = x.data,
                                   .ld_extra = 1,
                                   .n_extra = 1,
                                   .x_scale = p.x_scale,
                                   .w_scale = p.w_scale,
                                   .w_sum = p.w_sum,
                                   .relu = true,
                                   .y = y,
                                   .ldy = 2,
                                   .n_rows = 1,
                                   .n_out = 2};
    multiply(kernels, &t);
    CU_ASSERT(isnan(y[0]));
    CU_ASSERT_EQUAL(y[1], 0.0f);
    operands_close(&p);
    guarded_close(&x);
}
static void test_nan(void)
{
    each_variant(check_nan);
}

static void test_choice(void)
{
    CU_ASSERT_STRING_EQUAL(zg_kernels_at(0)->name, "ref");
    CU_ASSERT_STRING_EQUAL(zg_kernels_choose(ZG_FP32, ZG_ISA_PORTABLE)->name, "portable");
    CU_ASSERT_STRING_EQUAL(zg_kernels_choose(ZG_INT8, ZG_ISA_PORTABLE)->name, "portable");
    CU_ASSERT_PTR_NULL(zg_kernels_choose(ZG_FP16, ZG_ISA_AVX512BF16));
    const struct zg_kernels *kernels;
    for (int64_t i = 0; (kernels = zg_kernels_at(i)); i++) {
        CU_ASSERT(i == 0 || zg_kernels_at(i - 1)->isa <= kernels->isa); /* ascending */
        CU_ASSERT(kernels->nr % 8 == 0 && kernels->nr <= ZG_KERNELS_MAX_NR);
        CU_ASSERT((kernels->dtype == ZG_FP32) == (kernels->narrow_row == NULL));
        const bool is_left_out = kernels->dtype == ZG_BF16 && kernels->isa >= ZG_ISA_AVX512BF16 &&
                                 !zg_cpu_bf16_products_pay(kernels->isa);
        CU_ASSERT(zg_kernels_choose(kernels->dtype, kernels->isa)->isa ==
                  (is_left_out ? ZG_ISA_AVX512 : kernels->isa));
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
