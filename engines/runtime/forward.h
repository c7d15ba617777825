/* forward.h - the layers of one pass. */
#ifndef ZG_RUNTIME_FORWARD_H
#define ZG_RUNTIME_FORWARD_H

#include "engines/runtime/state.h"

/* From tokens to the final norm's output of the scored rows, in act.h: probe p's at p *
 * n_scored. */
void zg_forward_run(struct zg_engine_state *s, struct zg_pass *pass);

#endif
