/*
 * weights.h - one number for the weights that an engine has now.
 */
#ifndef ZG_TRAIN_WEIGHTS_H
#define ZG_TRAIN_WEIGHTS_H

#include "engines/zo.h"

/* XXH3 of ids, sizes and effective values, as read() gives them, of every tensor of the scope, ids
 * ascending.  Equal numbers are equal bits of every weight that a training moves.  ZG_ENV: no
 * memory; else what read() returns. */
enum zg_status zg_weights_hash(const struct zg_engine *engine, struct zg_engine_state *state,
                               const struct zg_model_shape *shape, enum zg_scope scope,
                               uint64_t *hash, struct zg_error *err);

#endif
