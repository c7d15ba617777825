/*
 * fused.h - what the files of the fused provider share: its state, its panels, and how work is
 * shared out.
 *
 *     pack.c       layout of a panel: building, reading, adapter columns, low-rank updates
 *     gemm.c       y = W x on a panel: threads, cache blocks, tiles
 *     head.c       y = W x on a row-major W
 *     kernels.h    what happens inside a tile
 */
#ifndef ZG_FUSED_FUSED_H
#define ZG_FUSED_FUSED_H

#include "engines/base/size.h"
#include "engines/fused/kernels.h"
#include "engines/runtime/provider.h"

/* Most k that one pass over a strip covers.  A strip's share of a pass (nr * 1024 floats, 128 KiB
 * on AVX-512, 64 KiB on AVX2) and the x rows that it meets (x_bytes) stay in L2 together; longer
 * rows take several passes that add up in y. */
#define ZG_K_BLOCK 1024

struct zg_provider_state {
    const struct zg_kernels *kernels;
    int64_t n_threads;
    int64_t max_rows;
    int64_t max_extra;
    bool packed;
    int64_t x_bytes; /* of x that all strips of a thread meet before the next rows come */
    /* [n_threads][scratch_size]: with `packed` off, the strip that a thread works on. */
    float *scratch;
    int64_t scratch_size;
};

struct zg_panel {
    const struct zg_kernels *kernels;
    struct zg_panel_shape shape;
    int64_t n_extra, max_extra;
    int64_t strips_per_group; /* ceil(n_out / nr); strip s belongs to group s / strips_per_group */
    int64_t n_strips;
    int64_t strip_size; /* floats: (n_in + max_extra) * nr */
    bool packed;
    float *strips; /* packed:     [n_strips][n_in + max_extra][nr] */
    float *rows;   /* not packed: [n_groups * n_out][n_in] */
    float *extra;  /* not packed: [n_groups * n_out][max_extra] */
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

/* pack.c */
enum zg_status zg_fused_pack(struct zg_provider_state *state, struct zg_panel **out,
                             const struct zg_panel_shape *shape, const struct zg_model *model,
                             const int32_t *tensors, struct zg_error *err);
void zg_fused_unpack(struct zg_panel **panel);
void zg_fused_set_extra(struct zg_provider_state *state, struct zg_panel *panel, const float *extra,
                        int64_t n_extra);
void zg_fused_add_lowrank(struct zg_provider_state *state, struct zg_panel *panel, int64_t group,
                          float coefficient, const float *u, const float *v, int64_t rank);
void zg_fused_read(struct zg_provider_state *state, const struct zg_panel *panel, int64_t group,
                   int64_t row_begin, int64_t n_rows, float *dst, int64_t ld);
size_t zg_fused_panel_bytes(const struct zg_panel *panel);
/* Not packed: k_begin .. k_end - 1 of strip s, and its extras if k_end is n_in, to `strip` in the
 * packed layout. */
void zg_fused_pack_strip(const struct zg_panel *panel, int64_t s, int64_t k_begin, int64_t k_end,
                         float *strip);

/* gemm.c, head.c */
void zg_fused_gemm(struct zg_provider_state *state, const struct zg_gemm *g);
void zg_fused_gemm_rowmajor(struct zg_provider_state *state, const float *w, int64_t ldw,
                            int64_t n_out, int64_t n_in, const float *x, int64_t ldx,
                            int64_t n_rows, float *y, int64_t ldy);

/* The provider on the best kernels of ZOGAP_ISA; engine.c and the tests use it. */
extern const struct zg_provider zg_provider_fused;

/* zg_provider_fused.open on a given variant, so that tests reach every one of them. */
enum zg_status zg_fused_open_on(struct zg_provider_state **out,
                                const struct zg_provider_options *options,
                                const struct zg_kernels *kernels, struct zg_error *err);

#endif
