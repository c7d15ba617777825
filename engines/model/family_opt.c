/*
 * family_opt.c - the tensors of the pre-norm OPT family (arXiv:2205.01068), as transformers names
 * them.
 *
 * Every linear layer and every norm is a weight and a bias, so a line is the two of them.
 */
#include "engines/model/family.h"

#define WEIGHT_AND_BIAS(ID, NAME, ROWS, COLS, IS_LINEAR, IS_NORM)                                  \
    [ID##_WEIGHT] = {.name = NAME ".weight",                                                       \
                     .rows = ZG_EXTENT_##ROWS,                                                     \
                     .cols = ZG_EXTENT_##COLS,                                                     \
                     .is_linear = IS_LINEAR,                                                       \
                     .is_norm = IS_NORM,                                                           \
                     .bias = ID##_BIAS},                                                           \
    [ID##_BIAS] = {.name = NAME ".bias", .rows = ZG_EXTENT_##ROWS, .cols = ZG_EXTENT_ONE}
#define LINEAR(ID, NAME, ROWS, COLS) WEIGHT_AND_BIAS(ID, NAME, ROWS, COLS, true, false)
#define NORM(ID, NAME)               WEIGHT_AND_BIAS(ID, NAME, D_MODEL, ONE, false, true)

const struct zg_family_table zg_family_opt = {
    .layers = "model.decoder.layers.",
    .globals =
        {
            [ZG_T_EMBED_TOKENS] = {.name = "model.decoder.embed_tokens.weight",
                                   .rows = ZG_EXTENT_N_VOCAB,
                                   .cols = ZG_EXTENT_D_MODEL,
                                   .is_table = true},
            [ZG_T_EMBED_POSITIONS] = {.name = "model.decoder.embed_positions.weight",
                                      .rows = ZG_EXTENT_POSITIONS,
                                      .cols = ZG_EXTENT_D_MODEL},
            NORM(ZG_T_FINAL_NORM, "model.decoder.final_layer_norm"),
            [ZG_T_HEAD] = {.name = "lm_head.weight",
                           .rows = ZG_EXTENT_N_VOCAB,
                           .cols = ZG_EXTENT_D_MODEL,
                           .is_table = true,
                           .other_name = "decoder.output_projection.weight"}, /* fairseq's */
        },
    .kinds =
        {
            LINEAR(ZG_T_Q, "self_attn.q_proj", D_MODEL, D_MODEL),
            LINEAR(ZG_T_K, "self_attn.k_proj", D_MODEL, D_MODEL),
            LINEAR(ZG_T_V, "self_attn.v_proj", D_MODEL, D_MODEL),
            LINEAR(ZG_T_OUT, "self_attn.out_proj", D_MODEL, D_MODEL),
            LINEAR(ZG_T_FC1, "fc1", D_FFN, D_MODEL),
            LINEAR(ZG_T_FC2, "fc2", D_MODEL, D_FFN),
            NORM(ZG_T_NORM1, "self_attn_layer_norm"),
            NORM(ZG_T_NORM2, "final_layer_norm"),
        },
};
