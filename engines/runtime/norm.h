/* norm.h - the rows between GEMMs, but attention's. */
#ifndef ZG_RUNTIME_NORM_H
#define ZG_RUNTIME_NORM_H

#include "engines/runtime/state.h"

/* y = norm(x) of rows_per_slot rows of each slot, with the extras for `reader`.  reader NULL: for
 * the head, which takes the probes' own rows. */
void zg_norm_rows(struct zg_engine_state *s, const struct zg_pass *pass, struct zg_matrix x,
                  const struct zg_norm *norm, int64_t rows_per_slot, const struct zg_linear *reader,
                  struct zg_matrix y);
/* ReLU of a centred pass, in place, with the extras for `reader`. */
void zg_relu_rows(struct zg_engine_state *s, const struct zg_pass *pass, int64_t rows_per_slot,
                  const struct zg_linear *reader, struct zg_matrix x);

#endif
