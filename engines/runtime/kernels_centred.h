/*
 * kernels_centred.h - the row kernels of kernels.h that take a pair of rows as mean m and half
 * difference d, included once by each ISA file after simd.h.
 *
 * The rows meant are m + d and m - d.  Where mathematics allows, the sum is not formed: it would
 * round d, which is a thousandth of m, to m's last place.
 */
#include "engines/model.h"

/* What layer_norm_centred() needs of its rows. */
struct moments {
    float mean_m, mean_d;
    double inverse_plus, inverse_minus; /* 1 / standard deviation of m + d, of m - d */
};

static inline double inverse_deviation(double sum_of_squares, int64_t n)
{
    /* Rounding may leave a constant row a sum just below 0. */
    const double variance = sum_of_squares < 0.0 ? 0.0 : sum_of_squares / (double)n;
    return 1.0 / sqrt(variance + (double)ZG_LAYER_NORM_EPS);
}

static inline struct moments row_moments(const float *m, const float *d, int64_t n)
{
    const int64_t whole = n - n % LANES;
    /* Two chains of each sum: the next vector need not wait for the last addition. */
    vec m0 = {0}, m1 = {0}, d0 = {0}, d1 = {0};
    int64_t i = 0;
    for (; i + 2 * LANES <= n; i += 2 * LANES) {
        m0 += vec_load(m + i);
        m1 += vec_load(m + i + LANES);
        d0 += vec_load(d + i);
        d1 += vec_load(d + i + LANES);
    }
    if (i < whole) {
        m0 += vec_load(m + i);
        d0 += vec_load(d + i);
    }
    double total_m = (double)vec_sum(m0 + m1), total_d = (double)vec_sum(d0 + d1);
    for (i = whole; i < n; i++) {
        total_m += (double)m[i];
        total_d += (double)d[i];
    }
    const float mean_m = (float)(total_m / (double)n), mean_d = (float)(total_d / (double)n);

    vec mm = {0}, md = {0}, dd = {0}, mm1 = {0}, md1 = {0}, dd1 = {0};
    for (i = 0; i + 2 * LANES <= n; i += 2 * LANES) {
        const vec a = vec_load(m + i) - mean_m, a1 = vec_load(m + i + LANES) - mean_m;
        const vec b = vec_load(d + i) - mean_d, b1 = vec_load(d + i + LANES) - mean_d;
        mm += a * a;
        md += a * b;
        dd += b * b;
        mm1 += a1 * a1;
        md1 += a1 * b1;
        dd1 += b1 * b1;
    }
    if (i < whole) {
        const vec a = vec_load(m + i) - mean_m, b = vec_load(d + i) - mean_d;
        mm += a * a;
        md += a * b;
        dd += b * b;
    }
    double same = (double)vec_sum(mm + mm1) + (double)vec_sum(dd + dd1);
    double cross = 2.0 * (double)vec_sum(md + md1);
    for (i = whole; i < n; i++) {
        const double a = (double)(m[i] - mean_m), b = (double)(d[i] - mean_d);
        same += a * a + b * b;
        cross += 2.0 * a * b;
    }
    return (struct moments){mean_m, mean_d, inverse_deviation(same + cross, n),
                            inverse_deviation(same - cross, n)};
}

/* (m + d) i+ and (m - d) i- have the mean m im + d id and the half difference m id + d im, where im
 * and id are those of i+ and i-: no row is formed, so d keeps its own precision. */
static void layer_norm_centred(const float *m, const float *d, const float *gain, const float *bias,
                               int64_t n, float *ym, float *yd)
{
    const int64_t whole = n - n % LANES;
    const struct moments r = row_moments(m, d, n);
    const float im = (float)(0.5 * (r.inverse_plus + r.inverse_minus));
    const float id = (float)(0.5 * (r.inverse_plus - r.inverse_minus));
    for (int64_t i = 0; i < whole; i += LANES) {
        const vec a = vec_load(m + i) - r.mean_m, b = vec_load(d + i) - r.mean_d;
        const vec g = vec_load(gain + i);
        vec_store(ym + i, (a * im + b * id) * g + vec_load(bias + i));
        vec_store(yd + i, (a * id + b * im) * g);
    }
    for (int64_t i = whole; i < n; i++) {
        const float a = m[i] - r.mean_m, b = d[i] - r.mean_d;
        ym[i] = (a * im + b * id) * gain[i] + bias[i];
        yd[i] = (a * id + b * im) * gain[i];
    }
}

static void layer_norm_apart(const float *m, const float *d, const float *gain, const float *bias,
                             int64_t n, float *plus, float *minus)
{
    const int64_t whole = n - n % LANES;
    const struct moments r = row_moments(m, d, n);
    const float ip = (float)r.inverse_plus, in = (float)r.inverse_minus;
    for (int64_t i = 0; i < whole; i += LANES) {
        const vec a = vec_load(m + i) - r.mean_m, b = vec_load(d + i) - r.mean_d;
        const vec g = vec_load(gain + i), offset = vec_load(bias + i);
        vec_store(plus + i, (a + b) * ip * g + offset);
        vec_store(minus + i, (a - b) * in * g + offset);
    }
    for (int64_t i = whole; i < n; i++) {
        const float a = m[i] - r.mean_m, b = d[i] - r.mean_d;
        plus[i] = (a + b) * ip * gain[i] + bias[i];
        minus[i] = (a - b) * in * gain[i] + bias[i];
    }
}

/* With gains g + e, g - e and biases b + f, b - f: of the normed rows' mean p and half difference q
 * come the mean p g + q e + b and the half difference q g + p e + f. */
static void layer_norm_moved(const float *m, const float *d, const struct zg_centred_affine *affine,
                             int64_t n, float *ym, float *yd)
{
    const struct zg_centred_affine x = *affine;
    const int64_t whole = n - n % LANES;
    const struct moments r = row_moments(m, d, n);
    const float im = (float)(0.5 * (r.inverse_plus + r.inverse_minus));
    const float id = (float)(0.5 * (r.inverse_plus - r.inverse_minus));
    for (int64_t i = 0; i < whole; i += LANES) {
        const vec a = vec_load(m + i) - r.mean_m, b = vec_load(d + i) - r.mean_d;
        const vec p = a * im + b * id, q = a * id + b * im;
        const vec g = vec_load(x.gain + i), e = vec_load(x.dgain + i);
        vec_store(ym + i, p * g + (q * e + vec_load(x.bias + i)));
        vec_store(yd + i, q * g + (p * e + vec_load(x.dbias + i)));
    }
    for (int64_t i = whole; i < n; i++) {
        const float a = m[i] - r.mean_m, b = d[i] - r.mean_d;
        const float p = a * im + b * id, q = a * id + b * im;
        ym[i] = p * x.gain[i] + (q * x.dgain[i] + x.bias[i]);
        yd[i] = q * x.gain[i] + (p * x.dgain[i] + x.dbias[i]);
    }
}

static void layer_norm_moved_apart(const float *m, const float *d,
                                   const struct zg_centred_affine *affine, int64_t n, float *plus,
                                   float *minus)
{
    const struct zg_centred_affine x = *affine;
    const int64_t whole = n - n % LANES;
    const struct moments r = row_moments(m, d, n);
    const float ip = (float)r.inverse_plus, in = (float)r.inverse_minus;
    for (int64_t i = 0; i < whole; i += LANES) {
        const vec a = vec_load(m + i) - r.mean_m, b = vec_load(d + i) - r.mean_d;
        const vec g = vec_load(x.gain + i), e = vec_load(x.dgain + i);
        const vec offset = vec_load(x.bias + i), f = vec_load(x.dbias + i);
        vec_store(plus + i, (a + b) * ip * (g + e) + (offset + f));
        vec_store(minus + i, (a - b) * in * (g - e) + (offset - f));
    }
    for (int64_t i = whole; i < n; i++) {
        const float a = m[i] - r.mean_m, b = d[i] - r.mean_d;
        plus[i] = (a + b) * ip * (x.gain[i] + x.dgain[i]) + (x.bias[i] + x.dbias[i]);
        minus[i] = (a - b) * in * (x.gain[i] - x.dgain[i]) + (x.bias[i] - x.dbias[i]);
    }
}

/* Where |d| < m both signs pass, and m and d stay as they are.  Else at most one does, as
 * max(0, m + |d|): half of it is the mean, and the half difference with d's sign.  A NaN is not
 * below anything and stays. */
static void relu_centred(float *m, float *d, int64_t n)
{
    const int64_t whole = n - n % LANES;
    const ivec sign_bit = (ivec){0} + INT32_MIN;
    for (int64_t i = 0; i < whole; i += LANES) {
        const vec a = vec_load(m + i), b = vec_load(d + i);
        const vec size = (vec)((ivec)b & ~sign_bit);
        vec half = (a + size) * 0.5f;
        half = vec_select(half < 0.0f, vec_splat(0.0f), half);
        const ivec both = a > size;
        vec_store(m + i, vec_select(both, a, half));
        vec_store(d + i, vec_select(both, b, (vec)((ivec)half | ((ivec)b & sign_bit))));
    }
    for (int64_t i = whole; i < n; i++) {
        const float size = fabsf(d[i]);
        float half = (m[i] + size) * 0.5f;
        half = half < 0.0f ? 0.0f : half;
        if (!(m[i] > size)) {
            m[i] = half;
            d[i] = copysignf(half, d[i]);
        }
    }
}

/* ---- both signs of a block, for attention ---------------------------------------------------- */

/* The heads of a block come up one after the other, each a few cache lines of rows that lie
 * kilobytes apart, which no hardware prefetcher follows. */
static inline void fetch_ahead(const struct zg_signed_rows *x, int64_t row)
{
    const int64_t line = 64 / (int64_t)sizeof(float), begin = row * x->ld + x->n;
    for (int64_t c = begin; c < begin + x->ahead; c += line) {
        __builtin_prefetch(x->m + c);
        if (x->d)
            __builtin_prefetch(x->d + c);
    }
}

/* Descriptors are copied where they come in: the compiler cannot know that no store changes
 * them. */
static void combine(const struct zg_signed_rows *rows, float *y, int64_t ldy)
{
    const struct zg_signed_rows x = *rows;
    const int64_t whole = x.n - x.n % LANES;
    for (int64_t row = 0; row < x.n_rows; row++, y += ldy) {
        const float *m = x.m + row * x.ld;
        fetch_ahead(&x, row);
        if (!x.d) {
            memcpy(y, m, (size_t)x.n * sizeof *y);
            continue;
        }
        const float *d = x.d + row * x.ld;
        for (int64_t i = 0; i < whole; i += LANES)
            vec_store(y + i, vec_load(m + i) + x.sign * vec_load(d + i));
        for (int64_t i = whole; i < x.n; i++)
            y[i] = m[i] + x.sign * d[i];
    }
}

/* Four floats, whatever the ISA: a transpose by quarters needs no shuffle across 16 bytes. */
typedef float quad __attribute__((vector_size(16)));
typedef int32_t iquad __attribute__((vector_size(16)));

static inline __attribute__((always_inline)) quad quad_load(const struct zg_signed_rows *x,
                                                            int64_t row, int64_t column)
{
    quad m, d;
    memcpy(&m, x->m + row * x->ld + column, sizeof m);
    if (!x->d)
        return m;
    memcpy(&d, x->d + row * x->ld + column, sizeof d);
    return m + x->sign * d;
}

#ifdef __clang__
#define QUAD_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define QUAD_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (iquad){__VA_ARGS__})
#endif

static inline __attribute__((always_inline)) void
transpose_four(const struct zg_signed_rows *x, int64_t row, float *yt, int64_t ldt)
{
    for (int64_t c = 0; c + 4 <= x->n; c += 4) {
        const quad r0 = quad_load(x, row, c), r1 = quad_load(x, row + 1, c);
        const quad r2 = quad_load(x, row + 2, c), r3 = quad_load(x, row + 3, c);
        const quad low01 = QUAD_SHUFFLE(r0, r1, 0, 4, 1, 5);
        const quad high01 = QUAD_SHUFFLE(r0, r1, 2, 6, 3, 7);
        const quad low23 = QUAD_SHUFFLE(r2, r3, 0, 4, 1, 5);
        const quad high23 = QUAD_SHUFFLE(r2, r3, 2, 6, 3, 7);
        const quad columns[] = {
            QUAD_SHUFFLE(low01, low23, 0, 1, 4, 5), QUAD_SHUFFLE(low01, low23, 2, 3, 6, 7),
            QUAD_SHUFFLE(high01, high23, 0, 1, 4, 5), QUAD_SHUFFLE(high01, high23, 2, 3, 6, 7)};
        for (int i = 0; i < 4; i++)
            memcpy(yt + (c + i) * ldt + row, &columns[i], sizeof columns[i]);
    }
}

static inline __attribute__((always_inline)) void transpose_some(const struct zg_signed_rows *x,
                                                                 int64_t row, int64_t n_rows,
                                                                 int64_t begin, float *yt,
                                                                 int64_t ldt)
{
    for (int64_t r = row; r < row + n_rows; r++) {
        const float *m = x->m + r * x->ld, *d = x->d ? x->d + r * x->ld : NULL;
        for (int64_t c = begin; c < x->n; c++)
            yt[c * ldt + r] = d ? m[c] + x->sign * d[c] : m[c];
    }
}

static void transpose(const struct zg_signed_rows *rows, float *yt, int64_t ldt)
{
    const struct zg_signed_rows x = *rows;
    for (int64_t row = 0; row < x.n_rows; row++)
        fetch_ahead(&x, row);
    if (x.n_rows < 4) {
        transpose_some(&x, 0, x.n_rows, 0, yt, ldt);
        return;
    }
    for (int64_t row = 0; row < x.n_rows; row += 4) {
        /* The last four rows may have been done in part: the same numbers again. */
        const int64_t first = row + 4 <= x.n_rows ? row : x.n_rows - 4;
        transpose_four(&x, first, yt, ldt);
        transpose_some(&x, first, 4, x.n - x.n % 4, yt, ldt);
    }
}

static void recentre(const struct zg_centred_rows *rows, const float *plus, const float *minus,
                     int64_t ld)
{
    const struct zg_centred_rows y = *rows;
    const int64_t n = y.n, whole = n - n % LANES;
    for (int64_t row = 0; row < y.n_rows; row++) {
        const float *p = plus + row * ld, *q = minus + row * ld;
        float *m = y.m + row * y.ld, *d = y.d + row * y.ld;
        for (int64_t i = 0; i < whole; i += LANES) {
            const vec a = vec_load(p + i), b = vec_load(q + i);
            vec_store(m + i, (a + b) * 0.5f);
            vec_store(d + i, (a - b) * 0.5f);
        }
        for (int64_t i = whole; i < n; i++) {
            m[i] = (p[i] + q[i]) * 0.5f;
            d[i] = (p[i] - q[i]) * 0.5f;
        }
    }
}
