/*
 * shift.c - the distributions of U and W by their recurrences or their normal approximations, and
 * the order statistics of all differences or of all means of two, which are made and sorted.
 */
#include "harness/stats/shift.h"

#include <math.h>
#include <stdlib.h>

#include "engines/base/size.h"
#include "harness/stats/stats.h"

/* n m up to which the distribution is exact: the recurrence takes (n m)^2 / 2 additions. */
enum { MOST_EXACT = 10000 };

/* ---- the distribution of U ------------------------------------------------------------------- */

/* U counts the pairs whose x is the larger.  The largest of i + j values is an x with probability
 * i / (i + j), and then in j such pairs (Mann & Whitney, 1947): P_ij(u) is
 * i / (i + j) P_i-1,j(u - j) + j / (i + j) P_i,j-1(u).  All terms are positive: nothing cancels. */
static enum zg_status exact_cdf(int64_t n, int64_t m, int64_t n_u, double *cdf,
                                struct zg_error *err)
{
    int64_t n_cells;
    double *const p = zg_size_mul(m + 1, n_u, &n_cells) ? calloc((size_t)n_cells, sizeof *p) : NULL;
    if (!p)
        return zg_fail(err, ZG_ENV, "no memory for the distribution of %lld and %lld values",
                       (long long)n, (long long)m);
    for (int64_t j = 0; j <= m; j++)
        p[j * n_u] = 1; /* i = 0: U is 0 */
    for (int64_t i = 1; i <= n; i++)
        for (int64_t j = 1; j <= m; j++) { /* [j][u], of i - 1 above, of i below */
            double *const row = p + j * n_u;
            const double *const less = row - n_u;
            const double wi = (double)i / (double)(i + j), wj = (double)j / (double)(i + j);
            for (int64_t u = n_u - 1; u >= 0; u--)
                row[u] = (u >= j ? wi * row[u - j] : 0) + wj * less[u];
        }
    double sum = 0;
    for (int64_t u = 0; u < n_u; u++)
        cdf[u] = sum += p[m * n_u + u];
    free(p);
    return ZG_OK;
}

static void approximate_cdf(int64_t n, int64_t m, int64_t n_u, double *cdf)
{
    const double a = (double)n, b = (double)m;
    const double variance = a * b * (a + b + 1) / 12;
    const double excess = -1.2 * (a * a + b * b + a * b + a + b) / (a * b * (a + b + 1));
    for (int64_t u = 0; u < n_u; u++) {
        const double z = ((double)u + 0.5 - a * b / 2) / sqrt(variance);
        const double density = exp(-z * z / 2) / 2.5066282746310005;
        cdf[u] = fmax(0, 0.5 * erfc(-z / 1.4142135623730951) -
                             excess / 24 * (z * z * z - 3 * z) * density);
    }
}

enum zg_status zg_shift_cdf(int64_t n, int64_t m, bool exact, double *cdf, struct zg_error *err)
{
    const int64_t n_u = n * m / 2 + 1;
    if (exact)
        return exact_cdf(zg_max64(n, m), zg_min64(n, m), n_u, cdf, err);
    approximate_cdf(n, m, n_u, cdf);
    return ZG_OK;
}

/* ---- the distribution of W ------------------------------------------------------------------- */

/* Values of n up to which the distribution is exact: the recurrence takes n^3 / 4 additions. */
enum { MOST_EXACT_PAIRS = 200 };

/* W adds up the ranks of the values above 0, each of which is so with probability 1/2 (Wilcoxon,
 * 1945): P_n(w) is (P_n-1(w) + P_n-1(w - n)) / 2. */
static void exact_paired_cdf(int64_t n, int64_t n_w, double *cdf)
{
    for (int64_t w = 0; w < n_w; w++)
        cdf[w] = w == 0;
    for (int64_t i = 1; i <= n; i++)
        for (int64_t w = n_w - 1; w >= 0; w--)
            cdf[w] = 0.5 * (cdf[w] + (w >= i ? cdf[w - i] : 0));
    for (int64_t w = 1; w < n_w; w++)
        cdf[w] += cdf[w - 1];
}

/* With Fix and Hodges' term of the fourth cumulant, as above. */
static void approximate_paired_cdf(int64_t n, int64_t n_w, double *cdf)
{
    const double a = (double)n, mean = a * (a + 1) / 4;
    const double variance = a * (a + 1) * (2 * a + 1) / 24;
    const double fourth = -a * (a + 1) * (2 * a + 1) * (3 * a * a + 3 * a - 1) / 240;
    for (int64_t w = 0; w < n_w; w++) {
        const double z = ((double)w + 0.5 - mean) / sqrt(variance);
        const double density = exp(-z * z / 2) / 2.5066282746310005;
        cdf[w] = fmax(0, 0.5 * erfc(-z / 1.4142135623730951) -
                             fourth / (24 * variance * variance) * (z * z * z - 3 * z) * density);
    }
}

void zg_shift_paired_cdf(int64_t n, bool exact, double *cdf)
{
    const int64_t n_w = n * (n + 1) / 4 + 1;
    if (exact)
        exact_paired_cdf(n, n_w, cdf);
    else
        approximate_paired_cdf(n, n_w, cdf);
}

double zg_shift_paired_reach(int64_t n)
{
    return 1 - 2 * exp2((double)-n);
}

/* ---- the shift ------------------------------------------------------------------------------- */

double zg_shift_reach(int64_t n, int64_t m)
{
    const double a = (double)n, b = (double)m;
    return 1 - 2 * exp(lgamma(a + 1) + lgamma(b + 1) - lgamma(a + b + 1));
}

static bool make_differences(const double *x, int64_t n, const double *y, int64_t m, double *d)
{
    bool finite = true;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m; j++) {
            d[i * m + j] = y[j] - x[i];
            finite = finite && isfinite(d[i * m + j]);
        }
    return finite;
}

/* d[n_d] sorted.  The tolerance admits a coverage that equals the confidence but for rounding. */
static void make_interval(const double *d, int64_t n_d, const double *cdf, double confidence,
                          struct zg_shift *out)
{
    int64_t k = 0;
    while (k < n_d / 2 && 1 - 2 * cdf[k] >= confidence - 1e-12)
        k++;
    out->has_interval = k > 0;
    if (k == 0)
        return;
    out->low = d[k - 1];
    out->high = d[n_d - k];
    out->coverage = 1 - 2 * cdf[k - 1];
}

static double p_value(const double *d, int64_t n_d, const double *cdf, double none)
{
    int64_t below = 0, above = 0;
    for (int64_t i = 0; i < n_d; i++) {
        below += d[i] <= none;
        above += d[i] >= none;
    }
    const int64_t fewer = zg_min64(below, above);
    return fewer >= n_d / 2 ? 1 : 2 * cdf[fewer];
}

/* d[n_d] of finite numbers, which it sorts, and their cdf; `none` is what they are where there is
 * no shift. */
static void estimate(double *d, int64_t n_d, const double *cdf, double confidence, double none,
                     struct zg_shift *out)
{
    qsort(d, (size_t)n_d, sizeof *d, zg_double_compare);
    out->estimate = n_d % 2 ? d[n_d / 2] : 0.5 * (d[n_d / 2 - 1] + d[n_d / 2]);
    make_interval(d, n_d, cdf, confidence, out);
    out->p = p_value(d, n_d, cdf, none);
}

enum zg_status zg_shift_of(const double *x, int64_t n, const double *y, int64_t m,
                           double confidence, struct zg_shift *out, struct zg_error *err)
{
    *out = (struct zg_shift){
        .n = n, .m = m, .estimate = NAN, .low = NAN, .high = NAN, .coverage = NAN, .p = NAN};
    int64_t n_d;
    double *d = NULL, *cdf = NULL;
    enum zg_status status = ZG_OK;
    if (zg_size_mul(n, m, &n_d)) {
        d = calloc((size_t)n_d, sizeof *d);
        cdf = calloc((size_t)n_d / 2 + 1, sizeof *cdf);
    }
    if (!d || !cdf) {
        status = zg_fail(err, ZG_ENV, "no memory for the differences of %lld and %lld values",
                         (long long)n, (long long)m);
        goto done;
    }
    if (!make_differences(x, n, y, m, d))
        goto done;
    status = zg_shift_cdf(n, m, n_d <= MOST_EXACT, cdf, err);
    if (status)
        goto done;
    estimate(d, n_d, cdf, confidence, 0, out);
done:
    free(d);
    free(cdf);
    return status;
}

/* The geometric means of each two, and of each with itself; that of equal ones is they, to the last
 * bit. */
static bool make_means(const double *ratios, int64_t n, double *d)
{
    bool fine = true;
    for (int64_t i = 0, at = 0; i < n; i++) {
        for (int64_t j = 0; j <= i; j++, at++) {
            d[at] = sqrt(ratios[i] * ratios[j]);
            fine = fine && ratios[j] > 0 && isfinite(d[at]) && d[at] > 0;
        }
    }
    return fine;
}

enum zg_status zg_shift_of_ratios(const double *ratios, int64_t n, double confidence,
                                  struct zg_shift *out, struct zg_error *err)
{
    *out = (struct zg_shift){
        .n = n, .m = n, .estimate = NAN, .low = NAN, .high = NAN, .coverage = NAN, .p = NAN};
    int64_t n_twice;
    double *d = NULL, *cdf = NULL;
    if (zg_size_mul(n, n + 1, &n_twice)) {
        d = calloc((size_t)n_twice / 2 + 1, sizeof *d);
        cdf = calloc((size_t)n_twice / 4 + 1, sizeof *cdf);
    }
    const bool has_memory = d && cdf;
    if (has_memory && make_means(ratios, n, d)) {
        zg_shift_paired_cdf(n, n <= MOST_EXACT_PAIRS, cdf);
        estimate(d, n_twice / 2, cdf, confidence, 1, out);
    }
    free(d);
    free(cdf);
    return has_memory
               ? ZG_OK
               : zg_fail(err, ZG_ENV, "no memory for the means of %lld values", (long long)n);
}
