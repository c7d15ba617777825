/*
 * data.h - what a case is computed on: its model, its examples, the batches of its steps.
 */
#ifndef ZG_HARNESS_DATA_H
#define ZG_HARNESS_DATA_H

#include "harness/bench/models.h"
#include "harness/request/case.h"
#include "workloads/dataset.h"

/* What an engine's bank is opened for: the redraws of V of a check and of the fidelity, and the one
 * before timing.  While the clock runs V stays where an engine keeps a bank: measure.h. */
enum { ZG_DATA_BANK = 16 };

struct zg_data {
    const struct zg_model *model; /* borrowed */
    struct zg_dataset *dataset;
    struct zg_tokenizer *tokenizer; /* where the task generates text, else NULL */
    struct zg_dataset_stats stats;
    bool embedded_tokenizer;
    int64_t batch; /* examples of one */
    int64_t n_batches;
    struct zg_example *examples; /* [n_batches][batch], tokens borrowed from the dataset */
    int64_t max_rows;            /* tokens of a pass (passes.h); 0: a batch is one pass */
    int32_t pad_id;              /* of all batches, like the loss */
    enum zg_loss loss;
    struct zg_engine_limits limits; /* of all batches' passes and the algorithm's steps */
};

/* Opens the examples, and the model if no case before had it; `models` must outlive the data.
 * ZG_USAGE, ZG_INPUT, ZG_ENV as they say. */
enum zg_status zg_data_open(struct zg_data *out, const struct zg_case *c, struct zg_models *models,
                            struct zg_error *err);
/* The same of chosen rows alone: row ids [n], ascending and each once (dataset.h). */
enum zg_status zg_data_open_rows(struct zg_data *out, const struct zg_case *c, const int64_t *rows,
                                 int64_t n, struct zg_models *models, struct zg_error *err);
/* Draws the batches.  ZG_USAGE: --batch exceeds the number of examples. */
enum zg_status zg_data_draw(struct zg_data *data, const struct zg_case *c, struct zg_error *err);
/* Fine on data that failed to open or is all zero. */
void zg_data_close(struct zg_data *data);

/* Batch index mod n_batches. */
struct zg_batch zg_data_batch(const struct zg_data *data, uint64_t index);

#endif
