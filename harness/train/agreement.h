/*
 * agreement.h - do two engines take the same steps?  Their losses and coefficients, step by step,
 * on the same rows.
 *
 * The sign of c decides which way a step goes; its size only how far.  Where L+ - L- is below what
 * a precision resolves the sign is a matter of rounding, so steps of high signal count apart: those
 * in which the reference has abs(L+ - L-) >= 0.005 (the source paper's own bound).
 *
 * Engines that saw other rows have nothing to compare: `same_rows` is false then, and all else is
 * not available.
 */
#ifndef ZG_TRAIN_AGREEMENT_H
#define ZG_TRAIN_AGREEMENT_H

#include <stdbool.h>

#include "harness/stats/stats.h"
#include "harness/train/history.h"

#define ZG_TRAIN_HIGH_SIGNAL 0.005

struct zg_train_agreement {
    bool same_rows;
    int64_t n_steps;   /* that both have */
    double sign_match; /* share of them; NaN: none */
    int64_t n_high_signal;
    double sign_match_high_signal;
    double c_error;              /* rms of the differences over the rms of the reference's c */
    double loss_difference_max;  /* of the first two probes' losses; NaN where one is */
    double loss_difference_last; /* of the first probe's, in the last step of n_steps */
    struct zg_stats speedup;     /* the reference's time over this one's, in blocks of steps */
};

enum { ZG_TRAIN_BLOCKS = 40 }; /* of a speed-up at most; of ten steps at least */

void zg_train_agree(const struct zg_train_history *reference,
                    const struct zg_train_history *history, struct zg_train_agreement *out);

#endif
