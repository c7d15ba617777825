/* gemm_rowmajor_avx512.c - 3 rows of x against 8 of w: 24 accumulators, 3 vectors of x, 1 of w of
 * the 32 registers. */
#include <assert.h>

#include "engines/fused/kernels.h"
#include "engines/fused/vec_avx512.h"

#define ROWS       3
#define OUTS       8
#define NAME       zg_gemm_rowmajor_fp32_avx512
#define STORE_SUMS vec_store_sums8
#include "engines/fused/gemm_rowmajor_template.h"
