/*
 * reference.h - the plain double-precision reference that every engine is held against.
 *
 * OPT forward, losses, dense directions and updates, written for reading, sequence by sequence: no
 * padding, no trie, no threads, no shared code with any engine but the random directions.
 */
#ifndef ZG_TESTS_REFERENCE_H
#define ZG_TESTS_REFERENCE_H

#include "engines/zo.h"

struct zg_reference; /* all weights as double */

enum zg_status zg_reference_open(struct zg_reference **out, const struct zg_model *model,
                                 struct zg_error *err);
void zg_reference_close(struct zg_reference **reference);

/* W += coefficient * D on the direction's scope. */
void zg_reference_add(struct zg_reference *reference, const struct zg_direction *direction,
                      double coefficient);

/* A step with momentum, all in dense matrices: G, of W's shape and 0 at first,
 *
 *     G <- G V V^T / n_in                    where the direction's V is not the last step's
 *     G <- keep G + sum_i c[i] D_i           D_i: directions [n], which share V where keep is not 0
 *     W <- W - rate G - decay W              decay: matrices alone
 *
 * keep 0 is a step without momentum. */
void zg_reference_step(struct zg_reference *reference, const struct zg_direction *directions,
                       const double *c, int64_t n, double keep, double rate, double decay);

/* Loss of the batch at the present weights.  example_loss [n_examples] and option_score [options]
 * may be NULL. */
double zg_reference_score(const struct zg_reference *reference, const struct zg_batch *batch,
                          double *example_loss, double *option_score);

/* By how much the largest logit of the vocabulary after a stem [n] exceeds that of `token`: 0 for
 * the likeliest. */
double zg_reference_next_gap(const struct zg_reference *reference, const int32_t *stem, int64_t n,
                             int32_t token);

/* Sets a row of a tensor; a tied head has none of its own. */
void zg_reference_set(struct zg_reference *reference, int32_t tensor, int64_t row,
                      const float *values);

/* One element of a tensor at the present weights. */
double zg_reference_weight(const struct zg_reference *reference, int32_t tensor, int64_t row,
                           int64_t col);

#endif
