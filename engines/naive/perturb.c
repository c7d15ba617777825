/*
 * perturb.c - the dense passes of the loop: every weight of the scope is read, moved and written.
 *
 * The official code draws U and V and forms U V^T in each of its four passes (LOZOtrainer.py,
 * lowrank_zo_perturb_parameters and lowrank_zo_update); so does this one, but without storing the
 * product: a row of W costs one read and one write of memory, r multiply-adds an element between
 * them.
 *
 * Where layers repeat (model.h, n_resident) a pass visits them in the order of the full depth, so
 * that it draws, reads and writes as much as the full model would, and from as far away.  The first
 * visit carries the whole change; the later ones do all the work with a change of 0, which rounds
 * nothing.
 */
#include "engines/naive/naive.h"

#include "engines/base/size.h"
#include "engines/interface/direction.h"

#include <omp.h>
#include <string.h>

/* One move of one tensor, inside a parallel region: all threads call it. */
struct move {
    const struct zg_direction *direction;
    int32_t id;
    bool first;    /* visit of the tensor in this pass */
    float *w;      /* or */
    uint16_t *low; /* where the tensor is bf16 */
    float *vt;     /* [rank][ldv] */
    int64_t ldv;
    const float *m; /* the tensor's M in the place of U, or of z; NULL: drawn */
    int64_t n_rows, n_cols;
    float keep, coefficient;
};

static int32_t n_visits(const struct zg_naive_weights *w)
{
    return zg_tensor_end(w->shape.n_layers);
}

/* `visit` counts the tensors of the full depth as ids do.  False where the tensor does not exist or
 * is outside the scope. */
static bool move_of(const struct zg_engine_state *s, const struct zg_direction *direction,
                    int32_t visit, struct move *m)
{
    const struct zg_naive_weights *w = &s->weights;
    const int32_t n_globals = ZG_N_TENSOR_KINDS;
    const bool first = visit < w->n_tensors;
    const int32_t id = first ? visit : n_globals + (visit - n_globals) % (w->n_tensors - n_globals);
    *m = (struct move){.direction = direction, .id = id, .first = first, .keep = 1};
    if (w->offset[id] < 0 || !zg_direction_includes(direction, &w->shape, id) ||
        !zg_model_tensor_size(&w->shape, id, &m->n_rows, &m->n_cols))
        return false;
    if (zg_naive_is_low(w, id))
        m->low = zg_naive_tensor_low(w, id);
    else
        m->w = zg_naive_tensor(w, id);
    m->vt = s->vt + s->vt_offset[id] * s->options.limits.max_rank;
    m->ldv = zg_round_up(m->n_cols, 16);
    return true;
}

static bool has_factors(const struct move *m)
{
    return m->n_cols > 1 && zg_direction_rank(m->direction) > 0;
}

/* V is drawn in pieces and transposed, so that a row of W meets r contiguous vectors.  No barrier
 * here: each tensor has a V^T of its own. */
static void draw_v(const struct zg_engine_state *s, const struct move *m)
{
    const int64_t rank = m->direction->rank;
    float *v = s->row + omp_get_thread_num() * s->row_stride;
#pragma omp for schedule(static) nowait
    for (int64_t piece = 0; piece < zg_ceil_div(m->n_cols, ZG_NAIVE_PIECE); piece++) {
        const int64_t begin = piece * ZG_NAIVE_PIECE;
        const int64_t end = zg_min64(begin + ZG_NAIVE_PIECE, m->n_cols);
        zg_direction_v(m->direction, m->id, begin, end - begin, v);
        for (int64_t k = 0; k < rank; k++)
            for (int64_t j = begin; j < end; j++)
                m->vt[k * m->ldv + j] = v[(j - begin) * rank + k];
    }
}

/* bf16 weights go through fp32 in pieces of this: W <- bf16(keep W + c D), in the first-level
 * cache. */
enum { PIECE = 1024 };

static void row_lowrank(const struct zg_engine_state *s, const struct move *m, int64_t i,
                        const float *u)
{
    const int64_t n = m->n_cols, rank = m->direction->rank;
    if (!m->low) {
        s->kernels->add_lowrank(m->w + i * n, n, m->keep, u, m->vt, m->ldv, rank);
        return;
    }
    float w[PIECE];
    for (int64_t begin = 0; begin < n; begin += PIECE) {
        const int64_t count = zg_min64(PIECE, n - begin);
        uint16_t *const low = m->low + i * n + begin;
        s->kernels->widen(low, count, w);
        s->kernels->add_lowrank(w, count, m->keep, u, m->vt + begin, m->ldv, rank);
        s->narrow->bf16(w, count, low);
    }
}

static void move_lowrank(const struct zg_engine_state *s, const struct move *m)
{
    const int64_t rank = m->direction->rank;
    const float scale = m->m ? m->coefficient : m->coefficient * m->direction->scale;
    float *u = s->row + omp_get_thread_num() * s->row_stride;
#pragma omp for schedule(static) nowait
    for (int64_t i = 0; i < m->n_rows; i++) {
        if (m->m)
            memcpy(u, m->m + i * rank, (size_t)rank * sizeof *u);
        else
            zg_direction_u(m->direction, m->id, i, 1, u);
        for (int64_t k = 0; k < rank; k++)
            u[k] *= scale;
        row_lowrank(s, m, i, u);
    }
}

/* n elements from `first` on, along z. */
static void elements_add(const struct zg_engine_state *s, const struct move *m, int64_t first,
                         int64_t n, const float *z)
{
    if (!m->low) {
        s->kernels->add_scaled(m->w + first, n, m->keep, m->coefficient, z);
        return;
    }
    float w[PIECE];
    for (int64_t begin = 0; begin < n; begin += PIECE) {
        const int64_t count = zg_min64(PIECE, n - begin);
        uint16_t *const low = m->low + first + begin;
        s->kernels->widen(low, count, w);
        s->kernels->add_scaled(w, count, m->keep, m->coefficient, z + begin);
        s->narrow->bf16(w, count, low);
    }
}

/* Dense and Rademacher directions, and the 1-D tensors of low-rank ones: [n][1] counts as
 * [1][n]. */
static void move_elementwise(const struct zg_engine_state *s, const struct move *m)
{
    const int64_t n = m->n_rows * m->n_cols, piece = s->row_stride;
    struct zg_direction d = *m->direction;
    if (zg_direction_rank(&d) > 0)
        d.kind = ZG_DIRECTION_DENSE;
    float *z = s->row + omp_get_thread_num() * s->row_stride;
#pragma omp for schedule(static) nowait
    for (int64_t p = 0; p < zg_ceil_div(n, piece); p++) {
        const int64_t begin = p * piece, count = zg_min64(piece, n - begin);
        if (!m->m)
            zg_direction_row_dense(&d, m->id, 0, begin, count, n, z);
        elements_add(s, m, begin, count, m->m ? m->m + begin : z);
    }
}

/* Two sweeps over the tensors with one barrier between them: all V, then all weights.  A barrier a
 * tensor would be cheap on an idle machine and dear on a busy one.  Visits of the same tensor need
 * none: a static schedule gives each thread the same part again. */
static void add(struct zg_engine_state *state, const struct zg_direction *direction,
                float coefficient, float decay, bool of_m, enum zg_phase phase)
{
    const int32_t n = n_visits(&state->weights);
    double flops = 0, bytes = 0;
    struct move counted;
    zg_naive_phase(state, phase);
    for (int32_t visit = 0; visit < n; visit++)
        if (move_of(state, direction, visit, &counted)) {
            const double n_values = (double)counted.n_rows * (double)counted.n_cols;
            flops += 2 * n_values * (has_factors(&counted) ? (double)direction->rank : 1);
            bytes += 2 * n_values * (counted.low ? sizeof *counted.low : sizeof *counted.w);
        }
#pragma omp parallel num_threads((int)state->options.n_threads)
    {
        struct move m;
        for (int32_t visit = 0; visit < n; visit++)
            if (move_of(state, direction, visit, &m) && has_factors(&m))
                draw_v(state, &m);
#pragma omp barrier
        for (int32_t visit = 0; visit < n; visit++) {
            if (!move_of(state, direction, visit, &m))
                continue;
            m.coefficient = m.first ? coefficient : 0;
            m.keep = m.first && m.n_cols > 1 ? 1 - decay : 1;
            m.m = of_m ? state->m + state->m_offset[m.id] : NULL;
            if (has_factors(&m))
                move_lowrank(state, &m);
            else
                move_elementwise(state, &m);
        }
    }
    zg_naive_count(state, phase, flops, bytes);
}

void zg_naive_add(struct zg_engine_state *state, const struct zg_direction *direction,
                  float coefficient, float decay, enum zg_phase phase)
{
    add(state, direction, coefficient, decay, false, phase);
}

void zg_naive_add_m(struct zg_engine_state *state, const struct zg_direction *direction, float rate,
                    float decay)
{
    add(state, direction, -rate, decay, true, ZG_PHASE_UPDATE);
}
