/*
 * onednn.h - the provider's state and its panels, shared by panel.c (life), weights.c (values) and
 * gemm.c (products).
 *
 * W of all groups is one matrix side by side, so q, k and v are one product:
 *
 *     packed      [n_in][ldw]         row k: | group 0: n_out | group 1: n_out | ... |
 *     row-major   [n_out total][ldw]  the model's own rows, group after group
 *
 * Elements are fp32, bf16 or int8.  Why not oneDNN's blocked format: see README.md.
 */
#ifndef ZG_ONEDNN_ONEDNN_H
#define ZG_ONEDNN_ONEDNN_H

#include "engines/base/narrow.h"
#include "engines/dnnl/library.h"
#include "engines/runtime/kernels.h"
#include "engines/runtime/provider.h"

#define ZG_FACTOR_RANK 8 /* columns of a low-rank update that one pass over W applies */
/* Rows of one primitive call at most: pieces of 128 to 256 multiply as fast as longer ones. */
#define ZG_VIEW_ROWS 256

/* How int8 rows q of x become the uint8 that oneDNN's matmul takes.  Processors without VNNI add
 * two products in 16 bits that saturate: 2 * 127 * 127 fits, 2 * 255 * 127 does not. */
enum zg_onednn_int8 {
    ZG_INT8_SHIFTED, /* q + 128; 128 sum_k W[k][o] comes off each sum */
    ZG_INT8_SPLIT,   /* two rows, max(0, q) and max(0, -q); the second's sums come off */
};

/* A buffer that grows as panels are packed. */
struct zg_onednn_scratch {
    void *data;
    int64_t size; /* bytes */
};

struct zg_provider_state {
    struct zg_provider_options options;
    struct zg_dnnl dnnl;
    int64_t view_rows; /* of one primitive call */
    const struct zg_runtime_kernels *kernels;
    const struct zg_narrow *narrow;
    enum zg_onednn_int8 int8;
    /* Below, the widest n_out (all groups) and n_in of the panels so far say how large. */
    struct zg_onednn_scratch zeros;  /* [n_out] float: the bias of layers that have none */
    struct zg_onednn_scratch factor; /* [ZG_FACTOR_RANK][n] float: a factor of an update, turned */
    struct zg_onednn_scratch x;      /* [view_rows][panel.ldx] bf16 or uint8: rounded rows */
    struct zg_onednn_scratch sums;   /* [view_rows][panel.ldy] int32 */
    struct zg_onednn_scratch rows;   /* [n_threads][n_in] float: x without its kept columns */
    float *scales;                   /* [view_rows] of int8 rows of x */
};

/* Columns beside int8: bf16 numbers, held in fp32. */
struct zg_onednn_kept {
    int32_t columns[ZG_MAX_KEPT];
    int64_t n;
    float *w; /* [n][n_out] */
};

struct zg_panel {
    struct zg_panel_shape shape;
    int64_t n_out; /* of all groups */
    void *w;
    int64_t ldw;
    float *extra; /* [max_extra][n_out] the adapter columns, transposed */
    int64_t n_extra;
    dnnl_memory_t weights; /* w as oneDNN sees it */
    /* For the strides that are known, or NULL; for any others, NULL if there are none. */
    const struct zg_dnnl_product *known, *any;
    const struct zg_dnnl_views *x, *y; /* of the known strides, or NULL */
    int64_t ldx;                       /* bf16, int8: of rounded rows */
    /* int8 */
    int64_t ldy;    /* of sums */
    float *scale;   /* [n_out] */
    int32_t *shift; /* [n_out] 128 sum_k W[k][o] */
    struct zg_onednn_kept kept;
};

/* ---- panel.c ------------------------------------------------------------------------------- */
enum zg_status zg_onednn_pack(struct zg_provider_state *state, struct zg_panel **out,
                              const struct zg_panel_shape *shape, const struct zg_model *model,
                              const int32_t *tensors, struct zg_error *err);
void zg_onednn_unpack(struct zg_panel **panel);
void zg_onednn_set_extra(struct zg_provider_state *state, struct zg_panel *panel,
                         const float *extra, int64_t n_extra, int64_t n_same);
enum zg_status zg_onednn_keep_columns(struct zg_provider_state *state, struct zg_panel *panel,
                                      const struct zg_model *model, const int32_t *tensors,
                                      const int32_t *columns, int64_t n, struct zg_error *err);
size_t zg_onednn_panel_bytes(const struct zg_panel *panel);

/* ---- weights.c ----------------------------------------------------------------------------- */
/* Fills the panel from the model: w, and of int8 panels scale, shift and kept.w. */
enum zg_status zg_onednn_weights_read(const struct zg_provider_state *state, struct zg_panel *panel,
                                      const struct zg_model *model, const int32_t *tensors,
                                      struct zg_error *err);
void zg_onednn_add_lowrank(struct zg_provider_state *state, struct zg_panel *panel, int64_t group,
                           float coefficient, const float *u, const float *v, int64_t rank);
void zg_onednn_read(struct zg_provider_state *state, const struct zg_panel *panel, int64_t group,
                    int64_t row_begin, int64_t n_rows, float *dst, int64_t ld);

/* ---- gemm.c -------------------------------------------------------------------------------- */
void zg_onednn_gemm(struct zg_provider_state *state, const struct zg_gemm *g);
void zg_onednn_gemm_rowmajor(struct zg_provider_state *state, const float *w, int64_t ldw,
                             int64_t n_out, int64_t n_in, const float *x, int64_t ldx,
                             int64_t n_rows, float *y, int64_t ldy);
/* Asks the library which form of int8 rows it multiplies exactly.  ZG_ENV: none. */
enum zg_status zg_onednn_int8_choose(struct zg_provider_state *state, struct zg_error *err);

#endif
