/*
 * gemm_paired_portable.c - 6 rows x 2 vectors of 4: 12 accumulators, 2 of w, 1 broadcast, and a
 * product in flight, which the 16 vector registers of x86-64's baseline hold; Arm's 32 do easily.
 */
#include <assert.h>

#include "engines/fused/kernels.h"
#include "engines/fused/vec_portable.h"

#define MR   6
#define NV   2
#define NAME zg_gemm_paired_fp32_portable
#include "engines/fused/gemm_paired_template.h"
