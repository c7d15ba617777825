/*
 * gemm.c - y = epilogue(bias + W x + E x_extra) on a panel: who computes which tile, and in which
 * order.
 *
 * Threads.  They are a grid: as many groups of rows as there are rows for, each group's strips
 * shared by the threads that are left over.  A thread multiplies the rows that it makes between the
 * calls (runtime/norm.c: of pairs the means and half differences), so that rows stay in its own
 * cache; weights are read by several, which costs less, for nobody writes them: where a cache line
 * takes 250 ns from core to core, a step with strips alone shared took 3 % (fp32) to 6 % (int8)
 * longer.  Where cores are not equally fast, who is ready first goes on with what others have not
 * begun (claim.h).
 *
 * Caches.  A thread walks its units so that a block of x rows (x_bytes) stays in L2 while all
 * its strips pass by, and a strip stays there while the rows of the block pass by; a strip that
 * comes next is prefetched meanwhile:
 *
 *     for each block of x rows      and each claim: parts of a share's strips on that block
 *         for each k block          y gets bias and residual in the first, ReLU in the last
 *             for each strip
 *                 for each row block: one tile
 *
 * Below fp32 the threads round all rows of x first, once for all strips, and meet before they
 * multiply.
 */
#include <assert.h>
#include <omp.h>
#include <stddef.h>
#include <string.h>

#include "engines/fused/fused.h"
#include "engines/runtime/kept.h"

/* What the tiles read as x: the caller's rows, or these rounded, in the state's memory. */
struct rows {
    const uint32_t *x; /* zg_x_at() */
    int64_t ld;
    int64_t words;      /* of x for one of w */
    const float *extra; /* [n_rows][ld_extra]: n_extra for each group */
    int64_t ld_extra;
    int64_t n_extra; /* kept columns included */
    const float *scale;
};

static struct rows rows_of(const struct zg_provider_state *state, const struct zg_gemm *g)
{
    const struct zg_panel *panel = g->w;
    const bool fp32 = panel->shape.dtype == ZG_FP32, kept = panel->n_kept > 0;
    struct rows r = {.words = panel->kernels->x_words, .scale = state->x_scale};
    r.x = fp32 ? (const void *)g->x : state->x;
    r.ld = fp32 ? g->ldx : zg_fused_x_ld(panel->kernels, panel->n_words);
    r.extra = kept ? state->x_extra : g->x + panel->shape.n_in;
    r.ld_extra = kept ? state->x_extra_size : g->ldx;
    r.n_extra = panel->n_kept + g->n_extra;
    return r;
}

/* Row i of x to the state's memory.  Kept columns leave it and stand before each group's extras. */
static void narrow_row(const struct zg_provider_state *state, const struct zg_gemm *g,
                       const struct rows *r, int64_t i, int64_t thread)
{
    const struct zg_panel *panel = g->w;
    const int64_t n_in = panel->shape.n_in, n_kept = panel->n_kept;
    const float *x = g->x + i * g->ldx;
    if (n_kept > 0) {
        float *rest = state->x_row + thread * 2 * state->x_row_size;
        float *extra = state->x_extra + i * r->ld_extra;
        memcpy(rest, x, (size_t)n_in * sizeof *rest);
        zg_kept_round(state->narrow, rest, panel->kept, n_kept, extra);
        zg_kept_remove(rest, panel->kept, n_kept);
        for (int64_t group = 0; group < panel->shape.n_groups; group++) {
            float *to = extra + group * r->n_extra;
            memmove(to, extra, (size_t)n_kept * sizeof *to);
            memcpy(to + n_kept, x + n_in + group * g->n_extra, (size_t)g->n_extra * sizeof *to);
        }
        x = rest;
    }
    const int64_t together = panel->kernels->x_rows;
    uint32_t *to = state->x + zg_x_at(together, r->ld, i, 0);
    uint32_t *words =
        together == 1 ? to : (void *)(state->x_row + (thread * 2 + 1) * state->x_row_size);
    state->x_scale[i] = panel->kernels->narrow_row(state->narrow, x, n_in, words, panel->n_words);
    for (int64_t k = 0; together > 1 && k < r->ld; k += 16)
        memcpy(to + k * together, words + k, 16 * sizeof *words);
}

enum {
    MAX_PARTS = 4, /* finer, and the wait of whoever is ready first is shorter */
    /* Of a row group: with fewer, strips come too often for their rows.  Estimated from the 2 GB/s
     * of weights that a thread wants at 100 rows; measured were groups of 200. */
    LEAST_GROUP_ROWS = 96
};

/* How a call is cut up; the same for all threads. */
struct cut {
    int64_t n_row_groups, n_strip_groups; /* the grid of threads */
    int64_t n_halves;                     /* 2: means and half differences */
    int64_t n_row_blocks;                 /* of a half, of mr rows or one less */
    int64_t x_block;                      /* row blocks that stay in L2 together, at most */
};

static struct cut cut_call(const struct zg_provider_state *state, const struct zg_gemm *g)
{
    const struct zg_kernels *kernels = g->w->kernels;
    struct cut c = {.n_row_groups = 1};
    if (kernels->x_rows == 1) /* tiles wait for weights from memory: read once */
        c.n_row_groups = zg_max64(1, zg_min64(state->n_threads, g->n_rows / LEAST_GROUP_ROWS));
    while (state->n_threads % c.n_row_groups)
        c.n_row_groups--;
    c.n_strip_groups = state->n_threads / c.n_row_groups;
    c.n_halves = c.n_row_groups > 1 && 2 * g->n_difference_rows == g->n_rows ? 2 : 1;
    c.n_row_blocks = zg_ceil_div(g->n_rows / c.n_halves, kernels->mr);
    const int64_t row_block_bytes = 4 * kernels->mr * g->w->k_size * kernels->x_words;
    c.x_block = zg_max64(1, state->x_bytes / row_block_bytes);
    return c;
}

/* A thread's part of the grid: some strips on some row blocks of each half, which are cut into
 * blocks of x. */
struct share {
    int64_t strip_begin, n_strips;
    int64_t block_begin[2], n_blocks[2]; /* of each half */
    int64_t n_x_blocks;
    int64_t n_parts; /* of a strip on an x block: what a thread takes at least */
};

static struct share share_of(const struct zg_gemm *g, const struct cut *c, int64_t thread)
{
    const int64_t strip_group = thread % c->n_strip_groups, n_strips = g->w->n_strips;
    const int64_t group = thread / c->n_strip_groups, n = c->n_row_blocks,
                  n_groups = c->n_row_groups;
    struct share h = {0};
    h.strip_begin = zg_share_begin(n_strips, strip_group, c->n_strip_groups);
    h.n_strips = zg_share_begin(n_strips, strip_group + 1, c->n_strip_groups) - h.strip_begin;
    h.block_begin[0] = zg_share_begin(n, group, n_groups);
    h.n_blocks[0] = zg_share_begin(n, group + 1, n_groups) - h.block_begin[0];
    if (c->n_halves == 2) { /* from the other end: who has one less here has one more there */
        h.block_begin[1] = n - zg_share_begin(n, n_groups - group, n_groups);
        h.n_blocks[1] = n - zg_share_begin(n, n_groups - group - 1, n_groups) - h.block_begin[1];
    }
    const int64_t n_blocks = h.n_blocks[0] + h.n_blocks[1];
    h.n_x_blocks = zg_ceil_div(n_blocks, c->x_block);
    h.n_parts = zg_min64(MAX_PARTS, zg_ceil_div(n_blocks, zg_max64(1, h.n_x_blocks)));
    return h;
}

/* The first row of a share's row block, and the one after its last; what is read together is not
 * parted. */
static void block_rows(const struct zg_gemm *g, const struct cut *c, const struct share *h,
                       int64_t block, int64_t *begin, int64_t *end)
{
    const int64_t together = g->w->kernels->x_rows, n = g->n_rows / c->n_halves;
    const int64_t n_units = zg_ceil_div(n, together), half = block >= h->n_blocks[0];
    const int64_t i = h->block_begin[half] + block - half * h->n_blocks[0];
    *begin = half * n + together * zg_share_begin(n_units, i, c->n_row_blocks);
    *end = half * n + zg_min64(n, together * zg_share_begin(n_units, i + 1, c->n_row_blocks));
}

/* One strip, one k block, some row blocks. */
struct visit {
    int64_t strip;
    int64_t k_begin, k_end; /* words */
    int64_t row_block_begin, row_block_end;
    const uint32_t *w;        /* of the k block */
    const uint32_t *prefetch; /* what comes next, or NULL */
    int64_t prefetch_lines;
};

/* What the tiles of a strip and a k block have in common. */
static struct zg_gemm_tile tile_of(const struct zg_gemm *g, const struct rows *r,
                                   const struct visit *v)
{
    const struct zg_panel *panel = g->w;
    const struct zg_strip at = zg_panel_strip(panel, v->strip);
    const int64_t column = at.group * panel->shape.n_out + at.row, nr = panel->kernels->nr;
    const int64_t k_block = v->k_begin / panel->k_size, n_k = v->k_end - v->k_begin;
    const bool first = v->k_begin == 0, last = v->k_end == panel->n_words;
    const bool residual = first && g->epilogue == ZG_EPILOGUE_RESIDUAL;
    const float *base = residual ? g->residual + column : first ? NULL : g->y + column;
    return (struct zg_gemm_tile){
        .w = v->w,
        .x = r->x + zg_x_at(panel->kernels->x_rows, r->ld, 0, v->k_begin * r->words),
        .ldx = r->ld,
        .n_k = n_k,
        .w_extra = (const void *)(v->w + n_k * nr),
        .x_extra = r->extra + at.group * r->n_extra,
        .ld_extra = r->ld_extra,
        .n_extra = last ? r->n_extra : 0,
        .x_scale = r->scale,
        .w_scale = panel->scale ? panel->scale + v->strip * nr : NULL,
        .w_sum = panel->sum ? panel->sum + (k_block * panel->n_strips + v->strip) * nr : NULL,
        .bias = first && g->bias ? g->bias + column : NULL,
        .base = base,
        .ld_base = residual ? g->ldr : g->ldy,
        .relu = last && g->epilogue == ZG_EPILOGUE_RELU,
        .y = g->y + column,
        .ldy = g->ldy,
        .n_out = at.n_out,
    };
}

static void visit_strip(const struct zg_gemm *g, const struct rows *r, const struct cut *c,
                        const struct share *h, const struct visit *v)
{
    /* Changed in place: a copy would wait until the stores of the tile before have left. */
    struct zg_gemm_tile t = tile_of(g, r, v);
    const uint32_t *const x = t.x;
    const float *const x_extra = t.x_extra, *const x_scale = t.x_scale, *const base = t.base;
    float *const y = t.y;
    const int64_t n_blocks = v->row_block_end - v->row_block_begin;
    const int64_t n_steps = t.n_k / 4; /* prefetching steps of a tile */
    const int64_t per_step = n_steps ? zg_ceil_div(v->prefetch_lines, n_steps * n_blocks) : 0;
    const int64_t n_bias_rows = g->n_rows - g->n_difference_rows, nr = g->w->kernels->nr;
    int64_t first_row, begin, end, next, next_end;
    block_rows(g, c, h, v->row_block_begin, &begin, &end);
    first_row = begin;
    for (int64_t b = v->row_block_begin; b < v->row_block_end; b++, begin = next, end = next_end) {
        const bool last = b + 1 == v->row_block_end;
        block_rows(g, c, h, last ? b : b + 1, &next, &next_end);
        const int64_t line = (b - v->row_block_begin) * per_step * n_steps;
        t.n_rows = end - begin;
        t.n_bias_rows = n_bias_rows - begin;
        t.x = x + begin * t.ldx;
        t.x_extra = x_extra + begin * t.ld_extra;
        t.x_scale = x_scale ? x_scale + begin : NULL;
        t.base = base ? base + begin * t.ld_base : NULL;
        t.y = y + begin * g->ldy;
        t.next_y = last ? y + first_row * g->ldy + t.n_out : y + next * g->ldy;
        t.n_next_rows = last && t.n_out < nr ? 0 : t.n_rows;
        const bool more = v->prefetch && line < v->prefetch_lines;
        t.prefetch = more ? (const char *)v->prefetch + line * 64 : NULL;
        t.n_prefetch = more ? per_step : 0;
        g->w->kernels->gemm_paired(&t);
    }
}

/* Parts begin .. end - 1 of a share's strips on one block of x, counted strip by strip. */
static void run_parts(const struct zg_gemm *g, const struct rows *r, const struct cut *c,
                      const struct share *h, uint32_t *scratch, int64_t xb, int64_t begin,
                      int64_t end)
{
    const struct zg_panel *panel = g->w;
    const int64_t nr = panel->kernels->nr, n_words = panel->n_words, n_parts = h->n_parts;
    const int64_t n_all = h->n_blocks[0] + h->n_blocks[1];
    const int64_t first_block = zg_share_begin(n_all, xb, h->n_x_blocks);
    const int64_t n_blocks = zg_share_begin(n_all, xb + 1, h->n_x_blocks) - first_block;
    for (int64_t k = 0; k < n_words; k += panel->k_size)
        for (int64_t i = begin / n_parts; i * n_parts < end; i++) {
            const int64_t s = h->strip_begin + i;
            const int64_t part_begin = zg_max64(0, begin - i * n_parts);
            const int64_t part_end = zg_min64(n_parts, end - i * n_parts);
            struct visit v = {
                .strip = s, .k_begin = k, .k_end = zg_min64(k + panel->k_size, n_words)};
            v.row_block_begin = first_block + zg_share_begin(n_blocks, part_begin, n_parts);
            v.row_block_end = first_block + zg_share_begin(n_blocks, part_end, n_parts);
            if (panel->packed) {
                const bool more = i + 1 < h->n_strips;
                v.w = panel->strips + s * panel->strip_size + k * nr;
                v.prefetch = more ? v.w + panel->strip_size : NULL;
                v.prefetch_lines = (v.k_end - k) * nr * 4 / 64;
            } else {
                zg_fused_pack_strip(panel, s, k, v.k_end, scratch);
                v.w = scratch;
            }
            visit_strip(g, r, c, h, &v);
        }
}

/* Its own share, then what others have not begun. */
static void run_thread(struct zg_provider_state *state, const struct zg_gemm *g,
                       const struct rows *r, const struct cut *c, int64_t thread)
{
    uint32_t *scratch = state->scratch ? state->scratch + thread * state->scratch_size : NULL;
    for (int64_t turn = 0; turn < state->n_threads; turn++) {
        const int64_t owner = (thread + turn) % state->n_threads;
        const struct share h = share_of(g, c, owner);
        const int64_t n_items = h.n_strips * h.n_parts; /* on an x block */
        int64_t begin, end;
        while (
            zg_queue_claim(&state->queues[owner], h.n_x_blocks * n_items, n_items, &begin, &end)) {
            const int64_t xb = begin / n_items;
            run_parts(g, r, c, &h, scratch, xb, begin - xb * n_items, end - xb * n_items);
        }
    }
}

/* Of pairs a thread rounds the means and half differences that it made (runtime/norm.c): they come
 * from its own cache. */
static void narrow_rows(const struct zg_provider_state *state, const struct zg_gemm *g,
                        const struct rows *r, int64_t thread, int64_t n_threads)
{
    const int64_t n_halves = 2 * g->n_difference_rows == g->n_rows ? 2 : 1;
    const int64_t n = g->n_rows / n_halves, end = zg_share_begin(n, thread + 1, n_threads);
    for (int64_t half = 0; half < n_halves; half++)
        for (int64_t i = zg_share_begin(n, thread, n_threads); i < end; i++)
            narrow_row(state, g, r, half * n + i, thread);
}

void zg_fused_gemm(struct zg_provider_state *state, const struct zg_gemm *g)
{
    assert(g->n_rows >= 1 && g->n_rows <= state->max_rows);
    assert(g->n_extra == g->w->n_extra);
    assert(g->n_difference_rows >= 0 && g->n_difference_rows <= g->n_rows);
    const struct cut c = cut_call(state, g);
    const struct rows r = rows_of(state, g);
    for (int64_t t = 0; t < state->n_threads; t++)
        zg_queue_reset(&state->queues[t]);
#pragma omp parallel num_threads((int)state->n_threads)
    {
        const int64_t thread = omp_get_thread_num(), n_threads = omp_get_num_threads();
        if (g->w->kernels->narrow_row) {
            narrow_rows(state, g, &r, thread, n_threads);
#pragma omp barrier
        }
        if (g->w->kernels->begin)
            g->w->kernels->begin();
        run_thread(state, g, &r, &c, thread);
        if (g->w->kernels->end)
            g->w->kernels->end();
    }
}
