/* gemm_paired_bf16_portable.c - bf16 weights: 6 rows x 2 vectors of 4, as in fp32. */
#include <assert.h>

#include "engines/fused/kernels.h"
#include "engines/fused/vec_portable.h"

#define MR   6
#define NV   2
#define NAME zg_gemm_paired_bf16_portable
#include "engines/fused/gemm_paired_bf16_wide_template.h"
