/*
 * words.h - what a row of numbers is once it is rounded to a dtype: the tests' own view of the
 * words of kernels.h, made by the reference rounding.
 */
#ifndef ZG_TESTS_FUSED_WORDS_H
#define ZG_TESTS_FUSED_WORDS_H

#include <stdlib.h>

#include "engines/base/convert.h"
#include "engines/base/size.h"
#include "engines/fused/kernels.h"

/* to[i] * scale is x[i] rounded; returns the scale. */
static inline float test_round_row(enum zg_dtype dtype, const float *x, int64_t n, float *to)
{
    const struct zg_narrow *narrow = zg_narrow_at(0);
    uint16_t *h = malloc((size_t)zg_max64(n, 1) * sizeof *h);
    int8_t *q = malloc((size_t)zg_max64(n, 1));
    if (!h || !q)
        abort();
    float scale = 1.0f;
    if (dtype == ZG_BF16)
        narrow->bf16(x, n, h);
    if (dtype == ZG_INT8)
        scale = narrow->int8(x, n, q);
    for (int64_t i = 0; i < n; i++)
        to[i] = dtype == ZG_BF16 ? zg_float_of_bf16(h[i]) : dtype == ZG_INT8 ? (float)q[i] : x[i];
    free(h);
    free(q);
    return scale;
}

#endif
