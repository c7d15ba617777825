/*
 * gemm_paired_template.h - gemm_paired (kernels.h) in the vector of the including file.
 *
 * Parameters:
 *   a vec_*.h   included before
 *   MR          rows of the largest tile, 1 .. 14
 *   NV          vectors across a strip: nr = NV * VEC_WIDTH
 *   NAME        the function to define
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

#define STEPS 4 /* k per unrolled step; kernels.h promises a prefetch each fourth k */

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* acc[i][j] += x[i][u] * w[u][j] for u < n.  Rows are addressed as three off one pointer, which
 * x86 address modes give for free; MR pointers would not fit the general registers. */
ALWAYS_INLINE void step(const int mr, const int n, vec acc[MR][NV], const float *w,
                        const float *const rows[], int64_t ldx)
{
    UNROLL
    for (int u = 0; u < n; u++) {
        vec b[NV];
        UNROLL
        for (int j = 0; j < NV; j++)
            b[j] = vec_load(w + (u * NV + j) * VEC_WIDTH);
        UNROLL
        for (int i = 0; i < mr; i++) {
            const vec a = vec_broadcast(rows[i / 3] + (i % 3) * ldx + u);
            UNROLL
            for (int j = 0; j < NV; j++)
                acc[i][j] = vec_fmadd(a, b[j], acc[i][j]);
        }
    }
}

/* One stretch of k; returns where w goes on. */
ALWAYS_INLINE const float *stretch(const int mr, vec acc[MR][NV], const float *w, const float *x,
                                   int64_t ldx, int64_t n_k, const char *prefetch,
                                   int64_t n_prefetch)
{
    const float *rows[(MR + 2) / 3];
    UNROLL
    for (int i = 0; i < (mr + 2) / 3; i++)
        rows[i] = x + 3 * i * ldx;
    int64_t k = 0;
    for (; k + STEPS <= n_k; k += STEPS) {
        for (int64_t line = 0; line < n_prefetch; line++, prefetch += 64)
            __builtin_prefetch(prefetch, 0, 2);
        step(mr, STEPS, acc, w, rows, ldx);
        w += STEPS * NV * VEC_WIDTH;
        UNROLL
        for (int i = 0; i < (mr + 2) / 3; i++)
            rows[i] += STEPS;
    }
    for (; k < n_k; k++) {
        step(mr, 1, acc, w, rows, ldx);
        w += NV * VEC_WIDTH;
        UNROLL
        for (int i = 0; i < (mr + 2) / 3; i++)
            rows[i]++;
    }
    return w;
}

/* The epilogue of one vector: o is its first output, n how many of its outputs exist. */
ALWAYS_INLINE void finish(const struct zg_gemm_tile *t, vec sum, int64_t i, int64_t o, int64_t n)
{
    const bool whole = n >= VEC_WIDTH;
    if (t->bias && i < t->n_bias_rows)
        sum = vec_add(sum, whole ? vec_load(t->bias + o) : vec_load_part(t->bias + o, n));
    if (t->base) {
        const float *base = t->base + i * t->ld_base + o;
        sum = vec_add(sum, whole ? vec_load(base) : vec_load_part(base, n));
    }
    if (t->relu)
        sum = vec_relu(sum);
    if (whole)
        vec_store(t->y + i * t->ldy + o, sum);
    else
        vec_store_part(t->y + i * t->ldy + o, sum, n);
}

ALWAYS_INLINE void tile(const int mr, const struct zg_gemm_tile *t)
{
    vec acc[MR][NV];
    UNROLL
    for (int i = 0; i < mr; i++) {
        UNROLL
        for (int j = 0; j < NV; j++)
            acc[i][j] = vec_zero();
    }

    /* y is far away by now if its rows are many; its lines come while the products run. */
    for (int i = 0; i < mr; i++)
        for (int j = 0; j < NV; j++)
            __builtin_prefetch(t->y + i * t->ldy + j * VEC_WIDTH, 1, 3);

    const float *w = stretch(mr, acc, t->w, t->x, t->ldx, t->n_k, t->prefetch, t->n_prefetch);
    if (t->n_extra > 0)
        stretch(mr, acc, w, t->x_extra, t->ldx, t->n_extra, t->prefetch, 0);

    UNROLL
    for (int i = 0; i < mr; i++) {
        UNROLL
        for (int j = 0; j < NV; j++) {
            const int64_t n = t->n_out - j * VEC_WIDTH;
            if (n > 0)
                finish(t, acc[i][j], i, j * VEC_WIDTH, n);
        }
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
