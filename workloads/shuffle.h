/* shuffle.h - the order of an epoch: a random permutation, a pure function of seed and epoch. */
#ifndef ZG_WORKLOADS_SHUFFLE_H
#define ZG_WORKLOADS_SHUFFLE_H

#include <stdint.h>

/* One random word draws a place below 2^32. */
#define ZG_SHUFFLE_MAX UINT32_MAX

/*
 * Shuffles order [n], n <= ZG_SHUFFLE_MAX, by Fisher and Yates: for i = n-1 down to 1, swap places
 * i and j = (word * (i + 1)) >> 32, where word number n-1-i is that element of the Philox stream
 * "data order" (zo.h) under seed zg_seed_derive(seed, epoch), tensor 0.  Some j is favoured by a
 * factor of at most 1 + n / 2^32: 2e-5 for SST-2.
 */
void zg_shuffle(int64_t *order, int64_t n, uint64_t seed, int64_t epoch);

#endif
