/*
 * perturb.c - the dense passes of the loop: every weight of the scope is read, moved and written.
 *
 * The official code draws U and V and forms U V^T in each of its four passes (LOZOtrainer.py,
 * lowrank_zo_perturb_parameters and lowrank_zo_update); so does this one, but without storing the
 * product: a row of W costs one read and one write of memory, r multiply-adds an element between
 * them.
 */
#include "engines/naive/naive.h"

#include "engines/base/direction.h"
#include "engines/base/size.h"

#include <omp.h>

static bool is_lowrank(const struct zg_direction *d)
{
    return d->kind == ZG_DIRECTION_LOWRANK || d->kind == ZG_DIRECTION_FACTORISED;
}

/* One move of one tensor, inside a parallel region: all threads call it. */
struct move {
    const struct zg_direction *direction;
    int32_t id;
    float *w;
    int64_t n_rows, n_cols;
    float keep, coefficient;
};

/* V is drawn in pieces by all threads and transposed, so that a row of W meets r contiguous
 * vectors. */
static void draw_v(const struct zg_engine_state *s, const struct move *m)
{
    enum { PIECE = 256 };
    const int64_t rank = m->direction->rank;
#pragma omp for schedule(static)
    for (int64_t piece = 0; piece < zg_ceil_div(m->n_cols, PIECE); piece++) {
        const int64_t begin = piece * PIECE, end = zg_min64(begin + PIECE, m->n_cols);
        zg_direction_v(m->direction, m->id, begin, end - begin, s->v + begin * rank);
        for (int64_t k = 0; k < rank; k++)
            for (int64_t j = begin; j < end; j++)
                s->vt[k * s->ldv + j] = s->v[j * rank + k];
    } /* the barrier here lets every thread read all of vt */
}

static void move_lowrank(const struct zg_engine_state *s, const struct move *m)
{
    draw_v(s, m);
    const int64_t rank = m->direction->rank;
    const float scale = m->coefficient * m->direction->scale;
    float *u = s->row + omp_get_thread_num() * s->row_stride;
#pragma omp for schedule(static)
    for (int64_t i = 0; i < m->n_rows; i++) {
        zg_direction_u(m->direction, m->id, i, 1, u);
        for (int64_t k = 0; k < rank; k++)
            u[k] *= scale;
        s->kernels->add_lowrank(m->w + i * m->n_cols, m->n_cols, m->keep, u, s->vt, s->ldv, rank);
    } /* and the barrier here keeps vt until all are done with it */
}

/* Dense and Rademacher directions, and the 1-D tensors of low-rank ones: [n][1] counts as
 * [1][n]. */
static void move_elementwise(const struct zg_engine_state *s, const struct move *m)
{
    const int64_t n = m->n_rows * m->n_cols, piece = s->row_stride;
    struct zg_direction d = *m->direction;
    if (is_lowrank(&d))
        d.kind = ZG_DIRECTION_DENSE;
    float *z = s->row + omp_get_thread_num() * s->row_stride;
#pragma omp for schedule(static)
    for (int64_t p = 0; p < zg_ceil_div(n, piece); p++) {
        const int64_t begin = p * piece, count = zg_min64(piece, n - begin);
        zg_direction_row_dense(&d, m->id, 0, begin, count, n, z);
        s->kernels->add_scaled(m->w + begin, count, m->keep, m->coefficient, z);
    }
}

void zg_naive_add(struct zg_engine_state *state, const struct zg_direction *direction,
                  float coefficient, float decay, enum zg_phase phase)
{
    const struct zg_naive_weights *w = &state->weights;
    double flops = 0, bytes = 0;
    zg_naive_phase(state, phase);
#pragma omp parallel num_threads((int)state->options.n_threads) reduction(+ : flops, bytes)
    for (int32_t id = 0; id < w->n_tensors; id++) {
        struct move m = {.direction = direction, .id = id, .coefficient = coefficient, .keep = 1};
        if (w->offset[id] < 0 || !zg_scope_includes(direction->scope, id) ||
            !zg_model_tensor_size(&w->shape, id, &m.n_rows, &m.n_cols))
            continue;
        m.w = zg_naive_tensor(w, id);
        const bool matrix = m.n_cols > 1;
        if (matrix)
            m.keep = 1 - decay;
        const double terms = matrix && is_lowrank(direction) ? (double)direction->rank : 1;
        if (omp_get_thread_num() == 0) {
            flops += 2 * terms * (double)m.n_rows * (double)m.n_cols;
            bytes += 2 * sizeof(float) * (double)m.n_rows * (double)m.n_cols;
        }
        if (matrix && is_lowrank(direction))
            move_lowrank(state, &m);
        else
            move_elementwise(state, &m);
    }
    zg_naive_count(state, phase, flops, bytes);
}
