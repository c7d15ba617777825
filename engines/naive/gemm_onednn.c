/* gemm_onednn.c - y = x W^T by dnnl_sgemm, which oneDNN 2.6 and 3.x both have in C.  Row-major. */
#include "engines/naive/gemm.h"

#include <dnnl.h>
#include <math.h>
#include <omp.h>

void zg_naive_gemm_onednn(const struct zg_naive_gemm *g)
{
    omp_set_num_threads((int)g->n_threads); /* oneDNN asks omp_get_max_threads() */
    const dnnl_status_t status =
        dnnl_sgemm('N', 'T', g->n_rows, g->n_out, g->n_in, 1.0f, g->x, g->ldx, g->w, g->ldw,
                   g->accumulate ? 1.0f : 0.0f, g->y, g->ldy);
    /* The one cause is that its buffers found no memory.  A NaN loss is an answer that the caller
     * must look at; numbers of another product would not be. */
    if (status != dnnl_success)
        g->y[0] = NAN;
}
