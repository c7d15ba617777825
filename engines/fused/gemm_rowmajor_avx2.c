/* gemm_rowmajor_avx2.c - 2 rows of x against 4 of w: 8 accumulators, 2 vectors of x, 1 of w of
 * the 16 registers. */
#include <assert.h>

#include "engines/fused/kernels.h"
#include "engines/fused/vec_avx2.h"

#define ROWS 2
#define OUTS 4
#define NAME zg_gemm_rowmajor_fp32_avx2
#include "engines/fused/gemm_rowmajor_template.h"
