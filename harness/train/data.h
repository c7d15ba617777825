/*
 * data.h - the rows of a training: which train, which choose between states of the weights (dev),
 * which evaluate at the end, and the batch of every step.
 *
 * The official protocol's (workloads/split.h): train and dev are drawn from the task's training
 * file, eval from the other one, under --data-seed, which is not the seed of the directions; an
 * epoch has every row once, its last batch is what is left (workloads/epochs.h).
 */
#ifndef ZG_TRAIN_DATA_H
#define ZG_TRAIN_DATA_H

#include "harness/bench/data.h"
#include "harness/bench/generated.h"
#include "harness/request/request.h"
#include "workloads/epochs.h"
#include "workloads/metric.h"
#include "workloads/split.h"

/* Rows that are evaluated together. */
struct zg_train_part {
    const char *name;            /* dev, eval */
    const struct zg_data *data;  /* where they are from */
    const int64_t *rows;         /* [n] row ids; borrowed */
    int64_t n;                   /* 0: there are none */
    struct zg_example *examples; /* [n] */
    struct zg_generated texts;   /* of a task that generates, else its data is NULL */
};

struct zg_train_data {
    struct zg_data train, other; /* the task's two files; `other` may be empty */
    struct zg_protocol rows;
    struct zg_train_part dev, eval;
    enum zg_task_metric metric;
    bool has_metric; /* one option each leaves nothing to choose, unless texts are generated */
    struct zg_epochs *epochs;
    int64_t batch;                  /* examples of a full one */
    struct zg_example *examples;    /* [batch]: of the batch drawn last */
    int64_t max_rows;               /* tokens of a pass (passes.h) */
    struct zg_engine_limits limits; /* of passes of any batch, of the parts, of the algorithm */
};

/* Opens model and files of a case and chooses the rows; `models` must outlive the data.  ZG_USAGE,
 * ZG_INPUT, ZG_ENV as dataset.h, split.h and epochs.h say. */
enum zg_status zg_train_data_open(struct zg_train_data *out, const struct zg_case *c,
                                  const struct zg_train_request *request, struct zg_models *models,
                                  struct zg_error *err);
/* Fine on data that failed to open or is all zero. */
void zg_train_data_close(struct zg_train_data *data);

/* The batch of a step, valid until the next draw; *rows gets the hash of its row ids. */
struct zg_batch zg_train_data_draw(struct zg_train_data *data, int64_t step, uint64_t *rows);

/* Rows drawn in so many steps. */
int64_t zg_train_data_n_drawn(const struct zg_train_data *data, int64_t n_steps);

/* Examples begin .. begin + n - 1 of a part. */
struct zg_batch zg_train_part_slice(const struct zg_train_part *part, int64_t begin, int64_t n);

#endif
