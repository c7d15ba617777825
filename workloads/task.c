/*
 * task.c - reads a task: the JSON object (jansson) and the built-in ones, which are the same JSON
 * inside the binary. Templates are cut up in template.c.
 */
#include "workloads/task.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "engines/base/json_memory.h"
#include "engines/base/nearest.h"
#include "workloads/embedded/embedded.h"
#include "workloads/file.h"
#include "workloads/template.h"
#include "workloads/text.h"

struct reader { /* what every part of the reading needs */
    struct zg_task *task;
    const char *file; /* for messages */
    struct zg_error *err;
};

static enum zg_status no_memory(const struct reader *r)
{
    return zg_fail(r->err, ZG_ENV, "%s: no memory for the task", r->file);
}

/* The string at `key`; `fallback` where it is absent, ZG_INPUT where there is no fallback. */
static enum zg_status get_string(const struct reader *r, const json_t *object, const char *key,
                                 const char *fallback, const char **out)
{
    const json_t *value = json_object_get(object, key);
    *out = fallback;
    if (!value && fallback)
        return ZG_OK;
    if (!value)
        return zg_fail(r->err, ZG_INPUT, "%s: \"%s\" is missing", r->file, key);
    if (!json_is_string(value))
        return zg_fail(r->err, ZG_INPUT, "%s: \"%s\" must be a string", r->file, key);
    *out = json_string_value(value);
    return ZG_OK;
}

/* One byte; or none, as NUL, where `or_none`. */
static enum zg_status get_byte(const struct reader *r, const json_t *root, const char *key,
                               const char *fallback, bool or_none, char *out)
{
    const char *text;
    const enum zg_status status = get_string(r, root, key, fallback, &text);
    if (status)
        return status;
    if (strlen(text) != 1 && !(or_none && !*text))
        return zg_fail(r->err, ZG_INPUT, "%s: \"%s\" is '%s', it must be one byte%s", r->file, key,
                       text, or_none ? ", or \"\" for no quoting" : "");
    *out = text[0];
    return ZG_OK;
}

static enum zg_status read_format(const struct reader *r, const json_t *root)
{
    struct zg_csv_format *format = &r->task->format;
    enum zg_status status = get_byte(r, root, "delimiter", ",", false, &format->delimiter);
    if (!status)
        status = get_byte(r, root, "quote", "\"", true, &format->quote);
    if (status)
        return status;
    if (format->delimiter == format->quote || strchr("\r\n", format->delimiter) ||
        (format->quote && strchr("\r\n", format->quote)))
        return zg_fail(r->err, ZG_INPUT,
                       "%s: \"delimiter\" and \"quote\" must differ, and be no line ends", r->file);
    return ZG_OK;
}

static enum zg_status read_data(const struct reader *r, const json_t *root, const char *dir)
{
    json_t *data = json_object_get(root, "data");
    const char *key;
    json_t *value;
    if (!json_is_object(data) || json_object_size(data) == 0)
        return zg_fail(r->err, ZG_INPUT,
                       "%s: \"data\" must be an object with \"train\", \"dev\" or both", r->file);
    json_object_foreach(data, key, value)
    {
        enum zg_split split = ZG_SPLIT_TRAIN;
        if (zg_split_parse(&split, key, NULL))
            return zg_fail(r->err, ZG_INPUT,
                           "%s: \"data\" has unknown key \"%s\", it takes \"train\" and \"dev\"%s",
                           r->file, key, zg_nearest_word(key, "train dev").hint);
        if (!json_is_string(value) || !*json_string_value(value))
            return zg_fail(r->err, ZG_INPUT, "%s: \"data\": \"%s\" must be the path of a file",
                           r->file, key);
        r->task->data[split].path = zg_path_join(dir, json_string_value(value));
        if (!r->task->data[split].path)
            return no_memory(r);
    }
    return ZG_OK;
}

static bool same_slice(struct zg_slice a, struct zg_slice b)
{
    return a.n == b.n && memcmp(a.bytes, b.bytes, (size_t)a.n) == 0;
}

static struct zg_slice slice_of(const char *text)
{
    return (struct zg_slice){text, (int64_t)strlen(text)};
}

/* The literal option of that text, blanks at the ends aside; -1 if there is none. */
static int64_t find_option(const struct zg_task *task, const char *text)
{
    const struct zg_slice wanted = zg_slice_strip(slice_of(text));
    for (int64_t o = 0; o < task->n_options; o++) {
        const struct zg_task_template *t = &task->options[o];
        if (t->n_parts == 1 && !t->parts[0].is_column &&
            same_slice(zg_slice_strip(slice_of(t->parts[0].text)), wanted))
            return o;
    }
    return -1;
}

/* "options": templates; "options_from": names of columns. */
static enum zg_status read_options(const struct reader *r, const json_t *root)
{
    const json_t *texts = json_object_get(root, "options"),
                 *columns = json_object_get(root, "options_from");
    const json_t *list = texts ? texts : columns;
    const char *key = texts ? "options" : "options_from";
    struct zg_task *task = r->task;
    if (!list)
        return zg_fail(r->err, ZG_INPUT, "%s: no options: give \"options\" or \"options_from\"",
                       r->file);
    if (texts && columns)
        return zg_fail(r->err, ZG_INPUT, "%s: \"options\" and \"options_from\" exclude each other",
                       r->file);
    if (!json_is_array(list) || json_array_size(list) == 0 ||
        json_array_size(list) > (size_t)ZG_TASK_MAX_OPTIONS)
        return zg_fail(r->err, ZG_INPUT, "%s: \"%s\" must be a list of 1 to %lld strings", r->file,
                       key, (long long)ZG_TASK_MAX_OPTIONS);
    task->options = calloc(json_array_size(list), sizeof *task->options);
    if (!task->options)
        return no_memory(r);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_string(item) || !*json_string_value(item))
            return zg_fail(r->err, ZG_INPUT, "%s: \"%s\"[%zu] must be a string that is not empty",
                           r->file, key, i);
        const char *text = json_string_value(item);
        if (texts && find_option(task, text) >= 0)
            return zg_fail(r->err, ZG_INPUT, "%s: option '%s' is there twice", r->file, text);
        struct zg_task_template *option = &task->options[task->n_options++];
        const enum zg_status status = texts ? zg_template_parse(option, text, r->file, key, r->err)
                                            : zg_template_of_column(option, text, r->err);
        if (status)
            return status;
    }
    return ZG_OK;
}

static struct zg_nearest nearest_option(const struct zg_task *task, const char *typed)
{
    struct zg_nearest nearest = zg_nearest_begin(typed);
    for (int64_t o = 0; o < task->n_options; o++) {
        const struct zg_task_template *t = &task->options[o];
        if (t->n_parts == 1 && !t->parts[0].is_column) {
            const struct zg_slice text = zg_slice_strip(slice_of(t->parts[0].text));
            zg_nearest_try(&nearest, text.bytes, (size_t)text.n);
        }
    }
    zg_nearest_hint(&nearest);
    return nearest;
}

static enum zg_status read_label_map(const struct reader *r, json_t *map)
{
    struct zg_task *task = r->task;
    if (!json_is_object(map) || json_object_size(map) == 0)
        return zg_fail(r->err, ZG_INPUT, "%s: \"labels\" must be an object, cell text to option",
                       r->file);
    task->labels = calloc(json_object_size(map), sizeof *task->labels);
    if (!task->labels)
        return no_memory(r);
    const char *text;
    json_t *value;
    json_object_foreach(map, text, value)
    {
        int64_t option = -1;
        if (json_is_integer(value))
            option = json_integer_value(value);
        else if (json_is_string(value))
            option = find_option(task, json_string_value(value));
        if (option < 0 || option >= task->n_options)
            return zg_fail(
                r->err, ZG_INPUT,
                "%s: \"labels\": '%s' must map to an option: its text, or an index 0 .. %lld%s",
                r->file, text, (long long)task->n_options - 1,
                nearest_option(task, json_is_string(value) ? json_string_value(value) : "").hint);
        struct zg_task_label *label = &task->labels[task->n_labels];
        label->text = strdup(text);
        label->option = option;
        if (!label->text)
            return no_memory(r);
        task->n_labels++;
    }
    return ZG_OK;
}

static enum zg_status read_label(const struct reader *r, const json_t *root)
{
    json_t *map = json_object_get(root, "labels");
    const char *column;
    if (!json_object_get(root, "label") && r->task->n_options == 1 && !map)
        return ZG_OK;
    const enum zg_status status = get_string(r, root, "label", NULL, &column);
    if (status)
        return status;
    r->task->label = strdup(column);
    if (!r->task->label)
        return no_memory(r);
    return map ? read_label_map(r, map) : ZG_OK;
}

static enum zg_status read_loss(const struct reader *r, const json_t *root)
{
    const char *loss;
    const enum zg_status status = get_string(r, root, "loss", "classification", &loss);
    if (status)
        return status;
    if (strcmp(loss, "classification") == 0)
        r->task->loss = ZG_LOSS_CLASSIFICATION;
    else if (strcmp(loss, "lm") == 0)
        r->task->loss = ZG_LOSS_LM;
    else
        return zg_fail(r->err, ZG_INPUT,
                       "%s: \"loss\" is '%s', it must be \"classification\" or \"lm\"%s", r->file,
                       loss, zg_nearest_word(loss, "classification lm").hint);
    if (r->task->loss == ZG_LOSS_CLASSIFICATION && r->task->n_options < 2)
        return zg_fail(
            r->err, ZG_INPUT,
            "%s: classification needs two options at least; one option is for \"loss\": \"lm\"",
            r->file);
    return ZG_OK;
}

static enum zg_status check_keys(const struct reader *r, json_t *root)
{
    static const char *const known[] = {"name",     "data",    "delimiter",    "quote",
                                        "template", "options", "options_from", "label",
                                        "labels",   "loss",    "strip"};
    static const char known_keys[] = "name, data, delimiter, quote, template, options, "
                                     "options_from, label, labels, loss and strip";
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value)
    {
        size_t i = 0;
        while (i < sizeof known / sizeof *known && strcmp(key, known[i]) != 0)
            i++;
        if (i == sizeof known / sizeof *known)
            return zg_fail(r->err, ZG_INPUT, "%s: unknown key \"%.80s\"; a task has %s%s", r->file,
                           key, known_keys, zg_nearest_word(key, known_keys).hint);
    }
    return ZG_OK;
}

/* Keys in any order, and blanks between them, say the same; the data have a fingerprint of their
 * own, wherever they lie. */
static enum zg_status take_fingerprint(const struct reader *r, json_t *root)
{
    json_object_del(root, "name");
    json_object_del(root, "data");
    char *const text = json_dumps(root, JSON_SORT_KEYS | JSON_COMPACT);
    if (!text)
        return no_memory(r);
    r->task->fingerprint = XXH3_64bits(text, strlen(text));
    free(text);
    return ZG_OK;
}

/* Takes the root apart. */
static enum zg_status read_task(const struct reader *r, json_t *root, const char *dir)
{
    if (!json_is_object(root))
        return zg_fail(r->err, ZG_INPUT, "%s: a task must be a JSON object", r->file);
    enum zg_status status = check_keys(r, root);
    const char *text = NULL;
    if (!status)
        status = get_string(r, root, "name", NULL, &text);
    if (!status && !*text)
        status = zg_fail(r->err, ZG_INPUT, "%s: \"name\" is empty", r->file);
    if (!status && !(r->task->name = strdup(text)))
        status = no_memory(r);
    if (!status)
        status = read_data(r, root, dir);
    if (!status)
        status = read_format(r, root);
    if (!status)
        status = get_string(r, root, "template", NULL, &text);
    if (!status && !*text)
        status = zg_fail(r->err, ZG_INPUT,
                         "%s: \"template\" is empty; it is the prompt, like \"{column} It was\"",
                         r->file);
    if (!status)
        status = zg_template_parse(&r->task->prompt, text, r->file, "template", r->err);
    if (!status)
        status = read_options(r, root);
    if (!status)
        status = read_label(r, root);
    if (!status)
        status = read_loss(r, root);
    const json_t *strip = json_object_get(root, "strip");
    if (!status && strip && !json_is_boolean(strip))
        status = zg_fail(r->err, ZG_INPUT, "%s: \"strip\" must be true or false", r->file);
    r->task->strip = !strip || json_is_true(strip);
    return status ? status : take_fingerprint(r, root);
}

enum zg_status zg_task_open_memory(struct zg_task **out, const char *name, const char *json,
                                   int64_t n_bytes, const char *dir, struct zg_error *err)
{
    *out = NULL;
    if (n_bytes > ZG_TASK_MAX_FILE_BYTES)
        return zg_fail(err, ZG_INPUT, "%s: %lld bytes, a task file has at most %lld", name,
                       (long long)n_bytes, (long long)ZG_TASK_MAX_FILE_BYTES);
    json_error_t error;
    json_t *root = zg_json_read(json, (size_t)n_bytes, &error);
    if (!root)
        return zg_fail(err, ZG_INPUT, "%s:%d: %s", name, error.line, error.text);
    struct zg_task *task = calloc(1, sizeof *task);
    const struct reader reader = {task, name, err};
    const enum zg_status status = task ? read_task(&reader, root, dir) : no_memory(&reader);
    json_decref(root);
    if (status)
        zg_task_close(&task);
    *out = task;
    return status;
}

static enum zg_status open_file(struct zg_task **out, const char *path, const char *data_dir,
                                struct zg_error *err)
{
    char *json = NULL;
    int64_t n_bytes;
    enum zg_status status = zg_file_read(&json, &n_bytes, path, ZG_TASK_MAX_FILE_BYTES, err);
    const char *slash = strrchr(path, '/');
    char *dir = slash == path ? strdup("/")
                : slash       ? strndup(path, (size_t)(slash - path))
                              : strdup(".");
    if (!status && !dir)
        status = zg_fail(err, ZG_ENV, "%s: no memory for the task", path);
    if (!status)
        status = zg_task_open_memory(out, path, json, n_bytes, data_dir ? data_dir : dir, err);
    free(dir);
    free(json);
    return status;
}

#define SST2_FORM                                                                                  \
    "\"data\": {\"train\": \"train.tsv\", \"dev\": \"dev.tsv\"}, \"delimiter\": \"\\t\", "         \
    "\"quote\": \"\", "                                                                            \
    "\"template\": \"{sentence} It was\", \"options\": [\" terrible\", \" great\"], \"label\": "   \
    "\"label\", "                                                                                  \
    "\"loss\": \"classification\"}"

static const struct builtin {
    const char *name;
    const char *json;
    bool embedded;
} builtins[] = {
    {"embedded", "{\"name\": \"embedded\", " SST2_FORM, true},
    {"sst2", "{\"name\": \"sst2\", " SST2_FORM, false},
};
#define N_BUILTINS (int64_t)(sizeof builtins / sizeof *builtins)

static enum zg_status open_builtin(struct zg_task **out, const struct builtin *builtin,
                                   const char *data_dir, struct zg_error *err)
{
    if (!builtin->embedded && !data_dir)
        return zg_fail(err, ZG_USAGE,
                       "task '%s' needs its data: --data DIR with train.tsv and dev.tsv",
                       builtin->name);
    if (builtin->embedded && data_dir)
        return zg_fail(err, ZG_USAGE, "task '%s' is inside the program, --data '%s' is not for it",
                       builtin->name, data_dir);
    enum zg_status status =
        zg_task_open_memory(out, builtin->name, builtin->json, (int64_t)strlen(builtin->json),
                            data_dir ? data_dir : builtin->name, err);
    if (!status && builtin->embedded) {
        (*out)->data[ZG_SPLIT_TRAIN].bytes = zg_embedded_train.bytes;
        (*out)->data[ZG_SPLIT_TRAIN].n_bytes = zg_embedded_train.n_bytes;
        (*out)->data[ZG_SPLIT_DEV].bytes = zg_embedded_dev.bytes;
        (*out)->data[ZG_SPLIT_DEV].n_bytes = zg_embedded_dev.n_bytes;
    }
    return status;
}

enum zg_status zg_task_open(struct zg_task **out, const char *name, const char *data_dir,
                            struct zg_error *err)
{
    *out = NULL;
    for (int64_t i = 0; i < N_BUILTINS; i++)
        if (strcmp(name, builtins[i].name) == 0)
            return open_builtin(out, &builtins[i], data_dir, err);
    const size_t n = strlen(name);
    if (n > 5 && strcmp(name + n - 5, ".json") == 0)
        return open_file(out, name, data_dir, err);
    return zg_fail(err, ZG_USAGE,
                   "task '%s' is unknown: give embedded, sst2, or a file that ends in .json%s",
                   name, zg_nearest_word(name, "embedded sst2").hint);
}

void zg_task_close(struct zg_task **task)
{
    if (!task || !*task)
        return;
    struct zg_task *t = *task;
    for (int split = 0; split < ZG_N_SPLITS; split++)
        free(t->data[split].path);
    zg_template_free(&t->prompt);
    for (int64_t o = 0; o < t->n_options; o++)
        zg_template_free(&t->options[o]);
    free(t->options);
    for (int64_t i = 0; i < t->n_labels; i++)
        free(t->labels[i].text);
    free(t->labels);
    free(t->label);
    free(t->name);
    free(t);
    *task = NULL;
}

const char *zg_task_builtin(int64_t index)
{
    return index < N_BUILTINS ? builtins[index].name : NULL;
}

const char *zg_split_name(enum zg_split split)
{
    return split == ZG_SPLIT_TRAIN ? "train" : "dev";
}

enum zg_status zg_split_parse(enum zg_split *out, const char *text, struct zg_error *err)
{
    for (int split = 0; split < ZG_N_SPLITS; split++)
        if (strcmp(text, zg_split_name((enum zg_split)split)) == 0) {
            *out = (enum zg_split)split;
            return ZG_OK;
        }
    return zg_fail(err, ZG_USAGE, "split '%s' is unknown: train or dev%s", text,
                   zg_nearest_word(text, "train dev").hint);
}
