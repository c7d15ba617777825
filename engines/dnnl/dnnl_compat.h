/*
 * dnnl_compat.h - where the C APIs of oneDNN 2.x and 3.x differ, and nothing else.
 *
 * 2.x: a memory descriptor is a struct; an operation is described first and made into a primitive
 * descriptor by one generic call.  3.x: descriptors are opaque and owned; each operation has its
 * own constructor; post-ops dropped or gained arguments.
 */
#ifndef ZG_DNNL_DNNL_COMPAT_H
#define ZG_DNNL_DNNL_COMPAT_H

#include <dnnl.h>
#include <stddef.h>
#include <stdint.h>

/* A matrix somewhere in memory.  Rows, columns and strides in elements; DNNL_RUNTIME_DIM_VAL leaves
 * a value to the memory object of each call. */
struct zg_dnnl_desc {
    dnnl_memory_desc_t md;
};

static inline dnnl_status_t zg_dnnl_desc_open(struct zg_dnnl_desc *desc, dnnl_data_type_t type,
                                              int64_t n_rows, int64_t n_cols, int64_t row_stride,
                                              int64_t col_stride)
{
    const dnnl_dims_t dims = {n_rows, n_cols}, strides = {row_stride, col_stride};
#if DNNL_VERSION_MAJOR >= 3
    desc->md = NULL;
    return dnnl_memory_desc_create_with_strides(&desc->md, 2, dims, type, strides);
#else
    return dnnl_memory_desc_init_by_strides(&desc->md, 2, dims, type, strides);
#endif
}

static inline void zg_dnnl_desc_close(struct zg_dnnl_desc *desc)
{
#if DNNL_VERSION_MAJOR >= 3
    if (desc->md)
        dnnl_memory_desc_destroy(desc->md);
    desc->md = NULL;
#else
    (void)desc; /* a plain struct */
#endif
}

/* A memory object on memory of the caller's; the descriptor is copied. */
static inline dnnl_status_t zg_dnnl_memory_open(dnnl_memory_t *out, const struct zg_dnnl_desc *desc,
                                                dnnl_engine_t engine, void *handle)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_memory_create(out, desc->md, engine, handle);
#else
    return dnnl_memory_create(out, &desc->md, engine, handle);
#endif
}

/* y += ... in the place of y = ... */
static inline dnnl_status_t zg_dnnl_post_ops_append_sum(dnnl_post_ops_t ops)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_post_ops_append_sum(ops, 1.0f, 0, dnnl_data_type_undef);
#else
    return dnnl_post_ops_append_sum(ops, 1.0f);
#endif
}

static inline dnnl_status_t
zg_dnnl_matmul_desc_open(dnnl_primitive_desc_t *out, dnnl_engine_t engine,
                         const struct zg_dnnl_desc *x, const struct zg_dnnl_desc *w,
                         const struct zg_dnnl_desc *y, const_dnnl_primitive_attr_t attr)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_matmul_primitive_desc_create(out, engine, x->md, w->md, NULL, y->md, attr);
#else
    dnnl_matmul_desc_t matmul;
    const dnnl_status_t status = dnnl_matmul_desc_init(&matmul, &x->md, &w->md, NULL, &y->md);
    return status == dnnl_success ? dnnl_primitive_desc_create(out, &matmul, attr, engine, NULL)
                                  : status;
#endif
}

#endif
