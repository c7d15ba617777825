/*
 * test_kernels_centred.c - every variant of the kernels that take a pair of rows as mean and half
 * difference, against plain double-precision loops on m + d and m - d, at sizes around the vector
 * widths.
 *
 * Half differences are a thousandth of the means, as probes make them, and are held to their own
 * size: a kernel that formed m + d in fp32 and re-centred would fail.
 */
#include "engines/base/philox.h"
#include "engines/model.h"
#include "engines/runtime/kernels.h"
#include "tests/support/cunit_run.h"

#include <math.h>
#include <string.h>

static const double u = 1.0 / (1 << 24);
static const double ratio = 1e-3; /* of d to m */
static const int64_t sizes[] = {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 100, 257};
enum { N_SIZES = sizeof sizes / sizeof sizes[0], MOST = 257 };

static void fill(float *x, int64_t n, int32_t stream, double size)
{
    zg_philox_normal(13, stream, ZG_STREAM_DATA, 0, n, x);
    for (int64_t i = 0; i < n; i++)
        x[i] *= (float)size;
}

#define FOR_EACH_VARIANT(k)                                                                        \
    int64_t index_ = 0;                                                                            \
    for (const struct zg_runtime_kernels *k; (k = zg_runtime_kernels_at(index_)) != NULL; index_++)

/* One sign's norm in double. */
static void norm(const float *m, const float *d, double sign, const float *gain, const float *bias,
                 int64_t n, double *y, double *inverse)
{
    double mean = 0.0, var = 0.0;
    for (int64_t c = 0; c < n; c++)
        mean += ((double)m[c] + sign * (double)d[c]) / (double)n;
    for (int64_t c = 0; c < n; c++)
        var += pow((double)m[c] + sign * (double)d[c] - mean, 2) / (double)n;
    *inverse = 1.0 / sqrt(var + (double)ZG_LAYER_NORM_EPS);
    for (int64_t c = 0; c < n; c++)
        y[c] = ((double)m[c] + sign * (double)d[c] - mean) * *inverse * (double)gain[c] +
               (double)bias[c];
}

/* Bounds.  Mean and spread of n terms err by at most n u of the largest, 4; a few roundings more.
 * For n = 1 the row minus its mean is rounding alone, over sqrt(eps).
 * In the half difference every term has one factor of d's size, so the same bound holds for d's
 * size in the place of m's; but a worst case of 257 terms is as loose as what it must exclude, one
 * rounding of m.  So there the rms over the row is held: each element sees some ten roundings of at
 * most d's size, and one sum's random walk of sqrt(257 / 8) < 6. */
static void test_layer_norm(void)
{
    float m[MOST], d[MOST], gain[MOST], bias[MOST], ym[MOST + 1], yd[MOST + 1];
    fill(m, MOST, 1, 1.0);
    fill(d, MOST, 2, ratio);
    fill(gain, MOST, 3, 1.0);
    fill(bias, MOST, 4, 1.0);
    FOR_EACH_VARIANT(k)
    for (int i = 0; i < N_SIZES; i++) {
        const int64_t n = sizes[i];
        double plus[MOST], minus[MOST], inverse, other;
        norm(m, d, 1.0, gain, bias, n, plus, &inverse);
        norm(m, d, -1.0, gain, bias, n, minus, &other);
        inverse = fmax(inverse, other);
        double squares = 0.0;
        ym[n] = yd[n] = 42.0f;
        k->layer_norm_centred(m, d, gain, bias, n, ym, yd);
        for (int64_t c = 0; c < n; c++) {
            const double bound =
                u * ((double)(n + 8) * 4.0 * inverse * fabs((double)gain[c]) * 2.0 + 8.0);
            CU_ASSERT(fabs((double)ym[c] - 0.5 * (plus[c] + minus[c])) <= bound);
            squares += pow((double)yd[c] - 0.5 * (plus[c] - minus[c]), 2) / (double)n;
        }
        if (n > 1)
            CU_ASSERT(sqrt(squares) <= 16.0 * u * ratio * fmax(inverse, 1.0));
        CU_ASSERT(ym[n] == 42.0f && yd[n] == 42.0f);

        k->layer_norm_apart(m, d, gain, bias, n, ym, yd);
        for (int64_t c = 0; c < n; c++) {
            const double bound =
                u * ((double)(n + 8) * 4.0 * inverse * fabs((double)gain[c]) * 2.0 + 8.0);
            CU_ASSERT(fabs((double)ym[c] - plus[c]) <= bound);
            CU_ASSERT(fabs((double)yd[c] - minus[c]) <= bound);
        }
        CU_ASSERT(ym[n] == 42.0f && yd[n] == 42.0f);
    }
}

/* Each sign with its own gain and bias, that differ by 2e and 2f.  Half differences are held to
 * their own size as above: q g, p e and f are each of d's. */
static void test_layer_norm_moved(void)
{
    float m[MOST], d[MOST], gain[MOST], bias[MOST], e[MOST], f[MOST], ym[MOST + 1], yd[MOST + 1];
    fill(m, MOST, 1, 1.0);
    fill(d, MOST, 2, ratio);
    fill(gain, MOST, 3, 1.0);
    fill(bias, MOST, 4, 1.0);
    fill(e, MOST, 5, ratio);
    fill(f, MOST, 6, ratio);
    const struct zg_centred_affine affine = {gain, bias, e, f};
    FOR_EACH_VARIANT(k)
    for (int i = 0; i < N_SIZES; i++) {
        const int64_t n = sizes[i];
        double normed[2][MOST], inverse, other, squares = 0.0, bounds[MOST];
        float one[MOST], none[MOST] = {0};
        for (int64_t c = 0; c < n; c++)
            one[c] = 1.0f;
        norm(m, d, 1.0, one, none, n, normed[0], &inverse);
        norm(m, d, -1.0, one, none, n, normed[1], &other);
        inverse = fmax(inverse, other);
        ym[n] = yd[n] = 42.0f;
        k->layer_norm_moved(m, d, &affine, n, ym, yd);
        for (int64_t c = 0; c < n; c++) {
            const double g = (double)gain[c], b = (double)bias[c], ge = (double)e[c],
                         bf = (double)f[c];
            const double plus = normed[0][c] * (g + ge) + b + bf,
                         minus = normed[1][c] * (g - ge) + b - bf;
            const double bound =
                u * ((double)(n + 8) * 4.0 * inverse * (fabs(g) + ratio) * 2.0 + 8.0);
            CU_ASSERT(fabs((double)ym[c] - 0.5 * (plus + minus)) <= bound);
            squares += pow((double)yd[c] - 0.5 * (plus - minus), 2) / (double)n;
            bounds[c] = bound;
        }
        if (n > 1)
            CU_ASSERT(sqrt(squares) <= 24.0 * u * ratio * fmax(inverse, 1.0));
        CU_ASSERT(ym[n] == 42.0f && yd[n] == 42.0f);
        k->layer_norm_moved_apart(m, d, &affine, n, ym, yd);
        for (int64_t c = 0; c < n; c++) {
            const double g = (double)gain[c], b = (double)bias[c], ge = (double)e[c],
                         bf = (double)f[c];
            CU_ASSERT(fabs((double)ym[c] - (normed[0][c] * (g + ge) + b + bf)) <= bounds[c]);
            CU_ASSERT(fabs((double)yd[c] - (normed[1][c] * (g - ge) + b - bf)) <= bounds[c]);
        }
        CU_ASSERT(ym[n] == 42.0f && yd[n] == 42.0f);
    }
}

/* Rows of which one sign is constant, where rounding may push a sum of squares below 0. */
static void test_layer_norm_of_constants(void)
{
    float m[MOST], d[MOST], gain[MOST], bias[MOST], ym[MOST], yd[MOST];
    fill(m, MOST, 1, 1e4);
    for (int i = 0; i < MOST; i++) {
        d[i] = -m[i]; /* m + d is 0 everywhere */
        gain[i] = 1.0f;
        bias[i] = 0.0f;
    }
    FOR_EACH_VARIANT(k)
    for (int i = 0; i < N_SIZES; i++) {
        k->layer_norm_apart(m, d, gain, bias, sizes[i], ym, yd);
        for (int64_t c = 0; c < sizes[i]; c++)
            CU_ASSERT(isfinite(ym[c]) && isfinite(yd[c]));
    }
}

static void test_relu(void)
{
    float m[MOST], d[MOST], ym[MOST + 1], yd[MOST + 1];
    fill(m, MOST, 1, 1.0);
    fill(d, MOST, 2, 1.0); /* of m's size: all four cases come up */
    m[0] = NAN;
    d[1] = NAN;
    m[2] = d[2] = 0.0f;
    d[3] = fabsf(m[3]);
    FOR_EACH_VARIANT(k)
    for (int i = 0; i < N_SIZES; i++) {
        const int64_t n = sizes[i];
        memcpy(ym, m, sizeof m);
        memcpy(yd, d, sizeof d);
        ym[n] = yd[n] = 42.0f;
        k->relu_centred(ym, yd, n);
        for (int64_t c = 0; c < n; c++) {
            if (c < 2) {
                CU_ASSERT(isnan(ym[c]) && isnan(yd[c]));
                continue;
            }
            const double plus = fmax(0.0, (double)m[c] + (double)d[c]);
            const double minus = fmax(0.0, (double)m[c] - (double)d[c]);
            /* One rounding, of a sum; exact where both signs pass. */
            const double bound = plus > 0.0 && minus > 0.0 ? 0.0 : u * (plus + minus);
            CU_ASSERT(fabs((double)ym[c] - 0.5 * (plus + minus)) <= bound);
            CU_ASSERT(fabs((double)yd[c] - 0.5 * (plus - minus)) <= bound);
        }
        CU_ASSERT(ym[n] == 42.0f && yd[n] == 42.0f);
    }
}

enum { ROWS = 11, LD = MOST + 6, LDT = ROWS + 3 };

/* One operation, one rounding: equal to the plain loop in fp32, whose sum may be fused with an
 * exact product by +-1. */
static void test_signs(void)
{
    static float m[ROWS * LD], d[ROWS * LD], y[ROWS * LD], yt[LD * LDT];
    fill(m, ROWS * LD, 1, 1.0);
    fill(d, ROWS * LD, 2, 1.0);
    FOR_EACH_VARIANT(k)
    for (int i = 0; i < N_SIZES; i++)
        for (int64_t n_rows = 1; n_rows <= ROWS; n_rows++)
            for (int sign = -1; sign <= 1; sign++) { /* 0: no d at all */
                const struct zg_signed_rows x = {.m = m,
                                                 .d = sign ? d : NULL,
                                                 .ld = LD,
                                                 .sign = (float)sign,
                                                 .n_rows = n_rows,
                                                 .n = sizes[i],
                                                 .ahead = n_rows % 2 ? LD - sizes[i] : 0};
                for (int c = 0; c < ROWS * LD; c++)
                    y[c] = 42.0f;
                for (int c = 0; c < LD * LDT; c++)
                    yt[c] = 42.0f;
                k->combine(&x, y, LD);
                k->transpose(&x, yt, LDT);
                bool equal = true, untouched = true;
                for (int64_t row = 0; row < ROWS; row++)
                    for (int64_t c = 0; c < LD; c++) {
                        const bool inside = row < n_rows && c < sizes[i];
                        const float right =
                            inside ? m[row * LD + c] + (float)sign * d[row * LD + c] : 42.0f;
                        equal &=
                            !inside || (y[row * LD + c] == right && yt[c * LDT + row] == right);
                        untouched &=
                            inside || (y[row * LD + c] == 42.0f && yt[c * LDT + row] == 42.0f);
                    }
                CU_ASSERT(equal);
                CU_ASSERT(untouched);
            }
}

static void test_recentre(void)
{
    static float plus[ROWS * LD], minus[ROWS * LD], m[ROWS * LD], d[ROWS * LD];
    fill(plus, ROWS * LD, 1, 1.0);
    fill(minus, ROWS * LD, 2, 1.0);
    FOR_EACH_VARIANT(k)
    for (int i = 0; i < N_SIZES; i++) {
        const struct zg_centred_rows y = {m, d, LD, ROWS, sizes[i]};
        for (int c = 0; c < ROWS * LD; c++)
            m[c] = d[c] = 42.0f;
        k->recentre(&y, plus, minus, LD);
        bool equal = true;
        for (int c = 0; c < ROWS * LD; c++) {
            const bool inside = c % LD < sizes[i];
            equal &= m[c] == (inside ? 0.5f * (plus[c] + minus[c]) : 42.0f);
            equal &= d[c] == (inside ? 0.5f * (plus[c] - minus[c]) : 42.0f);
        }
        CU_ASSERT(equal);
    }
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"layer norm", test_layer_norm},
        {"layer norm, a gain and a bias of each sign", test_layer_norm_moved},
        {"layer norm of a constant sign", test_layer_norm_of_constants},
        {"ReLU", test_relu},
        {"both signs of a block, plain and transposed", test_signs},
        {"mean and half difference of a block", test_recentre},
        {NULL, NULL},
    };
    return zg_test_run("engines/runtime/kernels_centred", tests);
}
