/*
 * state.h - the open engine: what its parts hold, each with a header of its own, and how to walk
 * its layers.
 *
 *     layers.h        weights       weights.c            panels, norms, embeddings
 *     lowrank.h       lowrank       adapter.c bank.c     U, V, A, extras, folding; earlier V
 *                                   tables.c vectors.c   scope full: embeddings, head, 1-D tensors
 *                                   momentum.c           M of LOZO-M
 *     activations.h   act, scratch  forward.c            the layers of one pass
 *                                   project.c            t = V^T x and its places in rows
 *                                   norm.c attention.c   the rows between GEMMs
 *                                   loss.c logits.c      head, log-sum-exp; its low-rank share
 *     pass.h                        score.c              probes -> passes -> losses
 *     cost.h          meter         cost.c               FLOPs and bytes
 *                                   calibrate.c          columns that int8 would spoil
 *                                   runtime.c            the members of the ZO interface
 */
#ifndef ZG_RUNTIME_STATE_H
#define ZG_RUNTIME_STATE_H

#include "engines/layout/plan.h"
#include "engines/layout/useful.h"
#include "engines/runtime/activations.h"
#include "engines/runtime/cost.h"
#include "engines/runtime/kernels.h"
#include "engines/runtime/layers.h"
#include "engines/runtime/lowrank.h"
#include "engines/runtime/pass.h"

struct zg_engine_state {
    const struct zg_engine *engine;
    const struct zg_provider *provider;
    const struct zg_runtime_kernels *kernels;
    const struct zg_model *model; /* borrowed until close */
    struct zg_model_shape shape;
    struct zg_engine_options options;
    struct zg_provider_state *provider_state;

    struct zg_weights weights;
    struct zg_lowrank lowrank;
    struct zg_activations act;
    struct zg_scratch scratch;
    struct zg_meter meter;

    struct zg_batch_plan plan;    /* as the mechanisms say */
    struct zg_useful *useful;     /* counts the minimum where `plan` is another */
    bool useful_apart;            /* `plan` is never the useful one */
    int64_t *paired;              /* [max_probes] pairs of a centred pass (score.c) */
    struct zg_probe *slot_probes; /* [max_probes] its probes, slot by slot */

    /* NULL but while open() calibrates (calibrate.c): is shown each product before it is made. */
    void (*observe)(struct zg_engine_state *s, const struct zg_linear *linear,
                    const struct zg_gemm *g);
    struct zg_calibration *calibration;

    void *owned[48]; /* every buffer, for close */
    int64_t n_owned;
};

static inline bool zg_has(const struct zg_engine_state *s, enum zg_mechanism m)
{
    return (s->options.mechanisms & ZG_MECHANISM_BIT(m)) != 0;
}

/* May directions of scope full come? */
static inline bool zg_is_open_for_full(const struct zg_engine_state *s)
{
    return (s->options.limits.scopes & ZG_SCOPE_BIT(ZG_SCOPE_FULL)) != 0;
}

/* The weights of a layer of the depth. */
static inline struct zg_layer *zg_layer_at(const struct zg_engine_state *s, int64_t l)
{
    return &s->weights.layers[l % zg_shape_n_resident(&s->shape)];
}
/* Does it run for the scored rows only? */
static inline bool zg_layer_is_pruned(const struct zg_engine_state *s, int64_t l)
{
    return zg_has(s, ZG_M_LAST) && l == s->shape.n_layers - 1;
}
static inline bool zg_layer_runs(const struct zg_engine_state *s, int64_t l,
                                 enum zg_linear_kind kind)
{
    return kind > ZG_L_KV || zg_layer_is_pruned(s, l) == (kind != ZG_L_QKV);
}
/* Of the layers that run this panel, is it the first?  Its own last one splits q and kv apart. */
static inline bool zg_layer_is_first(const struct zg_engine_state *s, int64_t l,
                                     const struct zg_linear *linear)
{
    return linear->n_visits == 1 || l < zg_shape_n_resident(&s->shape);
}

/* Every panel once.  Used like a for statement, as the next. */
#define ZG_FOR_EACH_PANEL(s, linear)                                                               \
    for (int64_t l_ = 0; l_ < zg_shape_n_resident(&(s)->shape); l_++)                              \
        for (struct zg_linear *linear = (s)->weights.layers[l_].linear;                            \
             linear < (s)->weights.layers[l_].linear + ZG_N_LINEARS; linear++)                     \
            if (linear->panel)
/* What every layer of the depth runs: a panel comes up n_visits times.  Work of a step goes through
 * this one, so that a model of repeated layers costs what one of distinct layers would. */
#define ZG_FOR_EACH_LINEAR(s, layer, linear)                                                       \
    for (int64_t layer = 0; layer < (s)->shape.n_layers; layer++)                                  \
        for (int kind_ = 0; kind_ < ZG_N_LINEARS; kind_++)                                         \
            for (struct zg_linear *linear = zg_layer_runs(s, layer, (enum zg_linear_kind)kind_)    \
                                                ? &zg_layer_at(s, layer)->linear[kind_]            \
                                                : NULL;                                            \
                 linear; linear = NULL)

/* Marks the start of a phase, for the caller's clock and for the cost model. */
static inline void zg_phase_start(struct zg_engine_state *s, enum zg_phase phase)
{
    s->meter.phase = phase;
    if (s->options.on_phase)
        s->options.on_phase(s->options.on_phase_context, phase);
}

/* A buffer that close() frees.  NULL once *status is a failure, or becomes one. */
void *zg_state_take(struct zg_engine_state *s, int64_t n_items, size_t item_size, const char *what,
                    enum zg_status *status, struct zg_error *err);

#endif
