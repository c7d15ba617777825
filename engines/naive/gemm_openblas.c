/* gemm_openblas.c - y = x W^T by cblas_sgemm. */
#include "engines/naive/gemm.h"

#include <cblas.h>

static void gemm_run(struct zg_naive_gemm_state *state, const struct zg_naive_gemm *g)
{
    (void)state;
    /* A process-wide number that another engine may have changed.  Setting it to what it is
     * costs nothing; the OpenMP build also sets the number of the calling thread's next parallel
     * region. */
    openblas_set_num_threads((int)g->n_threads);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)g->n_rows, (blasint)g->n_out,
                (blasint)g->n_in, 1.0f, g->x, (blasint)g->ldx, g->w, (blasint)g->ldw,
                g->accumulate ? 1.0f : 0.0f, g->y, (blasint)g->ldy);
}

const struct zg_naive_gemm_library zg_naive_gemm_openblas = {
    .name = "openblas",
    .dtypes = 1u << ZG_FP32,
    .run = gemm_run,
};
