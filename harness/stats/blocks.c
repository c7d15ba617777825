/* blocks.c - a shuffle keyed by the seed, a rule for warm-up, a plan from the pilot's spread. */
#include "harness/stats/blocks.h"

#include <math.h>

#include "engines/base/philox.h"
#include "engines/base/size.h"
#include "harness/stats/stats.h"

void zg_block_order(uint64_t seed, int64_t block, int64_t n_subjects, int64_t *order)
{
    const uint64_t key64 = zg_seed_derive(seed, (uint64_t)block);
    const uint32_t key[2] = {(uint32_t)key64, (uint32_t)(key64 >> 32)};
    for (int64_t i = 0; i < n_subjects; i++)
        order[i] = i;
    uint32_t words[4];
    for (int64_t i = n_subjects - 1, draw = 0; i > 0; i--, draw++) {
        if (draw % 4 == 0) {
            const uint32_t counter[4] = {(uint32_t)(draw / 4), 0, 0, ZG_STREAM_DATA};
            zg_philox4x32(counter, key, words);
        }
        /* High bits of word * (i + 1): a draw of 0 .. i, biased by less than i / 2^32. */
        const int64_t j = (int64_t)(((uint64_t)words[draw % 4] * (uint64_t)(i + 1)) >> 32);
        const int64_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

int64_t zg_warmup_end(const double *s_per_step, int64_t n)
{
    double fastest = INFINITY; /* so the first is always warm-up */
    for (int64_t i = 0; i + 1 < n; i++) {
        if (s_per_step[i] >= 0.98 * fastest && s_per_step[i + 1] >= 0.98 * fastest)
            return i;
        if (s_per_step[i] < fastest)
            fastest = s_per_step[i];
    }
    return -1;
}

/* With few values the exact interval's coverage jumps: 96.1 % with 9, 97.9 % with 10, 98.7 % with
 * 14.  Whoever takes 10 has paid for a block and has a wider interval than with 9; so a number that
 * wastes coverage becomes the next one that does not.  From 1000 on none does. */
static int64_t well_used(int64_t n)
{
    double coverage; /* NaN where there is no interval */
    for (; n < 1000; n++) {
        zg_interval_rank(n, ZG_CONFIDENCE, &coverage);
        if (!(coverage > 0.962))
            break;
    }
    return n;
}

int64_t zg_blocks_plan(double spread, double width, int64_t min_blocks, int64_t max_blocks)
{
    /* The standard error of a median is sqrt(pi / 2) that of a mean, for values near normal. */
    const double root = 1.96 * 1.2533141373155003 * spread / width;
    const double blocks = ceil(root * root);
    if (!(blocks > (double)min_blocks)) /* NaN too: one subject has no ratios */
        return min_blocks;
    return blocks >= (double)max_blocks ? max_blocks
                                        : zg_min64(well_used((int64_t)blocks), max_blocks);
}
