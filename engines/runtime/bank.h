/* bank.h - the A V^T of earlier V, kept beside W (mechanism `bank`). */
#ifndef ZG_RUNTIME_BANK_H
#define ZG_RUNTIME_BANK_H

#include "engines/runtime/state.h"

/* How many V there is room for, the present ones included. */
int64_t zg_bank_max_v(const struct zg_engine_state *s);
enum zg_status zg_bank_open(struct zg_engine_state *s, struct zg_error *err);
/* The present V and A become the bank's last ones.  ZG_USAGE: it is full, and nothing has
 * changed. */
enum zg_status zg_bank_push(struct zg_engine_state *s, struct zg_error *err);
/* w [n_rows][ld] += all A V^T of these rows of a group. */
void zg_bank_add(const struct zg_engine_state *s, const struct zg_linear *linear, int64_t group,
                 int64_t row_begin, int64_t n_rows, float *w, int64_t ld);

#endif
