/*
 * kernels_template.h - the kernels of kernels.h for one vector width.
 *
 * Parameters: VEC_BYTES (16, 32 or 64) and TABLE, the name of the table to define.  The including
 * file is compiled with the flags of its ISA and with contraction on, so a * b + c is one FMA where
 * there is one.  Vectors are GCC's and clang's vector extension: the width is certain, and the
 * tile's sums stay in registers.
 */
#include "engines/base/size.h"
#include "engines/model.h"
#include "engines/naive/kernels.h"

#include <math.h>
#include <string.h>

typedef float vf __attribute__((vector_size(VEC_BYTES)));
typedef int32_t vi __attribute__((vector_size(VEC_BYTES)));
typedef uint32_t vu __attribute__((vector_size(VEC_BYTES)));

enum {
    LANES = VEC_BYTES / 4,
    TILE_ROWS = 4,
    TILE_VECS = ZG_NAIVE_STRIPE / LANES > 4 ? 4 : ZG_NAIVE_STRIPE / LANES,
    TILE = TILE_VECS * LANES, /* divides ZG_NAIVE_STRIPE */
};

static inline vf load(const float *p)
{
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline void store(float *p, vf v)
{
    memcpy(p, &v, sizeof v);
}
static inline vf splat(float x)
{
    return x - (vf){0};
}
/* mask lanes are 0 or all ones, as comparisons give them */
static inline vf choose(vi mask, vf yes, vf no)
{
    return (vf)(((vi)yes & mask) | ((vi)no & ~mask));
}
static inline vf max_vf(vf a, vf b)
{
    return choose(a > b, a, b);
}

static inline float sum_lanes(vf v)
{
    float s = 0;
    for (int i = 0; i < LANES; i++)
        s += v[i];
    return s;
}
static inline float max_lanes(vf v)
{
    float m = v[0];
    for (int i = 1; i < LANES; i++)
        m = v[i] > m ? v[i] : m;
    return m;
}

/* exp(x) for x <= 0: 2^k times a polynomial on [-ln2/2, ln2/2] (Taylor to x^6: remainder below
 * 1.2e-7), flushed to about 1e-38 below -87.  NaN in, NaN out: the scaling is a product, not an
 * addition to the exponent. */
static inline vf exp_vf(vf x)
{
    const vf magic =
        splat(12582912.0f); /* 1.5 * 2^23: adding it rounds to an integer in the low bits */
    x = choose(x < splat(-87.0f), splat(-87.0f), x);
    const vf shifted = x * 1.44269504f + magic;
    const vf k = shifted - magic;
    const vf r = (x - k * 0.693359375f) - k * -2.12194440e-4f;
    vf p = splat(1.0f / 720);
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    return p * (vf)(((vu)shifted << 23) + 0x3f800000u);
}

/* ---- weights --------------------------------------------------------------------------- */

static void add_lowrank(float *w, int64_t n, float keep, const float *u, const float *vt,
                        int64_t ldv, int64_t rank)
{
    int64_t j = 0;
    for (; j + 4 * LANES <= n; j += 4 * LANES) {
        vf x[4];
        for (int i = 0; i < 4; i++)
            x[i] = load(w + j + i * LANES) * keep;
        for (int64_t k = 0; k < rank; k++)
            for (int i = 0; i < 4; i++)
                x[i] += load(vt + k * ldv + j + i * LANES) * u[k];
        for (int i = 0; i < 4; i++)
            store(w + j + i * LANES, x[i]);
    }
    for (; j < n; j++) {
        float x = w[j] * keep;
        for (int64_t k = 0; k < rank; k++)
            x += u[k] * vt[k * ldv + j];
        w[j] = x;
    }
}

static void add_scaled(float *w, int64_t n, float keep, float c, const float *z)
{
    int64_t j = 0;
    for (; j + LANES <= n; j += LANES)
        store(w + j, load(w + j) * keep + load(z + j) * c);
    for (; j < n; j++)
        w[j] = w[j] * keep + z[j] * c;
}

/* ---- rows ------------------------------------------------------------------------------ */

static void norm(float *x, const float *bias, const float *gain, const float *shift, float *y,
                 int64_t n)
{
    int64_t j = 0;
    vf sums = {0};
    float sum = 0, square = 0;
    for (; j + LANES <= n; j += LANES) {
        vf v = load(x + j);
        if (bias) {
            v += load(bias + j);
            store(x + j, v);
        }
        sums += v;
    }
    for (; j < n; j++) {
        x[j] += bias ? bias[j] : 0;
        sum += x[j];
    }
    const float mean = (sum + sum_lanes(sums)) / (float)n;
    vf squares = {0};
    for (j = 0; j + LANES <= n; j += LANES) {
        const vf v = load(x + j) - mean;
        squares += v * v;
    }
    for (; j < n; j++)
        square += (x[j] - mean) * (x[j] - mean);
    const float scale = 1.0f / sqrtf((square + sum_lanes(squares)) / (float)n + ZG_LAYER_NORM_EPS);
    for (j = 0; j + LANES <= n; j += LANES)
        store(y + j, (load(x + j) - mean) * scale * load(gain + j) + load(shift + j));
    for (; j < n; j++)
        y[j] = (x[j] - mean) * scale * gain[j] + shift[j];
}

static void bias_relu(float *x, const float *bias, int64_t n)
{
    int64_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        const vf v = load(x + j) + load(bias + j);
        store(x + j, choose(v < splat(0), splat(0), v));
    }
    for (; j < n; j++) {
        const float v = x[j] + bias[j];
        x[j] = v < 0 ? 0 : v;
    }
}

static float row_max(const float *x, int64_t n)
{
    vf m = splat(-INFINITY);
    int64_t j = 0;
    for (; j + LANES <= n; j += LANES)
        m = max_vf(load(x + j), m);
    float largest = max_lanes(m);
    for (; j < n; j++)
        largest = x[j] > largest ? x[j] : largest;
    return largest;
}

/* The float sums are cut every 4096 terms and go on in double: 50,272 terms in float would cost the
 * digits that the difference of two losses needs. */
static double log_sum_exp(const float *x, int64_t n)
{
    enum { BLOCK = 4096 };
    const float largest = row_max(x, n);
    double total = 0;
    for (int64_t begin = 0; begin < n; begin += BLOCK) {
        const int64_t end = zg_min64(begin + BLOCK, n);
        int64_t j = begin;
        vf sums[4] = {{0}};
        for (; j + 4 * LANES <= end; j += 4 * LANES)
            for (int i = 0; i < 4; i++)
                sums[i] += exp_vf(load(x + j + i * LANES) - largest);
        total += (double)sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
        for (; j < end; j++)
            total += (double)exp_vf(splat(x[j] - largest))[0];
    }
    return (double)largest + log(total);
}

/* ---- the tile, attention, GEMM --------------------------------------------------------- */

/* acc [4][TILE] = a [4][k] b [k][TILE]: rows of a by pointer, rows of b ldb apart */
static inline __attribute__((always_inline)) void tile(int64_t k, const float *const a[TILE_ROWS],
                                                       const float *b, int64_t ldb,
                                                       vf acc[TILE_ROWS][TILE_VECS])
{
    vf sum[TILE_ROWS][TILE_VECS] = {{{0}}};
    for (int64_t i = 0; i < k; i++, b += ldb)
#pragma GCC unroll 4
        for (int v = 0; v < TILE_VECS; v++) {
            const vf column = load(b + v * LANES);
#pragma GCC unroll 4
            for (int r = 0; r < TILE_ROWS; r++)
                sum[r][v] += column * a[r][i];
        }
    memcpy(acc, sum, sizeof sum);
}

/* p [n_row] = softmax of its first n elements, the rest 0 */
static void softmax_row(float *p, int64_t n, int64_t n_row)
{
    const float largest = row_max(p, n);
    vf sums = {0};
    for (int64_t j = n; j < n_row; j++)
        p[j] = -INFINITY; /* flushed to 1e-38 by exp_vf, then cleared */
    for (int64_t j = 0; j < n_row; j += LANES) {
        const vf e = exp_vf(load(p + j) - largest);
        store(p + j, e);
        sums += e; /* the flushed ones are below the last place of a sum >= 1 */
    }
    const float scale = 1.0f / sum_lanes(sums);
    for (int64_t j = 0; j < n_row; j += LANES)
        store(p + j, load(p + j) * scale);
    memset(p + n, 0, (size_t)(n_row - n) * sizeof *p);
}

struct head_scratch {
    float *q;  /* [n up to 4][head_dim], bias added and scaled */
    float *kt; /* [head_dim][n_wide] */
    float *v;  /* [n_wide][dim_wide] */
    float *p;  /* [4][n_wide] */
    int64_t n_wide, dim_wide;
};

static struct head_scratch head_pack(const struct zg_naive_head *h)
{
    const int64_t n_wide = zg_round_up(h->n, ZG_NAIVE_STRIPE);
    const int64_t dim_wide = zg_round_up(h->head_dim, ZG_NAIVE_STRIPE);
    struct head_scratch s = {.q = h->scratch, .n_wide = n_wide, .dim_wide = dim_wide};
    s.kt = s.q + n_wide * h->head_dim;
    s.v = s.kt + n_wide * h->head_dim;
    s.p = s.v + n_wide * dim_wide;
    memset(s.q + h->n * h->head_dim, 0, (size_t)((n_wide - h->n) * h->head_dim) * sizeof *s.q);
    for (int64_t t = 0; t < h->n; t++) {
        const float *q = h->q + t * h->ld, *v = h->v + t * h->ld;
        for (int64_t i = 0; i < h->head_dim; i++)
            s.q[t * h->head_dim + i] = (q[i] + h->q_bias[i]) * h->q_scale;
        for (int64_t i = 0; i < h->head_dim; i++)
            s.v[t * dim_wide + i] = v[i] + h->v_bias[i];
        for (int64_t i = h->head_dim; i < dim_wide; i++)
            s.v[t * dim_wide + i] = 0;
    }
    for (int64_t i = 0; i < h->head_dim; i++) {
        for (int64_t t = 0; t < h->n; t++)
            s.kt[i * n_wide + t] = h->k[t * h->ld + i] + h->k_bias[i];
        for (int64_t t = h->n; t < n_wide; t++)
            s.kt[i * n_wide + t] = 0;
    }
    return s;
}

/* Four queries at a time; only the keys up to the last of the four are touched. */
static void attention(const struct zg_naive_head *h)
{
    const struct head_scratch s = head_pack(h);
    vf acc[TILE_ROWS][TILE_VECS];
    for (int64_t t = 0; t < h->n; t += TILE_ROWS) {
        const int64_t n_keys = zg_min64(t + TILE_ROWS, h->n), n_row = zg_round_up(n_keys, TILE);
        const float *q[TILE_ROWS], *p[TILE_ROWS];
        for (int r = 0; r < TILE_ROWS; r++) {
            q[r] = s.q + (t + r) * h->head_dim;
            p[r] = s.p + r * s.n_wide;
        }
        for (int64_t j = 0; j < n_row; j += TILE) {
            tile(h->head_dim, q, s.kt + j, s.n_wide, acc);
            for (int r = 0; r < TILE_ROWS; r++)
                memcpy(s.p + r * s.n_wide + j, acc[r], sizeof acc[r]);
        }
        for (int64_t r = 0; r < n_keys - t; r++)
            softmax_row(s.p + r * s.n_wide, t + r + 1, n_row);
        for (int64_t i = 0; i < h->head_dim; i += TILE) {
            const int64_t n = zg_min64(TILE, h->head_dim - i);
            tile(n_keys, p, s.v + i, s.dim_wide, acc);
            for (int64_t r = 0; r < n_keys - t; r++)
                memcpy(h->out + (t + r) * h->ld_out + i, acc[r], (size_t)n * sizeof(float));
        }
    }
}

/* b's stripe is transposed in blocks of K that stay in the first- and second-level caches. */
static void stripe(const struct zg_naive_stripe *s)
{
    enum { BLOCK = 256 };
    float bt[BLOCK][TILE] __attribute__((aligned(64)));
    vf acc[TILE_ROWS][TILE_VECS];
    for (int64_t j = 0; j < s->n_columns; j += TILE) {
        const int64_t n = zg_min64(TILE, s->n_columns - j);
        for (int64_t begin = 0; begin < s->k; begin += BLOCK) {
            const int64_t k = zg_min64(BLOCK, s->k - begin);
            const int add = begin > 0 || s->accumulate;
            for (int64_t i = 0; i < k; i++)
                for (int64_t o = 0; o < TILE; o++)
                    bt[i][o] = o < n ? s->b[(j + o) * s->ldb + begin + i] : 0;
            for (int64_t t = 0; t < s->m; t += TILE_ROWS) {
                const float *a[TILE_ROWS];
                for (int r = 0; r < TILE_ROWS;
                     r++) /* past the end: the last row again, not stored */
                    a[r] = s->a + zg_min64(t + r, s->m - 1) * s->lda + begin;
                tile(k, a, bt[0], TILE, acc);
                for (int64_t r = 0; r < zg_min64(TILE_ROWS, s->m - t); r++) {
                    float sum[TILE], *c = s->c + (t + r) * s->ldc + j;
                    memcpy(sum, acc[r], sizeof sum);
                    for (int64_t o = 0; o < n; o++)
                        c[o] = add ? c[o] + sum[o] : sum[o];
                }
            }
        }
    }
}

const struct zg_naive_kernels TABLE = {
    .add_lowrank = add_lowrank,
    .add_scaled = add_scaled,
    .norm = norm,
    .bias_relu = bias_relu,
    .attention = attention,
    .log_sum_exp = log_sum_exp,
    .stripe = stripe,
};
