/*
 * kernels_ref.c - the reference variant: the formulas of kernels.h, term by term, summed in double.
 *
 * The other variants are checked against it.  It is slow, and nobody but the tests calls it.
 */
#include "engines/fused/kernels.h"

void zg_gemm_paired_fp32_ref(const struct zg_gemm_tile *t)
{
    enum { NR = 8 };
    for (int64_t i = 0; i < t->n_rows; i++)
        for (int64_t o = 0; o < t->n_out; o++) {
            double sum = 0.0;
            for (int64_t k = 0; k < t->n_k; k++)
                sum += (double)t->w[k * NR + o] * (double)t->x[i * t->ldx + k];
            for (int64_t e = 0; e < t->n_extra; e++)
                sum += (double)t->w[(t->n_k + e) * NR + o] * (double)t->x_extra[i * t->ldx + e];
            if (t->bias && i < t->n_bias_rows)
                sum += (double)t->bias[o];
            if (t->base)
                sum += (double)t->base[i * t->ld_base + o];
            t->y[i * t->ldy + o] = t->relu && sum < 0.0 ? 0.0f : (float)sum;
        }
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
