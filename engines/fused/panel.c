/*
 * panel.c - what is done to a panel once pack.c has built it: adapter columns, low-rank updates,
 * reading back.
 */
#include <assert.h>
#include <string.h>

#include "engines/base/convert.h"
#include "engines/fused/fused.h"

enum { AHEAD = 8 }; /* strips */

void zg_fused_set_extra(struct zg_provider_state *state, struct zg_panel *panel, const float *extra,
                        int64_t n_extra, int64_t n_same)
{
    assert(n_same >= 0 && n_same <= n_extra && n_extra <= panel->max_extra);
    const int64_t n_out = panel->shape.n_out, nr = panel->kernels->nr;
    panel->n_extra = n_extra;
    if (!panel->packed) {
        const int64_t ld = panel->n_kept + panel->max_extra;
        for (int64_t o = 0; o < panel->shape.n_groups * n_out; o++)
            memcpy(panel->extra + o * ld + panel->n_kept, extra + o * n_extra,
                   (size_t)n_extra * sizeof(float));
        return;
    }
    const int64_t begin = (panel->n_words + panel->n_kept + n_same) * nr;
#pragma omp parallel for num_threads((int)state->n_threads) schedule(static)
    for (int64_t s = 0; s < panel->n_strips; s++) {
        const struct zg_strip at = zg_panel_strip(panel, s);
        uint32_t *columns = panel->strips + s * panel->strip_size + begin;
        /* Few lines in each strip, and far apart: their way from memory is what this costs. */
        for (int64_t word = 0; word < (n_extra - n_same) * nr; word += 64 / 4)
            __builtin_prefetch(columns + AHEAD * panel->strip_size + word, 1, 3);
        zg_fused_transpose(extra + (at.group * n_out + at.row) * n_extra, n_extra, at.n_out, n_same,
                           n_extra, columns, nr, 0);
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
    assert(panel->shape.dtype == ZG_FP32);
    if (!panel->packed) {
#pragma omp parallel for num_threads((int)state->n_threads) schedule(static)
        for (int64_t o = 0; o < n_out; o++) {
            float *row = (float *)(void *)panel->rows + (group * n_out + o) * n_in;
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
            add_to_strip((float *)(void *)panel->strips + s * panel->strip_size, n_in, nr, at.n_out,
                         coefficient, u + at.row * rank, v, rank, r, zg_min64(RANKS, rank - r));
    }
}

/* The numbers of one word as fp32. */
static void widen_word(enum zg_dtype dtype, const void *word, float scale, float out[4])
{
    uint16_t h[2];
    int8_t q[4];
    if (dtype == ZG_FP32)
        memcpy(out, word, 4);
    if (dtype == ZG_BF16) {
        memcpy(h, word, 4);
        out[0] = zg_float_of_bf16(h[0]);
        out[1] = zg_float_of_bf16(h[1]);
    }
    if (dtype == ZG_INT8) {
        memcpy(q, word, 4);
        for (int i = 0; i < 4; i++)
            out[i] = scale * (float)q[i];
    }
}

static void read_row(const struct zg_panel *panel, int64_t group, int64_t row, float *dst)
{
    const int64_t nr = panel->kernels->nr, n_words = panel->n_words;
    const int64_t per_word = zg_word_size(panel->shape.dtype);
    const int64_t s = group * panel->strips_per_group + row / nr, column = row % nr;
    const int64_t o = group * panel->shape.n_out + row;
    const uint32_t *words =
        panel->packed ? panel->strips + s * panel->strip_size + column : panel->rows + o * n_words;
    const int64_t stride = panel->packed ? nr : 1;
    const float scale = panel->scale ? panel->scale[s * nr + column] : 1.0f;
    for (int64_t k = 0; k < n_words; k++) {
        const int64_t n = zg_min64(per_word, panel->shape.n_in - k * per_word);
        float numbers[4];
        widen_word(panel->shape.dtype, words + k * stride, scale, numbers);
        memcpy(dst + k * per_word, numbers, (size_t)n * sizeof *dst);
    }
    for (int64_t c = 0; c < panel->n_kept; c++)
        memcpy(&dst[panel->kept[c]],
               panel->packed ? (const void *)(words + (n_words + c) * nr)
                             : panel->extra + o * (panel->n_kept + panel->max_extra) + c,
               sizeof *dst);
}

void zg_fused_read(struct zg_provider_state *state, const struct zg_panel *panel, int64_t group,
                   int64_t row_begin, int64_t n_rows, float *dst, int64_t ld)
{
#pragma omp parallel for num_threads((int)state->n_threads) schedule(static)
    for (int64_t i = 0; i < n_rows; i++)
        read_row(panel, group, row_begin + i, dst + i * ld);
}

size_t zg_fused_panel_bytes(const struct zg_panel *panel)
{
    return sizeof *panel + (size_t)panel->n_bytes;
}
