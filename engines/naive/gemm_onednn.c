/*
 * gemm_onednn.c - y = x W^T on oneDNN, row-major W: dnnl_sgemm, which 2.6 and 3.x both have in C,
 * and in bf16 a matmul primitive, as the C API has no such gemm.
 */
#include "engines/naive/gemm.h"

#include <math.h>
#include <stdlib.h>

#include "engines/dnnl/library.h"

struct zg_naive_gemm_state {
    struct zg_dnnl dnnl;
};

static struct zg_dnnl_product product_of(const struct zg_naive_gemm *g)
{
    return (struct zg_dnnl_product){.dtype = g->dtype,
                                    .ops = 1u << ZG_DNNL_SET | 1u << ZG_DNNL_ADD,
                                    .n_in = g->n_in,
                                    .n_out = g->n_out,
                                    .layout = {.in = 1, .out = g->ldw},
                                    .ldx = g->ldx,
                                    .ldy = g->ldy};
}

static void gemm_close(struct zg_naive_gemm_state **state)
{
    if (!state || !*state)
        return;
    zg_dnnl_close(&(*state)->dnnl);
    free(*state);
    *state = NULL;
}

/* What has the dtype on every machine. */
#ifdef ZOGAP_HAVE_OPENBLAS
#define OTHERS "openblas or gemm=reference"
#else
#define OTHERS "reference"
#endif

static enum zg_status require(struct zg_dnnl *dnnl, enum zg_dtype dtype, struct zg_error *err)
{
    struct zg_error cause = {0};
    const enum zg_status status = zg_dnnl_require(dnnl, dtype, &cause);
    return status ? zg_fail(err, status, "engine naive: %s; use gemm=" OTHERS, cause.text) : ZG_OK;
}

static enum zg_status gemm_open(struct zg_naive_gemm_state **out,
                                const struct zg_naive_gemm *products, int64_t n,
                                struct zg_error *err)
{
    *out = NULL;
    if (n == 0 || products[0].dtype == ZG_FP32)
        return ZG_OK;
    struct zg_naive_gemm_state *state = calloc(1, sizeof *state);
    if (!state)
        return zg_fail(err, ZG_ENV, "no memory for oneDNN's products");
    enum zg_status status = zg_dnnl_open(&state->dnnl, products[0].n_threads, err);
    if (!status)
        status = require(&state->dnnl, products[0].dtype, err);
    for (int64_t i = 0; !status && i < n; i++) {
        const struct zg_dnnl_product key = product_of(&products[i]);
        const struct zg_dnnl_product *product = NULL;
        status = zg_dnnl_product_get(&state->dnnl, &key, &product, err);
    }
    if (status)
        gemm_close(&state);
    *out = state;
    return status;
}

static dnnl_status_t run_primitive(struct zg_naive_gemm_state *state, const struct zg_naive_gemm *g)
{
    struct zg_dnnl *dnnl = &state->dnnl;
    const struct zg_dnnl_product key = product_of(g);
    const struct zg_dnnl_product *product = NULL;
    dnnl_memory_t views[3] = {NULL, NULL, NULL}; /* x, w, y */
    if (zg_dnnl_product_get(dnnl, &key, &product, NULL))
        return dnnl_out_of_memory;
    dnnl_status_t status =
        zg_dnnl_view_open(&views[0], dnnl, ZG_SIDE_X, g->dtype, g->n_rows, g->n_in, g->ldx);
    if (status == dnnl_success)
        status = zg_dnnl_weights_open(&views[1], dnnl, g->dtype, g->n_in, g->n_out, key.layout,
                                      (void *)g->w);
    if (status == dnnl_success)
        status =
            zg_dnnl_view_open(&views[2], dnnl, ZG_SIDE_Y, g->dtype, g->n_rows, g->n_out, g->ldy);
    if (status == dnnl_success)
        status = dnnl_memory_set_data_handle(views[0], (void *)g->x);
    if (status == dnnl_success)
        status = dnnl_memory_set_data_handle(views[2], g->y);
    if (status == dnnl_success)
        status = zg_dnnl_run(dnnl, product, g->accumulate ? ZG_DNNL_ADD : ZG_DNNL_SET, views[0],
                             views[1], views[2]);
    for (int i = 0; i < 3; i++)
        if (views[i])
            dnnl_memory_destroy(views[i]);
    return status;
}

static void gemm_run(struct zg_naive_gemm_state *state, const struct zg_naive_gemm *g)
{
    const struct zg_dnnl threads = {.n_threads = (int)g->n_threads};
    const int callers = zg_dnnl_threads_enter(&threads);
    const dnnl_status_t status =
        state ? run_primitive(state, g)
              : dnnl_sgemm('N', 'T', g->n_rows, g->n_out, g->n_in, 1.0f, g->x, g->ldx, g->w, g->ldw,
                           g->accumulate ? 1.0f : 0.0f, g->y, g->ldy);
    zg_dnnl_threads_leave(callers);
    /* The one cause is that its buffers found no memory.  A NaN loss is an answer that the caller
     * must look at; numbers of another product would not be. */
    if (status != dnnl_success)
        for (int64_t i = 0; i < g->n_rows; i++)
            for (int64_t o = 0; o < g->n_out; o++)
                g->y[i * g->ldy + o] = NAN;
}

const struct zg_naive_gemm_library zg_naive_gemm_onednn = {
    .name = "onednn",
    .open = gemm_open,
    .close = gemm_close,
    .run = gemm_run,
};
