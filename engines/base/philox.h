/*
 * philox.h - Philox 4x32-10 (Salmon et al., SC'11) and the normal deviates that zogap's directions are made of.
 *
 * The mapping from (seed, tensor, stream, element) to bits is written in engines/zo.h.
 */
#ifndef ZG_BASE_PHILOX_H
#define ZG_BASE_PHILOX_H

#include <stdint.h>

enum zg_stream { ZG_STREAM_DENSE, ZG_STREAM_U, ZG_STREAM_V, ZG_STREAM_WEIGHTS, ZG_STREAM_DATA };

/* One block: out[4] = philox4x32_10(counter[4], key[2]). */
void zg_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Elements begin .. begin + n - 1 of a tensor's stream as N(0, 1) deviates.  Any begin; the same bits however the range
 * is cut, on every ISA.  Single-threaded; callers split ranges. */
void zg_philox_normal(uint64_t seed, int32_t tensor, enum zg_stream stream, int64_t begin, int64_t n, float *out);

/* The raw words of the same elements. */
void zg_philox_words(uint64_t seed, int32_t tensor, enum zg_stream stream, int64_t begin, int64_t n, uint32_t *out);

/* splitmix64 of (seed, index): derives seeds of steps, blocks, ... from one seed. */
uint64_t zg_seed_derive(uint64_t seed, uint64_t index);

#endif
