/*
 * project.c - the adapters' share of a row: t = V^T x, and its places behind x (provider.h).
 *
 * The panels' columns [A | scale U_0 | scale U_1 ...] are adapter.c's.
 */
#include <string.h>

#include "engines/runtime/state.h"

/* Own dot products beat a GEMM call up to about this many columns of V; a library packs operands
 * first. */
#define DOTS_MAX 24

/* Columns of t before those of the present V. */
static int64_t bank_columns(const struct zg_engine_state *s, int64_t n_groups)
{
    return n_groups * s->bank_rank;
}

/* A row's t to its places in a group: each A's columns get that of their V, the probe's direction
 * coefficient * that of the present V, the others 0. */
static void place(const struct zg_engine_state *s, const struct zg_probe *probe, const float *t,
                  int64_t n_groups, int64_t group, float *extra)
{
    const int64_t rank = s->rank, n_kept = zg_n_kept(s);
    const float *of_v = t;
    for (int64_t v = 0; v < n_kept; v++) {
        const int64_t n = s->v_rank[v];
        memcpy(extra, of_v + group * n, (size_t)n * sizeof *t);
        extra += n;
        of_v += n_groups * n;
    }
    t += bank_columns(s, n_groups) + group * rank;
    for (int64_t j = 0; j < s->n_directions; j++, extra += rank) {
        const float coefficient = probe && probe->direction == j ? probe->coefficient : 0.0f;
        for (int64_t e = 0; e < rank; e++)
            extra[e] = coefficient * t[e];
    }
}

void zg_adapter_project(struct zg_engine_state *s, const struct zg_linear *linear,
                        const struct zg_pass *pass, struct zg_rows x, int64_t rows_per_probe)
{
    if (!zg_has(s, ZG_M_ADAPTER))
        return;
    const int64_t n_in = linear->shape.n_in, n_groups = linear->shape.n_groups,
                  n_t = n_groups * (s->bank_rank + s->rank);
    const int64_t n_rows = pass->common ? rows_per_probe : pass->n_probes * rows_per_probe;
    const bool own = n_t <= DOTS_MAX;
    zg_phase_start(s, ZG_PHASE_ADAPTER);
    if (!own)
        s->provider->gemm_rowmajor(s->provider_state, linear->vt, linear->ldv, n_t, n_in, x.data,
                                   x.ld, n_rows, s->t.data, s->t.ld);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < n_rows; i++) {
        float *row = x.data + i * x.ld, *t = s->t.data + i * s->t.ld;
        if (own)
            s->kernels->dots(row, n_in, linear->vt, linear->ldv, n_t, t);
        for (int64_t group = 0; group < n_groups; group++)
            place(s, pass->common ? NULL : &pass->probes[i / rows_per_probe], t, n_groups, group,
                  row + n_in + group * s->n_extra);
    }
    zg_cost_gemm(s, n_rows, n_t, n_in);
}

void zg_adapter_expand(struct zg_engine_state *s, const struct zg_linear *linear,
                       const struct zg_pass *pass, struct zg_rows y, int64_t n_rows)
{
    const int64_t d = linear->shape.n_out, n_groups = linear->shape.n_groups, rank = s->rank;
    /* transpose_u() laid out layer 0's groups one after the other; KV comes after Q. */
    const int64_t first_group = linear == &s->layers[0].linear[ZG_L_KV] ? 1 : 0;
    zg_phase_start(s, ZG_PHASE_ADAPTER);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < n_rows; i++) {
        float *scaled = zg_own_scratch(s);
        for (int64_t p = pass->n_probes - 1; p >= 0;
             p--) { /* probe 0 last: it overwrites the common copy */
            const struct zg_probe *probe = &pass->probes[p];
            for (int64_t group = 0; group < n_groups; group++) {
                const float *t = s->t.data + i * s->t.ld + bank_columns(s, n_groups) + group * rank;
                for (int64_t e = 0; e < rank; e++)
                    scaled[e] = probe->coefficient * t[e];
                const int64_t u_row =
                    ((first_group + group) * s->n_directions + probe->direction) * rank;
                s->kernels->add_rank(y.data + i * y.ld + group * d, scaled, rank,
                                     s->ut + u_row * s->ldu, s->ldu, d,
                                     y.data + (p * n_rows + i) * y.ld + group * d);
            }
        }
    }
    zg_cost_add(s, 2.0 * (double)(pass->n_probes * n_rows * n_groups * d * rank),
                4.0 * (double)((pass->n_probes + 1) * n_rows * n_groups * d));
}
