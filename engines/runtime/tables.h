/*
 * tables.h - embedding, positions and head under directions of scope full: D = scale U V^T, row by
 * row.
 *
 * No row is written for a probe, nor, with `lazy`, between folds: who looks a row up adds its
 * low-rank part, A[row] V^T and the coefficient times U[row] V^T.  A row of U is drawn where it is
 * wanted (the generator is counter-based), so a step draws the rows of its tokens, and all of them
 * once, for its update.
 */
#ifndef ZG_RUNTIME_TABLES_H
#define ZG_RUNTIME_TABLES_H

#include "engines/runtime/state.h"

/* Room for V and A; none unless limits.scopes has ZG_SCOPE_FULL. */
enum zg_status zg_tables_open(struct zg_engine_state *s, struct zg_error *err);
/* The v-th present V of every table. */
void zg_tables_draw_v(struct zg_engine_state *s, const struct zg_direction *direction, int64_t v);

/* A += sum_i -c_i scale U_{j_i}; where no update is pending, what A held is overwritten. */
void zg_tables_accumulate(struct zg_engine_state *s, const struct zg_update *updates, int64_t n);
/* W += coefficient D, densely. */
void zg_tables_add(struct zg_engine_state *s, int32_t direction, float coefficient);
/* W += A V^T. */
void zg_tables_fold(struct zg_engine_state *s);

/* The table whose rows a tensor has, NULL if there is none: a tied head has the embedding's. */
const struct zg_table *zg_tables_find(const struct zg_engine_state *s, int32_t tensor);
/* y [n_cols] += A V^T of a row, the bank's and the pending update. */
void zg_tables_add_kept(const struct zg_engine_state *s, const struct zg_table *table, int64_t row,
                        float *y);

#endif
