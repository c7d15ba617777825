/*
 * tables.c - the low-rank state of embedding, positions and head (tables.h).
 *
 * It is a panel's (adapter.c, bank.c), without columns: V, A and the bank lie in the same blocks,
 * and are folded or pushed at the same redraws.  Tables are fp32 in every dtype.
 */
#include "engines/runtime/tables.h"

#include <string.h>

#include "engines/base/size.h"
#include "engines/interface/direction.h"
#include "engines/runtime/bank.h"

/* Every table that there is. */
#define FOR_EACH_TABLE(s, table)                                                                   \
    for (struct zg_table *table = (s)->weights.tables; table < (s)->weights.tables + ZG_N_TABLES;  \
         table++)                                                                                  \
        if (table->vt)

enum zg_status zg_tables_open(struct zg_engine_state *s, struct zg_error *err)
{
    const int64_t rank = s->options.limits.max_rank, n_blocks = zg_bank_max_v(s);
    const size_t column = (size_t)(rank * n_blocks) * sizeof(float);
    enum zg_status status = ZG_OK;
    if (!zg_is_open_for_full(s))
        return ZG_OK;
    for (int t = 0; t < ZG_N_TABLES; t++) {
        struct zg_table *table = &s->weights.tables[t];
        if (!table->data)
            continue;
        table->ldv = zg_round_up(table->n_cols, ZG_KERNEL_PAD);
        table->vt = zg_state_take(s, table->ldv, column, "V", &status, err);
        if (zg_has(s, ZG_M_LAZY))
            table->a = zg_state_take(s, table->n_rows, column, "A", &status, err);
    }
    return status;
}

void zg_tables_draw_v(struct zg_engine_state *s, const struct zg_direction *direction, int64_t v)
{
    const int64_t rank = direction->rank;
    FOR_EACH_TABLE(s, table)
    {
        float *vt = zg_table_vt(&s->lowrank, table, v);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
        for (int64_t begin = 0; begin < table->n_cols; begin += ZG_STRIPE) {
            float *stripe = zg_scratch_own(&s->scratch);
            const int64_t n = zg_min64(ZG_STRIPE, table->n_cols - begin);
            zg_direction_v(direction, table->tensor, begin, n, stripe);
            for (int64_t e = 0; e < rank; e++)
                for (int64_t k = 0; k < n; k++)
                    vt[e * table->ldv + begin + k] = stripe[k * rank + e];
        }
    }
}

/* Rows begin .. begin + n_rows - 1 of the v-th A. */
static void accumulate_rows(const struct zg_engine_state *s, const struct zg_table *table,
                            int64_t v, int64_t begin, int64_t n_rows,
                            const struct zg_update *updates, int64_t n)
{
    const struct zg_lowrank *low = &s->lowrank;
    const int64_t rank = low->rank;
    float *u = zg_scratch_own(&s->scratch), *a = zg_table_a(low, table, v) + begin * rank;
    if (!low->a_live)
        memset(a, 0, (size_t)(n_rows * rank) * sizeof *a);
    for (int64_t i = 0; i < n; i++) {
        const struct zg_direction *direction = &low->directions[updates[i].direction];
        const float scaled = updates[i].coefficient * direction->scale;
        if (direction->scope != ZG_SCOPE_FULL || low->v_of[updates[i].direction] != v)
            continue;
        zg_direction_u(direction, table->tensor, begin, n_rows, u);
        for (int64_t e = 0; e < n_rows * rank; e++)
            a[e] -= scaled * u[e];
    }
}

void zg_tables_accumulate(struct zg_engine_state *s, const struct zg_update *updates, int64_t n)
{
    FOR_EACH_TABLE(s, table)
    {
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
        for (int64_t begin = 0; begin < table->n_rows; begin += ZG_STRIPE)
            for (int64_t v = 0; v < s->lowrank.n_v; v++)
                accumulate_rows(s, table, v, begin, zg_min64(ZG_STRIPE, table->n_rows - begin),
                                updates, n);
        const double elements = (double)(table->n_rows * s->lowrank.rank);
        zg_cost_add(&s->meter, 2.0 * elements * (double)n, 4.0 * elements * (double)(n + 2));
    }
}

static void count_write(struct zg_engine_state *s, const struct zg_table *table)
{
    const double elements = (double)(table->n_rows * table->n_cols);
    zg_cost_add(&s->meter, 2.0 * elements * (double)s->lowrank.rank, 8.0 * elements);
}

void zg_tables_add(struct zg_engine_state *s, int32_t direction, float coefficient)
{
    const struct zg_direction *const along = &s->lowrank.directions[direction];
    const int64_t rank = s->lowrank.rank;
    const float scaled = coefficient * along->scale;
    FOR_EACH_TABLE(s, table)
    {
        const float *vt = zg_table_vt(&s->lowrank, table, s->lowrank.v_of[direction]);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
        for (int64_t begin = 0; begin < table->n_rows; begin += ZG_STRIPE) {
            const int64_t n_rows = zg_min64(ZG_STRIPE, table->n_rows - begin);
            float *u = zg_scratch_own(&s->scratch);
            zg_direction_u(along, table->tensor, begin, n_rows, u);
            for (int64_t e = 0; e < n_rows * rank; e++)
                u[e] *= scaled;
            for (int64_t i = 0; i < n_rows; i++) {
                float *w = table->data + (begin + i) * table->n_cols;
                s->kernels->add_rank(w, u + i * rank, rank, vt, table->ldv, table->n_cols, w);
            }
        }
        count_write(s, table);
    }
}

void zg_tables_fold(struct zg_engine_state *s)
{
    const struct zg_lowrank *low = &s->lowrank;
    const int64_t rank = low->rank;
    FOR_EACH_TABLE(s, table)
    for (int64_t v = 0; v < low->n_v; v++) {
        const float *vt = zg_table_vt(low, table, v), *a = zg_table_a(low, table, v);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
        for (int64_t row = 0; row < table->n_rows; row++) {
            float *w = table->data + row * table->n_cols;
            s->kernels->add_rank(w, a + row * rank, rank, vt, table->ldv, table->n_cols, w);
        }
        count_write(s, table);
    }
}

const struct zg_table *zg_tables_find(const struct zg_engine_state *s, int32_t tensor)
{
    const int32_t owner = zg_tensor_owner(&s->shape, tensor);
    for (int t = 0; t < ZG_N_TABLES; t++)
        if (s->weights.tables[t].data && s->weights.tables[t].tensor == owner)
            return &s->weights.tables[t];
    return NULL;
}

void zg_tables_add_kept(const struct zg_engine_state *s, const struct zg_table *table, int64_t row,
                        float *y)
{
    const float *vt = table->vt, *a = table->a;
    if (!vt)
        return;
    for (int64_t v = 0; v < zg_n_kept(&s->lowrank); v++) {
        const int64_t rank = s->lowrank.v_rank[v];
        s->kernels->add_rank(y, a + row * rank, rank, vt, table->ldv, table->n_cols, y);
        vt += rank * table->ldv;
        a += table->n_rows * rank;
    }
}
