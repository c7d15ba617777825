/*
 * pack.c - panels: weights in the strips of kernels.h, or row-major where the mechanism `packed`
 * is off.
 *
 * A panel is written by the threads that will multiply with it, strip by strip, straight out of
 * the model: a thread holds READ_ROWS rows and never more.  Multiplying is gemm.c.
 */
#include <assert.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/arena.h"
#include "engines/fused/fused.h"

enum { READ_ROWS = 8 }; /* read at once: a store of 8 floats fills half a cache line of the strip */

/* src [n][ld], k_begin .. k_end - 1, to columns column .. column + n - 1 of dst [k_end -
 * k_begin][nr]. */
static void transpose(const float *src, int64_t ld, int64_t n, int64_t k_begin, int64_t k_end,
                      float *dst, int64_t nr, int64_t column)
{
    for (int64_t k = k_begin; k < k_end; k++)
        for (int64_t j = 0; j < n; j++)
            dst[(k - k_begin) * nr + column + j] = src[j * ld + k];
}

/* Zero columns n .. nr - 1 of dst [n_k][nr]: outputs that do not exist. */
static void zero_columns(float *dst, int64_t n_k, int64_t nr, int64_t n)
{
    for (int64_t k = 0; k < n_k && n < nr; k++)
        memset(dst + k * nr + n, 0, (size_t)(nr - n) * sizeof(float));
}

static void pack_strips(struct zg_panel *panel, const struct zg_model *model,
                        const int32_t *tensors, float *rows, int64_t thread, int64_t n_threads)
{
    const int64_t nr = panel->kernels->nr, n_in = panel->shape.n_in;
    const int64_t end = zg_share_begin(panel->n_strips, thread + 1, n_threads);
    for (int64_t s = zg_share_begin(panel->n_strips, thread, n_threads); s < end; s++) {
        const struct zg_strip at = zg_panel_strip(panel, s);
        float *strip = panel->strips + s * panel->strip_size;
        for (int64_t j = 0; j < at.n_out; j += READ_ROWS) {
            const int64_t n = zg_min64(READ_ROWS, at.n_out - j);
            zg_model_read(model, tensors[at.group], at.row + j, n, rows, n_in);
            transpose(rows, n_in, n, 0, n_in, strip, nr, j);
        }
        zero_columns(strip, n_in, nr, at.n_out);
        memset(strip + n_in * nr, 0, (size_t)(panel->max_extra * nr) * sizeof(float));
    }
}

static void read_rows(struct zg_panel *panel, const struct zg_model *model, const int32_t *tensors,
                      int64_t thread, int64_t n_threads)
{
    const int64_t n_out = panel->shape.n_out, n_in = panel->shape.n_in;
    const int64_t total = panel->shape.n_groups * n_out;
    const int64_t end = zg_share_begin(total, thread + 1, n_threads);
    for (int64_t o = zg_share_begin(total, thread, n_threads); o < end; o++) {
        zg_model_read(model, tensors[o / n_out], o % n_out, 1, panel->rows + o * n_in, n_in);
        memset(panel->extra + o * panel->max_extra, 0, (size_t)panel->max_extra * sizeof(float));
    }
}

static enum zg_status alloc_panel(struct zg_panel *panel, struct zg_error *err)
{
    const int64_t n_outputs = panel->shape.n_groups * panel->shape.n_out;
    const int64_t float_size = (int64_t)sizeof(float);
    enum zg_status status;
    if (panel->packed) {
        panel->n_bytes = panel->n_strips * panel->strip_size * float_size;
        return zg_buffer_alloc((void **)&panel->strips, panel->n_strips * panel->strip_size,
                               float_size, "packed weights", err);
    }
    panel->n_bytes = n_outputs * (panel->shape.n_in + panel->max_extra) * float_size;
    status = zg_buffer_alloc((void **)&panel->rows, n_outputs * panel->shape.n_in, float_size,
                             "row-major weights", err);
    if (status == ZG_OK)
        status = zg_buffer_alloc((void **)&panel->extra, n_outputs * panel->max_extra, float_size,
                                 "adapter columns", err);
    return status;
}

enum zg_status zg_fused_pack(struct zg_provider_state *state, struct zg_panel **out,
                             const struct zg_panel_shape *shape, const struct zg_model *model,
                             const int32_t *tensors, struct zg_error *err)
{
    enum zg_status status;
    void *read_buffer = NULL;
    *out = NULL;
    struct zg_panel *panel = calloc(1, sizeof *panel);
    if (!panel)
        return zg_fail(err, ZG_ENV, "no memory for a panel of weights");
    const int64_t nr = state->kernels->nr;
    panel->kernels = state->kernels;
    panel->shape = *shape;
    panel->max_extra = state->max_extra;
    panel->packed = state->packed;
    panel->strips_per_group = zg_ceil_div(shape->n_out, nr);
    panel->n_strips = shape->n_groups * panel->strips_per_group;
    panel->strip_size = zg_round_up((shape->n_in + state->max_extra) * nr, 16);
    status = alloc_panel(panel, err);
    if (status != ZG_OK)
        goto done;
    status = zg_buffer_alloc(&read_buffer, state->n_threads * READ_ROWS * shape->n_in,
                             (int64_t)sizeof(float), "rows being packed", err);
    if (status != ZG_OK)
        goto done;

#pragma omp parallel num_threads((int)state->n_threads)
    {
        const int64_t thread = omp_get_thread_num(), n_threads = omp_get_num_threads();
        float *rows = (float *)read_buffer + thread * READ_ROWS * shape->n_in;
        if (panel->packed)
            pack_strips(panel, model, tensors, rows, thread, n_threads);
        else
            read_rows(panel, model, tensors, thread, n_threads);
    }
    *out = panel;
    panel = NULL;
done:
    zg_buffer_free(read_buffer);
    zg_fused_unpack(&panel);
    return status;
}

void zg_fused_unpack(struct zg_panel **panel)
{
    if (!panel || !*panel)
        return;
    zg_buffer_free((*panel)->strips);
    zg_buffer_free((*panel)->rows);
    zg_buffer_free((*panel)->extra);
    free(*panel);
    *panel = NULL;
}

void zg_fused_pack_strip(const struct zg_panel *panel, int64_t s, int64_t k_begin, int64_t k_end,
                         float *strip)
{
    const int64_t nr = panel->kernels->nr, n_in = panel->shape.n_in, n_k = k_end - k_begin;
    const struct zg_strip at = zg_panel_strip(panel, s);
    const int64_t first = at.group * panel->shape.n_out + at.row;
    for (int64_t j = 0; j < at.n_out; j += READ_ROWS)
        transpose(panel->rows + (first + j) * n_in, n_in, zg_min64(READ_ROWS, at.n_out - j),
                  k_begin, k_end, strip, nr, j);
    zero_columns(strip, n_k, nr, at.n_out);
    if (k_end == n_in) {
        transpose(panel->extra + first * panel->max_extra, panel->max_extra, at.n_out, 0,
                  panel->n_extra, strip + n_k * nr, nr, 0);
        zero_columns(strip + n_k * nr, panel->n_extra, nr, at.n_out);
    }
}

void zg_fused_set_extra(struct zg_provider_state *state, struct zg_panel *panel, const float *extra,
                        int64_t n_extra)
{
    assert(n_extra >= 0 && n_extra <= panel->max_extra);
    const int64_t n_out = panel->shape.n_out, nr = panel->kernels->nr;
    panel->n_extra = n_extra;
    if (!panel->packed) {
        for (int64_t o = 0; o < panel->shape.n_groups * n_out; o++)
            memcpy(panel->extra + o * panel->max_extra, extra + o * n_extra,
                   (size_t)n_extra * sizeof(float));
        return;
    }
#pragma omp parallel for num_threads((int)state->n_threads) schedule(static)
    for (int64_t s = 0; s < panel->n_strips; s++) {
        const struct zg_strip at = zg_panel_strip(panel, s);
        transpose(extra + (at.group * n_out + at.row) * n_extra, n_extra, at.n_out, 0, n_extra,
                  panel->strips + s * panel->strip_size + panel->shape.n_in * nr, nr, 0);
    }
}

/* strip[k][o] += coefficient * sum_r u[o][r] v[k][r], for ranks r_begin .. r_begin + n - 1. */
enum { RANKS = 8 };
static void add_to_strip(float *strip, int64_t n_in, int64_t nr, int64_t n_out, float coefficient,
                         const float *u, const float *v, int64_t rank, int64_t r_begin, int64_t n)
{
    float columns[RANKS][ZG_KERNELS_MAX_NR] = {{0}};
    for (int64_t o = 0; o < n_out; o++)
        for (int64_t r = 0; r < n; r++)
            columns[r][o] = coefficient * u[o * rank + r_begin + r];
    for (int64_t k = 0; k < n_in; k++) {
        float sum[ZG_KERNELS_MAX_NR] = {0};
        for (int64_t r = 0; r < n; r++) {
            const float factor = v[k * rank + r_begin + r];
            for (int64_t o = 0; o < nr; o++)
                sum[o] += columns[r][o] * factor;
        }
        for (int64_t o = 0; o < nr; o++)
            strip[k * nr + o] += sum[o];
    }
}

void zg_fused_add_lowrank(struct zg_provider_state *state, struct zg_panel *panel, int64_t group,
                          float coefficient, const float *u, const float *v, int64_t rank)
{
    const int64_t n_in = panel->shape.n_in, n_out = panel->shape.n_out, nr = panel->kernels->nr;
    if (!panel->packed) {
#pragma omp parallel for num_threads((int)state->n_threads) schedule(static)
        for (int64_t o = 0; o < n_out; o++) {
            float *row = panel->rows + (group * n_out + o) * n_in;
            for (int64_t k = 0; k < n_in; k++) {
                float sum = 0.0f;
                for (int64_t r = 0; r < rank; r++)
                    sum += u[o * rank + r] * v[k * rank + r];
                row[k] += coefficient * sum;
            }
        }
        return;
    }
    const int64_t first = group * panel->strips_per_group;
#pragma omp parallel for num_threads((int)state->n_threads) schedule(static)
    for (int64_t s = first; s < first + panel->strips_per_group; s++) {
        const struct zg_strip at = zg_panel_strip(panel, s);
        for (int64_t r = 0; r < rank; r += RANKS)
            add_to_strip(panel->strips + s * panel->strip_size, n_in, nr, at.n_out, coefficient,
                         u + at.row * rank, v, rank, r, zg_min64(RANKS, rank - r));
    }
}

void zg_fused_read(struct zg_provider_state *state, const struct zg_panel *panel, int64_t group,
                   int64_t row_begin, int64_t n_rows, float *dst, int64_t ld)
{
    const int64_t n_in = panel->shape.n_in, nr = panel->kernels->nr;
#pragma omp parallel for num_threads((int)state->n_threads) schedule(static)
    for (int64_t i = 0; i < n_rows; i++) {
        const int64_t o = row_begin + i;
        if (!panel->packed) {
            memcpy(dst + i * ld, panel->rows + (group * panel->shape.n_out + o) * n_in,
                   (size_t)n_in * sizeof(float));
            continue;
        }
        const float *strip =
            panel->strips + (group * panel->strips_per_group + o / nr) * panel->strip_size;
        for (int64_t k = 0; k < n_in; k++)
            dst[i * ld + k] = strip[k * nr + o % nr];
    }
}

size_t zg_fused_panel_bytes(const struct zg_panel *panel)
{
    return sizeof *panel + (size_t)panel->n_bytes;
}
