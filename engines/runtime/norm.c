/* norm.c - layer norm of many rows. */
#include "engines/runtime/state.h"

void zg_norm_rows(struct zg_engine_state *s, struct zg_rows x, const float *gain, const float *bias,
                  int64_t n_rows, struct zg_rows y)
{
    const struct zg_runtime_kernels *kernels = s->kernels;
    const int64_t d = s->shape.d_model;
    zg_phase_start(s, ZG_PHASE_NORM);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < n_rows; i++)
        kernels->layer_norm(x.data + i * x.ld, gain, bias, d, y.data + i * y.ld);
    zg_cost_add(s, 0.0, 8.0 * (double)(n_rows * d));
}
