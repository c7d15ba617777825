/* gemm_paired_bf16_avx2.c - bf16 weights: 6 rows x 2 ymm, as in fp32; the widening runs
 * on ports that FMAs leave alone (Zen 3: a third and fourth pipe). */
#include <assert.h>

#include "engines/fused/kernels.h"
#include "engines/fused/vec_avx2.h"

#define MR   6
#define NV   2
#define NAME zg_gemm_paired_bf16_avx2
#include "engines/fused/gemm_paired_bf16_wide_template.h"
