/*
 * momentum.c - LOZO-M's momentum in the loop (zo.h, apply_momentum): M beside the weights, as the
 * official code keeps it in a dictionary by name (LOZOtrainer.py of its medium_models, 363-405).
 *
 * Layers that repeat (model.h) share their M as they share their weights: the first visit changes
 * it, the others do the work of drawing U and add nothing.
 */
#include "engines/interface/momentum.h"

#include <omp.h>

#include "engines/base/size.h"
#include "engines/interface/direction.h"
#include "engines/naive/naive.h"

/* Floats of a tensor's M; 0: it has no weights of its own. */
static bool size_of(const struct zg_naive_weights *w, int32_t id, int64_t rank, int64_t *n)
{
    int64_t n_rows, n_cols;
    *n = 0;
    if (w->offset[id] < 0 || !zg_model_tensor_size(&w->shape, id, &n_rows, &n_cols))
        return true;
    return zg_size_mul(n_rows, n_cols > 1 ? rank : 1, n);
}

bool zg_naive_m_sizes(const struct zg_naive_weights *weights, const struct zg_engine_limits *limits,
                      int64_t *n_m, int64_t *stride)
{
    *n_m = *stride = 0;
    if (!(limits->features & ZG_FEATURE_BIT(ZG_F_MOMENTUM)))
        return true;
    bool fits = zg_momentum_scratch(limits->max_rank, stride);
    for (int32_t id = 0; id < weights->n_tensors && fits; id++) {
        int64_t n;
        fits = size_of(weights, id, limits->max_rank, &n) && zg_size_add(*n_m, n, n_m);
    }
    return fits;
}

void zg_naive_m_place(struct zg_engine_state *s)
{
    int64_t total = 0;
    for (int32_t id = 0; id < s->weights.n_tensors; id++) {
        int64_t n;
        s->m_offset[id] = total;
        (void)size_of(&s->weights, id, s->options.limits.max_rank, &n); /* counted at open */
        total += n;
    }
}

/* A matrix, or a 1-D tensor, of the scope; false: not in it. */
struct part {
    int32_t id;
    bool first; /* visit */
    int64_t n_rows, n_cols;
    float *m;
};

static bool part_of(const struct zg_engine_state *s, enum zg_scope scope, int32_t visit,
                    struct part *out)
{
    const struct zg_naive_weights *const w = &s->weights;
    const int32_t n_globals = ZG_N_TENSOR_KINDS;
    const bool first = visit < w->n_tensors;
    const int32_t id = first ? visit : n_globals + (visit - n_globals) % (w->n_tensors - n_globals);
    *out = (struct part){.id = id, .first = first, .m = s->m + s->m_offset[id]};
    return w->offset[id] >= 0 && zg_scope_includes(scope, &w->shape, id) &&
           zg_model_tensor_size(&w->shape, id, &out->n_rows, &out->n_cols);
}

/* Each matrix by one thread: few steps redraw V, and the products are small. */
static void carry(struct zg_engine_state *s, const struct zg_direction *now)
{
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int32_t id = 0; id < s->weights.n_tensors; id++) {
        struct part part;
        if (part_of(s, now->scope, id, &part) && part.n_cols > 1)
            zg_momentum_carry(part.m, part.n_rows, part.n_cols, id, s->m_seed_v, now,
                              s->m_scratch + omp_get_thread_num() * s->m_stride);
    }
}

/* n values of m that begin at value `begin` of the tensor's M. */
static void mix(const struct zg_engine_state *s, const struct part *part, int64_t begin, int64_t n,
                const struct zg_update *updates, int64_t n_updates, float keep, bool anew,
                float *drawn)
{
    float *const m = part->m + begin;
    const float own = part->first ? keep : 1, share = part->first ? 1 : 0;
    for (int64_t i = 0; i < n && part->first && anew; i++)
        m[i] = 0;
    for (int64_t i = 0; i < n && !anew; i++)
        m[i] *= own;
    for (int64_t u = 0; u < n_updates; u++) {
        struct zg_direction d = s->directions[updates[u].direction];
        const float c = share * updates[u].coefficient * (part->n_cols > 1 ? d.scale : 1);
        if (part->n_cols > 1) {
            zg_direction_u(&d, part->id, begin / d.rank, n / d.rank, drawn);
        } else {
            d.kind = ZG_DIRECTION_DENSE; /* which scales z itself */
            zg_direction_row_dense(&d, part->id, 0, begin, n, part->n_rows, drawn);
        }
        for (int64_t i = 0; i < n; i++)
            m[i] += c * drawn[i];
    }
}

void zg_naive_m_update(struct zg_engine_state *s, const struct zg_update *updates, int64_t n,
                       float keep)
{
    const struct zg_direction *const now = &s->directions[0];
    const bool anew = s->m_rank == 0 || keep == 0;
    const int64_t rank = now->rank;
    const int32_t n_visits = zg_tensor_end(s->weights.shape.n_layers);
    double elements = 0;
    struct part counted;
    zg_naive_phase(s, ZG_PHASE_UPDATE);
    for (int32_t visit = 0; visit < n_visits; visit++)
        if (part_of(s, now->scope, visit, &counted))
            elements += (double)counted.n_rows * (double)(counted.n_cols > 1 ? rank : 1);
    if (!anew && s->m_seed_v != now->seed_v)
        carry(s, now);
#pragma omp parallel num_threads((int)s->options.n_threads)
    for (int32_t visit = 0; visit < n_visits; visit++) {
        struct part part;
        if (!part_of(s, now->scope, visit, &part))
            continue;
        const int64_t each = part.n_cols > 1 ? rank : 1;
        const int64_t rows = ZG_NAIVE_PIECE; /* row_stride has room for so many rows of U */
#pragma omp for schedule(static) nowait
        for (int64_t p = 0; p < zg_ceil_div(part.n_rows, rows); p++)
            mix(s, &part, p * rows * each, zg_min64(rows, part.n_rows - p * rows) * each, updates,
                n, keep, anew, s->row + omp_get_thread_num() * s->row_stride);
    }
    zg_naive_count(s, ZG_PHASE_UPDATE, 2 * elements * (double)n, 8 * elements);
    s->m_rank = rank;
    s->m_seed_v = now->seed_v;
}
