/* test_blocks.c - the rules of blocks.c: the order of a block, the end of the
 * warm-up, the number of blocks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/philox.h"
#include "harness/stats/blocks.h"
#include "tests/support/cunit_run.h"
#include "tests/support/exact.h"

static void orders_are_permutations(void)
{
    for (int64_t n = 1; n <= 9; n++) {
        for (int64_t block = 0; block < 100; block++) {
            int64_t order[9], again[9];
            unsigned seen = 0;
            zg_block_order(5, block, n, order);
            zg_block_order(5, block, n, again);
            CU_ASSERT_EQUAL(memcmp(order, again, (size_t)n * sizeof *order), 0);
            for (int64_t i = 0; i < n; i++)
                seen |= 1u << order[i];
            CU_ASSERT_EQUAL(seen, (1u << n) - 1);
        }
    }
}

/* The shuffle as blocks.h has it, of all its words at once: an order is the same on every machine,
 * for results name its seed. */
static void orders_are_those_of_the_words(void)
{
    for (int64_t n = 1; n <= 12; n++)
        for (int64_t block = 0; block < 20; block++) {
            const uint64_t seed = 0x123456789abcdef,
                           derived = zg_seed_derive(seed, (uint64_t)block);
            const uint32_t key[2] = {(uint32_t)derived, (uint32_t)(derived >> 32)};
            uint32_t words[12];
            for (uint32_t i = 0; i < 3; i++) {
                const uint32_t counter[4] = {i, 0, 0, ZG_STREAM_DATA};
                zg_philox4x32(counter, key, words + 4 * i);
            }
            int64_t want[12], got[13];
            for (int64_t i = 0; i < n; i++)
                want[i] = i;
            for (int64_t last = n; last > 1; last--) {
                const int64_t j = (int64_t)((double)words[n - last] / 0x1p32 * (double)last);
                const int64_t swap = want[last - 1];
                want[last - 1] = want[j];
                want[j] = swap;
            }
            for (int64_t i = 0; i < 13; i++)
                got[i] = -1;
            zg_block_order(seed, block, n, got);
            CU_ASSERT_EQUAL(memcmp(got, want, (size_t)n * sizeof *got), 0);
            CU_ASSERT_EQUAL(got[n], -1);
        }
}

/* 6000 blocks of 3 subjects: each of the 6 orders 1000 times, standard deviation sqrt(6000 *
 * 5/36) = 28.9; five of them. */
static void orders_are_equally_likely(void)
{
    int64_t counts[27] = {0}, differing = 0;
    for (int64_t block = 0; block < 6000; block++) {
        int64_t order[3], other[3];
        zg_block_order(1, block, 3, order);
        zg_block_order(2, block, 3, other);
        counts[order[0] * 9 + order[1] * 3 + order[2]]++;
        differing += memcmp(order, other, sizeof order) != 0;
    }
    for (int i = 0; i < 27; i++)
        CU_ASSERT(counts[i] == 0 || llabs(counts[i] - 1000) < 145);
    CU_ASSERT(llabs(differing - 5000) < 145);
}

static void warmup_ends_by_its_rule(void)
{
    const struct {
        int64_t n, end;
        double spans[8];
    } known[] = {
        {0, -1, {0}},
        {1, -1, {1}},
        {2, -1, {1, 1}},
        {3, 1, {1, 1, 1}},  /* steady: only the first span is warm-up */
        {3, -1, {5, 1, 1}}, /* it got faster: two more must confirm */
        {4, 2, {5, 1, 1, 1}},
        {7, 5, {3, 2, 1.5, 1.2, 1.0, 1.0, 1.0}}, /* a slow descent */
        {5, 2, {1.00, 0.90, 0.89, 0.90, 0.89}},  /* 1 % faster is noise */
        {3, 1, {1, 5, 1}},                       /* a slower span is no warm-up */
        {5, 3, {1.0, 1.0, 0.5, 0.5, 0.5}},       /* one span that fails to beat is not two */
        {3, 1, {1, 0.98, 1}},                    /* 0.98 times the fastest is not faster */
        {3, 1, {1, 1, 0.98}},
        {5, 2, {1, 0.979, 1, 0.97, 0.97}}, /* the fastest so far counts */
        {0, -1, {1, 1, 1}},                /* what is behind the n-th does not */
        {1, -1, {1, 1, 1}},
        {2, -1, {1, 1, 1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const size_t size = (size_t)known[i].n * sizeof *known[i].spans;
        double *const exact = exact_copy(known[i].spans, size);
        CU_ASSERT_EQUAL(zg_warmup_end(known[i].spans, known[i].n), known[i].end);
        CU_ASSERT_EQUAL(zg_warmup_end(exact, known[i].n), known[i].end);
        exact_free(exact, size);
    }
}

/* (1.96 * 1.25331 * 0.02 / 0.01)^2 = 24.14 */
static void blocks_follow_spread_and_width(void)
{
    CU_ASSERT_EQUAL(zg_blocks_plan(0.02, 0.01, 6, 200), 25);
    CU_ASSERT_EQUAL(zg_blocks_plan(0.001, 0.01, 6, 200), 6);
    CU_ASSERT_EQUAL(zg_blocks_plan(0.0105, 0.01, 6, 200), 9); /* 7 would cover 98.4 % */
    CU_ASSERT_EQUAL(zg_blocks_plan(0.0105, 0.01, 6, 8), 8);
    CU_ASSERT_EQUAL(zg_blocks_plan(1.0, 0.01, 6, 200), 200);
    CU_ASSERT_EQUAL(zg_blocks_plan(0.0098, 0.01, 6, 200), 6); /* 5.8: just the least, as it is */
    CU_ASSERT_EQUAL(zg_blocks_plan(0.0098, 0.01, 1, 200), 9); /* else 6 would cover 96.9 % */
    CU_ASSERT_EQUAL(zg_blocks_plan(0.0098, 0.01, 7, 200), 7);
    CU_ASSERT_EQUAL(zg_blocks_plan(0.02, 0.01, 6, 25), 25);
    CU_ASSERT_EQUAL(zg_blocks_plan(0.02, 0.01, 6, 24), 24);
    CU_ASSERT_EQUAL(zg_blocks_plan(0.0072, 0.01, 1, 200),
                    4); /* 3.1: without an interval, as it is */
    CU_ASSERT_EQUAL(zg_blocks_plan(0.0135, 0.01, 1, 200),
                    12); /* 10.99; 11 covers 98.8, 12 96.1 % */
    CU_ASSERT_EQUAL(zg_blocks_plan(NAN, 0.01, 6, 200), 6);
    CU_ASSERT_EQUAL(zg_blocks_plan(1e300, 1e-300, 6, INT64_MAX), INT64_MAX);
}

int main(void)
{
    const struct zg_test tests[] = {
        {"orders are permutations", orders_are_permutations},
        {"orders are those of the words", orders_are_those_of_the_words},
        {"orders are equally likely", orders_are_equally_likely},
        {"warm-up ends by its rule", warmup_ends_by_its_rule},
        {"blocks follow spread and width", blocks_follow_spread_and_width},
        {0}};
    return zg_test_run("sampler rules", tests);
}
