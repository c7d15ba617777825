/*
 * kernels_table.c - the table of kernel variants and the choice among them.
 *
 * Built with baseline flags: nothing here may need the ISA that it chooses.
 */
#include "engines/fused/kernels.h"

#include <stdbool.h>
#include <stddef.h>

/* Ascending: a variant further down wins where the machine has its ISA (and bf16 pays).  Tile
 * shapes: see each variant's file. */
static const struct zg_kernels table[] = {
    {"ref", ZG_FP32, ZG_ISA_PORTABLE, 4, 8, 4, 4, zg_gemm_paired_fp32_ref,
     zg_gemm_rowmajor_fp32_ref, 1, NULL, 1, NULL, NULL},
    {"ref", ZG_BF16, ZG_ISA_PORTABLE, 4, 8, 4, 4, zg_gemm_paired_bf16_ref,
     zg_gemm_rowmajor_fp32_ref, 1, zg_narrow_row_bf16, 1, NULL, NULL},
    {"ref", ZG_INT8, ZG_ISA_PORTABLE, 4, 8, 4, 4, zg_gemm_paired_int8_ref,
     zg_gemm_rowmajor_fp32_ref, 1, zg_narrow_row_int8, 1, NULL, NULL},
    {"portable", ZG_FP32, ZG_ISA_PORTABLE, 6, 8, 2, 4, zg_gemm_paired_fp32_portable,
     zg_gemm_rowmajor_fp32_portable, 1, NULL, 1, NULL, NULL},
    {"portable", ZG_BF16, ZG_ISA_PORTABLE, 6, 8, 2, 4, zg_gemm_paired_bf16_portable,
     zg_gemm_rowmajor_fp32_portable, 2, zg_narrow_row_bf16_wide, 1, NULL, NULL},
    {"portable", ZG_INT8, ZG_ISA_PORTABLE, 6, 8, 2, 4, zg_gemm_paired_int8_portable,
     zg_gemm_rowmajor_fp32_portable, 2, zg_narrow_row_int8_wide, 1, NULL, NULL},
#ifdef ZG_FUSED_X86
    {"avx2", ZG_FP32, ZG_ISA_AVX2, 6, 16, 2, 4, zg_gemm_paired_fp32_avx2,
     zg_gemm_rowmajor_fp32_avx2, 1, NULL, 1, NULL, NULL},
    {"avx2", ZG_BF16, ZG_ISA_AVX2, 6, 16, 2, 4, zg_gemm_paired_bf16_avx2,
     zg_gemm_rowmajor_fp32_avx2, 2, zg_narrow_row_bf16_wide, 1, NULL, NULL},
    {"avx2", ZG_INT8, ZG_ISA_AVX2, 6, 16, 2, 4, zg_gemm_paired_int8_avx2,
     zg_gemm_rowmajor_fp32_avx2, 2, zg_narrow_row_int8_wide, 1, NULL, NULL},
    {"avx512", ZG_FP32, ZG_ISA_AVX512, 14, 32, 3, 8, zg_gemm_paired_fp32_avx512,
     zg_gemm_rowmajor_fp32_avx512, 1, NULL, 1, NULL, NULL},
    {"avx512", ZG_BF16, ZG_ISA_AVX512, 14, 32, 3, 8, zg_gemm_paired_bf16_avx512,
     zg_gemm_rowmajor_fp32_avx512, 2, zg_narrow_row_bf16_wide, 1, NULL, NULL},
    {"avx512", ZG_INT8, ZG_ISA_AVX512, 14, 32, 3, 8, zg_gemm_paired_int8_avx512,
     zg_gemm_rowmajor_fp32_avx512, 2, zg_narrow_row_int8_wide, 1, NULL, NULL},
    {"avx512bf16", ZG_BF16, ZG_ISA_AVX512BF16, 14, 32, 3, 8, zg_gemm_paired_bf16_avx512bf16,
     zg_gemm_rowmajor_fp32_avx512, 1, zg_narrow_row_bf16, 1, NULL, NULL},
    {"avx512bf16", ZG_INT8, ZG_ISA_AVX512BF16, 14, 32, 3, 8, zg_gemm_paired_int8_avx512bf16,
     zg_gemm_rowmajor_fp32_avx512, 1, zg_narrow_row_int8_offset, 1, NULL, NULL},
    {"amx", ZG_BF16, ZG_ISA_AMX, ZG_AMX_ROWS, 32, 3, 8, zg_gemm_paired_bf16_amx,
     zg_gemm_rowmajor_fp32_avx512, 1, zg_narrow_row_bf16, ZG_AMX_TOGETHER, zg_amx_begin,
     zg_amx_end},
    {"amx", ZG_INT8, ZG_ISA_AMX, ZG_AMX_ROWS, 32, 3, 8, zg_gemm_paired_int8_amx,
     zg_gemm_rowmajor_fp32_avx512, 1, zg_narrow_row_int8, ZG_AMX_TOGETHER, zg_amx_begin,
     zg_amx_end},
#endif
};
enum { N_VARIANTS = sizeof table / sizeof table[0] };

const struct zg_kernels *zg_kernels_at(int64_t index)
{
    return index >= 0 && index < N_VARIANTS ? &table[index] : NULL;
}

/* The variants that multiply in bf16 are those of the ISAs that can. */
static bool is_slower_than_widening(const struct zg_kernels *variant)
{
    return variant->dtype == ZG_BF16 && variant->isa >= ZG_ISA_AVX512BF16 &&
           !zg_cpu_bf16_products_pay(variant->isa);
}

const struct zg_kernels *zg_kernels_choose(enum zg_dtype dtype, enum zg_isa isa)
{
    for (int64_t i = N_VARIANTS - 1; i >= 0; i--)
        if (table[i].dtype == dtype && table[i].isa <= isa && !is_slower_than_widening(&table[i]))
            return &table[i];
    return NULL;
}
