/* test_shift.c - shift.c: known answers, enumeration, and the coverage that the interval
 * promises. */
#include "harness/stats/shift.h"

#include <math.h>
#include <stdlib.h>

#include "engines/base/philox.h"
#include "engines/base/size.h"
#include "tests/support/cunit_run.h"

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

int main(void)
{
    const struct zg_test tests[] = {
        {"distribution against enumeration", distribution_against_enumeration},
        {"approximation is close where it begins", approximation_is_close_where_it_begins},
        {"known answers", known_answers},
        {"coverage is exact", coverage_is_exact},
        {0}};
    return zg_test_run("shift", tests);
}
