/* adapter.h - a step's directions as adapter columns of the panels, and what becomes of updates. */
#ifndef ZG_RUNTIME_ADAPTER_H
#define ZG_RUNTIME_ADAPTER_H

#include "engines/runtime/state.h"

enum zg_status zg_adapter_open(struct zg_engine_state *s, struct zg_error *err);
/* Adapter columns of a group at most. */
int64_t zg_adapter_max_extra(const struct zg_engine_state *s);
enum zg_status zg_adapter_begin(struct zg_engine_state *s, const struct zg_direction *directions,
                                int64_t n, struct zg_error *err);
void zg_adapter_apply(struct zg_engine_state *s, const struct zg_update *updates, int64_t n);
/* W <- W - rate M V^T, of the panels' M (momentum.c). */
void zg_adapter_apply_m(struct zg_engine_state *s, float rate);
/* Brings the panels' adapter columns up to date. */
void zg_adapter_sync(struct zg_engine_state *s);
/* Adapter off: writes the probe into the weights in place of the former one; coefficient 0
 * restores. */
void zg_adapter_write(struct zg_engine_state *s, int32_t direction, float coefficient);

#endif
