/* momentum.c - M (V_old^T V) / n_in: LOZOtrainer.py of the official medium_models, 363-405. */
#include "engines/interface/momentum.h"

#include <string.h>

#include "engines/base/size.h"
#include "engines/interface/direction.h"

/* Rows of V that are drawn at a time. */
enum { STRIPE = 64 };

bool zg_momentum_scratch(int64_t rank, int64_t *n_doubles)
{
    int64_t square, stripes;
    return zg_size_mul(rank, rank, &square) && zg_size_mul(rank, STRIPE + 1, &stripes) &&
           zg_size_add(square, stripes, n_doubles); /* two stripes of floats, one row of doubles */
}

/* product [rank][rank] = V_old^T V / n_cols */
static void product_of(const struct zg_direction *old, const struct zg_direction *now,
                       int32_t tensor, int64_t n_cols, float *stripes, double *product)
{
    const int64_t rank = now->rank;
    float *const before = stripes, *const after = stripes + rank * STRIPE;
    memset(product, 0, (size_t)(rank * rank) * sizeof *product);
    for (int64_t begin = 0; begin < n_cols; begin += STRIPE) {
        const int64_t n = zg_min64(STRIPE, n_cols - begin);
        zg_direction_v(old, tensor, begin, n, before);
        zg_direction_v(now, tensor, begin, n, after);
        for (int64_t j = 0; j < n; j++)
            for (int64_t k = 0; k < rank; k++)
                for (int64_t e = 0; e < rank; e++)
                    product[k * rank + e] +=
                        (double)before[j * rank + k] * (double)after[j * rank + e];
    }
    for (int64_t i = 0; i < rank * rank; i++)
        product[i] /= (double)n_cols;
}

void zg_momentum_carry(float *m, int64_t n_rows, int64_t n_cols, int32_t tensor,
                       uint64_t seed_v_old, const struct zg_direction *direction, double *scratch)
{
    const int64_t rank = direction->rank;
    double *const product = scratch, *const row = scratch + rank * rank;
    struct zg_direction old = *direction;
    old.seed_v = seed_v_old;
    product_of(&old, direction, tensor, n_cols, (float *)(row + rank), product);
    for (int64_t i = 0; i < n_rows; i++, m += rank) {
        memset(row, 0, (size_t)rank * sizeof *row);
        for (int64_t k = 0; k < rank; k++)
            for (int64_t e = 0; e < rank; e++)
                row[e] += (double)m[k] * product[k * rank + e];
        for (int64_t e = 0; e < rank; e++)
            m[e] = (float)row[e];
    }
}

enum zg_status zg_momentum_check(const struct zg_engine_limits *limits,
                                 const struct zg_direction *directions, int64_t n_directions,
                                 const struct zg_update *updates, int64_t n, int64_t rank,
                                 struct zg_error *err)
{
    if (!(limits->features & ZG_FEATURE_BIT(ZG_F_MOMENTUM)))
        return zg_fail(err, ZG_USAGE, "the engine was not opened for momentum");
    if (n_directions == 0)
        return zg_fail(err, ZG_USAGE, "momentum: no direction was announced");
    for (int64_t i = 0; i < n; i++)
        if (updates[i].direction < 0 || updates[i].direction >= n_directions)
            return zg_fail(err, ZG_USAGE, "update %lld: direction %d of %lld announced",
                           (long long)i, (int)updates[i].direction, (long long)n_directions);
    for (int64_t j = 0; j < n_directions; j++) {
        if (zg_direction_rank(&directions[j]) == 0)
            return zg_fail(err, ZG_USAGE, "momentum: direction %lld is %s, it must be low-rank",
                           (long long)j, zg_direction_kind_name(directions[j].kind));
        if (directions[j].seed_v != directions[0].seed_v ||
            directions[j].scope != directions[0].scope)
            return zg_fail(err, ZG_USAGE, "momentum: the directions must share V and scope");
        if (zg_direction_has_layers(&directions[j]))
            return zg_fail(err, ZG_USAGE,
                           "momentum: direction %lld has layers of its own, momentum is of all",
                           (long long)j);
    }
    if (rank > 0 && directions[0].rank != rank)
        return zg_fail(err, ZG_USAGE, "momentum: rank %lld after steps of rank %lld",
                       (long long)directions[0].rank, (long long)rank);
    return ZG_OK;
}
