/*
 * gemm_rowmajor_template.h - gemm_rowmajor (kernels.h) in the vector of the including file.
 *
 * Parameters:
 *   a vec_*.h   included before
 *   ROWS        rows of x in the largest tile, 2 or 3
 *   OUTS        rows of w in the largest tile
 *   NAME        the function to define
 *   STORE_SUMS  optional: stores the lane sums of OUTS vectors, STORE_SUMS(p, a)
 *
 * Dot products: ROWS * OUTS accumulators run along k, so w is read once in its own order and
 * never rearranged.
 */
#include "engines/fused/unroll.h"

#define LINE 16 /* floats; kernels.h promises a prefetch each sixteenth k */

ALWAYS_INLINE void dot_step(const int rows, const int outs, vec acc[ROWS][OUTS],
                            const struct zg_dot_tile *t, int64_t k, const bool whole)
{
    const int64_t left = t->n_k - k;
    vec x[ROWS];
    UNROLL
    for (int i = 0; i < rows; i++) {
        const float *p = t->x + i * t->ldx + k;
        x[i] = whole ? vec_load(p) : vec_load_part(p, left);
    }
    UNROLL
    for (int o = 0; o < outs; o++) {
        const float *p = t->w + o * t->ldw + k;
        const vec w = vec_pin(whole ? vec_load(p) : vec_load_part(p, left));
        UNROLL
        for (int i = 0; i < rows; i++)
            acc[i][o] = vec_fmadd(x[i], w, acc[i][o]);
    }
}

ALWAYS_INLINE void dot_tile(const int rows, const int outs, const struct zg_dot_tile *t)
{
    vec acc[ROWS][OUTS];
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int o = 0; o < outs; o++)
            acc[i][o] = vec_zero();
    }
    int64_t k = 0;
    const char *prefetch = t->prefetch;
    for (; k + LINE <= t->n_k; k += LINE) {
        for (int64_t line = 0; line < t->n_prefetch; line++, prefetch += 64)
            __builtin_prefetch(prefetch, 0, 2);
        for (int v = 0; v < LINE; v += VEC_WIDTH)
            dot_step(rows, outs, acc, t, k + v, true);
    }
    for (; k + VEC_WIDTH <= t->n_k; k += VEC_WIDTH)
        dot_step(rows, outs, acc, t, k, true);
    if (k < t->n_k)
        dot_step(rows, outs, acc, t, k, false);
    UNROLL
    for (int i = 0; i < rows; i++) {
        float *y = t->y + i * t->ldy;
#ifdef STORE_SUMS
        if (outs == OUTS) {
            STORE_SUMS(y, acc[i]);
            continue;
        }
#endif
        UNROLL
        for (int o = 0; o < outs; o++)
            y[o] = vec_sum(acc[i][o]);
    }
}

/* All outputs there, the usual case: one pass for any number of rows. */
static void whole_outs(const struct zg_dot_tile *t)
{
    if (t->n_rows == ROWS)
        dot_tile(ROWS, OUTS, t);
    else if (t->n_rows == 1)
        dot_tile(1, OUTS, t);
    else
        dot_tile(2, OUTS, t);
}

/* The last outputs of a matrix are too few to deserve more than one dot product at a time. */
void NAME(const struct zg_dot_tile *t)
{
    assert(t->n_rows >= 1 && t->n_rows <= ROWS);
    assert(t->n_out >= 1 && t->n_out <= OUTS);
    if (t->n_out == OUTS) {
        whole_outs(t);
        return;
    }
    struct zg_dot_tile one = *t;
    for (int64_t i = 0; i < t->n_rows; i++)
        for (int64_t o = 0; o < t->n_out; o++) {
            one.w = t->w + o * t->ldw;
            one.x = t->x + i * t->ldx;
            one.y = t->y + i * t->ldy + o;
            dot_tile(1, 1, &one);
        }
}
