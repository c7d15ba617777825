/*
 * gemm_openblas.c - y = x W^T by cblas_sgemm; bf16 is widened to fp32 a tile at a time.
 *
 * OpenBLAS has no bf16 product that is fast without AVX512-BF16, and fp32 products of bf16 numbers
 * are exact: so tiles of x and W are widened into buffers that stay in cache, and multiplied as
 * fp32.  A tile of W meets up to TILE_ROWS rows, so widening it costs little beside its products.
 */
#include "engines/naive/gemm.h"

#include <cblas.h>
#include <stdlib.h>

#include "engines/base/arena.h"
#include "engines/base/size.h"

/* The tiles are x [TILE_ROWS][TILE_IN] and W [TILE_OUT][TILE_IN]: 8 and 4 MiB of the last-level
 * cache.  OpenBLAS packs x again for each tile of W, and reads y again for each step in n_in: the
 * wider the tiles, the less of both. */
enum { TILE_ROWS = 2048, TILE_OUT = 1024, TILE_IN = 1024 };

struct zg_naive_gemm_state {
    float *x, *w;
};

static void gemm_close(struct zg_naive_gemm_state **state)
{
    if (!state || !*state)
        return;
    zg_buffer_free((*state)->x);
    zg_buffer_free((*state)->w);
    free(*state);
    *state = NULL;
}

static enum zg_status gemm_open(struct zg_naive_gemm_state **out,
                                const struct zg_naive_gemm *products, int64_t n,
                                struct zg_error *err)
{
    *out = NULL;
    if (n == 0 || products[0].dtype == ZG_FP32)
        return ZG_OK;
    struct zg_naive_gemm_state *state = calloc(1, sizeof *state);
    if (!state)
        return zg_fail(err, ZG_ENV, "no memory for OpenBLAS's products");
    void *x = NULL, *w = NULL;
    const int64_t item_size = TILE_IN * (int64_t)sizeof(float);
    enum zg_status status = zg_buffer_alloc(&x, TILE_ROWS, item_size, "a tile of inputs", err);
    if (!status)
        status = zg_buffer_alloc(&w, TILE_OUT, item_size, "a tile of weights", err);
    state->x = x;
    state->w = w;
    if (status)
        gemm_close(&state);
    *out = state;
    return status;
}

/* to [n_rows][n_cols] = from, rows ld apart */
static void tile_widen(const struct zg_naive_gemm *g, const uint16_t *from, int64_t ld,
                       int64_t n_rows, int64_t n_cols, float *to)
{
#pragma omp parallel for num_threads((int)g->n_threads) schedule(static)
    for (int64_t row = 0; row < n_rows; row++)
        g->kernels->widen(from + row * ld, n_cols, to + row * n_cols);
}

static void multiply(int64_t n_rows, int64_t n_out, int64_t n_in, const float *x, int64_t ldx,
                     const float *w, int64_t ldw, bool accumulate, float *y, int64_t ldy)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)n_rows, (blasint)n_out,
                (blasint)n_in, 1.0f, x, (blasint)ldx, w, (blasint)ldw, accumulate ? 1.0f : 0.0f, y,
                (blasint)ldy);
}

/* Rows `row` .. `row` + n_rows - 1 and columns `in` .. of x, with all of W's. */
static void slab_run(const struct zg_naive_gemm_state *state, const struct zg_naive_gemm *g,
                     int64_t row, int64_t n_rows, int64_t in)
{
    const uint16_t *const x = g->x, *const w = g->w;
    const int64_t n_in = zg_min64(TILE_IN, g->n_in - in);
    tile_widen(g, x + row * g->ldx + in, g->ldx, n_rows, n_in, state->x);
    for (int64_t o = 0; o < g->n_out; o += TILE_OUT) {
        const int64_t n_out = zg_min64(TILE_OUT, g->n_out - o);
        tile_widen(g, w + o * g->ldw + in, g->ldw, n_out, n_in, state->w);
        multiply(n_rows, n_out, n_in, state->x, n_in, state->w, n_in, g->accumulate || in > 0,
                 g->y + row * g->ldy + o, g->ldy);
    }
}

static void gemm_run(struct zg_naive_gemm_state *state, const struct zg_naive_gemm *g)
{
    /* A process-wide number that another engine may have changed.  Setting it to what it is
     * costs nothing; the OpenMP build also sets the number of the calling thread's next parallel
     * region. */
    openblas_set_num_threads((int)g->n_threads);
    if (g->dtype == ZG_FP32) {
        multiply(g->n_rows, g->n_out, g->n_in, g->x, g->ldx, g->w, g->ldw, g->accumulate, g->y,
                 g->ldy);
        return;
    }
    for (int64_t row = 0; row < g->n_rows; row += TILE_ROWS)
        for (int64_t in = 0; in < g->n_in; in += TILE_IN)
            slab_run(state, g, row, zg_min64(TILE_ROWS, g->n_rows - row), in);
}

const struct zg_naive_gemm_library zg_naive_gemm_openblas = {
    .name = "openblas",
    .open = gemm_open,
    .close = gemm_close,
    .run = gemm_run,
};
