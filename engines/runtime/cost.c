/*
 * cost.c - adds up what was executed, phase by phase (zo.h, struct zg_cost).  Counted are products,
 * as in useful.c; bytes take every operand once.
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

void zg_cost_plan(struct zg_engine_state *s, const struct zg_batch *batch, int64_t n_probes)
{
    /* Option scores are no part of the step's minimum: a plan that serves them counts too much. */
    const bool apart = s->useful_apart || s->plan.rules.options;
    s->cost.useful_flops += apart ? zg_useful_count(s->useful, &s->shape, batch, n_probes, s->rank)
                                  : zg_plan_useful_flops(&s->plan, &s->shape, n_probes, s->rank);
    s->cost.n_rows = s->plan.trie.n_rows * (zg_has(s, ZG_M_PAIRED) ? n_probes : 1);
}

void zg_runtime_cost(const struct zg_engine_state *state, struct zg_cost *out)
{
    *out = state->cost;
}
