/* attention.h - attention of the segments of a plan. */
#ifndef ZG_RUNTIME_ATTENTION_H
#define ZG_RUNTIME_ATTENTION_H

#include "engines/runtime/state.h"

struct zg_attention {
    struct zg_matrix q, k, v; /* first column of head 0 */
    struct zg_matrix out;
    bool scored; /* q and out hold the scored rows only */
};
/* Floats of a thread's scratch. */
int64_t zg_attention_scratch(const struct zg_engine_state *s);
void zg_attention_run(struct zg_engine_state *s, const struct zg_pass *pass,
                      const struct zg_attention *a);

#endif
