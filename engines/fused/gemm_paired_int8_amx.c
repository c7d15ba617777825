/*
 * gemm_paired_int8_amx.c - int8 weights by TDPBSSD, which multiplies signed bytes by signed ones: x
 * is as it is, and w_sum is not read.
 */
#define TILE_NAME          zg_gemm_paired_int8_amx
#define TILE_DPB(to, x, w) _tile_dpbssd(to, x, w)
#define sums_load(t, p, i, j)                                                                      \
    vec_mul(_mm512_cvtepi32_ps(_mm512_loadu_si512(p)),                                             \
            vec_mul(vec_broadcast((t)->x_scale + (i)), vec_load(&(t)->w_scale[(j)*VEC_WIDTH])))

#include "engines/fused/gemm_paired_amx_template.h"
