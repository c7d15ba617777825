/*
 * panel.h - the provider's state and its panels, shared by panel.c (weights) and gemm.c (products).
 *
 * W of all groups is one matrix side by side, so q, k and v are one product:
 *
 *     packed      [n_in][ldw]         row k: | group 0: n_out | group 1: n_out | ... |
 *     row-major   [n_out total][ldw]  the model's own rows, group after group
 *
 * Why not oneDNN's blocked format: see README.md.
 */
#ifndef ZG_ONEDNN_PANEL_H
#define ZG_ONEDNN_PANEL_H

#include "engines/onednn/library.h"
#include "engines/runtime/kernels.h"
#include "engines/runtime/provider.h"

#define ZG_FACTOR_RANK 8 /* columns of a low-rank update that one pass over W applies */

struct zg_provider_state {
    struct zg_provider_options options;
    struct zg_dnnl dnnl;
    const struct zg_runtime_kernels *kernels;
    float *zeros;  /* [width] the bias of layers that have none */
    float *factor; /* [ZG_FACTOR_RANK][width] one factor of an update, transposed */
    int64_t width; /* the widest n_out (all groups) or n_in of the panels so far */
};

struct zg_panel {
    struct zg_panel_shape shape;
    int64_t n_out; /* of all groups */
    int64_t ldw;
    float *w;
    float *extra; /* [max_extra][n_out] the adapter columns, transposed */
    int64_t n_extra;
    dnnl_memory_t weights; /* w as oneDNN sees it */
    const struct zg_dnnl_product *declared,
        *any;                          /* for the declared strides or NULL; for any others */
    const struct zg_dnnl_views *x, *y; /* of the declared strides, or NULL */
};

enum zg_status zg_onednn_pack(struct zg_provider_state *state, struct zg_panel **out,
                              const struct zg_panel_shape *shape, const struct zg_model *model,
                              const int32_t *tensors, struct zg_error *err);
void zg_onednn_unpack(struct zg_panel **panel);
void zg_onednn_set_extra(struct zg_provider_state *state, struct zg_panel *panel,
                         const float *extra, int64_t n_extra);
void zg_onednn_add_lowrank(struct zg_provider_state *state, struct zg_panel *panel, int64_t group,
                           float coefficient, const float *u, const float *v, int64_t rank);
void zg_onednn_read(struct zg_provider_state *state, const struct zg_panel *panel, int64_t group,
                    int64_t row_begin, int64_t n_rows, float *dst, int64_t ld);
size_t zg_onednn_panel_bytes(const struct zg_panel *panel);

void zg_onednn_gemm(struct zg_provider_state *state, const struct zg_gemm *g);
void zg_onednn_gemm_rowmajor(struct zg_provider_state *state, const float *w, int64_t ldw,
                             int64_t n_out, int64_t n_in, const float *x, int64_t ldx,
                             int64_t n_rows, float *y, int64_t ldy);

#endif
