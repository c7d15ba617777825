/* mt19937.c - the Mersenne Twister, word by word, and numpy's legacy shuffle on it. */
#include "workloads/mt19937.h"

enum { N = ZG_MT19937_WORDS, M = 397 };

void zg_mt19937_seed(struct zg_mt19937 *generator, uint32_t seed)
{
    uint32_t *x = generator->state;
    x[0] = seed;
    for (uint32_t i = 1; i < N; i++)
        x[i] = UINT32_C(1812433253) * (x[i - 1] ^ (x[i - 1] >> 30)) + i;
    generator->next = N;
}

/* x_{i+N} = x_{i+M} ^ (the top bit of x_i, the rest of x_{i+1}) A, for a whole state. */
static void twist(uint32_t *x)
{
    for (int i = 0; i < N; i++) {
        const uint32_t y = (x[i] & UINT32_C(0x80000000)) | (x[(i + 1) % N] & UINT32_C(0x7fffffff));
        x[i] = x[(i + M) % N] ^ (y >> 1) ^ (y & 1 ? UINT32_C(0x9908b0df) : 0);
    }
}

uint32_t zg_mt19937_word(struct zg_mt19937 *generator)
{
    if (generator->next == N) {
        twist(generator->state);
        generator->next = 0;
    }
    uint32_t y = generator->state[generator->next++];
    y ^= y >> 11;
    y ^= (y << 7) & UINT32_C(0x9d2c5680);
    y ^= (y << 15) & UINT32_C(0xefc60000);
    return y ^ (y >> 18);
}

/* Uniform in 0 .. largest. */
static uint32_t draw(struct zg_mt19937 *generator, uint32_t largest)
{
    uint32_t mask = largest;
    for (int shift = 1; shift < 32; shift *= 2)
        mask |= mask >> shift;
    uint32_t word;
    do
        word = zg_mt19937_word(generator) & mask;
    while (word > largest);
    return word;
}

void zg_mt19937_permutation(uint32_t seed, int64_t *order, int64_t n)
{
    struct zg_mt19937 generator;
    zg_mt19937_seed(&generator, seed);
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = draw(&generator, (uint32_t)i), swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
}
