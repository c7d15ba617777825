/*
 * epilogue.h - bias, ReLU and residual in one pass over y, for providers whose GEMM has no epilogue of its own.
 */
#ifndef ZG_RUNTIME_EPILOGUE_H
#define ZG_RUNTIME_EPILOGUE_H

#include "engines/runtime/kernels.h"
#include "engines/runtime/provider.h"

/* Finishes g->y after the product was stored into it.  `residual_in_y`: the product was added to y = residual. */
void zg_epilogue_run(const struct zg_runtime_kernels *kernels, const struct zg_gemm *g,
                     int64_t n_columns, bool residual_in_y, int64_t n_threads);

#endif
