/*
 * narrow_template.h - narrow.h in plain loops that a compiler turns into the vectors of the
 * including file's ISA.
 *
 * Parameter: VARIANT(name) pastes the ISA's suffix to a name.
 *
 * Magnitudes are compared as integers: those of floats have the same order, NaN and infinity come
 * above all others, and a maximum of integers may be taken in any order (one of floats vectorises
 * only under -ffast-math).
 */
#include <math.h>

#include "engines/base/float_bits.h"
#include "engines/base/narrow_variant.h"

void VARIANT(zg_narrow_bf16)(const float *restrict x, int64_t n, uint16_t *restrict y)
{
    for (int64_t i = 0; i < n; i++) {
        const uint32_t bits = zg_bits_of_float(x[i]);
        /* NaN: as it is, but quiet, because the payload's low half may have been all there was. */
        const uint32_t nan = (int32_t)(bits & 0x7fffffffu) > 0x7f800000 ? 0xffffffffu : 0u;
        /* Else: half of the last place less one, plus the last bit, so that ties go to even. */
        const uint32_t half = 0x7fffu + (bits >> 16 & 1u);
        y[i] = (uint16_t)(((bits + (half & ~nan)) | (0x400000u & nan)) >> 16);
    }
}

float VARIANT(zg_narrow_int8)(const float *restrict x, int64_t n, int8_t *restrict q)
{
    /* 1.5 * 2^23: adding it leaves no fraction bits, so the sum is rounded to nearest even, and its
     * low byte is the integer in two's complement. */
    const float magic = 12582912.0f;
    int32_t largest = 0;
    for (int64_t i = 0; i < n; i++) {
        const int32_t magnitude = (int32_t)(zg_bits_of_float(x[i]) & 0x7fffffffu);
        largest = magnitude > largest ? magnitude : largest;
    }
    const float max = zg_float_of_bits((uint32_t)largest);
    if (!(max >= 0x1p-100f && max < INFINITY)) {
        for (int64_t i = 0; i < n; i++)
            q[i] = 0;
        return max < 0x1p-100f ? 0.0f : NAN;
    }
    const float factor = 127.0f / max;
    for (int64_t i = 0; i < n; i++)
        q[i] = (int8_t)(uint8_t)zg_bits_of_float(x[i] * factor + magic);
    return max / 127.0f;
}
