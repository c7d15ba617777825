/*
 * gemm.h - the one product of the loop, y = x W^T, on the library that the user chose.
 *
 * The loop gets the same library, threads and vector width as the engines it is compared with, so
 * that what is measured is structure and not a bad matmul.
 */
#ifndef ZG_NAIVE_GEMM_H
#define ZG_NAIVE_GEMM_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/naive/kernels.h"

/* y [n_rows][n_out] = x [n_rows][n_in] w [n_out][n_in]^T, added to y where `accumulate`.
 * Row-major. */
struct zg_naive_gemm {
    int64_t n_rows, n_out, n_in;
    const float *x;
    int64_t ldx;
    const float *w;
    int64_t ldw;
    float *y;
    int64_t ldy;
    bool accumulate;
    int64_t n_threads;
    const struct zg_naive_kernels *kernels; /* for the plain one */
};

/* Called outside parallel regions; each runs an OpenMP team of n_threads.  Every dimension is below
 * 2^31. */
typedef void zg_naive_gemm_fn(const struct zg_naive_gemm *g);

zg_naive_gemm_fn
    zg_naive_gemm_openblas;            /* cblas_sgemm; its OpenMP build joins the one thread pool */
zg_naive_gemm_fn zg_naive_gemm_onednn; /* dnnl_sgemm; allocates its packing buffers in each call */
zg_naive_gemm_fn zg_naive_gemm_reference; /* our own plain C: always there */

/* The function of that name, NULL where this build lacks its library. */
zg_naive_gemm_fn *zg_naive_gemm_find(const char *name);

#define ZG_NAIVE_GEMM_CHOICES "openblas|onednn|reference"
#if defined(ZOGAP_HAVE_OPENBLAS)
#define ZG_NAIVE_GEMM_DEFAULT "openblas"
#elif defined(ZOGAP_HAVE_ONEDNN)
#define ZG_NAIVE_GEMM_DEFAULT "onednn"
#else
#define ZG_NAIVE_GEMM_DEFAULT "reference"
#endif

#endif
