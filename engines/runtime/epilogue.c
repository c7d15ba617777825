/* epilogue.c - the two passes over y, rows in parallel: residual and bias before the product, ReLU
 * after it.  A pass that has nothing to do touches nothing. */
#include "engines/runtime/epilogue.h"

#include <string.h>

bool zg_epilogue_prefill(const struct zg_runtime_kernels *kernels, const struct zg_gemm *g,
                         int64_t n_columns, int64_t n_threads)
{
    const float *residual = g->epilogue == ZG_EPILOGUE_RESIDUAL ? g->residual : NULL;
    const bool in_place = residual == g->y && residual;
    const int64_t n_biased = g->bias ? g->n_rows - g->n_difference_rows : 0;
    const size_t n_bytes = (size_t)n_columns * sizeof *g->y;
    if (!residual && n_biased == 0)
        return false;
#pragma omp parallel for num_threads((int)n_threads) schedule(static)
    for (int64_t i = 0; i < g->n_rows; i++) {
        float *y = g->y + i * g->ldy;
        const float *bias = i < n_biased ? g->bias : NULL;
        if (residual) {
            if (!in_place)
                memcpy(y, residual + i * g->ldr, n_bytes);
            if (bias)
                kernels->epilogue(y, n_columns, bias, 0, NULL);
        } else if (bias) {
            memcpy(y, bias, n_bytes);
        } else {
            memset(y, 0, n_bytes);
        }
    }
    return true;
}

void zg_epilogue_finish(const struct zg_runtime_kernels *kernels, const struct zg_gemm *g,
                        int64_t n_columns, int64_t n_threads)
{
    if (g->epilogue != ZG_EPILOGUE_RELU)
        return;
#pragma omp parallel for num_threads((int)n_threads) schedule(static)
    for (int64_t i = 0; i < g->n_rows; i++)
        kernels->epilogue(g->y + i * g->ldy, n_columns, NULL, 1, NULL);
}
