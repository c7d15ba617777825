/* score.h - from probes to passes to losses. */
#ifndef ZG_RUNTIME_SCORE_H
#define ZG_RUNTIME_SCORE_H

#include "engines/runtime/state.h"

/* Losses of a batch that has been checked. */
void zg_score_run(struct zg_engine_state *s, const struct zg_batch *batch,
                  const struct zg_probe *probes, int64_t n_probes, struct zg_scores *out);

/* What score() of the probes leaves in the weights, where they are written for a probe. */
void zg_score_retrace(struct zg_engine_state *s, const struct zg_probe *probes, int64_t n_probes);

#endif
