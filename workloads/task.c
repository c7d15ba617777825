/*
 * task.c - opens tasks: a file, or a built-in one, which is the same JSON inside the binary.
 * task_read.c takes the JSON apart.
 */
#include "workloads/task.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/json_memory.h"
#include "engines/base/nearest.h"
#include "workloads/embedded/embedded.h"
#include "workloads/file.h"
#include "workloads/task_read.h"

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
    const struct zg_task_reader reader = {task, name, err};
    const enum zg_status status =
        task ? zg_task_read(&reader, root, dir) : zg_task_no_memory(&reader);
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

/* ---- built-in tasks -------------------------------------------------------------------------- */

/* The last part of the path of a split's file. */
static const char *file_of(const struct zg_task *task, enum zg_split split)
{
    const char *const slash = strrchr(task->data[split].path, '/');
    return slash ? slash + 1 : task->data[split].path;
}

static enum zg_status check_place(const struct zg_task *task, bool embedded, const char *data_dir,
                                  struct zg_error *err)
{
    if (!embedded && !data_dir)
        return zg_fail(err, ZG_USAGE, "task '%s' needs its data: --data DIR with %s and %s",
                       task->name, file_of(task, ZG_SPLIT_TRAIN), file_of(task, ZG_SPLIT_DEV));
    if (embedded && data_dir)
        return zg_fail(err, ZG_USAGE, "task '%s' is inside the program, --data '%s' is not for it",
                       task->name, data_dir);
    return ZG_OK;
}

static void embed(struct zg_task_data *data, const struct zg_embedded_file *file)
{
    data->bytes = file->bytes;
    data->n_bytes = file->n_bytes;
}

static enum zg_status open_builtin(struct zg_task **out, const struct zg_embedded_file *file,
                                   const char *data_dir, struct zg_error *err)
{
    const bool embedded = strcmp(file->name, "embedded") == 0;
    enum zg_status status = zg_task_open_memory(out, file->name, file->bytes, file->n_bytes,
                                                data_dir ? data_dir : file->name, err);
    if (!status)
        status = check_place(*out, embedded, data_dir, err);
    if (status) {
        zg_task_close(out);
    } else if (embedded) {
        embed(&(*out)->data[ZG_SPLIT_TRAIN], &zg_embedded_train);
        embed(&(*out)->data[ZG_SPLIT_DEV], &zg_embedded_dev);
    }
    return status;
}

/* "embedded, sst2, ...". */
static char *join_names(void)
{
    char *text = NULL;
    size_t n = 0;
    FILE *const out = open_memstream(&text, &n);
    if (!out)
        return NULL;
    for (int64_t i = 0; i < zg_n_embedded_tasks; i++)
        fprintf(out, "%s, ", zg_embedded_tasks[i].name);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

enum zg_status zg_task_open(struct zg_task **out, const char *name, const char *data_dir,
                            struct zg_error *err)
{
    *out = NULL;
    for (int64_t i = 0; i < zg_n_embedded_tasks; i++)
        if (strcmp(name, zg_embedded_tasks[i].name) == 0)
            return open_builtin(out, &zg_embedded_tasks[i], data_dir, err);
    const size_t n = strlen(name);
    if (n > 5 && strcmp(name + n - 5, ".json") == 0)
        return open_file(out, name, data_dir, err);
    char *const names = join_names();
    if (!names)
        return zg_fail(err, ZG_ENV, "no memory for the names of tasks");
    zg_fail(err, ZG_USAGE, "task '%s' is unknown: give %sor a file that ends in .json%s", name,
            names, zg_nearest_word(name, names).hint);
    free(names);
    return ZG_USAGE;
}

static void free_names(struct zg_task_names *names)
{
    for (int64_t i = 0; i < names->n; i++)
        free(names->items[i]);
    free(names->items);
}

/* What tells how its rows are read. */
static void free_rows(struct zg_task *t)
{
    for (int split = 0; split < ZG_N_SPLITS; split++) {
        free(t->data[split].path);
        free(t->data[split].others);
    }
    free_names(&t->rows);
    for (int64_t i = 0; i < t->n_fields; i++) {
        free(t->fields[i].name);
        free_names(&t->fields[i].paths);
    }
    free(t->fields);
    for (int64_t i = 0; i < t->n_words; i++) {
        free(t->words[i].text);
        free(t->words[i].word);
    }
    free(t->words);
}

void zg_task_close(struct zg_task **task)
{
    if (!task || !*task)
        return;
    struct zg_task *t = *task;
    free_rows(t);
    zg_template_free(&t->prompt);
    for (int64_t o = 0; o < t->n_options; o++)
        zg_template_free(&t->options[o]);
    free(t->options);
    for (int64_t i = 0; i < t->n_labels; i++)
        free(t->labels[i].text);
    free(t->labels);
    free(t->label);
    free(t->answers);
    free(t->each.list);
    free(t->each.text);
    zg_template_free(&t->each.option);
    free(t->name);
    free(t);
    *task = NULL;
}

const char *zg_task_builtin(int64_t index)
{
    return index < zg_n_embedded_tasks ? zg_embedded_tasks[index].name : NULL;
}
