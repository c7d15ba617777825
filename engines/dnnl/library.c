/* library.c - opens oneDNN and keeps what was made of it in lists: views and products are looked up
 * by their sizes, and made where they are missing.  Knows nothing of panels, adapters or models. */
#include "engines/dnnl/library.h"

#include <omp.h>
#include <stdlib.h>

static const struct {
    dnnl_data_type_t x, w, y;
} types[ZG_N_DTYPES] = {
    [ZG_FP32] = {dnnl_f32, dnnl_f32, dnnl_f32},
    [ZG_BF16] = {dnnl_bf16, dnnl_bf16, dnnl_f32},
    [ZG_FP16] = {dnnl_f16, dnnl_f16, dnnl_f32},
    [ZG_INT8] = {dnnl_u8, dnnl_s8, dnnl_s32},
};

static const char *status_text(dnnl_status_t status)
{
    switch (status) {
    case dnnl_out_of_memory:
        return "out of memory";
    case dnnl_invalid_arguments:
        return "invalid arguments";
    case dnnl_unimplemented:
        return "no implementation for this processor";
    case dnnl_runtime_error:
        return "run-time error";
    default:
        return "error";
    }
}

enum zg_status zg_dnnl_check(dnnl_status_t status, const char *what, struct zg_error *err)
{
    if (status == dnnl_success)
        return ZG_OK;
    const dnnl_version_t *version = dnnl_version();
    return zg_fail(err, ZG_ENV, "oneDNN %d.%d.%d refused %s: %s (status %d)", version->major,
                   version->minor, version->patch, what, status_text(status), (int)status);
}

int zg_dnnl_threads_enter(const struct zg_dnnl *dnnl)
{
    const int callers = omp_get_max_threads();
    omp_set_num_threads(dnnl->n_threads);
    return callers;
}

void zg_dnnl_threads_leave(int callers)
{
    omp_set_num_threads(callers);
}

enum zg_status zg_dnnl_open(struct zg_dnnl *dnnl, int64_t n_threads, struct zg_error *err)
{
    *dnnl = (struct zg_dnnl){.n_threads = (int)n_threads};
    enum zg_status status =
        zg_dnnl_check(dnnl_engine_create(&dnnl->engine, dnnl_cpu, 0), "a CPU engine", err);
    if (!status)
        status = zg_dnnl_check(
            dnnl_stream_create(&dnnl->stream, dnnl->engine, dnnl_stream_default_flags), "a stream",
            err);
    if (status)
        zg_dnnl_close(dnnl);
    return status;
}

static void views_free(struct zg_dnnl_views *views)
{
    for (int64_t i = 0; i < views->n_rows; i++)
        if (views->memories[i])
            dnnl_memory_destroy(views->memories[i]);
    free(views);
}

static void product_free(struct zg_dnnl_product *product)
{
    for (int op = 0; op < ZG_DNNL_N_OPS; op++) {
        if (product->primitive[op])
            dnnl_primitive_destroy(product->primitive[op]);
        if (product->scratch[op])
            dnnl_memory_destroy(product->scratch[op]);
    }
    free(product);
}

void zg_dnnl_close(struct zg_dnnl *dnnl)
{
    for (int side = 0; side < ZG_N_SIDES; side++) {
        for (struct zg_dnnl_views *views = dnnl->views[side], *next; views; views = next) {
            next = views->next;
            views_free(views);
        }
    }
    for (struct zg_dnnl_product *product = dnnl->products, *next; product; product = next) {
        next = product->next;
        product_free(product);
    }
    if (dnnl->stream)
        dnnl_stream_destroy(dnnl->stream);
    if (dnnl->engine)
        dnnl_engine_destroy(dnnl->engine);
    *dnnl = (struct zg_dnnl){0};
}

/* ---- memory objects ------------------------------------------------------------------------- */

dnnl_status_t zg_dnnl_view_open(dnnl_memory_t *out, const struct zg_dnnl *dnnl,
                                enum zg_dnnl_side side, enum zg_dtype dtype, int64_t n_rows,
                                int64_t n_cols, int64_t ld)
{
    const dnnl_data_type_t type = side == ZG_SIDE_X ? types[dtype].x : types[dtype].y;
    struct zg_dnnl_desc desc;
    dnnl_status_t status = zg_dnnl_desc_open(&desc, type, n_rows, n_cols, ld, 1);
    if (status == dnnl_success)
        status = zg_dnnl_memory_open(out, &desc, dnnl->engine, NULL);
    zg_dnnl_desc_close(&desc);
    return status;
}

dnnl_status_t zg_dnnl_weights_open(dnnl_memory_t *out, const struct zg_dnnl *dnnl,
                                   enum zg_dtype dtype, int64_t n_in, int64_t n_out,
                                   struct zg_dnnl_layout layout, void *w)
{
    struct zg_dnnl_desc desc;
    dnnl_status_t status =
        zg_dnnl_desc_open(&desc, types[dtype].w, n_in, n_out, layout.in, layout.out);
    if (status == dnnl_success)
        status = zg_dnnl_memory_open(out, &desc, dnnl->engine, w);
    zg_dnnl_desc_close(&desc);
    return status;
}

static bool views_match(const struct zg_dnnl_views *a, const struct zg_dnnl_views *b)
{
    return a->dtype == b->dtype && a->n_cols == b->n_cols && a->ld == b->ld &&
           a->n_rows == b->n_rows;
}

enum zg_status zg_dnnl_views_get(struct zg_dnnl *dnnl, enum zg_dnnl_side side,
                                 const struct zg_dnnl_views *key, const struct zg_dnnl_views **out,
                                 struct zg_error *err)
{
    struct zg_dnnl_views *views = dnnl->views[side];
    while (views && !views_match(views, key))
        views = views->next;
    *out = views;
    if (views)
        return ZG_OK;
    views = calloc(1, sizeof *views + (size_t)key->n_rows * sizeof *views->memories);
    if (!views)
        return zg_fail(err, ZG_ENV, "no memory for oneDNN's views of %lld rows",
                       (long long)key->n_rows);
    *views = *key;
    dnnl_status_t status = dnnl_success;
    for (int64_t i = 0; i < views->n_rows && status == dnnl_success; i++)
        status = zg_dnnl_view_open(&views->memories[i], dnnl, side, views->dtype, i + 1,
                                   views->n_cols, views->ld);
    if (status != dnnl_success) {
        views_free(views);
        return zg_dnnl_check(status, "a memory object", err);
    }
    views->next = dnnl->views[side];
    dnnl->views[side] = views;
    *out = views;
    return ZG_OK;
}

/* ---- products ------------------------------------------------------------------------------- */

static dnnl_status_t attr_open(dnnl_primitive_attr_t *attr, enum zg_dnnl_op op)
{
    dnnl_post_ops_t ops = NULL;
    dnnl_status_t status = dnnl_primitive_attr_create(attr);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
    if (status == dnnl_success)
        status = dnnl_post_ops_create(&ops);
    if (status == dnnl_success && op == ZG_DNNL_ADD)
        status = zg_dnnl_post_ops_append_sum(ops);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_post_ops(*attr, ops);
    if (ops)
        dnnl_post_ops_destroy(ops);
    return status;
}

static dnnl_status_t primitive_open(const struct zg_dnnl *dnnl, struct zg_dnnl_product *product,
                                    enum zg_dnnl_op op)
{
    struct zg_dnnl_desc x = {0}, w = {0}, y = {0};
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t desc = NULL;
    const int64_t any = DNNL_RUNTIME_DIM_VAL;
    const enum zg_dtype dtype = product->dtype;
    dnnl_status_t status =
        zg_dnnl_desc_open(&x, types[dtype].x, any, product->n_in, product->ldx, 1);
    if (status == dnnl_success)
        status = zg_dnnl_desc_open(&w, types[dtype].w, product->n_in, product->n_out,
                                   product->layout.in, product->layout.out);
    if (status == dnnl_success)
        status = zg_dnnl_desc_open(&y, types[dtype].y, any, product->n_out, product->ldy, 1);
    if (status == dnnl_success)
        status = attr_open(&attr, op);
    if (status == dnnl_success)
        status = zg_dnnl_matmul_desc_open(&desc, dnnl->engine, &x, &w, &y, attr);
    if (status == dnnl_success)
        status = dnnl_primitive_create(&product->primitive[op], desc);
    if (status == dnnl_success)
        status = dnnl_memory_create(&product->scratch[op],
                                    dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0),
                                    dnnl->engine, DNNL_MEMORY_ALLOCATE);
    if (desc)
        dnnl_primitive_desc_destroy(desc);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    zg_dnnl_desc_close(&y);
    zg_dnnl_desc_close(&w);
    zg_dnnl_desc_close(&x);
    return status;
}

static dnnl_status_t product_open(const struct zg_dnnl *dnnl, struct zg_dnnl_product *product)
{
    const int callers = zg_dnnl_threads_enter(dnnl);
    dnnl_status_t status = dnnl_success;
    for (int op = 0; op < ZG_DNNL_N_OPS && status == dnnl_success; op++)
        if (product->ops & 1u << op)
            status = primitive_open(dnnl, product, (enum zg_dnnl_op)op);
    zg_dnnl_threads_leave(callers);
    return status;
}

static bool product_matches(const struct zg_dnnl_product *a, const struct zg_dnnl_product *b)
{
    return a->dtype == b->dtype && a->ops == b->ops && a->n_in == b->n_in && a->n_out == b->n_out &&
           a->layout.in == b->layout.in && a->layout.out == b->layout.out && a->ldx == b->ldx &&
           a->ldy == b->ldy;
}

enum zg_status zg_dnnl_product_get(struct zg_dnnl *dnnl, const struct zg_dnnl_product *key,
                                   const struct zg_dnnl_product **out, struct zg_error *err)
{
    struct zg_dnnl_product *product = dnnl->products;
    while (product && !product_matches(product, key))
        product = product->next;
    *out = product;
    if (product)
        return ZG_OK;
    product = malloc(sizeof *product);
    if (!product)
        return zg_fail(err, ZG_ENV, "no memory for a oneDNN product");
    *product = *key;
    const dnnl_status_t status = product_open(dnnl, product);
    if (status != dnnl_success) {
        product_free(product);
        return zg_dnnl_check(status, "a matmul", err);
    }
    product->next = dnnl->products;
    dnnl->products = product;
    *out = product;
    return ZG_OK;
}

enum zg_status zg_dnnl_require(struct zg_dnnl *dnnl, enum zg_dtype dtype, struct zg_error *err)
{
    struct zg_dnnl_product *product = calloc(1, sizeof *product);
    if (!product)
        return zg_fail(err, ZG_ENV, "no memory for a oneDNN product");
    *product = (struct zg_dnnl_product){.dtype = dtype,
                                        .ops = 1u << ZG_DNNL_SET,
                                        .n_in = 64,
                                        .n_out = 64,
                                        .layout = {.in = 64, .out = 1},
                                        .ldx = 64,
                                        .ldy = 64};
    const dnnl_status_t status = product_open(dnnl, product);
    const dnnl_version_t *version = dnnl_version();
    product_free(product);
    if (status != dnnl_unimplemented)
        return zg_dnnl_check(status, "a matmul", err);
    return zg_fail(err, ZG_ENV, "oneDNN %d.%d.%d: this processor or library has no %s matmul%s",
                   version->major, version->minor, version->patch, zg_dtype_name(dtype),
                   dtype == ZG_BF16 ? " (needs AVX-512)" : "");
}

dnnl_status_t zg_dnnl_run(const struct zg_dnnl *dnnl, const struct zg_dnnl_product *product,
                          enum zg_dnnl_op op, dnnl_memory_t x, dnnl_memory_t w, dnnl_memory_t y)
{
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, x},
                                    {DNNL_ARG_WEIGHTS, w},
                                    {DNNL_ARG_DST, y},
                                    {DNNL_ARG_SCRATCHPAD, product->scratch[op]}};
    const dnnl_status_t status =
        dnnl_primitive_execute(product->primitive[op], dnnl->stream, 4, args);
    return status == dnnl_success ? dnnl_stream_wait(dnnl->stream) : status;
}
