/*
 * cost.c - adds up what was executed, phase by phase (zo.h, struct zg_cost).  Counted are products,
 * as in layout/useful.c; bytes take every operand once, weights in their panel's dtype.  Not
 * counted, being small beside them: int8's scales, one a row of W and of x, and the second byte of
 * the few columns kept beside int8.
 */
#include "engines/runtime/cost.h"

void zg_cost_add(struct zg_meter *meter, double flops, double bytes)
{
    meter->cost.executed_flops += flops;
    meter->cost.phase_flops[meter->phase] += flops;
    meter->cost.phase_bytes[meter->phase] += bytes;
}

void zg_cost_gemm(struct zg_meter *meter, int64_t n_rows, int64_t n_out, int64_t n_in)
{
    const double rows = (double)n_rows, out = (double)n_out, in = (double)n_in;
    zg_cost_add(meter, 2.0 * rows * out * in, 4.0 * (out * in + rows * (out + in)));
}

void zg_cost_panel(struct zg_meter *meter, const struct zg_panel_shape *panel, enum zg_dtype dtype,
                   const struct zg_gemm *g)
{
    const int64_t n_out = panel->n_groups * panel->n_out;
    const double wide = (double)zg_dtype_bytes(ZG_FP32), low = (double)zg_dtype_bytes(dtype);
    zg_cost_gemm(meter, g->n_rows, n_out, panel->n_in + g->n_extra);
    zg_cost_add(meter, 0.0, (low - wide) * (double)(n_out * panel->n_in));
}
