/* panel.c - builds panels and everything that a product of theirs needs ahead of the first. */
#include "engines/onednn/onednn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/arena.h"
#include "engines/base/size.h"

/* Rows a multiple of 4 KiB apart share a few cache sets while oneDNN gathers a tile of them:
 * [768][3072] multiplies 112 rows at 173 GFLOP/s with 16 floats in between, at 148 without. */
static int64_t stride_choose(int64_t n_cols, int64_t item_size)
{
    const int64_t line = 64 / item_size, ld = zg_round_up(n_cols, line);
    return ld * item_size % 4096 == 0 ? ld + line : ld;
}

static enum zg_status scratch_reserve(struct zg_onednn_scratch *scratch, int64_t n_rows,
                                      int64_t row_size, struct zg_error *err)
{
    void *data = NULL;
    int64_t size = 0;
    if (!zg_size_mul(n_rows, row_size, &size))
        return zg_fail(err, ZG_ENV, "oneDNN scratch is too large to count");
    if (size <= scratch->size)
        return ZG_OK;
    const enum zg_status status = zg_buffer_alloc(&data, size, 1, "oneDNN scratch", err);
    if (status)
        return status;
    zg_buffer_free(scratch->data);
    *scratch = (struct zg_onednn_scratch){data, size};
    return ZG_OK;
}

/* What products of such a panel need beside it. */
static enum zg_status scratches_reserve(struct zg_provider_state *state,
                                        const struct zg_panel *panel, struct zg_error *err)
{
    const int64_t n_out = panel->n_out, n_in = panel->shape.n_in, size = sizeof(float);
    const enum zg_dtype dtype = panel->shape.dtype;
    enum zg_status status = scratch_reserve(&state->zeros, n_out, size, err);
    if (!status)
        memset(state->zeros.data, 0, (size_t)state->zeros.size);
    if (!status && dtype == ZG_FP32)
        status = scratch_reserve(&state->factor, zg_max64(n_out, n_in), ZG_FACTOR_RANK * size, err);
    if (!status && dtype != ZG_FP32)
        status =
            scratch_reserve(&state->x, state->view_rows, panel->ldx * zg_dtype_bytes(dtype), err);
    if (!status && dtype == ZG_INT8)
        status = scratch_reserve(&state->sums, state->view_rows,
                                 panel->ldy * (int64_t)sizeof(int32_t), err);
    if (!status && dtype == ZG_INT8)
        status = scratch_reserve(&state->rows, state->options.n_threads, n_in * size, err);
    return status;
}

/* fp32: x and y as the runtime holds them, with strides that it may have declared.  bf16: x comes
 * from scratch.  int8: y goes there too, so both strides are our own. */
static enum zg_status products_open(struct zg_provider_state *state, struct zg_panel *panel,
                                    struct zg_error *err)
{
    const struct zg_panel_shape *shape = &panel->shape;
    const bool packed = state->options.packed;
    const int64_t ldx = shape->dtype == ZG_FP32 ? shape->ldx : panel->ldx;
    const int64_t ldy = shape->dtype == ZG_INT8 ? panel->ldy : shape->ldy;
    struct zg_dnnl_product key = {
        .dtype = shape->dtype,
        .ops = 1u << (shape->dtype == ZG_INT8 ? ZG_DNNL_SET : ZG_DNNL_ADD),
        .n_in = shape->n_in,
        .n_out = panel->n_out,
        .layout = {.in = packed ? panel->ldw : 1, .out = packed ? 1 : panel->ldw},
        .ldx = DNNL_RUNTIME_DIM_VAL,
        .ldy = DNNL_RUNTIME_DIM_VAL,
    };
    enum zg_status status =
        zg_dnnl_check(zg_dnnl_weights_open(&panel->weights, &state->dnnl, key.dtype, key.n_in,
                                           key.n_out, key.layout, panel->w),
                      "the memory of a panel", err);
    if (!status && shape->dtype != ZG_INT8)
        status = zg_dnnl_product_get(&state->dnnl, &key, &panel->any, err);
    if (status || !ldx || !ldy)
        return status;
    key.ldx = ldx;
    key.ldy = ldy;
    struct zg_dnnl_views views = {.dtype = key.dtype, .n_rows = state->view_rows};
    status = zg_dnnl_product_get(&state->dnnl, &key, &panel->known, err);
    views.n_cols = key.n_in;
    views.ld = ldx;
    if (!status)
        status = zg_dnnl_views_get(&state->dnnl, ZG_SIDE_X, &views, &panel->x, err);
    views.n_cols = key.n_out;
    views.ld = ldy;
    if (!status)
        status = zg_dnnl_views_get(&state->dnnl, ZG_SIDE_Y, &views, &panel->y, err);
    return status;
}

static int64_t stored_rows(const struct zg_provider_state *state, const struct zg_panel *panel)
{
    return state->options.packed ? panel->shape.n_in : panel->n_out;
}

static enum zg_status panel_alloc(const struct zg_provider_state *state, struct zg_panel *panel,
                                  struct zg_error *err)
{
    const int64_t n_out = panel->n_out, item_size = zg_dtype_bytes(panel->shape.dtype);
    enum zg_status status = zg_buffer_alloc(&panel->w, stored_rows(state, panel),
                                            panel->ldw * item_size, "a weight panel", err);
    if (!status)
        status = zg_buffer_alloc((void **)&panel->extra, state->options.max_extra * n_out,
                                 sizeof *panel->extra, "a panel's adapter columns", err);
    if (!status && panel->shape.dtype == ZG_INT8)
        status = zg_buffer_alloc((void **)&panel->scale, n_out, sizeof *panel->scale,
                                 "a panel's scales", err);
    if (!status && panel->shape.dtype == ZG_INT8)
        status = zg_buffer_alloc((void **)&panel->shift, n_out, sizeof *panel->shift,
                                 "a panel's sums", err);
    return status;
}

/* The longest row whose sums, and the shift that comes off them, stay below 2^31. */
static int64_t int8_max_in(enum zg_onednn_int8 form)
{
    return INT32_MAX / (form == ZG_INT8_SHIFTED ? 255 * 127 : 128 * 127);
}

enum zg_status zg_onednn_pack(struct zg_provider_state *state, struct zg_panel **out,
                              const struct zg_panel_shape *shape, const struct zg_model *model,
                              const int32_t *tensors, struct zg_error *err)
{
    *out = NULL;
    assert(shape->dtype == ZG_FP32 || state->options.dtypes & 1u << shape->dtype);
    if (shape->dtype == ZG_INT8 && shape->n_in > int8_max_in(state->int8))
        return zg_fail(err, ZG_USAGE, "onednn: %lld products of int8 may leave 32 bits",
                       (long long)shape->n_in);
    struct zg_panel *panel = calloc(1, sizeof *panel);
    if (!panel)
        return zg_fail(err, ZG_ENV, "no memory for a panel");
    const int64_t item_size = zg_dtype_bytes(shape->dtype);
    panel->shape = *shape;
    panel->n_out = shape->n_groups * shape->n_out;
    panel->ldw = stride_choose(state->options.packed ? panel->n_out : shape->n_in, item_size);
    panel->ldx = stride_choose(shape->n_in, item_size);
    panel->ldy = stride_choose(panel->n_out, sizeof(int32_t));
    enum zg_status status = scratches_reserve(state, panel, err);
    if (!status)
        status = panel_alloc(state, panel, err);
    if (!status)
        status = zg_onednn_weights_read(state, panel, model, tensors, err);
    if (!status)
        status = products_open(state, panel, err);
    if (status)
        zg_onednn_unpack(&panel);
    *out = panel;
    return status;
}

void zg_onednn_unpack(struct zg_panel **panel)
{
    if (!panel || !*panel)
        return;
    struct zg_panel *p = *panel;
    if (p->weights)
        dnnl_memory_destroy(p->weights);
    zg_buffer_free(p->kept.w);
    zg_buffer_free(p->shift);
    zg_buffer_free(p->scale);
    zg_buffer_free(p->extra);
    zg_buffer_free(p->w);
    free(p);
    *panel = NULL;
}

void zg_onednn_set_extra(struct zg_provider_state *state, struct zg_panel *panel,
                         const float *extra, int64_t n_extra, int64_t n_same)
{
    assert(n_extra <= state->options.max_extra);
    const int64_t n_out = panel->n_out;
    panel->n_extra = n_extra;
#pragma omp parallel for num_threads((int)state->options.n_threads) schedule(static)
    for (int64_t o = 0; o < n_out; o++)
        for (int64_t e = n_same; e < n_extra; e++)
            panel->extra[e * n_out + o] = extra[o * n_extra + e];
}

enum zg_status zg_onednn_keep_columns(struct zg_provider_state *state, struct zg_panel *panel,
                                      const struct zg_model *model, const int32_t *tensors,
                                      const int32_t *columns, int64_t n, struct zg_error *err)
{
    assert(panel->shape.dtype == ZG_INT8 && n >= 0 && n <= ZG_MAX_KEPT);
    struct zg_onednn_kept kept = {.n = n};
    if (n > 0) {
        const enum zg_status status = zg_buffer_alloc((void **)&kept.w, n * panel->n_out,
                                                      sizeof *kept.w, "kept columns", err);
        if (status)
            return status;
        memcpy(kept.columns, columns, (size_t)n * sizeof *columns);
    }
    zg_buffer_free(panel->kept.w);
    panel->kept = kept;
    return zg_onednn_weights_read(state, panel, model, tensors, err);
}

size_t zg_onednn_panel_bytes(const struct zg_panel *panel)
{
    const struct zg_dnnl_product *product = panel->known ? panel->known : panel->any;
    const int64_t n_out = panel->n_out;
    const int64_t n_rows = product->layout.out == 1 ? panel->shape.n_in : n_out;
    int64_t bytes = n_rows * panel->ldw * zg_dtype_bytes(panel->shape.dtype);
    if (panel->shape.dtype == ZG_INT8) /* scale, shift, kept columns: 4 bytes each */
        bytes += 4 * n_out * (2 + panel->kept.n);
    return (size_t)bytes;
}
