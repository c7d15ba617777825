/* project.h - the adapters' share of a row: t = V^T x, and where it goes. */
#ifndef ZG_RUNTIME_PROJECT_H
#define ZG_RUNTIME_PROJECT_H

#include "engines/runtime/state.h"

/* Own dot products beat a GEMM call up to about this many columns of V; a library packs operands
 * first. */
#define ZG_PROJECT_DOTS 24

/* Extras of x's rows (rows_per_slot of each slot of the pass): t = V^T x, placed per provider.h. */
void zg_project_rows(struct zg_engine_state *s, const struct zg_linear *linear,
                     const struct zg_pass *pass, struct zg_matrix x, int64_t rows_per_slot);
/* Is t, where there are adapters, so narrow that who makes x computes it, by the next three? */
bool zg_project_in_place(const struct zg_engine_state *s, const struct zg_linear *linear);
/* t of two rows from columns begin .. begin + n - 1 of x, ascending from 0 on. */
void zg_project_dots(const struct zg_engine_state *s, const struct zg_linear *linear,
                     struct zg_matrix x, struct zg_two two, int64_t begin, int64_t n);
void zg_project_place(const struct zg_engine_state *s, const struct zg_linear *linear,
                      const struct zg_pass *pass, struct zg_matrix x, int64_t rows_per_slot,
                      struct zg_two two);
void zg_project_cost(struct zg_engine_state *s, const struct zg_linear *linear, int64_t n_rows);
/* `common`: from one copy of y (and act.t of its input) to each slot's, in place; slot p at p *
 * n_rows. */
void zg_project_expand(struct zg_engine_state *s, const struct zg_linear *linear,
                       const struct zg_pass *pass, struct zg_matrix y, int64_t n_rows);

#endif
