/*
 * cost.c - adds up what was executed, phase by phase (zo.h, struct zg_cost).  Counted are products,
 * as in layout/useful.c; bytes take every operand once, weights in their panel's dtype.  Not
 * counted, being small beside them: int8's scales, one a row of W and of x, and the second byte of
 * the few columns kept beside int8.
 */
#include "engines/runtime/state.h"

void zg_cost_add(struct zg_engine_state *s, double flops, double bytes)
{
    s->cost.executed_flops += flops;
    s->cost.phase_flops[s->phase] += flops;
    s->cost.phase_bytes[s->phase] += bytes;
}

void zg_cost_gemm(struct zg_engine_state *s, int64_t n_rows, int64_t n_out, int64_t n_in)
{
    const double rows = (double)n_rows, out = (double)n_out, in = (double)n_in;
    zg_cost_add(s, 2.0 * rows * out * in, 4.0 * (out * in + rows * (out + in)));
}

void zg_cost_panel(struct zg_engine_state *s, const struct zg_panel_shape *panel,
                   enum zg_dtype dtype, const struct zg_gemm *g)
{
    const int64_t n_out = panel->n_groups * panel->n_out;
    const double wide = (double)zg_dtype_bytes(ZG_FP32), low = (double)zg_dtype_bytes(dtype);
    zg_cost_gemm(s, g->n_rows, n_out, panel->n_in + g->n_extra);
    zg_cost_add(s, 0.0, (low - wide) * (double)(n_out * panel->n_in));
}

void zg_cost_plan(struct zg_engine_state *s, const struct zg_batch *batch, int64_t n_probes)
{
    /* Option scores are no part of the step's minimum: a plan that serves them counts too much. */
    const bool apart = s->useful_apart || s->plan.rules.options;
    const int64_t n = s->n_directions;
    s->cost.useful_flops +=
        apart ? zg_useful_count(s->useful, &s->shape, batch, n_probes, n, s->rank)
              : zg_batch_plan_useful_flops(&s->plan, &s->shape, n_probes, n, s->rank);
    s->cost.n_rows = s->plan.trie.n_rows * (zg_has(s, ZG_M_PAIRED) ? n_probes : 1);
}
