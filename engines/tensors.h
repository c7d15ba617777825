/*
 * tensors.h - the tensors of a model family are one table: number, name, sizes, and what each is.
 *
 * A family has one such table (engines/model/family_opt.c).  Who must know what a tensor is asks
 * it here, so that nothing else in the house repeats the family's list:
 *
 *     for (int32_t id = 0; id < zg_tensor_end(zg_shape_n_resident(shape)); id++) {
 *         const struct zg_tensor *tensor = zg_tensor_at(shape, id);
 *         if (tensor && tensor->is_linear)
 *             ...
 *     }
 *
 * An engine's forward pass knows its family's tensors by their enumerators, as it must.
 */
#ifndef ZG_ENGINES_TENSORS_H
#define ZG_ENGINES_TENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engines/api.h"

ZG_PUBLIC_BEGIN

struct zg_model_shape;

enum zg_family { ZG_FAMILY_OPT, ZG_N_FAMILIES };

/* Tensor identities.  An id also names the tensor in the random streams (zo.h), so the numbers
 * are a contract: globals are 0..15, layer l's tensors are 16 * (l + 1) + kind.  A family leaves
 * the numbers unused for which it has no tensor; what families share has one number in all. */
enum zg_tensor_global {
    ZG_T_EMBED_TOKENS = 0,    /* [n_vocab][d_model] */
    ZG_T_EMBED_POSITIONS = 1, /* [n_positions + 2][d_model] */
    ZG_T_FINAL_NORM_WEIGHT = 2,
    ZG_T_FINAL_NORM_BIAS = 3,
    ZG_T_HEAD = 4, /* [n_vocab][d_model]; reads as the embedding where the head is tied */
};
/* clang-format off */
enum zg_tensor_kind {
    ZG_T_Q_WEIGHT = 0,      ZG_T_Q_BIAS = 1,      /* [d_model][d_model], [d_model] */
    ZG_T_K_WEIGHT = 2,      ZG_T_K_BIAS = 3,
    ZG_T_V_WEIGHT = 4,      ZG_T_V_BIAS = 5,
    ZG_T_OUT_WEIGHT = 6,    ZG_T_OUT_BIAS = 7,
    ZG_T_FC1_WEIGHT = 8,    ZG_T_FC1_BIAS = 9,    /* [d_ffn][d_model], [d_ffn] */
    ZG_T_FC2_WEIGHT = 10,   ZG_T_FC2_BIAS = 11,   /* [d_model][d_ffn], [d_model] */
    ZG_T_NORM1_WEIGHT = 12, ZG_T_NORM1_BIAS = 13, /* self_attn_layer_norm */
    ZG_T_NORM2_WEIGHT = 14, ZG_T_NORM2_BIAS = 15, /* the layer's final_layer_norm, before the MLP */
};
/* clang-format on */
enum { ZG_N_TENSOR_KINDS = 16 }; /* numbers of a layer, and of the globals, used or not */

static inline int32_t zg_tensor_layer(int64_t layer, enum zg_tensor_kind kind)
{
    return (int32_t)(ZG_N_TENSOR_KINDS * (layer + 1)) + (int32_t)kind;
}
/* The layer whose tensor the id is; -1 for a global. */
static inline int64_t zg_tensor_layer_of(int32_t id)
{
    return id / ZG_N_TENSOR_KINDS - 1;
}
/* One past the largest id of a model of n_layers. */
static inline int32_t zg_tensor_end(int64_t n_layers)
{
    return (int32_t)(ZG_N_TENSOR_KINDS * (n_layers + 1));
}

/* A number of rows or columns: 1, or what the shape says. */
enum zg_extent {
    ZG_EXTENT_ONE,
    ZG_EXTENT_D_MODEL,
    ZG_EXTENT_D_FFN,
    ZG_EXTENT_N_VOCAB,
    ZG_EXTENT_POSITIONS, /* n_positions + ZG_POSITION_OFFSET */
};

/* A line of the table. */
struct zg_tensor {
    const char *name;          /* Hugging Face's; a layer's: what follows "layers.N." */
    enum zg_extent rows, cols; /* a vector has one column */
    bool is_linear;            /* the weight of a linear layer: LoZO's scope "linear" */
    bool is_norm;              /* the gain of a norm: about 1 where a linear weight is about 0 */
    bool is_table;             /* a row a token: the embedding, and the head that may be it */
    int bias;               /* number of the bias that goes with it, in its layer; 0: it has none */
    const char *other_name; /* of the same tensor, in some files; NULL */
};

/* The line of a tensor; NULL if the model has no such tensor. */
const struct zg_tensor *zg_tensor_at(const struct zg_model_shape *shape, int32_t id);

/* The id of the bias that goes with a linear layer's weight or a norm's gain; -1 if none does. */
int32_t zg_tensor_bias(const struct zg_model_shape *shape, int32_t id);

/* The tensor whose elements this one reads: itself, but the embedding for a tied head. */
int32_t zg_tensor_owner(const struct zg_model_shape *shape, int32_t id);

/* Rows and columns of a tensor; a 1-D tensor of n elements is [n][1].  False if there is no such
 * tensor. */
bool zg_model_tensor_size(const struct zg_model_shape *shape, int32_t id, int64_t *n_rows,
                          int64_t *n_cols);
/* The most columns that a tensor of the model has: what a row of any of them fits. */
int64_t zg_model_max_cols(const struct zg_model_shape *shape);

/* The Hugging Face name with the `model.` prefix, e.g. "model.decoder.layers.0.fc1.weight", into
 * name[size]; "?" if there is no such tensor. */
void zg_model_tensor_name(const struct zg_model_shape *shape, int32_t id, char *name, size_t size);
/* The id of such a name (with or without prefix), -1 if the shape has no such tensor. */
int32_t zg_model_tensor_find(const struct zg_model_shape *shape, const char *name);

ZG_PUBLIC_END

#endif
