/*
 * provider.h - what the inference-style runtime asks of a kernel library.
 *
 * The runtime (plan, adapters, attention, norms, loss) is shared; openblas, onednn and fused differ
 * in the provider below it.  A provider keeps linear layers as *panels* in its own layout and
 * multiplies by them:
 *
 *     y[i][g*n_out + o] = epilogue( bias + sum_k W_g[o][k] x[i][k]
 *                                        + sum_e E_g[o][e] x[i][n_in + g*n_extra + e] )
 *
 *     x row:  |<------ n_in ------>|<- n_extra ->|<- n_extra ->| ...   (a stretch for each group)
 *             |    activations     |   group 0   |   group 1   |
 *
 *     panel:  n_groups matrices W_g [n_out][n_in] that share their input (q, k, v), each with
 *             adapter columns E_g [n_out][n_extra] = [A | scale U_0 | scale U_1 ...], rewritten
 *             every step.
 *
 * The extras are how adapters enter: x carries t = V^T x for A, and coefficient * t for U, so all
 * probes share one panel.  A provider may do them inside the GEMM (fused), as extra columns of W
 * (OpenBLAS), or as a second product.
 *
 * Precision: W_g and x are rounded to the panel's dtype inside the provider; E, the extras of x,
 * sums, bias, residual and y are fp32.  bf16: round to nearest even.  int8: a scale per row of W_g
 * and per row of x (engines/base/narrow.h); columns that keep_columns() names are no part of either
 * scale and stay bf16 in both.
 *
 * Providers are called from one thread, outside any parallel region, and run their own OpenMP team
 * of n_threads. No call after open/pack allocates.  Pointers passed in are borrowed for the call.
 * x, y and residual do not overlap, but y may be the residual.  ldx, ldy, ldr are in floats, rows
 * are 64-byte aligned where ld is a multiple of 16.
 */
#ifndef ZG_RUNTIME_PROVIDER_H
#define ZG_RUNTIME_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"
#include "engines/model.h"

struct zg_provider_state;
struct zg_panel;

#define ZG_MAX_KEPT 64 /* columns of a panel beside int8 */

struct zg_provider_options {
    uint32_t dtypes; /* 1u << enum zg_dtype of every panel to come; 0: fp32 alone */
    int64_t n_threads;
    int64_t max_rows;  /* of x in any gemm */
    int64_t max_in;    /* largest n_in of a panel whose dtype is not fp32 */
    int64_t max_extra; /* n_extra of any gemm, per group */
    bool packed; /* false: W stays row-major and is packed in every call (mechanism `packed` off) */
};

struct zg_panel_shape {
    int64_t n_groups;
    int64_t n_out; /* per group */
    int64_t n_in;
    enum zg_dtype dtype;
    /* Strides of x and y that this panel's gemms will have, or 0 where they vary: a library that
     * compiles a kernel per stride does it at pack().  Any other stride stays valid in gemm(), but
     * may cost an allocation there. */
    int64_t ldx, ldy;
};

enum zg_epilogue {
    ZG_EPILOGUE_NONE,     /* bias only */
    ZG_EPILOGUE_RELU,     /* max(0, .) after bias and extras */
    ZG_EPILOGUE_RESIDUAL, /* . + residual[i][o] */
};

struct zg_gemm {
    const struct zg_panel *w;
    const float *x; /* [n_rows][ldx], n_in + n_groups * n_extra columns */
    int64_t ldx;
    int64_t n_rows;    /* >= 1 */
    int64_t n_extra;   /* columns per group in use: what set_extra() set, 0 if it never ran */
    const float *bias; /* [n_groups * n_out] or NULL */
    int64_t n_difference_rows; /* the last so many rows are half differences: they get no bias */
    enum zg_epilogue epilogue;
    const float *residual; /* [n_rows][ldr], only for ZG_EPILOGUE_RESIDUAL */
    int64_t ldr;
    float *y; /* [n_rows][ldy], n_groups * n_out columns */
    int64_t ldy;
};

struct zg_provider {
    const char *name;
    uint32_t dtypes;
    bool can_pack; /* has a packed layout to switch off */

    /* On failure *out is NULL. */
    enum zg_status (*open)(struct zg_provider_state **out,
                           const struct zg_provider_options *options, struct zg_error *err);
    void (*close)(struct zg_provider_state **state); /* panels are closed before */

    /* Builds a panel of the model's tensors[n_groups], each [n_out][n_in]; reads them in parallel,
     * first touch by a thread that will use them, without ever holding a second copy of more than
     * a few rows a thread. */
    enum zg_status (*pack)(struct zg_provider_state *state, struct zg_panel **out,
                           const struct zg_panel_shape *shape, const struct zg_model *model,
                           const int32_t *tensors, struct zg_error *err);
    void (*unpack)(struct zg_panel **panel); /* frees it; NULL is fine */

    /* Sets the adapter columns: E [n_groups * n_out][n_extra], row-major, n_extra <= max_extra. The
     * first n_same are those of the call before, and need not be written again. */
    void (*set_extra)(struct zg_provider_state *state, struct zg_panel *panel, const float *extra,
                      int64_t n_extra, int64_t n_same);

    void (*gemm)(struct zg_provider_state *state, const struct zg_gemm *g);

    /* int8 panels: these n columns of W (ascending, n <= ZG_MAX_KEPT, the same for all groups) stay
     * bf16, and so do these of every x.  Reads them from the model again; allocates; called after
     * pack() and before the first step.  n 0 undoes it.  NULL where no panel can be int8. */
    enum zg_status (*keep_columns)(struct zg_provider_state *state, struct zg_panel *panel,
                                   const struct zg_model *model, const int32_t *tensors,
                                   const int32_t *columns, int64_t n, struct zg_error *err);

    /* fp32 panels only: W_g += coefficient * u v^T, u [n_out][rank], v [n_in][rank], in the panel's
     * layout. */
    void (*add_lowrank)(struct zg_provider_state *state, struct zg_panel *panel, int64_t group,
                        float coefficient, const float *u, const float *v, int64_t rank);

    /* Rows of W_g, as the panel rounded them, as fp32: row i to dst + i * ld. */
    void (*read)(struct zg_provider_state *state, const struct zg_panel *panel, int64_t group,
                 int64_t row_begin, int64_t n_rows, float *dst, int64_t ld);

    /* y[i][o] = sum_k w[o][k] x[i][k] with w row-major [n_out][ldw] (the head over a slice of the
     * vocabulary). */
    void (*gemm_rowmajor)(struct zg_provider_state *state, const float *w, int64_t ldw,
                          int64_t n_out, int64_t n_in, const float *x, int64_t ldx, int64_t n_rows,
                          float *y, int64_t ldy);

    /* Bytes that the panel occupies, for the cost model and for memory reports. */
    size_t (*panel_bytes)(const struct zg_panel *panel);
};

#endif
