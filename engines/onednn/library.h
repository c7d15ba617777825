/*
 * library.h - what of oneDNN the provider holds: an engine, a stream, and everything a product
 * needs, made ahead of the first product.
 *
 * A product is y[n_rows][n_out] += x[n_rows][n_in] W with an optional ReLU: one matmul primitive,
 * whose row count is that of each call's memory objects.  So one primitive serves every batch; what
 * must exist per row count is a memory object of x and one of y, kept in views for 1 ..
 * ZG_VIEW_ROWS rows.  Larger products are cut into equal pieces.
 */
#ifndef ZG_ONEDNN_LIBRARY_H
#define ZG_ONEDNN_LIBRARY_H

#include "engines/error.h"
#include "engines/onednn/dnnl_compat.h"

/* Pieces of 128 to 256 rows multiply as fast as longer ones (README.md); a view is 1 KB a row. */
#define ZG_VIEW_ROWS 256

/* A product's input and output never share a memory object, even where they look alike: each
 * call gives both an address. */
enum zg_dnnl_side { ZG_SIDE_X, ZG_SIDE_Y, ZG_N_SIDES };

struct zg_dnnl {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    int n_threads;
    int64_t max_rows; /* of one primitive call: at most ZG_VIEW_ROWS */
    struct zg_dnnl_views *views[ZG_N_SIDES];
    struct zg_dnnl_product *products;
};

/* Memory objects of 1 .. max_rows rows of n_cols floats, ld apart. */
struct zg_dnnl_views {
    struct zg_dnnl_views *next;
    int64_t n_cols, ld;
    int64_t n_rows;           /* entries */
    dnnl_memory_t memories[]; /* [n_rows]; entry i has i + 1 rows */
};

/* Row and column stride of W as a matrix [n_in][n_out]. */
struct zg_dnnl_layout {
    int64_t in, out;
};

struct zg_dnnl_product {
    struct zg_dnnl_product *next;
    int64_t n_in, n_out;
    struct zg_dnnl_layout layout;
    int64_t ldx, ldy;              /* DNNL_RUNTIME_DIM_VAL: of each call */
    dnnl_primitive_t primitive[2]; /* without and with ReLU */
    dnnl_memory_t scratch[2];
};

enum zg_status zg_dnnl_open(struct zg_dnnl *dnnl, int64_t n_threads, int64_t max_rows,
                            struct zg_error *err);
void zg_dnnl_close(struct zg_dnnl *dnnl);

/* ZG_ENV with the library's reason; ZG_OK for dnnl_success. */
enum zg_status zg_dnnl_check(dnnl_status_t status, const char *what, struct zg_error *err);

/* The views or the product of that key, made at its first request. */
enum zg_status zg_dnnl_views_get(struct zg_dnnl *dnnl, enum zg_dnnl_side side, int64_t n_cols,
                                 int64_t ld, const struct zg_dnnl_views **out,
                                 struct zg_error *err);
enum zg_status zg_dnnl_product_get(struct zg_dnnl *dnnl, const struct zg_dnnl_product *key,
                                   const struct zg_dnnl_product **out, struct zg_error *err);

/* oneDNN sizes its OpenMP teams by the calling thread's setting.  enter() sets ours and returns the
 * caller's. */
int zg_dnnl_threads_enter(const struct zg_dnnl *dnnl);
void zg_dnnl_threads_leave(int callers);

#endif
