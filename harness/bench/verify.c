/*
 * verify.c - runs the steps of a trial, chooses their learning rates, and compares row by row:
 * losses, gradients, and weights as the engines read them back.
 */
#include "harness/bench/verify.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"
#include "engines/interface/direction.h"
#include "harness/base/clock.h"
#include "harness/base/signals.h"
#include "harness/rows/precision.h"

/* More weights than this are compared in rows evenly spread over each tensor, first and last
 * included: a low-rank update touches every row, and 2^28 elements keep the check within seconds.
 */
static const int64_t max_compared = INT64_C(1) << 28;

struct zg_trial_options zg_trial_options(const struct zg_case *c, int64_t n_steps)
{
    struct zg_trial_options options = {.algorithm = zg_case_algorithm(c), .n_steps = n_steps};
    struct zg_algorithm_choice *const choice = &options.algorithm;
    zg_algorithm_set_period(choice,
                            zg_min64(zg_algorithm_period(choice), zg_max64(1, (n_steps + 1) / 2)));
    zg_algorithm_hold_lr(choice);
    zg_algorithm_set_real(choice, "lr", fmax(zg_algorithm_real(choice, "lr"), 1e-6));
    return options;
}

/* What the reference takes next, after its steps so far: verify.h. */
static float next_lr(const struct zg_algorithm_choice *choice, const struct zg_trial *trial)
{
    const float usual = (float)zg_algorithm_real(choice, "lr");
    const double eps = (double)(float)zg_algorithm_real(choice, "eps");
    double largest = 0;
    for (int64_t i = 0; i < trial->n_steps; i++)
        for (int64_t g = 0; g < trial->steps[i].n_gradients; g++)
            largest = fmax(largest, fabs(trial->steps[i].gradient[g]));
    if (trial->n_steps < 2 || !(largest > 0))
        return usual;
    const double lr = ZG_TRIAL_UPDATE * eps / largest;
    return fmaxf(usual, (float)fmin(lr, 1.0));
}

static void take_step(const struct zg_step *step, struct zg_trial_step *out)
{
    out->n_losses = step->question.n_probes;
    out->n_gradients = step->answer.n_gradients;
    memcpy(out->loss, step->loss, (size_t)out->n_losses * sizeof *out->loss);
    memcpy(out->gradient, step->answer.gradient, (size_t)out->n_gradients * sizeof *out->gradient);
}

enum zg_status zg_trial_run(struct zg_contender *contender, const struct zg_trial_options *options,
                            const struct zg_trial *reference, struct zg_trial *out,
                            struct zg_error *err)
{
    double sum_s = 0;
    *out = (struct zg_trial){.fastest_step_s = INFINITY};
    for (int64_t i = 0; i < options->n_steps; i++) {
        if (zg_signals_caught())
            return zg_fail(err, ZG_ENV, "interrupted while the engines were compared");
        struct zg_error step_error = {0};
        struct zg_step step;
        struct zg_algorithm_choice choice = options->algorithm;
        out->lr[i] = reference && i < reference->n_steps ? reference->lr[i]
                                                         : next_lr(&options->algorithm, out);
        zg_algorithm_set_real(&choice, "lr", (double)out->lr[i]);
        const int64_t begin_ns = zg_clock_wall_ns();
        const enum zg_status status = zg_bench_step(contender, &choice, &step, &step_error);
        const double step_s = zg_ns_to_s(zg_clock_wall_ns() - begin_ns);
        if (i == 0)
            zg_bench_note_memory(contender);
        if (i > 0 || options->n_steps == 1) {
            out->fastest_step_s = fmin(out->fastest_step_s, step_s);
            sum_s += step_s;
            out->mean_step_s = sum_s / (double)zg_max64(i, 1);
        }
        if (status == ZG_CHECK) {
            snprintf(out->failure, sizeof out->failure, "%.240s", step_error.text);
            return ZG_OK;
        }
        if (status)
            return zg_fail(err, status, "engine %s: %s", contender->item->label, step_error.text);
        take_step(&step, &out->steps[out->n_steps++]);
    }
    return ZG_OK;
}

/* ---- weights --------------------------------------------------------------------------------- */

struct weight_gap {
    double difference; /* largest |W_b - W_a| */
    double change;     /* largest |W_a - W_0|: what the steps did */
    double largest;    /* largest |W_a| */
};

static enum zg_status compare_row(struct zg_contender *a, struct zg_contender *b, int32_t tensor,
                                  int64_t row, int64_t n_cols, float *rows[3],
                                  struct weight_gap *gap, struct zg_error *err)
{
    enum zg_status status = a->item->engine->read(a->state, tensor, row, 1, rows[0], n_cols, err);
    if (!status)
        status = b->item->engine->read(b->state, tensor, row, 1, rows[1], n_cols, err);
    if (status)
        return status;
    zg_model_read(a->bench->data.model, tensor, row, 1, rows[2], n_cols);
    for (int64_t i = 0; i < n_cols; i++) {
        const double wa = (double)rows[0][i];
        const double difference = fabs((double)rows[1][i] - wa);
        /* fmax drops a NaN; here it must stay */
        if (isnan(difference) || difference > gap->difference)
            gap->difference = difference;
        if (isnan(gap->difference))
            return ZG_OK;
        gap->change = fmax(gap->change, fabs(wa - (double)rows[2][i]));
        gap->largest = fmax(gap->largest, fabs(wa));
    }
    return ZG_OK;
}

static enum zg_status compare_weights(struct zg_contender *a, struct zg_contender *b,
                                      enum zg_scope scope, struct weight_gap *gap,
                                      struct zg_error *err)
{
    const struct zg_model_shape *const shape = zg_model_shape(a->bench->data.model);
    const int64_t n_cols_max = zg_model_max_cols(shape);
    const int64_t n_compared =
        scope == ZG_SCOPE_FULL ? zg_model_n_params(shape) : zg_model_n_linear_params(shape);
    const int64_t stride = zg_ceil_div(n_compared, max_compared);
    float *rows[3] = {0};
    enum zg_status status = ZG_OK;
    for (int i = 0; i < 3; i++) {
        rows[i] = calloc((size_t)n_cols_max, sizeof *rows[i]);
        if (!rows[i])
            status = zg_fail(err, ZG_ENV, "no memory to compare weights");
    }
    *gap = (struct weight_gap){0};
    for (int32_t id = 0; !status && id < zg_tensor_end(shape->n_layers); id++) {
        int64_t n_rows = 0, n_cols = 0;
        if (!zg_scope_includes(scope, shape, id) ||
            !zg_model_tensor_size(shape, id, &n_rows, &n_cols))
            continue;
        for (int64_t row = 0; !status && row < n_rows && !isnan(gap->difference); row += stride)
            status = compare_row(a, b, id, row, n_cols, rows, gap, err);
        if (!status && stride > 1 && !isnan(gap->difference))
            status = compare_row(a, b, id, n_rows - 1, n_cols, rows, gap, err);
    }
    for (int i = 0; i < 3; i++)
        free(rows[i]);
    return status;
}

/* ---- the verdict ----------------------------------------------------------------------------- */

static enum zg_dtype coarsest_of(const struct zg_contender *a, const struct zg_contender *b)
{
    return zg_dtype_coarser(zg_dtype_coarser(a->options.dtype, a->options.dtype_d),
                            zg_dtype_coarser(b->options.dtype, b->options.dtype_d));
}

static void compare_losses(const struct zg_trial *a, const struct zg_trial *b, double distance,
                           enum zg_dtype coarsest, struct zg_verify_row *row)
{
    double squares = 0, reference_squares = 0, loss_difference = 0, largest_loss = 1;
    int64_t n_same_sign = 0, n_gradients = 0;
    for (int64_t i = 0; i < a->n_steps; i++) {
        const struct zg_trial_step *const x = &a->steps[i], *const y = &b->steps[i];
        for (int64_t p = 0; p < x->n_losses; p++) {
            loss_difference = fmax(loss_difference, fabs(y->loss[p] - x->loss[p]));
            largest_loss = fmax(largest_loss, fabs(x->loss[p]));
        }
        for (int64_t g = 0; g < x->n_gradients; g++) {
            const double c = x->gradient[g], other = y->gradient[g];
            squares += (other - c) * (other - c);
            reference_squares += c * c;
            n_same_sign += (c > 0) == (other > 0) && (c < 0) == (other < 0);
        }
        n_gradients += x->n_gradients;
    }
    row->loss_difference_max = loss_difference;
    row->gradient_relative_error = squares > 0 ? sqrt(squares / reference_squares) : 0;
    row->gradient_sign_match = (double)n_same_sign / (double)n_gradients;
    row->loss_tolerance = zg_loss_tolerance(coarsest) * largest_loss;
    if (coarsest != ZG_FP32)
        return;
    const double rms = sqrt(reference_squares / (double)n_gradients);
    row->gradient_tolerance = fmin(
        ZG_VERIFY_GRADIENT_MOST, ZG_VERIFY_GRADIENT_TOLERANCE +
                                     2 * ZG_VERIFY_LOSS_ROUNDING * largest_loss / (distance * rms));
}

static void judge(struct zg_verdict *verdict, bool judges_gradients)
{
    struct zg_verify_row *const row = &verdict->row;
    char *const reason = verdict->reason;
    const size_t size = sizeof verdict->reason;
    /* "not <=" so that a NaN fails */
    if (!(row->loss_difference_max <= row->loss_tolerance))
        snprintf(reason, size, "losses differ by %.3g, more than %.3g", row->loss_difference_max,
                 row->loss_tolerance);
    else if (judges_gradients && !(row->gradient_relative_error <= row->gradient_tolerance))
        snprintf(reason, size, "projected gradients differ by %.3g of their size, more than %.3g",
                 row->gradient_relative_error, row->gradient_tolerance);
    else if (!(row->weight_difference_max <= row->weight_tolerance))
        snprintf(reason, size, "weights after %lld steps differ by %.3g, more than %.3g",
                 (long long)row->steps, row->weight_difference_max, row->weight_tolerance);
    row->passed = reason[0] == '\0';
    row->reason = reason;
}

enum zg_status zg_verify_compare(struct zg_contender *reference,
                                 const struct zg_trial *reference_trial,
                                 struct zg_contender *contender, const struct zg_trial *trial,
                                 const struct zg_trial_options *options, struct zg_verdict *out,
                                 struct zg_error *err)
{
    *out = (struct zg_verdict){0};
    zg_row_clear(&zg_schema_verify, &out->row);
    out->row.id = contender->id;
    struct zg_verify_row *const row = &out->row;
    row->reference = reference->item->label;
    row->steps = trial->n_steps;
    row->reason = out->reason;
    row->passed = 0;
    if (trial->failure[0] || reference_trial->failure[0]) {
        const bool own = trial->failure[0] != '\0';
        snprintf(out->reason, sizeof out->reason, "%s%.200s",
                 own ? "" : "the reference: ", own ? trial->failure : reference_trial->failure);
        return ZG_OK;
    }
    const enum zg_dtype coarsest = coarsest_of(reference, contender);
    const bool is_fp32 = coarsest == ZG_FP32;
    compare_losses(reference_trial, trial, zg_algorithm_distance(&options->algorithm), coarsest,
                   row);
    struct weight_gap gap = {0};
    if (contender != reference) {
        const enum zg_status status =
            compare_weights(reference, contender, options->algorithm.scope, &gap, err);
        if (status)
            return status;
        row->weight_difference_max = gap.difference;
        row->weight_tolerance =
            (is_fp32 ? row->gradient_tolerance : 2) * gap.change +
            4.0 * (double)trial->n_steps * zg_dtype_rounding(coarsest) * gap.largest;
    } else {
        row->weight_difference_max = 0;
        row->weight_tolerance = 0;
    }
    judge(out, is_fp32);
    return ZG_OK;
}
