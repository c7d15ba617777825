/*
 * gemm_reference.c - y = x W^T in plain C: stripes of W's rows over the threads, blocked in K, a
 * register tile.
 *
 * Always in the build, so the loop runs without any library, in bf16 too: the kernel widens it.  It
 * packs nothing but the stripe in work and is no match for a BLAS.
 */
#include "engines/naive/gemm.h"

#include "engines/base/size.h"

static void gemm_run(struct zg_naive_gemm_state *state, const struct zg_naive_gemm *g)
{
    (void)state;
    const bool low = g->dtype == ZG_BF16;
    const int64_t item_size = low ? 2 : 4;
    const int64_t n_stripes = zg_ceil_div(g->n_out, ZG_NAIVE_STRIPE);
#pragma omp parallel for num_threads((int)g->n_threads) schedule(static)
    for (int64_t s = 0; s < n_stripes; s++) {
        const int64_t begin = s * ZG_NAIVE_STRIPE;
        const struct zg_naive_stripe stripe = {
            .m = g->n_rows,
            .k = g->n_in,
            .a = g->x,
            .lda = g->ldx,
            .b = (const char *)g->w + begin * g->ldw * item_size,
            .ldb = g->ldw,
            .c = g->y + begin,
            .ldc = g->ldy,
            .n_columns = zg_min64(ZG_NAIVE_STRIPE, g->n_out - begin),
            .accumulate = g->accumulate,
            .low = low,
        };
        g->kernels->stripe(&stripe);
    }
}

const struct zg_naive_gemm_library zg_naive_gemm_reference = {
    .name = "reference",
    .run = gemm_run,
};
