/* tensors.c - the tensors of an OPT model: sizes, Hugging Face names, counts.  No weights here. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/model/source.h"

static const char *const global_names[ZG_N_TENSOR_GLOBALS] = {
    [ZG_T_EMBED_TOKENS] = "decoder.embed_tokens.weight",
    [ZG_T_EMBED_POSITIONS] = "decoder.embed_positions.weight",
    [ZG_T_FINAL_NORM_WEIGHT] = "decoder.final_layer_norm.weight",
    [ZG_T_FINAL_NORM_BIAS] = "decoder.final_layer_norm.bias",
    [ZG_T_HEAD] = "lm_head.weight",
};

static const char *const kind_names[ZG_N_TENSOR_KINDS] = {
    [ZG_T_Q_WEIGHT] = "self_attn.q_proj.weight",
    [ZG_T_Q_BIAS] = "self_attn.q_proj.bias",
    [ZG_T_K_WEIGHT] = "self_attn.k_proj.weight",
    [ZG_T_K_BIAS] = "self_attn.k_proj.bias",
    [ZG_T_V_WEIGHT] = "self_attn.v_proj.weight",
    [ZG_T_V_BIAS] = "self_attn.v_proj.bias",
    [ZG_T_OUT_WEIGHT] = "self_attn.out_proj.weight",
    [ZG_T_OUT_BIAS] = "self_attn.out_proj.bias",
    [ZG_T_FC1_WEIGHT] = "fc1.weight",
    [ZG_T_FC1_BIAS] = "fc1.bias",
    [ZG_T_FC2_WEIGHT] = "fc2.weight",
    [ZG_T_FC2_BIAS] = "fc2.bias",
    [ZG_T_NORM1_WEIGHT] = "self_attn_layer_norm.weight",
    [ZG_T_NORM1_BIAS] = "self_attn_layer_norm.bias",
    [ZG_T_NORM2_WEIGHT] = "final_layer_norm.weight",
    [ZG_T_NORM2_BIAS] = "final_layer_norm.bias",
};

static bool global_size(const struct zg_model_shape *shape, int32_t id, int64_t *n_rows,
                        int64_t *n_cols)
{
    *n_cols = shape->d_model;
    switch (id) {
    case ZG_T_EMBED_TOKENS:
    case ZG_T_HEAD:
        *n_rows = shape->n_vocab;
        return true;
    case ZG_T_EMBED_POSITIONS:
        *n_rows = shape->n_positions + ZG_POSITION_OFFSET;
        return true;
    case ZG_T_FINAL_NORM_WEIGHT:
    case ZG_T_FINAL_NORM_BIAS:
        *n_rows = shape->d_model;
        *n_cols = 1;
        return true;
    default:
        return false;
    }
}

bool zg_model_tensor_size(const struct zg_model_shape *shape, int32_t id, int64_t *n_rows,
                          int64_t *n_cols)
{
    if (id < 0 || id >= zg_tensor_end(zg_shape_n_resident(shape)))
        return false;
    if (id < 16)
        return global_size(shape, id, n_rows, n_cols);
    const int32_t kind = id % 16;
    *n_rows = kind == ZG_T_FC1_WEIGHT || kind == ZG_T_FC1_BIAS ? shape->d_ffn : shape->d_model;
    *n_cols = kind == ZG_T_FC2_WEIGHT ? shape->d_ffn : shape->d_model;
    if (kind % 2 == 1 || kind == ZG_T_NORM1_WEIGHT || kind == ZG_T_NORM2_WEIGHT)
        *n_cols = 1;
    return true;
}

void zg_model_tensor_name(int32_t id, char *name, size_t size)
{
    if (id >= 16)
        snprintf(name, size, "model.decoder.layers.%" PRId32 ".%s", id / 16 - 1,
                 kind_names[id % 16]);
    else if (id == ZG_T_HEAD)
        snprintf(name, size, "%s", global_names[id]); /* the head is outside `model.` */
    else if (id >= 0 && id < ZG_N_TENSOR_GLOBALS)
        snprintf(name, size, "model.%s", global_names[id]);
    else
        snprintf(name, size, "?");
}

/* Reads a layer number in its only spelling ("7", not "07" or "+7"); -1 if there is none below
 * n_layers. */
static int64_t parse_layer(const char *text, int64_t n_layers, const char **end)
{
    int64_t layer = 0;
    const char *c = text;
    for (; *c >= '0' && *c <= '9' && layer < n_layers; c++)
        layer = 10 * layer + (*c - '0');
    *end = c;
    const bool spelled = c != text && (text[0] != '0' || c == text + 1);
    return spelled && layer < n_layers ? layer : -1;
}

int32_t zg_model_tensor_find(const struct zg_model_shape *shape, const char *name)
{
    if (strncmp(name, "model.", 6) == 0)
        name += 6;
    for (int32_t id = 0; id < ZG_N_TENSOR_GLOBALS; id++)
        if (strcmp(name, global_names[id]) == 0)
            return id;
    static const char prefix[] = "decoder.layers.";
    if (strncmp(name, prefix, sizeof prefix - 1) != 0)
        return -1;
    const char *rest;
    const int64_t layer = parse_layer(name + sizeof prefix - 1, zg_shape_n_resident(shape), &rest);
    if (layer < 0 || *rest != '.')
        return -1;
    for (int kind = 0; kind < ZG_N_TENSOR_KINDS; kind++)
        if (strcmp(rest + 1, kind_names[kind]) == 0)
            return zg_tensor_layer(layer, (enum zg_tensor_kind)kind);
    return -1;
}

int64_t zg_model_n_linear_params(const struct zg_model_shape *shape)
{
    return shape->n_layers * shape->d_model * (4 * shape->d_model + 2 * shape->d_ffn);
}

int64_t zg_model_n_params(const struct zg_model_shape *shape)
{
    const int64_t d = shape->d_model;
    const int64_t biases = 5 * d + shape->d_ffn, norms = 4 * d; /* q, k, v, out, fc2; fc1 */
    const int64_t embeddings =
        (shape->n_vocab * (shape->tied_head ? 1 : 2) + shape->n_positions + ZG_POSITION_OFFSET) * d;
    return zg_model_n_linear_params(shape) + shape->n_layers * (biases + norms) + embeddings +
           2 * d;
}

/* Far above any model, and low enough that no product of sizes or count of bytes leaves int64_t. */
#define MAX_LAYERS INT64_C(4096)
#define MAX_WIDTH  (INT64_C(1) << 20)
#define MAX_ROWS   (INT64_C(1) << 24)

static enum zg_status check_range(const char *what, const char *field, int64_t value, int64_t max,
                                  struct zg_error *err)
{
    if (value >= 1 && value <= max)
        return ZG_OK;
    return zg_fail(err, ZG_INPUT, "%s: %s is %" PRId64 "; it must be 1 to %" PRId64, what, field,
                   value, max);
}

enum zg_status zg_model_shape_check(const struct zg_model_shape *shape, const char *what,
                                    struct zg_error *err)
{
    const struct {
        const char *field;
        int64_t value, max;
    } ranges[] = {
        {"the number of layers", shape->n_layers, MAX_LAYERS},
        {"the hidden size", shape->d_model, MAX_WIDTH},
        {"the number of attention heads", shape->n_heads, MAX_WIDTH},
        {"the MLP's inner size", shape->d_ffn, MAX_WIDTH},
        {"the vocabulary size", shape->n_vocab, MAX_ROWS},
        {"the number of positions", shape->n_positions, MAX_ROWS},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        const enum zg_status status =
            check_range(what, ranges[i].field, ranges[i].value, ranges[i].max, err);
        if (status != ZG_OK)
            return status;
    }
    if (shape->n_resident < 0 || shape->n_resident > shape->n_layers)
        return zg_fail(err, ZG_INPUT,
                       "%s: %" PRId64 " resident layers; it must be 1 to %" PRId64
                       ", or 0 for all distinct",
                       what, shape->n_resident, shape->n_layers);
    if (shape->d_model % shape->n_heads != 0)
        return zg_fail(err, ZG_INPUT,
                       "%s: the hidden size %" PRId64 " is not a multiple of %" PRId64
                       " attention heads",
                       what, shape->d_model, shape->n_heads);
    return ZG_OK;
}
