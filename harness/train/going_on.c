/* going_on.c - is the directory's training the one that is asked for, and how far did it come? */
#include <stdio.h>
#include <string.h>

#include "engines/base/json_memory.h"
#include "engines/base/size.h"
#include "harness/rows/case_row.h"
#include "harness/run/asked.h"
#include "harness/store/meta.h"
#include "harness/train/training.h"

/* ---- the same training? ---------------------------------------------------------------------- */

static const char *show(const json_t *value, char *text, size_t size)
{
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_integer(value))
        snprintf(text, size, "%lld", (long long)json_integer_value(value));
    else
        snprintf(text, size, "none");
    return text;
}

/* What decides which steps there are, and which rows of the curve.  How many steps may differ: a
 * training that was whole can be made longer. */
static enum zg_status check_asked(const json_t *old, const json_t *now, const char *path,
                                  struct zg_error *err)
{
    static const struct {
        const char *object, *key, *option;
    } facts[] = {{NULL, "algorithm", "--algorithm"},
                 {NULL, "eval_every", "--eval-every"},
                 {NULL, "log_every", "--log-every"},
                 {"rows", "data_seed", "--data-seed"},
                 {"rows", "train", "rows to train on"},
                 {"rows", "dev", "dev rows"},
                 {"rows", "eval", "eval rows"},
                 {"rows", "train_data_xxh3", "the training file's rows"},
                 {"rows", "eval_data_xxh3", "the other file's rows"}};
    char text[320] = "", x[32], y[32];
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        const json_t *const a = facts[i].object ? json_object_get(old, facts[i].object) : old;
        const json_t *const b = facts[i].object ? json_object_get(now, facts[i].object) : now;
        zg_difference_add(text, sizeof text, facts[i].option,
                          show(json_object_get(a, facts[i].key), x, sizeof x),
                          show(json_object_get(b, facts[i].key), y, sizeof y));
    }
    if (!text[0])
        return ZG_OK;
    return zg_fail(err, ZG_USAGE,
                   "--resume: %s is of another training, then and now: %s; give the same options, "
                   "or another --out",
                   path, text);
}

static enum zg_status check_training(struct zg_training *t, struct zg_error *err)
{
    char path[1200];
    json_error_t error;
    enum zg_status status;
    snprintf(path, sizeof path, "%s/meta.json", t->dir.path);
    json_t *const old = zg_json_read_file(path, &error);
    if (!old)
        return zg_fail(err, ZG_INPUT, "--resume: %s: %s", path, error.text);
    const json_t *const train = json_object_get(old, "train");
    if (!json_is_object(train))
        status = zg_fail(err, ZG_INPUT, "--resume: %s is not of `zogap train`; give another --out",
                         path);
    else
        status = check_asked(train, json_object_get(t->meta, "train"), path, err);
    json_decref(old);
    return status;
}

enum zg_status zg_training_take_meta(struct zg_training *t, struct zg_error *err)
{
    if (!zg_result_dir_has(&t->dir, "meta.json")) {
        fprintf(stderr,
                "zogap: warning: train: --resume: %s holds no training to go on with: it begins "
                "anew\n",
                t->dir.path);
        return ZG_OK;
    }
    enum zg_status status = check_training(t, err);
    if (status)
        return status;
    json_t *const prints = zg_asked_prints_json(&t->session);
    status = zg_meta_resume(t->meta, prints, t->dir.path, &t->all_there, err);
    json_decref(prints);
    return status;
}

void zg_training_take_max_rows(struct zg_training *t)
{
    char path[1200];
    json_error_t error;
    struct zg_case *const c = &t->session.cases[0].c;
    snprintf(path, sizeof path, "%s/meta.json", t->request->out_dir);
    json_t *const old = zg_json_read_file(path, &error);
    const json_t *const then = json_object_get(json_object_get(old, "train"), "max_rows");
    if (c->max_rows == 0 && json_is_integer(then) && json_integer_value(then) > 0)
        c->max_rows = json_integer_value(then);
    json_decref(old);
}

/* ---- how far? -------------------------------------------------------------------------------- */

static struct zg_train_used used_of(const struct zg_train_record *record)
{
    struct zg_train_used used = {.n_steps = record->n};
    for (int64_t i = 0; i < record->n; i++) {
        const struct zg_train_step step = zg_train_record_step(record, i);
        used.n_forwards += step.n_forwards;
        used.wall_s += step.wall_s;
    }
    return used;
}

enum zg_status zg_training_take_steps(struct zg_training *t, struct zg_error *err)
{
    t->n_before = INT64_MAX;
    t->all_there = t->all_there && zg_result_dir_has(&t->dir, zg_schema_train.file);
    for (int64_t e = 0; e < t->n_engines; e++) {
        const struct zg_train_record *const record = &t->engines[e].record;
        const struct zg_train_used used = used_of(record);
        t->n_before = zg_min64(t->n_before, record->n);
        t->all_there = t->all_there && zg_train_plan_is_done(&t->plan, &used);
        if (t->plan.n_steps > 0 && record->n > t->plan.n_steps)
            return zg_fail(err, ZG_USAGE,
                           "--resume: %s has %lld steps of engine %s already, and %lld are asked "
                           "for; give as many or more, or another --out",
                           t->dir.path, (long long)record->n, t->engines[e].contender->item->label,
                           (long long)t->plan.n_steps);
    }
    return ZG_OK;
}
