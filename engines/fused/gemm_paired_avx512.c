/*
 * gemm_paired_avx512.c - 14 rows x 2 zmm: 28 accumulators, 2 vectors of w, 1 broadcast of the 32
 * registers.
 *
 * A step of k does 28 FMAs in 14 cycles on two ports with 16 loads (28 could go), and takes 128 +
 * 56 bytes from L2. Measured against 6 x 4, 8 x 3 and 12 x 2 on Emerald Rapids: all reach the FMA
 * peak out of L2; 14 x 2 wastes the fewest outputs (768 and 2048 are multiples of 32, not of 48)
 * and loads the least w per FLOP at few rows.
 */
#include <assert.h>

#include "engines/fused/kernels.h"
#include "engines/fused/vec_avx512.h"

#define MR   14
#define NV   2
#define NAME zg_gemm_paired_fp32_avx512
#include "engines/fused/gemm_paired_template.h"
