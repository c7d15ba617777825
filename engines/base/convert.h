/*
 * convert.h - stored weights to fp32, exactly: every F16 and BF16 number is an fp32 number.
 *
 * Integer operations and one exact subtraction, so that flush-to-zero modes of the calling thread
 * change nothing, and without branches, so that the loops vectorise.
 */
#ifndef ZG_BASE_CONVERT_H
#define ZG_BASE_CONVERT_H

#include <stdint.h>

#include "engines/base/float_bits.h"

static inline float zg_float_of_bf16(uint16_t h)
{
    return zg_float_of_bits((uint32_t)h << 16);
}

static inline float zg_float_of_fp16(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000u) << 16;
    const uint32_t magnitude = (uint32_t)(h & 0x7fffu)
                               << 13;                   /* exponent and mantissa in fp32's places */
    const uint32_t normal = magnitude + (112u << 23);   /* bias 15 -> 127 */
    const uint32_t infinite = magnitude + (224u << 23); /* exponent 31 -> 255 */
    /* A denormal m / 1024 * 2^-14 is the number 2^-14 (1 + m / 1024) less 2^-14. */
    const uint32_t denormal =
        zg_bits_of_float(zg_float_of_bits(magnitude + (113u << 23)) - 0x1p-14f);
    const uint32_t bits = magnitude < 0x800000u     ? denormal
                          : magnitude >= 0xf800000u ? infinite
                                                    : normal;
    return zg_float_of_bits(sign | bits);
}

#endif
