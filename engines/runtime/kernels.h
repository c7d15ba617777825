/*
 * kernels.h - the runtime's own vector kernels: all that is not a GEMM.  Each works on one row or
 * one block, in the calling thread; attention.c, norm.c, adapter.c, loss.c and epilogue.c split
 * rows and blocks over threads.
 *
 * Variants differ in the vector width alone, so they share simd.h, kernels_rows.h,
 * kernels_centred.h and kernels_attention.h; each ISA file includes them once under its flags.
 * Sums run in lanes, then across lanes, so variants agree to rounding, and a variant gives the same
 * bits at any thread count.
 */
#ifndef ZG_RUNTIME_KERNELS_H
#define ZG_RUNTIME_KERNELS_H

#include <stdint.h>

#include "engines/base/cpu.h"

/* One head of one block of queries over its gathered keys. */
struct zg_attention_task {
    const float *q; /* [n_queries][ldq], head_dim columns */
    int64_t ldq;
    int64_t n_queries;
    const int32_t *n_keys; /* [n_queries] query i sees keys 0 .. n_keys[i] - 1, n_keys[i] >= 1 */
    float scale;           /* of q */
    int64_t head_dim;
    const float *kt; /* [head_dim][ldk] keys, transposed; columns from n_keys on are never used */
    int64_t ldk;     /* a multiple of ZG_KERNEL_PAD, >= the largest n_keys */
    /* [keys][ldv] values; ldv a multiple of ZG_KERNEL_PAD, columns from head_dim on finite */
    const float *v;
    int64_t ldv;
    float *p;   /* [ZG_ATTENTION_QUERIES][ldk] scratch */
    float *out; /* [n_queries][ldo], head_dim columns */
    int64_t ldo;
};

/* The rows m + sign d of a pair's mean and half difference; m alone where d is NULL. */
struct zg_signed_rows {
    const float *m, *d; /* [n_rows][ld], n columns */
    int64_t ld;
    float sign;
    int64_t n_rows, n;
    int64_t ahead; /* columns after these n that will be asked for next: fetched early; or 0 */
};
/* Gain and bias of a norm that a pair has each sign's own of: gain + dgain and gain - dgain. */
struct zg_centred_affine {
    const float *gain, *bias, *dgain, *dbias;
};
struct zg_centred_rows {
    float *m, *d; /* [n_rows][ld], n columns */
    int64_t ld;
    int64_t n_rows, n;
};

#define ZG_KERNEL_PAD 16 /* floats: the widest vector */
/* Queries that go through the keys together: one load of a key serves four multiply-adds. */
#define ZG_ATTENTION_QUERIES 4

struct zg_runtime_kernels {
    enum zg_isa isa;

    /* y = (x - mean) / sqrt(var + eps) * gain + bias over n elements; mean, then variance.  y may
     * be x. */
    void (*layer_norm)(const float *x, const float *gain, const float *bias, int64_t n, float *y);

    /* That of m + d and of m - d: their mean and half difference, or (apart) they themselves.  No
     * output may be an input. */
    void (*layer_norm_centred)(const float *m, const float *d, const float *gain, const float *bias,
                               int64_t n, float *ym, float *yd);
    void (*layer_norm_apart)(const float *m, const float *d, const float *gain, const float *bias,
                             int64_t n, float *plus, float *minus);

    /* The same two, with a gain and a bias of each sign. */
    void (*layer_norm_moved)(const float *m, const float *d, const struct zg_centred_affine *affine,
                             int64_t n, float *ym, float *yd);
    void (*layer_norm_moved_apart)(const float *m, const float *d,
                                   const struct zg_centred_affine *affine, int64_t n, float *plus,
                                   float *minus);

    /* max(0, m + d) and max(0, m - d), as their mean and half difference. */
    void (*relu_centred)(float *m, float *d, int64_t n);

    /* t[j] = sum_k x[k] v[j * ldv + k] for j < n_out. */
    void (*dots)(const float *x, int64_t n, const float *v, int64_t ldv, int64_t n_out, float *t);
    /* The same for two rows: each load of v serves both. */
    void (*dots_two)(const float *x0, const float *x1, int64_t n, const float *v, int64_t ldv,
                     int64_t n_out, float *t0, float *t1);

    /* y[o] = base[o] + sum_e t[e] u[e * ldu + o] for o < n.  y may be base; base may be
     * NULL, that is 0. */
    void (*add_rank)(const float *base, const float *t, int64_t rank, const float *u, int64_t ldu,
                     int64_t n, float *y);

    /* y[o] = base[o] + scale * scales[o] * (sums[o] - excess[o]) for o < n: the sums of an int8
     * product.  y may be base. */
    void (*add_sums)(const float *base, const int32_t *sums, const int32_t *excess, float scale,
                     const float *scales, int64_t n, float *y);

    /* Adds n more values to a running log-sum-exp: max and sum of exp(x - max).  Starts at
     * -INFINITY, 0. */
    void (*logsumexp)(const float *x, int64_t n, float *max, double *sum);

    /* y[o] = act(y[o] + bias[o]) + residual[o].  bias and residual may be NULL; residual does not
     * overlap y. */
    void (*epilogue)(float *y, int64_t n, const float *bias, int relu, const float *residual);

    void (*attention)(const struct zg_attention_task *task);

    /* y[row][c] = x[row][c]; yt[c][row] = x[row][c]; mean and half difference of plus and minus. */
    void (*combine)(const struct zg_signed_rows *x, float *y, int64_t ldy);
    void (*transpose)(const struct zg_signed_rows *x, float *yt, int64_t ldt);
    void (*recentre)(const struct zg_centred_rows *y, const float *plus, const float *minus,
                     int64_t ld);
};

/* The variant for the ISA that zg_cpu_isa_choose() gives. */
enum zg_status zg_runtime_kernels_choose(const struct zg_runtime_kernels **out,
                                         struct zg_error *err);
/* The index-th variant that this machine can run, portable first; NULL past the end. */
const struct zg_runtime_kernels *zg_runtime_kernels_at(int64_t index);

#endif
