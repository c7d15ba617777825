/*
 * gemm_paired_int8_avx2.c - int8 weights: 6 rows x 2 ymm, as in fp32, by VPMADDWD.
 *
 * A word takes 24 multiplies on two ports and 24 additions that other ports can take: twice the
 * rate of fp32 where there are four vector ports (Zen), four thirds where there are three.
 */
#include <assert.h>
#include <string.h>

#include "engines/fused/kernels.h"
#include "engines/fused/unroll.h"
#include "engines/fused/vec_avx2.h"

#define MR   6
#define NV   2
#define NAME zg_gemm_paired_int8_avx2

typedef __m256i sums;

ALWAYS_INLINE sums sums_zero(void)
{
    return _mm256_setzero_si256();
}
ALWAYS_INLINE sums sums_load_even(const uint32_t *p)
{
    return _mm256_srai_epi16(_mm256_slli_epi16(_mm256_loadu_si256((const __m256i *)p), 8), 8);
}
ALWAYS_INLINE sums sums_load_odd(const uint32_t *p)
{
    return _mm256_srai_epi16(_mm256_loadu_si256((const __m256i *)p), 8);
}
ALWAYS_INLINE sums sums_broadcast(const uint32_t *p)
{
    int32_t word;
    memcpy(&word, p, sizeof word);
    return _mm256_set1_epi32(word);
}
ALWAYS_INLINE sums sums_add_products(sums a, sums b, sums c)
{
    c = _mm256_add_epi32(c, _mm256_madd_epi16(a, b));
    __asm__("" : "+x"(c)); /* GCC would else add products of several k up first, in memory */
    return c;
}
ALWAYS_INLINE vec sums_to_float(sums a)
{
    return _mm256_cvtepi32_ps(a);
}

#include "engines/fused/gemm_paired_int8_wide_template.h"
