/*
 * gemm_paired_bf16_avx512bf16.c - bf16 weights by VDPBF16PS: 14 rows x 2 zmm, as in fp32, two k a
 * step.
 *
 * Each lane adds the products of its two pairs to its fp32 sum.  The instruction rounds to nearest
 * even after each of the two products, and takes denormal inputs and results for zero, whatever
 * the thread's modes say: products below 2^-126 are lost.
 */
#include <assert.h>
#include <string.h>

#include "engines/fused/kernels.h"
#include "engines/fused/unroll.h"
#include "engines/fused/vec_avx512.h"

#define MR      14
#define NV      2
#define NAME    zg_gemm_paired_bf16_avx512bf16
#define X_WORDS 1

typedef vec sums;

ALWAYS_INLINE vec sums_zero(void)
{
    return vec_zero();
}

ALWAYS_INLINE void word_step(const int mr, vec acc[MR][NV], const uint32_t *w,
                             const uint32_t *const rows[], int64_t ldx, int u)
{
    __m512i b[NV];
    UNROLL
    for (int j = 0; j < NV; j++)
        b[j] = _mm512_loadu_si512(w + (u * NV + j) * VEC_WIDTH);
    UNROLL
    for (int i = 0; i < mr; i++) {
        int32_t pair;
        memcpy(&pair, rows[i / 3] + (i % 3) * ldx + u, sizeof pair);
        const __m512i a = _mm512_set1_epi32(pair);
        UNROLL
        for (int j = 0; j < NV; j++)
            acc[i][j] = _mm512_dpbf16_ps(acc[i][j], (__m512bh)a, (__m512bh)b[j]);
    }
}

ALWAYS_INLINE vec sums_finish(const struct zg_gemm_tile *t, vec sum, int i, int j)
{
    (void)t, (void)i, (void)j;
    return sum;
}

#include "engines/fused/gemm_paired_words_template.h"
