/*
 * logits.c - the head's low-rank share of logits (logits.h).
 *
 *     t of a row        [bank's V | present V]        in act.t
 *     a slice's columns [bank's A | A | scale U_0 | scale U_1 ...], transposed: one logit a float
 *
 * Where the normaliser cancels, the rows of A and U of the options' tokens are all that is looked
 * at; else those of the vocabulary pass by, a slice at a time.
 */
#include "engines/runtime/logits.h"

#include "engines/base/size.h"
#include "engines/interface/direction.h"
#include "engines/runtime/bank.h"
#include "engines/runtime/project.h"

/* Columns of a slice's A and U together, at most. */
static int64_t max_columns(const struct zg_engine_state *s)
{
    const struct zg_engine_limits *limits = &s->options.limits;
    return limits->max_rank * (zg_bank_max_v(s) + limits->max_directions);
}

enum zg_status zg_logits_open(struct zg_engine_state *s, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    if (zg_is_open_for_full(s))
        s->lowrank.slice_ut = zg_state_take(s, max_columns(s) * s->act.slice.ld, sizeof(float),
                                            "adapter", &status, err);
    return status;
}

bool zg_logits_are_moved(const struct zg_engine_state *s, const struct zg_pass *pass)
{
    return zg_is_open_for_full(s) && (pass->moved || zg_n_kept(&s->lowrank) > 0);
}

void zg_logits_project(struct zg_engine_state *s, const struct zg_pass *pass)
{
    const struct zg_table *head = zg_head_table(&s->weights);
    const int64_t n_rows = pass->n_probes * s->plan.n_scored, d = s->shape.d_model;
    const int64_t n_t = s->lowrank.bank_rank + s->lowrank.n_v * s->lowrank.rank;
    zg_phase_start(s, ZG_PHASE_HEAD);
    if (n_t > ZG_PROJECT_DOTS)
        s->provider->gemm_rowmajor(s->provider_state, head->vt, head->ldv, n_t, d, s->act.h.data,
                                   s->act.h.ld, n_rows, s->act.t.data, s->act.t.ld);
    else
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
        for (int64_t i = 0; i < n_rows; i++)
            s->kernels->dots(zg_row(s->act.h, i), d, head->vt, head->ldv, n_t, zg_row(s->act.t, i));
    zg_cost_gemm(&s->meter, n_rows, n_t, d);
}

/* The coefficient of U in a slot's logits, scale included; 0: there is none. */
static float slot_coefficient(const struct zg_engine_state *s, const struct zg_pass *pass,
                              int64_t slot)
{
    const struct zg_probe *probe = &pass->probes[slot];
    const struct zg_direction *direction = &s->lowrank.directions[probe->direction];
    return pass->moved && direction->scope == ZG_SCOPE_FULL ? probe->coefficient * direction->scale
                                                            : 0.0f;
}

/* Of t, the first of the V that the slot's direction has. */
static int64_t present_column(const struct zg_lowrank *low, const struct zg_pass *pass,
                              int64_t slot)
{
    return low->bank_rank + low->v_of[pass->probes[slot].direction] * low->rank;
}

float zg_logits_share(const struct zg_engine_state *s, const struct zg_pass *pass, int64_t slot,
                      int64_t row, int32_t token)
{
    const struct zg_lowrank *low = &s->lowrank;
    const struct zg_table *head = zg_head_table(&s->weights);
    const float *t = zg_row(s->act.t, slot * s->plan.n_scored + row), *a = head->a;
    const float coefficient = slot_coefficient(s, pass, slot);
    float sum = 0.0f, moved = 0.0f;
    for (int64_t v = 0; v < zg_n_kept(low); v++) {
        const int64_t rank = low->v_rank[v];
        for (int64_t e = 0; e < rank; e++)
            sum += a[token * rank + e] * t[e];
        t += rank;
        a += head->n_rows * rank;
    }
    if (coefficient == 0.0f)
        return sum;
    float *u = zg_scratch_own(&s->scratch);
    t = zg_row(s->act.t, slot * s->plan.n_scored + row) + present_column(low, pass, slot);
    zg_direction_u(&low->directions[pass->probes[slot].direction], head->tensor, token, 1, u);
    for (int64_t e = 0; e < low->rank; e++)
        moved += u[e] * t[e];
    return sum + coefficient * moved;
}

/* Columns `first` on: rows [n][rank] of A or U, transposed. */
static void transpose_rows(const struct zg_engine_state *s, const float *rows, int64_t n,
                           int64_t rank, int64_t first, int64_t begin)
{
    const int64_t ld = s->act.slice.ld;
    float *to = s->lowrank.slice_ut + first * ld + begin;
    for (int64_t e = 0; e < rank; e++)
        for (int64_t i = 0; i < n; i++)
            to[e * ld + i] = rows[i * rank + e];
}

static bool is_probed(const struct zg_engine_state *s, const struct zg_pass *pass,
                      int64_t direction)
{
    for (int64_t slot = 0; slot < pass->n_probes; slot++)
        if (pass->probes[slot].direction == direction && slot_coefficient(s, pass, slot) != 0.0f)
            return true;
    return false;
}

void zg_logits_slice(struct zg_engine_state *s, const struct zg_pass *pass, int64_t begin,
                     int64_t n)
{
    const struct zg_lowrank *low = &s->lowrank;
    const struct zg_table *head = zg_head_table(&s->weights);
    const int64_t rank = low->rank, kept_rank = zg_kept_rank(low);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < n; i += ZG_STRIPE) {
        const int64_t n_rows = zg_min64(ZG_STRIPE, n - i);
        const float *a = head->a;
        int64_t column = 0;
        for (int64_t v = 0; v < zg_n_kept(low); v++) {
            transpose_rows(s, a + (begin + i) * low->v_rank[v], n_rows, low->v_rank[v], column, i);
            column += low->v_rank[v];
            a += head->n_rows * low->v_rank[v];
        }
        for (int64_t j = 0; j < low->n_directions; j++) {
            float *u = zg_scratch_own(&s->scratch);
            if (!is_probed(s, pass, j))
                continue;
            zg_direction_u(&low->directions[j], head->tensor, begin + i, n_rows, u);
            transpose_rows(s, u, n_rows, rank, kept_rank + j * rank, i);
        }
    }
}

void zg_logits_add_slice(const struct zg_engine_state *s, const struct zg_pass *pass, int64_t slot,
                         int64_t row, int64_t n, float *y)
{
    const struct zg_lowrank *low = &s->lowrank;
    const int64_t rank = low->rank, kept_rank = zg_kept_rank(low), ld = s->act.slice.ld;
    const float *t = zg_row(s->act.t, slot * s->plan.n_scored + row);
    const float coefficient = slot_coefficient(s, pass, slot);
    if (kept_rank > 0)
        s->kernels->add_rank(y, t, kept_rank, low->slice_ut, ld, n, y);
    if (coefficient == 0.0f)
        return;
    float *scaled = zg_scratch_own(&s->scratch);
    for (int64_t e = 0; e < rank; e++)
        scaled[e] = coefficient * t[present_column(low, pass, slot) + e];
    s->kernels->add_rank(y, scaled, rank,
                         low->slice_ut + (kept_rank + pass->probes[slot].direction * rank) * ld, ld,
                         n, y);
}

void zg_logits_cost(struct zg_engine_state *s, const struct zg_pass *pass, int64_t n_logits)
{
    const int64_t columns = zg_kept_rank(&s->lowrank) + (pass->moved ? s->lowrank.rank : 0);
    zg_cost_add(&s->meter, 2.0 * (double)(n_logits * columns), 4.0 * (double)(n_logits * columns));
}
