/*
 * box_muller.h - two Philox words to two normal deviates, as philox.h words it.
 *
 * Static inline and branch-free, so that each ISA file makes vectors of it.  The build forbids
 * contraction (-ffp-contract=off); without excess precision the bits are then fixed by IEEE 754
 * alone.
 */
#ifndef ZG_BASE_BOX_MULLER_H
#define ZG_BASE_BOX_MULLER_H

#include <float.h>
#include <stdint.h>

#include "engines/base/float_bits.h"

#ifdef __FAST_MATH__
#error "-ffast-math lets the compiler reorder; directions must be the same bits everywhere"
#endif
_Static_assert(FLT_EVAL_METHOD == 0, "directions need fp32 operations that round to fp32");

/* Two words to two deviates; philox.h gives the same text as a contract. */
static inline void zg_box_muller(uint32_t w0, uint32_t w1, float *z0, float *z1)
{
    const uint32_t n = w0 >> 8 | 1u;
    const uint32_t j = zg_bits_of_float((float)(int32_t)n) - 0x3f3504f3u;
    const uint32_t k = j >> 23;
    const float f = zg_float_of_bits((j & 0x7fffffu) + 0x3f3504f3u) - 1.0f;
    float p = 0x1.4bd700p-3f;
    p = p * f + -0x1.04591cp-2f;
    p = p * f + 0x1.09abe4p-2f;
    p = p * f + -0x1.22dc4ap-2f;
    p = p * f + 0x1.54d54ep-2f;
    p = p * f + -0x1.99a14cp-2f;
    p = p * f + 0x1.0000c8p-1f;
    p = p * f + -0x1.555552p-1f;
    p = p * f + 1.0f;
    const float square = (p * (f * f) - (f + f)) + (float)(int32_t)(24u - k) * 0x1.62e430p+0f;
    const float radius = __builtin_sqrtf(square);

    const uint32_t q = (w1 + 0x20000000u) >> 30;
    const float t = (float)(int32_t)(w1 - (q << 30)) * 0x1p-30f;
    const float t2 = t * t;
    float s = -0x1.2d9b7cp-8f;
    s = s * t2 + 0x1.465ec4p-4f;
    s = s * t2 + -0x1.4abbbap-1f;
    s = s * t2 + 0x1.921fb6p+0f;
    s = s * t;
    float c = 0x1.db64d4p-11f;
    c = c * t2 + -0x1.55cb98p-6f;
    c = c * t2 + 0x1.03c1eap-2f;
    c = c * t2 + -0x1.3bd3ccp+0f;
    c = c * t2 + 1.0f;
    const uint32_t swap = 0u - (q & 1u);
    const uint32_t s_bits = zg_bits_of_float(s), c_bits = zg_bits_of_float(c);
    const uint32_t cosine = ((c_bits & ~swap) | (s_bits & swap)) ^ (((q + 1u) & 2u) << 30);
    const uint32_t sine = ((s_bits & ~swap) | (c_bits & swap)) ^ ((q & 2u) << 30);
    *z0 = radius * zg_float_of_bits(cosine);
    *z1 = radius * zg_float_of_bits(sine);
}

#endif
