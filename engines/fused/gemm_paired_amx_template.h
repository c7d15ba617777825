/*
 * gemm_paired_amx_template.h - gemm_paired (kernels.h) on tile registers: up to 128 rows x 32
 * outputs.
 *
 * Parameters:
 *   TILE_NAME             the function to define
 *   TILE_DPB(to, x, w)    the products of a register of x and one of w, added to a register
 *   sums_load(t, p, i, j) sixteen sums of row i, vector j, at p, as fp32
 *
 * A tile register holds 16 rows of 64 bytes.  One of x is 16 rows by 16 words, as rows lie in
 * memory; one of w is 16 words by 16 outputs, as a strip lies in memory.  Two of each make four
 * registers of sums:
 *
 *     sums 0  sums 1     x 4 (rows 0 .. 15)       w 6 (outputs 0 .. 15)
 *     sums 2  sums 3     x 5 (rows 16 .. 31)      w 7 (outputs 16 .. 31)
 *
 * so each is multiplied twice, and both would have to come out of L2 faster than it gives them.
 * Therefore 128 words of w (16 KiB) stay in L1 while all rows pass by, the sums of those rows
 * (16 KiB) too, and only x comes from L2.
 *
 * The registers' shape is set once for all tiles (zg_tiles_begin()), for setting it costs as much
 * as a hundred products: rows past the last are multiplied too, and dropped, and words past the
 * last are padded with zeros in a copy.  The finished sums go through memory to the vector
 * registers, where the epilogue of gemm_paired_template.h awaits them.
 */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "engines/base/size.h"
#include "engines/base/tiles.h"
#include "engines/fused/kernels.h"
#include "engines/fused/unroll.h"
#include "engines/fused/vec_avx512.h"

enum {
    SIDE = ZG_TILE_SIDE,
    N_OUTS = 2 * SIDE,
    MAX_ROWS = ZG_AMX_ROWS,
    PASS_ROWS = ZG_AMX_TOGETHER,
    PASS_WORDS = 128
};

/* 32 rows, or 16, by some words. */
struct pass {
    const uint32_t *x, *w;
    int64_t n_words; /* in whole steps */
    float *sums;     /* [PASS_ROWS][N_OUTS] */
    bool first;      /* there are none yet */
    /* To bring into L2: n_ahead cache lines in each step, until there have been n_lines. */
    const char *ahead;
    int64_t n_ahead, n_lines;
    /* To bring into L1, because they will be written: n_y_rows. */
    const float *y;
    int64_t ldy, n_y_rows;
};

ALWAYS_INLINE void sums_begin(const struct pass *p, const bool two)
{
    if (p->first) {
        _tile_zero(0);
        _tile_zero(1);
        if (two) {
            _tile_zero(2);
            _tile_zero(3);
        }
    } else {
        _tile_loadd(0, p->sums, 4 * N_OUTS);
        _tile_loadd(1, p->sums + SIDE, 4 * N_OUTS);
        if (two) {
            _tile_loadd(2, p->sums + SIDE * N_OUTS, 4 * N_OUTS);
            _tile_loadd(3, p->sums + SIDE * N_OUTS + SIDE, 4 * N_OUTS);
        }
    }
}

ALWAYS_INLINE void sums_end(const struct pass *p, const bool two)
{
    _tile_stored(0, p->sums, 4 * N_OUTS);
    _tile_stored(1, p->sums + SIDE, 4 * N_OUTS);
    if (two) {
        _tile_stored(2, p->sums + SIDE * N_OUTS, 4 * N_OUTS);
        _tile_stored(3, p->sums + SIDE * N_OUTS + SIDE, 4 * N_OUTS);
    }
}

ALWAYS_INLINE void run_steps(const struct pass *p, const bool two)
{
    enum { Y_ROWS = PASS_ROWS / (PASS_WORDS / SIDE) };
    const uint32_t *x = p->x, *w = p->w;
    int64_t line = 0, row = 0;
    sums_begin(p, two);
    for (int64_t k = 0; k < p->n_words; k += SIDE, x += PASS_ROWS * SIDE, w += SIDE * N_OUTS) {
        for (int64_t end = zg_min64(p->n_lines, line + p->n_ahead); line < end; line++)
            __builtin_prefetch(p->ahead + 64 * line, 0, 2);
        for (int64_t end = zg_min64(p->n_y_rows, row + Y_ROWS); row < end; row++) {
            __builtin_prefetch(p->y + row * p->ldy, 1, 3);
            __builtin_prefetch(p->y + row * p->ldy + SIDE, 1, 3);
        }
        _tile_loadd(4, x, 4 * SIDE);
        _tile_loadd(6, w, 4 * N_OUTS);
        _tile_loadd(7, w + SIDE, 4 * N_OUTS);
        TILE_DPB(0, 4, 6);
        TILE_DPB(1, 4, 7);
        if (two) {
            _tile_loadd(5, x + SIDE * SIDE, 4 * SIDE);
            TILE_DPB(2, 5, 6);
            TILE_DPB(3, 5, 7);
        }
    }
    sums_end(p, two);
}

/* The last rows may need no more than one register. */
static void run_pass(const struct pass *p, int64_t n_rows)
{
    if (n_rows > SIDE)
        run_steps(p, true);
    else
        run_steps(p, false);
}

/* The words past the last whole step. */
static void run_rest(const struct zg_gemm_tile *t, int64_t row, int64_t n_rows, float *sums)
{
    uint32_t x[PASS_ROWS * SIDE] __attribute__((aligned(64))) = {0};
    uint32_t w[SIDE * N_OUTS] __attribute__((aligned(64))) = {0};
    const int64_t n = t->n_k % SIDE, k = t->n_k - n;
    memcpy(w, (const uint32_t *)t->w + k * N_OUTS, (size_t)(n * N_OUTS) * sizeof *w);
    for (int64_t i = 0; i < n_rows; i++)
        memcpy(x + i * SIDE, (const uint32_t *)t->x + zg_x_at(PASS_ROWS, t->ldx, row + i, k),
               (size_t)n * sizeof *x);
    zg_tiles_publish(x);
    zg_tiles_publish(w);
    const struct pass p = {.x = x, .w = w, .n_words = SIDE, .sums = sums, .first = k == 0};
    run_pass(&p, n_rows);
}

/* Rows through the epilogue: x are the sums. */
#define NV       2
#define MR       14
#define NAME     finish_part
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
static void finish_part(const struct zg_gemm_tile *t);
#include "engines/fused/gemm_paired_template.h"

/* Rows `row` to at most 32 more. */
static void finish_rows(const struct zg_gemm_tile *t, int64_t row, const float *sums)
{
    const int64_t end = zg_min64(t->n_rows, row + PASS_ROWS);
    struct zg_gemm_tile part = *t;
    for (; row < end; row += part.n_rows) {
        part.n_rows = zg_min64(PASS_ROWS / 3 + 1, end - row);
        part.x = sums + row * N_OUTS;
        part.x_extra = t->x_extra + row * t->ld_extra;
        part.x_scale = t->x_scale ? t->x_scale + row : NULL;
        part.n_bias_rows = t->n_bias_rows - row;
        part.base = t->base ? t->base + row * t->ld_base : NULL;
        part.y = t->y + row * t->ldy;
        finish_part(&part);
    }
}

void TILE_NAME(const struct zg_gemm_tile *t)
{
    float sums[MAX_ROWS * N_OUTS] __attribute__((aligned(64)));
    assert(t->n_rows >= 1 && t->n_rows <= MAX_ROWS);
    const int64_t n_rest = t->n_k % SIDE, n_passes = zg_ceil_div(t->n_rows, PASS_ROWS);
    struct pass p = {.ahead = t->prefetch,
                     .n_ahead = zg_ceil_div(SIDE / 4 * t->n_prefetch, n_passes),
                     .n_lines = t->n_k / 4 * t->n_prefetch,
                     .ldy = t->ldy};
    for (int64_t k = 0; k < t->n_k; k += PASS_WORDS) {
        const bool last = k + PASS_WORDS >= t->n_k;
        p.w = (const uint32_t *)t->w + k * N_OUTS;
        p.n_words = last ? t->n_k - n_rest - k : PASS_WORDS;
        p.first = k == 0;
        for (int64_t row = 0; row < t->n_rows; row += PASS_ROWS) {
            const int64_t n_rows = zg_min64(PASS_ROWS, t->n_rows - row);
            p.x = (const uint32_t *)t->x + zg_x_at(PASS_ROWS, t->ldx, row, k);
            p.sums = sums + row * N_OUTS;
            p.y = t->y + row * t->ldy;
            p.n_y_rows = last ? n_rows : 0;
            if (p.n_words > 0)
                run_pass(&p, n_rows);
            const int64_t n_asked = zg_min64(p.n_lines, p.n_words / SIDE * p.n_ahead);
            p.ahead += 64 * n_asked;
            p.n_lines -= n_asked;
            if (last && n_rest > 0)
                run_rest(t, row, n_rows, p.sums);
            /* A pass behind, so that these vector instructions run beside the next products. */
            if (last && row > 0)
                finish_rows(t, row - PASS_ROWS, sums);
        }
    }
    finish_rows(t, (n_passes - 1) * PASS_ROWS, sums);
}
