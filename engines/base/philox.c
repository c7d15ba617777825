/* philox.c - ranges of elements cut into whole blocks, and the choice of the ISA's form. */
#include "engines/base/philox.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "engines/base/box_muller.h"
#include "engines/base/philox_variant.h"
#include "engines/base/size.h"

static const struct zg_philox_variant variants[] = {
    {ZG_ISA_PORTABLE, zg_philox_normal_blocks_portable, zg_philox_word_blocks_portable},
#ifdef ZG_PHILOX_X86
    {ZG_ISA_AVX2, zg_philox_normal_blocks_avx2, zg_philox_word_blocks_avx2},
    {ZG_ISA_AVX512, zg_philox_normal_blocks_avx512, zg_philox_word_blocks_avx512},
#endif
};
#define N_VARIANTS ((int64_t)(sizeof variants / sizeof variants[0]))

const struct zg_philox_variant *zg_philox_variant_at(int64_t index)
{
    return index >= 0 && index < N_VARIANTS ? &variants[index] : NULL;
}

/* Written once with a fact of the process, because rows are short and reading the environment
 * for each would cost as much as a row.  Two threads that race write the same value; the bits
 * are the same on every ISA anyway. */
static const struct zg_philox_variant *variant(void)
{
    static _Atomic(const struct zg_philox_variant *) chosen;
    const struct zg_philox_variant *best = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (best)
        return best;
    enum zg_isa isa;
    if (zg_cpu_isa_choose(&isa, NULL) != ZG_OK)
        isa = ZG_ISA_PORTABLE; /* who opens an engine reports the bad value */
    best = &variants[0];
    for (int64_t i = 1; i < N_VARIANTS; i++)
        if (variants[i].isa <= isa)
            best = &variants[i];
    atomic_store_explicit(&chosen, best, memory_order_relaxed);
    return best;
}

void zg_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t x0 = counter[0], x1 = counter[1], x2 = counter[2], x3 = counter[3], k0 = key[0],
             k1 = key[1];
    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)ZG_PHILOX_M0 * x0, p1 = (uint64_t)ZG_PHILOX_M1 * x2;
        x0 = (uint32_t)(p1 >> 32) ^ x1 ^ k0;
        x1 = (uint32_t)p1;
        x2 = (uint32_t)(p0 >> 32) ^ x3 ^ k1;
        x3 = (uint32_t)p0;
        k0 += ZG_PHILOX_W0;
        k1 += ZG_PHILOX_W1;
    }
    out[0] = x0;
    out[1] = x1;
    out[2] = x2;
    out[3] = x3;
}

static struct zg_philox_stream stream_of(uint64_t seed, int32_t tensor, enum zg_stream stream)
{
    return (struct zg_philox_stream){.key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
                                     .tensor = (uint32_t)tensor,
                                     .stream = (uint32_t)stream};
}

/* One block alone; the vector forms would make 32 for it.  Rows of U are as short as this. */
static void one_block(const struct zg_philox_stream *stream, uint64_t block, bool normal,
                      uint32_t out[4])
{
    const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), stream->tensor,
                                 stream->stream};
    zg_philox4x32(counter, stream->key, out);
    if (!normal)
        return;
    float z[4];
    zg_box_muller(out[0], out[1], &z[0], &z[1]);
    zg_box_muller(out[2], out[3], &z[2], &z[3]);
    memcpy(out, z, sizeof z);
}

#define FEW_BLOCKS 3 /* below, one by one is faster than a group of lanes */

/* A range is a part of a first block, whole blocks, and a part of a last block.  Words and
 * deviates are four bytes each, so one function cuts both. */
static void fill(const struct zg_philox_stream *stream, bool normal, int64_t begin, int64_t n,
                 void *out)
{
    assert(begin >= 0 && n >= 0);
    const struct zg_philox_variant *v = variant();
    unsigned char *to = out;
    while (n > 0) {
        const int64_t skip = begin % 4;
        const uint64_t block = (uint64_t)(begin / 4);
        int64_t taken = n / 4 * 4;
        if (skip != 0 || taken < 4 * FEW_BLOCKS) {
            uint32_t elements[4];
            taken = zg_min64(n, 4 - skip);
            one_block(stream, block, normal, elements);
            memcpy(to, elements + skip, (size_t)taken * 4);
        } else if (normal) {
            v->normal_blocks(stream, block, taken / 4, (float *)(void *)to);
        } else {
            v->word_blocks(stream, block, taken / 4, (uint32_t *)(void *)to);
        }
        to += taken * 4;
        begin += taken;
        n -= taken;
    }
}

void zg_philox_normal(uint64_t seed, int32_t tensor, enum zg_stream stream, int64_t begin,
                      int64_t n, float *out)
{
    const struct zg_philox_stream s = stream_of(seed, tensor, stream);
    fill(&s, true, begin, n, out);
}

void zg_philox_words(uint64_t seed, int32_t tensor, enum zg_stream stream, int64_t begin, int64_t n,
                     uint32_t *out)
{
    const struct zg_philox_stream s = stream_of(seed, tensor, stream);
    fill(&s, false, begin, n, out);
}

uint64_t zg_seed_derive(uint64_t seed, uint64_t index)
{
    uint64_t z = seed + (index + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}
