/* test_bpe.c - the heap against the reference loop of GPT-2's encoder, also on merge lists no
 * training would give. */
#include "workloads/bpe.h"

#include <string.h>

#include "tests/support/cunit_run.h"

struct merge {
    int32_t left, right, merged;
};

static uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

/* GPT-2's encoder.py, bpe(): again and again the pair of lowest rank, everywhere, left to right. */
static int64_t reference_merge(const struct merge *merges, int32_t n_merges, int32_t *ids,
                               int64_t n)
{
    for (;;) {
        int32_t best = n_merges;
        for (int64_t i = 0; i + 1 < n; i++)
            for (int32_t m = 0; m < best; m++)
                if (merges[m].left == ids[i] && merges[m].right == ids[i + 1])
                    best = m;
        if (best == n_merges)
            return n;
        int64_t n_out = 0;
        for (int64_t i = 0; i < n;) {
            if (i + 1 < n && ids[i] == merges[best].left && ids[i + 1] == merges[best].right) {
                ids[n_out++] = merges[best].merged;
                i += 2;
            } else {
                ids[n_out++] = ids[i++];
            }
        }
        n = n_out;
    }
}

/* Random tables over few symbols, so that ranks contradict the order of making. */
static void test_against_reference(void)
{
    enum { N_BASE = 3, N_MERGES = 24, N_WORD = 40 };
    uint64_t state = 1;
    struct zg_bpe_scratch scratch = {0};
    for (int trial = 0; trial < 3000; trial++) {
        struct merge merges[N_MERGES];
        int32_t n_merges = 0;
        struct zg_bpe bpe;
        CU_ASSERT_EQUAL_FATAL(zg_bpe_open(&bpe, N_MERGES, NULL), ZG_OK);
        for (int attempt = 0; attempt < N_MERGES; attempt++) {
            const uint32_t n_symbols = N_BASE + N_MERGES;
            const struct merge m = {(int32_t)(next_random(&state) % n_symbols),
                                    (int32_t)(next_random(&state) % n_symbols),
                                    (int32_t)(N_BASE + next_random(&state) % N_MERGES)};
            /* parts mostly small, so that chains do happen */
            const struct merge small = {m.left % (N_BASE + attempt / 2),
                                        m.right % (N_BASE + attempt / 2), m.merged};
            if (zg_bpe_add(&bpe, small.left, small.right, n_merges, small.merged))
                merges[n_merges++] = small;
        }
        int32_t got[N_WORD], want[N_WORD];
        int64_t n = 1 + next_random(&state) % N_WORD;
        for (int64_t i = 0; i < n; i++)
            want[i] = got[i] = (int32_t)(next_random(&state) % N_BASE);
        const int64_t n_want = reference_merge(merges, n_merges, want, n);
        CU_ASSERT_EQUAL(zg_bpe_merge(&bpe, got, &n, &scratch, NULL), ZG_OK);
        CU_ASSERT_EQUAL_FATAL(n, n_want);
        CU_ASSERT_EQUAL_FATAL(memcmp(got, want, (size_t)n * sizeof *got), 0);
        zg_bpe_close(&bpe);
    }
    zg_bpe_scratch_free(&scratch);
}

/* "abab" with (ab a) before (a b): a round is finished before its products are looked at. */
static void test_round_before_products(void)
{
    struct zg_bpe bpe;
    struct zg_bpe_scratch scratch = {0};
    CU_ASSERT_EQUAL_FATAL(zg_bpe_open(&bpe, 2, NULL), ZG_OK);
    CU_ASSERT_TRUE(zg_bpe_add(&bpe, 2, 0, 0, 3));
    CU_ASSERT_TRUE(zg_bpe_add(&bpe, 0, 1, 1, 2));
    int32_t ids[] = {0, 1, 0, 1};
    int64_t n = 4;
    CU_ASSERT_EQUAL(zg_bpe_merge(&bpe, ids, &n, &scratch, NULL), ZG_OK);
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT_TRUE(ids[0] == 2 && ids[1] == 2);
    zg_bpe_close(&bpe);
    zg_bpe_scratch_free(&scratch);
}

static void test_duplicate_pair(void)
{
    struct zg_bpe bpe;
    CU_ASSERT_EQUAL_FATAL(zg_bpe_open(&bpe, 1, NULL), ZG_OK);
    CU_ASSERT_TRUE(zg_bpe_add(&bpe, 0, 1, 0, 2));
    CU_ASSERT_FALSE(zg_bpe_add(&bpe, 0, 1, 1, 3));
    zg_bpe_close(&bpe);
    zg_bpe_close(&bpe);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"random tables equal GPT-2's loop", test_against_reference},
        {"a round is finished before its products merge", test_round_before_products},
        {"a pair enters once", test_duplicate_pair},
        {NULL, NULL},
    };
    return zg_test_run("bpe", tests);
}
