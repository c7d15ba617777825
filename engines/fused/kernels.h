/*
 * kernels.h - the contract of fused's kernels, and the table of their variants.
 *
 * Two operations, both y = W x on a tile of a few rows; everything around a tile (threads, cache
 * blocks, layout) is gemm.c, head.c and pack.c, plain C that knows nothing of vectors.
 *
 * gemm_paired
 * -----------
 *     y[i][o] = relu( sum_k w[k][o] x[i][k] + sum_e w_extra[e][o] x_extra[i][e]
 *                     + bias[o] + base[i][o] )
 *
 * with i < n_rows <= mr and o < n_out <= nr; bias (in rows i < n_bias_rows), base and relu are each
 * optional.  "Paired": both signs of every probe are rows of the same x and meet the weights in
 * this one pass; their adapters are the extras, fp32 in every dtype of w.
 *
 * w and x consist of 4-byte *words*: one fp32 k, two bf16 k, or four int8 k, the first in the
 * lowest bytes, those past the last k zero.  W lies in strips of nr outputs, word by word, the
 * adapter columns of those outputs behind it:
 *
 *     strip 0: outputs 0 .. nr-1                 strip 1: outputs nr .. 2 nr - 1
 *
 *              <--------- nr --------->          starts where strip 0 ends
 *     word 0   w[0][0]  ...  w[nr-1][0]
 *     word 1   w[0][1]  ...  w[nr-1][1]
 *     ...
 *     n_words-1
 *     extra 0  e[0][0]  ...  e[nr-1][0]          room for n_kept + max_extra of them, the first
 *     extra 1  e[0][1]  ...  e[nr-1][1]          n_kept + n_extra are in use
 *
 * so that a kernel walks one stream, and only x changes its place.  A strip never straddles two
 * groups (q, k, v): outputs past a group's last are zero columns, and are not stored.
 *
 * fp32 kernels take x as it is.  The others take rows that their narrow_row() made, in the form
 * that their multiply wants: x_words words of it meet one of w, padding included.  Where a variant
 * reads x_rows rows together, these lie together, 16 words of each after the other (zg_x_at()).
 *
 * A thread calls begin() before its first tile and end() after its last, where a variant has them:
 * in between the processor is set up for its tiles, and nobody else's code may run in that thread.
 *
 *   int8       the sum over k is exact in int32 (and may wrap on the way), then
 *              ((float)(sum - w_sum[o]) * (x_scale[i] * w_scale[o])), each rounded once.  w_sum is
 *              128 times the sum of w over this tile's k where the variant's rows hold x + 128, and
 *              not read elsewhere.
 *   alignment  w is 64-byte, w_extra 32-byte aligned, nr a multiple of 8.  x, y, bias, base: any
 *              float alignment.
 *   aliasing   base may be y (same address, same ld).  Nothing else overlaps y.
 *   tails      every n_rows in 1..mr, n_out in 1..nr, n_k >= 1 and n_extra >= 0 is served, and
 *              nothing outside of those bounds is written.  Reads: w, w_scale and w_sum in full
 *              width (they are padded); x up to a multiple of x_rows rows, whatever these hold;
 *              bias and base only inside bounds.
 *   rounding   fp32 and bf16: products are summed in k order in one fp32 accumulator per output
 *              (with FMA where the ISA has it); tiles add up even and odd k apart.  Then the extras
 *              are added product by product, then bias and base, each rounded once, so a large
 *              residual costs the sum no digits.
 *   prefetch   every fourth word the kernel asks for n_prefetch more cache lines from `prefetch`
 *              on, into L2.  They are the strip that comes next; any address will do, because a
 *              prefetch cannot fault.  And for one more row of next_y, to write to, into L1;
 *              tiles ask for the rows of their own y, for they take long enough.
 *
 * gemm_rowmajor
 * -------------
 *     y[i][o] = sum_k w[o][k] x[i][k]        i < n_rows <= dot_rows, o < n_out <= dot_outs
 *
 * with w row-major, [n_out][ldw].  For weights that are read too rarely to be worth reordering
 * (the head, which lies row-major because it is also the token embedding).  Both operands are
 * read along k, so accumulators are vectors of partial sums, added up at the end. Alignment:
 * none.  Tails: as above; reads and writes stay inside bounds.  Prefetch: as above, every
 * sixteenth k.
 */
#ifndef ZG_FUSED_KERNELS_H
#define ZG_FUSED_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/base/narrow.h"
#include "engines/model.h"

struct zg_gemm_tile {
    const void *w;        /* [n_k][nr] words, 64-byte aligned */
    const void *x;        /* zg_x_at(): n_rows rows, ldx words apart, of n_k * x_words */
    int64_t ldx;          /* words */
    int64_t n_k;          /* words of w */
    const float *w_extra; /* [n_extra][nr] */
    const float *x_extra; /* [n_rows][ld_extra], n_extra columns */
    int64_t ld_extra;
    int64_t n_extra;
    const float *x_scale; /* int8: [n_rows] */
    const float *w_scale; /* int8: [nr] */
    const int32_t *w_sum; /* int8: [nr] */
    const float *bias;    /* [n_out] or NULL */
    int64_t n_bias_rows;  /* rows i < n_bias_rows get it; any number will do */
    const float *base;    /* [n_rows][ld_base], n_out columns, or NULL */
    int64_t ld_base;
    bool relu;
    float *y; /* [n_rows][ldy], n_out columns */
    int64_t ldy;
    int64_t n_rows;
    int64_t n_out;
    const char *prefetch;
    int64_t n_prefetch;  /* cache lines every fourth word */
    const float *next_y; /* [n_next_rows][ldy]: the y of the tile that comes next */
    int64_t n_next_rows; /* any number will do */
};

struct zg_dot_tile {
    const float *w; /* [n_out][ldw] */
    int64_t ldw;
    const float *x; /* [n_rows][ldx] */
    int64_t ldx;
    int64_t n_k;
    float *y; /* [n_rows][ldy] */
    int64_t ldy;
    int64_t n_rows;
    int64_t n_out;
    const char *prefetch;
    int64_t n_prefetch; /* cache lines every sixteenth k */
};

/* A row of n numbers as n_words words of w, or the words of x that meet them; numbers past n are
 * zero.  Returns the scale, 1 in bf16. */
typedef float zg_narrow_row(const struct zg_narrow *narrow, const float *x, int64_t n, void *row,
                            int64_t n_words);

/* One variant: both operations in one dtype of the weights on one ISA. */
struct zg_kernels {
    const char *name;
    enum zg_dtype dtype; /* of w */
    enum zg_isa isa;     /* what it needs */
    int64_t mr, nr;      /* largest gemm_paired tile; nr is also the strip's width */
    int64_t dot_rows, dot_outs;
    void (*gemm_paired)(const struct zg_gemm_tile *t);
    void (*gemm_rowmajor)(const struct zg_dot_tile *t); /* fp32 */
    int64_t x_words;                                    /* words of x for one of w */
    zg_narrow_row *narrow_row;                          /* NULL in fp32 */
    int64_t x_rows;                                     /* rows of x that are read together */
    void (*begin)(void), (*end)(void);                  /* NULL: nothing to set up */
};

#define ZG_KERNELS_MAX_NR 64

/* Where word k of row i of x lies; ldx is a multiple of 16 where x_rows is not 1. */
static inline int64_t zg_x_at(int64_t x_rows, int64_t ldx, int64_t i, int64_t k)
{
    return i / x_rows * x_rows * ldx + k / 16 * 16 * x_rows + i % x_rows * 16 + k % 16;
}

/* k of a word. */
static inline int64_t zg_word_size(enum zg_dtype dtype)
{
    return dtype == ZG_INT8 ? 4 : dtype == ZG_BF16 ? 2 : 1;
}

/* The index-th variant of this build in ascending ISA order, NULL past the end.  The first is the
 * reference. */
const struct zg_kernels *zg_kernels_at(int64_t index);

/* The last variant of the dtype that `isa` can run, but for one in bf16 that is slower on this
 * processor than its predecessor (zg_cpu_bf16_products_pay()); NULL where there is none. */
const struct zg_kernels *zg_kernels_choose(enum zg_dtype dtype, enum zg_isa isa);

/* narrow_rows.c.  Rows of w, and of x where the multiply takes them as they are: */
zg_narrow_row zg_narrow_row_bf16, zg_narrow_row_int8;
/* Rows of x: bf16 widened to fp32; int8 in two's complement plus 128, as unsigned bytes; int8
 * widened to int16, of each four first 0 and 2, then 1 and 3. */
zg_narrow_row zg_narrow_row_bf16_wide, zg_narrow_row_int8_offset, zg_narrow_row_int8_wide;

void zg_gemm_paired_fp32_ref(const struct zg_gemm_tile *t);
void zg_gemm_rowmajor_fp32_ref(const struct zg_dot_tile *t);
void zg_gemm_paired_fp32_portable(const struct zg_gemm_tile *t);
void zg_gemm_rowmajor_fp32_portable(const struct zg_dot_tile *t);
void zg_gemm_paired_fp32_avx2(const struct zg_gemm_tile *t);
void zg_gemm_rowmajor_fp32_avx2(const struct zg_dot_tile *t);
void zg_gemm_paired_fp32_avx512(const struct zg_gemm_tile *t);
void zg_gemm_rowmajor_fp32_avx512(const struct zg_dot_tile *t);
void zg_gemm_paired_bf16_ref(const struct zg_gemm_tile *t);
void zg_gemm_paired_bf16_portable(const struct zg_gemm_tile *t);
void zg_gemm_paired_bf16_avx2(const struct zg_gemm_tile *t);
void zg_gemm_paired_bf16_avx512(const struct zg_gemm_tile *t);
void zg_gemm_paired_bf16_avx512bf16(const struct zg_gemm_tile *t);
void zg_gemm_paired_int8_ref(const struct zg_gemm_tile *t);
void zg_gemm_paired_int8_portable(const struct zg_gemm_tile *t);
void zg_gemm_paired_int8_avx2(const struct zg_gemm_tile *t);
void zg_gemm_paired_int8_avx512(const struct zg_gemm_tile *t);
void zg_gemm_paired_int8_avx512bf16(const struct zg_gemm_tile *t);
void zg_gemm_paired_bf16_amx(const struct zg_gemm_tile *t);
void zg_gemm_paired_int8_amx(const struct zg_gemm_tile *t);
void zg_amx_begin(void), zg_amx_end(void);
#define ZG_AMX_ROWS     128 /* mr of both */
#define ZG_AMX_TOGETHER 32  /* x_rows */

#endif
