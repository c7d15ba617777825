/*
 * judge.c - refuses what cannot be judged, then estimates every case at Holm's first level, steps
 * down in the order of their p-values, and decides each at the level that it ended with.
 */
#include "harness/stats/judge.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"
#include "harness/stats/shift.h"
#include "harness/stats/stats.h"

/* A p-value that equals its level but for the rounding of lgamma is at most that level. */
#define ROUNDING 1e-12

const char *zg_judgement_name(enum zg_judgement judgement)
{
    static const char *const names[ZG_N_JUDGEMENTS] = {"worse", "undecided", "same", "better"};
    return names[judgement];
}

static double first_confidence(int64_t n_cases)
{
    return 1 - ZG_JUDGE_ALPHA / (double)n_cases;
}

/* The least number of blocks a side.  Two against twenty could reach 95 %, but two blocks are no
 * sight of what a machine does: never fewer than the median of one side would need. */
static int64_t least_blocks(enum zg_pairing pairing, double confidence)
{
    int64_t n = ZG_MIN_FOR_INTERVAL;
    while ((pairing == ZG_PAIRED ? zg_shift_paired_reach(n) : zg_shift_reach(n, n)) <
           confidence - ROUNDING)
        n++;
    return n;
}

int64_t zg_judge_least_blocks(int64_t n_cases)
{
    return least_blocks(ZG_PAIRED, first_confidence(zg_max64(n_cases, 1)));
}

/* ---- what cannot be judged ------------------------------------------------------------------- */

static int64_t n_with_intervals(const struct zg_judged *cases, int64_t n_cases)
{
    int64_t n = 0;
    for (int64_t i = 0; i < n_cases; i++)
        n += cases[i].pairing != ZG_COUNTED;
    return n;
}

static enum zg_status check_values(const struct zg_judged *c, struct zg_error *err)
{
    const double *const sides[] = {c->baseline, c->candidate};
    const int64_t n[] = {c->n_baseline, c->n_candidate};
    for (int side = 0; side < 2; side++)
        for (int64_t i = 0; i < n[side]; i++)
            if (!isfinite(sides[side][i]) || sides[side][i] <= 0)
                return zg_fail(
                    err, ZG_INPUT, "%s: value %lld of the %s is %g; must be finite and positive",
                    c->name, (long long)i + 1, side ? "candidate" : "baseline", sides[side][i]);
    return ZG_OK;
}

static enum zg_status check_numbers(const struct zg_judged *c, int64_t m_holm, struct zg_error *err)
{
    const int64_t fewer = zg_min64(c->n_baseline, c->n_candidate);
    if (fewer == 0)
        return zg_fail(err, ZG_ENV, "%s: nothing measured: no block", c->name);
    if (c->pairing == ZG_COUNTED)
        return ZG_OK;
    const int64_t least = least_blocks(c->pairing, first_confidence(m_holm));
    if (fewer == 1)
        return zg_fail(err, ZG_ENV,
                       "%s: nothing to judge: one block has no spread, so nothing says whether a "
                       "difference is noise; must be %lld blocks or more",
                       c->name, (long long)least);
    if (fewer < least)
        return zg_fail(err, ZG_ENV,
                       "%s: nothing to judge: %lld blocks are too few for %lld case%s at %g %% in "
                       "all; must be %lld or more",
                       c->name, (long long)fewer, (long long)m_holm, m_holm == 1 ? "" : "s",
                       100 * ZG_CONFIDENCE, (long long)least);
    return ZG_OK;
}

static bool all_equal(const double *values, int64_t n)
{
    for (int64_t i = 1; i < n; i++)
        if (values[i] != values[0])
            return false;
    return true;
}

static enum zg_status check_spread(const struct zg_judged *c, struct zg_error *err)
{
    if (c->pairing == ZG_COUNTED)
        return ZG_OK;
    const bool of_baseline = all_equal(c->baseline, c->n_baseline);
    if (!of_baseline && !all_equal(c->candidate, c->n_candidate))
        return ZG_OK;
    return zg_fail(err, ZG_ENV,
                   "%s: nothing measured: all %lld values of the %s are the same, %g, which no "
                   "clock gives: zero variance",
                   c->name, (long long)(of_baseline ? c->n_baseline : c->n_candidate),
                   of_baseline ? "baseline" : "candidate",
                   of_baseline ? c->baseline[0] : c->candidate[0]);
}

/* ---- ratio and interval of one case ---------------------------------------------------------- */

/* [n_baseline + n_candidate]: what each way of estimating needs */
static double *new_scratch(const struct zg_judged *c, struct zg_error *err)
{
    int64_t n;
    double *scratch = NULL;
    if (zg_size_add(c->n_baseline, c->n_candidate, &n))
        scratch = calloc((size_t)n, sizeof *scratch);
    if (!scratch)
        zg_fail(err, ZG_ENV, "%s: no memory for its values", c->name);
    return scratch;
}

static enum zg_status estimate_paired(struct zg_judged *c, double confidence, double *ratios,
                                      struct zg_error *err)
{
    struct zg_shift shift;
    for (int64_t i = 0; i < c->n_baseline; i++)
        ratios[i] = c->candidate[i] / c->baseline[i];
    const enum zg_status status =
        zg_shift_of_ratios(ratios, c->n_baseline, confidence, &shift, err);
    c->ratio = shift.estimate;
    c->low = shift.low;
    c->high = shift.high;
    c->p = shift.p;
    return status;
}

static enum zg_status estimate_unpaired(struct zg_judged *c, double confidence, double *scratch,
                                        struct zg_error *err)
{
    struct zg_shift shift;
    double *const candidate = scratch + c->n_baseline;
    for (int64_t i = 0; i < c->n_baseline; i++)
        scratch[i] = log(c->baseline[i]);
    for (int64_t i = 0; i < c->n_candidate; i++)
        candidate[i] = log(c->candidate[i]);
    const enum zg_status status =
        zg_shift_of(scratch, c->n_baseline, candidate, c->n_candidate, confidence, &shift, err);
    if (status)
        return status;
    c->ratio = exp(shift.estimate);
    c->low = exp(shift.low);
    c->high = exp(shift.high);
    c->p = shift.p;
    return ZG_OK;
}

/* At this confidence; of counted cases the ratio alone. */
static enum zg_status estimate(struct zg_judged *c, double confidence, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    double *const scratch = new_scratch(c, err);
    if (!scratch)
        return ZG_ENV;
    c->confidence = confidence;
    if (c->pairing == ZG_PAIRED) {
        status = estimate_paired(c, confidence, scratch, err);
    } else if (c->pairing == ZG_UNPAIRED) {
        status = estimate_unpaired(c, confidence, scratch, err);
    } else {
        memcpy(scratch, c->baseline, (size_t)c->n_baseline * sizeof *scratch);
        const double baseline = zg_median(scratch, c->n_baseline);
        memcpy(scratch, c->candidate, (size_t)c->n_candidate * sizeof *scratch);
        c->ratio = zg_median(scratch, c->n_candidate) / baseline;
        c->low = c->high = c->confidence = c->p = NAN;
    }
    free(scratch);
    return status;
}

/* ---- verdicts -------------------------------------------------------------------------------- */

static double relative_range(const double *values, int64_t n)
{
    double least = values[0], most = values[0];
    for (int64_t i = 1; i < n; i++) {
        least = fmin(least, values[i]);
        most = fmax(most, values[i]);
    }
    return most / least - 1;
}

#define SAY(judged, ...)                                                                           \
    do {                                                                                           \
        c->judgement = judged;                                                                     \
        snprintf(c->reason, sizeof c->reason, __VA_ARGS__);                                        \
    } while (0)

static void decide_counted(struct zg_judged *c)
{
    const double most = 1 + c->threshold, percent = 100 * c->threshold;
    const double range = fmax(relative_range(c->baseline, c->n_baseline),
                              relative_range(c->candidate, c->n_candidate));
    if (range > c->threshold)
        SAY(ZG_JUDGED_UNDECIDED, "the counts of one side vary by %.3g %%, more than %g %%",
            100 * range, percent);
    else if (c->ratio > most)
        SAY(ZG_JUDGED_WORSE, "%.3g %% more, beyond %g %%", 100 * (c->ratio - 1), percent);
    else if (c->ratio < 1 / most)
        SAY(ZG_JUDGED_BETTER, "%.3g %% less, beyond %g %%", 100 * (1 - c->ratio), percent);
    else
        SAY(ZG_JUDGED_SAME, "within %g %%", percent);
}

/* Why no estimate of it says anything; false: it may. */
static bool is_noise(struct zg_judged *c)
{
    if (c->busy > ZG_JUDGE_BUSY)
        SAY(ZG_JUDGED_UNDECIDED,
            "the machine was busy: other work took cpus from both builds in %.0f %% of the blocks",
            100 * c->busy);
    else if (c->high > ZG_JUDGE_SPAN * c->low)
        SAY(ZG_JUDGED_UNDECIDED, "the interval spans a factor of %.3g: the machine is too noisy",
            c->high / c->low);
    else
        return false;
    return true;
}

static void decide(struct zg_judged *c)
{
    const double most = 1 + c->threshold, percent = 100 * c->threshold;
    if (c->pairing == ZG_COUNTED)
        decide_counted(c);
    else if (c->low >= 1 / most && c->high <= most)
        SAY(ZG_JUDGED_SAME, "the whole interval is within %g %%", percent);
    else if (is_noise(c))
        return;
    else if (c->low > 1 && c->ratio > most)
        SAY(ZG_JUDGED_WORSE, "slower by more than %g %%, and the interval is all above 1", percent);
    else if (c->high < 1 && c->ratio < 1 / most)
        SAY(ZG_JUDGED_BETTER, "faster by more than %g %%, and the interval is all below 1",
            percent);
    else if (c->low > 1)
        SAY(ZG_JUDGED_UNDECIDED, "slower, but by more than %g %% or less", percent);
    else if (c->high < 1)
        SAY(ZG_JUDGED_UNDECIDED, "faster, but by more than %g %% or less", percent);
    else
        SAY(ZG_JUDGED_UNDECIDED, "the interval holds 1 and reaches beyond %g %%", percent);
}

double zg_judge_half_width(double spread, double n, int64_t n_cases)
{
    /* the normal quantile of Holm's first level by bisection: libm has none */
    const double tail = ZG_JUDGE_ALPHA / (double)n_cases / 2;
    double low = 0, high = 10;
    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2;
        *(0.5 * erfc(middle / 1.4142135623730951) > tail ? &low : &high) = middle;
    }
    return low * spread * 1.0233 / sqrt(n); /* sqrt(pi / 3): of means of two, near normal */
}

/* Of the threshold's half-width, and the room for a spread that eight blocks tell to a third. */
#define WISHED_PART 2.5
#define SPREAD_ROOM 1.4

double zg_judge_blocks_for(double spread, double threshold, int64_t n_cases)
{
    const double root =
        WISHED_PART * SPREAD_ROOM * zg_judge_half_width(spread, 1, n_cases) / threshold;
    return ceil(root * root);
}

double zg_judge_spread(const double *baseline, const double *candidate, int64_t n)
{
    double spread = NAN;
    double *const sizes = calloc((size_t)n + 1, sizeof *sizes);
    if (!sizes)
        return spread;
    for (int64_t i = 0; i < n; i++)
        sizes[i] = fabs(log(candidate[i] / baseline[i]));
    spread = 1.4826 * zg_median(sizes, n); /* of a normal distribution */
    free(sizes);
    return spread;
}

double zg_judge_blocks_wanted(const struct zg_judged *c)
{
    if (c->pairing == ZG_COUNTED || c->busy > ZG_JUDGE_BUSY)
        return 0;
    const double half = log(c->high / c->low) / 2, threshold = log(1 + c->threshold);
    const double away = fabs(log(c->ratio));
    /* beyond the threshold the interval has to leave 1 out, within it to stay there; an estimate at
     * the border would need any number, and will move */
    const double room =
        fmin(fmax(away > threshold ? away : threshold - away, half / 4), log(ZG_JUDGE_SPAN) / 2);
    const double n = (double)zg_min64(c->n_baseline, c->n_candidate);
    return ceil(fmax(n + 1, n * (half / room) * (half / room)));
}

/* ---- Holm ------------------------------------------------------------------------------------ */

struct ranked {
    double p;
    int64_t index;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *const x = a, *const y = b;
    const int by_p = zg_double_compare(&x->p, &y->p);
    return by_p ? by_p : zg_compare64(x->index, y->index); /* the same whatever qsort does */
}

static enum zg_status step_down(struct zg_judged *cases, int64_t n_cases, struct zg_error *err)
{
    int64_t n = 0;
    enum zg_status status = ZG_OK;
    struct ranked *const ranked = calloc((size_t)n_cases, sizeof *ranked);
    if (!ranked)
        return zg_fail(err, ZG_ENV, "no memory for %lld cases", (long long)n_cases);
    for (int64_t i = 0; i < n_cases && !status; i++) {
        status = estimate(&cases[i], ZG_CONFIDENCE, err); /* for p, whatever the confidence */
        if (cases[i].pairing != ZG_COUNTED)
            ranked[n++] = (struct ranked){cases[i].p, i};
    }
    qsort(ranked, (size_t)n, sizeof *ranked, compare_ranked);
    double level = ZG_JUDGE_ALPHA;
    bool rejecting = true;
    for (int64_t rank = 0; rank < n && !status; rank++) {
        if (rejecting) /* the first that is not rejected sets the level of all that follow */
            level = ZG_JUDGE_ALPHA / (double)(n - rank);
        rejecting = rejecting && ranked[rank].p <= level + ROUNDING;
        status = estimate(&cases[ranked[rank].index], 1 - level, err);
    }
    free(ranked);
    return status;
}

enum zg_status zg_judge(struct zg_judged *cases, int64_t n_cases, struct zg_error *err)
{
    const int64_t m = n_with_intervals(cases, n_cases);
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < n_cases && !status; i++)
        status = check_numbers(&cases[i], m, err);
    for (int64_t i = 0; i < n_cases && !status; i++)
        status = check_values(&cases[i], err);
    for (int64_t i = 0; i < n_cases && !status; i++)
        status = check_spread(&cases[i], err);
    if (!status && n_cases > 0)
        status = step_down(cases, n_cases, err);
    for (int64_t i = 0; i < n_cases && !status; i++)
        decide(&cases[i]);
    return status;
}
