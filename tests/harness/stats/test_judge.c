/* test_judge.c - judge.c: each verdict, Holm's levels, what cannot be judged.  How often noise is
 * blamed is in test_judge_noise.c. */
#include "harness/stats/judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/cunit_run.h"
#include "tests/support/exact.h"
#include "tests/support/failing_alloc.h"

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

/* n = 8 at 95 %: from the fourth least to the fourth largest mean of two logarithms, for W is at
 * most 3 in 5 of 256 ways. */
static void each_verdict(void)
{
    struct zg_judged c;
    const double slower[N] = {1.02, 1.09, 1.10, 1.11, 1.12, 1.08, 1.07, 1.13};
    CU_ASSERT_EQUAL(judge_ratios(slower, &c), ZG_JUDGED_WORSE);
    CU_ASSERT(c.ratio > 1.085 && c.ratio < 1.1);
    CU_ASSERT_DOUBLE_EQUAL(c.low, sqrt(1.02 * 1.09), 1e-12); /* after 1.02, with 1.07, with 1.08 */
    CU_ASSERT_DOUBLE_EQUAL(c.high, sqrt(1.13 * 1.11), 1e-12);
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
    /* far beyond in the middle, but one block speaks against it as loudly */
    const double spread[N] = {0.88, 1.09, 1.10, 1.11, 1.12, 1.08, 1.07, 1.13};
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
        ratios[i] = 1.05 * exp((i - 3.5) * 1e-3); /* the middle is 1.05 to rounding */
    judge_ratios(ratios, &c);
    CU_ASSERT_DOUBLE_EQUAL(c.ratio, 1.05, 1e-12);
    for (int i = 0; i < N; i++)
        ratios[i] = 1.0499 + (i - 3.5) * 1e-3;
    CU_ASSERT_EQUAL(judge_ratios(ratios, &c), ZG_JUDGED_UNDECIDED);
    for (int i = 0; i < N; i++)
        ratios[i] = 1.0501 + (i - 3.5) * 1e-3;
    CU_ASSERT_EQUAL(judge_ratios(ratios, &c), ZG_JUDGED_WORSE);
}

/* Exact bounds: a threshold of 1/16 and times that are powers of two times ratios, so that nothing
 * rounds.  Each interval that just touches 1 or a threshold, and what is said of it. */
static void bounds_themselves(void)
{
    enum { SIX = 6 }; /* blocks, whose interval is from the least ratio to the largest */
    static const double base[SIX] = {1, 2, 4, 8, 1, 2};
    const double more = 1.0625, less = 1 / 1.0625;
    const struct {
        double low, middle, high; /* of the ratios */
        enum zg_judgement judgement;
        const char *reason;
    } cases[] = {
        {1.125, 1.25, 1.5, ZG_JUDGED_WORSE,
         "slower by more than 6.25 %, and the interval is all above 1"},
        {1 + 0x1p-40, more + 0x1p-40, 1.5, ZG_JUDGED_WORSE,
         "slower by more than 6.25 %, and the interval is all above 1"},
        {1, 1.25, 1.5, ZG_JUDGED_UNDECIDED, "the interval holds 1 and reaches beyond 6.25 %"},
        {1 + 0x1p-40, more, 1.5, ZG_JUDGED_UNDECIDED, "slower, but by more than 6.25 % or less"},
        {0.5, 0.75, 0.875, ZG_JUDGED_BETTER,
         "faster by more than 6.25 %, and the interval is all below 1"},
        {0.5, less - 0x1p-40, 1 - 0x1p-40, ZG_JUDGED_BETTER,
         "faster by more than 6.25 %, and the interval is all below 1"},
        {0.5, 0.75, 1, ZG_JUDGED_UNDECIDED, "the interval holds 1 and reaches beyond 6.25 %"},
        {0.5, less, 1 - 0x1p-40, ZG_JUDGED_UNDECIDED, "faster, but by more than 6.25 % or less"},
        {less, 1, more, ZG_JUDGED_SAME, "the whole interval is within 6.25 %"},
        {less - 0x1p-40, 1, more, ZG_JUDGED_UNDECIDED,
         "the interval holds 1 and reaches beyond 6.25 %"},
        {less, 1, more + 0x1p-40, ZG_JUDGED_UNDECIDED,
         "the interval holds 1 and reaches beyond 6.25 %"},
        {1.03125, 1.046875, more, ZG_JUDGED_SAME, "the whole interval is within 6.25 %"},
        {less, 0.96875, 0.984375, ZG_JUDGED_SAME, "the whole interval is within 6.25 %"},
        {0.5, 1.25, 1.5, ZG_JUDGED_UNDECIDED,
         "the interval spans a factor of 3: the machine is too noisy"},
        {0.5, 0.75, 1.5, ZG_JUDGED_UNDECIDED,
         "the interval spans a factor of 3: the machine is too noisy"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double candidate[SIX];
        for (int b = 0; b < SIX; b++)
            candidate[b] = base[b] * cases[i].middle;
        candidate[0] = base[0] * cases[i].low;
        candidate[SIX - 1] = base[SIX - 1] * cases[i].high;
        struct zg_judged c = {.name = "case",
                              .pairing = ZG_PAIRED,
                              .threshold = 0.0625,
                              .baseline = base,
                              .candidate = candidate,
                              .n_baseline = SIX,
                              .n_candidate = SIX};
        CU_ASSERT_EQUAL_FATAL(zg_judge(&c, 1, NULL), ZG_OK);
        CU_ASSERT_EQUAL(c.low, cases[i].low);
        CU_ASSERT_EQUAL(c.ratio, cases[i].middle);
        CU_ASSERT_EQUAL(c.high, cases[i].high);
        CU_ASSERT_EQUAL(c.judgement, cases[i].judgement);
        CU_ASSERT_STRING_EQUAL(c.reason, cases[i].reason);
    }
    CU_ASSERT_STRING_EQUAL(zg_judgement_name(ZG_JUDGED_WORSE), "worse");
    CU_ASSERT_STRING_EQUAL(zg_judgement_name(ZG_JUDGED_UNDECIDED), "undecided");
    CU_ASSERT_STRING_EQUAL(zg_judgement_name(ZG_JUDGED_SAME), "same");
    CU_ASSERT_STRING_EQUAL(zg_judgement_name(ZG_JUDGED_BETTER), "better");
}

/* Four cases of which two have a p of 2 / 256 and one, where six of eight sizes are below that of
 * 0.90, 28 / 256: 0.0078 <= 0.0125 and <= 0.0167 are rejected, 0.11 > 0.025 is not; so the levels
 * are 1/4, 1/3, 1/2 and 1/2 of 5 %. */
static void holm_levels(void)
{
    const double ratios[4][N] = {{0.99, 1.01, 0.98, 1.02, 1.01, 0.97, 1.03, 1.04},
                                 {1.09, 1.10, 1.11, 1.12, 1.08, 1.07, 1.13, 1.06},
                                 {0.90, 1.10, 1.11, 1.12, 1.08, 1.07, 1.13, 1.06},
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

/* As long as none is rejected all stay at the first level. */
static void holm_levels_of_none(void)
{
    const double ratios[N] = {0.99, 1.01, 0.98, 1.02, 1.01, 0.97, 1.03, 1.04};
    struct zg_judged cases[3];
    double new_s[N];
    for (int i = 0; i < 3; i++)
        cases[i] = paired(ratios, new_s);
    CU_ASSERT_EQUAL_FATAL(zg_judge(cases, 3, NULL), ZG_OK);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_DOUBLE_EQUAL(cases[i].confidence, 1 - 0.05 / 3, 1e-12);
        CU_ASSERT_EQUAL(cases[i].judgement, ZG_JUDGED_SAME);
    }
    CU_ASSERT_EQUAL(zg_judge(cases, 0, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_judge_least_blocks(0), 6);
    CU_ASSERT_EQUAL(zg_judge_least_blocks(2), 7);
}

/* Counted cases between them take no part: of four, two have intervals. */
static void holm_levels_beside_counts(void)
{
    const double ratios[N] = {1.09, 1.10, 1.11, 1.12, 1.08, 1.07, 1.13, 1.06}, count = 1000;
    struct zg_judged cases[4];
    double new_s[N];
    for (int i = 0; i < 4; i++) {
        cases[i] = paired(ratios, new_s);
        if (i % 2 == 0)
            cases[i] = (struct zg_judged){.name = "counts",
                                          .pairing = ZG_COUNTED,
                                          .threshold = 0.005,
                                          .baseline = &count,
                                          .candidate = &count,
                                          .n_baseline = 1,
                                          .n_candidate = 1};
    }
    CU_ASSERT_EQUAL_FATAL(zg_judge(cases, 4, NULL), ZG_OK);
    CU_ASSERT_DOUBLE_EQUAL(cases[1].confidence, 1 - 0.05 / 2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(cases[3].confidence, 0.95, 1e-12);
    CU_ASSERT(isnan(cases[0].confidence) && isnan(cases[2].confidence));
    CU_ASSERT(cases[0].judgement == ZG_JUDGED_SAME && cases[2].judgement == ZG_JUDGED_SAME);
    CU_ASSERT(cases[1].judgement == ZG_JUDGED_WORSE && cases[3].judgement == ZG_JUDGED_WORSE);
}

/* A p-value that is its level but for rounding is rejected: 9 against 11 values with 5 pairs in
 * the wrong order have p = 2 * 19 / C(20, 9), which is 5 % of a 221st. */
static void holm_level_itself(void)
{
    enum { CASES = 221 };
    static struct zg_judged cases[CASES];
    const double old_9[] = {1.01, 1.02, 1.03, 1.04, 1.05, 1.06, 1.07, 1.08, 1.09};
    const double new_11[] = {1.045, 1.30, 1.31, 1.32, 1.33, 1.34, 1.35, 1.36, 1.37, 1.38, 1.39};
    for (int i = 0; i < CASES; i++)
        cases[i] = (struct zg_judged){.name = "case",
                                      .pairing = ZG_UNPAIRED,
                                      .threshold = 0.05,
                                      .baseline = old_9,
                                      .candidate = new_11,
                                      .n_baseline = 9,
                                      .n_candidate = 11};
    CU_ASSERT_EQUAL_FATAL(zg_judge(cases, CASES, NULL), ZG_OK);
    for (int i = 0; i < CASES; i++) {
        CU_ASSERT_DOUBLE_EQUAL(cases[i].p, 0.05 / 221, 1e-15);
        CU_ASSERT_DOUBLE_EQUAL(cases[i].confidence, 1 - 0.05 / (221 - i), 1e-12);
        CU_ASSERT_EQUAL(cases[i].judgement, ZG_JUDGED_WORSE);
    }
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
    /* each value counts: all differences of logarithms, sorted, by hand: 6 x 6 powers of two */
    const double powers[] = {2, 4, 8, 16, 32, 64}, higher[] = {512, 256, 1024, 128, 4096, 2048};
    c.baseline = powers;
    c.candidate = higher;
    c.n_baseline = c.n_candidate = 6;
    CU_ASSERT_EQUAL_FATAL(zg_judge(&c, 1, NULL), ZG_OK);
    CU_ASSERT_DOUBLE_EQUAL(c.ratio, 64, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(c.low, 8, 1e-9); /* the 6th of 1, 2, 2, 3, 3, 3, ...: k = 6 */
    CU_ASSERT_DOUBLE_EQUAL(c.high, 512, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(c.p, 2.0 / 924, 1e-12);
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

/* 17/16 is exact: what just meets the threshold is within it. */
static void counted_bounds_themselves(void)
{
    static const struct {
        double old[3], new[3];
        enum zg_judgement judgement;
        const char *reason;
    } cases[] = {
        {{16, 16, 16}, {17, 17, 17}, ZG_JUDGED_SAME, "within 6.25 %"},
        {{17, 17, 17}, {16, 16, 16}, ZG_JUDGED_SAME, "within 6.25 %"},
        {{16, 16, 16}, {18, 18, 18}, ZG_JUDGED_WORSE, "12.5 % more, beyond 6.25 %"},
        {{16, 16, 16}, {14, 14, 14}, ZG_JUDGED_BETTER, "12.5 % less, beyond 6.25 %"},
        {{16, 17, 16}, {16, 16, 17}, ZG_JUDGED_SAME, "within 6.25 %"},
        {{17, 16, 16}, {20, 20, 20}, ZG_JUDGED_WORSE, "25 % more, beyond 6.25 %"},
        {{16, 20, 16},
         {16, 16, 16},
         ZG_JUDGED_UNDECIDED,
         "the counts of one side vary by 25 %, more than 6.25 %"},
        {{20, 16, 16},
         {16, 16, 16},
         ZG_JUDGED_UNDECIDED,
         "the counts of one side vary by 25 %, more than 6.25 %"},
        {{16, 16, 16},
         {16, 16, 20},
         ZG_JUDGED_UNDECIDED,
         "the counts of one side vary by 25 %, more than 6.25 %"},
        {{16, 16, 16},
         {20, 16, 20},
         ZG_JUDGED_UNDECIDED,
         "the counts of one side vary by 25 %, more than 6.25 %"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zg_judged c = {.name = "case",
                              .pairing = ZG_COUNTED,
                              .threshold = 0.0625,
                              .baseline = exact_copy(cases[i].old, sizeof cases[i].old),
                              .candidate = exact_copy(cases[i].new, sizeof cases[i].new),
                              .n_baseline = 3,
                              .n_candidate = 3};
        CU_ASSERT_EQUAL_FATAL(zg_judge(&c, 1, NULL), ZG_OK);
        CU_ASSERT_EQUAL(c.judgement, cases[i].judgement);
        CU_ASSERT_STRING_EQUAL(c.reason, cases[i].reason);
        CU_ASSERT(isnan(c.low) && isnan(c.high) && isnan(c.p) && isnan(c.confidence));
        exact_free((double *)(uintptr_t)c.baseline, sizeof cases[i].old);
        exact_free((double *)(uintptr_t)c.candidate, sizeof cases[i].new);
    }
}

/* Values that end where memory does, of every pairing, as many on a side or not. */
static void nothing_past_the_end(void)
{
    for (int64_t n = 6; n <= 9; n++)
        for (int64_t m = 6; m <= 9; m++)
            for (int kind = 0; kind < 3; kind++) {
                double some[9];
                for (int i = 0; i < 9; i++)
                    some[i] = 1 + 0.001 * i;
                struct zg_judged c = {.name = "case",
                                      .pairing = (enum zg_pairing)kind,
                                      .threshold = 0.05,
                                      .baseline = exact_copy(some, (size_t)n * 8),
                                      .candidate = exact_copy(some, (size_t)m * 8),
                                      .n_baseline = n,
                                      .n_candidate = m};
                if (n == m || kind != ZG_PAIRED) {
                    CU_ASSERT_EQUAL(zg_judge(&c, 1, NULL), ZG_OK);
                    CU_ASSERT_EQUAL(c.judgement, ZG_JUDGED_SAME);
                }
                exact_free((double *)(uintptr_t)c.baseline, (size_t)n * 8);
                exact_free((double *)(uintptr_t)c.candidate, (size_t)m * 8);
            }
}

static void without_memory(void)
{
    const double ratios[N] = {0.99, 1.01, 0.98, 1.02, 1.01, 0.97, 1.03, 1.04};
    double new_s[N];
    for (int kind = 0; kind < 3; kind++) {
        struct zg_judged cases[2] = {paired(ratios, new_s), paired(ratios, new_s)};
        struct zg_error err = {0};
        enum zg_status status;
        cases[0].pairing = cases[1].pairing = (enum zg_pairing)kind;
        for (int n = 1;; n++) {
            fail_allocation(n);
            status = zg_judge(cases, 2, &err);
            if (!allocation_failed())
                break;
            CU_ASSERT_EQUAL(status, ZG_ENV);
            zg_test_expect_words(err.text, "no memory for ");
            zg_error_clear(&err);
        }
        CU_ASSERT_EQUAL(status, ZG_OK);
    }
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
    expect_refusal(c, 1, ZG_ENV,
                   "case: nothing to judge: one block has no spread, so nothing says whether a "
                   "difference is noise; must be 6 blocks or more");
    expect_refusal(c, 4, ZG_ENV, "must be 8 blocks or more");
    c.n_baseline = c.n_candidate = 5;
    expect_refusal(c, 1, ZG_ENV,
                   "5 blocks are too few for 1 case at 95 % in all; must be 6 or more");
    c.n_baseline = c.n_candidate = 7;
    expect_refusal(c, 4, ZG_ENV,
                   "7 blocks are too few for 4 cases at 95 % in all; must be 8 or more");
    c.pairing = ZG_UNPAIRED;
    c.n_baseline = 3;
    expect_refusal(c, 4, ZG_ENV,
                   "3 blocks are too few for 4 cases at 95 % in all; must be 6 or more");
    for (int i = 0; i < N; i++)
        equal_s[i] = 2;
    c = fine;
    c.candidate = equal_s;
    expect_refusal(c, 1, ZG_ENV, "all 8 values of the candidate are the same, 2, which");
    c.baseline = equal_s;
    c.candidate = new_s;
    expect_refusal(c, 1, ZG_ENV, "all 8 values of the baseline are the same, 2, which");
    for (int i = 0; i < N; i += N - 1) { /* one that differs is enough, wherever it stands */
        equal_s[i] = 2.5;
        CU_ASSERT_EQUAL(zg_judge(&c, 1, NULL), ZG_OK);
        equal_s[i] = 2;
    }
    equal_s[1] = 2.5;
    CU_ASSERT_EQUAL(zg_judge(&c, 1, NULL), ZG_OK);
    c = fine;
    memcpy(bad_s, new_s, sizeof bad_s);
    c.candidate = bad_s;
    static const double bad[] = {0, -1, NAN, INFINITY};
    for (int i = 0; i < 4; i++) {
        bad_s[3] = bad[i];
        expect_refusal(c, 1, ZG_INPUT, "case: value 4 of the candidate is ");
    }
    c.baseline = bad_s;
    c.candidate = old_s;
    expect_refusal(c, 1, ZG_INPUT, "value 4 of the baseline is inf; must be finite and positive");
    bad_s[0] = -2;
    expect_refusal(c, 1, ZG_INPUT, "value 1 of the baseline is -2; must be finite and positive");
    memcpy(bad_s, old_s, sizeof bad_s);
    bad_s[N - 1] = 0;
    expect_refusal(c, 1, ZG_INPUT, "value 8 of the baseline is 0;");
    /* counted ones too, of which a single value is enough */
    c.pairing = ZG_COUNTED;
    expect_refusal(c, 1, ZG_INPUT, "value 8 of the baseline is 0;");
    c.n_candidate = 0;
    expect_refusal(c, 1, ZG_ENV, "no block");
}

/* C(26, 13) = 10400600 = 40 m: at m cases 13 values a side reach the first level, but for
 * rounding. */
static void least_number_itself(void)
{
    const int64_t m = 260015;
    double values[12], others[12];
    struct zg_error err = {0};
    struct zg_judged *const cases = calloc((size_t)m, sizeof *cases);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cases);
    for (int i = 0; i < 12; i++) {
        values[i] = 1 + 0.01 * i;
        others[i] = 2 + 0.01 * i;
    }
    for (int64_t i = 0; i < m; i++)
        cases[i].pairing = ZG_UNPAIRED;
    cases[0] = (struct zg_judged){.name = "case",
                                  .pairing = ZG_UNPAIRED,
                                  .threshold = 0.05,
                                  .baseline = values,
                                  .candidate = others,
                                  .n_baseline = 12,
                                  .n_candidate = 12};
    CU_ASSERT_EQUAL(zg_judge(cases, m, &err), ZG_ENV);
    zg_test_expect_words(err.text, "for 260015 cases at 95 % in all; must be 13 or more");
    free(cases);
}

/* Whatever the estimate, noise blames nobody: an interval that spans a factor, a busy machine. */
static void noise_is_undecided(void)
{
    struct zg_judged c;
    const double wild[N] = {1.1, 4.0, 1.3, 2.0, 9.0, 1.2, 3.0, 1.5};
    CU_ASSERT_EQUAL(judge_ratios(wild, &c), ZG_JUDGED_UNDECIDED);
    CU_ASSERT(c.low > 1 && c.ratio > 1.05 && c.high > 2 * c.low);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.reason, "spans a factor of"));
    const double twice[N] = {2.0, 2.1, 1.9, 2.2, 1.8, 2.05, 1.95, 2.3};
    CU_ASSERT_EQUAL(judge_ratios(twice, &c), ZG_JUDGED_WORSE);
    double new_s[N];
    for (int part = 0; part < 2; part++) {
        c = paired(twice, new_s);
        c.busy = part ? 0.51 : 0.5;
        CU_ASSERT_EQUAL_FATAL(zg_judge(&c, 1, NULL), ZG_OK);
        CU_ASSERT_EQUAL(c.judgement, part ? ZG_JUDGED_UNDECIDED : ZG_JUDGED_WORSE);
        CU_ASSERT_EQUAL(strstr(c.reason, "the machine was busy") != NULL, part);
        CU_ASSERT_EQUAL(zg_judge_blocks_wanted(&c) == 0, part);
    }
    /* a narrow interval is one, however it came about */
    const double same[N] = {0.99, 1.01, 0.99, 1.00, 1.02, 1.01, 1.00, 0.98};
    c = paired(same, new_s);
    c.busy = 1;
    CU_ASSERT_EQUAL_FATAL(zg_judge(&c, 1, NULL), ZG_OK);
    CU_ASSERT_EQUAL(c.judgement, ZG_JUDGED_SAME);
}

/* An interval of +-10 % around 1 narrows to +-5 % with four times the blocks; around 8 % slower it
 * need leave out 1 alone. */
static void blocks_that_would_do(void)
{
    struct zg_judged c = {.pairing = ZG_PAIRED,
                          .threshold = 0.05,
                          .n_baseline = 10,
                          .n_candidate = 10,
                          .ratio = 1,
                          .low = 1 / 1.1025,
                          .high = 1.1025};
    CU_ASSERT_DOUBLE_EQUAL(zg_judge_blocks_wanted(&c), 40, 1.01);
    c.ratio = 1.08;
    c.low = 1.08 / 1.1664;
    c.high = 1.08 * 1.1664;
    CU_ASSERT_DOUBLE_EQUAL(zg_judge_blocks_wanted(&c), 40, 1.01);
    c.ratio = 1.05; /* at the border: some number, not infinity */
    CU_ASSERT(zg_judge_blocks_wanted(&c) > 100 && zg_judge_blocks_wanted(&c) < 10000);
    /* 1.96 * 1.0233 * 0.03 / sqrt(9), and at 98.75 % of four cases 2.4977 in place of 1.96 */
    CU_ASSERT_DOUBLE_EQUAL(zg_judge_half_width(0.03, 9, 1), 0.020057, 1e-5);
    CU_ASSERT_DOUBLE_EQUAL(zg_judge_half_width(0.03, 9, 4), 0.025560, 1e-5);
    /* 3.5 times the half-width of one block over the threshold, squared */
    CU_ASSERT_EQUAL(zg_judge_blocks_for(0.03, 0.05, 1), 18);
    const double a[] = {1, 1, 1}, b[] = {exp(0.02), exp(-0.01), exp(0.5)};
    CU_ASSERT_DOUBLE_EQUAL(zg_judge_spread(a, b, 3), 1.4826 * 0.02, 1e-12);
}

int main(void)
{
    const struct zg_test tests[] = {
        {"each verdict", each_verdict},
        {"threshold itself is not beyond", threshold_itself_is_not_beyond},
        {"bounds themselves", bounds_themselves},
        {"Holm's levels", holm_levels},
        {"Holm's levels where none is rejected", holm_levels_of_none},
        {"Holm's levels beside counts", holm_levels_beside_counts},
        {"Holm's level itself", holm_level_itself},
        {"unpaired costs", unpaired_costs},
        {"counted costs", counted_costs},
        {"counted bounds themselves", counted_bounds_themselves},
        {"nothing past the end", nothing_past_the_end},
        {"without memory", without_memory},
        {"least number itself", least_number_itself},
        {"what cannot be judged", what_cannot_be_judged},
        {"noise is undecided", noise_is_undecided},
        {"blocks that would do", blocks_that_would_do},
        {0}};
    return zg_test_run("judge", tests);
}
