/*
 * train.c - `zogap train`: zeroth-order training on a task, by one engine or several side by side,
 * with its curve, its checkpoints and what it came to.
 */
#include "harness/train/train.h"

#include <stdlib.h>
#include <string.h>

#include "engines/base/json_memory.h"
#include "harness/cmd/command.h"
#include "harness/request/engine_list.h"

#define TINY_LR "7e-4" /* workloads/opt-tiny/README.md has what was tried */

extern const struct zg_command zg_command_train;

/* ---- zogap train --resume DIR ---------------------------------------------------------------- */

/* The words of the directory's own command line, of which meta.json keeps all but the program and
 * --resume; borrowed from it. */
static enum zg_status read_words(json_t **meta, const json_t **words, const char *dir,
                                 struct zg_error *err)
{
    char path[1200];
    json_error_t error;
    snprintf(path, sizeof path, "%.1100s/meta.json", dir);
    *meta = zg_json_read_file(path, &error);
    if (!*meta)
        return zg_fail(err, ZG_INPUT, "--resume: %s: %s", path, error.text);
    *words = json_object_get(*meta, "command_line");
    const char *const command = json_string_value(json_object_get(*meta, "command"));
    const char *const first = json_string_value(json_array_get(*words, 0));
    if (!command || strcmp(command, "train") != 0 || !first || strcmp(first, "train") != 0)
        return zg_fail(err, ZG_INPUT, "--resume: %s is not of `zogap train`", path);
    return ZG_OK;
}

/* A request of those words, and then of those that were typed now, which count more. */
static enum zg_status merge(struct zg_request *out, const struct zg_request *request,
                            const json_t *words, struct zg_error *err)
{
    const struct zg_words *const typed = &request->words;
    const size_t n_kept = json_array_size(words);
    char **const all = calloc(n_kept + (size_t)typed->n_words + 1, sizeof *all);
    bool help;
    if (!all)
        return zg_fail(err, ZG_ENV, "no memory for a command line");
    *out = (struct zg_request){.argv = request->argv, .policy.max_time_s = -1};
    int64_t n = 0;
    all[n++] = typed->words[0];
    for (size_t i = 0; i < n_kept; i++) {
        const char *const word = json_string_value(json_array_get(words, i));
        all[n++] = (char *)(word ? word : "");
    }
    for (int64_t i = 2; i < typed->n_words; i++)
        all[n++] = typed->words[i];
    out->words = (struct zg_words){.words = all, .n_words = n};
    return zg_command_parse(&zg_command_train, out, &help, err);
}

static const struct zg_axis *find_axis(const struct zg_sweep *sweep, const char *name)
{
    for (int64_t i = 0; i < sweep->n_axes; i++)
        if (strcmp(sweep->axes[i].flag->name, name) == 0)
            return &sweep->axes[i];
    return NULL;
}

/* The model that comes with zogap learns at a rate of its own, where nobody says otherwise. */
static enum zg_status take_tiny_rate(struct zg_sweep *sweep, struct zg_error *err)
{
    const struct zg_axis *const model = find_axis(sweep, "model");
    const struct zg_flag *flag = zg_case_flags;
    if (!model || strcmp(model->values.words[0], "opt-tiny") != 0 ||
        find_axis(sweep, "algorithm") || find_axis(sweep, "lr"))
        return ZG_OK;
    while (strcmp(flag->name, "lr") != 0)
        flag++;
    return zg_sweep_add(sweep, flag, TINY_LR, err);
}

static enum zg_status train(struct zg_request *request, struct zg_error *err)
{
    if (!request->engines)
        request->engines = zg_engine_usual();
    const enum zg_status status = take_tiny_rate(&request->sweep, err);
    return status ? status : zg_train_run(request, err);
}

static enum zg_status train_in(struct zg_request *request, struct zg_error *err)
{
    json_t *meta = NULL;
    const json_t *words = NULL;
    struct zg_request merged = {0};
    if (!request->policy.resume)
        return zg_fail(err, ZG_USAGE,
                       "%s: only --resume takes a directory like this; --out DIR "
                       "names a new one",
                       request->train.dir);
    enum zg_status status = read_words(&meta, &words, request->train.dir, err);
    if (!status)
        status = merge(&merged, request, words, err);
    if (!status) {
        merged.out_dir = request->train.dir;
        merged.policy.resume = true;
        status = train(&merged, err);
    }
    zg_sweep_close(&merged.sweep);
    free(merged.words.words);
    json_decref(meta);
    return status;
}

/* ---- the command ----------------------------------------------------------------------------- */

static enum zg_status run_train(struct zg_request *request, struct zg_error *err)
{
    return request->train.dir ? train_in(request, err) : train(request, err);
}

#define FIELD(name) .offset = offsetof(struct zg_request, name)
static const struct zg_flag engine_flags[] = {
    {"engines", ZG_FLAG_TEXT, "LIST", NULL,
     "engines to train side by side, on the same rows and directions, like naive,fused:dtype=bf16; "
     "the others are held against the first; default: fused, else the first of this build",
     FIELD(engines), .word_at = zg_choice_engine},
    {ZG_FLAG_MECHANISMS},
    {.name = NULL},
};
static const struct zg_flag train_flags[] = {
    {"steps", ZG_FLAG_INT, "N", NULL,
     "train for N steps; default: 20000, of opt-tiny as many as it needs to learn",
     FIELD(train.steps), .min = 1, .max = 1e9},
    {"epochs", ZG_FLAG_INT, "N", NULL, "train for N times all training rows instead",
     FIELD(train.epochs), .min = 1, .max = 1e9},
    {"budget-time", ZG_FLAG_REAL, "S", NULL,
     "train instead until an engine's own steps took S seconds: equal wall time",
     FIELD(train.budget_time_s), .max = 1e9},
    {"budget-forwards", ZG_FLAG_INT, "N", NULL,
     "train instead for N forward passes of a batch, one a probe: equal forwards",
     FIELD(train.budget_forwards), .min = 1, .max = 1e12},
    {"eval-every", ZG_FLAG_INT, "N", NULL,
     "evaluate the dev rows every N steps, besides before the first and after the last; default: "
     "some twenty times",
     FIELD(train.eval_every), .min = 1, .max = 1e9},
    {"log-every", ZG_FLAG_INT, "N", NULL,
     "a row of curve.csv every N steps, besides those of evaluations; default: some two hundred",
     FIELD(train.log_every), .min = 1, .max = 1e9},
    {"target", ZG_FLAG_REAL, "X", "0.8", "dev metric, 0 to 1, whose time of arrival is told",
     FIELD(train.target), .max = 1},
    {"train-rows", ZG_FLAG_INT, "N", NULL, "rows to train on; default: the task's, as a rule 1000",
     FIELD(train.train_rows), .topic = ZG_TOPIC_MODEL, .min = 1, .max = 1e9},
    {"dev-rows", ZG_FLAG_INT, "N", NULL,
     "other rows of the training file that are evaluated while it trains; default: the task's, as "
     "a rule 500",
     FIELD(train.dev_rows), .min = 1, .max = 1e9},
    {"eval-rows", ZG_FLAG_INT, "N", NULL,
     "rows of the other file that are evaluated at the end; default: the task's, as a rule 1000",
     FIELD(train.eval_rows), .min = 1, .max = 1e9},
    {"data-seed", ZG_FLAG_SEED, "N", "0",
     "which rows train, and in which order; below 2^32; --seed is the directions'",
     FIELD(train.data_seed)},
    {.name = NULL},
};
static const struct zg_flag resume_flags[] = {
    {"resume", ZG_FLAG_SWITCH, NULL, NULL,
     "go on in a directory with what it has: --resume DIR takes its options too; others that are "
     "given count more, so that --steps makes it longer",
     FIELD(policy.resume)},
    {.name = NULL},
};
static const struct zg_flag operand = {
    "DIR", ZG_FLAG_TEXT, "DIR", NULL, "with --resume: the directory to go on in", FIELD(train.dir)};

static const struct zg_flag_group groups[] = {
    {ZG_TOPIC_ENGINES, engine_flags, 0},
    {ZG_TOPIC_TIME, train_flags, 0},
    {ZG_GROUP_CASE},
    {ZG_GROUP_THREADS},
    {ZG_GROUP_STRICT},
    {ZG_TOPIC_OUTPUT, zg_tag_flags, offsetof(struct zg_request, policy)},
    {ZG_TOPIC_OUTPUT, resume_flags, 0},
    {ZG_GROUP_OUTPUT},
    {0}};

static const struct zg_term defaults[] = {{"model", "opt-tiny"}, {NULL, NULL}};

static const struct zg_term examples[] = {
    {"zogap train", "watch a small model learn, in a few minutes"},
    {"zogap train --model opt-mini --steps 60 --batch 4 --engines naive,fused",
     "loop and runtime side by side for 60 steps: do they go the same way, and how fast?"},
    {"zogap train --model opt-1.3b/ --task sst2 --data sst2/ --steps 20000 --out t1",
     "weights of your own on SST-2, as the official scripts train them"},
    {"zogap train --resume t1", "the same, after it was cut off"},
    {"zogap train --resume t1 --steps 30000", "the same, made longer"},
    {NULL, NULL},
};

static const struct zg_term files[] = {
    {"zogap-results/DATE-TIME/", "the result directory, where --out names none"},
    {"meta.json", "machine, build, options, rows, warnings"},
    {"curve.csv", "loss, c, rate, time and evaluations after logged steps; curve.gp: a gnuplot "
                  "script, and curve.svg where gnuplot is installed"},
    {"train.csv", "what each engine came to, and how it agrees with the first"},
    {"steps.zo", "every step, in a few bytes: the checkpoint; steps-2.zo: the second engine's"},
    {NULL, NULL},
};

const struct zg_command zg_command_train = {
    .name = "train",
    .summary = "train on a task, by one engine or several side by side; curve, checkpoints, resume",
    .details =
        "Trains for a number of steps, epochs, seconds or forwards, and evaluates as it goes: loss "
        "and metric of dev rows, and at the end of rows of the other file. Several engines take "
        "the same steps in turn, each on its own weights; the time of each counts its own steps "
        "alone. What was cut off goes on with --resume, to the same curve and weights. Without "
        "options it trains opt-tiny, the model that comes with zogap, on the embedded task, at a "
        "learning rate of " TINY_LR ".",
    .common = "engines model task data algorithm lr steps eval-every out resume",
    .single = "all",
    .defaults = defaults,
    .refused = "split",
    .groups = groups,
    .operand = &operand,
    .examples = examples,
    .files = files,
    .run = run_train,
};
