/*
 * gemm_paired_bf16_amx.c - bf16 weights by TDPBF16PS, and the set-up of the tiles of both dtypes.
 *
 * The instruction adds up the products of even and of odd k apart, each rounded to nearest even,
 * and takes denormal inputs and results for zero, as VDPBF16PS does.
 */
#define TILE_NAME             zg_gemm_paired_bf16_amx
#define TILE_DPB(to, x, w)    _tile_dpbf16ps(to, x, w)
#define sums_load(t, p, i, j) vec_load(p)

#include "engines/fused/gemm_paired_amx_template.h"

void zg_amx_begin(void)
{
    zg_tiles_begin();
}

void zg_amx_end(void)
{
    zg_tiles_end();
}
