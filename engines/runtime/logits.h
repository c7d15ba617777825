/*
 * logits.h - the head's low-rank share of logits, in scope full: h (W + A V^T + c U V^T)^T is h W^T
 * and two small products, t = V^T h of each scored row and then t times rows of A and U.
 */
#ifndef ZG_RUNTIME_LOGITS_H
#define ZG_RUNTIME_LOGITS_H

#include "engines/runtime/state.h"

/* Room for a slice's columns; none unless limits.scopes has ZG_SCOPE_FULL. */
enum zg_status zg_logits_open(struct zg_engine_state *s, struct zg_error *err);
/* Has the head one in this pass? */
bool zg_logits_are_moved(const struct zg_engine_state *s, const struct zg_pass *pass);
/* t of the scored rows in act.h, into act.t. */
void zg_logits_project(struct zg_engine_state *s, const struct zg_pass *pass);
/* The share of one logit: of scored row `row` of a slot, and a token. */
float zg_logits_share(const struct zg_engine_state *s, const struct zg_pass *pass, int64_t slot,
                      int64_t row, int32_t token);
/* Columns of a slice of n tokens from `begin` on; then the share of a row of its logits, y [n]. */
void zg_logits_slice(struct zg_engine_state *s, const struct zg_pass *pass, int64_t begin,
                     int64_t n);
void zg_logits_add_slice(const struct zg_engine_state *s, const struct zg_pass *pass, int64_t slot,
                         int64_t row, int64_t n, float *y);
/* What n_logits of them cost. */
void zg_logits_cost(struct zg_engine_state *s, const struct zg_pass *pass, int64_t n_logits);

#endif
