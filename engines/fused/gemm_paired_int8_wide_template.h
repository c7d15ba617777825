/*
 * gemm_paired_int8_wide_template.h - gemm_paired on int8 weights where the ISA has no dot product
 * of bytes: int8 widened to int16, multiplied and added in pairs to int32.
 *
 * Parameters, beside those of gemm_paired_template.h, on `sums`, int32 lanes of a vec:
 *   sums_zero()
 *   sums_load_even(p), sums_load_odd(p)   of each lane's four int8: numbers 0 and 2, 1 and 3, as
 *                                         int16
 *   sums_broadcast(p)                     one word in all lanes
 *   sums_add_products(a, b, c)            c + the two int16 products
 *   sums_to_float(a)
 *
 * Exact: a pair is at most 2 * 127 * 127, and pack() refuses rows whose sum may leave int32.
 * (VPMADDUBSW multiplies bytes, but unsigned by signed with saturation at 16 bits: it takes
 * absolute values and signs to make exact sums of it, two instructions more for each pair.)  Two
 * shifts or one widen w, once for all rows of the tile; x comes widened already
 * (zg_narrow_row_int8_wide).
 */
#include "engines/fused/unroll.h"

#define X_WORDS 2

ALWAYS_INLINE void word_step(const int mr, sums acc[MR][NV], const uint32_t *w,
                             const uint32_t *const rows[], int64_t ldx, int u)
{
    UNROLL
    for (int half = 0; half < 2; half++) {
        __asm__("" : "+r"(ldx)); /* as in gemm_paired_template.h: no address for every word */
        sums b[NV];
        UNROLL
        for (int j = 0; j < NV; j++) {
            const uint32_t *at = w + (u * NV + j) * VEC_WIDTH;
            b[j] = half == 0 ? sums_load_even(at) : sums_load_odd(at);
        }
        UNROLL
        for (int i = 0; i < mr; i++) {
            const sums a = sums_broadcast(rows[i / 3] + (i % 3) * ldx + u * X_WORDS + half);
            UNROLL
            for (int j = 0; j < NV; j++)
                acc[i][j] = sums_add_products(a, b[j], acc[i][j]);
        }
    }
}

ALWAYS_INLINE vec sums_finish(const struct zg_gemm_tile *t, sums sum, int i, int j)
{
    const vec scale = vec_mul(vec_broadcast(t->x_scale + i), vec_load(t->w_scale + j * VEC_WIDTH));
    return vec_mul(sums_to_float(sum), scale);
}

#include "engines/fused/gemm_paired_words_template.h"
