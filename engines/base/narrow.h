/*
 * narrow.h - fp32 rows rounded to bf16 and int8: what low-precision GEMM inputs are made with.
 *
 * bf16 rounds to nearest even; NaN stays NaN, an overflow becomes infinity.  int8 is symmetric:
 *
 *     scale = max|x| / 127        q = x * (127 / max|x|) rounded to nearest even, in -127 .. 127
 *
 * each operation in fp32; a product with one reciprocal a row, because a division for each element
 * is slow beside the GEMMs that follow.  A row of zeros has scale 0 and zero q, and so has a row
 * below 2^-100, where the reciprocal and the denormals that a thread may flush would come into it.
 * A row with NaN or infinity gets a NaN scale and zero q, so that it shows in every result.
 *
 * Variants give the same bits, whether the calling thread flushes denormals or not.  The way back
 * from bf16 is base/convert.h's.
 */
#ifndef ZG_BASE_NARROW_H
#define ZG_BASE_NARROW_H

#include <stdint.h>

#include "engines/base/cpu.h"

struct zg_narrow {
    enum zg_isa isa;
    /* y[i] = bf16(x[i]) */
    void (*bf16)(const float *x, int64_t n, uint16_t *y);
    /* q[i] = x[i] / scale; returns the scale. */
    float (*int8)(const float *x, int64_t n, int8_t *q);
};

/* The last variant that `isa` can run. */
const struct zg_narrow *zg_narrow_choose(enum zg_isa isa);
/* The index-th variant of this build in ascending ISA order, NULL past the end; the first is the
 * reference. */
const struct zg_narrow *zg_narrow_at(int64_t index);

#endif
