/*
 * gemm.c - y = epilogue(bias + W x + E x_extra) on a panel: who computes which tile, and in which
 * order.
 *
 * Threads.  The work is a grid of strips x row blocks, all of nearly the same size.  Taken strip
 * by strip it is one line of units, which is cut into equal parts: nobody waits at the end,
 * however few strips there are, and a thread meets the same strips in every call, so that it
 * finds them on its own NUMA node and in its own L2.
 *
 * Caches.  A thread walks its units so that a block of x rows (x_bytes) stays in L2 while all
 * its strips pass by, and a strip stays there while the rows of the block pass by; a strip that
 * comes next is prefetched meanwhile:
 *
 *     for each block of x rows
 *         for each k block          y gets bias and residual in the first, ReLU in the last
 *             for each strip
 *                 for each row block: one tile
 */
#include <assert.h>
#include <omp.h>
#include <stddef.h>

#include "engines/fused/fused.h"

/* How a call is cut up; the same for all threads. */
struct cut {
    int64_t n_row_blocks; /* of mr rows or one less */
    int64_t n_k_blocks;
    int64_t k_size;     /* of a k block but the last */
    int64_t n_x_blocks; /* of row blocks that stay in L2 together */
};

static struct cut cut_call(const struct zg_provider_state *state, const struct zg_gemm *g)
{
    const int64_t n_in = g->w->shape.n_in, mr = g->w->kernels->mr;
    struct cut c;
    c.n_row_blocks = zg_ceil_div(g->n_rows, mr);
    c.n_k_blocks = zg_ceil_div(n_in, ZG_K_BLOCK);
    c.k_size = zg_round_up(zg_ceil_div(n_in, c.n_k_blocks), 16); /* x on cache lines */
    const int64_t row_block_bytes = mr * c.k_size * (int64_t)sizeof(float);
    c.n_x_blocks = zg_ceil_div(c.n_row_blocks, zg_max64(1, state->x_bytes / row_block_bytes));
    return c;
}

/* One strip, one k block, some row blocks. */
struct visit {
    int64_t strip;
    int64_t k_begin, k_end;
    int64_t row_block_begin, row_block_end;
    const float *w;        /* of the k block */
    const float *prefetch; /* what comes next, or NULL */
    int64_t prefetch_lines;
};

/* What the tiles of a strip and a k block have in common. */
static struct zg_gemm_tile tile_of(const struct zg_gemm *g, const struct visit *v)
{
    const struct zg_strip at = zg_panel_strip(g->w, v->strip);
    const int64_t n_in = g->w->shape.n_in, column = at.group * g->w->shape.n_out + at.row;
    const bool first = v->k_begin == 0, last = v->k_end == n_in;
    const bool residual = first && g->epilogue == ZG_EPILOGUE_RESIDUAL;
    const float *base = residual ? g->residual + column : first ? NULL : g->y + column;
    return (struct zg_gemm_tile){
        .w = v->w,
        .x = g->x + v->k_begin,
        .ldx = g->ldx,
        .n_k = v->k_end - v->k_begin,
        .x_extra = g->x + n_in + at.group * g->n_extra,
        .n_extra = last ? g->n_extra : 0,
        .bias = first && g->bias ? g->bias + column : NULL,
        .base = base,
        .ld_base = residual ? g->ldr : g->ldy,
        .relu = last && g->epilogue == ZG_EPILOGUE_RELU,
        .y = g->y + column,
        .ldy = g->ldy,
        .n_out = at.n_out,
    };
}

static void visit_strip(const struct zg_gemm *g, const struct cut *c, const struct visit *v)
{
    const struct zg_gemm_tile common = tile_of(g, v);
    const int64_t n_blocks = v->row_block_end - v->row_block_begin;
    const int64_t n_steps = common.n_k / 4; /* prefetching steps of a tile */
    const int64_t per_step = n_steps ? zg_ceil_div(v->prefetch_lines, n_steps * n_blocks) : 0;
    const int64_t n_bias_rows = g->n_rows - g->n_difference_rows;
    for (int64_t r = v->row_block_begin; r < v->row_block_end; r++) {
        const int64_t begin = zg_share_begin(g->n_rows, r, c->n_row_blocks);
        const int64_t line = (r - v->row_block_begin) * per_step * n_steps;
        struct zg_gemm_tile t = common;
        t.n_rows = zg_share_begin(g->n_rows, r + 1, c->n_row_blocks) - begin;
        t.n_bias_rows = n_bias_rows - begin;
        t.x += begin * g->ldx;
        t.x_extra += begin * g->ldx;
        t.y += begin * g->ldy;
        if (t.base)
            t.base += begin * t.ld_base;
        if (v->prefetch && line < v->prefetch_lines) {
            t.prefetch = (const char *)v->prefetch + line * 64;
            t.n_prefetch = per_step;
        }
        g->w->kernels->gemm_paired(&t);
    }
}

static void run_thread(const struct zg_gemm *g, const struct cut *c, float *scratch, int64_t thread,
                       int64_t n_threads)
{
    const struct zg_panel *panel = g->w;
    const int64_t nr = panel->kernels->nr, n_in = panel->shape.n_in, n_blocks = c->n_row_blocks;
    const int64_t n_units = panel->n_strips * n_blocks;
    const int64_t begin = zg_share_begin(n_units, thread, n_threads);
    const int64_t end = zg_share_begin(n_units, thread + 1, n_threads);
    const int64_t strip_begin = begin / n_blocks, strip_end = zg_ceil_div(end, n_blocks);
    for (int64_t xb = 0; xb < c->n_x_blocks; xb++)
        for (int64_t k = 0; k < n_in; k += c->k_size)
            for (int64_t s = strip_begin; s < strip_end; s++) {
                struct visit v = {.strip = s, .k_begin = k, .k_end = zg_min64(k + c->k_size, n_in)};
                /* The block's rows, but in the first and the last strip only this thread's. */
                v.row_block_begin =
                    zg_max64(zg_share_begin(n_blocks, xb, c->n_x_blocks), begin - s * n_blocks);
                v.row_block_end =
                    zg_min64(zg_share_begin(n_blocks, xb + 1, c->n_x_blocks), end - s * n_blocks);
                if (v.row_block_begin >= v.row_block_end)
                    continue;
                if (panel->packed) {
                    const bool more = s + 1 < strip_end;
                    v.w = panel->strips + s * panel->strip_size + k * nr;
                    v.prefetch = more ? v.w + panel->strip_size : NULL;
                    v.prefetch_lines = (v.k_end - k) * nr * (int64_t)sizeof(float) / 64;
                } else {
                    zg_fused_pack_strip(panel, s, k, v.k_end, scratch);
                    v.w = scratch;
                }
                visit_strip(g, c, &v);
            }
}

void zg_fused_gemm(struct zg_provider_state *state, const struct zg_gemm *g)
{
    assert(g->n_rows >= 1 && g->n_rows <= state->max_rows);
    assert(g->n_extra == g->w->n_extra);
    assert(g->n_difference_rows >= 0 && g->n_difference_rows <= g->n_rows);
    const struct cut c = cut_call(state, g);
#pragma omp parallel num_threads((int)state->n_threads)
    {
        const int64_t thread = omp_get_thread_num();
        run_thread(g, &c, state->scratch ? state->scratch + thread * state->scratch_size : NULL,
                   thread, omp_get_num_threads());
    }
}
