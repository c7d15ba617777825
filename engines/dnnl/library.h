/*
 * library.h - what the engines hold of oneDNN: an engine, a stream, and everything a product needs,
 * made ahead of the first product.
 *
 * A product is y[n_rows][n_out] (+)= x[n_rows][n_in] W: one matmul
 * primitive an operation, whose row count is that of each call's memory objects.  So one primitive
 * serves every batch; what must exist per row count is a memory object of x and one of y: kept in
 * views for 1 .. max_rows rows, or made for one call.
 *
 *     dtype of W    x        W       y
 *     fp32          fp32     fp32    fp32
 *     bf16          bf16     bf16    fp32
 *     int8          uint8    int8    int32
 */
#ifndef ZG_DNNL_LIBRARY_H
#define ZG_DNNL_LIBRARY_H

#include "engines/dnnl/dnnl_compat.h"
#include "engines/error.h"
#include "engines/model.h"

/* A product's input and output never share a memory object, even where they look alike: each
 * call gives both an address. */
enum zg_dnnl_side { ZG_SIDE_X, ZG_SIDE_Y, ZG_N_SIDES };

struct zg_dnnl {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    int n_threads;
    struct zg_dnnl_views *views[ZG_N_SIDES];
    struct zg_dnnl_product *products;
};

/* Memory objects of 1 .. n_rows rows of n_cols elements, ld apart, without an address. */
struct zg_dnnl_views {
    struct zg_dnnl_views *next;
    enum zg_dtype dtype; /* of the product's W */
    int64_t n_cols, ld;
    int64_t n_rows;           /* entries; 1 KB each */
    dnnl_memory_t memories[]; /* [n_rows]; entry i has i + 1 rows */
};

/* Row and column stride of W as a matrix [n_in][n_out]. */
struct zg_dnnl_layout {
    int64_t in, out;
};

enum zg_dnnl_op {
    ZG_DNNL_SET, /* y = x W */
    ZG_DNNL_ADD, /* y += x W */
    ZG_DNNL_N_OPS
};

struct zg_dnnl_product {
    struct zg_dnnl_product *next;
    enum zg_dtype dtype;
    uint32_t ops; /* 1u << enum zg_dnnl_op of the primitives that there are */
    int64_t n_in, n_out;
    struct zg_dnnl_layout layout;
    int64_t ldx, ldy; /* DNNL_RUNTIME_DIM_VAL: of each call */
    dnnl_primitive_t primitive[ZG_DNNL_N_OPS];
    dnnl_memory_t scratch[ZG_DNNL_N_OPS];
};

enum zg_status zg_dnnl_open(struct zg_dnnl *dnnl, int64_t n_threads, struct zg_error *err);
void zg_dnnl_close(struct zg_dnnl *dnnl);

/* ZG_ENV with the library's reason; ZG_OK for dnnl_success. */
enum zg_status zg_dnnl_check(dnnl_status_t status, const char *what, struct zg_error *err);
/* ZG_ENV where the library has no matmul of that dtype for this processor. */
enum zg_status zg_dnnl_require(struct zg_dnnl *dnnl, enum zg_dtype dtype, struct zg_error *err);

/* The views or the product of that key, made at its first request. */
enum zg_status zg_dnnl_views_get(struct zg_dnnl *dnnl, enum zg_dnnl_side side,
                                 const struct zg_dnnl_views *key, const struct zg_dnnl_views **out,
                                 struct zg_error *err);
enum zg_status zg_dnnl_product_get(struct zg_dnnl *dnnl, const struct zg_dnnl_product *key,
                                   const struct zg_dnnl_product **out, struct zg_error *err);

/* A memory object of x or y, without an address; of W at its address.  Owned by the caller. */
dnnl_status_t zg_dnnl_view_open(dnnl_memory_t *out, const struct zg_dnnl *dnnl,
                                enum zg_dnnl_side side, enum zg_dtype dtype, int64_t n_rows,
                                int64_t n_cols, int64_t ld);
dnnl_status_t zg_dnnl_weights_open(dnnl_memory_t *out, const struct zg_dnnl *dnnl,
                                   enum zg_dtype dtype, int64_t n_in, int64_t n_out,
                                   struct zg_dnnl_layout layout, void *w);

/* One product on memory objects that have addresses. */
dnnl_status_t zg_dnnl_run(const struct zg_dnnl *dnnl, const struct zg_dnnl_product *product,
                          enum zg_dnnl_op op, dnnl_memory_t x, dnnl_memory_t w, dnnl_memory_t y);

/* oneDNN sizes its OpenMP teams by the calling thread's setting.  enter() sets ours and returns the
 * caller's. */
int zg_dnnl_threads_enter(const struct zg_dnnl *dnnl);
void zg_dnnl_threads_leave(int callers);

#endif
