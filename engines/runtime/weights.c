/*
 * weights.c - takes the model's weights: linear layers as the provider's panels, all else once,
 * row-major in fp32.
 *
 * The model's pages are released after each layer, so a memory-mapped checkpoint never lies in
 * memory beside the packed copy.
 */
#include "engines/runtime/weights.h"

#include "engines/base/size.h"

/* Rows of a table in parallel: synthetic weights are generated here, which takes a while. */
static void take_table(struct zg_engine_state *s, enum zg_table_kind kind, int32_t tensor,
                       enum zg_status *status, struct zg_error *err)
{
    struct zg_table *table = &s->weights.tables[kind];
    int64_t n_rows = 0, n_cols = 0;
    zg_model_tensor_size(&s->shape, tensor, &n_rows, &n_cols);
    float *data = zg_state_take(s, n_rows * n_cols, sizeof(float), "weights", status, err);
    if (!data)
        return;
    *table = (struct zg_table){.tensor = tensor, .n_rows = n_rows, .n_cols = n_cols, .data = data};
    const int64_t stripe = 64;
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t row = 0; row < n_rows; row += stripe)
        zg_model_read(s->model, tensor, row, zg_min64(stripe, n_rows - row), data + row * n_cols,
                      n_cols);
    zg_model_release(s->model);
}

/* Into its place among the vectors. */
static void read_vector(struct zg_engine_state *s, int32_t tensor, int64_t n, float *dst)
{
    zg_model_read(s->model, tensor, 0, n, dst, 1);
    s->weights.vectors[s->weights.n_vectors++] =
        (struct zg_vector){.tensor = tensor, .n = n, .data = dst};
}

static const struct linear_spec {
    int n_groups;
    enum zg_tensor_kind weights[ZG_MAX_GROUPS];
} specs[ZG_N_LINEARS] = {
    [ZG_L_QKV] = {3, {ZG_T_Q_WEIGHT, ZG_T_K_WEIGHT, ZG_T_V_WEIGHT}},
    [ZG_L_Q] = {1, {ZG_T_Q_WEIGHT}},
    [ZG_L_KV] = {2, {ZG_T_K_WEIGHT, ZG_T_V_WEIGHT}},
    [ZG_L_OUT] = {1, {ZG_T_OUT_WEIGHT}},
    [ZG_L_FC1] = {1, {ZG_T_FC1_WEIGHT}},
    [ZG_L_FC2] = {1, {ZG_T_FC2_WEIGHT}},
};

/* How many layers of the depth run this panel of a resident layer. */
static int64_t count_visits(const struct zg_engine_state *s, int64_t layer,
                            enum zg_linear_kind kind)
{
    int64_t n = 0;
    for (int64_t l = layer; l < s->shape.n_layers; l += zg_shape_n_resident(&s->shape))
        n += zg_layer_runs(s, l, kind);
    return n;
}

static enum zg_status pack(struct zg_engine_state *s, struct zg_linear *linear,
                           struct zg_error *err)
{
    enum zg_status status = s->provider->pack(s->provider_state, &linear->panel, &linear->shape,
                                              s->model, linear->tensors, err);
    linear->panel_d = linear->panel;
    if (status || s->options.dtype_d == s->options.dtype)
        return status;
    struct zg_panel_shape shape = linear->shape;
    shape.dtype = s->options.dtype_d;
    return s->provider->pack(s->provider_state, &linear->panel_d, &shape, s->model, linear->tensors,
                             err);
}

static void unpack(struct zg_engine_state *s, struct zg_linear *linear)
{
    if (linear->panel_d != linear->panel)
        s->provider->unpack(&linear->panel_d);
    s->provider->unpack(&linear->panel);
}

static enum zg_status open_linear(struct zg_engine_state *s, int64_t layer,
                                  enum zg_linear_kind kind, float *bias, struct zg_error *err)
{
    struct zg_linear *linear = &s->weights.layers[layer].linear[kind];
    const struct linear_spec *spec = &specs[kind];
    linear->n_visits = count_visits(s, layer, kind);
    linear->bias = bias;
    for (int g = 0; g < spec->n_groups; g++)
        linear->tensors[g] = zg_tensor_layer(layer, spec->weights[g]);
    int64_t n_out = 0, n_in = 0;
    zg_model_tensor_size(&s->shape, linear->tensors[0], &n_out, &n_in);
    linear->shape = (struct zg_panel_shape){
        .n_groups = spec->n_groups,
        .n_out = n_out,
        .n_in = n_in,
        .dtype = s->options.dtype,
        .ldx = kind == ZG_L_FC2 ? s->act.wide.ld : s->act.h.ld,
        .ldy = kind == ZG_L_OUT || kind == ZG_L_FC2 ? s->act.x.ld : s->act.wide.ld,
    };
    for (int g = 0; g < spec->n_groups; g++)
        read_vector(s, zg_tensor_bias(&s->shape, linear->tensors[g]), n_out, bias + g * n_out);
    return pack(s, linear, err);
}

/* Vectors of one layer: a bias for every group of every panel (q, k, v come twice where a layer has
 * them whole and split), then gains and biases of two norms.  Returns their floats together. */
static int64_t layer_floats(const struct zg_model_shape *shape, int64_t *n_vectors)
{
    int64_t total = 4 * shape->d_model, n_out, n_in;
    *n_vectors = 4;
    for (int kind = 0; kind < ZG_N_LINEARS; kind++)
        if (zg_model_tensor_size(shape, zg_tensor_layer(0, specs[kind].weights[0]), &n_out,
                                 &n_in)) {
            total += specs[kind].n_groups * n_out;
            *n_vectors += specs[kind].n_groups;
        }
    return total;
}

static float *take_norm(struct zg_engine_state *s, struct zg_norm *norm, int32_t gain,
                        float *vectors)
{
    const int64_t d = s->shape.d_model;
    *norm = (struct zg_norm){.gain = vectors, .bias = vectors + d};
    read_vector(s, gain, d, norm->gain);
    read_vector(s, zg_tensor_bias(&s->shape, gain), d, norm->bias);
    return vectors + 2 * d;
}

static enum zg_status open_layer(struct zg_engine_state *s, int64_t index, float *vectors,
                                 struct zg_error *err)
{
    struct zg_layer *layer = &s->weights.layers[index];
    enum zg_status status = ZG_OK;
    for (int kind = 0; !status && kind < ZG_N_LINEARS; kind++) {
        if (count_visits(s, index, (enum zg_linear_kind)kind) == 0)
            continue;
        status = open_linear(s, index, (enum zg_linear_kind)kind, vectors, err);
        vectors += layer->linear[kind].shape.n_groups * layer->linear[kind].shape.n_out;
    }
    vectors = take_norm(s, &layer->norm1, zg_tensor_layer(index, ZG_T_NORM1_WEIGHT), vectors);
    take_norm(s, &layer->norm2, zg_tensor_layer(index, ZG_T_NORM2_WEIGHT), vectors);
    zg_model_release(s->model);
    return status;
}

enum zg_status zg_weights_open(struct zg_engine_state *s, struct zg_error *err)
{
    const int64_t n_layers = zg_shape_n_resident(&s->shape);
    int64_t n_vectors = 0;
    const int64_t n_floats = layer_floats(&s->shape, &n_vectors);
    enum zg_status status = ZG_OK;
    take_table(s, ZG_TABLE_EMBED, ZG_T_EMBED_TOKENS, &status, err);
    take_table(s, ZG_TABLE_POSITIONS, ZG_T_EMBED_POSITIONS, &status, err);
    if (!s->shape.tied_head)
        take_table(s, ZG_TABLE_HEAD, ZG_T_HEAD, &status, err);
    s->weights.layers =
        zg_state_take(s, n_layers, sizeof *s->weights.layers, "layers", &status, err);
    s->weights.n_vector_floats = n_layers * n_floats + 2 * s->shape.d_model;
    float *vectors =
        zg_state_take(s, s->weights.n_vector_floats, sizeof(float), "biases", &status, err);
    s->weights.vector_floats = vectors;
    s->weights.vectors = zg_state_take(s, n_layers * n_vectors + 2, sizeof *s->weights.vectors,
                                       "biases", &status, err);
    if (status) {
        s->weights.layers = NULL;
        return status;
    }
    for (int64_t layer = 0; layer < n_layers; layer++)
        s->weights.layers[layer] = (struct zg_layer){0};
    for (int64_t layer = 0; !status && layer < n_layers; layer++)
        status = open_layer(s, layer, vectors + layer * n_floats, err);
    take_norm(s, &s->weights.final_norm, ZG_T_FINAL_NORM_WEIGHT, vectors + n_layers * n_floats);
    return status;
}

void zg_weights_close(struct zg_engine_state *s)
{
    for (int64_t layer = 0; s->weights.layers && layer < zg_shape_n_resident(&s->shape); layer++)
        for (int kind = 0; kind < ZG_N_LINEARS; kind++)
            unpack(s, &s->weights.layers[layer].linear[kind]);
}

struct zg_linear *zg_weights_find(struct zg_engine_state *s, int32_t tensor, int64_t *group)
{
    const int64_t index = zg_tensor_layer_of(tensor);
    if (index < 0 || index >= zg_shape_n_resident(&s->shape))
        return NULL;
    struct zg_layer *layer = &s->weights.layers[index];
    for (int kind = 0; kind < ZG_N_LINEARS; kind++)
        for (*group = 0; layer->linear[kind].panel && *group < layer->linear[kind].shape.n_groups;
             ++*group)
            if (layer->linear[kind].tensors[*group] == tensor)
                return &layer->linear[kind];
    return NULL;
}
