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

/* Loss of the batch at the present weights.  example_loss [n_examples] and option_score [options]
 * may be NULL. */
double zg_reference_score(const struct zg_reference *reference, const struct zg_batch *batch,
                          double *example_loss, double *option_score);

/* Sets a row of a tensor; a tied head has none of its own. */
void zg_reference_set(struct zg_reference *reference, int32_t tensor, int64_t row,
                      const float *values);

/* One element of a tensor at the present weights. */
double zg_reference_weight(const struct zg_reference *reference, int32_t tensor, int64_t row,
                           int64_t col);

#endif
