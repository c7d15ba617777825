/* library.c - see library.h.  Knows nothing of panels, adapters or epilogues beyond the ReLU. */
#include "engines/onednn/library.h"

#include <omp.h>
#include <stdlib.h>

#include "engines/base/size.h"

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

enum zg_status zg_dnnl_open(struct zg_dnnl *dnnl, int64_t n_threads, int64_t max_rows,
                            struct zg_error *err)
{
    *dnnl = (struct zg_dnnl){.n_threads = (int)n_threads,
                             .max_rows = zg_max64(1, zg_min64(max_rows, ZG_VIEW_ROWS))};
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
    for (int relu = 0; relu < 2; relu++) {
        if (product->primitive[relu])
            dnnl_primitive_destroy(product->primitive[relu]);
        if (product->scratch[relu])
            dnnl_memory_destroy(product->scratch[relu]);
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

/* ---- views --------------------------------------------------------------------------------- */

enum zg_status zg_dnnl_views_get(struct zg_dnnl *dnnl, enum zg_dnnl_side side, int64_t n_cols,
                                 int64_t ld, const struct zg_dnnl_views **out, struct zg_error *err)
{
    struct zg_dnnl_views *views = dnnl->views[side];
    while (views && (views->n_cols != n_cols || views->ld != ld))
        views = views->next;
    *out = views;
    if (views)
        return ZG_OK;
    views = calloc(1, sizeof *views + (size_t)dnnl->max_rows * sizeof *views->memories);
    if (!views)
        return zg_fail(err, ZG_ENV, "no memory for oneDNN's views of %lld rows",
                       (long long)dnnl->max_rows);
    views->n_cols = n_cols;
    views->ld = ld;
    views->n_rows = dnnl->max_rows;
    dnnl_status_t status = dnnl_success;
    for (int64_t i = 0; i < views->n_rows && status == dnnl_success; i++) {
        struct zg_dnnl_desc desc;
        status = zg_dnnl_desc_open(&desc, i + 1, n_cols, ld, 1);
        if (status == dnnl_success)
            status = zg_dnnl_memory_open(&views->memories[i], &desc, dnnl->engine, NULL);
        zg_dnnl_desc_close(&desc);
    }
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

static dnnl_status_t primitive_open(const struct zg_dnnl *dnnl, struct zg_dnnl_product *product,
                                    int relu)
{
    struct zg_dnnl_desc x = {0}, w = {0}, y = {0};
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    dnnl_primitive_desc_t desc = NULL;
    const int64_t any = DNNL_RUNTIME_DIM_VAL;
    dnnl_status_t status = zg_dnnl_desc_open(&x, any, product->n_in, product->ldx, 1);
    if (status == dnnl_success)
        status = zg_dnnl_desc_open(&w, product->n_in, product->n_out, product->layout.in,
                                   product->layout.out);
    if (status == dnnl_success)
        status = zg_dnnl_desc_open(&y, any, product->n_out, product->ldy, 1);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_create(&attr);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    if (status == dnnl_success)
        status = dnnl_post_ops_create(&ops);
    if (status == dnnl_success)
        status = zg_dnnl_post_ops_append(ops, relu != 0);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_post_ops(attr, ops);
    if (status == dnnl_success)
        status = zg_dnnl_matmul_desc_open(&desc, dnnl->engine, &x, &w, &y, attr);
    if (status == dnnl_success)
        status = dnnl_primitive_create(&product->primitive[relu], desc);
    if (status == dnnl_success)
        status = dnnl_memory_create(&product->scratch[relu],
                                    dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0),
                                    dnnl->engine, DNNL_MEMORY_ALLOCATE);
    if (desc)
        dnnl_primitive_desc_destroy(desc);
    if (ops)
        dnnl_post_ops_destroy(ops);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    zg_dnnl_desc_close(&y);
    zg_dnnl_desc_close(&w);
    zg_dnnl_desc_close(&x);
    return status;
}

static bool product_matches(const struct zg_dnnl_product *a, const struct zg_dnnl_product *b)
{
    return a->n_in == b->n_in && a->n_out == b->n_out && a->layout.in == b->layout.in &&
           a->layout.out == b->layout.out && a->ldx == b->ldx && a->ldy == b->ldy;
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
    const int callers = zg_dnnl_threads_enter(dnnl);
    dnnl_status_t status = dnnl_success;
    for (int relu = 0; relu < 2 && status == dnnl_success; relu++)
        status = primitive_open(dnnl, product, relu);
    zg_dnnl_threads_leave(callers);
    if (status != dnnl_success) {
        product_free(product);
        return zg_dnnl_check(status, "a matmul", err);
    }
    product->next = dnnl->products;
    dnnl->products = product;
    *out = product;
    return ZG_OK;
}
