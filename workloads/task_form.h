/*
 * task_form.h - what a task says, as a struct: where its rows are, how a row becomes a prompt and
 * options, which option is right, by what metric it is judged.  task.h opens one.
 */
#ifndef ZG_WORKLOADS_TASK_FORM_H
#define ZG_WORKLOADS_TASK_FORM_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"
#include "engines/example.h"
#include "workloads/csv_source.h"
#include "workloads/template.h"

#define ZG_TASK_MAX_OPTIONS INT64_C(1024)

enum zg_split { ZG_SPLIT_TRAIN, ZG_SPLIT_DEV, ZG_N_SPLITS };

const char *zg_split_name(enum zg_split split); /* "train", "dev" */
/* ZG_USAGE: neither "train" nor "dev". */
enum zg_status zg_split_parse(enum zg_split *out, const char *text, struct zg_error *err);

struct zg_task_label { /* one entry of "labels": cell text -> option */
    char *text;
    int64_t option;
};

/* Other names of one thing: a column, a path, a file.  The first that is there counts. */
struct zg_task_names {
    char **items; /* [n] */
    int64_t n;
};

/* How the rows of a data file are written. */
enum zg_row_format {
    ZG_ROWS_DELIMITED,  /* csv_source.h */
    ZG_ROWS_JSON_LINES, /* json_source.h: an object a line */
    ZG_ROWS_JSON,       /* json_source.h: the file is one document */
};

struct zg_task_data {
    char *path;        /* NULL: the task has no such split; embedded: a name for messages */
    char *others;      /* "b.json, c.json": its other names, none of which is there; or NULL */
    const char *bytes; /* [n_bytes] where the rows are inside the binary, else NULL */
    int64_t n_bytes;
    enum zg_row_format format;
};

struct zg_task_field { /* one entry of "fields" */
    char *name;
    struct zg_task_names paths;
};

/* "options_each": a row's own list of candidates, sorted and each once, makes its options. */
struct zg_task_each {
    char *list; /* path, with a [], of texts or spans; NULL: "options" */
    char *text; /* path of the text that spans are of; NULL: the list has texts */
    struct zg_task_template option; /* of one candidate, whose text is {option} */
};

/* By what the model's answers are judged; metric.h computes it. */
enum zg_task_metric {
    ZG_TASK_ACCURACY,
    ZG_TASK_F1,       /* of the words of a text, the best over its right answers, as SQuAD */
    ZG_TASK_MACRO_F1, /* of the options as classes */
    ZG_TASK_EXACT_MATCH,
    ZG_N_TASK_METRICS
};
const char *zg_task_metric_name(enum zg_task_metric metric); /* "accuracy", "f1", "macro_f1", .. */

/* Rows of the official protocol: `train` and `dev` from the training file, `eval` from the other;
 * fewer where a file has fewer.  MeZO's large_models: 1000, 500, 1000 where a task says nothing. */
struct zg_task_sizes {
    int64_t train, dev, eval; /* >= 1 */
};

struct zg_task {
    char *name;
    struct zg_task_data data[ZG_N_SPLITS];
    struct zg_csv_format format;  /* of delimited text */
    struct zg_task_names rows;    /* paths to a file's rows; none: each object is a row */
    struct zg_task_field *fields; /* [n_fields] */
    int64_t n_fields;
    struct zg_task_word *words; /* [n_words] */
    int64_t n_words;
    struct zg_task_template prompt;
    struct zg_task_template *options; /* [n_options] */
    int64_t n_options;                /* 0: each.list says them, row by row */
    struct zg_task_each each;
    char *label;                  /* column of the gold option; NULL: one option, and it is gold */
    struct zg_task_label *labels; /* [n_labels]; 0: the cell is an option's index or text */
    int64_t n_labels;
    char *answers; /* path of the right answers' texts; NULL: the options say all */
    enum zg_loss loss;
    enum zg_task_metric metric;
    struct zg_task_sizes sizes;
    int64_t max_new_tokens; /* > 0: the metric is of a text generated greedily up to a line end */
    uint64_t fingerprint;   /* XXH3 of its JSON but for name, data's paths, metric and sizes */
    bool strip; /* drop white space at both ends of a column's text, as the official SST-2 does */
};

/* The names or paths that `name` stands for, by "fields"; NULL: it is none of them, and stands for
 * itself. */
const struct zg_task_names *zg_task_field(const struct zg_task *task, const char *name);

#endif
