/* test_shift.c - shift.c: known answers, enumeration, and the coverage that the interval
 * promises. */
#include "harness/stats/shift.h"

#include <math.h>
#include <stdlib.h>

#include "engines/base/philox.h"
#include "engines/base/size.h"
#include "harness/stats/stats.h"
#include "tests/support/cunit_run.h"
#include "tests/support/exact.h"
#include "tests/support/failing_alloc.h"

/* Of all C(n + m, n) ways to place the x among the ranks, those with U <= u: bit i of `places` set
 * says that rank i is an x; U counts the y above each. */
static double enumerate_cdf(int64_t n, int64_t m, int64_t u)
{
    int64_t n_all = 0, n_below = 0;
    for (uint32_t places = 0; places < 1u << (n + m); places++) {
        int64_t n_x = 0, n_pairs = 0;
        for (int64_t rank = 0; rank < n + m; rank++) {
            if (places >> rank & 1)
                n_x++;
            else
                n_pairs += n_x;
        }
        if (n_x != n)
            continue;
        n_all++;
        n_below += n_pairs <= u;
    }
    return (double)n_below / (double)n_all;
}

static void distribution_against_enumeration(void)
{
    double cdf[64];
    for (int64_t n = 1; n <= 7; n++)
        for (int64_t m = 1; m <= 7; m++) {
            CU_ASSERT_EQUAL_FATAL(zg_shift_cdf(n, m, true, cdf, NULL), ZG_OK);
            for (int64_t u = 0; u <= n * m / 2; u += zg_max64(1, n * m / 6))
                CU_ASSERT_DOUBLE_EQUAL(cdf[u], enumerate_cdf(n, m, u), 1e-13);
        }
}

static void approximation_is_close_where_it_begins(void)
{
    static const int64_t sizes[][2] = {{100, 100}, {50, 200}, {25, 400}};
    for (int i = 0; i < 3; i++) {
        static double exact[5001], near[5001];
        double worst = 0;
        CU_ASSERT_EQUAL_FATAL(zg_shift_cdf(sizes[i][0], sizes[i][1], true, exact, NULL), ZG_OK);
        CU_ASSERT_EQUAL_FATAL(zg_shift_cdf(sizes[i][0], sizes[i][1], false, near, NULL), ZG_OK);
        for (int u = 0; u <= 5000; u++)
            worst = fmax(worst, fabs(exact[u] - near[u]));
        printf("\n    %lld x %lld: off by %.1e", (long long)sizes[i][0], (long long)sizes[i][1],
               worst);
        CU_ASSERT(worst < 2e-5);
    }
}

/* The formula of shift.h for a few u, computed apart; nothing is written behind n m / 2, and no
 * probability is negative where the approximation would be. */
static void approximation_by_hand(void)
{
    static const struct {
        int64_t n, m, u;
        double p;
    } known[] = {
        {4, 7, 0, 0.0032331349288589567},
        {4, 7, 1, 0.006770371631330162},
        {4, 7, 5, 0.05524407457042361},
        {4, 7, 14, 0.5359032681773761},
        {9, 3, 0, 0.005391620249382133},
        {9, 3, 5, 0.07249186990510265},
        {9, 3, 13, 0.5},
        {100, 100, 0, 0},
        {100, 100, 5000, 0.5004862870112656},
    };
    static double cdf[5002];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const int64_t n_u = known[i].n * known[i].m / 2 + 1;
        for (int exact = 0; exact < 2; exact++) {
            cdf[0] = cdf[n_u] = 77;
            CU_ASSERT_EQUAL_FATAL(zg_shift_cdf(known[i].n, known[i].m, exact, cdf, NULL), ZG_OK);
            CU_ASSERT_EQUAL(cdf[n_u], 77);
            CU_ASSERT(cdf[0] >= 0 && cdf[0] < 0.01);
            for (int64_t u = 1; u < n_u; u++)
                CU_ASSERT(cdf[u] >= cdf[u - 1]);
            if (!exact)
                CU_ASSERT_DOUBLE_EQUAL(cdf[known[i].u], known[i].p, 1e-13);
        }
    }
}

/* Up to 10^4 pairs the exact distribution is taken, from there on the other. */
static void exact_up_to_its_limit(void)
{
    static const int64_t sizes[][2] = {{100, 100}, {73, 137}};
    for (int at = 0; at < 2; at++) {
        const int64_t n = sizes[at][0], m = sizes[at][1];
        static double cdf[5002], other[5002];
        double x[100], y[137];
        struct zg_shift s;
        for (int64_t i = 0; i < n; i++)
            x[i] = (double)i;
        for (int64_t j = 0; j < m; j++)
            y[j] = (double)j + 12.5 - 0.5 * (double)(m - n);
        CU_ASSERT_EQUAL_FATAL(zg_shift_cdf(n, m, at == 0, cdf, NULL), ZG_OK);
        CU_ASSERT_EQUAL_FATAL(zg_shift_cdf(n, m, at == 1, other, NULL), ZG_OK);
        CU_ASSERT_EQUAL_FATAL(zg_shift_of(x, n, y, m, 0.95, &s, NULL), ZG_OK);
        int64_t below = 0;
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < m; j++)
                below += y[j] <= x[i];
        CU_ASSERT_DOUBLE_EQUAL(s.p, 2 * cdf[below], 1e-15);
        CU_ASSERT(fabs(s.p - 2 * other[below]) > 1e-9);
    }
}

/* Values that end where memory does, 1 .. 6 of each: the interval and p by their definitions. */
static void by_definition(void)
{
    static const double all_x[] = {3, 1, 4, 1.5, 9, 2.6}, all_y[] = {5, 3.5, 8, 2.7, 3, 4.4};
    for (int64_t n = 1; n <= 6; n++)
        for (int64_t m = 1; m <= 6; m++) {
            const int64_t n_d = n * m;
            double d[36], cdf[19];
            double *const x = exact_copy(all_x, (size_t)n * 8), *const y = exact_copy(
                                                                    all_y, (size_t)m * 8);
            int64_t below = 0, above = 0, k = 0;
            struct zg_shift s;
            for (int64_t i = 0; i < n_d; i++) {
                d[i] = y[i % m] - x[i / m];
                below += d[i] <= 0;
                above += d[i] >= 0;
            }
            qsort(d, (size_t)n_d, sizeof *d, zg_double_compare);
            for (int64_t u = 0; u <= n_d / 2; u++)
                cdf[u] = enumerate_cdf(n, m, u);
            while (k < n_d / 2 && 2 * cdf[k] <= 0.1 + 1e-12)
                k++;
            CU_ASSERT_EQUAL_FATAL(zg_shift_of(x, n, y, m, 0.9, &s, NULL), ZG_OK);
            CU_ASSERT(s.n == n && s.m == m);
            CU_ASSERT_EQUAL(s.estimate, (d[(n_d - 1) / 2] + d[n_d / 2]) / 2);
            CU_ASSERT_EQUAL(s.has_interval, k > 0);
            CU_ASSERT_EQUAL(s.has_interval, zg_shift_reach(n, m) >= 0.9 - 1e-12);
            CU_ASSERT(k ? s.low == d[k - 1] && s.high == d[n_d - k] : isnan(s.low));
            if (k)
                CU_ASSERT_DOUBLE_EQUAL(s.coverage, 1 - 2 * cdf[k - 1], 1e-12);
            const int64_t fewer = zg_min64(below, above);
            CU_ASSERT_DOUBLE_EQUAL(s.p, fewer > n_d / 2 ? 1 : fmin(1, 2 * cdf[fewer]), 1e-12);
            exact_free(x, (size_t)n * 8);
            exact_free(y, (size_t)m * 8);
        }
}

/* Differences of 0 count for both sides, wherever they lie; an interval has two ends however
 * little is asked; a confidence that is a coverage is reached. */
static void edges(void)
{
    const double x[] = {1, 2, 3, 4}, y[] = {4, 5, 6, 7}, z[] = {-2, -1, 0, 1};
    struct zg_shift s;
    CU_ASSERT_EQUAL_FATAL(zg_shift_of(x, 4, y, 4, 0.95, &s, NULL), ZG_OK);
    CU_ASSERT_DOUBLE_EQUAL(s.p, 2 * 2.0 / 70, 1e-12); /* U <= 1: 2 of 70 */
    CU_ASSERT(s.has_interval && s.low == 0 && s.high == 6);
    CU_ASSERT_EQUAL_FATAL(zg_shift_of(x, 4, z, 4, 0.95, &s, NULL), ZG_OK);
    CU_ASSERT_DOUBLE_EQUAL(s.p, 2 * 2.0 / 70, 1e-12);
    CU_ASSERT(s.has_interval && s.low == -6 && s.high == 0);
    CU_ASSERT_EQUAL_FATAL(zg_shift_of(x, 1, y, 1, 0, &s, NULL), ZG_OK);
    CU_ASSERT(s.estimate == 3 && !s.has_interval && s.p == 1);
    CU_ASSERT_EQUAL_FATAL(zg_shift_of(x, 4, y, 4, 1 - 2.0 / 70, &s, NULL), ZG_OK);
    CU_ASSERT(s.has_interval && s.low == 0 && s.high == 6);
    CU_ASSERT_EQUAL_FATAL(zg_shift_of(x, 4, y, 4, 1 - 4.0 / 70, &s, NULL), ZG_OK);
    CU_ASSERT(s.has_interval && s.low == 1 && s.high == 5);
    double cdf[9];
    CU_ASSERT_EQUAL_FATAL(zg_shift_cdf(4, 4, true, cdf, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_shift_of(x, 4, y, 4, 0, &s, NULL), ZG_OK);
    CU_ASSERT_DOUBLE_EQUAL(s.coverage, 1 - 2 * cdf[7], 1e-12); /* k = n m / 2 */
    /* as many on both sides: 1, not twice the half that lies in the middle */
    const double between[] = {1, 2}, around[] = {0, 3};
    CU_ASSERT_EQUAL_FATAL(zg_shift_of(between, 2, around, 2, 0.5, &s, NULL), ZG_OK);
    CU_ASSERT(s.p == 1 && s.estimate == 0);
    CU_ASSERT_DOUBLE_EQUAL(zg_shift_reach(4, 7), 1 - 2.0 / 330, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(zg_shift_reach(1, 1), 0, 1e-12);
    static const double bad[][2] = {{NAN, 1}, {1, NAN}, {INFINITY, 1}, {1, -INFINITY}};
    for (int i = 0; i < 4; i++)
        for (int side = 0; side < 2; side++)
            for (int64_t n = 1; n <= 2; n++) { /* of those that are not bad */
                const enum zg_status status = side ? zg_shift_of(bad[i], 2, y, n, 0.5, &s, NULL)
                                                   : zg_shift_of(x, n, bad[i], 2, 0.5, &s, NULL);
                CU_ASSERT_EQUAL(status, ZG_OK);
                CU_ASSERT(isnan(s.estimate) && isnan(s.p) && !s.has_interval);
            }
}

static void without_memory(void)
{
    const double x[] = {1, 2, 3}, y[] = {4, 5, 6, 7};
    struct zg_error err = {0};
    struct zg_shift s;
    enum zg_status status;
    for (int n = 1;; n++) {
        fail_allocation(n);
        status = zg_shift_of(x, 3, y, 4, 0.9, &s, &err);
        if (!allocation_failed())
            break;
        CU_ASSERT_EQUAL(status, ZG_ENV);
        zg_test_expect_words(err.text, "no memory for the ");
        zg_error_clear(&err);
    }
    CU_ASSERT_EQUAL(status, ZG_OK);
    CU_ASSERT_EQUAL(zg_shift_of(x, INT64_MAX / 2, y, 4, 0.9, &s, &err), ZG_ENV);
}

/* Hollander & Wolfe's table: n = m = 5 reach 95 % with k = 3 (P(U <= 2) = 4 / 252). */
static void known_answers(void)
{
    const double x[] = {1, 2, 3, 4, 5}, y[] = {11, 12.5, 13, 14, 15};
    struct zg_shift s;
    CU_ASSERT_EQUAL_FATAL(zg_shift_of(x, 5, y, 5, 0.95, &s, NULL), ZG_OK);
    /* sorted: 6 7 7.5 8 8 8.5 9 9 9 9.5 10 10 10 ... : the 13th of 25 */
    CU_ASSERT_EQUAL(s.estimate, 10);
    CU_ASSERT(s.has_interval);
    CU_ASSERT_EQUAL(s.low, 7.5);
    CU_ASSERT_EQUAL(s.high, 13);
    CU_ASSERT_DOUBLE_EQUAL(s.coverage, 1 - 8.0 / 252, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(s.p, 2.0 / 252, 1e-12);
    /* 2 / C(6, 3) is 10 %: three and three never reach 95 % */
    CU_ASSERT_EQUAL_FATAL(zg_shift_of(x, 3, y, 3, 0.95, &s, NULL), ZG_OK);
    CU_ASSERT(!s.has_interval && isnan(s.low) && isnan(s.high) && isnan(s.coverage));
    CU_ASSERT_DOUBLE_EQUAL(zg_shift_reach(3, 3), 0.9, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(zg_shift_reach(5, 5), 1 - 2.0 / 252, 1e-12);
    const double bad[] = {1, NAN, 3};
    CU_ASSERT_EQUAL_FATAL(zg_shift_of(bad, 3, y, 5, 0.95, &s, NULL), ZG_OK);
    CU_ASSERT(isnan(s.estimate) && isnan(s.p) && !s.has_interval);
    CU_ASSERT_EQUAL_FATAL(zg_shift_of(x, 5, x, 5, 0.95, &s, NULL), ZG_OK);
    CU_ASSERT(s.estimate == 0 && s.low < 0 && s.high > 0 && s.p == 1);
}

static double uniform(uint64_t seed, int64_t i)
{
    uint32_t word;
    zg_philox_words(seed, 0, ZG_STREAM_DATA, i, 1, &word);
    return ((double)word + 0.5) * 0x1p-32;
}

/* 4000 trials of 7 against 9 values with a Cauchy tail: the interval holds the shift as often as
 * promised, within four standard errors, and leaves 0 out just where p is below 5 %. */
static void coverage_is_exact(void)
{
    enum { TRIALS = 4000, N = 7, M = 9 };
    int64_t held = 0;
    double coverage = 0;
    for (int64_t trial = 0; trial < TRIALS; trial++) {
        double x[N], y[M];
        struct zg_shift s;
        for (int64_t i = 0; i < N + M; i++) {
            const double t = tan(3.14159265358979 * (uniform(11, trial * (N + M) + i) - 0.5));
            if (i < N)
                x[i] = t;
            else
                y[i - N] = t + 1;
        }
        CU_ASSERT_EQUAL_FATAL(zg_shift_of(x, N, y, M, 0.95, &s, NULL), ZG_OK);
        held += s.low <= 1 && 1 <= s.high;
        coverage = s.coverage;
        CU_ASSERT_EQUAL((s.p <= 1 - 0.95), (s.low > 0 || s.high < 0));
    }
    const double share = (double)held / TRIALS;
    printf("\n    coverage %.4f of %.4f", share, coverage);
    CU_ASSERT(fabs(share - coverage) < 4 * sqrt(coverage * (1 - coverage) / TRIALS));
}

/* Of all 2^n ways to sign the ranks, those whose sum above 0 is at most w. */
static void paired_distribution_against_enumeration(void)
{
    double cdf[64];
    for (int64_t n = 1; n <= 12; n++) {
        zg_shift_paired_cdf(n, true, cdf);
        for (int64_t w = 0; w <= n * (n + 1) / 4; w++) {
            int64_t n_below = 0;
            for (uint32_t signs = 0; signs < 1u << n; signs++) {
                int64_t sum = 0;
                for (int64_t i = 0; i < n; i++)
                    sum += (signs >> i & 1) ? i + 1 : 0;
                n_below += sum <= w;
            }
            CU_ASSERT_DOUBLE_EQUAL(cdf[w], (double)n_below / (double)(1u << n), 1e-13);
        }
    }
    static double exact[10051], near[10051];
    double worst = 0;
    zg_shift_paired_cdf(200, true, exact);
    zg_shift_paired_cdf(200, false, near);
    for (int w = 0; w <= 10050; w++)
        worst = fmax(worst, fabs(exact[w] - near[w]));
    printf("\n    200 pairs: off by %.1e", worst);
    CU_ASSERT(worst < 2e-5);
}

/* Hollander & Wolfe's table: of 8 pairs P(W <= 3) is 5 / 256.  Powers of two, so that means are
 * exact. */
static void known_answers_of_ratios(void)
{
    const double ratios[] = {4, 16, 64, 256, 1024, 4096, 16384, 65536}; /* 2 to the 2, 4, ... 16 */
    struct zg_shift s;
    CU_ASSERT_EQUAL_FATAL(zg_shift_of_ratios(ratios, 8, 0.95, &s, NULL), ZG_OK);
    CU_ASSERT(s.has_interval && s.n == 8);
    CU_ASSERT_EQUAL(s.estimate, 512);
    CU_ASSERT_EQUAL(s.low, 16); /* exponents 2, 3, 4, 4 */
    CU_ASSERT_EQUAL(s.high, 16384);
    CU_ASSERT_DOUBLE_EQUAL(s.coverage, 1 - 10.0 / 256, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(s.p, 2.0 / 256, 1e-12);
    CU_ASSERT_EQUAL_FATAL(zg_shift_of_ratios(ratios, 5, 0.95, &s, NULL), ZG_OK);
    CU_ASSERT(!s.has_interval && isnan(s.low) && isnan(s.high) && s.estimate == 64);
    CU_ASSERT_DOUBLE_EQUAL(zg_shift_paired_reach(5), 0.9375, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(zg_shift_paired_reach(8), 1 - 2.0 / 256, 1e-12);
    const double same[] = {1, 1, 1, 1, 1, 1};
    CU_ASSERT_EQUAL_FATAL(zg_shift_of_ratios(same, 6, 0.95, &s, NULL), ZG_OK);
    CU_ASSERT(s.estimate == 1 && s.low == 1 && s.high == 1 && s.p == 1);
    static const double bad[] = {0, -1, NAN, INFINITY};
    for (int i = 0; i < 4; i++) {
        double values[] = {1, 2, 3, 4, 5, 6, 7, 8};
        values[i * 2] = bad[i];
        CU_ASSERT_EQUAL_FATAL(zg_shift_of_ratios(values, 8, 0.95, &s, NULL), ZG_OK);
        CU_ASSERT(isnan(s.estimate) && isnan(s.p) && !s.has_interval);
    }
}

/* As above, of 11 pairs whose noise is heavy and alike on both sides. */
static void coverage_of_ratios_is_exact(void)
{
    enum { TRIALS = 4000, N = 11 };
    int64_t held = 0;
    double coverage = 0;
    for (int64_t trial = 0; trial < TRIALS; trial++) {
        double ratios[N];
        struct zg_shift s;
        for (int64_t i = 0; i < N; i++) {
            const double a = uniform(12, 2 * (trial * N + i));
            const double b = uniform(12, 2 * (trial * N + i) + 1);
            ratios[i] = 3 * a / b; /* the tail of 1 / b is Cauchy's */
        }
        CU_ASSERT_EQUAL_FATAL(zg_shift_of_ratios(ratios, N, 0.95, &s, NULL), ZG_OK);
        held += s.low <= 3 && 3 <= s.high;
        coverage = s.coverage;
        CU_ASSERT_EQUAL((s.p <= 1 - 0.95), (s.low > 1 || s.high < 1));
    }
    const double share = (double)held / TRIALS;
    printf("\n    coverage %.4f of %.4f", share, coverage);
    CU_ASSERT(fabs(share - coverage) < 4 * sqrt(coverage * (1 - coverage) / TRIALS));
}

int main(void)
{
    const struct zg_test tests[] = {
        {"distribution against enumeration", distribution_against_enumeration},
        {"approximation is close where it begins", approximation_is_close_where_it_begins},
        {"approximation by hand", approximation_by_hand},
        {"exact up to its limit", exact_up_to_its_limit},
        {"by definition", by_definition},
        {"edges", edges},
        {"without memory", without_memory},
        {"known answers", known_answers},
        {"coverage is exact", coverage_is_exact},
        {"distribution of pairs against enumeration", paired_distribution_against_enumeration},
        {"known answers of ratios", known_answers_of_ratios},
        {"coverage of ratios is exact", coverage_of_ratios_is_exact},
        {0}};
    return zg_test_run("shift", tests);
}
