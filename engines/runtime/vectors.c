/*
 * vectors.c - 1-D tensors under directions of scope full: D = scale z, and no factors.
 *
 * For a probe none is written: a bias's z is an adapter column of its panel (adapter.c), a norm's
 * is added to a copy of gain and bias (zg_vectors_move_norm()).  They are small, fp32 in every
 * dtype and belong to no V, so an update writes them at once.
 */
#include "engines/runtime/vectors.h"

#include <string.h>

#include "engines/base/size.h"
#include "engines/interface/direction.h"

enum zg_status zg_vectors_open(struct zg_engine_state *s, struct zg_error *err)
{
    const struct zg_weights *w = &s->weights;
    const bool paired = zg_has(s, ZG_M_PAIRED);
    const int64_t n_probes = paired ? s->options.limits.max_probes : 1;
    enum zg_status status = ZG_OK;
    if (!zg_is_open_for_full(s))
        return ZG_OK;
    s->lowrank.z = zg_state_take(s, s->options.limits.max_directions * w->n_vector_floats,
                                 sizeof(float), "z", &status, err);
    s->act.moved.ld = zg_round_up(s->shape.d_model, ZG_KERNEL_PAD);
    s->act.moved.data =
        zg_state_take(s, 2 * n_probes * s->act.moved.ld, sizeof(float), "norms", &status, err);
    return status;
}

const float *zg_vectors_z(const struct zg_engine_state *s, int64_t direction, const float *data)
{
    const struct zg_weights *w = &s->weights;
    return s->lowrank.z + direction * w->n_vector_floats + (data - w->vector_floats);
}

void zg_vectors_draw(struct zg_engine_state *s)
{
    struct zg_lowrank *low = &s->lowrank;
    const int64_t n_vectors = s->weights.n_vectors;
    bool any = false;
    for (int64_t j = 0; j < low->n_directions; j++)
        any |= low->directions[j].scope == ZG_SCOPE_FULL;
    low->n_z = any ? low->n_directions : 0;
    if (!any)
        return;
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < low->n_z * n_vectors; i++) {
        const struct zg_vector *vector = &s->weights.vectors[i % n_vectors];
        struct zg_direction direction = low->directions[i / n_vectors];
        float *z = low->z + i / n_vectors * s->weights.n_vector_floats +
                   (vector->data - s->weights.vector_floats);
        if (direction.scope == ZG_SCOPE_FULL) {
            direction.kind = ZG_DIRECTION_DENSE;
            zg_direction_row_dense(&direction, vector->tensor, 0, 0, vector->n, vector->n, z);
        } else {
            memset(z, 0, (size_t)vector->n * sizeof *z);
        }
    }
}

/* Of the full depth, where layers repeat. */
static double n_floats_of_depth(const struct zg_model_shape *shape)
{
    double n = 0.0;
    for (int32_t id = 0; id < zg_tensor_end(1); id++) {
        int64_t n_rows, n_cols;
        if (zg_model_tensor_size(shape, id, &n_rows, &n_cols) && n_cols == 1)
            n += (double)(n_rows * (zg_tensor_layer_of(id) < 0 ? 1 : shape->n_layers));
    }
    return n;
}

void zg_vectors_add(struct zg_engine_state *s, int32_t direction, float coefficient)
{
    const struct zg_weights *w = &s->weights;
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t v = 0; v < w->n_vectors; v++) {
        float *to = w->vectors[v].data;
        const float *z = zg_vectors_z(s, direction, to);
        for (int64_t i = 0; i < w->vectors[v].n; i++)
            to[i] += coefficient * z[i];
    }
    zg_cost_add(&s->meter, 0.0, 12.0 * n_floats_of_depth(&s->shape));
}

const float *zg_vectors_find(const struct zg_engine_state *s, int32_t tensor)
{
    for (int64_t v = 0; v < s->weights.n_vectors; v++)
        if (s->weights.vectors[v].tensor == tensor)
            return s->weights.vectors[v].data;
    return NULL;
}

void zg_vectors_move_norm(struct zg_engine_state *s, const struct zg_pass *pass,
                          const struct zg_norm *norm)
{
    const bool centred = zg_pass_is_centred(pass);
    const int64_t d = s->shape.d_model, n = centred ? pass->n_probes / 2 : pass->n_probes;
    for (int64_t slot = 0; slot < n; slot++) {
        const struct zg_probe *probe = &pass->probes[slot];
        const float *const base[] = {norm->gain, norm->bias};
        for (int i = 0; i < 2; i++)
            s->kernels->add_rank(centred ? NULL : base[i], &probe->coefficient, 1,
                                 zg_vectors_z(s, probe->direction, base[i]), 0, d,
                                 zg_row(s->act.moved, 2 * slot + i));
    }
}
