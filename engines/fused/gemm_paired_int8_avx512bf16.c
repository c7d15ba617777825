/*
 * gemm_paired_int8_avx512bf16.c - int8 weights by VNNI's VPDPBUSD: 14 rows x 2 zmm, as in fp32,
 * four k a step.
 *
 * The instruction multiplies unsigned bytes by signed ones, so x comes with 128 added, and 128
 * times the sum of w, which pack() knows, is taken off in the end.  All of it is exact modulo 2^32,
 * and the result is an int32 (pack() refuses rows too long for that).
 */
#include <assert.h>
#include <string.h>

#include "engines/fused/kernels.h"
#include "engines/fused/unroll.h"
#include "engines/fused/vec_avx512.h"

#define MR      14
#define NV      2
#define NAME    zg_gemm_paired_int8_avx512bf16
#define X_WORDS 1

typedef __m512i sums;

ALWAYS_INLINE sums sums_zero(void)
{
    return _mm512_setzero_si512();
}

ALWAYS_INLINE void word_step(const int mr, sums acc[MR][NV], const uint32_t *w,
                             const uint32_t *const rows[], int64_t ldx, int u)
{
    __m512i b[NV];
    UNROLL
    for (int j = 0; j < NV; j++)
        b[j] = _mm512_loadu_si512(w + (u * NV + j) * VEC_WIDTH);
    UNROLL
    for (int i = 0; i < mr; i++) {
        int32_t four;
        memcpy(&four, rows[i / 3] + (i % 3) * ldx + u, sizeof four);
        const __m512i a = _mm512_set1_epi32(four);
        UNROLL
        for (int j = 0; j < NV; j++)
            acc[i][j] = _mm512_dpbusd_epi32(acc[i][j], a, b[j]);
    }
}

ALWAYS_INLINE vec sums_finish(const struct zg_gemm_tile *t, sums sum, int i, int j)
{
    const __m512i offset = _mm512_loadu_si512(t->w_sum + j * VEC_WIDTH);
    const vec scale = vec_mul(vec_broadcast(t->x_scale + i), vec_load(t->w_scale + j * VEC_WIDTH));
    return vec_mul(_mm512_cvtepi32_ps(_mm512_sub_epi32(sum, offset)), scale);
}

#include "engines/fused/gemm_paired_words_template.h"
