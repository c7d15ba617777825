/*
 * guard.h - matrices between guard floats, so that a kernel that writes outside of its bounds is
 * caught in any build.
 *
 * The padding between columns and ld is guarded too.  Reads past the end are ASan's part: buffers
 * come from malloc.
 */
#ifndef ZG_TESTS_FUSED_GUARD_H
#define ZG_TESTS_FUSED_GUARD_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define GUARD_FLOATS 32
#define GUARD_VALUE  12345.5f

/* [rows][cols] with row stride ld inside a malloc'ed block that ends right behind the last guard.
 */
struct guarded {
    float *block;
    float *data;
    int64_t rows, cols, ld;
};

static inline struct guarded guarded_open(int64_t rows, int64_t cols, int64_t ld)
{
    struct guarded g = {.rows = rows, .cols = cols, .ld = ld};
    const int64_t n = rows * ld + 2 * GUARD_FLOATS;
    g.block = malloc((size_t)n * sizeof(float));
    if (!g.block)
        abort();
    for (int64_t i = 0; i < n; i++)
        g.block[i] = GUARD_VALUE;
    g.data = g.block + GUARD_FLOATS;
    return g;
}

static inline bool guarded_intact(const struct guarded *g)
{
    for (int64_t i = 0; i < GUARD_FLOATS; i++)
        if (g->block[i] != GUARD_VALUE || g->data[g->rows * g->ld + i] != GUARD_VALUE)
            return false;
    for (int64_t i = 0; i < g->rows; i++)
        for (int64_t j = g->cols; j < g->ld; j++)
            if (g->data[i * g->ld + j] != GUARD_VALUE)
                return false;
    return true;
}

static inline void guarded_close(struct guarded *g)
{
    free(g->block);
}

/* Uniform in [-1, 1): splitmix64 of a counter. */
static inline float test_uniform(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (float)((double)((z ^ (z >> 31)) >> 40) * 0x1p-23 - 1.0);
}

static inline void guarded_fill(struct guarded *g, uint64_t *state)
{
    for (int64_t i = 0; i < g->rows; i++)
        for (int64_t j = 0; j < g->cols; j++)
            g->data[i * g->ld + j] = test_uniform(state);
}

/*
 * Largest error of a sum of n products in fp32, in any order, plus `extra` more additions,
 * against exact arithmetic: |error| <= gamma_m * sum |terms| with gamma_m = m u / (1 - m u), u =
 * 2^-24 (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., eq. 3.4), m = n + extra
 * roundings on the longest path (a product without FMA has one more).  The reference sums in
 * double and rounds once: one more u.
 */
static inline double sum_bound(int64_t n, int64_t extra, double sum_of_magnitudes)
{
    const double m = (double)(n + extra + 2) * 0x1p-24;
    return m / (1.0 - m) * sum_of_magnitudes;
}

#endif
