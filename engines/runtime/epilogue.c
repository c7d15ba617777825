/* epilogue.c - see epilogue.h. */
#include "engines/runtime/epilogue.h"

#include <stddef.h>

void zg_epilogue_run(const struct zg_runtime_kernels *kernels, const struct zg_gemm *g,
                     int64_t n_columns, bool residual_in_y, int64_t n_threads)
{
    const bool relu = g->epilogue == ZG_EPILOGUE_RELU;
    const bool add = g->epilogue == ZG_EPILOGUE_RESIDUAL && !residual_in_y;
    if (!g->bias && !relu && !add)
        return;
#pragma omp parallel for num_threads((int)n_threads) schedule(static)
    for (int64_t i = 0; i < g->n_rows; i++)
        kernels->epilogue(g->y + i * g->ldy, n_columns, g->bias, relu,
                          add ? g->residual + i * g->ldr : NULL);
}
