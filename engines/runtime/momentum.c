/*
 * momentum.c - M of every panel, updated where the U of the step lie; what becomes of it, a share
 * of A or of W, is adapter.c's, but of tables and 1-D tensors.
 */
#include "engines/runtime/momentum.h"

#include <string.h>

#include "engines/base/size.h"
#include "engines/interface/direction.h"
#include "engines/interface/momentum.h"
#include "engines/runtime/vectors.h"

#define FOR_EACH_TABLE(s, table)                                                                   \
    for (struct zg_table *table = (s)->weights.tables; table < (s)->weights.tables + ZG_N_TABLES;  \
         table++)                                                                                  \
        if (table->m)

static int64_t linear_rows(const struct zg_linear *linear)
{
    return linear->shape.n_groups * linear->shape.n_out;
}

static bool is_full(const struct zg_lowrank *low)
{
    return low->directions[0].scope == ZG_SCOPE_FULL; /* of all: zg_momentum_check() */
}

static enum zg_status open_full(struct zg_engine_state *s, struct zg_error *err)
{
    const size_t column = (size_t)s->options.limits.max_rank * sizeof(float);
    enum zg_status status = ZG_OK;
    if (!zg_is_open_for_full(s))
        return ZG_OK;
    for (int t = 0; t < ZG_N_TABLES; t++) {
        struct zg_table *const table = &s->weights.tables[t];
        if (table->data)
            table->m = zg_state_take(s, table->n_rows, column, "momentum", &status, err);
    }
    s->lowrank.m_vectors =
        zg_state_take(s, s->weights.n_vector_floats, sizeof(float), "momentum", &status, err);
    return status;
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
    return open_full(s, err);
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
        FOR_EACH_TABLE(s, table)
        if (is_full(low) && number++ % omp_get_num_threads() == omp_get_thread_num())
            zg_momentum_carry(table->m, table->n_rows, table->n_cols, table->tensor, low->m_seed_v,
                              &low->directions[0],
                              low->m_scratch + omp_get_thread_num() * low->m_stride);
    }
}

static void update_tables(struct zg_engine_state *s, const struct zg_update *updates, int64_t n,
                          float keep, bool anew)
{
    const struct zg_lowrank *const low = &s->lowrank;
    const int64_t rank = low->rank;
    FOR_EACH_TABLE(s, table)
    {
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
        for (int64_t begin = 0; begin < table->n_rows; begin += ZG_STRIPE) {
            const int64_t n_rows = zg_min64(ZG_STRIPE, table->n_rows - begin);
            float *u = zg_scratch_own(&s->scratch), *m = table->m + begin * rank;
            for (int64_t e = 0; e < n_rows * rank; e++)
                m[e] = anew ? 0.0f : keep * m[e];
            for (int64_t i = 0; i < n; i++) {
                const struct zg_direction *d = &low->directions[updates[i].direction];
                const float scaled = updates[i].coefficient * d->scale;
                zg_direction_u(d, table->tensor, begin, n_rows, u);
                for (int64_t e = 0; e < n_rows * rank; e++)
                    m[e] += scaled * u[e];
            }
        }
        const double elements = (double)(table->n_rows * rank);
        zg_cost_add(&s->meter, 2.0 * elements * (double)n, 8.0 * elements);
    }
}

static void update_vectors(struct zg_engine_state *s, const struct zg_update *updates, int64_t n,
                           float keep, bool anew)
{
    const float *const floats = s->weights.vector_floats;
    float *const m = s->lowrank.m_vectors;
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t k = 0; k < s->weights.n_vector_floats; k++) {
        float sum = anew ? 0.0f : keep * m[k];
        for (int64_t i = 0; i < n; i++)
            sum += updates[i].coefficient * *zg_vectors_z(s, updates[i].direction, floats + k);
        m[k] = sum;
    }
}

void zg_momentum_apply_full(struct zg_engine_state *s, float rate)
{
    const struct zg_lowrank *const low = &s->lowrank;
    const int64_t rank = low->rank;
    const bool lazy = zg_has(s, ZG_M_LAZY);
    if (!is_full(low)) {
        /* the tables' A counts as live with the panels' */
        FOR_EACH_TABLE(s, table)
        if (lazy && !low->a_live)
            memset(zg_table_a(low, table, 0), 0, (size_t)(table->n_rows * rank) * sizeof(float));
        return;
    }
    FOR_EACH_TABLE(s, table)
    {
        const float *const vt = zg_table_vt(low, table, 0);
        float *const a = lazy ? zg_table_a(low, table, 0) : NULL;
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
        for (int64_t row = 0; row < table->n_rows; row++) {
            const float *const m = table->m + row * rank;
            float *const scaled = zg_scratch_own(&s->scratch);
            for (int64_t e = 0; e < rank; e++)
                scaled[e] = -rate * m[e];
            for (int64_t e = 0; e < rank && lazy; e++)
                a[row * rank + e] = (low->a_live ? a[row * rank + e] : 0.0f) + scaled[e];
            float *const w = table->data + row * table->n_cols;
            if (!lazy)
                s->kernels->add_rank(w, scaled, rank, vt, table->ldv, table->n_cols, w);
        }
        const double elements = (double)(table->n_rows * (lazy ? rank : table->n_cols));
        zg_cost_add(&s->meter, 2.0 * elements * (lazy ? 1.0 : (double)rank), 8.0 * elements);
    }
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t k = 0; k < s->weights.n_vector_floats; k++)
        s->weights.vector_floats[k] -= rate * low->m_vectors[k];
}

void zg_momentum_update(struct zg_engine_state *s, const struct zg_update *updates, int64_t n,
                        float keep)
{
    struct zg_lowrank *const low = &s->lowrank;
    const bool anew = low->m_rank == 0 || keep == 0.0f;
    double elements = 0.0;
    zg_phase_start(s, ZG_PHASE_UPDATE);
    if (!anew && low->m_seed_v != low->seed_v[0])
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
    if (is_full(low)) {
        update_tables(s, updates, n, keep, anew);
        update_vectors(s, updates, n, keep, anew);
    }
    low->m_rank = low->rank;
    low->m_seed_v = low->seed_v[0];
}
