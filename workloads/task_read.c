/*
 * task_read.c - the keys of a task that say what its prompt is, its options, which of them is
 * right, and by what it is judged.  Every key is checked, and one that is unknown is refused.
 */
#include "workloads/task_read.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "engines/base/nearest.h"
#include "workloads/task_read_rows.h"
#include "workloads/text.h"

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

static enum zg_status check_one_kind(const struct zg_task_reader *r, const json_t *root)
{
    static const char *const kinds[] = {"options", "options_from", "options_each"};
    const char *found = NULL;
    for (size_t i = 0; i < 3; i++) {
        if (!json_object_get(root, kinds[i]))
            continue;
        if (found)
            return zg_fail(r->err, ZG_INPUT, "%s: \"%s\" and \"%s\" exclude each other", r->file,
                           found, kinds[i]);
        found = kinds[i];
    }
    return found ? ZG_OK
                 : zg_fail(r->err, ZG_INPUT,
                           "%s: no options: give \"options\", \"options_from\" or \"options_each\"",
                           r->file);
}

/* "options_each": a list of each row, and the template that makes an option of its items. */
static enum zg_status read_each(const struct zg_task_reader *r, json_t *object)
{
    struct zg_task_each *const each = &r->task->each;
    const char *text = NULL;
    if (!json_is_object(object))
        return zg_fail(r->err, ZG_INPUT,
                       "%s: \"options_each\" must be an object with \"list\" and \"template\"",
                       r->file);
    enum zg_status status =
        zg_task_check_keys(r, object, "\"options_each\" has", "list, text and template");
    if (!status)
        status = zg_task_read_name(r, object, "list", &each->list);
    if (!status && !each->list)
        status = zg_fail(r->err, ZG_INPUT, "%s: \"options_each\": \"list\" is missing", r->file);
    if (!status)
        status = zg_task_read_name(r, object, "text", &each->text);
    if (!status)
        status = zg_task_read_string(r, object, "template", NULL, &text);
    return status ? status
                  : zg_template_parse(&each->option, text, r->file, "options_each", r->err);
}

/* "options": templates; "options_from": names of columns. */
static enum zg_status read_options(const struct zg_task_reader *r, const json_t *root)
{
    const json_t *texts = json_object_get(root, "options"),
                 *columns = json_object_get(root, "options_from");
    const json_t *list = texts ? texts : columns;
    const char *key = texts ? "options" : "options_from";
    struct zg_task *task = r->task;
    enum zg_status status = check_one_kind(r, root);
    if (status)
        return status;
    if (!list)
        return read_each(r, json_object_get(root, "options_each"));
    if (!json_is_array(list) || json_array_size(list) == 0 ||
        json_array_size(list) > (size_t)ZG_TASK_MAX_OPTIONS)
        return zg_fail(r->err, ZG_INPUT, "%s: \"%s\" must be a list of 1 to %lld strings", r->file,
                       key, (long long)ZG_TASK_MAX_OPTIONS);
    task->options = calloc(json_array_size(list), sizeof *task->options);
    if (!task->options)
        return zg_task_no_memory(r);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_string(item) || !*json_string_value(item))
            return zg_fail(r->err, ZG_INPUT, "%s: \"%s\"[%zu] must be a string that is not empty",
                           r->file, key, i);
        const char *text = json_string_value(item);
        if (texts && find_option(task, text) >= 0)
            return zg_fail(r->err, ZG_INPUT, "%s: option '%s' is there twice", r->file, text);
        struct zg_task_template *option = &task->options[task->n_options++];
        status = texts ? zg_template_parse(option, text, r->file, key, r->err)
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

static enum zg_status read_label_map(const struct zg_task_reader *r, json_t *map)
{
    struct zg_task *task = r->task;
    if (!json_is_object(map) || json_object_size(map) == 0)
        return zg_fail(r->err, ZG_INPUT, "%s: \"labels\" must be an object, cell text to option",
                       r->file);
    task->labels = calloc(json_object_size(map), sizeof *task->labels);
    if (!task->labels)
        return zg_task_no_memory(r);
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
            return zg_task_no_memory(r);
        task->n_labels++;
    }
    return ZG_OK;
}

static enum zg_status read_label(const struct zg_task_reader *r, const json_t *root)
{
    json_t *map = json_object_get(root, "labels");
    const char *column;
    if (r->task->each.list && (json_object_get(root, "label") || map))
        return zg_fail(r->err, ZG_INPUT,
                       "%s: with \"options_each\", \"answers\" says what is right, and no label",
                       r->file);
    if (!json_object_get(root, "label") && r->task->n_options <= 1 && !map)
        return ZG_OK;
    const enum zg_status status = zg_task_read_string(r, root, "label", NULL, &column);
    if (status)
        return status;
    r->task->label = strdup(column);
    if (!r->task->label)
        return zg_task_no_memory(r);
    return map ? read_label_map(r, map) : ZG_OK;
}

static enum zg_status read_loss(const struct zg_task_reader *r, const json_t *root)
{
    const char *loss;
    const enum zg_status status = zg_task_read_string(r, root, "loss", "classification", &loss);
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
    if (r->task->loss == ZG_LOSS_CLASSIFICATION && r->task->n_options < 2 && !r->task->each.list)
        return zg_fail(
            r->err, ZG_INPUT,
            "%s: classification needs two options at least; one option is for \"loss\": \"lm\"",
            r->file);
    return ZG_OK;
}

/* "answers": texts beside a single option, or those that are right among a row's own. */
static enum zg_status read_answers(const struct zg_task_reader *r, const json_t *root)
{
    const struct zg_task *const task = r->task;
    const enum zg_status status = zg_task_read_name(r, root, "answers", &r->task->answers);
    if (status)
        return status;
    if (task->each.list && !task->answers)
        return zg_fail(r->err, ZG_INPUT, "%s: \"options_each\" needs \"answers\", which are right",
                       r->file);
    if (task->answers && task->n_options > 1)
        return zg_fail(r->err, ZG_INPUT,
                       "%s: \"answers\" are for one option or \"options_each\"; with several "
                       "options \"label\" says which is right",
                       r->file);
    return ZG_OK;
}

/* A whole number of 1 .. max; `fallback` where it is absent. */
static enum zg_status read_count(const struct zg_task_reader *r, const json_t *object,
                                 const char *key, int64_t max, int64_t fallback, int64_t *out)
{
    const json_t *const value = json_object_get(object, key);
    *out = value && json_is_integer(value) ? json_integer_value(value) : value ? 0 : fallback;
    if (!value || (*out >= 1 && *out <= max))
        return ZG_OK;
    return zg_fail(r->err, ZG_INPUT, "%s: \"%s\" must be a whole number, 1 to %lld", r->file, key,
                   (long long)max);
}

#define MAX_SIZE       INT64_C(1000000000)
#define MAX_NEW_TOKENS INT64_C(1000000)

/* "split": the sizes of the official protocol, where a set has others than most. */
static enum zg_status read_sizes(const struct zg_task_reader *r, const json_t *root)
{
    struct zg_task_sizes *const sizes = &r->task->sizes;
    json_t *const object = json_object_get(root, "split");
    if (object && !json_is_object(object))
        return zg_fail(r->err, ZG_INPUT,
                       "%s: \"split\" must be an object: numbers of rows of \"train\", \"dev\" "
                       "and \"eval\"",
                       r->file);
    enum zg_status status =
        object ? zg_task_check_keys(r, object, "\"split\" has", "train, dev and eval") : ZG_OK;
    if (!status)
        status = read_count(r, object, "train", MAX_SIZE, 1000, &sizes->train);
    if (!status)
        status = read_count(r, object, "dev", MAX_SIZE, 500, &sizes->dev);
    return status ? status : read_count(r, object, "eval", MAX_SIZE, 1000, &sizes->eval);
}

/* "metric" and "generate". */
static enum zg_status read_metric(const struct zg_task_reader *r, const json_t *root)
{
    static const char known[] = "accuracy, f1, macro_f1 and exact_match";
    struct zg_task *const task = r->task;
    const char *text;
    enum zg_status status = zg_task_read_string(r, root, "metric", "accuracy", &text);
    if (!status)
        status = read_count(r, root, "generate", MAX_NEW_TOKENS, 0, &task->max_new_tokens);
    if (status)
        return status;
    int metric = 0;
    while (metric < ZG_N_TASK_METRICS &&
           strcmp(text, zg_task_metric_name((enum zg_task_metric)metric)) != 0)
        metric++;
    if (metric == ZG_N_TASK_METRICS)
        return zg_fail(r->err, ZG_INPUT, "%s: \"metric\" is '%.80s'; there are %s%s", r->file, text,
                       known, zg_nearest_word(text, known).hint);
    task->metric = (enum zg_task_metric)metric;
    const bool of_text = metric == ZG_TASK_F1 || metric == ZG_TASK_EXACT_MATCH;
    if (of_text != (task->max_new_tokens > 0))
        return zg_fail(r->err, ZG_INPUT,
                       of_text
                           ? "%s: \"metric\" '%s' is of a generated text: give \"generate\", the "
                             "most tokens of it"
                           : "%s: \"generate\" is for \"metric\" f1 or exact_match, not '%s'",
                       r->file, text);
    if (of_text && !task->answers)
        return zg_fail(r->err, ZG_INPUT, "%s: \"generate\" needs \"answers\" to be held to",
                       r->file);
    if (metric == ZG_TASK_MACRO_F1 && task->n_options < 2)
        return zg_fail(r->err, ZG_INPUT,
                       "%s: \"metric\" 'macro_f1' needs \"options\" that all rows share", r->file);
    return ZG_OK;
}

/* Keys in any order, and blanks between them, say the same; the data have a fingerprint of their
 * own, wherever they lie, and what is measured on them makes no other data of them. */
static enum zg_status take_fingerprint(const struct zg_task_reader *r, json_t *root)
{
    static const char *const others[] = {"name", "data", "metric", "split"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        json_object_del(root, others[i]);
    char *const text = json_dumps(root, JSON_SORT_KEYS | JSON_COMPACT);
    if (!text)
        return zg_task_no_memory(r);
    r->task->fingerprint = XXH3_64bits(text, strlen(text));
    free(text);
    return ZG_OK;
}

/* "template", the prompt. */
static enum zg_status read_prompt(const struct zg_task_reader *r, const json_t *root)
{
    const char *text = NULL;
    enum zg_status status = zg_task_read_string(r, root, "template", NULL, &text);
    if (!status && !*text)
        status = zg_fail(r->err, ZG_INPUT,
                         "%s: \"template\" is empty; it is the prompt, like \"{column} It was\"",
                         r->file);
    return status ? status : zg_template_parse(&r->task->prompt, text, r->file, "template", r->err);
}

enum zg_status zg_task_read(const struct zg_task_reader *r, json_t *root, const char *dir)
{
    if (!json_is_object(root))
        return zg_fail(r->err, ZG_INPUT, "%s: a task must be a JSON object", r->file);
    enum zg_status status = zg_task_check_keys(
        r, root, "a task has",
        "name, data, format, rows, fields, words, delimiter, quote, template, options_each, "
        "answers, "
        "metric, split, generate, options, options_from, label, labels, loss and strip");
    const char *text = NULL;
    if (!status)
        status = zg_task_read_string(r, root, "name", NULL, &text);
    if (!status && !*text)
        status = zg_fail(r->err, ZG_INPUT, "%s: \"name\" is empty", r->file);
    if (!status && !(r->task->name = strdup(text)))
        status = zg_task_no_memory(r);
    if (!status)
        status = zg_task_read_rows(r, root, dir);
    if (!status)
        status = read_prompt(r, root);
    if (!status)
        status = read_options(r, root);
    if (!status)
        status = read_label(r, root);
    if (!status)
        status = read_loss(r, root);
    if (!status)
        status = read_answers(r, root);
    if (!status)
        status = read_metric(r, root);
    if (!status)
        status = read_sizes(r, root);
    const json_t *strip = json_object_get(root, "strip");
    if (!status && strip && !json_is_boolean(strip))
        status = zg_fail(r->err, ZG_INPUT, "%s: \"strip\" must be true or false", r->file);
    r->task->strip = !strip || json_is_true(strip);
    return status ? status : take_fingerprint(r, root);
}
