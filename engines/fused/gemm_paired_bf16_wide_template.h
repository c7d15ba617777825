/*
 * gemm_paired_bf16_wide_template.h - gemm_paired on bf16 weights where the ISA has no bf16
 * products: both halves of a word are widened to fp32 and multiplied there.
 *
 * Parameters: those of gemm_paired_template.h.
 *
 * A bf16 number is the upper half of an fp32 one: a shift widens the first of a word, a mask the
 * second.  That is one instruction for each vector of w, shared by all rows of the tile; x comes
 * widened already (zg_narrow_row_bf16_wide), since it would need one for each row.  Products of two
 * bf16 numbers are exact in fp32, so that the rounding is that of the sums alone.
 */
#include "engines/fused/unroll.h"

typedef vec sums;
#define X_WORDS 2

ALWAYS_INLINE vec sums_zero(void)
{
    return vec_zero();
}

ALWAYS_INLINE void word_step(const int mr, vec acc[MR][NV], const uint32_t *w,
                             const uint32_t *const rows[], int64_t ldx, int u)
{
    UNROLL
    for (int half = 0; half < 2; half++) {
        vec b[NV];
        UNROLL
        for (int j = 0; j < NV; j++) {
            const uint32_t *at = w + (u * NV + j) * VEC_WIDTH;
            b[j] = half == 0 ? vec_load_bf16_first(at) : vec_load_bf16_second(at);
        }
        UNROLL
        for (int i = 0; i < mr; i++) {
            const uint32_t *at = rows[i / 3] + (i % 3) * ldx + u * X_WORDS + half;
            const vec a = vec_broadcast((const float *)at);
            UNROLL
            for (int j = 0; j < NV; j++)
                acc[i][j] = vec_fmadd(a, b[j], acc[i][j]);
        }
    }
}

ALWAYS_INLINE vec sums_finish(const struct zg_gemm_tile *t, vec sum, int i, int j)
{
    (void)t, (void)i, (void)j;
    return sum;
}

#include "engines/fused/gemm_paired_words_template.h"
