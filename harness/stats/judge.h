/*
 * judge.h - from the costs of two builds on some cases to a verdict a case: better, same, worse or
 * undecided.  Knows nothing of files and processes.
 *
 *     struct zg_judged cases[] = {{.name = "fused", .pairing = ZG_PAIRED, .threshold = 0.05,
 *                                  .baseline = old_s, .n_baseline = 8,
 *                                  .candidate = new_s, .n_candidate = 8}};
 *     status = zg_judge(cases, 1, &err);
 *     if (!status)
 *         puts(zg_judgement_name(cases[0].judgement));
 *
 * A cost is better where it is smaller.  The ratio is candidate over baseline: 1.10 is a tenth
 * slower.
 *
 *   worse      the interval of the ratio lies wholly above 1, and the estimate above 1 + threshold
 *   better     the interval lies wholly below 1, and the estimate below 1 / (1 + threshold)
 *   same       the interval lies wholly within 1 / (1 + threshold) .. 1 + threshold
 *   undecided  anything else: the interval is too wide, or the difference is sure but its size not
 *
 * Nobody is blamed, or praised, by an interval that spans a factor of 2, nor where the machine was
 * busy in most blocks: noise that comes and goes with other work is not alike from block to block,
 * as every interval assumes.  Such a case is undecided, whatever its estimate.
 *
 * The chance that a run of m cases, none of which changed, says worse or better of any is at most
 * 5 % (Holm, 1979): the cases are sorted by their p-value, and the one of rank i = 0, 1, ... is
 * rejected, that is shown at its own level 5 % / (m - i), as long as its p-value is at most that.
 * Every other case is shown at 5 % / (m - r), r being the number rejected.  Counted cases need no
 * interval and take no part in this.
 */
#ifndef ZG_HARNESS_JUDGE_H
#define ZG_HARNESS_JUDGE_H

#include <stdint.h>

#include "engines/error.h"

#define ZG_JUDGE_ALPHA 0.05
#define ZG_JUDGE_SPAN  2.0 /* high / low of an interval that says nothing */
#define ZG_JUDGE_BUSY  0.5 /* share of the blocks */

enum zg_pairing {
    /* baseline[i] and candidate[i] were measured side by side, in random order: the shift of the
     * logarithms of their ratios (shift.h) */
    ZG_PAIRED,
    /* nothing pairs them: the shift of their logarithms (shift.h) */
    ZG_UNPAIRED,
    /* events counted, instructions: the ratio of medians is the ratio, unless the counts of a side
     * themselves vary by more than the threshold */
    ZG_COUNTED,
};

enum zg_judgement { ZG_JUDGED_WORSE, ZG_JUDGED_UNDECIDED, ZG_JUDGED_SAME, ZG_JUDGED_BETTER };
enum { ZG_N_JUDGEMENTS = 4 };

struct zg_judged {
    /* given; borrowed */
    const char *name; /* for messages */
    enum zg_pairing pairing;
    double threshold;        /* > 0: 0.05 is 5 % */
    const double *baseline;  /* [n_baseline] costs, finite and positive */
    const double *candidate; /* [n_candidate]; as many where paired */
    int64_t n_baseline, n_candidate;
    double busy; /* share of the blocks in which other work took cpus from both sides */
    /* found by zg_judge() */
    double ratio;
    double low, high;  /* NaN of counted ones */
    double confidence; /* of low and high as asked: 1 - Holm's level; NaN of counted ones */
    double p;          /* two-sided, of "no difference"; NaN of counted ones */
    enum zg_judgement judgement;
    char reason[320]; /* one sentence */
};

/* ZG_INPUT: a cost that is not finite and positive.  ZG_ENV, for nothing was measured that could
 * be judged: one value on a side; so few that not even the widest interval reaches the level at
 * which the first of n_cases must be shown; all values of a side the same, which no clock gives.
 * ZG_ENV: no memory. */
enum zg_status zg_judge(struct zg_judged *cases, int64_t n_cases, struct zg_error *err);

/* "worse", "undecided", "same", "better" */
const char *zg_judgement_name(enum zg_judgement judgement);

/* The least number of paired blocks at which n_cases can be judged. */
int64_t zg_judge_least_blocks(int64_t n_cases);

/* About how many blocks in all would decide an undecided case, if it goes on as it is: an interval
 * narrows with the root of their number.  0 where no number would: a busy machine, counts. */
double zg_judge_blocks_wanted(const struct zg_judged *c);

/* How much the logarithms of the ratios of n blocks stray about 0, as a standard deviation.  About
 * 0 and by their size alone, so that of builds that do not differ it says nothing of their signs:
 * a number of blocks that was chosen by it leaves every chance of a false alarm as it is. */
double zg_judge_spread(const double *baseline, const double *candidate, int64_t n);

/* Blocks that bring the half-width of the interval of each of n_cases down to two fifths of
 * the threshold (a logarithm), with room for a spread that few blocks took for less than it is. */
double zg_judge_blocks_for(double spread, double threshold, int64_t n_cases);

/* About the half-width of the interval of the logarithm of a ratio, from n blocks whose logarithms
 * have the standard deviation `spread`, with n_cases judged. */
double zg_judge_half_width(double spread, double n, int64_t n_cases);

#endif
