/*
 * task.h - what a task is: where its rows are, how a row becomes a prompt and options, which option
 * is right, by what metric it is judged.
 *
 * A task file is a small JSON object beside its data (workloads/README.md is the user's manual):
 *
 *     {"name": "sst2", "data": {"train": "train.tsv", "dev": "dev.tsv"},
 *      "delimiter": "\t", "quote": "", "template": "{sentence} It was",
 *      "options": [" terrible", " great"], "label": "label", "loss": "classification"}
 *
 * The built-in tasks are such files too, those of tasks/, inside the binary.  This header reads and
 * checks the task; dataset.h reads the rows and encodes them.
 */
#ifndef ZG_WORKLOADS_TASK_H
#define ZG_WORKLOADS_TASK_H

#include "workloads/task_form.h"

#define ZG_TASK_MAX_FILE_BYTES (INT64_C(1) << 20)

/* Opens a built-in task ("sst2", "rte", "embedded" ..) or, where `name` ends in ".json", a task
 * file.  data_dir: where the files of "data" lie; NULL: the task file's own folder.  Built-in tasks
 * need it, but for `embedded`, whose rows are inside the binary.
 * ZG_USAGE: `name` is neither; a built-in task without data_dir; embedded with one.  ZG_INPUT: the
 * file is missing or malformed.  The data files are opened by dataset.h.  On failure *out is
 * NULL. */
enum zg_status zg_task_open(struct zg_task **out, const char *name, const char *data_dir,
                            struct zg_error *err);
/* A task file's text from memory; `name` stands for the file in messages, `dir` is where its data
 * lies. */
enum zg_status zg_task_open_memory(struct zg_task **out, const char *name, const char *json,
                                   int64_t n_bytes, const char *dir, struct zg_error *err);
/* NULL and a pointer to NULL are fine. */
void zg_task_close(struct zg_task **task);

/* Names of the built-in tasks, for help: NULL past the end. */
const char *zg_task_builtin(int64_t index);

#endif
