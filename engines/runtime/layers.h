/* layers.h - the weights as the runtime holds them: panels of the provider's, and all else once, in
 * fp32. */
#ifndef ZG_RUNTIME_LAYERS_H
#define ZG_RUNTIME_LAYERS_H

#include "engines/runtime/provider.h"

/* Linear layers that share an input are one panel.  A layer has QKV, or Q and KV where it is the
 * last one and pruned (mechanism `last`): queries then come from fewer rows than keys.  Where
 * layers repeat (zg_model_alias_layers()), the one that is last and others too has all three. */
enum zg_linear_kind { ZG_L_QKV, ZG_L_Q, ZG_L_KV, ZG_L_OUT, ZG_L_FC1, ZG_L_FC2, ZG_N_LINEARS };
#define ZG_MAX_GROUPS 3

struct zg_linear {
    struct zg_panel *panel; /* NULL: the layer has no such panel */
    /* What half differences meet: `panel`, or one of options.dtype_d where that is another. */
    struct zg_panel *panel_d;
    struct zg_panel_shape shape; /* of `panel` */
    int64_t n_visits;            /* layers of the depth that run it; 1 where none repeats */
    int32_t tensors[ZG_MAX_GROUPS];
    float *bias; /* [n_groups * n_out] */
    /* Low-rank state.  Each V has a block: the bank's, oldest first, then the present one, at the
     * rank of the last begin(); zg_present_vt() and zg_present_a() find it. */
    float *vt; /* [V][n_groups][its rank][ldv] V, transposed: t = V^T x reads it along x */
    int64_t ldv;
    float *a; /* [V][n_groups * n_out][its rank] accumulated updates; NULL unless lazy */
    float *u; /* [direction][n_groups * n_out][rank], not scaled */
    float *m; /* [n_groups * n_out][rank] momentum, scale included; NULL unless open for it */
};

struct zg_norm {
    float *gain, *bias; /* [d_model] */
};

/* A 1-D tensor; where a layer has q, k, v whole and split (see above), two of one id. */
struct zg_vector {
    int32_t tensor;
    int64_t n;
    float *data;
};

/* Rows that are looked up, and of the head multiplied: 2-D, and outside the scope linear. */
enum zg_table_kind { ZG_TABLE_EMBED, ZG_TABLE_POSITIONS, ZG_TABLE_HEAD, ZG_N_TABLES };
struct zg_table {
    int32_t tensor;
    int64_t n_rows, n_cols;
    float *data; /* [n_rows][n_cols]; NULL: there is none, the head being tied */
    /* Low-rank state as a panel's, in one group; NULL unless open for scope full.  There is no U: a
     * row of it is drawn where it is wanted. */
    float *vt; /* [V][its rank][ldv] */
    int64_t ldv;
    float *a; /* [V][n_rows][its rank]; NULL unless lazy */
    float *m; /* [n_rows][rank] momentum, scale included; NULL unless open for it */
};

struct zg_layer {
    struct zg_linear linear[ZG_N_LINEARS];
    struct zg_norm norm1, norm2;
};

struct zg_weights {
    struct zg_layer *layers; /* the resident ones */
    struct zg_table tables[ZG_N_TABLES];
    struct zg_norm final_norm;
    float *vector_floats; /* all biases, gains and biases of norms */
    int64_t n_vector_floats;
    struct zg_vector *vectors; /* the tensors among them */
    int64_t n_vectors;
};

/* The head's rows: the embedding's if it is tied. */
static inline const struct zg_table *zg_head_table(const struct zg_weights *weights)
{
    const struct zg_table *head = &weights->tables[ZG_TABLE_HEAD];
    return head->data ? head : &weights->tables[ZG_TABLE_EMBED];
}

#endif
