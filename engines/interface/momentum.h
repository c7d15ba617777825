/*
 * momentum.h - what engines share of LOZO-M's momentum (zo.h, apply_momentum): M of one matrix from
 * one V to the next.
 */
#ifndef ZG_INTERFACE_MOMENTUM_H
#define ZG_INTERFACE_MOMENTUM_H

#include "engines/zo.h"

/* Doubles of scratch that a thread needs at this rank; false: too many to count. */
bool zg_momentum_scratch(int64_t rank, int64_t *n_doubles);

/* m [n_rows][rank] <- m (V_old^T V) / n_cols, with the V of `direction` and its rank, and V_old of
 * another seed; sums in double in a fixed order, so the same bits on any thread. */
void zg_momentum_carry(float *m, int64_t n_rows, int64_t n_cols, int32_t tensor,
                       uint64_t seed_v_old, const struct zg_direction *direction, double *scratch);

/* What apply_momentum() of every engine refuses: no room opened for it, directions without factors
 * or of several V, another rank than M has (0: none yet), a direction that was not announced. */
enum zg_status zg_momentum_check(const struct zg_engine_limits *limits,
                                 const struct zg_direction *directions, int64_t n_directions,
                                 const struct zg_update *updates, int64_t n, int64_t rank,
                                 struct zg_error *err);

#endif
