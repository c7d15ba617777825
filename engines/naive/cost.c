/* cost.c - tells the caller's clock where a phase starts, and adds up what was executed in each. */
#include "engines/naive/naive.h"

void zg_naive_phase(const struct zg_engine_state *state, enum zg_phase phase)
{
    if (state->options.on_phase)
        state->options.on_phase(state->options.on_phase_context, phase);
}

void zg_naive_count(struct zg_engine_state *state, enum zg_phase phase, double flops, double bytes)
{
    state->cost.executed_flops += flops;
    state->cost.phase_flops[phase] += flops;
    state->cost.phase_bytes[phase] += bytes;
}
