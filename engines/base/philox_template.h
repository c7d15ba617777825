/*
 * philox_template.h - Philox 4x32-10 blocks and their normal deviates, written as loops that a compiler turns into
 * vectors.  Every ISA file includes it once; all of them give the same bits (philox.h says why).
 *
 * Parameters, set by the including file:
 *     VARIANT(name)   pastes the ISA's suffix to a name
 *     LANES           blocks that go through together, a multiple of the vector width in 32-bit words
 *
 * What it leaves to others: cutting ranges to whole blocks, and choosing the ISA (philox.c).
 */
#include <string.h>

#include "engines/base/philox_variant.h"

struct lanes {
    uint32_t x0[LANES], x1[LANES], x2[LANES], x3[LANES];
};

/* The 64-bit product is what vpmuludq gives; the compiler sees the high half through the shift. */
static inline uint32_t mul_high(uint32_t a, uint32_t b)
{
    return (uint32_t)(((uint64_t)a * b) >> 32);
}

/* LANES blocks from counter `block` on.  The rounds are outside and the lanes inside, because that is the loop that
 * vectorises; x stays in registers or in L1. */
static inline void philox_lanes(const struct zg_philox_stream *stream, uint64_t block,
                                struct lanes *restrict out)
{
    const uint32_t base_low = (uint32_t)block, base_high = (uint32_t)(block >> 32);
    const uint32_t tensor = stream->tensor, id = stream->stream, key0 = stream->key[0],
                   key1 = stream->key[1];
    for (uint32_t i = 0; i < LANES; i++) {
        uint32_t x0 = base_low + i;
        uint32_t x1 = base_high + (x0 < base_low ? 1u : 0u);
        uint32_t x2 = tensor, x3 = id, k0 = key0, k1 = key1;
#pragma GCC unroll 10
        for (int round = 0; round < 10; round++) {
            const uint32_t high0 = mul_high(ZG_PHILOX_M0, x0), low0 = ZG_PHILOX_M0 * x0;
            const uint32_t high1 = mul_high(ZG_PHILOX_M1, x2), low1 = ZG_PHILOX_M1 * x2;
            x0 = high1 ^ x1 ^ k0;
            x1 = low1;
            x2 = high0 ^ x3 ^ k1;
            x3 = low0;
            k0 += ZG_PHILOX_W0;
            k1 += ZG_PHILOX_W1;
        }
        out->x0[i] = x0;
        out->x1[i] = x1;
        out->x2[i] = x2;
        out->x3[i] = x3;
    }
}

static inline float float_of_bits(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static inline uint32_t bits_of_float(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

/* Two words to two deviates; philox.h gives the same text as a contract. */
static inline void box_muller(uint32_t w0, uint32_t w1, float *z0, float *z1)
{
    const uint32_t n = w0 >> 8 | 1u;
    const uint32_t j = bits_of_float((float)(int32_t)n) - 0x3f3504f3u;
    const uint32_t k = j >> 23;
    const float f = float_of_bits((j & 0x7fffffu) + 0x3f3504f3u) - 1.0f;
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
    const uint32_t s_bits = bits_of_float(s), c_bits = bits_of_float(c);
    const uint32_t cosine = ((c_bits & ~swap) | (s_bits & swap)) ^ (((q + 1u) & 2u) << 30);
    const uint32_t sine = ((s_bits & ~swap) | (c_bits & swap)) ^ ((q & 2u) << 30);
    *z0 = radius * float_of_bits(cosine);
    *z1 = radius * float_of_bits(sine);
}

void VARIANT(zg_philox_normal_blocks)(const struct zg_philox_stream *stream, uint64_t block,
                                      int64_t n_blocks, float *out)
{
    struct lanes x;
    float z[4 * LANES];
    for (int64_t done = 0; done < n_blocks; done += LANES) {
        philox_lanes(stream, block + (uint64_t)done, &x);
        for (int i = 0; i < LANES; i++) {
            box_muller(x.x0[i], x.x1[i], &z[4 * i], &z[4 * i + 1]);
            box_muller(x.x2[i], x.x3[i], &z[4 * i + 2], &z[4 * i + 3]);
        }
        const int64_t n = n_blocks - done < LANES ? n_blocks - done : LANES;
        memcpy(out + 4 * done, z, (size_t)n * 4 * sizeof *out);
    }
}

void VARIANT(zg_philox_word_blocks)(const struct zg_philox_stream *stream, uint64_t block,
                                    int64_t n_blocks, uint32_t *out)
{
    struct lanes x;
    uint32_t words[4 * LANES];
    for (int64_t done = 0; done < n_blocks; done += LANES) {
        philox_lanes(stream, block + (uint64_t)done, &x);
        for (int i = 0; i < LANES; i++) {
            words[4 * i] = x.x0[i];
            words[4 * i + 1] = x.x1[i];
            words[4 * i + 2] = x.x2[i];
            words[4 * i + 3] = x.x3[i];
        }
        const int64_t n = n_blocks - done < LANES ? n_blocks - done : LANES;
        memcpy(out + 4 * done, words, (size_t)n * 4 * sizeof *out);
    }
}
