/*
 * epilogue.h - bias, residual and ReLU around a product, for providers whose GEMM has no epilogue
 * of its own.
 *
 * Bias and residual go into y first and the product adds to them: a library that accumulates then
 * need not clear y, and the pass over y afterwards is left to ReLU alone.
 */
#ifndef ZG_RUNTIME_EPILOGUE_H
#define ZG_RUNTIME_EPILOGUE_H

#include "engines/runtime/kernels.h"
#include "engines/runtime/provider.h"

/* y = residual + bias, of those that g has (bias: not in difference rows).  Returns whether y holds
 * anything, that is, the product's beta. */
bool zg_epilogue_prefill(const struct zg_runtime_kernels *kernels, const struct zg_gemm *g,
                         int64_t n_columns, int64_t n_threads);
/* What is left after the product. */
void zg_epilogue_finish(const struct zg_runtime_kernels *kernels, const struct zg_gemm *g,
                        int64_t n_columns, int64_t n_threads);

#endif
