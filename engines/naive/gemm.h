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

#include "engines/model.h"
#include "engines/naive/kernels.h"

/* y [n_rows][n_out] = x [n_rows][n_in] w [n_out][n_in]^T, added to y where `accumulate`.
 * Row-major.  x and w are of the dtype, fp32 or bf16; sums and y are fp32. */
struct zg_naive_gemm {
    enum zg_dtype dtype;
    int64_t n_rows, n_out, n_in;
    const void *x;
    int64_t ldx;
    const void *w;
    int64_t ldw;
    float *y;
    int64_t ldy;
    bool accumulate;
    int64_t n_threads;
    const struct zg_naive_kernels *kernels; /* for the plain one */
};

struct zg_naive_gemm_state; /* what a library holds between products; each has its own */

struct zg_naive_gemm_library {
    const char *name;
    /* Prepares for products like these n, of any n_rows, x, w, y and accumulate.  NULL: there is
     * nothing to prepare, and the state is NULL.  ZG_ENV: the library has no such product here. */
    enum zg_status (*open)(struct zg_naive_gemm_state **out, const struct zg_naive_gemm *products,
                           int64_t n, struct zg_error *err);
    void (*close)(struct zg_naive_gemm_state **state); /* NULL with open */
    /* Called outside parallel regions; runs an OpenMP team of n_threads.  Every dimension is below
     * 2^31. */
    void (*run)(struct zg_naive_gemm_state *state, const struct zg_naive_gemm *g);
};

/* cblas_sgemm, bf16 widened in tiles; its OpenMP build joins the one thread pool */
extern const struct zg_naive_gemm_library zg_naive_gemm_openblas;
/* dnnl_sgemm, and a matmul primitive in bf16; both allocate in each call */
extern const struct zg_naive_gemm_library zg_naive_gemm_onednn;
/* our own plain C: always there */
extern const struct zg_naive_gemm_library zg_naive_gemm_reference;

/* The library of that name, NULL where this build lacks it. */
const struct zg_naive_gemm_library *zg_naive_gemm_find(const char *name);

/* Where none is asked for: one that is fair in that dtype on this machine.  bf16 goes to oneDNN
 * where the processor multiplies faster in it than in fp32, else to OpenBLAS, else to oneDNN where
 * the processor multiplies in it at all, else to `reference`. */
const char *zg_naive_gemm_default(enum zg_dtype dtype);

#define ZG_NAIVE_GEMM_CHOICES "openblas|onednn|reference"
#if defined(ZOGAP_HAVE_OPENBLAS)
#define ZG_NAIVE_GEMM_DEFAULT "openblas"
#elif defined(ZOGAP_HAVE_ONEDNN)
#define ZG_NAIVE_GEMM_DEFAULT "onednn"
#else
#define ZG_NAIVE_GEMM_DEFAULT "reference"
#endif

#endif
