/*
 * gemm_paired_avx2.c - 6 rows x 2 ymm: 12 accumulators, 2 vectors of w, 1 broadcast of the 16
 * registers.
 *
 * A step of k does 12 FMAs in 6 cycles on two ports with 8 loads: the shape of most AVX2 GEMMs,
 * for the same reasons.
 */
#include <assert.h>

#include "engines/fused/kernels.h"
#include "engines/fused/vec_avx2.h"

#define MR    6
#define NV    2
#define STEPS 8
#define NAME  zg_gemm_paired_fp32_avx2
#include "engines/fused/gemm_paired_template.h"
