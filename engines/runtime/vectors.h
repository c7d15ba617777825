/*
 * vectors.h - the 1-D tensors, that is, biases and the gains and biases of norms: where they lie,
 * and the z that a direction of scope full has of each.
 */
#ifndef ZG_RUNTIME_VECTORS_H
#define ZG_RUNTIME_VECTORS_H

#include "engines/runtime/state.h"

/* Room for the z of a step's directions; none unless limits.scopes has ZG_SCOPE_FULL. */
enum zg_status zg_vectors_open(struct zg_engine_state *s, struct zg_error *err);
/* Draws the z of the directions announced; those of scope linear have 0. */
void zg_vectors_draw(struct zg_engine_state *s);
/* Every 1-D tensor += coefficient D. */
void zg_vectors_add(struct zg_engine_state *s, int32_t direction, float coefficient);
/* What `direction` has of the vector at `data`, scale included; lowrank.n_z directions have one. */
const float *zg_vectors_z(const struct zg_engine_state *s, int64_t direction, const float *data);
/* The values of a 1-D tensor; NULL if it is none. */
const float *zg_vectors_find(const struct zg_engine_state *s, int32_t tensor);

/* Gains and biases of a norm as the slots of a pass have them, into act.moved: of a plain slot they
 * themselves, of a centred pair, at the slot of its mean, their half differences. */
void zg_vectors_move_norm(struct zg_engine_state *s, const struct zg_pass *pass,
                          const struct zg_norm *norm);

#endif
