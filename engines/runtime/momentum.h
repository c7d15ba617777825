/* momentum.h - LOZO-M's M (zo.h, apply_momentum): a factor [n_out][rank] beside the U of each
 * panel; in scope full one of each table too, and the 1-D tensors' own. */
#ifndef ZG_RUNTIME_MOMENTUM_H
#define ZG_RUNTIME_MOMENTUM_H

#include "engines/runtime/state.h"

/* Room for M; none unless limits.features has ZG_F_MOMENTUM. */
enum zg_status zg_momentum_open(struct zg_engine_state *s, struct zg_error *err);
/* M <- keep M + sum_i c_i scale U_{j_i}, from an older V where V has changed. */
void zg_momentum_update(struct zg_engine_state *s, const struct zg_update *updates, int64_t n,
                        float keep);
/* Of tables and 1-D tensors, where the directions are of scope full: A -= rate M, or without `lazy`
 * W -= rate M V^T; a 1-D tensor is written at once.  Panels are adapter.c's. */
void zg_momentum_apply_full(struct zg_engine_state *s, float rate);

#endif
