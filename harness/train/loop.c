/* loop.c - a step of every engine in turn, done or done again; what is due between two steps is
 * written down before the next. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "engines/base/size.h"
#include "harness/base/clock.h"
#include "harness/base/signals.h"
#include "harness/train/training.h"
#include "workloads/rows.h"

enum { HASH_TEXT = 17 };

/* ---- rows of the curve ----------------------------------------------------------------------- */

/* What the steps so far say of an engine; nothing of an evaluation.  The hash goes to text. */
static void make_row(const struct zg_training *t, const struct zg_train_engine *engine,
                     char text[HASH_TEXT], struct zg_curve_row *out)
{
    const int64_t n = engine->used.n_steps;
    zg_row_clear(&zg_schema_curve, out);
    snprintf(text, HASH_TEXT, "%016" PRIx64, engine->rows);
    out->id = engine->contender->id;
    out->step = n;
    out->epoch = (double)zg_train_data_n_drawn(&t->data, n) / (double)t->data.rows.n_train;
    out->forwards = engine->used.n_forwards;
    out->wall_s = engine->used.wall_s;
    out->rows_xxh3 = text;
    if (n == 0)
        return;
    const struct zg_train_step *const last = &engine->history.steps[n - 1];
    out->loss_plus = last->loss_plus;
    out->loss_minus = last->loss_minus;
    out->c = last->c;
    out->lr = zg_algorithm_lr(&t->choice, (uint64_t)n - 1);
    out->lr_effective = zg_algorithm_lr_effective(&t->choice, (uint64_t)n - 1);
}

static enum zg_status evaluate(struct zg_training *t, struct zg_train_engine *engine,
                               const struct zg_train_part *part, struct zg_curve_row *row,
                               struct zg_error *err)
{
    struct zg_train_score score;
    const char *const label = engine->contender->item->label;
    if (part->n == 0)
        return ZG_OK;
    const enum zg_status status =
        zg_train_evaluate(&t->eval, engine->contender, &t->choice, (uint64_t)row->step, part,
                          &score, &t->interrupted, err);
    if (status || t->interrupted)
        return status ? zg_fail_within(err, status, "engine %s", label) : ZG_OK;
    row->eval_split = part->name;
    row->eval_loss = score.loss;
    row->eval_metric = score.metric;
    row->eval_wall_s = score.wall_s;
    return ZG_OK;
}

/* The steps come to the disk before the row that speaks of them. */
static enum zg_status add_row(struct zg_training *t, struct zg_train_engine *engine,
                              const struct zg_curve_row *row, struct zg_error *err)
{
    enum zg_status status = zg_train_curve_check_end(&t->curve, err);
    if (!status)
        status = zg_training_begin(t, err);
    if (!status)
        status = zg_train_record_sync(&engine->record, err);
    return status ? status : zg_train_curve_add(&t->curve, row, err);
}

static bool is_of_eval(const struct zg_curve_row *row)
{
    return zg_cell_same_text(row->eval_split, "eval");
}

/* The row after a step, with the dev rows' evaluation where that is due. */
static enum zg_status mark_step(struct zg_training *t, struct zg_train_engine *engine, bool is_last,
                                struct zg_error *err)
{
    char text[HASH_TEXT];
    struct zg_curve_row row;
    const int64_t n = engine->used.n_steps;
    const struct zg_curve_row *const old =
        zg_train_curve_next(&t->curve, engine->contender->item->label, n);
    make_row(t, engine, text, &row);
    enum zg_status status = ZG_OK;
    if (old && !is_of_eval(old)) {
        status = zg_train_curve_take(&t->curve, &row, err);
    } else if (zg_train_plan_logs(&t->plan, n, is_last)) {
        if (zg_train_plan_evaluates(&t->plan, n, is_last))
            status = evaluate(t, engine, &t->data.dev, &row, err);
        if (!status && !t->interrupted)
            status = add_row(t, engine, &row, err);
    }
    if (!status && row.eval_split)
        engine->dev = (struct zg_train_score){.loss = row.eval_loss, .metric = row.eval_metric};
    return status;
}

/* The row of the eval rows, after the last step. */
static enum zg_status mark_end(struct zg_training *t, struct zg_train_engine *engine, bool is_last,
                               struct zg_error *err)
{
    char text[HASH_TEXT];
    struct zg_curve_row row;
    const struct zg_curve_row *const old =
        zg_train_curve_next(&t->curve, engine->contender->item->label, engine->used.n_steps);
    make_row(t, engine, text, &row);
    if (old && is_of_eval(old))
        return zg_train_curve_take(&t->curve, &row, err);
    if (!is_last || t->data.eval.n == 0)
        return ZG_OK;
    const enum zg_status status = evaluate(t, engine, &t->data.eval, &row, err);
    return status || t->interrupted ? status : add_row(t, engine, &row, err);
}

static enum zg_status mark(struct zg_training *t, struct zg_train_engine *engine, bool is_last,
                           struct zg_error *err)
{
    enum zg_status status = mark_step(t, engine, is_last, err);
    if (!status && !t->interrupted)
        status = mark_end(t, engine, is_last, err);
    if (!status && !t->interrupted && is_last)
        engine->ended = zg_train_limit_name(t->plan.limit);
    return status;
}

/* ---- a step ---------------------------------------------------------------------------------- */

/* The clock runs over begin, score and apply, nothing else. */
static enum zg_status do_step(struct zg_training *t, struct zg_train_engine *engine,
                              const struct zg_batch *batch, uint64_t rows,
                              struct zg_train_step *out, struct zg_error *err)
{
    struct zg_step step;
    struct zg_contender *const contender = engine->contender;
    const int64_t n = engine->used.n_steps, begin_ns = zg_clock_wall_ns();
    enum zg_status status =
        zg_step_run_passes(&t->choice, contender->item->engine, contender->state, (uint64_t)n,
                           batch, t->data.max_rows, contender->memory, &step, err);
    const double wall_s = zg_ns_to_s(zg_clock_wall_ns() - begin_ns);
    if (status)
        return zg_fail_within(err, status, "engine %s", contender->item->label);
    if (isnan(contender->peak_rss_mib))
        zg_bench_note_memory(contender);
    *out = zg_train_step_of(&step, rows, wall_s);
    return zg_train_record_add(&engine->record, &step, out, err);
}

static enum zg_status do_again(struct zg_training *t, struct zg_train_engine *engine, uint64_t rows,
                               struct zg_train_step *out, struct zg_error *err)
{
    struct zg_step step;
    const int64_t n = engine->used.n_steps;
    const struct zg_train_step then = zg_train_record_step(&engine->record, n);
    if (then.rows != rows)
        return zg_fail(err, ZG_INPUT,
                       "%s: engine %s saw other rows in step %lld than this data gives: it is of "
                       "other data, or of another --data-seed",
                       t->dir.path, engine->contender->item->label, (long long)n);
    const enum zg_status status =
        zg_train_record_replay(&engine->record, engine->contender, &t->choice, n, &step, err);
    if (!status)
        *out = zg_train_step_of(&step, rows, then.wall_s);
    return status;
}

static enum zg_status take_turn(struct zg_training *t, struct zg_train_engine *engine,
                                const struct zg_batch *batch, uint64_t rows, struct zg_error *err)
{
    struct zg_train_step did;
    enum zg_status status = engine->used.n_steps < engine->record.n
                                ? do_again(t, engine, rows, &did, err)
                                : do_step(t, engine, batch, rows, &did, err);
    if (!status)
        status = zg_train_history_add(&engine->history, &did, err);
    if (status)
        return status;
    engine->used.n_steps++;
    engine->used.n_forwards += did.n_forwards;
    engine->used.wall_s += did.wall_s;
    engine->rows = zg_rows_chain(engine->rows, rows);
    const bool is_last = zg_train_plan_is_done(&t->plan, &engine->used);
    status = zg_train_record_weights(&engine->record, engine->contender, t->choice.scope,
                                     engine->used.n_steps, is_last, &engine->weights, err);
    engine->has_weights = is_last && !status;
    return status ? status : mark(t, engine, is_last, err);
}

/* ---- progress -------------------------------------------------------------------------------- */

/* The engine that has the most left. */
static const struct zg_train_engine *slowest(const struct zg_training *t)
{
    const struct zg_train_engine *slow = &t->engines[0];
    for (int64_t e = 1; e < t->n_engines; e++)
        if (zg_train_plan_share(&t->plan, &t->engines[e].used) <
            zg_train_plan_share(&t->plan, &slow->used))
            slow = &t->engines[e];
    return slow;
}

static void show_progress(struct zg_training *t)
{
    char steps[48] = "", dev[64] = "", left[64] = "", time[32];
    const struct zg_train_engine *const engine = slowest(t);
    const int64_t n = engine->used.n_steps;
    const double share = zg_train_plan_share(&t->plan, &engine->used);
    if (n == 0)
        return;
    if (t->plan.n_steps > 0)
        snprintf(steps, sizeof steps, " of %lld", (long long)t->plan.n_steps);
    if (isfinite(engine->dev.metric))
        snprintf(dev, sizeof dev, ", dev %s %.3f", zg_task_metric_name(t->data.metric),
                 engine->dev.metric);
    else if (isfinite(engine->dev.loss))
        snprintf(dev, sizeof dev, ", dev loss %.4f", engine->dev.loss);
    if (n <= engine->record.n) {
        snprintf(left, sizeof left, ", done again");
        t->begin_ns = zg_clock_wall_ns();
        t->share_then = share;
    } else if (share > t->share_then) {
        const double spent_s = zg_ns_to_s(zg_clock_wall_ns() - t->begin_ns);
        const double left_s = spent_s * (1 - share) / (share - t->share_then);
        snprintf(left, sizeof left, ", %s left", zg_duration_show(left_s, time, sizeof time));
    }
    zg_status_line_show(&t->session.line, false, "step %lld%s: loss %.4f%s%s", (long long)n, steps,
                        engine->history.steps[n - 1].loss_plus, dev, left);
}

/* ---- all ------------------------------------------------------------------------------------- */

static bool is_stopped(struct zg_training *t)
{
    t->interrupted |= zg_signals_caught() != 0;
    return t->interrupted;
}

/* Steps of the engine that has done the fewest and goes on; -1: none goes on. */
static int64_t next_step(const struct zg_training *t)
{
    int64_t least = -1;
    for (int64_t e = 0; e < t->n_engines; e++)
        if (!t->engines[e].ended && (least < 0 || t->engines[e].used.n_steps < least))
            least = t->engines[e].used.n_steps;
    return least;
}

enum zg_status zg_training_loop(struct zg_training *t, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    t->begin_ns = zg_clock_wall_ns();
    zg_status_line_show(&t->session.line, true, "evaluating %lld rows", (long long)t->data.dev.n);
    for (int64_t e = 0; e < t->n_engines && !status && !is_stopped(t); e++)
        status = mark(t, &t->engines[e], false, err);
    for (int64_t step; !status && !is_stopped(t) && (step = next_step(t)) >= 0;) {
        uint64_t rows;
        const struct zg_batch batch = zg_train_data_draw(&t->data, step, &rows);
        for (int64_t e = 0; e < t->n_engines && !status && !is_stopped(t); e++)
            if (!t->engines[e].ended && t->engines[e].used.n_steps == step)
                status = take_turn(t, &t->engines[e], &batch, rows, err);
        show_progress(t);
    }
    zg_status_line_clear(&t->session.line);
    return status;
}
