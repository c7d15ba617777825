/*
 * kernels_ref.c - the reference variant: the formulas of kernels.h, term by term, summed in double.
 *
 * The other variants are checked against it.  It is slow, and nobody but the tests calls it.
 */
#include "engines/base/convert.h"
#include "engines/fused/kernels.h"

enum { NR = 8 };

/* Bytes of number k of output o in w, where a word holds so many of so many bytes. */
static const void *w_at(const struct zg_gemm_tile *t, int64_t k, int64_t o, int64_t per_word)
{
    const int64_t size = 4 / per_word;
    return (const char *)t->w + 4 * (k / per_word * NR + o) + k % per_word * size;
}

static double product_fp32(const struct zg_gemm_tile *t, int64_t i, int64_t o)
{
    const float *w = t->w, *x = (const float *)t->x + i * t->ldx;
    double sum = 0.0;
    for (int64_t k = 0; k < t->n_k; k++)
        sum += (double)w[k * NR + o] * (double)x[k];
    return sum;
}

static double product_bf16(const struct zg_gemm_tile *t, int64_t i, int64_t o)
{
    const uint16_t *x = (const uint16_t *)t->x + 2 * i * t->ldx;
    double sum = 0.0;
    for (int64_t k = 0; k < 2 * t->n_k; k++) {
        const uint16_t *w = w_at(t, k, o, 2);
        sum += (double)zg_float_of_bf16(*w) * (double)zg_float_of_bf16(x[k]);
    }
    return sum;
}

static double product_int8(const struct zg_gemm_tile *t, int64_t i, int64_t o)
{
    const int8_t *x = (const int8_t *)t->x + 4 * i * t->ldx;
    int64_t sum = 0;
    for (int64_t k = 0; k < 4 * t->n_k; k++) {
        const int8_t *w = w_at(t, k, o, 4);
        sum += *w * x[k];
    }
    return (double)sum * (double)t->x_scale[i] * (double)t->w_scale[o];
}

static void gemm_paired(const struct zg_gemm_tile *t,
                        double (*product)(const struct zg_gemm_tile *t, int64_t i, int64_t o))
{
    for (int64_t i = 0; i < t->n_rows; i++)
        for (int64_t o = 0; o < t->n_out; o++) {
            double sum = product(t, i, o);
            for (int64_t e = 0; e < t->n_extra; e++)
                sum += (double)t->w_extra[e * NR + o] * (double)t->x_extra[i * t->ld_extra + e];
            if (t->bias && i < t->n_bias_rows)
                sum += (double)t->bias[o];
            if (t->base)
                sum += (double)t->base[i * t->ld_base + o];
            t->y[i * t->ldy + o] = t->relu && sum < 0.0 ? 0.0f : (float)sum;
        }
}

void zg_gemm_paired_fp32_ref(const struct zg_gemm_tile *t)
{
    gemm_paired(t, product_fp32);
}
void zg_gemm_paired_bf16_ref(const struct zg_gemm_tile *t)
{
    gemm_paired(t, product_bf16);
}
void zg_gemm_paired_int8_ref(const struct zg_gemm_tile *t)
{
    gemm_paired(t, product_int8);
}

void zg_gemm_rowmajor_fp32_ref(const struct zg_dot_tile *t)
{
    for (int64_t i = 0; i < t->n_rows; i++)
        for (int64_t o = 0; o < t->n_out; o++) {
            double sum = 0.0;
            for (int64_t k = 0; k < t->n_k; k++)
                sum += (double)t->w[o * t->ldw + k] * (double)t->x[i * t->ldx + k];
            t->y[i * t->ldy + o] = (float)sum;
        }
}
