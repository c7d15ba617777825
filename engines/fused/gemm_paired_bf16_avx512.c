/* gemm_paired_bf16_avx512.c - bf16 weights: 14 rows x 2 zmm, as in fp32, for the cores
 * without AVX-512-BF16 (Skylake to Ice Lake). */
#include <assert.h>

#include "engines/fused/kernels.h"
#include "engines/fused/vec_avx512.h"

#define MR   14
#define NV   2
#define NAME zg_gemm_paired_bf16_avx512
#include "engines/fused/gemm_paired_bf16_wide_template.h"
