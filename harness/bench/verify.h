/*
 * verify.h - do two engines compute the same optimisation?  Their losses and projected gradients
 * over some steps, and their weights after them, across a redraw of V.
 *
 *     zg_trial_run(&bench.contenders[0], &options, NULL, &trials[0], &err); // the reference
 *     zg_trial_run(&bench.contenders[1], &options, &trials[0], &trials[1], &err);
 *     zg_verify_compare(&bench.contenders[0], &trials[0], &bench.contenders[1], &trials[1],
 *                       &options, &verdict, &err);
 *
 * Tolerances (fp32), as tight as rounding lets them be, for a defect may be small: an update that
 * the scoring forgets moves a loss by 5e-5, an eps of 1.01 times its value c by 1 %.
 *
 *   losses     1e-5 max(1, |loss|).  Engines that agree differ by 1e-6 at most (OPT-125M).
 *   gradients  rms of the differences over the rms of the reference: 1e-3, and what 1e-6 in each
 *              loss is in c = (L+ - L-) / (2 eps), that is 1e-6 / (eps rms c), or twice that of
 *              one-sided probes: engines that agree differ by an eighth of it.  At most 5e-3, half
 *              of what an eps of 1.01 times its value does.
 *   weights    that share of the largest change that the reference made (an update is proportional
 *              to c), and the rounding of a loop that writes fp32 weights in place four times a
 *              step: 4 steps 2^-24 max|W|.
 *
 * What an update does must be seen above them.  With a small c the usual learning rates move a loss
 * by less than 1e-5, so from the third step on lr is at least such that an update goes a tenth as
 * far as a probe does: 0.1 eps / |c|, of the largest c that the reference had until then.
 *
 * Below fp32 the coarsest dtype of the two decides (of a pair too), and the check is that of a
 * sound engine, no more: how well it holds a gradient is what fidelity.h measures.
 *
 *   losses     bf16, fp16: 2e-2 max(1, |loss|), int8: 1e-1 of it.  The roundings of a weight and an
 *              input, 2^-8 at most and 2^-8 / sqrt(3) rms each, average over a sum but add over the
 *              residual stream's two sums a layer: sqrt(2 * 2 * n_layers) 2^-8 / sqrt(3) is 1.6e-2
 *              of the stream at 12 layers, and a loss moves less.  An int8 row of near normal
 *              values rounds in steps of 3.5 / 127 deviations, 8e-3 rms: nearly five times as much.
 *   gradients  reported, with no tolerance.
 *   weights    4 steps u max|W| with the dtype's own rounding u, and twice the largest change: the
 *              two may have stepped in opposite ways.
 */
#ifndef ZG_HARNESS_VERIFY_H
#define ZG_HARNESS_VERIFY_H

#include "harness/bench/bench.h"

#define ZG_VERIFY_LOSS_ROUNDING      1e-6
#define ZG_VERIFY_GRADIENT_TOLERANCE 1e-3
#define ZG_VERIFY_GRADIENT_MOST      5e-3

#define ZG_TRIAL_UPDATE 0.1 /* an update's length over a probe's */

enum { ZG_MAX_TRIAL_STEPS = 64 };

struct zg_trial_options {
    struct zg_algorithm_choice algorithm;
    int64_t n_steps; /* 1 .. ZG_MAX_TRIAL_STEPS */
};

struct zg_trial_step {
    int64_t n_losses, n_gradients;
    double loss[ZG_MAX_PROBES], gradient[ZG_MAX_DIRECTIONS];
};

struct zg_trial {
    int64_t n_steps; /* done with finite losses */
    struct zg_trial_step steps[ZG_MAX_TRIAL_STEPS];
    float lr[ZG_MAX_TRIAL_STEPS]; /* that each step took */
    double fastest_step_s;        /* without the first, where there are several */
    double mean_step_s;           /* likewise */
    char failure[256];            /* "" or why it stopped: a loss that is not finite */
};

/* The case's algorithm with V redrawn inside n_steps and no schedule; an lr below 1e-6 becomes
 * 1e-6, for the steps before there is a c to go by. */
struct zg_trial_options zg_trial_options(const struct zg_case *c, int64_t n_steps);

/* Runs a contender's next n_steps with the learning rates of the reference's trial; reference NULL:
 * this is the reference, and chooses them.  A loss that is not finite is recorded in the trial and
 * is no failure of the call. */
enum zg_status zg_trial_run(struct zg_contender *contender, const struct zg_trial_options *options,
                            const struct zg_trial *reference, struct zg_trial *out,
                            struct zg_error *err);

struct zg_verdict {
    struct zg_verify_row row; /* texts borrowed from the contenders and from `reason` */
    char reason[256];
};

/* Compares after both ran the same trial.  Where the reference is the contender itself, finite
 * losses pass. */
enum zg_status zg_verify_compare(struct zg_contender *reference,
                                 const struct zg_trial *reference_trial,
                                 struct zg_contender *contender, const struct zg_trial *trial,
                                 const struct zg_trial_options *options, struct zg_verdict *out,
                                 struct zg_error *err);

#endif
