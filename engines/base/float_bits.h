/* float_bits.h - an fp32 number and its bits. */
#ifndef ZG_BASE_FLOAT_BITS_H
#define ZG_BASE_FLOAT_BITS_H

#include <stdint.h>
#include <string.h>

static inline float zg_float_of_bits(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static inline uint32_t zg_bits_of_float(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

#endif
