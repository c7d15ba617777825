/* shuffle.c - the words of a permutation, a chunk at a time. */
#include "workloads/shuffle.h"

#include "engines/base/philox.h"
#include "engines/base/size.h"

void zg_shuffle(int64_t *order, int64_t n, uint64_t seed, int64_t epoch)
{
    enum { CHUNK = 256 };
    uint32_t words[CHUNK];
    const uint64_t of_epoch = zg_seed_derive(seed, (uint64_t)epoch);
    for (int64_t draw = 0; draw < n - 1; draw++) {
        if (draw % CHUNK == 0)
            zg_philox_words(of_epoch, 0, ZG_STREAM_DATA, draw, zg_min64(CHUNK, n - 1 - draw),
                            words);
        const int64_t i = n - 1 - draw;
        const int64_t j = (int64_t)(((uint64_t)words[draw % CHUNK] * (uint64_t)(i + 1)) >> 32);
        const int64_t swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
}
