/*
 * dataset_store.h - what a dataset is inside: dataset_load.c fills it, dataset.c reads it.
 */
#ifndef ZG_WORKLOADS_DATASET_STORE_H
#define ZG_WORKLOADS_DATASET_STORE_H

#include "workloads/dataset.h"
#include "workloads/text.h"

struct zg_dataset_row { /* of an example, beside what engines read */
    int64_t id;
    int64_t first_answer, n_answers; /* among the dataset's */
};

struct zg_dataset {
    char *task_name;
    enum zg_loss loss;
    enum zg_task_metric metric;
    struct zg_task_sizes sizes;
    int64_t max_new_tokens;
    struct zg_fingerprints prints;
    struct zg_example *examples; /* [n_examples] */
    struct zg_dataset_row *rows; /* [n_examples] */
    struct zg_option *options;   /* [n_options]: of all examples, one after another */
    bool *right;                 /* [n_options]; NULL: the gold ones alone */
    struct zg_tokens tokens;     /* of all examples: stem, options, stem, options, ... */
    struct zg_text answer_text;  /* of all examples, each ended by a NUL */
    const char **answers;        /* [n_answers], into answer_text */
    int64_t n_examples, n_options, n_answers, n_truncated;
    int64_t example_capacity, row_capacity, option_capacity, right_capacity;
};

/* Reads the task's rows into a dataset that has its name, and nothing else; what it then has is
 * closed with it, whatever happens. */
enum zg_status zg_dataset_load(struct zg_dataset *dataset, const struct zg_task *task,
                               const struct zg_dataset_request *request, struct zg_error *err);

#endif
