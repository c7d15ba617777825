/* weights.h - the model's weights into panels and tables (layers.h), and out of them again. */
#ifndef ZG_RUNTIME_WEIGHTS_H
#define ZG_RUNTIME_WEIGHTS_H

#include "engines/runtime/state.h"

enum zg_status zg_weights_open(struct zg_engine_state *s, struct zg_error *err);
void zg_weights_close(struct zg_engine_state *s);
/* The panel and group that hold a tensor; NULL if none does. */
struct zg_linear *zg_weights_find(struct zg_engine_state *s, int32_t tensor, int64_t *group);

#endif
