/* test_stats.c - stats.c: known answers, and the coverage that the interval promises. */
#include "harness/stats/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/philox.h"
#include "tests/support/cunit_run.h"
#include "tests/support/exact.h"

static void medians(void)
{
    double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2}, one[] = {7}, bad[] = {1, NAN, 3},
           infinite[] = {1, INFINITY, 3};
    CU_ASSERT_EQUAL(zg_median(odd, 3), 2);
    CU_ASSERT_EQUAL(zg_median(even, 4), 2.5);
    CU_ASSERT_EQUAL(zg_median(one, 1), 7);
    CU_ASSERT(isnan(zg_median(one, 0)));
    CU_ASSERT(isnan(zg_median(bad, 3)));
    CU_ASSERT(isnan(zg_median(infinite, 3)));
    /* none of it is looked at: neither what stands before nor behind */
    double around[] = {1, 2};
    CU_ASSERT(isnan(zg_median(around + 1, 0)));
    double first_bad[] = {NAN, 1, 2}, last_bad[] = {1, 2, NAN};
    CU_ASSERT(isnan(zg_median(first_bad, 3)));
    CU_ASSERT(isnan(zg_median(last_bad, 3)));
    const double low = -3, high = 4;
    CU_ASSERT_EQUAL(zg_double_compare(&low, &high), -1);
    CU_ASSERT_EQUAL(zg_double_compare(&high, &low), 1);
    CU_ASSERT_EQUAL(zg_double_compare(&low, &low), 0);
}

/* Whoever reads or writes past the end crashes here. */
static void nothing_past_the_end(void)
{
    for (int64_t n = 1; n <= 9; n++) {
        static const double all[] = {3, 1, 2, 9, 7, 8, 4, 6, 5};
        const size_t size = (size_t)n * sizeof *all;
        double *const values = exact_copy(all, size), *const scratch = exact_copy(all, size),
                      *const pair = exact_copy(all, size);
        struct zg_stats s;
        zg_stats_of(values, n, scratch, &s);
        CU_ASSERT_EQUAL(s.n, n);
        zg_stats_ratios(values, pair, n, scratch);
        for (int64_t i = 0; i < n; i++)
            CU_ASSERT_EQUAL(scratch[i], 1);
        CU_ASSERT_EQUAL(zg_median(pair, n), s.median);
        exact_free(values, size);
        exact_free(scratch, size);
        exact_free(pair, size);
    }
}

/* Ranks and coverages from the binomial, by hand: n = 6: 1 - 2/64; n = 10: 1 - 2 (1 + 10)/1024;
 * n = 15: 1 - 2 (1 + 15 + 105 + 455)/32768. */
static void interval_known_answers(void)
{
    const struct {
        int64_t n, rank;
        double coverage;
    } known[] = {
        {6, 1, 0.96875},      {8, 1, 0.9921875},   {9, 2, 0.9609375},
        {10, 2, 0.978515625}, {15, 4, 0.96484375},
    };
    double coverage;
    for (int64_t n = 0; n < ZG_MIN_FOR_INTERVAL; n++) {
        CU_ASSERT_EQUAL(zg_interval_rank(n, ZG_CONFIDENCE, &coverage), 0);
        CU_ASSERT(isnan(coverage));
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        CU_ASSERT_EQUAL(zg_interval_rank(known[i].n, ZG_CONFIDENCE, &coverage), known[i].rank);
        /* lgamma is good to a few ulps; its value here is below 50. */
        CU_ASSERT_DOUBLE_EQUAL(coverage, known[i].coverage, 1e-12);
    }
    /* a coverage that is the confidence but for rounding reaches it */
    for (int64_t n = 2; n <= 40; n++)
        CU_ASSERT_EQUAL(zg_interval_rank(n, 1 - pow(0.5, (double)n - 1), &coverage), 1);
    /* an interval has two ends, however little is asked of it */
    CU_ASSERT_EQUAL(zg_interval_rank(3, 0, &coverage), 1);
    CU_ASSERT_DOUBLE_EQUAL(coverage, 0.75, 1e-12);
    CU_ASSERT_EQUAL(zg_interval_rank(1, 0, &coverage), 0);
}

/* The same ranks from Pascal's triangle in long double, for every n up to 500. */
static void interval_ranks_against_pascal(void)
{
    for (int64_t n = 1; n <= 500; n++) {
        long double term = powl(0.5L, (long double)n), below = 0;
        int64_t want = 0;
        for (int64_t k = 0; k < n / 2; k++) {
            below += term;
            if (1 - 2 * below < 0.95L)
                break;
            want = k + 1;
            term *= (long double)(n - k) / (long double)(k + 1);
        }
        CU_ASSERT_EQUAL_FATAL(zg_interval_rank(n, 0.95, NULL), want);
    }
}

static void statistics_of_values(void)
{
    const double values[] = {10, 2, 9, 3, 8, 4, 7, 5, 6, 100};
    double scratch[10];
    struct zg_stats s;
    zg_stats_of(values, 10, scratch, &s);
    CU_ASSERT_EQUAL(s.n, 10);
    CU_ASSERT_EQUAL(s.median, 6.5);
    /* distances: 3.5 4.5 2.5 3.5 1.5 2.5 .5 1.5 .5 93.5, sorted: .5 .5 1.5 1.5 2.5 2.5 ... */
    CU_ASSERT_EQUAL(s.mad, 2.5);
    CU_ASSERT(s.has_interval);
    CU_ASSERT_EQUAL(s.low, 3);
    CU_ASSERT_EQUAL(s.high, 10);
    zg_stats_of(values, 5, scratch, &s);
    CU_ASSERT_EQUAL(s.median, 8);
    CU_ASSERT(!s.has_interval && isnan(s.low) && isnan(s.high) && isnan(s.coverage));
    CU_ASSERT_EQUAL(s.mad, 2); /* 2, 6, 1, 5, 0 */
    zg_stats_of(values, 0, scratch, &s);
    CU_ASSERT(isnan(s.median) && isnan(s.mad) && !s.has_interval);
    zg_stats_of(values, 1, scratch, &s);
    CU_ASSERT(s.n == 1 && s.median == 10 && s.mad == 0 && !s.has_interval);
    const double bad[] = {1, 2, 3, 4, 5, NAN};
    zg_stats_of(bad, 6, scratch, &s);
    CU_ASSERT(s.n == 6 && isnan(s.median) && isnan(s.mad) && isnan(s.low) && isnan(s.high) &&
              isnan(s.coverage) && !s.has_interval);
    /* another confidence: 10 values at 0.5 have rank 4 (1 - 2 * 176 / 1024) */
    zg_stats_at(values, 10, 0.5, scratch, &s);
    CU_ASSERT(s.low == 5 && s.high == 8);
    CU_ASSERT_DOUBLE_EQUAL(s.coverage, 1 - 2 * 176.0 / 1024, 1e-12);
}

/* NaN, Inf, 0 and negative times never yield a speed-up. */
static void nothing_bad_yields_a_ratio(void)
{
    const double base[] = {2, 2, 2, NAN, INFINITY, 0, 2}, candidate[] = {1, 0, -1, 1, 1, 1, NAN};
    double ratios[7], scratch[7];
    struct zg_stats s;
    zg_stats_ratios(base, candidate, 7, ratios);
    CU_ASSERT_EQUAL(ratios[0], 2);
    for (int i = 1; i < 7; i++)
        CU_ASSERT(isnan(ratios[i]));
    zg_stats_of(ratios, 7, scratch, &s);
    CU_ASSERT(isnan(s.median) && !s.has_interval);
    char text[64];
    zg_stats_show_ratio(&s, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "-");
}

static void statistics_of_ratios(void)
{
    const double base[] = {2, 6, 12, 20, 30, 42}, candidate[] = {2, 3, 4, 5, 6, 7};
    double scratch[13];
    struct zg_stats s;
    scratch[12] = 77;
    zg_stats_of_ratios(base, candidate, 6, scratch, &s); /* 1 2 3 4 5 6 */
    CU_ASSERT(s.n == 6 && s.median == 3.5 && s.mad == 1.5 && s.low == 1 && s.high == 6);
    CU_ASSERT_EQUAL(scratch[12], 77);
    CU_ASSERT_EQUAL(scratch[5], 6); /* the ratios stay in front */
}

static void ratios_are_shown_with_their_interval(void)
{
    char text[64];
    struct zg_stats s = {.n = 6, .median = 6.124, .low = 6.05, .high = 6.2, .has_interval = true};
    zg_stats_show_ratio(&s, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "6.12x [6.05, 6.20]");
    s.has_interval = false;
    zg_stats_show_ratio(&s, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "6.12x (once)");
}

static void figures_have_three_digits(void)
{
    static const struct {
        double value;
        const char *shown;
    } of[] = {{6.124, "6.12"},
              {1536.22, "1540"},
              {0.0012345, "0.00123"},
              {9.996, "10.0"},
              {99.96, "100"},
              {0, "0"},
              {1, "1.00"},
              {-0.5, "-0.500"},
              {123456, "123000"},
              {1234567, "1.23e+06"},
              {0.00001234, "1.23e-05"},
              {999.6, "1000"},
              {NAN, "-"},
              {INFINITY, "-"},
              {0.9996, "1.00"},
              {27.22, "27.2"}};
    char text[32];
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++)
        CU_ASSERT_STRING_EQUAL(zg_figure_show(of[i].value, text, sizeof text), of[i].shown);
}

static void wide_intervals_are_vague(void)
{
    struct zg_stats s = {.median = 1.5, .low = 1, .high = 2, .has_interval = true};
    CU_ASSERT_FALSE(zg_stats_is_vague(&s));
    s.high = 2.01;
    CU_ASSERT_TRUE(zg_stats_is_vague(&s));
    s.has_interval = false;
    CU_ASSERT_FALSE(zg_stats_is_vague(&s));
}

/* Three digits, and exponents just beyond six before the point or four zeros behind it. */
static void figures_just_within(void)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "1.00"},
        {-1, "-1.00"},
        {0.5, "0.500"},
        {9.994, "9.99"},
        {9.996, "10.0"},
        {99.94, "99.9"},
        {99.96, "100"},
        {123.4, "123"},
        {999.6, "1000"},
        {994999, "995000"},
        {999999, "1.00e+06"},
        {1e6, "1.00e+06"},
        {0.0001, "0.000100"},
        {0.00009996, "0.000100"},
        {0.0000999, "9.99e-05"},
        {NAN, "-"},
        {INFINITY, "-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];
        zg_figure_show(cases[i].value, text, sizeof text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
        if (strcmp(text, cases[i].text) != 0)
            printf("\n    %g: %s, not %s", cases[i].value, text, cases[i].text);
    }
    struct zg_stats s = {.low = 1, .high = 2, .has_interval = true};
    CU_ASSERT_FALSE(zg_stats_is_vague(&s));
    s.high = 2 + 0x1p-40;
    CU_ASSERT_TRUE(zg_stats_is_vague(&s));
    s.has_interval = false;
    CU_ASSERT_FALSE(zg_stats_is_vague(&s));
}

/* A uniform deviate of (0, 1). */
static double uniform(uint64_t seed, int64_t i)
{
    uint32_t word;
    zg_philox_words(seed, 0, ZG_STREAM_DATA, i, 1, &word);
    return ((double)word + 0.5) * 0x1p-32;
}

/* A/A: the same engine under two names, times with a Cauchy tail and a drift that both share. 
 * The interval of the median ratio must hold 1 as often as promised: 4000 trials of n = 15 have
 * coverage 0.96484 with a standard error of sqrt(0.965 * 0.035 / 4000) = 0.0029; four of them
 * are 0.0116. */
static void coverage_is_exact(void)
{
    enum { TRIALS = 4000, N = 15 };
    int64_t held = 0;
    for (int64_t trial = 0; trial < TRIALS; trial++) {
        double a[N], b[N], ratios[N], scratch[N];
        struct zg_stats s;
        for (int64_t i = 0; i < N; i++) {
            const int64_t at = (trial * N + i) * 2;
            const double drift = 1 + 0.1 * (double)i;
            /* exp() keeps times positive and the ratio's distribution symmetric around 1 on the
             * log scale. */
            a[i] = drift * exp(0.002 * tan(3.14159265358979 * (uniform(7, at) - 0.5)));
            b[i] = drift * exp(0.002 * tan(3.14159265358979 * (uniform(7, at + 1) - 0.5)));
        }
        zg_stats_ratios(a, b, N, ratios);
        zg_stats_of(ratios, N, scratch, &s);
        held += s.low <= 1 && 1 <= s.high;
    }
    const double coverage = (double)held / TRIALS;
    printf("\n    A/A coverage %.4f of 0.9648", coverage);
    CU_ASSERT(fabs(coverage - 0.96484375) < 0.0116);
}

int main(void)
{
    const struct zg_test tests[] = {
        {"figures have three digits", figures_have_three_digits},
        {"wide intervals are vague", wide_intervals_are_vague},
        {"medians", medians},
        {"interval: known answers", interval_known_answers},
        {"interval: ranks against Pascal's triangle", interval_ranks_against_pascal},
        {"statistics of values", statistics_of_values},
        {"nothing past the end", nothing_past_the_end},
        {"nothing bad yields a ratio", nothing_bad_yields_a_ratio},
        {"statistics of ratios", statistics_of_ratios},
        {"ratios are shown with their interval", ratios_are_shown_with_their_interval},
        {"figures just within", figures_just_within},
        {"coverage of A/A runs is exact", coverage_is_exact},
        {0}};
    return zg_test_run("stats", tests);
}
