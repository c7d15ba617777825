/* summary.c - one pass over an engine's steps and one over its evaluations. */
#include "harness/train/summary.h"

#include <math.h>

#include "harness/rows/case_row.h"
#include "harness/train/agreement.h"

static void take_steps(const struct zg_train_history *history, struct zg_train_row *out)
{
    out->steps = history->n;
    out->forwards = 0;
    out->wall_s = 0;
    for (int64_t i = 0; i < history->n; i++) {
        out->forwards += history->steps[i].n_forwards;
        out->wall_s += history->steps[i].wall_s;
    }
    out->wall_s_per_step = history->n > 0 ? out->wall_s / (double)history->n : NAN;
}

/* Of equal ones the first is the best; the least loss, the largest metric. */
static void take_dev(const struct zg_curve_row *row, struct zg_train_row *out)
{
    if (row->step == 0) {
        out->dev_loss_first = row->eval_loss;
        out->dev_metric_first = row->eval_metric;
    }
    out->dev_loss_last = row->eval_loss;
    out->dev_metric_last = row->eval_metric;
    if (!(row->eval_loss >= out->dev_loss_best)) {
        out->dev_loss_best = row->eval_loss;
        out->dev_loss_best_step = row->step;
    }
    if (isfinite(row->eval_metric) && !(row->eval_metric <= out->dev_metric_best)) {
        out->dev_metric_best = row->eval_metric;
        out->dev_metric_best_step = row->step;
    }
    if (row->eval_metric >= out->target && out->target_step == ZG_NO_INTEGER) {
        out->target_step = row->step;
        out->target_forwards = row->forwards;
        out->target_wall_s = row->wall_s;
    }
}

static void take_curve(const struct zg_train_ending *ending, struct zg_train_row *out)
{
    const struct zg_curve_row *const rows = ending->curve->rows;
    for (int64_t i = 0; i < ending->curve->n; i++) {
        if (!zg_cell_same_text(rows[i].id.engine, ending->id->engine))
            continue;
        if (zg_cell_same_text(rows[i].eval_split, "dev"))
            take_dev(&rows[i], out);
        if (zg_cell_same_text(rows[i].eval_split, "eval")) {
            out->eval_loss = rows[i].eval_loss;
            out->eval_metric = rows[i].eval_metric;
        }
    }
}

static void take_agreement(const struct zg_train_ending *ending,
                           const struct zg_train_row *reference_row, struct zg_train_row *out)
{
    struct zg_train_agreement with;
    zg_train_agree(ending->reference, ending->history, &with);
    if (!with.same_rows)
        return;
    out->reference = ending->reference_name;
    out->speedup = with.speedup.median;
    out->speedup_ci_low = with.speedup.low;
    out->speedup_ci_high = with.speedup.high;
    out->target_speedup = reference_row->target_wall_s / out->target_wall_s;
    out->compared_steps = with.n_steps;
    out->sign_match = with.sign_match;
    out->high_signal_steps = with.n_high_signal;
    out->sign_match_high_signal = with.sign_match_high_signal;
    out->c_error = with.c_error;
    out->loss_difference_max = with.loss_difference_max;
    out->loss_difference_last = with.loss_difference_last;
}

void zg_train_summarise(const struct zg_train_ending *ending,
                        const struct zg_train_row *reference_row, struct zg_train_row *out)
{
    zg_row_clear(&zg_schema_train, out);
    out->id = *ending->id;
    out->epochs = ending->epochs;
    out->ended = ending->ended;
    out->metric = ending->metric;
    out->train_rows = ending->n_train;
    out->dev_rows = ending->n_dev;
    out->eval_rows = ending->n_eval;
    out->target = ending->metric ? ending->target : NAN;
    out->rows_xxh3 = ending->rows;
    out->weights_xxh3 = ending->weights;
    take_steps(ending->history, out);
    take_curve(ending, out);
    if (reference_row)
        take_agreement(ending, reference_row, out);
}
