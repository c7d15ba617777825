/*
 * pack.c - panels: weights rounded to their dtype, in the strips of kernels.h, or row-major where
 * the mechanism `packed` is off.
 *
 * A panel is written by the threads that will multiply with it, strip by strip, straight out of
 * the model: a thread holds READ_ROWS rows and never more.  A row is rounded to words first; from
 * there on all dtypes are alike.  Multiplying is gemm.c.
 */
#include <assert.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/arena.h"
#include "engines/fused/fused.h"
#include "engines/runtime/kept.h"

enum { READ_ROWS = 8 }; /* read at once: a store of 8 words fills half a cache line of the strip */

void zg_fused_transpose(const void *src, int64_t ld, int64_t n, int64_t begin, int64_t end,
                        void *dst, int64_t nr, int64_t column)
{
    const char *from = src;
    char *to = dst;
    for (int64_t k = begin; k < end; k++)
        for (int64_t j = 0; j < n; j++)
            memcpy(to + 4 * ((k - begin) * nr + column + j), from + 4 * (j * ld + k), 4);
}

/* Zero columns n .. nr - 1 of dst [n_k][nr]: outputs that do not exist. */
static void zero_columns(uint32_t *dst, int64_t n_k, int64_t nr, int64_t n)
{
    for (int64_t k = 0; k < n_k && n < nr; k++)
        memset(dst + k * nr + n, 0, (size_t)(nr - n) * sizeof *dst);
}

/* What a thread packs with. */
struct packing {
    struct zg_panel *panel;
    const struct zg_narrow *narrow;
    const struct zg_model *model;
    const int32_t *tensors;
    float *rows;     /* [READ_ROWS][n_in], of the model */
    uint32_t *words; /* [READ_ROWS][n_words] */
    float *kept;     /* [READ_ROWS][n_kept] */
};

static int64_t packing_size(const struct zg_panel *panel)
{
    return zg_round_up(READ_ROWS * (panel->shape.n_in + panel->n_words + panel->n_kept), 16);
}

static struct packing packing_at(const struct packing *common, float *buffer, int64_t thread)
{
    const struct zg_panel *panel = common->panel;
    struct packing p = *common;
    p.rows = buffer + thread * packing_size(panel);
    p.kept = p.rows + READ_ROWS * panel->shape.n_in;
    p.words = (uint32_t *)(void *)(p.kept + READ_ROWS * panel->n_kept);
    return p;
}

/* One row of int8: the kept columns leave it, and the kernels want to know its scale and sums. */
static void narrow_int8(const struct packing *p, float *row, uint32_t *words, float *kept,
                        int64_t output)
{
    struct zg_panel *panel = p->panel;
    zg_kept_round(p->narrow, row, panel->kept, panel->n_kept, kept);
    zg_kept_remove(row, panel->kept, panel->n_kept);
    panel->scale[output] =
        zg_narrow_row_int8(p->narrow, row, panel->shape.n_in, words, panel->n_words);
    const int8_t *q = (const int8_t *)words;
    for (int64_t b = 0; b < panel->n_k_blocks; b++) {
        int32_t sum = 0;
        const int64_t end = zg_min64(4 * panel->n_words, 4 * (b + 1) * panel->k_size);
        for (int64_t k = 4 * b * panel->k_size; k < end; k++)
            sum += q[k];
        panel->sum[b * panel->n_strips * panel->kernels->nr + output] = 128 * sum;
    }
}

/* The n rows read, as words [n][n_words]; `output` is the first one's place in scale and sum. */
static const void *narrow_rows(const struct packing *p, int64_t n, int64_t output)
{
    const struct zg_panel *panel = p->panel;
    const int64_t n_in = panel->shape.n_in;
    if (panel->shape.dtype == ZG_FP32)
        return p->rows;
    for (int64_t j = 0; j < n; j++) {
        uint32_t *words = p->words + j * panel->n_words;
        if (panel->shape.dtype == ZG_BF16)
            zg_narrow_row_bf16(p->narrow, p->rows + j * n_in, n_in, words, panel->n_words);
        else
            narrow_int8(p, p->rows + j * n_in, words, p->kept + j * panel->n_kept, output + j);
    }
    return p->words;
}

static void pack_strips(const struct packing *p, int64_t thread, int64_t n_threads)
{
    const struct zg_panel *panel = p->panel;
    const int64_t nr = panel->kernels->nr, n_words = panel->n_words, n_kept = panel->n_kept;
    const int64_t n_extra = n_kept + panel->max_extra;
    const int64_t end = zg_share_begin(panel->n_strips, thread + 1, n_threads);
    for (int64_t s = zg_share_begin(panel->n_strips, thread, n_threads); s < end; s++) {
        const struct zg_strip at = zg_panel_strip(panel, s);
        const int64_t first = at.group * panel->shape.n_out + at.row;
        uint32_t *strip = panel->packed ? panel->strips + s * panel->strip_size : NULL;
        if (strip)
            memset(strip + n_words * nr, 0, (size_t)(n_extra * nr) * sizeof *strip);
        else
            memset(panel->extra + first * n_extra, 0,
                   (size_t)(at.n_out * n_extra) * sizeof *panel->extra);
        for (int64_t j = 0; j < at.n_out; j += READ_ROWS) {
            const int64_t n = zg_min64(READ_ROWS, at.n_out - j);
            zg_model_read(p->model, p->tensors[at.group], at.row + j, n, p->rows,
                          panel->shape.n_in);
            const void *words = narrow_rows(p, n, s * nr + j);
            if (strip) {
                zg_fused_transpose(words, n_words, n, 0, n_words, strip, nr, j);
                zg_fused_transpose(p->kept, n_kept, n, 0, n_kept, strip + n_words * nr, nr, j);
                continue;
            }
            memcpy(panel->rows + (first + j) * n_words, words,
                   (size_t)(n * n_words) * sizeof *panel->rows);
            for (int64_t i = 0; i < n; i++)
                memcpy(panel->extra + (first + j + i) * n_extra, p->kept + i * n_kept,
                       (size_t)n_kept * sizeof *panel->extra);
        }
        if (strip)
            zero_columns(strip, n_words, nr, at.n_out);
    }
}

static void free_storage(struct zg_panel *panel)
{
    zg_buffer_free(panel->strips);
    zg_buffer_free(panel->rows);
    zg_buffer_free(panel->extra);
    zg_buffer_free(panel->scale);
    zg_buffer_free(panel->sum);
}

/* A buffer of n words, counted in the panel's bytes. */
static enum zg_status alloc_words(struct zg_panel *panel, void **out, int64_t n, const char *what,
                                  struct zg_error *err)
{
    panel->n_bytes += 4 * n;
    return zg_buffer_alloc(out, n, 4, what, err);
}

static enum zg_status alloc_storage(struct zg_panel *panel, struct zg_error *err)
{
    const int64_t n_outputs = panel->shape.n_groups * panel->shape.n_out;
    const int64_t n_padded = panel->n_strips * panel->kernels->nr;
    enum zg_status status;
    if (panel->packed) {
        status = alloc_words(panel, (void **)&panel->strips, panel->n_strips * panel->strip_size,
                             "packed weights", err);
    } else {
        status = alloc_words(panel, (void **)&panel->rows, n_outputs * panel->n_words,
                             "row-major weights", err);
        if (status == ZG_OK)
            status =
                alloc_words(panel, (void **)&panel->extra,
                            n_outputs * (panel->n_kept + panel->max_extra), "adapter columns", err);
    }
    if (status != ZG_OK || panel->shape.dtype != ZG_INT8)
        return status;
    status = alloc_words(panel, (void **)&panel->scale, n_padded, "scales of weights", err);
    if (status == ZG_OK)
        status = alloc_words(panel, (void **)&panel->sum, panel->n_k_blocks * n_padded,
                             "sums of weights", err);
    if (status == ZG_OK) { /* for the outputs that do not exist */
        memset(panel->scale, 0, (size_t)n_padded * sizeof *panel->scale);
        memset(panel->sum, 0, (size_t)(panel->n_k_blocks * n_padded) * sizeof *panel->sum);
    }
    return status;
}

/* Allocates a panel's storage and fills it.  On failure there is none. */
static enum zg_status fill(const struct zg_provider_state *state, struct zg_panel *panel,
                           const struct zg_model *model, const int32_t *tensors,
                           struct zg_error *err)
{
    const struct packing common = {
        .panel = panel, .narrow = state->narrow, .model = model, .tensors = tensors};
    void *buffer = NULL;
    panel->n_bytes = 0;
    panel->n_extra = 0;
    panel->strips = panel->rows = NULL;
    panel->extra = panel->scale = NULL;
    panel->sum = NULL;
    panel->strip_size =
        zg_round_up((panel->n_words + panel->n_kept + panel->max_extra) * panel->kernels->nr, 16);
    enum zg_status status = alloc_storage(panel, err);
    if (status == ZG_OK)
        status = zg_buffer_alloc(&buffer, state->n_threads * packing_size(panel), 4,
                                 "rows being packed", err);
    if (status != ZG_OK) {
        free_storage(panel);
        return status;
    }
#pragma omp parallel num_threads((int)state->n_threads)
    {
        const int64_t thread = omp_get_thread_num();
        const struct packing p = packing_at(&common, buffer, thread);
        pack_strips(&p, thread, omp_get_num_threads());
    }
    zg_buffer_free(buffer);
    return ZG_OK;
}

enum zg_status zg_fused_pack(struct zg_provider_state *state, struct zg_panel **out,
                             const struct zg_panel_shape *shape, const struct zg_model *model,
                             const int32_t *tensors, struct zg_error *err)
{
    *out = NULL;
    assert(state->kernels[shape->dtype]);
    assert(shape->dtype == ZG_FP32 || shape->n_in <= state->max_in);
    if (shape->dtype == ZG_INT8 && shape->n_in > INT32_MAX / (127 * 127))
        return zg_fail(err, ZG_USAGE, "fused: %lld products of int8 may leave 32 bits",
                       (long long)shape->n_in);
    struct zg_panel *panel = calloc(1, sizeof *panel);
    if (!panel)
        return zg_fail(err, ZG_ENV, "no memory for a panel of weights");
    panel->kernels = state->kernels[shape->dtype];
    panel->shape = *shape;
    panel->max_extra = state->max_extra;
    panel->packed = state->packed;
    panel->n_words = zg_ceil_div(shape->n_in, zg_word_size(shape->dtype));
    /* Blocks of whole cache lines of x. */
    panel->k_size =
        zg_round_up(zg_ceil_div(panel->n_words, zg_ceil_div(panel->n_words, ZG_K_BLOCK)), 16);
    panel->n_k_blocks = zg_ceil_div(panel->n_words, panel->k_size);
    panel->strips_per_group = zg_ceil_div(shape->n_out, panel->kernels->nr);
    panel->n_strips = shape->n_groups * panel->strips_per_group;
    const enum zg_status status = fill(state, panel, model, tensors, err);
    if (status == ZG_OK)
        *out = panel;
    else
        free(panel);
    return status;
}

/* Room for kept columns and extras of x in all calls to come. */
static enum zg_status grow_x_extra(struct zg_provider_state *state, const struct zg_panel *panel,
                                   int64_t n_kept, struct zg_error *err)
{
    const int64_t size = zg_round_up(panel->shape.n_groups * (n_kept + state->max_extra), 16);
    void *grown;
    if (n_kept == 0 || size <= state->x_extra_size)
        return ZG_OK;
    const enum zg_status status = zg_buffer_alloc(&grown, state->max_rows * size,
                                                  (int64_t)sizeof(float), "kept columns", err);
    if (status != ZG_OK)
        return status;
    zg_buffer_free(state->x_extra);
    state->x_extra = grown;
    state->x_extra_size = size;
    return ZG_OK;
}

enum zg_status zg_fused_keep_columns(struct zg_provider_state *state, struct zg_panel *panel,
                                     const struct zg_model *model, const int32_t *tensors,
                                     const int32_t *columns, int64_t n, struct zg_error *err)
{
    assert(panel->shape.dtype == ZG_INT8);
    assert(n >= 0 && n <= ZG_MAX_KEPT);
    struct zg_panel fresh = *panel;
    fresh.n_kept = n;
    if (n > 0)
        memcpy(fresh.kept, columns, (size_t)n * sizeof *columns);
    enum zg_status status = grow_x_extra(state, panel, n, err);
    if (status == ZG_OK)
        status = fill(state, &fresh, model, tensors, err);
    if (status != ZG_OK)
        return status;
    free_storage(panel);
    *panel = fresh;
    return ZG_OK;
}

void zg_fused_unpack(struct zg_panel **panel)
{
    if (!panel || !*panel)
        return;
    free_storage(*panel);
    free(*panel);
    *panel = NULL;
}

void zg_fused_pack_strip(const struct zg_panel *panel, int64_t s, int64_t k_begin, int64_t k_end,
                         uint32_t *strip)
{
    const int64_t nr = panel->kernels->nr, n_words = panel->n_words, n_k = k_end - k_begin;
    const struct zg_strip at = zg_panel_strip(panel, s);
    const int64_t first = at.group * panel->shape.n_out + at.row;
    for (int64_t j = 0; j < at.n_out; j += READ_ROWS)
        zg_fused_transpose(panel->rows + (first + j) * n_words, n_words,
                           zg_min64(READ_ROWS, at.n_out - j), k_begin, k_end, strip, nr, j);
    zero_columns(strip, n_k, nr, at.n_out);
    if (k_end == n_words) {
        const int64_t ld = panel->n_kept + panel->max_extra;
        const int64_t n_extra = panel->n_kept + panel->n_extra;
        zg_fused_transpose(panel->extra + first * ld, ld, at.n_out, 0, n_extra, strip + n_k * nr,
                           nr, 0);
        zero_columns(strip + n_k * nr, n_extra, nr, at.n_out);
    }
}
