/* agreement.c - one pass over the steps that two engines have in common. */
#include "harness/train/agreement.h"

#include <math.h>

#include "engines/base/size.h"

enum { LEAST_STEPS = 10 }; /* of a block */

static bool same_rows(const struct zg_train_history *a, const struct zg_train_history *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (a->steps[i].rows != b->steps[i].rows)
            return false;
    return true;
}

static double larger(double a, double b)
{
    return isnan(a) || isnan(b) ? NAN : fmax(a, b);
}

static bool same_sign(double a, double b)
{
    return (a > 0) == (b > 0) && (a < 0) == (b < 0);
}

/* Steps of a block follow each other, so that what disturbs the machine meets both engines: they
 * take turns at every step.  The first step warms up and is in none. */
static void compare_times(const struct zg_train_history *reference,
                          const struct zg_train_history *history, int64_t n_steps,
                          struct zg_stats *out)
{
    double a[ZG_TRAIN_BLOCKS] = {0}, b[ZG_TRAIN_BLOCKS] = {0}, scratch[2 * ZG_TRAIN_BLOCKS];
    const int64_t n = n_steps - 1;
    const int64_t n_blocks = n < 1 ? 0 : zg_max64(1, zg_min64(ZG_TRAIN_BLOCKS, n / LEAST_STEPS));
    for (int64_t i = 0; i < n; i++) {
        const int64_t block = i * n_blocks / n;
        a[block] += reference->steps[i + 1].wall_s;
        b[block] += history->steps[i + 1].wall_s;
    }
    zg_stats_of_ratios(a, b, n_blocks, scratch, out);
}

void zg_train_agree(const struct zg_train_history *reference,
                    const struct zg_train_history *history, struct zg_train_agreement *out)
{
    const int64_t n = zg_min64(reference->n, history->n);
    *out = (struct zg_train_agreement){.same_rows = same_rows(reference, history, n),
                                       .sign_match = NAN,
                                       .sign_match_high_signal = NAN,
                                       .c_error = NAN,
                                       .loss_difference_max = NAN,
                                       .loss_difference_last = NAN,
                                       .speedup = {.median = NAN, .low = NAN, .high = NAN}};
    if (!out->same_rows || n == 0)
        return;
    int64_t n_same = 0, n_same_high = 0;
    double of_differences = 0, of_reference = 0, most = 0;
    for (int64_t i = 0; i < n; i++) {
        const struct zg_train_step *const r = &reference->steps[i], *const s = &history->steps[i];
        const bool same = same_sign(r->c, s->c);
        const bool is_high = fabs(r->loss_plus - r->loss_minus) >= ZG_TRAIN_HIGH_SIGNAL;
        n_same += same;
        out->n_high_signal += is_high;
        n_same_high += is_high && same;
        of_differences += (s->c - r->c) * (s->c - r->c);
        of_reference += r->c * r->c;
        most = larger(most, fabs(s->loss_plus - r->loss_plus));
        most = larger(most, fabs(s->loss_minus - r->loss_minus));
    }
    out->n_steps = n;
    out->sign_match = (double)n_same / (double)n;
    if (out->n_high_signal > 0)
        out->sign_match_high_signal = (double)n_same_high / (double)out->n_high_signal;
    out->c_error = of_reference > 0 ? sqrt(of_differences / of_reference) : NAN;
    out->loss_difference_max = most;
    out->loss_difference_last =
        fabs(history->steps[n - 1].loss_plus - reference->steps[n - 1].loss_plus);
    compare_times(reference, history, n, &out->speedup);
}
