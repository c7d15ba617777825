/* test_size.c - size.h: each bound just where it is, and *out left alone beyond it. */
#include "engines/base/size.h"

#include "tests/support/cunit_run.h"

enum { UNTOUCHED = 77 };

static void products(void)
{
    static const struct {
        int64_t a, b, product; /* -1: refused */
    } cases[] = {
        {0, 0, 0},
        {0, 5, 0},
        {5, 0, 0},
        {1, 1, 1},
        {6, 7, 42},
        {INT64_MAX, 1, INT64_MAX},
        {1, INT64_MAX, INT64_MAX},
        {INT64_MAX / 2, 2, INT64_MAX - 1},
        {INT64_MAX / 2 + 1, 2, -1},
        {INT64_C(1) << 32, INT64_C(1) << 32, -1},
        {-1, 0, -1},
        {0, -1, -1},
        {-1, 5, -1},
        {5, -1, -1},
        {-3, -4, -1},
        {-1, INT64_MAX, -1},
        {INT64_MIN, 1, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t out = UNTOUCHED;
        const bool fits = zg_size_mul(cases[i].a, cases[i].b, &out);
        CU_ASSERT_EQUAL(fits, cases[i].product >= 0);
        CU_ASSERT_EQUAL(out, fits ? cases[i].product : UNTOUCHED);
    }
}

static void sums(void)
{
    static const struct {
        int64_t a, b, sum; /* -1: refused */
    } cases[] = {
        {0, 0, 0},
        {0, 5, 5},
        {5, 0, 5},
        {6, 7, 13},
        {INT64_MAX, 0, INT64_MAX},
        {0, INT64_MAX, INT64_MAX},
        {INT64_MAX - 1, 1, INT64_MAX},
        {INT64_MAX, 1, -1},
        {1, INT64_MAX, -1},
        {-1, 0, -1},
        {0, -1, -1},
        {-1, 5, -1},
        {5, -1, -1},
        {-3, -4, -1},
        {INT64_MIN, INT64_MAX, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t out = UNTOUCHED;
        const bool fits = zg_size_add(cases[i].a, cases[i].b, &out);
        CU_ASSERT_EQUAL(fits, cases[i].sum >= 0);
        CU_ASSERT_EQUAL(out, fits ? cases[i].sum : UNTOUCHED);
    }
}

/* Against counting up to the multiple. */
static void multiples(void)
{
    for (int64_t m = 1; m <= 9; m++)
        for (int64_t a = 0; a <= 40; a++) {
            int64_t n = 0;
            while (n * m < a)
                n++;
            CU_ASSERT_EQUAL(zg_ceil_div(a, m), n);
            CU_ASSERT_EQUAL(zg_round_up(a, m), n * m);
        }
}

static void order(void)
{
    CU_ASSERT_EQUAL(zg_min64(-2, 3), -2);
    CU_ASSERT_EQUAL(zg_min64(3, -2), -2);
    CU_ASSERT_EQUAL(zg_min64(3, 3), 3);
    CU_ASSERT_EQUAL(zg_max64(-2, 3), 3);
    CU_ASSERT_EQUAL(zg_max64(3, -2), 3);
    CU_ASSERT_EQUAL(zg_max64(3, 3), 3);
    CU_ASSERT_EQUAL(zg_compare64(2, 3), -1);
    CU_ASSERT_EQUAL(zg_compare64(3, 2), 1);
    CU_ASSERT_EQUAL(zg_compare64(3, 3), 0);
    CU_ASSERT_EQUAL(zg_compare64(INT64_MIN, INT64_MAX), -1);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"products", products}, {"sums", sums}, {"multiples", multiples}, {"order", order}, {0}};
    return zg_test_run("size", tests);
}
