/*
 * philox.h - Philox 4x32-10 (Salmon et al., SC'11) and the normal deviates that zogap's directions
 * are made of.
 *
 * The mapping from (seed, tensor, stream, element) to words x0..x3 is written in engines/zo.h.  Of
 * a block, (x0, x1) give elements 0 and 1, and (x2, x3) give elements 2 and 3, by Box-Muller:
 * radius sqrt(-2 log u) at the angle 2 pi w.  Exactly, with every fp32 operation rounded to nearest
 * even, in the order of the parentheses and left to right, and nothing contracted; integers are
 * uint32 and wrap, >> shifts in zeros; bits(x) is the encoding of an fp32 number, number(b) the
 * inverse, (float) a conversion of the value:
 *
 *     radius from the first word w0:
 *         n  = (w0 >> 8) | 1                          odd, so u = n / 2^24 is in (0, 1) and exact
 *         j  = bits((float)n) - 0x3f3504f3            0x3f3504f3 = bits(sqrt(1/2))
 *         k  = j >> 23                                n = m 2^k with m in [sqrt(1/2), sqrt(2))
 *         f  = number((j & 0x7fffff) + 0x3f3504f3) - 1            = m - 1
 *         p  = 0x1.4bd7p-3                       Horner: p = (p * f) + next, with next in turn
 *              -0x1.04591cp-2  0x1.09abe4p-2  -0x1.22dc4ap-2  0x1.54d54ep-2
 *              -0x1.99a14cp-2  0x1.0000c8p-1  -0x1.555552p-1  1
 *         radius = sqrt(((p * (f * f)) - (f + f)) + (float)(24 - k) * 0x1.62e43p+0)
 *
 *     angle from the second word w1:
 *         q  = (w1 + 0x20000000) >> 30                nearest quadrant
 *         t  = (float)(int32)(w1 - (q << 30)) * 2^-30            in [-1/2, 1/2] quadrants
 *         t2 = t * t
 *         s  = -0x1.2d9b7cp-8                    Horner in t2, with next in turn
 *              0x1.465ec4p-4  -0x1.4abbbap-1  0x1.921fb6p+0
 *         s  = s * t
 *         c  = 0x1.db64d4p-11                    Horner in t2
 *              -0x1.55cb98p-6  0x1.03c1eap-2  -0x1.3bd3ccp+0  1
 *         (cosine, sine) = (c, s), (-s, c), (-c, -s), (s, -c)     for q = 0, 1, 2, 3
 *
 *     first deviate = radius * cosine, second = radius * sine
 *
 * To check an implementation: seed 0, tensor 0, stream 0 begins with 0x1.fb7662p-1, -0x1.d96d60p-1,
 * -0x1.3c373ap-1, -0x1.eda35ep-2.
 *
 * The polynomials are ours: Chebyshev interpolations of (log(1 + f) - f + f^2/2) / f^3, sin(pi t/2)
 * / t and (cos(pi t/2) - 1) / t^2; the deviates are within 5e-7 of the radius of the exact ones.
 * |deviate| <= 5.77, because u >= 2^-24.  No step makes a denormal number, so
 * flush-to-zero modes change nothing.
 */
#ifndef ZG_BASE_PHILOX_H
#define ZG_BASE_PHILOX_H

#include <stdint.h>

enum zg_stream { ZG_STREAM_DENSE, ZG_STREAM_U, ZG_STREAM_V, ZG_STREAM_WEIGHTS, ZG_STREAM_DATA };

/* One block: out[4] = philox4x32_10(counter[4], key[2]). */
void zg_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Elements begin .. begin + n - 1 of a tensor's stream as N(0, 1) deviates.  Any begin; the same
 * bits however the range is cut, on every ISA.  Single-threaded; callers split ranges. */
void zg_philox_normal(uint64_t seed, int32_t tensor, enum zg_stream stream, int64_t begin,
                      int64_t n, float *out);

/* The raw words of the same elements. */
void zg_philox_words(uint64_t seed, int32_t tensor, enum zg_stream stream, int64_t begin, int64_t n,
                     uint32_t *out);

/* splitmix64 of (seed, index): derives seeds of steps, blocks, ... from one seed. */
uint64_t zg_seed_derive(uint64_t seed, uint64_t index);

#endif
