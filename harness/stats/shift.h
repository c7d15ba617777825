/*
 * shift.h - by how much are the values of one sample larger than those of another: Hodges and
 * Lehmann's estimates with the exact intervals and p-values of Mann and Whitney, where nothing
 * pairs the values, and of Wilcoxon, where they come in pairs.
 *
 *     struct zg_shift shift;
 *     status = zg_shift_of(x, n, y, m, 0.95, &shift, &err);     // y = x + shift
 *
 * The estimate is the median of the n m differences y_j - x_i.  With U ~ the Mann-Whitney
 * distribution, the interval of the sorted differences [d_(k), d_(nm+1-k)] holds the true shift
 * with probability 1 - 2 P(U <= k - 1), whatever distribution both samples share (Hollander &
 * Wolfe, Nonparametric Statistical Methods, 4.2 and 4.3); k is the largest that keeps the
 * confidence.  On logarithms of times the shift is the logarithm of a ratio.
 *
 * Of pairs, each with a ratio, the estimate is the median of the geometric means of each two of the
 * n ratios and of each with itself; W, the sum of the ranks of those logarithms that are above 0,
 * takes the place of U, and n (n + 1) / 2 that of n m (the same book, 3.1 to 3.3).  It asks that a
 * logarithm be as likely above that of the true ratio as below by as much, which is so of times
 * that were taken alike in random order: changing the names of the two must change nothing.  For
 * noise near normal its interval is as narrow as that of the median (stats.h) from half as many
 * pairs again.
 *
 * P(U <= u) is exact up to n m = 10^4, P(W <= w) up to n = 200; beyond it is the normal
 * distribution's with the term of the fourth cumulant (Fix & Hodges, 1955), which is off by less
 * than 2e-5 there.
 */
#ifndef ZG_HARNESS_SHIFT_H
#define ZG_HARNESS_SHIFT_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"

struct zg_shift {
    int64_t n, m;
    double estimate;
    double low, high; /* NaN where has_interval is false */
    double coverage;  /* exact probability of the interval; NaN without */
    /* two-sided, of "no shift": at most 1 - confidence just where the interval leaves 0 out.  A
     * difference of exactly 0 counts for both sides. */
    double p;
    bool has_interval; /* false: so few values do not reach the confidence */
};

/* Of x[n] and y[m], n and m at least 1.  A value that is not finite makes every result NaN.
 * ZG_ENV: no memory for the n m differences. */
enum zg_status zg_shift_of(const double *x, int64_t n, const double *y, int64_t m,
                           double confidence, struct zg_shift *out, struct zg_error *err);

/* The best confidence that n and m values reach, that of all differences' range: 1 - 2 / C(n + m,
 * n). */
double zg_shift_reach(int64_t n, int64_t m);

/* cdf[u] = P(U <= u), u = 0 .. n m / 2.  Exact where `exact`, else the approximation.  ZG_ENV: no
 * memory. */
enum zg_status zg_shift_cdf(int64_t n, int64_t m, bool exact, double *cdf, struct zg_error *err);

/* The ratio of n pairs, from the ratio of each: estimate, low and high are ratios, and p that of a
 * ratio of 1.  A ratio that is not finite and positive makes every result NaN. */
enum zg_status zg_shift_of_ratios(const double *ratios, int64_t n, double confidence,
                                  struct zg_shift *out, struct zg_error *err);

/* The best confidence that n pairs reach: 1 - 2^(1 - n). */
double zg_shift_paired_reach(int64_t n);

/* cdf[w] = P(W <= w), w = 0 .. n (n + 1) / 4.  Exact where `exact`, else the approximation. */
void zg_shift_paired_cdf(int64_t n, bool exact, double *cdf);

#endif
