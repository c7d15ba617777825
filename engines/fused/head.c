/*
 * head.c - y = W x on a row-major W that is read once: the head over a slice of the vocabulary.
 *
 * Few rows of x meet a large W, so the weights' way from memory is the limit and there is nothing
 * to win by packing them.  A thread takes a contiguous stretch of outputs; a few rows of W stay
 * in L1 while all rows of x pass by.
 */
#include <omp.h>

#include "engines/fused/fused.h"

/* Outputs begin .. end - 1 for all rows of x; begin is a multiple of dot_outs. */
static void run_thread(const struct zg_provider_state *state, const struct zg_dot_tile *call,
                       int64_t begin, int64_t end)
{
    const struct zg_kernels *kernels = state->kernels[ZG_FP32];
    const int64_t outs = kernels->dot_outs, rows = kernels->dot_rows, n_in = call->n_k;
    const int64_t row_bytes = n_in * (int64_t)sizeof(float);
    const int64_t x_rows = zg_max64(1, state->x_bytes / (row_bytes * rows)) * rows; /* stay in L2 */
    const int64_t steps = n_in / 16; /* prefetching steps of a tile */
    for (int64_t x_begin = 0; x_begin < call->n_rows; x_begin += x_rows) {
        const int64_t x_end = zg_min64(call->n_rows, x_begin + x_rows);
        const int64_t n_tiles = zg_ceil_div(x_end - x_begin, rows);
        for (int64_t o = begin; o < end; o += outs) {
            /* The outputs that come next, a share in each tile of these; rows of W lie end to end
             * as a rule. */
            const int64_t lines = o + outs < end ? outs * zg_ceil_div(row_bytes, 64) : 0;
            const int64_t per_step = steps ? zg_ceil_div(lines, n_tiles * steps) : 0;
            struct zg_dot_tile t = *call;
            t.w = call->w + o * call->ldw;
            t.n_out = zg_min64(outs, end - o);
            t.n_prefetch = per_step;
            t.prefetch = (const char *)(call->w + (o + outs) * call->ldw);
            for (int64_t i = x_begin; i < x_end; i += rows) {
                t.x = call->x + i * call->ldx;
                t.y = call->y + i * call->ldy + o;
                t.n_rows = zg_min64(rows, x_end - i);
                kernels->gemm_rowmajor(&t);
                t.prefetch += per_step * steps * 64;
            }
        }
    }
}

void zg_fused_gemm_rowmajor(struct zg_provider_state *state, const float *w, int64_t ldw,
                            int64_t n_out, int64_t n_in, const float *x, int64_t ldx,
                            int64_t n_rows, float *y, int64_t ldy)
{
    const int64_t outs = state->kernels[ZG_FP32]->dot_outs, n_blocks = zg_ceil_div(n_out, outs);
    const struct zg_dot_tile call = {
        .w = w, .ldw = ldw, .x = x, .ldx = ldx, .n_k = n_in, .y = y, .ldy = ldy, .n_rows = n_rows};
#pragma omp parallel num_threads((int)state->n_threads)
    {
        const int64_t thread = omp_get_thread_num(), n_threads = omp_get_num_threads();
        run_thread(state, &call, zg_share_begin(n_blocks, thread, n_threads) * outs,
                   zg_min64(n_out, zg_share_begin(n_blocks, thread + 1, n_threads) * outs));
    }
}
