/*
 * stats.c - sorts copies.  Binomial tails are sums of exp(lgamma), which do not overflow where 2^n
 * does.
 */
#include "harness/stats/stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int zg_double_compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool all_finite(const double *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

static double middle(const double *sorted, int64_t n)
{
    return n % 2 ? sorted[n / 2] : 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]);
}

double zg_median(double *values, int64_t n)
{
    if (n <= 0 || !all_finite(values, n))
        return NAN;
    qsort(values, (size_t)n, sizeof *values, zg_double_compare);
    return middle(values, n);
}

/* P(Binomial(n, 1/2) = k); lgamma keeps it exact to rounding where 2^n overflows. */
static double binomial_half(int64_t n, int64_t k)
{
    const double dn = (double)n, dk = (double)k;
    return exp(lgamma(dn + 1) - lgamma(dk + 1) - lgamma(dn - dk + 1) - dn * 0.69314718055994530942);
}

int64_t zg_interval_rank(int64_t n, double confidence, double *coverage)
{
    int64_t rank = 0;
    double below = 0; /* P(Binomial <= rank - 1) */
    if (coverage)
        *coverage = NAN;
    /* The tolerance admits a coverage that equals the confidence but for the rounding of lgamma. */
    while (rank < n / 2) {
        const double next = below + binomial_half(n, rank);
        if (1 - 2 * next < confidence - 1e-12)
            break;
        below = next;
        rank++;
    }
    if (rank && coverage)
        *coverage = 1 - 2 * below;
    return rank;
}

void zg_stats_of(const double *values, int64_t n, double *scratch, struct zg_stats *out)
{
    zg_stats_at(values, n, ZG_CONFIDENCE, scratch, out);
}

void zg_stats_at(const double *values, int64_t n, double confidence, double *scratch,
                 struct zg_stats *out)
{
    *out = (struct zg_stats){
        .n = n, .median = NAN, .mad = NAN, .low = NAN, .high = NAN, .coverage = NAN};
    if (n <= 0 || !all_finite(values, n))
        return;
    memcpy(scratch, values, (size_t)n * sizeof *scratch);
    out->median = zg_median(scratch, n);
    const int64_t rank = zg_interval_rank(n, confidence, &out->coverage);
    if (rank) {
        out->low = scratch[rank - 1];
        out->high = scratch[n - rank];
        out->has_interval = true;
    }
    for (int64_t i = 0; i < n; i++)
        scratch[i] = fabs(values[i] - out->median);
    out->mad = zg_median(scratch, n);
}

void zg_stats_ratios(const double *baseline, const double *candidate, int64_t n, double *ratios)
{
    for (int64_t i = 0; i < n; i++) {
        const bool fine =
            isfinite(baseline[i]) && isfinite(candidate[i]) && baseline[i] > 0 && candidate[i] > 0;
        ratios[i] = fine ? baseline[i] / candidate[i] : NAN;
    }
}

void zg_stats_of_ratios(const double *baseline, const double *candidate, int64_t n, double *scratch,
                        struct zg_stats *out)
{
    zg_stats_ratios(baseline, candidate, n, scratch);
    zg_stats_of(scratch, n, scratch + n, out);
}

/* Rounded first, for 9.996 has one digit less behind the point than before. */
const char *zg_figure_show(double value, char *text, int64_t size)
{
    char rounded[32];
    snprintf(rounded, sizeof rounded, "%.2e", value);
    const char *const e = strchr(rounded, 'e');
    const int exponent = isfinite(value) && e ? atoi(e + 1) : 0;
    if (!isfinite(value))
        snprintf(text, (size_t)size, "-");
    else if (value == 0)
        snprintf(text, (size_t)size, "0");
    else if (exponent >= 6 || exponent < -4)
        snprintf(text, (size_t)size, "%s", rounded);
    else
        snprintf(text, (size_t)size, "%.*f", exponent < 2 ? 2 - exponent : 0, atof(rounded));
    return text;
}

bool zg_stats_is_vague(const struct zg_stats *ratio)
{
    return ratio->has_interval && ratio->high > 2 * ratio->low;
}

void zg_stats_show_ratio(const struct zg_stats *ratio, char *text, int64_t size)
{
    char median[32], low[32], high[32];
    zg_figure_show(ratio->median, median, sizeof median);
    if (!isfinite(ratio->median))
        snprintf(text, (size_t)size, "-");
    else if (ratio->has_interval)
        snprintf(text, (size_t)size, "%sx [%s, %s]", median,
                 zg_figure_show(ratio->low, low, sizeof low),
                 zg_figure_show(ratio->high, high, sizeof high));
    else
        snprintf(text, (size_t)size, "%sx (once)", median);
}
