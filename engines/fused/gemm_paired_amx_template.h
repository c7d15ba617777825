/*
 * gemm_paired_amx_template.h - gemm_paired (kernels.h) on tile registers: 32 rows x 32 outputs.
 *
 * Parameters:
 *   TILE_NAME             the function to define
 *   TILE_DPB(to, x, w)    the products of a tile of x and one of w, added to a tile
 *   sums_load(t, p, i, j) sixteen sums of row i, vector j, at p, as fp32
 *
 * A tile register holds 16 rows of 64 bytes.  One of x is 16 rows by 16 words, as rows lie in
 * memory; one of w is 16 words by 16 outputs, as a strip lies in memory.  Two of each make four
 * tiles of sums:
 *
 *     sums 0  sums 1     x 4 (rows 0 .. 15)       w 6 (outputs 0 .. 15)
 *     sums 2  sums 3     x 5 (rows 16 .. 31)      w 7 (outputs 16 .. 31)
 *
 * The registers' shape is set once for all tiles (zg_tiles_begin()), for setting it costs as much
 * as a hundred products: rows past the last are multiplied too, and dropped, and words past the
 * last are padded with zeros in a copy.  The finished sums go through memory to the vector
 * registers, where the epilogue of gemm_paired_template.h awaits them.
 */
#include <assert.h>
#include <string.h>

#include "engines/base/size.h"
#include "engines/base/tiles.h"
#include "engines/fused/kernels.h"
#include "engines/fused/unroll.h"
#include "engines/fused/vec_avx512.h"

enum { SIDE = ZG_TILE_SIDE, N_ROWS = 2 * SIDE, N_OUTS = 2 * SIDE }; /* of a register; of the tile */

ALWAYS_INLINE void prefetch_y(const struct zg_gemm_tile *t, int64_t step);

/* Sums of one step of 16 words: x [N_ROWS][ldx], w [SIDE][N_OUTS]. */
ALWAYS_INLINE void tile_step(const uint32_t *x, int64_t ldx, const uint32_t *w, const bool two)
{
    _tile_loadd(4, x, 4 * ldx);
    _tile_loadd(6, w, 4 * N_OUTS);
    _tile_loadd(7, w + SIDE, 4 * N_OUTS);
    TILE_DPB(0, 4, 6);
    TILE_DPB(1, 4, 7);
    if (two) {
        _tile_loadd(5, x + SIDE * ldx, 4 * ldx);
        TILE_DPB(2, 5, 6);
        TILE_DPB(3, 5, 7);
    }
}

/* The last words, fewer than 16. */
static void tile_rest(const struct zg_gemm_tile *t, int64_t k, const bool two)
{
    uint32_t x[N_ROWS * SIDE] __attribute__((aligned(64)));
    uint32_t w[SIDE * N_OUTS] __attribute__((aligned(64))) = {0};
    const int64_t n = t->n_k - k;
    memcpy(w, (const uint32_t *)t->w + k * N_OUTS, (size_t)(n * N_OUTS) * sizeof *w);
    for (int64_t i = 0; i < N_ROWS; i++) {
        memset(x + i * SIDE, 0, SIDE * sizeof *x);
        if (i < t->n_rows)
            memcpy(x + i * SIDE, (const uint32_t *)t->x + i * t->ldx + k, (size_t)n * sizeof *x);
    }
    zg_tiles_publish(x);
    zg_tiles_publish(w);
    tile_step(x, SIDE, w, two);
}

ALWAYS_INLINE void tile_products(const struct zg_gemm_tile *t, float *sums, const bool two)
{
    const uint32_t *x = t->x, *w = t->w;
    const char *prefetch = t->prefetch;
    _tile_zero(0);
    _tile_zero(1);
    if (two) {
        _tile_zero(2);
        _tile_zero(3);
    }
    int64_t k = 0;
    for (; k + SIDE <= t->n_k; k += SIDE) {
        for (int64_t line = 0; line < SIDE / 4 * t->n_prefetch; line++, prefetch += 64)
            __builtin_prefetch(prefetch, 0, 2);
        prefetch_y(t, k / SIDE);
        tile_step(x + k, t->ldx, w + k * N_OUTS, two);
    }
    if (k < t->n_k)
        tile_rest(t, k, two);
    _tile_stored(0, sums, 4 * N_OUTS);
    _tile_stored(1, sums + SIDE, 4 * N_OUTS);
    if (two) {
        _tile_stored(2, sums + SIDE * N_OUTS, 4 * N_OUTS);
        _tile_stored(3, sums + SIDE * N_OUTS + SIDE, 4 * N_OUTS);
    }
}

/* Some rows of the tile through the epilogue: x are the sums. */
#define NV       2
#define MR       14
#define NAME     finish_rows
#define PRODUCTS finished_products
ALWAYS_INLINE void finished_products(const int mr, vec acc[MR][NV], const struct zg_gemm_tile *t)
{
    UNROLL
    for (int i = 0; i < mr; i++) {
        UNROLL
        for (int j = 0; j < NV; j++)
            acc[i][j] = sums_load(t, (const float *)t->x + i * N_OUTS + j * SIDE, i, j);
    }
}
static void finish_rows(const struct zg_gemm_tile *t);
#include "engines/fused/gemm_paired_template.h"

void TILE_NAME(const struct zg_gemm_tile *t)
{
    float sums[N_ROWS * N_OUTS] __attribute__((aligned(64)));
    assert(t->n_rows >= 1 && t->n_rows <= N_ROWS);
    if (t->n_rows > SIDE)
        tile_products(t, sums, true);
    else
        tile_products(t, sums, false);
    for (int64_t begin = 0; begin < t->n_rows; begin += MR) {
        struct zg_gemm_tile rows = *t;
        rows.n_rows = zg_min64(MR, t->n_rows - begin);
        rows.x = sums + begin * N_OUTS;
        rows.x_extra += begin * t->ld_extra;
        if (t->x_scale)
            rows.x_scale += begin;
        rows.n_bias_rows -= begin;
        if (t->base)
            rows.base += begin * t->ld_base;
        rows.y += begin * t->ldy;
        finish_rows(&rows);
    }
}
