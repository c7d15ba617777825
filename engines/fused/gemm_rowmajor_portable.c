/* gemm_rowmajor_portable.c - 2 rows of x against 4 of w: 8 accumulators, 2 vectors of x, 1 of w
 * of the baseline's 16 registers. */
#include <assert.h>

#include "engines/fused/kernels.h"
#include "engines/fused/vec_portable.h"

#define ROWS 2
#define OUTS 4
#define NAME zg_gemm_rowmajor_fp32_portable
#include "engines/fused/gemm_rowmajor_template.h"
