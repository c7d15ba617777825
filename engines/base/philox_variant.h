/*
 * philox_variant.h - the forms of the generator, one an ISA: a table for philox.c and for the test
 * that compares them.
 */
#ifndef ZG_BASE_PHILOX_VARIANT_H
#define ZG_BASE_PHILOX_VARIANT_H

#include <stdint.h>

#include "engines/base/cpu.h"

/* Random123's constants: multipliers, and Weyl increments of the key (golden ratio, sqrt(3) -
 * 1). */
#define ZG_PHILOX_M0 0xD2511F53u
#define ZG_PHILOX_M1 0xCD9E8D57u
#define ZG_PHILOX_W0 0x9E3779B9u
#define ZG_PHILOX_W1 0xBB67AE85u

struct zg_philox_stream { /* what key and counter share for all blocks of one stream */
    uint32_t key[2];
    uint32_t tensor;
    uint32_t stream;
};

/* Blocks block .. block + n_blocks - 1: four elements each. */
typedef void zg_philox_normal_blocks_fn(const struct zg_philox_stream *stream, uint64_t block,
                                        int64_t n_blocks, float *out);
typedef void zg_philox_word_blocks_fn(const struct zg_philox_stream *stream, uint64_t block,
                                      int64_t n_blocks, uint32_t *out);

zg_philox_normal_blocks_fn zg_philox_normal_blocks_portable, zg_philox_normal_blocks_avx2,
    zg_philox_normal_blocks_avx512;
zg_philox_word_blocks_fn zg_philox_word_blocks_portable, zg_philox_word_blocks_avx2,
    zg_philox_word_blocks_avx512;

struct zg_philox_variant {
    enum zg_isa isa; /* the machine must reach it */
    zg_philox_normal_blocks_fn *normal_blocks;
    zg_philox_word_blocks_fn *word_blocks;
};

/* Ascending by ISA; NULL past the end.  The first is the portable one. */
const struct zg_philox_variant *zg_philox_variant_at(int64_t index);

#endif
