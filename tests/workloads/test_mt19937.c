/* test_mt19937.c - words as the C++ standard and permutations as numpy have them. */
#include "workloads/mt19937.h"

#include <string.h>

#include "tests/support/cunit_run.h"

static void test_words(void)
{
    struct zg_mt19937 generator;
    zg_mt19937_seed(&generator, 0);
    CU_ASSERT_EQUAL(zg_mt19937_word(&generator), UINT32_C(2357136044));
    CU_ASSERT_EQUAL(zg_mt19937_word(&generator), UINT32_C(2546248239));
    CU_ASSERT_EQUAL(zg_mt19937_word(&generator), UINT32_C(3071714933));
    /* ISO C++, [rand.predef]: the 10,000th word of std::mt19937, whose seed is 5489 */
    zg_mt19937_seed(&generator, 5489);
    for (int i = 1; i < 10000; i++)
        zg_mt19937_word(&generator);
    CU_ASSERT_EQUAL(zg_mt19937_word(&generator), UINT32_C(4123659995));
}

static void check(uint32_t seed, const int64_t *want, int64_t n)
{
    int64_t order[16];
    zg_mt19937_permutation(seed, order, n);
    CU_ASSERT_EQUAL(memcmp(order, want, (size_t)n * sizeof *order), 0);
}

/* np.random.seed(seed); np.random.permutation(n) */
static void test_numpy(void)
{
    check(0, (const int64_t[]){0}, 1);
    check(0, (const int64_t[]){2, 0, 1, 3, 4}, 5);
    check(0, (const int64_t[]){2, 8, 4, 9, 1, 6, 7, 3, 0, 5}, 10);
    check(42, (const int64_t[]){8, 1, 5, 0, 7, 2, 9, 4, 3, 6}, 10);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"words", test_words},
        {"permutations of numpy", test_numpy},
        {NULL, NULL},
    };
    return zg_test_run("mt19937", tests);
}
