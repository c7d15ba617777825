/*
 * export.c - `zogap export`: a trained model as a Hugging Face directory: the model that a training
 * began with, and its steps again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engines/base/plural.h"
#include "harness/base/line.h"
#include "harness/base/page.h"
#include "harness/base/signals.h"
#include "harness/cmd/command.h"
#include "harness/run/session.h"
#include "harness/train/export.h"
#include "harness/train/new_dir.h"
#include "harness/train/steps.h"
#include "harness/train/tuned.h"

struct exporting {
    const struct zg_request *request;
    const char *dir;
    char name[32];   /* of the file of steps */
    char path[1200]; /* the same in the directory */
    struct zg_steps *steps;
    struct zg_session session;
    struct zg_tuned tuned;
    struct zg_exported exported;
};

/* ---- which steps ----------------------------------------------------------------------------- */

/* "steps.zo" of the first engine, "steps-2.zo" of the second, ... */
static void name_steps(int64_t index, char name[32])
{
    if (index == 0)
        snprintf(name, 32, "steps.zo");
    else
        snprintf(name, 32, "steps-%" PRId64 ".zo", index + 1);
}

static bool is_wanted(const struct exporting *e, const char *engine)
{
    const struct zg_steps_head *const head = zg_steps_head(e->steps);
    return !engine || strcmp(engine, head->label) == 0 || strcmp(engine, head->engine) == 0;
}

/* The first file whose engine is the one asked for; without one, the first. */
static enum zg_status open_steps(struct exporting *e, struct zg_error *err)
{
    const char *const engine = e->request->exported.engine;
    char note[1400], has[256] = "";
    for (int64_t i = 0; i < ZG_MAX_ENGINES; i++) {
        name_steps(i, e->name);
        if (snprintf(e->path, sizeof e->path, "%s/%s", e->dir, e->name) >= (int)sizeof e->path)
            return zg_fail(err, ZG_INPUT, "%.64s...: the path is too long", e->dir);
        if (i > 0 && access(e->path, F_OK) != 0)
            break;
        const enum zg_status status =
            zg_steps_open(&e->steps, e->dir, e->name, false, note, sizeof note, err);
        if (status)
            return status;
        if (note[0])
            zg_line_print(stderr, "warning: %s", note);
        if (is_wanted(e, engine))
            return ZG_OK;
        const size_t n = strlen(has);
        snprintf(has + n, sizeof has - n, "%s%s", n ? ", " : "", zg_steps_head(e->steps)->label);
        zg_steps_close(&e->steps);
    }
    return zg_fail(err, ZG_USAGE, "--engine %s: %s was trained by %s", engine, e->dir, has);
}

static int64_t wanted_steps(const struct exporting *e)
{
    return e->request->exported.at_step > 0 ? e->request->exported.at_step : zg_steps_n(e->steps);
}

static enum zg_status check_steps(const struct exporting *e, struct zg_error *err)
{
    const int64_t n = zg_steps_n(e->steps);
    if (n == 0)
        return zg_fail(err, ZG_INPUT, "%s: has no step", e->path);
    if (wanted_steps(e) > n)
        return zg_fail(err, ZG_USAGE, "--at-step %" PRId64 ": %s has %" PRId64 " step%s",
                       e->request->exported.at_step, e->path, n, zg_plural(n));
    return ZG_OK;
}

/* ---- the work -------------------------------------------------------------------------------- */

static enum zg_status step_again(struct exporting *e, struct zg_error *err)
{
    const int64_t n = wanted_steps(e);
    enum zg_status status = ZG_OK;
    while (!status && e->tuned.n_steps < n) {
        if (zg_signals_caught())
            return zg_fail(err, ZG_ENV,
                           "interrupted after %" PRId64 " of %" PRId64 " steps; nothing is written",
                           e->tuned.n_steps, n);
        zg_status_line_show(&e->session.line, false, "step %" PRId64 " of %" PRId64,
                            e->tuned.n_steps, n);
        status = zg_tuned_step(&e->tuned, err);
    }
    return status ? status : zg_tuned_check(&e->tuned, err);
}

static enum zg_status write_model(struct exporting *e, struct zg_error *err)
{
    static const enum zg_dtype dtypes[] = {ZG_FP32, ZG_FP16, ZG_BF16};
    const struct zg_export_work work = {
        .engine = e->tuned.opening.engine,
        .state = e->tuned.state,
        .model = e->tuned.model,
        .dtype = dtypes[e->request->exported.dtype],
        .max_file_bytes = e->request->exported.file_mib << 20,
        .out = e->request->out_dir,
    };
    zg_status_line_show(&e->session.line, true, "writing %s", e->request->out_dir);
    return zg_export_write(&work, &e->exported, err);
}

static void tell(const struct exporting *e)
{
    static const char *const names[] = {"fp32", "fp16", "bf16"};
    const struct zg_steps_head *const head = zg_steps_head(e->steps);
    const struct zg_exported *const done = &e->exported;
    zg_page_print(stdout,
                  "%s: %s after %" PRId64 " step%s of %s (scope %s, seed %" PRId64
                  ", engine %s), %s: %" PRId64 " tensors, %.1f MB in %" PRId64 " file%s",
                  e->request->out_dir, head->model, e->tuned.n_steps, zg_plural(e->tuned.n_steps),
                  head->algorithm, head->scope, head->seed, head->label,
                  names[e->request->exported.dtype], done->n_tensors, (double)done->n_bytes / 1e6,
                  done->n_files, zg_plural(done->n_files));
    zg_page_print(stdout, "weights of the steps: XXH3 %016" PRIx64 "%s", e->tuned.hash,
                  zg_steps_weights(e->steps, e->tuned.n_steps, &(uint64_t){0})
                      ? ", as the training had them"
                      : "");
    if (done->copied[0])
        zg_page_print(stdout, "copied from the model: %s", done->copied);
    if (zg_model_is_synthetic(e->tuned.model))
        zg_page_print(stdout,
                      "note: --model %s has synthetic weights: what is exported has learnt "
                      "on noise, and comes without a tokenizer",
                      head->model);
}

static enum zg_status work(struct exporting *e, struct zg_error *err)
{
    enum zg_status status = zg_session_begin(&e->session, err);
    if (!status)
        status = zg_tuned_open(&e->tuned, e->steps, e->path, e->request->exported.model,
                               e->session.n_threads, err);
    if (!status)
        status = step_again(e, err);
    if (!status)
        status = write_model(e, err);
    zg_status_line_clear(&e->session.line);
    if (!status)
        tell(e);
    return status;
}

/* ---- the command ----------------------------------------------------------------------------- */

static enum zg_status run_export(struct zg_request *request, struct zg_error *err)
{
    struct exporting e = {.request = request, .dir = request->exported.dir};
    if (!e.dir)
        return zg_fail(err, ZG_USAGE, "export takes a directory that `zogap train` wrote");
    if (!request->out_dir)
        return zg_fail(err, ZG_USAGE, "--out: is missing; it names the directory to write");
    enum zg_status status = zg_new_dir_check("--out", request->out_dir, err);
    if (!status)
        status = open_steps(&e, err);
    if (!status)
        status = check_steps(&e, err);
    if (!status)
        status = zg_session_open_team(&e.session, request, err);
    if (!status) {
        status = work(&e, err);
        zg_tuned_close(&e.tuned);
        zg_session_close(&e.session);
    }
    zg_steps_close(&e.steps);
    return status;
}

static enum zg_status set_dir(void *target, const struct zg_flag *flag, const char *value,
                              struct zg_error *err)
{
    struct zg_request *const request = target;
    (void)flag;
    if (request->exported.dir)
        return zg_fail(err, ZG_USAGE, "%s: export takes one directory, and has %s", value,
                       request->exported.dir);
    request->exported.dir = value;
    return ZG_OK;
}

#define DTYPES      "fp32|fp16|bf16"
#define FIELD(name) .offset = offsetof(struct zg_request, name)

static const struct zg_flag export_flags[] = {
    {"out", ZG_FLAG_TEXT, "DIR", NULL,
     "the directory to write: a new name, or an empty directory; it appears whole or not at all",
     FIELD(out_dir)},
    {"dtype", ZG_FLAG_CHOICE, DTYPES, "fp32",
     "type that the weights are stored in, rounded to nearest even", FIELD(exported.dtype),
     .choices = DTYPES},
    {"engine", ZG_FLAG_TEXT, "ENGINE", NULL,
     "whose training, of several engines side by side: an item of its --engines; default: the "
     "first",
     FIELD(exported.engine), .word_at = zg_choice_engine},
    {"at-step", ZG_FLAG_INT, "N", NULL, "the weights after the first N steps; default: after all",
     FIELD(exported.at_step), .min = 1, .max = 1e15},
    {"model", ZG_FLAG_TEXT, "NAME|DIR", NULL,
     "the model that the training began with, where it lies elsewhere now; default: as the "
     "training names it",
     FIELD(exported.model), .word_at = zg_choice_model},
    {"file-mib", ZG_FLAG_INT, "N", "2048",
     "weights of a file at most, in MiB; more go to several, with an index",
     FIELD(exported.file_mib), .min = 1, .max = 1 << 20},
    {.name = NULL},
};
static const struct zg_flag_group groups[] = {
    {ZG_TOPIC_OUTPUT, export_flags, 0}, {ZG_GROUP_THREADS}, {0}};

static const struct zg_flag operand = {
    "DIR", ZG_FLAG_CUSTOM, "DIR", NULL, "a directory that `zogap train` wrote", .set = set_dir};

static const struct zg_term examples[] = {
    {"zogap export trained --out tuned", "all steps, in fp32"},
    {"zogap export trained --out tuned-4000 --at-step 4000 --dtype fp16 --engine fused",
     "engine fused's weights after step 4000, in half the room"},
    {NULL, NULL},
};

static const struct zg_term files[] = {
    {"steps.zo", "in the directory of a training: the losses of its steps, which are the weights"},
    {"config.json, model.safetensors",
     "in --out, with the tokenizer's files of the model; above --file-mib "
     "model-00001-of-0000N.safetensors and model.safetensors.index.json"},
    {NULL, NULL},
};

const struct zg_command zg_command_export = {
    .name = "export",
    .summary = "a trained model as a Hugging Face directory",
    .details =
        "Opens the model that the training began with, does its steps again without scoring, and "
        "writes the weights as a directory that other readers load: config.json, "
        "model.safetensors, the tokenizer's files. Fails with exit code 1 where the weights are "
        "not those of the training, by the hashes that it wrote down: another build or machine "
        "may round otherwise.",
    .groups = groups,
    .operand = &operand,
    .examples = examples,
    .files = files,
    .run = run_export,
};
