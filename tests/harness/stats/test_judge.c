/* test_judge.c - judge.c: each verdict, Holm's levels, what cannot be judged, and how often
 * a run without any change is blamed. */
#include "harness/stats/judge.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engines/base/philox.h"
#include "tests/support/cunit_run.h"

enum { N = 8 };

/* Not all the same: what a clock gives. */
static const double old_s[N] = {1.00, 1.01, 0.99, 1.02, 0.98, 1.005, 0.995, 1.003};

static int64_t n_judged(const struct zg_judged *cases, int64_t n, enum zg_judgement judgement)
{
    int64_t n_found = 0;
    for (int64_t i = 0; i < n; i++)
        n_found += cases[i].judgement == judgement;
    return n_found;
}

/* ratios[i] times the old values: paired, these are the ratios */
static struct zg_judged paired(const double *ratios, double *new_s)
{
    for (int i = 0; i < N; i++)
        new_s[i] = ratios[i] * old_s[i];
    return (struct zg_judged){.name = "case",
                              .pairing = ZG_PAIRED,
                              .threshold = 0.05,
                              .baseline = old_s,
                              .candidate = new_s,
                              .n_baseline = N,
                              .n_candidate = N};
}

static enum zg_judgement judge_ratios(const double *ratios, struct zg_judged *out)
{
    double new_s[N];
    *out = paired(ratios, new_s);
    CU_ASSERT_EQUAL(zg_judge(out, 1, NULL), ZG_OK);
    return out->judgement;
}

/* n = 8 at 95 %: the interval is the whole range (rank 1, 99.2 %). */
static void each_verdict(void)
{
    struct zg_judged c;
    const double slower[N] = {1.02, 1.09, 1.10, 1.11, 1.12, 1.08, 1.07, 1.13};
    CU_ASSERT_EQUAL(judge_ratios(slower, &c), ZG_JUDGED_WORSE);
    CU_ASSERT_DOUBLE_EQUAL(c.ratio, 1.095, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(c.low, 1.02, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(c.high, 1.13, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(c.p, 2.0 / 256, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(c.confidence, 0.95, 1e-12);
    const double faster[N] = {0.98, 0.91, 0.90, 0.89, 0.88, 0.92, 0.93, 0.87};
    CU_ASSERT_EQUAL(judge_ratios(faster, &c), ZG_JUDGED_BETTER);
    const double same[N] = {0.96, 1.01, 0.99, 1.00, 1.02, 1.03, 1.04, 0.97};
    CU_ASSERT_EQUAL(judge_ratios(same, &c), ZG_JUDGED_SAME);
    /* slower for sure, and by less than the threshold for sure */
    const double little[N] = {1.01, 1.02, 1.03, 1.02, 1.03, 1.04, 1.02, 1.03};
    CU_ASSERT_EQUAL(judge_ratios(little, &c), ZG_JUDGED_SAME);
    /* one burst: its upper end alone makes it undecided, never same */
    const double burst[N] = {0.96, 1.01, 0.99, 1.00, 1.02, 1.03, 1.04, 1.30};
    CU_ASSERT_EQUAL(judge_ratios(burst, &c), ZG_JUDGED_UNDECIDED);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.reason, "holds 1"));
    /* far beyond in the median, but one block speaks against it */
    const double spread[N] = {0.99, 1.09, 1.10, 1.11, 1.12, 1.08, 1.07, 1.13};
    CU_ASSERT_EQUAL(judge_ratios(spread, &c), ZG_JUDGED_UNDECIDED);
    /* slower, sure; but 4 or 8 %? */
    const double around[N] = {1.02, 1.03, 1.04, 1.04, 1.05, 1.06, 1.07, 1.08};
    CU_ASSERT_EQUAL(judge_ratios(around, &c), ZG_JUDGED_UNDECIDED);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.reason, "slower"));
    const double around_below[N] = {0.98, 0.97, 0.96, 0.96, 0.953, 0.954, 0.94, 0.93};
    CU_ASSERT_EQUAL(judge_ratios(around_below, &c), ZG_JUDGED_UNDECIDED);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.reason, "faster"));
}

/* A threshold is met just there: 1.05 is not beyond 5 %. */
static void threshold_itself_is_not_beyond(void)
{
    struct zg_judged c;
    double ratios[N];
    for (int i = 0; i < N; i++)
        ratios[i] = 1.05 + (i - 3.5) * 1e-3; /* the median is 1.05 to rounding */
    judge_ratios(ratios, &c);
    CU_ASSERT_DOUBLE_EQUAL(c.ratio, 1.05, 1e-12);
    for (int i = 0; i < N; i++)
        ratios[i] = 1.0499 + (i - 3.5) * 1e-3;
    CU_ASSERT_EQUAL(judge_ratios(ratios, &c), ZG_JUDGED_UNDECIDED);
    for (int i = 0; i < N; i++)
        ratios[i] = 1.0501 + (i - 3.5) * 1e-3;
    CU_ASSERT_EQUAL(judge_ratios(ratios, &c), ZG_JUDGED_WORSE);
}

/* Four cases with p of 2, 2, 18 and 186 / 256, by hand: 0.0078 <= 0.0125 and <= 0.0167 are
 * rejected, 0.070 > 0.025 is not; so the levels are 1/4, 1/3, 1/2 and 1/2 of 5 %. */
static void holm_levels(void)
{
    const double ratios[4][N] = {{0.99, 1.01, 0.98, 1.02, 1.01, 0.97, 1.03, 1.04},
                                 {1.09, 1.10, 1.11, 1.12, 1.08, 1.07, 1.13, 1.06},
                                 {0.99, 1.10, 1.11, 1.12, 1.08, 1.07, 1.13, 1.06},
                                 {0.90, 0.91, 0.92, 0.89, 0.88, 0.87, 0.86, 0.85}};
    const double parts[4] = {2, 4, 2, 3};
    struct zg_judged cases[4];
    double new_s[4][N];
    for (int i = 0; i < 4; i++)
        cases[i] = paired(ratios[i], new_s[i]);
    CU_ASSERT_EQUAL_FATAL(zg_judge(cases, 4, NULL), ZG_OK);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_DOUBLE_EQUAL(cases[i].confidence, 1 - 0.05 / parts[i], 1e-12);
    CU_ASSERT_EQUAL(cases[0].judgement, ZG_JUDGED_SAME);
    CU_ASSERT_EQUAL(cases[1].judgement, ZG_JUDGED_WORSE);
    CU_ASSERT_EQUAL(cases[2].judgement, ZG_JUDGED_UNDECIDED);
    CU_ASSERT_EQUAL(cases[3].judgement, ZG_JUDGED_BETTER);
    CU_ASSERT_EQUAL(n_judged(cases, 4, ZG_JUDGED_WORSE), 1);
    CU_ASSERT_EQUAL(zg_judge_least_blocks(1), 6);
    CU_ASSERT_EQUAL(zg_judge_least_blocks(4), 8);
}

static void unpaired_costs(void)
{
    const double candidate[] = {1.10, 1.12, 1.08, 1.11, 1.13, 1.09};
    struct zg_judged c = {.name = "case",
                          .pairing = ZG_UNPAIRED,
                          .threshold = 0.05,
                          .baseline = old_s,
                          .candidate = candidate,
                          .n_baseline = N,
                          .n_candidate = 6};
    CU_ASSERT_EQUAL_FATAL(zg_judge(&c, 1, NULL), ZG_OK);
    CU_ASSERT_EQUAL(c.judgement, ZG_JUDGED_WORSE);
    CU_ASSERT(c.ratio > 1.09 && c.ratio < 1.12 && c.low > 1.05 && c.high < 1.15);
    /* every candidate above every baseline: 2 / C(14, 6) */
    CU_ASSERT_DOUBLE_EQUAL(c.p, 2.0 / 3003, 1e-12);
    c.candidate = c.baseline;
    c.n_candidate = N;
    CU_ASSERT_EQUAL_FATAL(zg_judge(&c, 1, NULL), ZG_OK);
    CU_ASSERT_EQUAL(c.judgement, ZG_JUDGED_SAME);
}

static enum zg_judgement judge_counts(double old_count, const double *counts, int64_t n)
{
    struct zg_judged c = {.name = "case",
                          .pairing = ZG_COUNTED,
                          .threshold = 0.005,
                          .baseline = &old_count,
                          .candidate = counts,
                          .n_baseline = 1,
                          .n_candidate = n};
    CU_ASSERT_EQUAL(zg_judge(&c, 1, NULL), ZG_OK);
    CU_ASSERT(isnan(c.low) && isnan(c.high) && isnan(c.p));
    return c.judgement;
}

static void counted_costs(void)
{
    const double counts[] = {1.006e9, 1.004e9, 0.9945e9};
    CU_ASSERT_EQUAL(judge_counts(1e9, &counts[0], 1), ZG_JUDGED_WORSE);
    CU_ASSERT_EQUAL(judge_counts(1e9, &counts[1], 1), ZG_JUDGED_SAME);
    CU_ASSERT_EQUAL(judge_counts(1e9, &counts[2], 1), ZG_JUDGED_BETTER);
    CU_ASSERT_EQUAL(judge_counts(1e9, counts, 2), ZG_JUDGED_SAME); /* median: 1.005 exactly */
    CU_ASSERT_EQUAL(judge_counts(1e9, counts, 3), ZG_JUDGED_UNDECIDED);
}

static void expect_refusal(struct zg_judged c, int64_t n_cases, enum zg_status status,
                           const char *text)
{
    struct zg_error err = {0};
    struct zg_judged cases[4] = {c, c, c, c};
    CU_ASSERT_EQUAL(zg_judge(cases, n_cases, &err), status);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, text));
    if (!strstr(err.text, text))
        printf("\n    no \"%s\" in \"%s\"", text, err.text);
}

static void what_cannot_be_judged(void)
{
    const double ratios[N] = {0.99, 1.01, 0.98, 1.02, 1.01, 0.97, 1.03, 1.04};
    double new_s[N], equal_s[N], bad_s[N];
    const struct zg_judged fine = paired(ratios, new_s);
    struct zg_judged c = fine;
    c.n_baseline = c.n_candidate = 0;
    expect_refusal(c, 1, ZG_ENV, "no block");
    c.n_baseline = c.n_candidate = 1;
    expect_refusal(c, 1, ZG_ENV, "one block");
    c.n_baseline = c.n_candidate = 5;
    expect_refusal(c, 1, ZG_ENV, "5 blocks are too few for 1 case");
    c.n_baseline = c.n_candidate = 7;
    expect_refusal(c, 4, ZG_ENV, "7 blocks are too few for 4 cases");
    c.pairing = ZG_UNPAIRED;
    c.n_baseline = 3;
    expect_refusal(c, 4, ZG_ENV, "3 blocks are too few for 4 cases");
    for (int i = 0; i < N; i++)
        equal_s[i] = 2;
    c = fine;
    c.candidate = equal_s;
    expect_refusal(c, 1, ZG_ENV, "zero variance");
    memcpy(bad_s, new_s, sizeof bad_s);
    c.candidate = bad_s;
    static const double bad[] = {0, -1, NAN, INFINITY};
    for (int i = 0; i < 4; i++) {
        bad_s[3] = bad[i];
        expect_refusal(c, 1, ZG_INPUT, "value 4 of the candidate");
    }
}

static double uniform(uint64_t seed, int64_t i)
{
    uint32_t word;
    zg_philox_words(seed, 0, ZG_STREAM_DATA, i, 1, &word);
    return ((double)word + 0.5) * 0x1p-32;
}

static double normal(uint64_t seed, int64_t i)
{
    return sqrt(-2 * log(uniform(seed, 2 * i))) *
           cos(2 * 3.14159265358979 * uniform(seed, 2 * i + 1));
}

/* 2000 runs of 4 cases without a change, noise of 10 % so that the threshold excuses little: one
 * is rejected in at most 5 % of the runs, within three standard errors (0.0049), and with 9 blocks
 * in far fewer (the first level, 1.25 %, has p-values of 2 / 512 only: 4 x 0.4 %). */
static void runs_without_a_change(void)
{
    enum { RUNS = 2000, BLOCKS = 12 };
    static const int64_t blocks[] = {9, BLOCKS};
    for (int at = 0; at < 2; at++) {
        int64_t n_rejected = 0;
        for (int64_t run = 0; run < RUNS; run++) {
            struct zg_judged cases[4];
            double walls[2][4][BLOCKS];
            for (int i = 0; i < 4; i++) {
                for (int side = 0; side < 2; side++)
                    for (int64_t b = 0; b < blocks[at]; b++)
                        walls[side][i][b] =
                            exp(0.1 * normal(5, ((run * 2 + side) * 4 + i) * BLOCKS + b));
                cases[i] = (struct zg_judged){.name = "case",
                                              .pairing = at ? ZG_UNPAIRED : ZG_PAIRED,
                                              .threshold = 1e-9,
                                              .baseline = walls[0][i],
                                              .candidate = walls[1][i],
                                              .n_baseline = blocks[at],
                                              .n_candidate = blocks[at]};
            }
            CU_ASSERT_EQUAL_FATAL(zg_judge(cases, 4, NULL), ZG_OK);
            n_rejected +=
                n_judged(cases, 4, ZG_JUDGED_WORSE) + n_judged(cases, 4, ZG_JUDGED_BETTER) > 0;
        }
        const double share = (double)n_rejected / RUNS;
        printf("\n    %lld blocks, %s: %.3f of runs blamed", (long long)blocks[at],
               at ? "unpaired" : "paired", share);
        CU_ASSERT(share < 0.05 + 0.0147);
        CU_ASSERT(share > (at ? 0.03 : 0.005)); /* or the test could not fail */
    }
}

int main(void)
{
    const struct zg_test tests[] = {
        {"each verdict", each_verdict},
        {"threshold itself is not beyond", threshold_itself_is_not_beyond},
        {"Holm's levels", holm_levels},
        {"unpaired costs", unpaired_costs},
        {"counted costs", counted_costs},
        {"what cannot be judged", what_cannot_be_judged},
        {"runs without a change", runs_without_a_change},
        {0}};
    return zg_test_run("judge", tests);
}
