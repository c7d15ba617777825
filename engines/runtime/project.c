/*
 * project.c - the adapters' share of a row: t = V^T x, and its places behind x (provider.h).
 *
 *     A's columns                   t of its V
 *     the probe's direction         coefficient * t, or of a pair the coefficient times its other
 *                                   row's t: a mean is moved by the half difference, and that by
 *                                   the mean
 *     other directions              0
 *     z of the bias (scope full)    the coefficient in its direction's column; of a pair in the
 *                                   half difference alone
 *
 * The panels' columns [banked A | A | scale U_0 | scale U_1 ... | z_0 | z_1 ...] are adapter.c's.
 * Who makes x calls this while the rows are in L1, where V is narrow enough for dot products of our
 * own.
 */
#include "engines/runtime/project.h"

#include <string.h>

#include "engines/base/size.h"

/* t: first the bank's, V by V, then those of the present V; in each the groups one after the
 * other. */
static int64_t n_columns(const struct zg_engine_state *s, const struct zg_linear *linear)
{
    return linear->shape.n_groups * (s->lowrank.bank_rank + s->lowrank.n_v * s->lowrank.rank);
}
static int64_t present_column(const struct zg_engine_state *s, const struct zg_linear *linear,
                              int64_t group, int64_t v)
{
    const struct zg_lowrank *low = &s->lowrank;
    return linear->shape.n_groups * (low->bank_rank + v * low->rank) + group * low->rank;
}

bool zg_project_in_place(const struct zg_engine_state *s, const struct zg_linear *linear)
{
    return zg_has(s, ZG_M_ADAPTER) && n_columns(s, linear) <= ZG_PROJECT_DOTS;
}

void zg_project_dots(const struct zg_engine_state *s, const struct zg_linear *linear,
                     struct zg_matrix x, struct zg_two two, int64_t begin, int64_t n)
{
    const int64_t n_t = n_columns(s, linear), ldv = linear->ldv;
    const float *vt = linear->vt + begin;
    const float *x0 = zg_row(x, two.first) + begin, *x1 = zg_row(x, two.second) + begin;
    float *t0 = zg_row(s->act.t, two.first), *t1 = zg_row(s->act.t, two.second);
    if (begin == 0) {
        s->kernels->dots_two(x0, x1, n, vt, ldv, n_t, t0, t1);
        return;
    }
    float part0[ZG_PROJECT_DOTS], part1[ZG_PROJECT_DOTS];
    s->kernels->dots_two(x0, x1, n, vt, ldv, n_t, part0, part1);
    for (int64_t j = 0; j < n_t; j++) {
        t0[j] += part0[j];
        t1[j] += part1[j];
    }
}

/* One row's extras in a group; own: its t, moved: the t that its direction multiplies; is_mean: of
 * a pair's rows, that which both signs' biases leave alone. */
static void place(const struct zg_engine_state *s, const struct zg_linear *linear, int64_t group,
                  const struct zg_probe *probe, bool is_mean, const float *own, const float *moved,
                  float *extra)
{
    const struct zg_lowrank *low = &s->lowrank;
    const int64_t rank = low->rank, n_kept = zg_n_kept(low);
    for (int64_t v = 0; v < n_kept; v++) {
        const int64_t n = low->v_rank[v];
        memcpy(extra, own + group * n, (size_t)n * sizeof *own);
        extra += n;
        own += linear->shape.n_groups * n;
    }
    for (int64_t j = 0; j < low->n_directions; j++, extra += rank) {
        const float coefficient = probe && probe->direction == j ? probe->coefficient : 0.0f;
        const float *t = moved + present_column(s, linear, group, low->v_of[j]);
        for (int64_t e = 0; e < rank; e++)
            extra[e] = coefficient * t[e];
    }
    for (int64_t j = 0; j < low->n_z; j++)
        *extra++ = probe && probe->direction == j && !is_mean ? probe->coefficient : 0.0f;
}

void zg_project_place(const struct zg_engine_state *s, const struct zg_linear *linear,
                      const struct zg_pass *pass, struct zg_matrix x, int64_t rows_per_slot,
                      struct zg_two two)
{
    const bool centred = zg_pass_is_centred(pass);
    const int64_t rows[] = {two.first, two.second};
    for (int i = 0; i < 2; i++) {
        const int64_t slot = (centred ? two.first : rows[i]) / rows_per_slot;
        const struct zg_probe *probe = pass->common ? NULL : &pass->probes[slot];
        const float *own = zg_row(s->act.t, rows[i]),
                    *moved = centred ? zg_row(s->act.t, rows[1 - i]) : own;
        float *extra = zg_row(x, rows[i]) + linear->shape.n_in;
        for (int64_t group = 0; group < linear->shape.n_groups; group++)
            place(s, linear, group, probe, centred && i == 0, own, moved,
                  extra + group * s->lowrank.n_extra);
    }
}

void zg_project_cost(struct zg_engine_state *s, const struct zg_linear *linear, int64_t n_rows)
{
    zg_cost_gemm(&s->meter, n_rows, n_columns(s, linear), linear->shape.n_in);
}

void zg_project_rows(struct zg_engine_state *s, const struct zg_linear *linear,
                     const struct zg_pass *pass, struct zg_matrix x, int64_t rows_per_slot)
{
    if (!zg_has(s, ZG_M_ADAPTER))
        return;
    const int64_t n_rows = zg_pass_rows(pass, rows_per_slot), n_in = linear->shape.n_in;
    const bool own = zg_project_in_place(s, linear);
    zg_phase_start(s, ZG_PHASE_ADAPTER);
    if (!own)
        s->provider->gemm_rowmajor(s->provider_state, linear->vt, linear->ldv, n_columns(s, linear),
                                   n_in, x.data, x.ld, n_rows, s->act.t.data, s->act.t.ld);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < zg_ceil_div(n_rows, 2); i++) {
        const struct zg_two two = zg_pass_two(pass, n_rows, i);
        if (own)
            zg_project_dots(s, linear, x, two, 0, n_in);
        zg_project_place(s, linear, pass, x, rows_per_slot, two);
    }
    zg_project_cost(s, linear, n_rows);
}

/* ---- from one copy to all probes ------------------------------------------------------------ */

/* y of one row and slot from the common copy: base + coefficient t U, base NULL for 0. */
static void expand_row(const struct zg_engine_state *s, const struct zg_linear *linear,
                       const struct zg_probe *probe, const float *t, const float *base, float *y)
{
    const struct zg_lowrank *low = &s->lowrank;
    const int64_t d = linear->shape.n_out, rank = low->rank;
    /* adapter.c laid out layer 0's groups one after the other; KV comes after Q. */
    const int64_t first_group = linear == &s->weights.layers[0].linear[ZG_L_KV] ? 1 : 0;
    float *scaled = zg_scratch_own(&s->scratch);
    for (int64_t group = 0; group < linear->shape.n_groups; group++) {
        const float *own = t + present_column(s, linear, group, low->v_of[probe->direction]);
        for (int64_t e = 0; e < rank; e++)
            scaled[e] = probe->coefficient * own[e];
        const int64_t u_row = ((first_group + group) * low->n_directions + probe->direction) * rank;
        s->kernels->add_rank(base ? base + group * d : NULL, scaled, rank,
                             low->ut + u_row * low->ldu, low->ldu, d, y + group * d);
    }
}

void zg_project_expand(struct zg_engine_state *s, const struct zg_linear *linear,
                       const struct zg_pass *pass, struct zg_matrix y, int64_t n_rows)
{
    const int64_t n = linear->shape.n_groups * linear->shape.n_out, n_pairs = pass->n_probes / 2;
    zg_phase_start(s, ZG_PHASE_ADAPTER);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < n_rows; i++) {
        const float *t = zg_row(s->act.t, i);
        float *common = zg_row(y, i);
        /* Slot 0 last: it overwrites the common copy.  Half differences are 0 as yet, so the means
         * stay what they are. */
        for (int64_t p = pass->n_probes - 1; p >= 0; p--) {
            float *row = zg_row(y, p * n_rows + i);
            if (!pass->centred)
                expand_row(s, linear, &pass->probes[p], t, common, row);
            else if (p >= n_pairs)
                expand_row(s, linear, &pass->probes[p - n_pairs], t, NULL, row);
            else if (p > 0)
                memcpy(row, common, (size_t)n * sizeof *row);
        }
    }
    /* Of a pair there is one product, the half difference; a mean is a copy, the first is there. */
    const int64_t n_products = pass->centred ? n_pairs : pass->n_probes;
    const int64_t n_copies = pass->centred ? n_pairs - 1 : 0;
    const int64_t n_read = pass->centred && n_pairs == 1 ? 0 : 1;
    zg_cost_add(&s->meter, 2.0 * (double)(n_products * n_rows * n * s->lowrank.rank),
                4.0 * (double)((n_products + n_copies + n_read) * n_rows * n));
}
