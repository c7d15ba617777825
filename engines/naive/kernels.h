/*
 * kernels.h - the elementwise kernels of the loop and the tile under its plain GEMM, in one table
 * per ISA.
 *
 * Each works on one row, one head or one stripe and runs in the calling thread: parallelism is the
 * caller's.  The variants differ in vector width only (kernels_template.h), so their results differ
 * by rounding.
 */
#ifndef ZG_NAIVE_KERNELS_H
#define ZG_NAIVE_KERNELS_H

#include <stdint.h>

#include "engines/base/size.h"
#include "engines/error.h"

/* Attention of one head over one sequence, its own padding left out.  q, k, v are columns of rows
 * that lie ld apart. */
struct zg_naive_head {
    int64_t n; /* tokens */
    int64_t head_dim;
    int64_t ld;                            /* of q, k, v */
    const float *q, *k, *v;                /* [n][head_dim], without bias */
    const float *q_bias, *k_bias, *v_bias; /* [head_dim] */
    float q_scale;                         /* head_dim^-1/2 */
    float *out;                            /* [n][head_dim], rows ld_out apart */
    int64_t ld_out;
    float *scratch; /* zg_naive_head_scratch() floats, 64-byte aligned */
};

/* One stripe of c [m][n] = a [m][k] b [n][k]^T (+ c): columns begin .. begin + n_columns - 1 */
struct zg_naive_stripe {
    int64_t m, k;
    const void *a; /* [m][lda] */
    int64_t lda;
    const void *b; /* [n_columns][ldb] */
    int64_t ldb;
    float *c; /* [m][ldc] */
    int64_t ldc;
    int64_t n_columns; /* 1 .. ZG_NAIVE_STRIPE */
    int accumulate;    /* add to c */
    int low;           /* a and b are bf16, else fp32 */
};
enum { ZG_NAIVE_STRIPE = 32 };

struct zg_naive_kernels {
    /* w [n] = keep * w + sum_k u[k] * vt[k][.], vt [rank] rows ldv apart */
    void (*add_lowrank)(float *w, int64_t n, float keep, const float *u, const float *vt,
                        int64_t ldv, int64_t rank);
    /* w [n] = keep * w + c * z */
    void (*add_scaled)(float *w, int64_t n, float keep, float c, const float *z);
    /* y [n] = x, which is bf16 */
    void (*widen)(const uint16_t *x, int64_t n, float *y);
    /* x [n] += bias where it is not NULL; y [n] = layer norm of x */
    void (*norm)(float *x, const float *bias, const float *gain, const float *shift, float *y,
                 int64_t n);
    /* x [n] = max(0, x + bias); NaN stays NaN */
    void (*bias_relu)(float *x, const float *bias, int64_t n);
    void (*attention)(const struct zg_naive_head *head);
    /* log sum_i exp(x[i]) */
    double (*log_sum_exp)(const float *x, int64_t n);
    void (*stripe)(const struct zg_naive_stripe *stripe);
};

extern const struct zg_naive_kernels zg_naive_kernels_portable;
extern const struct zg_naive_kernels zg_naive_kernels_avx2;
extern const struct zg_naive_kernels zg_naive_kernels_avx512;

/* The table of zg_cpu_isa_choose(). */
enum zg_status zg_naive_kernels_choose(const struct zg_naive_kernels **out, struct zg_error *err);

/* Floats of scratch that a head of that size needs, the same for every ISA:
 * q [n up to 4][head_dim], k^T [head_dim][n up to 32], v [n][head_dim up to 32], p [4][n up to
 * 32]. */
static inline int64_t zg_naive_head_scratch(int64_t n, int64_t head_dim)
{
    const int64_t n_wide = zg_round_up(n, ZG_NAIVE_STRIPE);
    return n_wide * (head_dim + head_dim + zg_round_up(head_dim, ZG_NAIVE_STRIPE) + 4);
}

#endif
