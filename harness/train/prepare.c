/* prepare.c - from a request to engines that are ready for their first step.  What can be wrong
 * shows before the directory is made. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engines/base/json_memory.h"
#include "engines/base/size.h"
#include "harness/base/json.h"
#include "harness/bench/fit.h"
#include "harness/run/manifest.h"
#include "harness/store/meta.h"
#include "harness/store/sessions.h"
#include "harness/train/steps_head.h"
#include "harness/train/training.h"
#include "workloads/rows.h"

/* The official scripts'; of the model that comes with zogap, what it takes to learn its task. */
enum { USUAL_STEPS = 20000, TINY_STEPS = 5000 };

/* Redraws of V that a bank has room for where time alone says how many there will be: those of the
 * usual steps. */
enum { REDRAWS_UNKNOWN = 400 };

/* ---- what is asked --------------------------------------------------------------------------- */

static enum zg_status check_options(const struct zg_request *request, struct zg_error *err)
{
    for (int64_t i = 0; i < request->sweep.n_axes; i++)
        if (strcmp(request->sweep.axes[i].flag->name, "split") == 0)
            return zg_fail(err, ZG_USAGE,
                           "--split: a training has both files' rows; --train-rows, --dev-rows and "
                           "--eval-rows say how many");
    if (request->policy.resume && !request->out_dir)
        return zg_fail(err, ZG_USAGE,
                       "--resume: needs the directory to go on in: --resume DIR, or "
                       "--out DIR with the same options");
    return ZG_OK;
}

static int64_t usual_steps(const struct zg_case *c)
{
    return strcmp(c->model, "opt-tiny") == 0 ? TINY_STEPS : USUAL_STEPS;
}

static const char *schedule_of(const struct zg_algorithm_choice *choice)
{
    return zg_algorithm_word(choice, "schedule");
}

/* A schedule that ends somewhere ends where the training does, and the case's columns say so. */
static enum zg_status take_horizon(struct zg_training *t, struct zg_error *err)
{
    struct zg_case *const c = &t->session.cases[0].c;
    const char *const schedule = schedule_of(&c->algorithm);
    const bool ends = schedule && strcmp(schedule, "constant") != 0;
    if (ends && t->plan.n_steps == 0 && zg_algorithm_integer(&c->algorithm, "horizon", 0) == 0)
        return zg_fail(err, ZG_USAGE,
                       "--budget-time: how many steps there will be is not known, and "
                       "schedule=%s needs it: give horizon=N",
                       schedule);
    if (ends && t->plan.n_steps > 0) {
        zg_algorithm_set_horizon(&c->algorithm, t->plan.n_steps);
        zg_algorithm_text(&c->algorithm, c->algorithm_text);
    }
    t->choice = zg_case_algorithm(c);
    return ZG_OK;
}

static enum zg_status make_plan(struct zg_training *t, struct zg_error *err)
{
    const struct zg_case *const c = &t->session.cases[0].c;
    struct zg_question question;
    zg_case_question(c, &question);
    const enum zg_status status =
        zg_train_plan_make(&t->plan, &t->request->train, zg_epochs_n_steps(t->data.epochs),
                           question.n_probes, usual_steps(c), err);
    return status ? status : take_horizon(t, err);
}

/* Below fp32 old updates are kept beside the weights, a block for each redraw of V. */
static void make_bank(struct zg_training *t)
{
    const int64_t period = zg_algorithm_period(&t->choice);
    bool keeps = false;
    for (int64_t e = 0; e < t->n_engines; e++)
        keeps |= zg_entry_keeps_bank(&t->session.cases[0].entries[e]);
    t->data.limits.max_bank = !keeps                ? 1
                              : t->plan.n_steps > 0 ? t->plan.n_steps / period + 2
                                                    : REDRAWS_UNKNOWN;
}

/* ---- meta.json ------------------------------------------------------------------------------- */

static json_t *limit_json(const struct zg_training *t)
{
    const struct zg_train_plan *const plan = &t->plan;
    return json_pack("{s:s, s:o, s:o, s:o}", "by", zg_train_limit_name(plan->limit), "steps",
                     plan->n_steps > 0 ? json_integer(plan->n_steps) : json_null(), "time_s",
                     plan->time_s > 0 ? zg_json_real(plan->time_s) : json_null(), "forwards",
                     plan->n_forwards > 0 ? json_integer(plan->n_forwards) : json_null());
}

static json_t *rows_json(const struct zg_training *t)
{
    const struct zg_protocol *const rows = &t->data.rows;
    const struct zg_dataset *const other = t->data.other.dataset;
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:o, s:b, s:o, s:o, s:I}", "data_seed",
        (json_int_t)t->request->train.data_seed, "train", (json_int_t)rows->n_train, "dev",
        (json_int_t)rows->n_dev, "eval", (json_int_t)rows->n_eval, "note",
        rows->note[0] ? zg_json_text(rows->note) : json_null(), "eval_in_train_file",
        rows->eval_in_train_file, "train_data_xxh3",
        json_sprintf("%016" PRIx64, zg_dataset_fingerprints(t->data.train.dataset)->data),
        "eval_data_xxh3",
        other ? json_sprintf("%016" PRIx64, zg_dataset_fingerprints(other)->data) : json_null(),
        "truncated",
        (json_int_t)(zg_dataset_n_truncated(t->data.train.dataset) +
                     (other ? zg_dataset_n_truncated(other) : 0)));
}

static json_t *train_json(const struct zg_training *t)
{
    return json_pack("{s:o, s:I, s:I, s:I, s:I, s:o, s:s?, s:o, s:o}", "limit", limit_json(t),
                     "steps_per_epoch", (json_int_t)zg_epochs_n_steps(t->data.epochs), "max_rows",
                     (json_int_t)t->data.max_rows, "eval_every", (json_int_t)t->plan.eval_every,
                     "log_every", (json_int_t)t->plan.log_every, "rows", rows_json(t), "metric",
                     t->data.has_metric ? zg_task_metric_name(t->data.metric) : NULL, "target",
                     zg_json_real(t->request->train.target), "algorithm",
                     zg_json_text(t->session.cases[0].c.algorithm_text));
}

/* ---- checked --------------------------------------------------------------------------------- */

static enum zg_status open_data(struct zg_training *t, struct zg_error *err)
{
    struct zg_session_case *const of = &t->session.cases[0];
    if (t->request->policy.resume)
        zg_training_take_max_rows(t);
    zg_status_line_show(&t->session.line, true, "reading the rows of %s", of->c.task);
    enum zg_status status =
        zg_train_data_open(&t->data, &of->c, &t->request->train, &t->session.models, err);
    zg_status_line_clear(&t->session.line);
    if (!status)
        status = zg_fit_memory(&of->c, t->data.train.model, of->entries, t->n_engines, err);
    if (status)
        return status;
    of->prints = *zg_dataset_fingerprints(t->data.train.dataset);
    t->session.embedded_tokenizer = t->data.train.embedded_tokenizer;
    t->session.embedded_elsewhere =
        t->session.embedded_tokenizer && strcmp(of->c.task, "embedded") != 0;
    t->session.embedded_tokens = t->data.train.stats.mean_tokens;
    return ZG_OK;
}

enum zg_status zg_training_check(struct zg_training *t, struct zg_error *err)
{
    struct zg_session *const session = &t->session;
    enum zg_status status = check_options(t->request, err);
    if (!status)
        status = zg_session_open(session, t->request, err);
    if (status)
        return status;
    session->baseline = 0; /* whatever engine it is: the others are held against the first */
    t->n_engines = session->engines.n_items;
    status = zg_session_begin(session, err);
    if (!status)
        status = zg_session_try_engines(session, err);
    if (!status)
        status = open_data(t, err);
    if (!status)
        status = make_plan(t, err);
    if (status)
        return status;
    make_bank(t);
    zg_machine_watch(&t->before);
    t->meta = zg_manifest_open(session, "train");
    json_object_set_new(t->meta, "train", train_json(t));
    if (!t->meta || zg_json_memory_failed())
        return zg_fail(err, ZG_ENV, "no memory for meta.json");
    return t->request->policy.strict ? zg_meta_check_strict(t->meta, &t->before, err) : ZG_OK;
}

/* ---- open ------------------------------------------------------------------------------------ */

static enum zg_status open_engines(struct zg_training *t, struct zg_error *err)
{
    struct zg_session_case *const of = &t->session.cases[0];
    enum zg_status status = ZG_OK;
    t->bench.c = of->c;
    t->bench.data = t->data.train;
    t->bench.data.limits = t->data.limits;
    t->bench.resident_mib = zg_memory_resident_mib();
    for (int64_t e = 0; e < t->n_engines && !status; e++) {
        zg_status_line_show(&t->session.line, true, "opening %s", of->entries[e].item->label);
        status = zg_bench_open_engine(&t->bench, e, &of->entries[e], err);
        t->engines[e].contender = &t->bench.contenders[e];
        t->engines[e].dev = (struct zg_train_score){.loss = NAN, .metric = NAN};
    }
    zg_status_line_clear(&t->session.line);
    return status;
}

/* What decides the weights of an engine, as the head of its steps has it. */
static enum zg_status make_head(struct zg_training *t, int64_t e, struct zg_steps_head_room *room,
                                struct zg_error *err)
{
    const struct zg_model *const model = t->data.train.model;
    const struct zg_protocol *const rows = &t->data.rows;
    const struct zg_steps_origin origin = {.weights =
                                               zg_models_fingerprint(&t->session.models, model),
                                           .files = &t->session.cases[0].prints,
                                           .rows = zg_rows_hash(rows->train, rows->n_train),
                                           .data_seed = t->request->train.data_seed};
    return zg_steps_head_make(room, t->engines[e].contender, &t->choice, &origin, err);
}

static enum zg_status open_records(struct zg_training *t, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (int64_t e = 0; e < t->n_engines && !status; e++) {
        struct zg_steps_head_room room;
        status = make_head(t, e, &room, err);
        if (!status)
            status = zg_train_record_open(&t->engines[e].record, t->dir.path, e, &room.head,
                                          t->request->policy.resume, t->note, sizeof t->note, err);
    }
    return status ? status : zg_training_take_steps(t, err);
}

static enum zg_status open_curve(struct zg_training *t, struct zg_error *err)
{
    char note[sizeof t->note];
    const enum zg_status status = zg_train_curve_open(
        &t->curve, t->dir.path, t->request->policy.resume, t->n_before, note, sizeof note, err);
    if (!status && note[0])
        snprintf(t->note, sizeof t->note, "%s", note);
    return status;
}

static void add_case(struct zg_training *t)
{
    const struct zg_model *const model = t->data.train.model;
    const uint64_t print = zg_models_fingerprint(&t->session.models, model);
    json_t *const of = zg_manifest_case(&t->bench, 0, print, t->n_engines);
    json_object_set_new(of, "engines", zg_manifest_engines(&t->bench, t->n_engines));
    zg_meta_add_case(t->meta, of);
}

enum zg_status zg_training_begin(struct zg_training *t, struct zg_error *err)
{
    if (t->begun)
        return ZG_OK;
    t->begun = true;
    add_case(t);
    zg_sessions_begin(t->meta);
    return zg_meta_write(t->meta, t->dir.path, "running", &t->before, err);
}

enum zg_status zg_training_open(struct zg_training *t, struct zg_error *err)
{
    const struct zg_request *const request = t->request;
    enum zg_status status =
        zg_result_dir_open(&t->dir, request->out_dir, request->policy.resume, err);
    if (!status && request->policy.resume)
        status = zg_training_take_meta(t, err);
    if (!status)
        status = open_engines(t, err);
    if (!status)
        status = open_records(t, err);
    if (!status)
        status = open_curve(t, err);
    if (!status)
        status = zg_train_eval_open(&t->eval, &t->data, err);
    return status || request->policy.resume ? status : zg_training_begin(t, err);
}

void zg_training_close(struct zg_training *t)
{
    for (int64_t e = 0; e < t->n_engines; e++) {
        zg_train_record_close(&t->engines[e].record);
        zg_train_history_close(&t->engines[e].history);
        zg_bench_close_engine(&t->bench.contenders[e]);
    }
    zg_train_curve_close(&t->curve);
    zg_train_eval_close(&t->eval);
    zg_train_data_close(&t->data);
    json_decref(t->meta);
    t->meta = NULL;
    zg_session_close(&t->session);
}
