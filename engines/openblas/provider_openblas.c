/*
 * provider_openblas.c - the provider (runtime/provider.h) on plain cblas_sgemm.
 *
 * W is kept row-major, all groups of a panel below each other, each row followed by its adapter
 * columns:
 *
 *     [n_groups * n_out][ld]     row of group g:  | W_g (n_in) | 0 .. 0 | E_g | 0 .. 0 |
 *                                                               group 0  group g
 *
 * The columns of the other groups hold zeros, so that x with all groups' extras (provider.h)
 * multiplies all groups, adapters included, in one call of K = n_in + n_groups * n_extra.  That
 * wastes (n_groups - 1) * n_extra columns; where they would be many (high-rank directions) the
 * columns hold E_g alone and each group adds its own product.
 *
 * OpenBLAS runs its own OpenMP team of the same size, so it is called outside parallel regions.
 */
#include "engines/openblas/provider_openblas.h"

#ifdef ZOGAP_HAVE_OPENBLAS

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/arena.h"
#include "engines/base/size.h"
#include "engines/runtime/epilogue.h"

/* One product is used while all groups' extras are at most this share of n_in. */
#define WIDE_SHARE 8

struct zg_provider_state {
    const struct zg_runtime_kernels *kernels;
    int64_t n_threads;
    int64_t max_extra;
};

struct zg_panel {
    struct zg_panel_shape shape;
    float *w; /* [n_groups * n_out][ld] */
    int64_t ld;
    bool apart; /* extras of each group are a product of their own */
};

static enum zg_status openblas_open(struct zg_provider_state **out,
                                    const struct zg_provider_options *options, struct zg_error *err)
{
    *out = NULL;
    /* A build with its own threads would fight the OpenMP team for the pinned cores. */
    if (openblas_get_parallel() != OPENBLAS_OPENMP && options->n_threads > 1)
        return zg_fail(err, ZG_ENV,
                       "the OpenBLAS that was loaded is not the OpenMP build (%s): install "
                       "libopenblas0-openmp and "
                       "select it by update-alternatives",
                       openblas_get_config());
    struct zg_provider_state *s = calloc(1, sizeof *s);
    if (!s)
        return zg_fail(err, ZG_ENV, "no memory for the OpenBLAS provider");
    s->n_threads = options->n_threads;
    s->max_extra = options->max_extra;
    const enum zg_status status = zg_runtime_kernels_choose(&s->kernels, err);
    if (status) {
        free(s);
        return status;
    }
    *out = s;
    return ZG_OK;
}

static void openblas_close(struct zg_provider_state **state)
{
    free(*state);
    *state = NULL;
}

/* ---- panels --------------------------------------------------------------------------------- */

static void openblas_unpack(struct zg_panel **panel)
{
    if (*panel)
        zg_buffer_free((*panel)->w);
    free(*panel);
    *panel = NULL;
}

static enum zg_status openblas_pack(struct zg_provider_state *s, struct zg_panel **out,
                                    const struct zg_panel_shape *shape,
                                    const struct zg_model *model, const int32_t *tensors,
                                    struct zg_error *err)
{
    *out = NULL;
    struct zg_panel *panel = calloc(1, sizeof *panel);
    if (!panel)
        return zg_fail(err, ZG_ENV, "no memory for a weight panel");
    const int64_t n_out = shape->n_out, n_in = shape->n_in,
                  n_extra = shape->n_groups * s->max_extra;
    panel->shape = *shape;
    panel->apart = n_extra * WIDE_SHARE > n_in;
    panel->ld = zg_round_up(n_in + (panel->apart ? s->max_extra : n_extra), ZG_KERNEL_PAD);
    const int64_t n_rows = shape->n_groups * n_out, ld = panel->ld;
    void *memory = NULL;
    const enum zg_status status =
        zg_buffer_alloc(&memory, n_rows * ld, sizeof(float), "weight panel", err);
    panel->w = memory;
    if (status) {
        openblas_unpack(&panel);
        return status;
    }
#pragma omp parallel for num_threads((int)s->n_threads) schedule(static)
    for (int64_t row = 0; row < n_rows; row++) {
        float *w = panel->w + row * ld;
        zg_model_read(model, tensors[row / n_out], row % n_out, 1, w, n_in);
        memset(w + n_in, 0, (size_t)(ld - n_in) * sizeof *w);
    }
    *out = panel;
    return ZG_OK;
}

static void openblas_set_extra(struct zg_provider_state *s, struct zg_panel *panel,
                               const float *extra, int64_t n_extra, int64_t n_same)
{
    (void)n_same; /* where a group's columns begin may have changed */
    const int64_t n_out = panel->shape.n_out, n_rows = panel->shape.n_groups * n_out;
    const int64_t n_in = panel->shape.n_in, ld = panel->ld;
#pragma omp parallel for num_threads((int)s->n_threads) schedule(static)
    for (int64_t row = 0; row < n_rows; row++) {
        float *columns = panel->w + row * ld + n_in;
        const int64_t first = panel->apart ? 0 : row / n_out * n_extra;
        memset(columns, 0, (size_t)(ld - n_in) * sizeof *columns);
        memcpy(columns + first, extra + row * n_extra, (size_t)n_extra * sizeof *columns);
    }
}

static void openblas_add_lowrank(struct zg_provider_state *s, struct zg_panel *panel, int64_t group,
                                 float coefficient, const float *u, const float *v, int64_t rank)
{
    const int64_t n_out = panel->shape.n_out, n_in = panel->shape.n_in;
    /* Process-wide: another engine may have changed it. */
    openblas_set_num_threads((int)s->n_threads);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)n_out, (blasint)n_in,
                (blasint)rank, coefficient, u, (blasint)rank, v, (blasint)rank, 1.0f,
                panel->w + group * n_out * panel->ld, (blasint)panel->ld);
}

static void openblas_read(struct zg_provider_state *s, const struct zg_panel *panel, int64_t group,
                          int64_t row_begin, int64_t n_rows, float *dst, int64_t ld)
{
    (void)s;
    const float *w = panel->w + (group * panel->shape.n_out + row_begin) * panel->ld;
    for (int64_t i = 0; i < n_rows; i++)
        memcpy(dst + i * ld, w + i * panel->ld, (size_t)panel->shape.n_in * sizeof *dst);
}

static size_t openblas_panel_bytes(const struct zg_panel *panel)
{
    return (size_t)(panel->shape.n_groups * panel->shape.n_out * panel->ld) * sizeof(float);
}

/* ---- products ------------------------------------------------------------------------------- */

/* y = beta y + x w^T over k columns. */
static void product(int64_t n_rows, int64_t n_out, int64_t k, const float *x, int64_t ldx,
                    const float *w, int64_t ldw, float beta, float *y, int64_t ldy)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)n_rows, (blasint)n_out,
                (blasint)k, 1.0f, x, (blasint)ldx, w, (blasint)ldw, beta, y, (blasint)ldy);
}

static void openblas_gemm(struct zg_provider_state *s, const struct zg_gemm *g)
{
    const struct zg_panel *panel = g->w;
    const int64_t n_groups = panel->shape.n_groups, n_out = panel->shape.n_out,
                  n_in = panel->shape.n_in;
    const int64_t n_columns = n_groups * n_out;
    /* A single group's extras follow n_in in x as well as in W, however many. */
    const bool apart = panel->apart && n_groups > 1 && g->n_extra > 0;
    const int64_t k = apart ? n_in : n_in + n_groups * g->n_extra;
    openblas_set_num_threads((int)s->n_threads);
    const bool filled = zg_epilogue_prefill(s->kernels, g, n_columns, s->n_threads);
    product(g->n_rows, n_columns, k, g->x, g->ldx, panel->w, panel->ld, filled ? 1.0f : 0.0f, g->y,
            g->ldy);
    for (int64_t group = 0; apart && group < n_groups; group++)
        product(g->n_rows, n_out, g->n_extra, g->x + n_in + group * g->n_extra, g->ldx,
                panel->w + group * n_out * panel->ld + n_in, panel->ld, 1.0f, g->y + group * n_out,
                g->ldy);
    zg_epilogue_finish(s->kernels, g, n_columns, s->n_threads);
}

static void openblas_gemm_rowmajor(struct zg_provider_state *s, const float *w, int64_t ldw,
                                   int64_t n_out, int64_t n_in, const float *x, int64_t ldx,
                                   int64_t n_rows, float *y, int64_t ldy)
{
    (void)s;
    product(n_rows, n_out, n_in, x, ldx, w, ldw, 0.0f, y, ldy);
}

const struct zg_provider zg_provider_openblas = {
    .name = "openblas",
    .dtypes = 1u << ZG_FP32,
    .can_pack = false,
    .open = openblas_open,
    .close = openblas_close,
    .pack = openblas_pack,
    .unpack = openblas_unpack,
    .set_extra = openblas_set_extra,
    .gemm = openblas_gemm,
    .add_lowrank = openblas_add_lowrank,
    .read = openblas_read,
    .gemm_rowmajor = openblas_gemm_rowmajor,
    .panel_bytes = openblas_panel_bytes,
};

#else

/* Never opened: the engine says what is missing. */
const struct zg_provider zg_provider_openblas = {.name = "openblas"};

#endif
