/* test_outliers.c - columns that int8 would spoil are found; of random matrices none is kept,
 * however small they are. */
#include "engines/runtime/outliers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/philox.h"
#include "tests/support/cunit_run.h"

enum { N_WEIGHTS = 32 };

struct matrices {
    struct zg_outlier_sample sample;
    float *x, *w;
    double *scratch;
    int32_t columns[ZG_MAX_KEPT];
};

/* N(0, 1) rows, N(0, 0.02) weights; rows from the half on as half differences: a thousandth. */
static struct matrices draw(uint64_t seed, int64_t n_rows, int64_t n_in)
{
    struct matrices m = {0};
    const int64_t ldx = n_in + 16;
    m.x = calloc((size_t)(n_rows * ldx), sizeof *m.x);
    m.w = calloc((size_t)(N_WEIGHTS * n_in), sizeof *m.w);
    m.scratch = calloc((size_t)n_in, sizeof *m.scratch);
    CU_ASSERT_FATAL(m.x && m.w && m.scratch);
    zg_philox_normal(seed, 0, ZG_STREAM_DATA, 0, n_rows * ldx, m.x);
    zg_philox_normal(seed, 1, ZG_STREAM_DATA, 0, N_WEIGHTS * n_in, m.w);
    for (int64_t i = n_rows / 2 * ldx; i < n_rows * ldx; i++)
        m.x[i] *= 1e-3f;
    for (int64_t i = 0; i < N_WEIGHTS * n_in; i++)
        m.w[i] *= 0.02f;
    m.sample = (struct zg_outlier_sample){n_in, m.x, ldx, n_rows, m.w, N_WEIGHTS};
    return m;
}

static void discard(struct matrices *m)
{
    free(m->x);
    free(m->w);
    free(m->scratch);
}

static int64_t choose(struct matrices *m)
{
    return zg_outliers_choose(&m->sample, m->scratch, m->columns);
}

/* x's column times `factor`, W's through it. */
static void plant(struct matrices *m, int64_t column, float factor)
{
    for (int64_t i = 0; i < m->sample.n_rows; i++)
        m->x[i * m->sample.ldx + column] *= factor;
    for (int64_t o = 0; o < N_WEIGHTS; o++)
        m->w[o * m->sample.n_in + column] /= factor;
}

static bool has(const struct matrices *m, int64_t n, int64_t column)
{
    int64_t i = 0;
    while (i < n && m->columns[i] != column)
        i++;
    return i < n;
}

static const struct {
    int64_t n_rows, n_in;
} sizes[] = {{1, 64},   {2, 16},  {2, 768},  {4, 64},    {8, 768},   {16, 16},
             {16, 160}, {32, 64}, {64, 768}, {256, 768}, {16, 3072}, {256, 2048}};
enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

/* Normal rows, and the rows of a ReLU: half of it zero. */
static void test_none(void)
{
    for (int i = 0; i < N_SIZES; i++)
        for (uint64_t seed = 1; seed <= 20; seed++) {
            struct matrices m = draw(seed, sizes[i].n_rows, sizes[i].n_in);
            CU_ASSERT_EQUAL(choose(&m), 0);
            for (int64_t e = 0; e < m.sample.n_rows * m.sample.ldx; e++)
                m.x[e] = fmaxf(m.x[e], 0);
            CU_ASSERT_EQUAL(choose(&m), 0);
            discard(&m);
        }
}

/* Two channels of a norm 20 times as large, at any place: these two and no other. */
static void test_two(void)
{
    for (int i = 0; i < N_SIZES; i++)
        for (uint64_t seed = 1; seed <= 20; seed++) {
            const int64_t n_in = sizes[i].n_in;
            const int64_t first = (int64_t)seed * 7 % (n_in - 1), second = n_in - 1;
            if (sizes[i].n_rows < 8)
                continue; /* too few to be sure of the very number */
            struct matrices m = draw(seed, sizes[i].n_rows, n_in);
            plant(&m, first, 20);
            plant(&m, second, 20);
            const int64_t n = choose(&m);
            CU_ASSERT(has(&m, n, first) && has(&m, n, second));
            CU_ASSERT(n <= (n_in < 768 ? 3 : 2)); /* one of a few may be large by chance */
            discard(&m);
        }
}

static void test_one_in_a_few_rows(void)
{
    struct matrices m = draw(5, 32, 768);
    for (int64_t i = 0; i < 32; i += 3) /* large in a third of the rows */
        m.x[i * m.sample.ldx + 100] *= 60;
    CU_ASSERT_EQUAL(choose(&m), 1);
    CU_ASSERT_EQUAL(m.columns[0], 100);
    discard(&m);
}

/* More than there is room for: some of them, ascending. */
static void test_many(void)
{
    struct matrices m = draw(6, 64, 2048);
    for (int64_t k = 0; k < 80; k++)
        plant(&m, 3 + 20 * k, 20);
    const int64_t n = choose(&m);
    CU_ASSERT(n > 50 && n <= ZG_MAX_KEPT); /* the last few are within the noise */
    for (int64_t k = 0; k < n; k++) {
        CU_ASSERT_EQUAL(m.columns[k] % 20, 3);
        CU_ASSERT(k == 0 || m.columns[k - 1] < m.columns[k]);
    }
    discard(&m);
}

/* Zero rows (the half differences before the first perturbed sum) and NaN say nothing. */
static void test_rows_that_do_not_count(void)
{
    struct matrices m = draw(7, 16, 64);
    CU_ASSERT_EQUAL(choose(&m), 0);
    plant(&m, 9, 20);
    memset(m.x, 0, (size_t)(4 * m.sample.ldx) * sizeof *m.x);
    m.x[5 * m.sample.ldx + 3] = NAN;
    m.x[6 * m.sample.ldx + 3] = INFINITY;
    CU_ASSERT_EQUAL(choose(&m), 1);
    CU_ASSERT_EQUAL(m.columns[0], 9);
    memset(m.x, 0, (size_t)(16 * m.sample.ldx) * sizeof *m.x);
    CU_ASSERT_EQUAL(choose(&m), 0);
    discard(&m);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"none of random matrices", test_none},
        {"two planted", test_two},
        {"large in some rows", test_one_in_a_few_rows},
        {"more than there is room for", test_many},
        {"rows that do not count", test_rows_that_do_not_count},
        {NULL, NULL},
    };
    return zg_test_run("engines/runtime/outliers", tests);
}
