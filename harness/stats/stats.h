/*
 * stats.h - median, MAD, and the exact interval of a median: order statistics and the binomial, no
 * random numbers.
 *
 * The interval [x_(l), x_(n+1-l)] of the sorted values holds the median of the distribution they
 * came from with probability 1 - 2 P(Binomial(n, 1/2) <= l - 1), whatever that distribution is
 * (Hahn & Meeker, Statistical Intervals, 5.2); l is the largest that keeps 95 %.  With fewer than 6
 * values even the whole range does not reach 95 % (1 - 2^(1-5) = 93.75 %): there is no interval,
 * low and high are NaN, and a printed ratio says "once".
 *
 * A NaN or an infinity among the values makes every result NaN: it never yields a speed-up.
 */
#ifndef ZG_HARNESS_STATS_H
#define ZG_HARNESS_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/api.h"

ZG_PUBLIC_BEGIN

#define ZG_CONFIDENCE       0.95
#define ZG_MIN_FOR_INTERVAL 6

struct zg_stats {
    int64_t n;
    double median;
    double mad;       /* median of |x - median|, unscaled */
    double low, high; /* the interval; NaN where has_interval is false */
    double coverage;  /* exact probability of the interval, at least as asked; NaN without */
    bool has_interval;
};

/* Statistics of values[n]; scratch[n] is overwritten.  n = 0 gives NaN. */
void zg_stats_of(const double *values, int64_t n, double *scratch, struct zg_stats *out);

/* The same with an interval at another confidence, like 0.9875 for one of four cases. */
void zg_stats_at(const double *values, int64_t n, double confidence, double *scratch,
                 struct zg_stats *out);

/* qsort order of doubles. */
int zg_double_compare(const void *a, const void *b);

/* Median of values[n], which it sorts.  NaN for n = 0 or where a value is not finite. */
double zg_median(double *values, int64_t n);

/* Rank l of the exact interval at `confidence`, counted from 1; 0 if n values cannot reach it.
 * *coverage (NULL allowed) gets the exact probability. */
int64_t zg_interval_rank(int64_t n, double confidence, double *coverage);

/* ratios[i] = baseline[i] / candidate[i]: the speed-up in each block.  NaN where either is not a
 * positive finite number. */
void zg_stats_ratios(const double *baseline, const double *candidate, int64_t n, double *ratios);

/* Statistics of those ratios: what a speed-up is.  scratch[2 n] is overwritten. */
void zg_stats_of_ratios(const double *baseline, const double *candidate, int64_t n, double *scratch,
                        struct zg_stats *out);

/* Three significant digits, as tables have them: "0.00123", "6.12", "1540"; beyond a million and
 * below 0.0001 "1.23e+09"; "-" where it is NaN or infinite.  Into text[size]; returns text. */
const char *zg_figure_show(double value, char *text, int64_t size);

/* Does the interval span more than a factor of two?  Then the estimate in it says little. */
bool zg_stats_is_vague(const struct zg_stats *ratio);

/* How an interval is shown: "6.12x [6.05, 6.20]", "6.12x (once)" without an interval, "-" for
 * NaN. */
void zg_stats_show_ratio(const struct zg_stats *ratio, char *text, int64_t size);

ZG_PUBLIC_END

#endif
