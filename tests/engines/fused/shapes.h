/* shapes.h - the products of a layer, as the benchmarks of this folder run them. */
#ifndef ZG_TESTS_FUSED_SHAPES_H
#define ZG_TESTS_FUSED_SHAPES_H

#include <stdlib.h>

#include "engines/fused/fused.h"
#include "engines/fused/provider_fused.h"

enum { N_SHAPES = 4 };

struct shape {
    const char *name;
    int64_t n_groups, n_out, n_in;
    enum zg_tensor_kind kinds[3];
    enum zg_epilogue epilogue;
};

static inline void shapes_of(const struct zg_model_shape *m, struct shape shapes[N_SHAPES])
{
    const int64_t d = m->d_model, f = m->d_ffn;
    const enum zg_tensor_kind q = ZG_T_Q_WEIGHT, k = ZG_T_K_WEIGHT, v = ZG_T_V_WEIGHT;
    shapes[0] = (struct shape){"qkv", 3, d, d, {q, k, v}, ZG_EPILOGUE_NONE};
    shapes[1] = (struct shape){"out", 1, d, d, {ZG_T_OUT_WEIGHT}, ZG_EPILOGUE_RESIDUAL};
    shapes[2] = (struct shape){"fc1", 1, f, d, {ZG_T_FC1_WEIGHT}, ZG_EPILOGUE_RELU};
    shapes[3] = (struct shape){"fc2", 1, d, f, {ZG_T_FC2_WEIGHT}, ZG_EPILOGUE_RESIDUAL};
}

/* A panel of each of the first layers, all with the adapter columns `extra`; no memory ends the
 * program. */
static inline void panels_open(struct zg_provider_state *state, const struct shape *s,
                               enum zg_dtype dtype, const struct zg_model *model, int64_t n_layers,
                               const float *extra, int64_t n_extra, struct zg_panel **panels)
{
    const struct zg_panel_shape shape = {
        .n_groups = s->n_groups, .n_out = s->n_out, .n_in = s->n_in, .dtype = dtype};
    for (int64_t l = 0; l < n_layers; l++) {
        int32_t tensors[3];
        for (int g = 0; g < 3; g++)
            tensors[g] = zg_tensor_layer(l, s->kinds[g]);
        if (zg_fused_pack(state, &panels[l], &shape, model, tensors, NULL))
            abort();
        zg_fused_set_extra(state, panels[l], extra, n_extra, 0);
    }
}

#endif
