/*
 * gemm.c - a product with its epilogue:
 *
 *     y = bias + E x_extra (+ residual)     one pass of our own over y
 *     y += x W (then ReLU)                  oneDNN's matmul with the post-ops sum and eltwise
 *
 * The first pass costs what oneDNN's own bias would, which is a pass over y after the product; it
 * also takes in the adapters, at any rank, and the residual.  Bias and sum in one primitive would
 * make oneDNN multiply into a buffer of its own.
 */
#include <assert.h>
#include <math.h>

#include "engines/base/size.h"
#include "engines/onednn/panel.h"

/* Row i of y before the product.  Half differences, the last rows, have no bias. */
static void row_prepare(const struct zg_provider_state *state, const struct zg_gemm *g, int64_t i)
{
    const struct zg_panel *w = g->w;
    const int64_t n_out = w->shape.n_out, n_groups = w->shape.n_groups;
    const float *const row_bias = i < g->n_rows - g->n_difference_rows ? g->bias : NULL;
    const float *const residual =
        g->epilogue == ZG_EPILOGUE_RESIDUAL ? g->residual + i * g->ldr : NULL;
    float *const y = g->y + i * g->ldy;
    const bool in_place = residual == y;
    for (int64_t group = 0; group < n_groups; group++) {
        const int64_t o = group * n_out;
        const float *const base = in_place ? y + o : (row_bias ? row_bias : state->zeros) + o;
        const float *const t = g->x + i * g->ldx + w->shape.n_in + group * g->n_extra;
        if (g->n_extra > 0 || !in_place)
            state->kernels->add_rank(base, t, g->n_extra, w->extra + o, w->n_out, n_out, y + o);
    }
    const float *const bias = in_place ? row_bias : NULL;
    if (bias || (residual && !in_place))
        state->kernels->epilogue(y, w->n_out, bias, 0, in_place ? NULL : residual);
}

/* The library failed: a loss of NaN stops the caller, wrong numbers would not. */
static void rows_poison(float *y, int64_t ldy, int64_t n_rows, int64_t n_cols)
{
    for (int64_t i = 0; i < n_rows; i++)
        for (int64_t o = 0; o < n_cols; o++)
            y[i * ldy + o] = NAN;
}

/* A memory object for one call, of a stride that nobody declared. */
static dnnl_status_t view_open(dnnl_memory_t *out, const struct zg_dnnl *dnnl, int64_t n_rows,
                               int64_t n_cols, int64_t ld)
{
    struct zg_dnnl_desc desc;
    dnnl_status_t status = zg_dnnl_desc_open(&desc, n_rows, n_cols, ld, 1);
    if (status == dnnl_success)
        status = zg_dnnl_memory_open(out, &desc, dnnl->engine, NULL);
    zg_dnnl_desc_close(&desc);
    return status;
}

/* Rows begin .. begin + n_rows - 1, n_rows <= dnnl.max_rows. */
static void rows_multiply(const struct zg_provider_state *state, const struct zg_gemm *g,
                          int64_t begin, int64_t n_rows)
{
    const struct zg_panel *w = g->w;
    const bool declared = w->declared && g->ldx == w->shape.ldx && g->ldy == w->shape.ldy;
    const struct zg_dnnl_product *product = declared ? w->declared : w->any;
    const int relu = g->epilogue == ZG_EPILOGUE_RELU;
    float *const y = g->y + begin * g->ldy;
    dnnl_memory_t x_view = NULL, y_view = NULL;
    dnnl_status_t status = dnnl_success;
    if (declared) {
        x_view = w->x->memories[n_rows - 1];
        y_view = w->y->memories[n_rows - 1];
    } else {
        status = view_open(&x_view, &state->dnnl, n_rows, w->shape.n_in, g->ldx);
        if (status == dnnl_success)
            status = view_open(&y_view, &state->dnnl, n_rows, w->n_out, g->ldy);
    }
    if (status == dnnl_success)
        status = dnnl_memory_set_data_handle(x_view, (void *)(g->x + begin * g->ldx));
    if (status == dnnl_success)
        status = dnnl_memory_set_data_handle(y_view, y);
    if (status == dnnl_success) {
        const dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, x_view},
                                        {DNNL_ARG_WEIGHTS, w->weights},
                                        {DNNL_ARG_DST, y_view},
                                        {DNNL_ARG_SCRATCHPAD, product->scratch[relu]}};
        status = dnnl_primitive_execute(product->primitive[relu], state->dnnl.stream, 4, args);
    }
    if (status == dnnl_success)
        status = dnnl_stream_wait(state->dnnl.stream);
    if (status != dnnl_success)
        rows_poison(y, g->ldy, n_rows, w->n_out);
    if (!declared) {
        if (x_view)
            dnnl_memory_destroy(x_view);
        if (y_view)
            dnnl_memory_destroy(y_view);
    }
}

void zg_onednn_gemm(struct zg_provider_state *state, const struct zg_gemm *g)
{
    assert(g->n_extra == g->w->n_extra);
    const int callers = zg_dnnl_threads_enter(&state->dnnl);
    const int64_t n_pieces = zg_ceil_div(g->n_rows, state->dnnl.max_rows);
    const int64_t piece = zg_ceil_div(g->n_rows, n_pieces);
    for (int64_t begin = 0; begin < g->n_rows; begin += piece) {
        const int64_t end = zg_min64(g->n_rows, begin + piece);
#pragma omp parallel for num_threads((int)state->options.n_threads) schedule(static)
        for (int64_t i = begin; i < end; i++)
            row_prepare(state, g, i);
        rows_multiply(state, g, begin, end - begin);
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
