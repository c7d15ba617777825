/*
 * mt19937.h - the permutations of numpy's legacy random generator, which the official ZO scripts
 * draw their rows by.
 *
 *     int64_t order[5];
 *     zg_mt19937_permutation(0, order, 5);              // 2 0 1 3 4, as in numpy
 *
 * The numbers of `np.random.seed(seed); np.random.permutation(n)` (RandomState, frozen by NEP 19):
 *
 *     words    MT19937 (Matsumoto and Nishimura 1998), its 624 words from the seed by
 *              x_i = 1812433253 (x_{i-1} ^ (x_{i-1} >> 30)) + i
 *              (numpy/random/src/mt19937/mt19937.c, mt19937_seed)
 *     place j  the next word, cut to as many low bits as i has; drawn again while it exceeds i
 *              (numpy/random/src/distributions/distributions.c, random_interval)
 *     order    for i = n-1 down to 1, swap places i and j (numpy/random/mtrand.pyx, shuffle)
 */
#ifndef ZG_WORKLOADS_MT19937_H
#define ZG_WORKLOADS_MT19937_H

#include <stdint.h>

#define ZG_MT19937_WORDS 624

struct zg_mt19937 {
    uint32_t state[ZG_MT19937_WORDS];
    int next; /* word of the state that comes next */
};
void zg_mt19937_seed(struct zg_mt19937 *generator, uint32_t seed);
uint32_t zg_mt19937_word(struct zg_mt19937 *generator);

/* A permutation of 0 .. n-1 to order [n], 1 <= n <= 2^32. */
void zg_mt19937_permutation(uint32_t seed, int64_t *order, int64_t n);

#endif
