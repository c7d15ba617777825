/* loss.h - the head. */
#ifndef ZG_RUNTIME_LOSS_H
#define ZG_RUNTIME_LOSS_H

#include "engines/runtime/state.h"

/* Logits of all queries and log-sum-exps of all normalised rows, from act.h into act.logit, act.max
 * and act.sum. */
void zg_head_run(struct zg_engine_state *s, const struct zg_pass *pass, int64_t n_examples);

#endif
