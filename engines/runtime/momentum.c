/*
 * momentum.c - M of every panel, updated where the U of the step lie; what becomes of it, a share of
 * A or of W, is adapter.c's.
 */
#include "engines/runtime/momentum.h"

#include "engines/base/size.h"
#include "engines/interface/momentum.h"

static int64_t linear_rows(const struct zg_linear *linear)
{
    return linear->shape.n_groups * linear->shape.n_out;
}

enum zg_status zg_momentum_open(struct zg_engine_state *s, struct zg_error *err)
{
    const int64_t rank = s->options.limits.max_rank;
    int64_t n_rows = 0;
    enum zg_status status = ZG_OK;
    if (!(s->options.limits.features & ZG_FEATURE_BIT(ZG_F_MOMENTUM)))
        return ZG_OK;
    if (!zg_momentum_scratch(rank, &s->lowrank.m_stride))
        return zg_fail(err, ZG_ENV, "momentum of rank %lld is too large to count", (long long)rank);
    ZG_FOR_EACH_PANEL(s, linear)
    n_rows += linear_rows(linear);
    float *m = zg_state_take(s, n_rows, (size_t)rank * sizeof(float), "momentum", &status, err);
    s->lowrank.m_scratch = zg_state_take(s, s->options.n_threads * s->lowrank.m_stride,
                                         sizeof(double), "momentum", &status, err);
    if (status)
        return status;
    ZG_FOR_EACH_PANEL(s, linear)
    {
        linear->m = m;
        m += linear_rows(linear) * rank;
    }
    return ZG_OK;
}

/* From the V that M belongs to, to the present one: a panel is one thread's, as few steps redraw V
 * and the products are small. */
static void carry(struct zg_engine_state *s)
{
    const struct zg_lowrank *const low = &s->lowrank;
#pragma omp parallel num_threads((int)s->options.n_threads)
    {
        int64_t number = 0;
        ZG_FOR_EACH_PANEL(s, linear)
        {
            if (number++ % omp_get_num_threads() != omp_get_thread_num())
                continue;
            for (int64_t group = 0; group < linear->shape.n_groups; group++)
                zg_momentum_carry(linear->m + group * linear->shape.n_out * low->rank,
                                  linear->shape.n_out, linear->shape.n_in, linear->tensors[group],
                                  low->m_seed_v, &low->directions[0],
                                  low->m_scratch + omp_get_thread_num() * low->m_stride);
        }
    }
}

void zg_momentum_update(struct zg_engine_state *s, const struct zg_update *updates, int64_t n,
                        float keep)
{
    struct zg_lowrank *const low = &s->lowrank;
    const bool anew = low->m_rank == 0 || keep == 0.0f;
    double elements = 0.0;
    zg_phase_start(s, ZG_PHASE_UPDATE);
    if (!anew && low->m_seed_v != low->seed_v)
        carry(s);
#pragma omp parallel num_threads((int)s->options.n_threads)
    ZG_FOR_EACH_LINEAR(s, layer, linear)
    {
        /* Where layers repeat a panel, the first changes M and the others do its work. */
        const bool is_first = zg_layer_is_first(s, layer, linear);
        const int64_t n_elements = linear_rows(linear) * low->rank;
        const float own = is_first ? keep : 1.0f, share = is_first ? 1.0f : 0.0f;
#pragma omp for schedule(static) nowait
        for (int64_t e = 0; e < n_elements; e++) {
            float m = anew && is_first ? 0.0f : own * linear->m[e];
            for (int64_t i = 0; i < n; i++)
                m += share * updates[i].coefficient * low->directions[updates[i].direction].scale *
                     linear->u[updates[i].direction * n_elements + e];
            linear->m[e] = m;
        }
    }
    ZG_FOR_EACH_LINEAR(s, layer, linear)
    elements += (double)(linear_rows(linear) * low->rank);
    zg_cost_add(&s->meter, 2.0 * elements * (double)n, 4.0 * elements * (double)(n + 2));
    low->m_rank = low->rank;
    low->m_seed_v = low->seed_v;
}
