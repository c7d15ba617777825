/*
 * gemm_paired_words_template.h - gemm_paired (kernels.h) on words of bf16 or int8: the walk along
 * k; the sums of a word are the including file's.
 *
 * Parameters, beside those of gemm_paired_template.h:
 *   sums                      type: one register of running sums
 *   sums_zero()               none yet
 *   word_step(mr, acc, w, rows, ldx, u)
 *                             acc[i][j] += word u of w times word u of row i; the row's address is
 *                             rows[i / 3] + (i % 3) * ldx + u * X_WORDS
 *   sums_finish(t, sum, i, j) the sums of row i, vector j, as fp32
 *   X_WORDS                   words of x for one of w
 */
#include "engines/fused/unroll.h"

ALWAYS_INLINE void prefetch_y(const struct zg_gemm_tile *t, int64_t step);

#define WORD_STEPS 4 /* words per unrolled step; kernels.h promises a prefetch each fourth */

ALWAYS_INLINE void word_products(const int mr, vec out[MR][NV], const struct zg_gemm_tile *t)
{
    sums acc[MR][NV];
    UNROLL
    for (int i = 0; i < mr; i++) {
        UNROLL
        for (int j = 0; j < NV; j++)
            acc[i][j] = sums_zero();
    }
    const uint32_t *w = t->w, *rows[(MR + 2) / 3];
    UNROLL
    for (int i = 0; i < (mr + 2) / 3; i++)
        rows[i] = (const uint32_t *)t->x + 3 * i * t->ldx;
    const char *prefetch = t->prefetch;
    int64_t k = 0;
    for (; k + WORD_STEPS <= t->n_k; k += WORD_STEPS) {
        for (int64_t line = 0; line < t->n_prefetch; line++, prefetch += 64)
            __builtin_prefetch(prefetch, 0, 2);
        prefetch_y(t, k / WORD_STEPS);
        UNROLL
        for (int u = 0; u < WORD_STEPS; u++)
            word_step(mr, acc, w, rows, t->ldx, u);
        w += WORD_STEPS * NV * VEC_WIDTH;
        UNROLL
        for (int i = 0; i < (mr + 2) / 3; i++)
            rows[i] += WORD_STEPS * X_WORDS;
    }
    for (; k < t->n_k; k++) {
        word_step(mr, acc, w, rows, t->ldx, 0);
        w += NV * VEC_WIDTH;
        UNROLL
        for (int i = 0; i < (mr + 2) / 3; i++)
            rows[i] += X_WORDS;
    }
    UNROLL
    for (int i = 0; i < mr; i++) {
        UNROLL
        for (int j = 0; j < NV; j++)
            out[i][j] = sums_finish(t, acc[i][j], i, j);
    }
}

#define PRODUCTS word_products
#include "engines/fused/gemm_paired_template.h"
