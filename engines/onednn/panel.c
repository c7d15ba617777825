/* panel.c - builds, updates and reads weights in the layouts of panel.h.  Products are gemm.c's. */
#include "engines/onednn/panel.h"

#include <assert.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/arena.h"
#include "engines/base/size.h"

/* Rows of W that a thread reads and turns over at once: a cache line of each column. */
#define PACK_ROWS 16

/* Rows a multiple of 4 KiB apart share a few cache sets while oneDNN gathers a tile of them:
 * [768][3072] multiplies 112 rows at 173 GFLOP/s with 16 floats in between, at 148 without. */
static int64_t stride_choose(int64_t n_cols)
{
    const int64_t ld = zg_round_up(n_cols, 16);
    return ld % 1024 == 0 ? ld + 16 : ld;
}

/* ---- open and close -------------------------------------------------------------------------- */

static enum zg_status width_reserve(struct zg_provider_state *state, int64_t width,
                                    struct zg_error *err)
{
    if (width <= state->width)
        return ZG_OK;
    float *zeros = NULL, *factor = NULL;
    enum zg_status status =
        zg_buffer_alloc((void **)&zeros, width, sizeof *zeros, "oneDNN scratch", err);
    if (!status)
        status = zg_buffer_alloc((void **)&factor, width, ZG_FACTOR_RANK * sizeof *factor,
                                 "oneDNN scratch", err);
    if (status) {
        zg_buffer_free(zeros);
        return status;
    }
    memset(zeros, 0, (size_t)width * sizeof *zeros);
    zg_buffer_free(state->zeros);
    zg_buffer_free(state->factor);
    state->zeros = zeros;
    state->factor = factor;
    state->width = width;
    return ZG_OK;
}

/* rows [n_rows][n_in] become columns col .. col + n_rows - 1 of w [n_in][ldw]. */
static void columns_write(const float *rows, int64_t n_rows, int64_t n_in, float *w, int64_t ldw)
{
    for (int64_t k = 0; k < n_in; k++)
        for (int64_t i = 0; i < n_rows; i++)
            w[k * ldw + i] = rows[i * n_in + k];
}

static enum zg_status weights_read(const struct zg_provider_state *state, struct zg_panel *panel,
                                   const struct zg_model *model, const int32_t *tensors,
                                   struct zg_error *err)
{
    const int64_t n_in = panel->shape.n_in, n_out = panel->shape.n_out, ldw = panel->ldw;
    const int64_t n_threads = state->options.n_threads, n_slices = zg_ceil_div(n_out, PACK_ROWS);
    const bool packed = state->options.packed;
    float *rows = NULL;
    if (packed) {
        const enum zg_status status =
            zg_buffer_alloc((void **)&rows, n_threads * PACK_ROWS * n_in, sizeof *rows,
                            "the rows that are being packed", err);
        if (status)
            return status;
    }
    /* Static: a thread touches about the columns that oneDNN's own static split will give it. */
#pragma omp parallel num_threads((int)n_threads)
    {
        const int64_t thread = omp_get_thread_num();
        float *const own = packed ? rows + thread * PACK_ROWS * n_in : NULL;
#pragma omp for collapse(2) schedule(static)
        for (int64_t group = 0; group < panel->shape.n_groups; group++) {
            for (int64_t slice = 0; slice < n_slices; slice++) {
                const int64_t begin = slice * PACK_ROWS;
                const int64_t n = zg_min64(PACK_ROWS, n_out - begin);
                const int64_t row = group * n_out + begin;
                if (packed) {
                    zg_model_read(model, tensors[group], begin, n, own, n_in);
                    columns_write(own, n, n_in, panel->w + row, ldw);
                } else {
                    zg_model_read(model, tensors[group], begin, n, panel->w + row * ldw, ldw);
                }
            }
        }
    }
    zg_buffer_free(rows);
    return ZG_OK;
}

/* Everything that gemm() will hand to oneDNN. */
static enum zg_status products_open(struct zg_provider_state *state, struct zg_panel *panel,
                                    struct zg_error *err)
{
    const struct zg_panel_shape *shape = &panel->shape;
    const bool packed = state->options.packed;
    struct zg_dnnl_product key = {
        .n_in = shape->n_in,
        .n_out = panel->n_out,
        .layout = {.in = packed ? panel->ldw : 1, .out = packed ? 1 : panel->ldw},
        .ldx = DNNL_RUNTIME_DIM_VAL,
        .ldy = DNNL_RUNTIME_DIM_VAL,
    };
    struct zg_dnnl_desc desc;
    enum zg_status status =
        zg_dnnl_check(zg_dnnl_desc_open(&desc, key.n_in, key.n_out, key.layout.in, key.layout.out),
                      "the layout of a panel", err);
    if (!status) {
        status =
            zg_dnnl_check(zg_dnnl_memory_open(&panel->weights, &desc, state->dnnl.engine, panel->w),
                          "the memory of a panel", err);
        zg_dnnl_desc_close(&desc);
    }
    if (!status)
        status = zg_dnnl_product_get(&state->dnnl, &key, &panel->any, err);
    if (!status && shape->ldx && shape->ldy) {
        key.ldx = shape->ldx;
        key.ldy = shape->ldy;
        status = zg_dnnl_product_get(&state->dnnl, &key, &panel->declared, err);
        if (!status)
            status =
                zg_dnnl_views_get(&state->dnnl, ZG_SIDE_X, shape->n_in, shape->ldx, &panel->x, err);
        if (!status)
            status = zg_dnnl_views_get(&state->dnnl, ZG_SIDE_Y, panel->n_out, shape->ldy, &panel->y,
                                       err);
    }
    return status;
}

enum zg_status zg_onednn_pack(struct zg_provider_state *state, struct zg_panel **out,
                              const struct zg_panel_shape *shape, const struct zg_model *model,
                              const int32_t *tensors, struct zg_error *err)
{
    *out = NULL;
    struct zg_panel *panel = calloc(1, sizeof *panel);
    if (!panel)
        return zg_fail(err, ZG_ENV, "no memory for a panel");
    const bool packed = state->options.packed;
    panel->shape = *shape;
    panel->n_out = shape->n_groups * shape->n_out;
    panel->ldw = stride_choose(packed ? panel->n_out : shape->n_in);
    enum zg_status status = width_reserve(state, zg_max64(panel->n_out, shape->n_in), err);
    if (!status)
        status = zg_buffer_alloc((void **)&panel->w, packed ? shape->n_in : panel->n_out,
                                 panel->ldw * (int64_t)sizeof *panel->w, "a weight panel", err);
    if (!status)
        status = zg_buffer_alloc((void **)&panel->extra, state->options.max_extra * panel->n_out,
                                 sizeof *panel->extra, "a panel's adapter columns", err);
    if (!status)
        status = weights_read(state, panel, model, tensors, err);
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
    zg_buffer_free(p->extra);
    zg_buffer_free(p->w);
    free(p);
    *panel = NULL;
}

size_t zg_onednn_panel_bytes(const struct zg_panel *panel)
{
    const bool packed =
        panel->declared ? panel->declared->layout.out == 1 : panel->any->layout.out == 1;
    const int64_t n_rows = packed ? panel->shape.n_in : panel->n_out;
    return (size_t)(n_rows * panel->ldw) * sizeof(float);
}

/* ---- updates --------------------------------------------------------------------------------- */

void zg_onednn_set_extra(struct zg_provider_state *state, struct zg_panel *panel,
                         const float *extra, int64_t n_extra)
{
    assert(n_extra <= state->options.max_extra);
    const int64_t n_out = panel->n_out;
    panel->n_extra = n_extra;
#pragma omp parallel for num_threads((int)state->options.n_threads) schedule(static)
    for (int64_t o = 0; o < n_out; o++)
        for (int64_t e = 0; e < n_extra; e++)
            panel->extra[e * n_out + o] = extra[o * n_extra + e];
}

void zg_onednn_add_lowrank(struct zg_provider_state *state, struct zg_panel *panel, int64_t group,
                           float coefficient, const float *u, const float *v, int64_t rank)
{
    /* The stored rows of W_g, `width` long, each get a combination of the rows of `along`^T. */
    const bool packed = state->options.packed;
    const int64_t n_out = panel->shape.n_out, n_in = panel->shape.n_in, ldw = panel->ldw;
    const int64_t n_stored = packed ? n_in : n_out, width = packed ? n_out : n_in;
    const float *const across = packed ? v : u, *const along = packed ? u : v;
    float *const w = panel->w + (packed ? group * n_out : group * n_out * ldw);
    float *const factor = state->factor;
    for (int64_t begin = 0; begin < rank; begin += ZG_FACTOR_RANK) {
        const int64_t n = zg_min64(ZG_FACTOR_RANK, rank - begin);
#pragma omp parallel num_threads((int)state->options.n_threads)
        {
#pragma omp for schedule(static)
            for (int64_t o = 0; o < width; o++)
                for (int64_t e = 0; e < n; e++)
                    factor[e * width + o] = coefficient * along[o * rank + begin + e];
#pragma omp for schedule(static)
            for (int64_t i = 0; i < n_stored; i++)
                state->kernels->add_rank(w + i * ldw, across + i * rank + begin, n, factor, width,
                                         width, w + i * ldw);
        }
    }
}

void zg_onednn_read(struct zg_provider_state *state, const struct zg_panel *panel, int64_t group,
                    int64_t row_begin, int64_t n_rows, float *dst, int64_t ld)
{
    const int64_t n_in = panel->shape.n_in, ldw = panel->ldw;
    const int64_t first = group * panel->shape.n_out + row_begin;
    const bool packed = state->options.packed;
#pragma omp parallel for num_threads((int)state->options.n_threads) schedule(static)
    for (int64_t slice = 0; slice < zg_ceil_div(n_rows, PACK_ROWS); slice++) {
        const int64_t begin = slice * PACK_ROWS, end = zg_min64(n_rows, begin + PACK_ROWS);
        if (packed) {
            for (int64_t k = 0; k < n_in; k++)
                for (int64_t i = begin; i < end; i++)
                    dst[i * ld + k] = panel->w[k * ldw + first + i];
        } else {
            for (int64_t i = begin; i < end; i++)
                memcpy(dst + i * ld, panel->w + (first + i) * ldw, (size_t)n_in * sizeof *dst);
        }
    }
}
