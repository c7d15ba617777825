/*
 * gemm_paired_int8_avx512.c - int8 weights: 14 rows x 2 zmm by VPMADDWD, for the cores without
 * VNNI.
 */
#include <assert.h>
#include <string.h>

#include "engines/fused/kernels.h"
#include "engines/fused/unroll.h"
#include "engines/fused/vec_avx512.h"

#define MR   14
#define NV   2
#define NAME zg_gemm_paired_int8_avx512

typedef __m512i sums;

ALWAYS_INLINE sums sums_zero(void)
{
    return _mm512_setzero_si512();
}
ALWAYS_INLINE sums sums_load_even(const uint32_t *p)
{
    return _mm512_srai_epi16(_mm512_slli_epi16(_mm512_loadu_si512(p), 8), 8);
}
ALWAYS_INLINE sums sums_load_odd(const uint32_t *p)
{
    return _mm512_srai_epi16(_mm512_loadu_si512(p), 8);
}
ALWAYS_INLINE sums sums_broadcast(const uint32_t *p)
{
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm512_set1_epi32(word);
}
ALWAYS_INLINE sums sums_add_products(sums a, sums b, sums c)
{
    c = _mm512_add_epi32(c, _mm512_madd_epi16(a, b));
    __asm__("" : "+v"(c)); /* GCC would else add products of several k up first, in memory */
    return c;
}
ALWAYS_INLINE vec sums_to_float(sums a)
{
    return _mm512_cvtepi32_ps(a);
}

#include "engines/fused/gemm_paired_int8_wide_template.h"
