/*
 * philox_template.h - Philox 4x32-10 blocks and their normal deviates, for one ISA.  All forms give
 * the same bits (philox.h says why).
 *
 * Parameters, set by the including file:
 *     VARIANT(name)   pastes the ISA's suffix to a name
 *     word_vector     uint64_t, or a GNU vector of them: one Philox word a 64-bit lane
 *     MUL_LOW(a, b)   product of the low 32 bits of each lane of a and b, 64 bits wide
 *     GROUPS          vectors in flight: enough to hide the multiplier's latency, few enough for
 *                     the register file
 *
 * What it leaves to others: cutting ranges to whole blocks, and choosing the ISA (philox.c).
 */
#include <string.h>

#include "engines/base/box_muller.h"
#include "engines/base/philox_variant.h"

enum { LANES = 32, WIDTH = sizeof(word_vector) / 8 };
_Static_assert(LANES % (WIDTH * GROUPS) == 0, "the lanes are whole groups of vectors");

struct lanes {
    uint32_t x0[LANES], x1[LANES], x2[LANES], x3[LANES];
};

static inline void store_low(uint32_t *restrict out, const word_vector *restrict x)
{
    uint64_t wide[WIDTH * GROUPS];
    memcpy(wide, x, sizeof wide);
    for (int i = 0; i < WIDTH * GROUPS; i++)
        out[i] = (uint32_t)wide[i];
}

/* LANES blocks from counter `block` on.  A word sits in the low half of a 64-bit lane, where the
 * widening multiply reads it and leaves it; the high halves hold leftovers that nothing reads.
 * That spends half the lanes of an xor, but needs none of the shuffles that 32-bit lanes need
 * around a 32 x 32 -> 64 bit product.  (Left to itself, GCC 12 makes of the plain loop full
 * 64-bit products, at twice the time.) */
static inline void philox_lanes(const struct zg_philox_stream *stream, uint64_t block,
                                struct lanes *restrict out)
{
    static const uint64_t iota[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    const word_vector zero = {0};
    word_vector step;
    memcpy(&step, iota, sizeof step);
    const word_vector m0 = zero + ZG_PHILOX_M0, m1 = zero + ZG_PHILOX_M1;
    for (int begin = 0; begin < LANES; begin += WIDTH * GROUPS) {
        word_vector x0[GROUPS], x1[GROUPS], x2[GROUPS], x3[GROUPS];
        for (int g = 0; g < GROUPS; g++) {
            x0[g] = step + (block + (uint64_t)(begin + g * WIDTH));
            x1[g] = x0[g] >> 32;
            x2[g] = zero + stream->tensor;
            x3[g] = zero + stream->stream;
        }
        uint32_t key0 = stream->key[0], key1 = stream->key[1];
        for (int round = 0; round < 10; round++) {
            const word_vector k0 = zero + key0, k1 = zero + key1;
            for (int g = 0; g < GROUPS; g++) {
                const word_vector p0 = MUL_LOW(m0, x0[g]), p1 = MUL_LOW(m1, x2[g]);
                x0[g] = (p1 >> 32) ^ x1[g] ^ k0;
                x1[g] = p1;
                x2[g] = (p0 >> 32) ^ x3[g] ^ k1;
                x3[g] = p0;
            }
            key0 += ZG_PHILOX_W0;
            key1 += ZG_PHILOX_W1;
        }
        store_low(out->x0 + begin, x0);
        store_low(out->x1 + begin, x1);
        store_low(out->x2 + begin, x2);
        store_low(out->x3 + begin, x3);
    }
}

void VARIANT(zg_philox_normal_blocks)(const struct zg_philox_stream *stream, uint64_t block,
                                      int64_t n_blocks, float *out)
{
    struct lanes x;
    float z[4 * LANES];
    for (int64_t done = 0; done < n_blocks; done += LANES) {
        philox_lanes(stream, block + (uint64_t)done, &x);
        for (int i = 0; i < LANES; i++) {
            zg_box_muller(x.x0[i], x.x1[i], &z[4 * i], &z[4 * i + 1]);
            zg_box_muller(x.x2[i], x.x3[i], &z[4 * i + 2], &z[4 * i + 3]);
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
