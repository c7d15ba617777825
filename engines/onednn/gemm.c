/*
 * gemm.c - a product with its epilogue.
 *
 *     fp32, bf16   y = bias + E x_extra (+ residual)     one pass of our own; bf16: rounds x too
 *                  y += x W                              oneDNN's matmul, post-op sum
 *                  y = ReLU(y)                           where there is one: a pass of our own
 *     int8         q, scale = x                          one pass of our own over x
 *                  sums = q W                            oneDNN's matmul, uint8 x int8 = int32
 *                  y = bias + scales sums + E x_extra (+ residual), then ReLU      one over y
 *
 * The first pass costs what oneDNN's own bias would, which is a pass over y after the product; it
 * also takes in the adapters, at any rank, and the residual.  Bias and sum in one primitive would
 * make oneDNN multiply into a buffer of its own; so would int8 with fp32 y and sum.  oneDNN's ReLU
 * (post-op eltwise) would be a pass over y too, and turns a NaN into 0: a broken state would look
 * like a plausible loss.  oneDNN has no scale per row of x (3.x: not in every kernel), so int8's
 * scales are ours.
 */
#include <assert.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "engines/base/size.h"
#include "engines/onednn/onednn.h"
#include "engines/runtime/kept.h"

/* ---- rows ------------------------------------------------------------------------------------ */

/* What row i of y starts from, for one group: the residual that is there, the bias, or nothing.
 * Half differences, the last rows, have no bias. */
static const float *row_bias(const struct zg_gemm *g, int64_t i)
{
    return i < g->n_rows - g->n_difference_rows ? g->bias : NULL;
}

static const float *row_residual(const struct zg_gemm *g, int64_t i)
{
    return g->epilogue == ZG_EPILOGUE_RESIDUAL ? g->residual + i * g->ldr : NULL;
}

static const float *row_extras(const struct zg_gemm *g, int64_t i, int64_t group)
{
    return g->x + i * g->ldx + g->w->shape.n_in + group * g->n_extra;
}

/* Row i of y before the product, fp32 and bf16. */
static void row_prepare(const struct zg_provider_state *state, const struct zg_gemm *g, int64_t i)
{
    const struct zg_panel *w = g->w;
    const int64_t n_out = w->shape.n_out;
    const float *const bias = row_bias(g, i), *const residual = row_residual(g, i);
    float *const y = g->y + i * g->ldy;
    const bool in_place = residual == y;
    for (int64_t group = 0; group < w->shape.n_groups; group++) {
        const int64_t o = group * n_out;
        const float *const base = in_place ? y : bias ? bias : state->zeros.data;
        if (g->n_extra > 0 || !in_place)
            state->kernels->add_rank(base + o, row_extras(g, i, group), g->n_extra, w->extra + o,
                                     w->n_out, n_out, y + o);
    }
    if (in_place && bias)
        state->kernels->epilogue(y, w->n_out, bias, 0, NULL);
    else if (residual && !in_place)
        state->kernels->epilogue(y, w->n_out, NULL, 0, residual);
}

/* q becomes the row or the two rows of uint8 that the matmul takes. */
static void row_unsign(enum zg_onednn_int8 form, int8_t *restrict q, int8_t *restrict negative,
                       int64_t n)
{
    if (form == ZG_INT8_SHIFTED) {
        for (int64_t k = 0; k < n; k++)
            q[k] = (int8_t)(q[k] ^ -128);
        return;
    }
    for (int64_t k = 0; k < n; k++)
        negative[k] = (int8_t)(q[k] < 0 ? -q[k] : 0);
    for (int64_t k = 0; k < n; k++)
        q[k] = (int8_t)(q[k] > 0 ? q[k] : 0);
}

/* Row i of x, int8, as row j of n. */
static void row_quantise(const struct zg_provider_state *state, const struct zg_gemm *g, int64_t i,
                         int64_t j, int64_t n)
{
    const struct zg_panel *w = g->w;
    const int64_t n_in = w->shape.n_in;
    const float *x = g->x + i * g->ldx;
    int8_t *const q = (int8_t *)state->x.data + j * w->ldx;
    if (w->kept.n > 0) {
        float *const own = (float *)state->rows.data + omp_get_thread_num() * n_in;
        memcpy(own, x, (size_t)n_in * sizeof *own);
        zg_kept_remove(own, w->kept.columns, w->kept.n);
        x = own;
    }
    state->scales[j] = state->narrow->int8(x, n_in, q);
    row_unsign(state->int8, q, q + n * w->ldx, n_in);
}

/* Row i of y from the sums of row j of n, int8. */
static void row_finish(const struct zg_provider_state *state, const struct zg_gemm *g, int64_t i,
                       int64_t j, int64_t n)
{
    const struct zg_panel *w = g->w;
    const struct zg_runtime_kernels *kernels = state->kernels;
    const int64_t n_out = w->n_out;
    const float *const bias = row_bias(g, i), *const residual = row_residual(g, i);
    const int32_t *const sums = (const int32_t *)state->sums.data + j * w->ldy;
    const int32_t *const excess = state->int8 == ZG_INT8_SHIFTED ? w->shift : sums + n * w->ldy;
    float *const y = g->y + i * g->ldy, kept[ZG_MAX_KEPT];
    const bool in_place = residual == y;
    const float *const base = in_place ? y : bias ? bias : state->zeros.data;
    kernels->add_sums(base, sums, excess, state->scales[j], w->scale, n_out, y);
    if (w->kept.n > 0) {
        zg_kept_round(state->narrow, g->x + i * g->ldx, w->kept.columns, w->kept.n, kept);
        kernels->add_rank(y, kept, w->kept.n, w->kept.w, n_out, n_out, y);
    }
    for (int64_t group = 0; g->n_extra > 0 && group < w->shape.n_groups; group++) {
        const int64_t o = group * w->shape.n_out;
        kernels->add_rank(y + o, row_extras(g, i, group), g->n_extra, w->extra + o, n_out,
                          w->shape.n_out, y + o);
    }
    const float *const add_bias = in_place ? bias : NULL;
    const float *const add_residual = in_place ? NULL : residual;
    const int relu = g->epilogue == ZG_EPILOGUE_RELU;
    if (add_bias || add_residual || relu)
        kernels->epilogue(y, n_out, add_bias, relu, add_residual);
}

/* ---- products -------------------------------------------------------------------------------- */

/* The library failed: a loss of NaN stops the caller, wrong numbers would not. */
static void rows_poison(float *y, int64_t ldy, int64_t n_rows, int64_t n_cols)
{
    for (int64_t i = 0; i < n_rows; i++)
        for (int64_t o = 0; o < n_cols; o++)
            y[i * ldy + o] = NAN;
}

/* x and y of n_rows <= view_rows rows, in the element types of the panel's products. */
struct operands {
    const void *x;
    int64_t ldx;
    void *y;
    int64_t ldy;
    int64_t n_rows;
};

static dnnl_status_t multiply(const struct zg_provider_state *state, const struct zg_panel *w,
                              enum zg_dnnl_op op, const struct operands *a)
{
    const struct zg_dnnl *dnnl = &state->dnnl;
    const enum zg_dtype dtype = w->shape.dtype;
    const bool known = w->known && a->ldx == w->known->ldx && a->ldy == w->known->ldy;
    dnnl_memory_t x = NULL, y = NULL;
    dnnl_status_t status = dnnl_success;
    if (known) {
        x = w->x->memories[a->n_rows - 1];
        y = w->y->memories[a->n_rows - 1];
    } else { /* strides that nobody declared: objects for this call */
        status = zg_dnnl_view_open(&x, dnnl, ZG_SIDE_X, dtype, a->n_rows, w->shape.n_in, a->ldx);
        if (status == dnnl_success)
            status = zg_dnnl_view_open(&y, dnnl, ZG_SIDE_Y, dtype, a->n_rows, w->n_out, a->ldy);
    }
    if (status == dnnl_success)
        status = dnnl_memory_set_data_handle(x, (void *)a->x);
    if (status == dnnl_success)
        status = dnnl_memory_set_data_handle(y, a->y);
    if (status == dnnl_success)
        status = zg_dnnl_run(dnnl, known ? w->known : w->any, op, x, w->weights, y);
    if (!known && x)
        dnnl_memory_destroy(x);
    if (!known && y)
        dnnl_memory_destroy(y);
    return status;
}

/* Rows begin .. end - 1 of y, fp32 or bf16. */
static dnnl_status_t piece_float(const struct zg_provider_state *state, const struct zg_gemm *g,
                                 int64_t begin, int64_t end)
{
    const struct zg_panel *w = g->w;
    const bool low = w->shape.dtype == ZG_BF16;
    uint16_t *const rounded = state->x.data;
#pragma omp parallel for num_threads((int)state->options.n_threads) schedule(static)
    for (int64_t i = begin; i < end; i++) {
        row_prepare(state, g, i);
        if (low)
            state->narrow->bf16(g->x + i * g->ldx, w->shape.n_in, rounded + (i - begin) * w->ldx);
    }
    const struct operands a = {.x = low ? (const void *)rounded : g->x + begin * g->ldx,
                               .ldx = low ? w->ldx : g->ldx,
                               .y = g->y + begin * g->ldy,
                               .ldy = g->ldy,
                               .n_rows = end - begin};
    const dnnl_status_t status = multiply(state, w, ZG_DNNL_ADD, &a);
    if (g->epilogue == ZG_EPILOGUE_RELU)
#pragma omp parallel for num_threads((int)state->options.n_threads) schedule(static)
        for (int64_t i = begin; i < end; i++)
            state->kernels->epilogue(g->y + i * g->ldy, w->n_out, NULL, 1, NULL);
    return status;
}

static dnnl_status_t piece_int8(const struct zg_provider_state *state, const struct zg_gemm *g,
                                int64_t begin, int64_t end)
{
    const struct zg_panel *w = g->w;
    const int64_t n = end - begin;
#pragma omp parallel for num_threads((int)state->options.n_threads) schedule(static)
    for (int64_t i = begin; i < end; i++)
        row_quantise(state, g, i, i - begin, n);
    const struct operands a = {.x = state->x.data,
                               .ldx = w->ldx,
                               .y = state->sums.data,
                               .ldy = w->ldy,
                               .n_rows = state->int8 == ZG_INT8_SPLIT ? 2 * n : n};
    const dnnl_status_t status = multiply(state, w, ZG_DNNL_SET, &a);
#pragma omp parallel for num_threads((int)state->options.n_threads) schedule(static)
    for (int64_t i = begin; i < end; i++)
        row_finish(state, g, i, i - begin, n);
    return status;
}

void zg_onednn_gemm(struct zg_provider_state *state, const struct zg_gemm *g)
{
    assert(g->n_extra == g->w->n_extra);
    const bool int8 = g->w->shape.dtype == ZG_INT8;
    const int64_t max_rows =
        int8 && state->int8 == ZG_INT8_SPLIT ? state->view_rows / 2 : state->view_rows;
    const int callers = zg_dnnl_threads_enter(&state->dnnl);
    const int64_t n_pieces = zg_ceil_div(g->n_rows, max_rows);
    const int64_t piece = zg_ceil_div(g->n_rows, n_pieces);
    for (int64_t begin = 0; begin < g->n_rows; begin += piece) {
        const int64_t end = zg_min64(g->n_rows, begin + piece);
        const dnnl_status_t status =
            int8 ? piece_int8(state, g, begin, end) : piece_float(state, g, begin, end);
        if (status != dnnl_success)
            rows_poison(g->y + begin * g->ldy, g->ldy, end - begin, g->w->n_out);
    }
    zg_dnnl_threads_leave(callers);
}

void zg_onednn_gemm_rowmajor(struct zg_provider_state *state, const float *w, int64_t ldw,
                             int64_t n_out, int64_t n_in, const float *x, int64_t ldx,
                             int64_t n_rows, float *y, int64_t ldy)
{
    const int callers = zg_dnnl_threads_enter(&state->dnnl);
    if (dnnl_sgemm('N', 'T', n_rows, n_out, n_in, 1.0f, x, ldx, w, ldw, 0.0f, y, ldy) !=
        dnnl_success)
        rows_poison(y, ldy, n_rows, n_out);
    zg_dnnl_threads_leave(callers);
}

/* ---- int8 ------------------------------------------------------------------------------------ */

/* Is a product of 64 x 64 x 64 exact where every x is `largest` and every W 127? */
static enum zg_status is_exact(struct zg_provider_state *state, uint8_t largest, bool *exact,
                               struct zg_error *err)
{
    enum { N = 64 };
    uint8_t x[N * N];
    int8_t w[N * N];
    int32_t y[N * N];
    memset(x, largest, sizeof x);
    memset(w, 127, sizeof w);
    const struct zg_dnnl_product key = {.dtype = ZG_INT8,
                                        .ops = 1u << ZG_DNNL_SET,
                                        .n_in = N,
                                        .n_out = N,
                                        .layout = {.in = N, .out = 1},
                                        .ldx = N,
                                        .ldy = N};
    const struct zg_dnnl *dnnl = &state->dnnl;
    const struct zg_dnnl_product *product = NULL;
    dnnl_memory_t x_view = NULL, w_view = NULL, y_view = NULL;
    const enum zg_status made = zg_dnnl_product_get(&state->dnnl, &key, &product, err);
    if (made)
        return made;
    dnnl_status_t status = zg_dnnl_view_open(&x_view, dnnl, ZG_SIDE_X, ZG_INT8, N, N, N);
    if (status == dnnl_success)
        status = zg_dnnl_view_open(&y_view, dnnl, ZG_SIDE_Y, ZG_INT8, N, N, N);
    if (status == dnnl_success)
        status = zg_dnnl_weights_open(&w_view, dnnl, ZG_INT8, N, N, key.layout, w);
    if (status == dnnl_success)
        status = dnnl_memory_set_data_handle(x_view, x);
    if (status == dnnl_success)
        status = dnnl_memory_set_data_handle(y_view, y);
    if (status == dnnl_success)
        status = zg_dnnl_run(dnnl, product, ZG_DNNL_SET, x_view, w_view, y_view);
    dnnl_memory_t views[] = {x_view, w_view, y_view};
    for (int i = 0; i < 3; i++)
        if (views[i])
            dnnl_memory_destroy(views[i]);
    *exact = true;
    for (int i = 0; i < N * N; i++)
        *exact = *exact && y[i] == N * 127 * largest;
    return zg_dnnl_check(status, "an int8 product", err);
}

enum zg_status zg_onednn_int8_choose(struct zg_provider_state *state, struct zg_error *err)
{
    bool exact = false;
    const int callers = zg_dnnl_threads_enter(&state->dnnl);
    state->int8 = ZG_INT8_SHIFTED;
    enum zg_status status = is_exact(state, 255, &exact, err);
    if (!status && !exact) {
        state->int8 = ZG_INT8_SPLIT;
        status = is_exact(state, 127, &exact, err);
    }
    zg_dnnl_threads_leave(callers);
    if (!status && !exact)
        status = zg_fail(err, ZG_ENV, "oneDNN's int8 product is not exact on this processor");
    return status;
}
