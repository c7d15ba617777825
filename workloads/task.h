/*
 * task.h - what a task is: where its rows are, how a row becomes a prompt and options, which option
 * is right.
 *
 * A task file is a small JSON object beside its data (workloads/README.md is the user's manual):
 *
 *     {"name": "sst2", "data": {"train": "train.tsv", "dev": "dev.tsv"},
 *      "delimiter": "\t", "quote": "", "template": "{sentence} It was",
 *      "options": [" terrible", " great"], "label": "label", "loss": "classification"}
 *
 * This file reads and checks the task; dataset.h reads the rows and encodes them.
 */
#ifndef ZG_WORKLOADS_TASK_H
#define ZG_WORKLOADS_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"
#include "engines/example.h"
#include "workloads/csv_source.h"
#include "workloads/template.h"

#define ZG_TASK_MAX_FILE_BYTES (INT64_C(1) << 20)
#define ZG_TASK_MAX_OPTIONS    INT64_C(1024)

enum zg_split { ZG_SPLIT_TRAIN, ZG_SPLIT_DEV, ZG_N_SPLITS };

const char *zg_split_name(enum zg_split split); /* "train", "dev" */
/* ZG_USAGE: neither "train" nor "dev". */
enum zg_status zg_split_parse(enum zg_split *out, const char *text, struct zg_error *err);

struct zg_task_label { /* one entry of "labels": cell text -> option */
    char *text;
    int64_t option;
};

struct zg_task_data {
    char *path;        /* NULL: the task has no such split; embedded: a name for messages */
    const char *bytes; /* [n_bytes] where the rows are inside the binary, else NULL */
    int64_t n_bytes;
};

struct zg_task {
    char *name;
    struct zg_task_data data[ZG_N_SPLITS];
    struct zg_csv_format format;
    struct zg_task_template prompt;
    struct zg_task_template *options; /* [n_options], >= 1 */
    int64_t n_options;
    char *label;                  /* column of the gold option; NULL: one option, and it is gold */
    struct zg_task_label *labels; /* [n_labels]; 0: the cell is an option's index or text */
    int64_t n_labels;
    enum zg_loss loss;
    uint64_t fingerprint; /* XXH3 of its JSON but for the name and the data's paths */
    bool strip; /* drop white space at both ends of a column's text, as the official SST-2 does */
};

/* Opens a built-in task ("sst2", "embedded") or, where `name` ends in ".json", a task file.
 * data_dir: where the files of "data" lie; NULL: the task file's own folder.  sst2 needs it
 * (train.tsv, dev.tsv).
 * ZG_USAGE: `name` is neither; sst2 without data_dir; embedded with one.  ZG_INPUT: the file is
 * missing or malformed.  The data files are opened by dataset.h.  On failure *out is NULL. */
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
