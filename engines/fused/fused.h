/*
 * fused.h - what the files of the fused provider share: its state, its panels, and how work is
 * shared out.
 *
 *     pack.c       building a panel, in every dtype
 *     panel.c      what happens to a panel later: reading, adapter columns, low-rank updates
 *     gemm.c       y = W x on a panel: threads, cache blocks, tiles
 *     head.c       y = W x on a row-major W
 *     kernels.h    what happens inside a tile; words and strips
 */
#ifndef ZG_FUSED_FUSED_H
#define ZG_FUSED_FUSED_H

#include "engines/base/size.h"
#include "engines/fused/claim.h"
#include "engines/fused/kernels.h"
#include "engines/runtime/provider.h"

/* Most words of k that one pass over a strip covers.  A strip's share of a pass (nr * 1024 words,
 * 128 KiB on AVX-512, 64 KiB on AVX2) and the x rows that it meets (x_bytes) stay in L2 together;
 * longer rows take several passes that add up in y. */
#define ZG_K_BLOCK 1024

struct zg_provider_state {
    const struct zg_kernels *kernels[ZG_N_DTYPES]; /* NULL where fused has none */
    const struct zg_narrow *narrow;
    int64_t n_threads;
    int64_t max_rows;
    int64_t max_in; /* of panels below fp32 */
    int64_t max_extra;
    bool packed;
    int64_t x_bytes;         /* of x that all strips of a thread meet before the next rows come */
    struct zg_queue *queues; /* [n_threads]: what is left of each thread's share of a call */
    /* [n_threads][scratch_size]: with `packed` off, the strip that a thread works on. */
    uint32_t *scratch;
    int64_t scratch_size;
    /* Below fp32, the rows of x of the call that is on: */
    uint32_t *x;    /* [max_rows, and what a tile reads beyond][words of a row] */
    float *x_scale; /* [max_rows] */
    float *x_row;   /* [n_threads][2][x_row_size]: a row less its kept columns, and its words */
    int64_t x_row_size;
    float *x_extra;       /* [max_rows][x_extra_size]: kept columns and extras, for each group */
    int64_t x_extra_size; /* 0 until a panel keeps columns */
};

struct zg_panel {
    const struct zg_kernels *kernels;
    struct zg_panel_shape shape;
    int64_t n_extra, max_extra;
    int64_t n_words; /* of a row of W; kernels.h */
    int64_t k_size;  /* words of a k block, but of the last */
    int64_t n_k_blocks;
    int64_t strips_per_group; /* ceil(n_out / nr); strip s belongs to group s / strips_per_group */
    int64_t n_strips;
    int64_t strip_size; /* words: (n_words + n_kept + max_extra) * nr */
    bool packed;
    uint32_t *strips; /* packed:     [n_strips][n_words + n_kept + max_extra][nr] */
    uint32_t *rows;   /* not packed: [n_groups * n_out][n_words] */
    float *extra;     /* not packed: [n_groups * n_out][n_kept + max_extra] */
    float *scale;     /* int8: [n_strips * nr] */
    int32_t *sum;     /* int8: [n_k_blocks][n_strips * nr], 128 times the sum of the block's W */
    int64_t n_kept;   /* int8: columns that stay bf16, and come first among the extras */
    int32_t kept[ZG_MAX_KEPT];
    int64_t n_bytes;
};

/* Where a strip's outputs lie. */
struct zg_strip {
    int64_t group;
    int64_t row;   /* in the group's matrix */
    int64_t n_out; /* <= nr; the rest of the strip is zero */
};
static inline struct zg_strip zg_panel_strip(const struct zg_panel *panel, int64_t s)
{
    const int64_t group = s / panel->strips_per_group;
    const int64_t row = s % panel->strips_per_group * panel->kernels->nr;
    return (struct zg_strip){group, row, zg_min64(panel->kernels->nr, panel->shape.n_out - row)};
}

/* Part `index` of 0 .. n - 1 cut into n_parts that differ by one at most is begin(index) ..
 * begin(index + 1) - 1. */
static inline int64_t zg_share_begin(int64_t n, int64_t index, int64_t n_parts)
{
    return n * index / n_parts;
}

/* Words from a rounded row of x to the next.  An odd number of cache lines, for a tile reads its
 * rows in step: 4 KiB apart (2048 numbers of bf16) all of them would meet in one set of L1. */
static inline int64_t zg_fused_x_ld(const struct zg_kernels *kernels, int64_t n_words)
{
    const int64_t n_lines = zg_ceil_div(n_words * kernels->x_words, 16);
    return 16 * (kernels->x_rows == 1 ? n_lines | 1 : n_lines);
}

/* pack.c */
enum zg_status zg_fused_pack(struct zg_provider_state *state, struct zg_panel **out,
                             const struct zg_panel_shape *shape, const struct zg_model *model,
                             const int32_t *tensors, struct zg_error *err);
/* Adapter columns are to be set again afterwards. */
enum zg_status zg_fused_keep_columns(struct zg_provider_state *state, struct zg_panel *panel,
                                     const struct zg_model *model, const int32_t *tensors,
                                     const int32_t *columns, int64_t n, struct zg_error *err);
void zg_fused_unpack(struct zg_panel **panel);
/* Columns begin .. end - 1 of src [n][ld] to rows 0 .. of dst [..][nr], from its column `column`
 * on. */
void zg_fused_transpose(const void *src, int64_t ld, int64_t n, int64_t begin, int64_t end,
                        void *dst, int64_t nr, int64_t column);
/* Not packed: words k_begin .. k_end - 1 of strip s, and its extras if k_end is n_words, to `strip`
 * in the packed layout. */
void zg_fused_pack_strip(const struct zg_panel *panel, int64_t s, int64_t k_begin, int64_t k_end,
                         uint32_t *strip);

/* panel.c */
void zg_fused_set_extra(struct zg_provider_state *state, struct zg_panel *panel, const float *extra,
                        int64_t n_extra, int64_t n_same);
void zg_fused_add_lowrank(struct zg_provider_state *state, struct zg_panel *panel, int64_t group,
                          float coefficient, const float *u, const float *v, int64_t rank);
void zg_fused_read(struct zg_provider_state *state, const struct zg_panel *panel, int64_t group,
                   int64_t row_begin, int64_t n_rows, float *dst, int64_t ld);
size_t zg_fused_panel_bytes(const struct zg_panel *panel);

/* gemm.c, head.c */
void zg_fused_gemm(struct zg_provider_state *state, const struct zg_gemm *g);
void zg_fused_gemm_rowmajor(struct zg_provider_state *state, const float *w, int64_t ldw,
                            int64_t n_out, int64_t n_in, const float *x, int64_t ldx,
                            int64_t n_rows, float *y, int64_t ldy);

#endif
