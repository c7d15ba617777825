/* weights.c - reads, updates and gives back the values of panels, in the layouts and dtypes of
 * onednn.h. */
#include <assert.h>
#include <omp.h>
#include <string.h>

#include "engines/base/arena.h"
#include "engines/base/convert.h"
#include "engines/base/size.h"
#include "engines/onednn/onednn.h"
#include "engines/runtime/kept.h"

/* Rows of W that a thread reads and turns over at once: a cache line of each column in fp32. */
#define PACK_ROWS 16

/* ---- reading the model ----------------------------------------------------------------------- */

/* `size` is a constant in each inlined copy. */
static inline __attribute__((always_inline)) void columns_write_sized(const char *rows,
                                                                      int64_t n_rows, int64_t n_in,
                                                                      char *w, int64_t ldw,
                                                                      int64_t size)
{
    for (int64_t k = 0; k < n_in; k++)
        for (int64_t i = 0; i < n_rows; i++)
            memcpy(w + (k * ldw + i) * size, rows + (i * n_in + k) * size, (size_t)size);
}

/* rows [n_rows][n_in] become columns 0 .. n_rows - 1 of w [n_in][ldw]. */
static void columns_write(const void *rows, int64_t n_rows, int64_t n_in, void *w, int64_t ldw,
                          int64_t size)
{
    if (size == 4)
        columns_write_sized(rows, n_rows, n_in, w, ldw, 4);
    else if (size == 2)
        columns_write_sized(rows, n_rows, n_in, w, ldw, 2);
    else
        columns_write_sized(rows, n_rows, n_in, w, ldw, 1);
}

/* Row o of W, whose kept columns leave it for kept.w, to q; its scale and sum. */
static void row_quantise(const struct zg_provider_state *state, struct zg_panel *panel, int64_t o,
                         float *row, int8_t *q)
{
    const int64_t n_in = panel->shape.n_in;
    float kept[ZG_MAX_KEPT];
    int32_t sum = 0;
    zg_kept_round(state->narrow, row, panel->kept.columns, panel->kept.n, kept);
    zg_kept_remove(row, panel->kept.columns, panel->kept.n);
    for (int64_t c = 0; c < panel->kept.n; c++)
        panel->kept.w[c * panel->n_out + o] = kept[c];
    panel->scale[o] = state->narrow->int8(row, n_in, q);
    for (int64_t k = 0; k < n_in; k++)
        sum += q[k];
    panel->shift[o] = 128 * sum;
}

/* Rows o .. o + n - 1 of the panel from fp32 rows [n][n_in], which it may change, by way of `low`
 * [n][n_in] of the panel's dtype. */
static void rows_store(const struct zg_provider_state *state, struct zg_panel *panel, int64_t o,
                       int64_t n, float *rows, void *low)
{
    const int64_t n_in = panel->shape.n_in, size = zg_dtype_bytes(panel->shape.dtype);
    const void *rounded = low;
    switch (panel->shape.dtype) {
    case ZG_BF16:
        state->narrow->bf16(rows, n * n_in, low);
        break;
    case ZG_INT8:
        for (int64_t i = 0; i < n; i++)
            row_quantise(state, panel, o + i, rows + i * n_in, (int8_t *)low + i * n_in);
        break;
    default:
        rounded = rows;
    }
    if (state->options.packed)
        columns_write(rounded, n, n_in, (char *)panel->w + o * size, panel->ldw, size);
    else
        for (int64_t i = 0; i < n; i++)
            memcpy((char *)panel->w + (o + i) * panel->ldw * size,
                   (const char *)rounded + i * n_in * size, (size_t)(n_in * size));
}

enum zg_status zg_onednn_weights_read(const struct zg_provider_state *state, struct zg_panel *panel,
                                      const struct zg_model *model, const int32_t *tensors,
                                      struct zg_error *err)
{
    const int64_t n_in = panel->shape.n_in, n_out = panel->shape.n_out;
    const int64_t n_threads = state->options.n_threads, n_slices = zg_ceil_div(n_out, PACK_ROWS);
    float *rows = NULL; /* a thread's: PACK_ROWS in fp32, then as many rounded */
    const enum zg_status status =
        zg_buffer_alloc((void **)&rows, n_threads * 2 * PACK_ROWS * n_in, sizeof *rows,
                        "the rows that are being packed", err);
    if (status)
        return status;
        /* Static: a thread touches about the columns that oneDNN's own split will give it. */
#pragma omp parallel num_threads((int)n_threads)
    {
        float *const own = rows + omp_get_thread_num() * 2 * PACK_ROWS * n_in;
#pragma omp for collapse(2) schedule(static)
        for (int64_t group = 0; group < panel->shape.n_groups; group++) {
            for (int64_t slice = 0; slice < n_slices; slice++) {
                const int64_t begin = slice * PACK_ROWS;
                const int64_t n = zg_min64(PACK_ROWS, n_out - begin);
                zg_model_read(model, tensors[group], begin, n, own, n_in);
                rows_store(state, panel, group * n_out + begin, n, own, own + PACK_ROWS * n_in);
            }
        }
    }
    zg_buffer_free(rows);
    return ZG_OK;
}

/* ---- updates --------------------------------------------------------------------------------- */

void zg_onednn_add_lowrank(struct zg_provider_state *state, struct zg_panel *panel, int64_t group,
                           float coefficient, const float *u, const float *v, int64_t rank)
{
    assert(panel->shape.dtype == ZG_FP32);
    /* The stored rows of W_g, `width` long, each get a combination of the rows of `along`^T. */
    const bool packed = state->options.packed;
    const int64_t n_out = panel->shape.n_out, n_in = panel->shape.n_in, ldw = panel->ldw;
    const int64_t n_stored = packed ? n_in : n_out, width = packed ? n_out : n_in;
    const float *const across = packed ? v : u, *const along = packed ? u : v;
    float *const w = (float *)panel->w + (packed ? group * n_out : group * n_out * ldw);
    float *const factor = state->factor.data;
    for (int64_t begin = 0; begin < rank; begin += ZG_FACTOR_RANK) {
        const int64_t n = zg_min64(ZG_FACTOR_RANK, rank - begin);
#pragma omp parallel num_threads((int)state->options.n_threads)
        {
#pragma omp for schedule(static)
            for (int64_t o = 0; o < width; o++)
                for (int64_t e = 0; e < n; e++)
                    factor[e * width + o] = coefficient * along[o * rank + begin + e];
#pragma omp for schedule(static)
            for (int64_t i = 0; i < n_stored; i++)
                state->kernels->add_rank(w + i * ldw, across + i * rank + begin, n, factor, width,
                                         width, w + i * ldw);
        }
    }
}

/* ---- reading back ---------------------------------------------------------------------------- */

static float element(const struct zg_panel *panel, int64_t o, int64_t index)
{
    switch (panel->shape.dtype) {
    case ZG_BF16:
        return zg_float_of_bf16(((const uint16_t *)panel->w)[index]);
    case ZG_INT8:
        return panel->scale[o] * (float)((const int8_t *)panel->w)[index];
    default:
        return ((const float *)panel->w)[index];
    }
}

void zg_onednn_read(struct zg_provider_state *state, const struct zg_panel *panel, int64_t group,
                    int64_t row_begin, int64_t n_rows, float *dst, int64_t ld)
{
    const int64_t n_in = panel->shape.n_in, first = group * panel->shape.n_out + row_begin;
    const int64_t in = state->options.packed ? panel->ldw : 1;
    const int64_t out = state->options.packed ? 1 : panel->ldw;
#pragma omp parallel for num_threads((int)state->options.n_threads) schedule(static)
    for (int64_t slice = 0; slice < zg_ceil_div(n_rows, PACK_ROWS); slice++) {
        const int64_t begin = slice * PACK_ROWS, end = zg_min64(n_rows, begin + PACK_ROWS);
        for (int64_t k = 0; k < n_in; k++)
            for (int64_t i = begin; i < end; i++)
                dst[i * ld + k] = element(panel, first + i, k * in + (first + i) * out);
        for (int64_t c = 0; c < panel->kept.n; c++)
            for (int64_t i = begin; i < end; i++)
                dst[i * ld + panel->kept.columns[c]] = panel->kept.w[c * panel->n_out + first + i];
    }
}
