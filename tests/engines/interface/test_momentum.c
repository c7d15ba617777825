/* test_momentum.c - M from one V to the next against the formula in plain loops; what is
 * refused. */
#include "engines/interface/momentum.h"

#include "engines/base/philox.h"
#include "tests/support/cunit_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 5, COLS = 150, RANK = 3, ID = 40 }; /* more columns than a stripe of V */

static const struct zg_direction direction = {
    .kind = ZG_DIRECTION_LOWRANK, .rank = RANK, .scale = 0.5f, .seed_u = 1, .seed_v = 9};

/* m[i][e] = sum_k m[i][k] sum_j V_old[j][k] V[j][e] / COLS; the result is a float. */
static void test_carry(void)
{
    int64_t n = 0;
    CU_ASSERT(zg_momentum_scratch(RANK, &n));
    double *const scratch = malloc((size_t)n * sizeof *scratch);
    float m[ROWS * RANK], old_v[COLS * RANK], v[COLS * RANK], before[ROWS * RANK];
    zg_philox_normal(3, ID, ZG_STREAM_U, 0, ROWS * RANK, m);
    memcpy(before, m, sizeof m);
    zg_philox_normal(8, ID, ZG_STREAM_V, 0, COLS * RANK, old_v);
    zg_philox_normal(9, ID, ZG_STREAM_V, 0, COLS * RANK, v);
    CU_ASSERT_PTR_NOT_NULL_FATAL(scratch);
    zg_momentum_carry(m, ROWS, COLS, ID, 8, &direction, scratch);
    for (int i = 0; i < ROWS; i++)
        for (int e = 0; e < RANK; e++) {
            double want = 0;
            for (int j = 0; j < COLS; j++)
                for (int k = 0; k < RANK; k++)
                    want += (double)before[i * RANK + k] * (double)old_v[j * RANK + k] *
                            (double)v[j * RANK + e] / COLS;
            CU_ASSERT_DOUBLE_EQUAL((double)m[i * RANK + e], want, 1e-7 * (1 + fabs(want)));
        }
    /* to the V that it has: V^T V / COLS is near the identity, within a few 1 / sqrt(COLS) */
    memcpy(m, before, sizeof m);
    zg_momentum_carry(m, ROWS, COLS, ID, 9, &direction, scratch);
    for (int i = 0; i < ROWS * RANK; i++)
        CU_ASSERT_DOUBLE_EQUAL((double)m[i], (double)before[i], 1.5);
    free(scratch);
}

static void refuses(const struct zg_engine_limits *limits, const struct zg_direction *directions,
                    int64_t n_directions, const struct zg_update *update, int64_t rank,
                    const char *words)
{
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_momentum_check(limits, directions, n_directions, update, 1, rank, &err),
                    ZG_USAGE);
    zg_test_expect_words(err.text, words);
}

static void test_check(void)
{
    const struct zg_engine_limits with = {.features = ZG_FEATURE_BIT(ZG_F_MOMENTUM)};
    const struct zg_engine_limits without = {0};
    const struct zg_update update = {1, 1}, unknown = {2, 1};
    struct zg_direction d[2] = {direction, direction};
    CU_ASSERT_EQUAL(zg_momentum_check(&with, d, 2, &update, 1, RANK, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_momentum_check(&with, d, 2, &update, 1, 0, NULL), ZG_OK);
    refuses(&without, d, 2, &update, 0, "not opened for momentum");
    refuses(&with, d, 0, &update, 0, "no direction");
    refuses(&with, d, 2, &unknown, 0, "direction 2 of 2 announced");
    refuses(&with, d, 2, &update, RANK + 1, "rank 3 after steps of rank 4");
    d[1].seed_v++;
    refuses(&with, d, 2, &update, 0, "share V and scope");
    d[1] = direction;
    d[1].kind = ZG_DIRECTION_DENSE;
    refuses(&with, d, 2, &update, 0, "direction 1 is dense");
    int64_t n;
    CU_ASSERT(!zg_momentum_scratch(INT64_C(1) << 32, &n));
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"from one V to the next", test_carry},
        {"what is refused", test_check},
        {NULL, NULL},
    };
    return zg_test_run("interface/momentum", tests);
}
