/* task_read_rows.c - the keys of a task that say where its rows are, how they are written, and what
 * its templates call their parts. */
#include "workloads/task_read_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/base/nearest.h"
#include "workloads/file.h"

enum { MAX_NAMES = 16 }; /* other names of one thing */

/* ---- names ----------------------------------------------------------------------------------- */

/* A string, or a list of them, none empty; `what` names it for messages, `of` what each is. */
static enum zg_status read_names(const struct zg_task_reader *r, const json_t *value,
                                 const char *what, const char *of, struct zg_task_names *out)
{
    const size_t n = json_is_array(value) ? json_array_size(value) : 1;
    if (n < 1 || n > MAX_NAMES)
        return zg_fail(r->err, ZG_INPUT, "%s: %s must be %s, or a list of 1 to %d", r->file, what,
                       of, MAX_NAMES);
    out->items = calloc(n, sizeof *out->items);
    if (!out->items)
        return zg_task_no_memory(r);
    for (size_t i = 0; i < n; i++) {
        const json_t *const item = json_is_array(value) ? json_array_get(value, i) : value;
        if (!json_is_string(item) || !*json_string_value(item))
            return zg_fail(r->err, ZG_INPUT, "%s: %s must be %s, or a list of them", r->file, what,
                           of);
        out->items[i] = strdup(json_string_value(item));
        if (!out->items[i])
            return zg_task_no_memory(r);
        out->n++;
    }
    return ZG_OK;
}

static void free_names(struct zg_task_names *names)
{
    for (int64_t i = 0; i < names->n; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct zg_task_names){0};
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), n_end = strlen(end);
    return n > n_end && strcmp(text + n - n_end, end) == 0;
}

static enum zg_row_format format_of(const char *path)
{
    return ends_in(path, ".jsonl") || ends_in(path, ".ndjson") ? ZG_ROWS_JSON_LINES
           : ends_in(path, ".json")                            ? ZG_ROWS_JSON
                                                               : ZG_ROWS_DELIMITED;
}

/* "b, c" of all names but the first. */
static char *join_others(const struct zg_task_names *names)
{
    char *text = NULL;
    size_t n = 0;
    FILE *const out = open_memstream(&text, &n);
    if (!out)
        return NULL;
    for (int64_t i = 1; i < names->n; i++)
        fprintf(out, "%s%s", i > 1 ? ", " : "", names->items[i]);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* The first file that is there; where none is, the first name stands, and the others for the
 * message. */
static enum zg_status choose_file(const struct zg_task_reader *r, const struct zg_task_names *names,
                                  const char *dir, struct zg_task_data *data)
{
    for (int64_t i = 0; i < names->n; i++) {
        char *const path = zg_path_join(dir, names->items[i]);
        if (!path)
            return zg_task_no_memory(r);
        const bool found = access(path, F_OK) == 0;
        if (found || !data->path) {
            free(data->path);
            data->path = path;
        } else {
            free(path);
        }
        if (found)
            return ZG_OK;
    }
    data->others = names->n > 1 ? join_others(names) : NULL;
    return names->n > 1 && !data->others ? zg_task_no_memory(r) : ZG_OK;
}

static enum zg_status read_data(const struct zg_task_reader *r, const json_t *root, const char *dir)
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
        char what[32];
        struct zg_task_names names = {0};
        snprintf(what, sizeof what, "\"data\": \"%s\"", zg_split_name(split));
        enum zg_status status = read_names(r, value, what, "the path of a file", &names);
        if (!status)
            status = choose_file(r, &names, dir, &r->task->data[split]);
        free_names(&names);
        if (status)
            return status;
    }
    return ZG_OK;
}

/* "format", else what the names of the files say. */
static enum zg_status read_format(const struct zg_task_reader *r, const json_t *root)
{
    static const char *const words[] = {
        [ZG_ROWS_DELIMITED] = "csv", [ZG_ROWS_JSON_LINES] = "jsonl", [ZG_ROWS_JSON] = "json"};
    const char *text;
    const enum zg_status status = zg_task_read_string(r, root, "format", "", &text);
    if (status)
        return status;
    const bool is_given = json_object_get(root, "format");
    int format = 0;
    while (is_given && format < 3 && strcmp(text, words[format]) != 0)
        format++;
    if (format == 3)
        return zg_fail(r->err, ZG_INPUT,
                       "%s: \"format\" is '%s', it must be \"csv\", \"jsonl\" or \"json\"%s",
                       r->file, text, zg_nearest_word(text, "csv jsonl json").hint);
    for (int split = 0; split < ZG_N_SPLITS; split++) {
        struct zg_task_data *const data = &r->task->data[split];
        if (data->path)
            data->format = is_given ? (enum zg_row_format)format : format_of(data->path);
    }
    return ZG_OK;
}

static bool has_format(const struct zg_task *task, bool delimited)
{
    for (int split = 0; split < ZG_N_SPLITS; split++)
        if (task->data[split].path && (task->data[split].format == ZG_ROWS_DELIMITED) == delimited)
            return true;
    return false;
}

/* What says nothing about the files that there are is a mistake. */
static enum zg_status check_format(const struct zg_task_reader *r, const json_t *root)
{
    static const struct {
        const char *key;
        bool delimited;
    } keys[] = {{"delimiter", true}, {"quote", true}, {"rows", false}, {"options_each", false}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_object_get(root, keys[i].key) && !has_format(r->task, keys[i].delimited))
            return zg_fail(r->err, ZG_INPUT, "%s: \"%s\" is for %s, and \"data\" has none of it",
                           r->file, keys[i].key,
                           keys[i].delimited ? "delimited text" : "JSON (.jsonl, .json)");
    return ZG_OK;
}

/* One byte; or none, as NUL, where `or_none`. */
static enum zg_status get_byte(const struct zg_task_reader *r, const json_t *root, const char *key,
                               const char *fallback, bool or_none, char *out)
{
    const char *text;
    const enum zg_status status = zg_task_read_string(r, root, key, fallback, &text);
    if (status)
        return status;
    if (strlen(text) != 1 && !(or_none && !*text))
        return zg_fail(r->err, ZG_INPUT, "%s: \"%s\" is '%s', it must be one byte%s", r->file, key,
                       text, or_none ? ", or \"\" for no quoting" : "");
    *out = text[0];
    return ZG_OK;
}

static enum zg_status read_delimiters(const struct zg_task_reader *r, const json_t *root)
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

/* ---- what rows have -------------------------------------------------------------------------- */

/* The object at `key`, its number of entries in *n; NULL where it is absent. */
static enum zg_status read_object(const struct zg_task_reader *r, const json_t *root,
                                  const char *key, const char *what, json_t **out)
{
    json_t *const object = json_object_get(root, key);
    *out = object;
    if (object && (!json_is_object(object) || json_object_size(object) == 0))
        return zg_fail(r->err, ZG_INPUT, "%s: \"%s\" must be an object, %s", r->file, key, what);
    return ZG_OK;
}

static enum zg_status read_fields(const struct zg_task_reader *r, const json_t *root)
{
    struct zg_task *const task = r->task;
    json_t *object, *value;
    const char *key;
    enum zg_status status = read_object(r, root, "fields", "name to column or path", &object);
    if (status || !object)
        return status;
    task->fields = calloc(json_object_size(object), sizeof *task->fields);
    if (!task->fields)
        return zg_task_no_memory(r);
    json_object_foreach(object, key, value)
    {
        char what[128];
        struct zg_task_field *const field = &task->fields[task->n_fields++];
        snprintf(what, sizeof what, "\"fields\": \"%.80s\"", key);
        field->name = strdup(key);
        status = field->name ? read_names(r, value, what, "a column or a path", &field->paths)
                             : zg_task_no_memory(r);
        if (status)
            return status;
    }
    return ZG_OK;
}

static enum zg_status read_words(const struct zg_task_reader *r, const json_t *root)
{
    struct zg_task *const task = r->task;
    json_t *object, *value;
    const char *key;
    const enum zg_status status =
        read_object(r, root, "words", "a column's text to a word", &object);
    if (status || !object)
        return status;
    task->words = calloc(json_object_size(object), sizeof *task->words);
    if (!task->words)
        return zg_task_no_memory(r);
    json_object_foreach(object, key, value)
    {
        if (!json_is_string(value))
            return zg_fail(r->err, ZG_INPUT, "%s: \"words\": '%.80s' must map to a text", r->file,
                           key);
        struct zg_task_word *const word = &task->words[task->n_words++];
        *word = (struct zg_task_word){strdup(key), strdup(json_string_value(value))};
        if (!word->text || !word->word)
            return zg_task_no_memory(r);
    }
    return ZG_OK;
}

enum zg_status zg_task_read_rows(const struct zg_task_reader *r, json_t *root, const char *dir)
{
    const json_t *const rows = json_object_get(root, "rows");
    enum zg_status status = read_data(r, root, dir);
    if (!status)
        status = read_format(r, root);
    if (!status)
        status = check_format(r, root);
    if (!status)
        status = read_delimiters(r, root);
    if (!status && rows)
        status = read_names(r, rows, "\"rows\"", "a path, like qas[].answers[]", &r->task->rows);
    if (!status)
        status = read_fields(r, root);
    return status ? status : read_words(r, root);
}
