/* test_judge_noise.c - judge.c on thousands of simulated gates: how often somebody is blamed where
 * nothing has changed, and found where something has. */
#include "harness/stats/judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/philox.h"
#include "tests/support/cunit_run.h"

static int64_t n_judged(const struct zg_judged *cases, int64_t n, enum zg_judgement judgement)
{
    int64_t n_found = 0;
    for (int64_t i = 0; i < n; i++)
        n_found += cases[i].judgement == judgement;
    return n_found;
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
 * is rejected in at most 5 % of the runs, within three standard errors (0.0049). */
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

/* The rule of a gate, from end to end, without a change: eight blocks, a number by their spread, at
 * most 60, then the verdict; 1 case or 3, noise near normal or with one block in seven that a
 * neighbour makes up to half as slow again.  Whatever the number, 5 % of the runs are blamed, at
 * most; with the threshold of 5 % hardly any; and a build that is a tenth slower is found, where a
 * number of blocks is that can. */
static void a_number_by_the_spread(void)
{
    enum { RUNS = 600, FIRST = 8, MOST = 60 };
    static double walls[2][3][MOST];
    for (int setting = 0; setting < 8; setting++) {
        const int64_t n_cases = setting % 2 ? 3 : 1;
        const double cv = setting / 2 % 2 ? 0.05 : 0.015, slower = setting / 4 ? 1.1 : 1;
        int64_t n_blamed = 0, n_worse = 0, n_same = 0, n_blocks = 0;
        for (uint64_t run = 0; run < RUNS; run++) {
            struct zg_judged cases[3];
            double spread = 0;
            for (int i = 0; i < n_cases; i++) {
                for (int side = 0; side < 2; side++)
                    for (int b = 0; b < MOST; b++) {
                        const int64_t at = ((side * 3 + i) * MOST + b) * 4;
                        const uint64_t seed = 1000 * (uint64_t)(setting % 4) + 31 * run + 7;
                        walls[side][i][b] = (side ? slower : 1) * exp(cv * normal(seed, at));
                        if (setting % 4 >= 2 && uniform(seed, 2 * at + 4) < 1.0 / 7)
                            walls[side][i][b] *= 1 + 0.5 * uniform(seed, 2 * at + 5);
                    }
                spread = fmax(spread, zg_judge_spread(walls[0][i], walls[1][i], FIRST));
            }
            const double wanted = zg_judge_blocks_for(spread, log(1.05), n_cases);
            const int64_t n = (int64_t)fmin(fmax(wanted, FIRST), MOST);
            for (int part = 0; part < 2; part++) {
                for (int i = 0; i < n_cases; i++)
                    cases[i] = (struct zg_judged){.name = "case",
                                                  .pairing = ZG_PAIRED,
                                                  .threshold = part ? 0.05 : 1e-9,
                                                  .baseline = walls[0][i],
                                                  .candidate = walls[1][i],
                                                  .n_baseline = n,
                                                  .n_candidate = n};
                CU_ASSERT_EQUAL_FATAL(zg_judge(cases, n_cases, NULL), ZG_OK);
                const int64_t worse = n_judged(cases, n_cases, ZG_JUDGED_WORSE);
                if (part == 0)
                    n_blamed += worse + n_judged(cases, n_cases, ZG_JUDGED_BETTER) > 0;
                else
                    n_worse += worse > 0;
            }
            n_same += n_judged(cases, n_cases, ZG_JUDGED_SAME) == n_cases;
            n_blocks += n;
        }
        const double blamed = (double)n_blamed / RUNS, worse = (double)n_worse / RUNS;
        printf(
            "\n    %lld cases, noise %.1f %%, %.2f times as slow: %.1f blocks, %.3f differ, %.3f "
            "worse, %.3f same",
            (long long)n_cases, 100 * cv, slower, (double)n_blocks / RUNS, blamed, worse,
            (double)n_same / RUNS);
        if (slower > 1) {
            CU_ASSERT(worse > (cv < 0.02 ? 0.99 : 0.7));
        } else {
            CU_ASSERT(blamed < 0.05 + 3 * sqrt(0.05 * 0.95 / RUNS));
            CU_ASSERT(worse < (cv < 0.02 ? 0.002 : 0.02));
            CU_ASSERT(cv > 0.02 || (double)n_same / RUNS > 0.98);
        }
    }
}

int main(void)
{
    static const struct zg_test tests[] = {{"runs without a change", runs_without_a_change},
                                           {"a number by the spread", a_number_by_the_spread},
                                           {0}};
    return zg_test_run("judge, noise", tests);
}
