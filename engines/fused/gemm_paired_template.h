/*
 * gemm_paired_template.h - gemm_paired (kernels.h) in the vector of the including file.
 *
 * Parameters:
 *   a vec_*.h   included before
 *   MR          rows of the largest tile, 1 .. 14
 *   NV          vectors across a strip: nr = NV * VEC_WIDTH
 *   NAME        the function to define
 *   STEPS       k per turn of the inner loop, a multiple of 4; 4 unless defined
 *   PRODUCTS    where w is not fp32: PRODUCTS(mr, acc, t) sets acc to the sums over k of w x
 *
 * The tile's outputs stay in MR * NV registers while k runs; each step loads NV vectors of w and
 * broadcasts one x per row.  MR * NV + NV + 1 must fit the register file, and MR * NV must cover
 * FMA latency times throughput (8 on current x86).  Every row count has an instance of its own,
 * so that odd row counts cost no idle lanes.
 *
 * x is read where it lies: at each k the broadcasts touch one cache line per row for 64 /
 * sizeof(float) steps, all of which L1 holds.  Packing x into k-major order first was left out
 * because the plain kernel already runs at the FMA units' rate when its operands are in L2.
 */
#include "engines/fused/unroll.h"

#ifndef STEPS
#define STEPS 4
#endif
_Static_assert(STEPS % 4 == 0, "prefetches are counted by four k");

/* acc[i][j] += x[i][u] * w[u][j] for u < n.  Rows are addressed as three off one pointer, which
 * x86 address modes give for free; MR pointers would not fit the general registers.  Nor would *ldx
 * + u for every u, which GCC would keep if it saw that *ldx does not change. */
ALWAYS_INLINE void step(const int mr, const int n, vec acc[MR][NV], const float *w,
                        const float *const rows[], int64_t *ldx)
{
    UNROLL
    for (int u = 0; u < n; u++) {
        __asm__("" : "+r"(*ldx));
        vec b[NV];
        UNROLL
        for (int j = 0; j < NV; j++)
            b[j] = vec_load(w + (u * NV + j) * VEC_WIDTH);
        UNROLL
        for (int i = 0; i < mr; i++) {
            const vec a = vec_broadcast(rows[i / 3] + (i % 3) * *ldx + u);
            UNROLL
            for (int j = 0; j < NV; j++)
                acc[i][j] = vec_fmadd(a, b[j], acc[i][j]);
        }
    }
}

/* Row `step` of the tile that comes next, which is far away by now if y has many rows.  It has a
 * whole tile's time to come, and a row a step leaves the other loads their way. */
ALWAYS_INLINE void prefetch_y(const struct zg_gemm_tile *t, int64_t step)
{
    if (step < t->n_next_rows) {
        UNROLL
        for (int j = 0; j < NV; j++)
            __builtin_prefetch(t->next_y + step * t->ldy + j * VEC_WIDTH, 1, 3);
    }
}

/* One stretch of k; prefetches: what comes next, in the shade of its products. */
ALWAYS_INLINE void stretch(const int mr, vec acc[MR][NV], const float *w, const float *x,
                           int64_t ldx, int64_t n_k, const struct zg_gemm_tile *t,
                           const bool prefetches)
{
    const int64_t n_prefetch = prefetches ? STEPS / 4 * t->n_prefetch : 0;
    const char *prefetch = t->prefetch;
    const float *rows[(MR + 2) / 3];
    UNROLL
    for (int i = 0; i < (mr + 2) / 3; i++)
        rows[i] = x + 3 * i * ldx;
    int64_t k = 0;
    for (; k + STEPS <= n_k; k += STEPS) {
        for (int64_t line = 0; line < n_prefetch; line++, prefetch += 64)
            __builtin_prefetch(prefetch, 0, 2);
        if (prefetches)
            prefetch_y(t, k / STEPS);
        step(mr, STEPS, acc, w, rows, &ldx);
        w += STEPS * NV * VEC_WIDTH;
        UNROLL
        for (int i = 0; i < (mr + 2) / 3; i++)
            rows[i] += STEPS;
    }
    for (; k < n_k; k++) {
        step(mr, 1, acc, w, rows, &ldx);
        w += NV * VEC_WIDTH;
        UNROLL
        for (int i = 0; i < (mr + 2) / 3; i++)
            rows[i]++;
    }
}

#ifndef PRODUCTS
#define PRODUCTS fp32_products
ALWAYS_INLINE void fp32_products(const int mr, vec acc[MR][NV], const struct zg_gemm_tile *t)
{
    UNROLL
    for (int i = 0; i < mr; i++) {
        UNROLL
        for (int j = 0; j < NV; j++)
            acc[i][j] = vec_zero();
    }
    stretch(mr, acc, t->w, t->x, t->ldx, t->n_k, t, true);
}
#endif

/* Outputs j * VEC_WIDTH on from p; all of them exist, or n_out of the strip's. */
ALWAYS_INLINE vec load_outs(const float *p, int j, int64_t n_out, const bool whole)
{
    p += j * VEC_WIDTH;
    return whole ? vec_load(p) : vec_load_part(p, n_out - j * VEC_WIDTH);
}

/* The epilogue of row i. */
ALWAYS_INLINE void finish(const struct zg_gemm_tile *t, vec sum[NV], int64_t i, const bool whole)
{
    const int64_t n_out = t->n_out;
    if (t->bias && i < t->n_bias_rows) {
        UNROLL
        for (int j = 0; j < NV; j++)
            sum[j] = vec_add(sum[j], load_outs(t->bias, j, n_out, whole));
    }
    if (t->base) {
        UNROLL
        for (int j = 0; j < NV; j++)
            sum[j] = vec_add(sum[j], load_outs(t->base + i * t->ld_base, j, n_out, whole));
    }
    if (t->relu) {
        UNROLL
        for (int j = 0; j < NV; j++)
            sum[j] = vec_relu(sum[j]);
    }
    float *y = t->y + i * t->ldy;
    UNROLL
    for (int j = 0; j < NV; j++) {
        if (whole)
            vec_store(y + j * VEC_WIDTH, sum[j]);
        else
            vec_store_part(y + j * VEC_WIDTH, sum[j], n_out - j * VEC_WIDTH);
    }
}

ALWAYS_INLINE void tile(const int mr, const struct zg_gemm_tile *t)
{
    vec acc[MR][NV];
    PRODUCTS(mr, acc, t);
    if (t->n_extra > 0)
        stretch(mr, acc, t->w_extra, t->x_extra, t->ld_extra, t->n_extra, t, false);

    if (t->n_out == NV * VEC_WIDTH) {
        UNROLL
        for (int i = 0; i < mr; i++)
            finish(t, acc[i], i, true);
    } else {
        UNROLL
        for (int i = 0; i < mr; i++)
            finish(t, acc[i], i, false);
    }
}

/* noinline: one register allocation per row count, instead of one for all of them together. */
#define TILE(n)                                                                                    \
    static __attribute__((noinline)) void tile_##n(const struct zg_gemm_tile *t)                   \
    {                                                                                              \
        tile(n, t);                                                                                \
    }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
#if MR > 6
TILE(7)
TILE(8)
TILE(9)
TILE(10)
TILE(11)
TILE(12)
TILE(13)
TILE(14)
#endif

void NAME(const struct zg_gemm_tile *t)
{
    static void (*const by_rows[])(const struct zg_gemm_tile *) = {
        tile_1,
        tile_2,
        tile_3,
        tile_4,
        tile_5,
        tile_6,
#if MR > 6
        tile_7,
        tile_8,
        tile_9,
        tile_10,
        tile_11,
        tile_12,
        tile_13,
        tile_14,
#endif
    };
    _Static_assert(sizeof by_rows / sizeof by_rows[0] == MR, "one instance per row count");
    assert(t->n_rows >= 1 && t->n_rows <= MR);
    assert(t->n_out >= 1 && t->n_out <= NV * VEC_WIDTH);
    by_rows[t->n_rows - 1](t);
}
