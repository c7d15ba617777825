/*
 * kernels_template.h - the kernels of kernels.h for one vector width.
 *
 * Parameters: VEC_BYTES (16, 32 or 64) and TABLE, the name of the table to define.  The including
 * file is compiled with the flags of its ISA and with contraction on, so a * b + c is one FMA where
 * there is one.  Vectors are simd.h's: the width is certain, and the tile's sums stay in
 * registers.
 */
#include "engines/base/convert.h"
#include "engines/base/simd.h"
#include "engines/base/size.h"
#include "engines/model.h"
#include "engines/naive/kernels.h"

enum {
    TILE_ROWS = 4,
    TILE_VECS = ZG_NAIVE_STRIPE / LANES > 4 ? 4 : ZG_NAIVE_STRIPE / LANES,
    TILE = TILE_VECS * LANES, /* divides ZG_NAIVE_STRIPE */
};

/* ---- weights --------------------------------------------------------------------------- */

static void add_lowrank(float *w, int64_t n, float keep, const float *u, const float *vt,
                        int64_t ldv, int64_t rank)
{
    int64_t j = 0;
    for (; j + 4 * LANES <= n; j += 4 * LANES) {
        vec x[4];
        for (int i = 0; i < 4; i++)
            x[i] = vec_load(w + j + i * LANES) * keep;
        for (int64_t k = 0; k < rank; k++)
            for (int i = 0; i < 4; i++)
                x[i] += vec_load(vt + k * ldv + j + i * LANES) * u[k];
        for (int i = 0; i < 4; i++)
            vec_store(w + j + i * LANES, x[i]);
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
        vec_store(w + j, vec_load(w + j) * keep + vec_load(z + j) * c);
    for (; j < n; j++)
        w[j] = w[j] * keep + z[j] * c;
}

static void widen(const uint16_t *x, int64_t n, float *y)
{
    typedef uint16_t half __attribute__((vector_size(VEC_BYTES / 2)));
    int64_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        half v;
        memcpy(&v, x + j, sizeof v);
        vec_store(y + j, (vec)(__builtin_convertvector(v, uvec) << 16));
    }
    for (; j < n; j++)
        y[j] = zg_float_of_bf16(x[j]);
}

/* ---- rows ------------------------------------------------------------------------------ */

static void norm(float *x, const float *bias, const float *gain, const float *shift, float *y,
                 int64_t n)
{
    int64_t j = 0;
    vec sums = {0};
    float sum = 0, square = 0;
    for (; j + LANES <= n; j += LANES) {
        vec v = vec_load(x + j);
        if (bias) {
            v += vec_load(bias + j);
            vec_store(x + j, v);
        }
        sums += v;
    }
    for (; j < n; j++) {
        x[j] += bias ? bias[j] : 0;
        sum += x[j];
    }
    const float mean = (sum + vec_sum(sums)) / (float)n;
    vec squares = {0};
    for (j = 0; j + LANES <= n; j += LANES) {
        const vec v = vec_load(x + j) - mean;
        squares += v * v;
    }
    for (; j < n; j++)
        square += (x[j] - mean) * (x[j] - mean);
    const float scale = 1.0f / sqrtf((square + vec_sum(squares)) / (float)n + ZG_LAYER_NORM_EPS);
    for (j = 0; j + LANES <= n; j += LANES)
        vec_store(y + j,
                  (vec_load(x + j) - mean) * scale * vec_load(gain + j) + vec_load(shift + j));
    for (; j < n; j++)
        y[j] = (x[j] - mean) * scale * gain[j] + shift[j];
}

static void bias_relu(float *x, const float *bias, int64_t n)
{
    int64_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        const vec v = vec_load(x + j) + vec_load(bias + j);
        vec_store(x + j, vec_select(v < vec_splat(0), vec_splat(0), v));
    }
    for (; j < n; j++) {
        const float v = x[j] + bias[j];
        x[j] = v < 0 ? 0 : v;
    }
}

static float row_max(const float *x, int64_t n)
{
    vec m = vec_splat(-INFINITY);
    int64_t j = 0;
    for (; j + LANES <= n; j += LANES)
        m = vec_max(vec_load(x + j), m);
    float largest = vec_max_lane(m);
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
        vec sums[4] = {{0}};
        for (; j + 4 * LANES <= end; j += 4 * LANES)
            for (int i = 0; i < 4; i++)
                sums[i] += vec_exp(vec_load(x + j + i * LANES) - largest);
        total += (double)vec_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
        for (; j < end; j++)
            total += (double)vec_exp(vec_splat(x[j] - largest))[0];
    }
    return (double)largest + log(total);
}

/* ---- the tile, attention, GEMM --------------------------------------------------------- */

/* acc [4][TILE] = a [4][k] b [k][TILE]: rows of a by pointer, rows of b ldb apart */
static inline __attribute__((always_inline)) void tile(int64_t k, const float *const a[TILE_ROWS],
                                                       const float *b, int64_t ldb,
                                                       vec acc[TILE_ROWS][TILE_VECS])
{
    vec sum[TILE_ROWS][TILE_VECS] = {{{0}}};
    for (int64_t i = 0; i < k; i++, b += ldb)
#pragma GCC unroll 4
        for (int v = 0; v < TILE_VECS; v++) {
            const vec column = vec_load(b + v * LANES);
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
    vec sums = {0};
    for (int64_t j = n; j < n_row; j++)
        p[j] = -INFINITY; /* flushed to 1e-38 by vec_exp, then cleared */
    for (int64_t j = 0; j < n_row; j += LANES) {
        const vec e = vec_exp(vec_load(p + j) - largest);
        vec_store(p + j, e);
        sums += e; /* the flushed ones are below the last place of a sum >= 1 */
    }
    const float scale = 1.0f / vec_sum(sums);
    for (int64_t j = 0; j < n_row; j += LANES)
        vec_store(p + j, vec_load(p + j) * scale);
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
    vec acc[TILE_ROWS][TILE_VECS];
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

/* Columns j .. j + n - 1 of a stripe, k rows from `begin` on, as fp32; the rest of the tile 0. */
static void stripe_turn(const struct zg_naive_stripe *s, int64_t j, int64_t n, int64_t begin,
                        int64_t k, float bt[][TILE])
{
    for (int64_t i = 0; i < k; i++)
        for (int64_t o = 0; o < TILE; o++) {
            const int64_t at = (j + o) * s->ldb + begin + i;
            bt[i][o] = o >= n   ? 0
                       : s->low ? zg_float_of_bf16(((const uint16_t *)s->b)[at])
                                : ((const float *)s->b)[at];
        }
}

/* b's stripe is transposed in blocks of K that stay in the first- and second-level caches. */
static void stripe(const struct zg_naive_stripe *s)
{
    enum { BLOCK = 256 };
    float bt[BLOCK][TILE] __attribute__((aligned(64)));
    float wide[TILE_ROWS][BLOCK];
    vec acc[TILE_ROWS][TILE_VECS];
    for (int64_t j = 0; j < s->n_columns; j += TILE) {
        const int64_t n = zg_min64(TILE, s->n_columns - j);
        for (int64_t begin = 0; begin < s->k; begin += BLOCK) {
            const int64_t k = zg_min64(BLOCK, s->k - begin);
            const int add = begin > 0 || s->accumulate;
            stripe_turn(s, j, n, begin, k, bt);
            for (int64_t t = 0; t < s->m; t += TILE_ROWS) {
                const float *a[TILE_ROWS];
                for (int r = 0; r < TILE_ROWS; r++) {
                    /* past the end: the last row again, not stored */
                    const int64_t at = zg_min64(t + r, s->m - 1) * s->lda + begin;
                    a[r] = s->low ? wide[r] : (const float *)s->a + at;
                    if (s->low)
                        widen((const uint16_t *)s->a + at, k, wide[r]);
                }
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
    .widen = widen,
    .norm = norm,
    .bias_relu = bias_relu,
    .attention = attention,
    .log_sum_exp = log_sum_exp,
    .stripe = stripe,
};
