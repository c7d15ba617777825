/*
 * direction_check.h - is a step's direction what it should be?  What peers got wrong, and what no
 * comparison of two engines finds where both have it from the same source.
 *
 *     status = zg_direction_check(&bench.contenders[1], &options, &row, reason, size, &err);
 *
 * The engine is asked through begin, score, apply and read alone.  At three steps in a row, the
 * first with a fresh V, an update of a chosen size goes along the direction that the algorithm
 * announces, and back; weights are read before, between and after.  So D is seen as applied.
 *
 *   one direction    Of every tensor D must be what zo.h defines: rms of the difference over rms of
 *                    D at most 1e-4 in fp32, 5e-2 below it, where a loop writes such weights.  What
 *                    the scope lacks must not move.  And the loss of a probe at +-8 eps must be the
 *                    clean loss after an update that goes as far, to verify.h's tolerance.  A loop
 *                    that probes one U and updates another (the official LoZO where it redraws V)
 *                    does not pass.
 *   unrelated ones   Two tensors of equal shape, two directions of a step, two steps in a row: the
 *                    correlation must be chance's.  A seed restarted for every tensor gives 1.
 *   there and back   A step and its inverse must leave the weights: to the bit (but for the sign of
 *                    a zero) where updates stay low-rank, as those of 2-D tensors do with mechanism
 *                    `lazy`; else to the rounding of what is written, (4 + 2 sqrt(rank)) u max|W|.
 *
 * Correlations are of up to 128 rows and 16 columns of each tensor.  Of one V and r columns, where
 * only U differs, they scatter by sqrt((1 + r / 16) / (r n_rows)): a pair of tensors is blamed from
 * six times that on, or from 0.95; directions and steps, all tensors together, from 0.5.
 */
#ifndef ZG_HARNESS_DIRECTION_CHECK_H
#define ZG_HARNESS_DIRECTION_CHECK_H

#include "harness/bench/verify.h"

/* Fills the row's columns of it.  reason[size] becomes "" or what is wrong.  The contender's
 * weights are afterwards what they were, but for rounding. */
enum zg_status zg_direction_check(struct zg_contender *contender,
                                  const struct zg_trial_options *options, struct zg_verify_row *row,
                                  char *reason, size_t size, struct zg_error *err);

#endif
