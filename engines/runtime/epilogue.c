/* epilogue.c - see epilogue.h. */
#include "engines/runtime/epilogue.h"

#include <string.h>

bool zg_epilogue_prefill(const struct zg_runtime_kernels *kernels, const struct zg_gemm *g,
                         int64_t n_columns, int64_t n_threads)
{
    const float *residual = g->epilogue == ZG_EPILOGUE_RESIDUAL ? g->residual : NULL;
    const bool in_place = residual == g->y && residual;
    const float *first = residual ? residual : g->bias;
    const int64_t ld_first = residual ? g->ldr : 0;
    const float *second = residual ? g->bias : NULL;
    if (!first)
        return false;
#pragma omp parallel for num_threads((int)n_threads) schedule(static)
    for (int64_t i = 0; i < g->n_rows; i++) {
        float *y = g->y + i * g->ldy;
        if (!in_place)
            memcpy(y, first + i * ld_first, (size_t)n_columns * sizeof *y);
        if (second)
            kernels->epilogue(y, n_columns, second, 0, NULL);
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
