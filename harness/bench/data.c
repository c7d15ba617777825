/* data.c - tokenizer, dataset and the batches of a case, drawn before any clock runs. */
#include "harness/bench/data.h"

#include <stdlib.h>
#include <string.h>

#include "engines/algorithm/passes.h"
#include "engines/base/size.h"
#include "harness/bench/fit.h"
#include "workloads/batch.h"

/* Batches that are drawn beforehand: enough that a run of minutes meets none twice, few enough (64
 * Ki examples of 40 bytes) that they do not show in the memory of an engine. */
enum { MAX_BATCHES = 4096, MAX_DRAWN = 65536, MIN_BATCHES = 64 };

/* Real weights have ids of their own: under another vocabulary they would score other words.  Only
 * synthetic ones, which mean nothing, may go without. */
static enum zg_status open_tokenizer(struct zg_tokenizer **out, const struct zg_data *data,
                                     const struct zg_case *c, struct zg_error *err)
{
    if (data->embedded_tokenizer)
        return zg_tokenizer_open_embedded(out, err);
    return zg_tokenizer_open(out, c->tokenizer ? c->tokenizer : zg_model_directory(data->model),
                             err);
}

static enum zg_status open_dataset(struct zg_data *data, const struct zg_case *c,
                                   const int64_t *rows, int64_t n_rows, struct zg_error *err)
{
    const struct zg_model_shape *const shape = zg_model_shape(data->model);
    data->embedded_tokenizer = !c->tokenizer && zg_model_is_synthetic(data->model);
    enum zg_status status = open_tokenizer(&data->tokenizer, data, c, err);
    if (!status) {
        const struct zg_dataset_request request = {.task = c->task,
                                                   .data_dir = c->data,
                                                   .split = (enum zg_split)c->split,
                                                   .limit = c->limit,
                                                   .objective = (enum zg_objective)c->objective,
                                                   .bos = c->bos,
                                                   .tokenizer = data->tokenizer,
                                                   .max_length = shape->n_positions,
                                                   .n_vocab = shape->n_vocab,
                                                   .truncate = (enum zg_truncate)c->truncate,
                                                   .rows = rows,
                                                   .n_rows = n_rows};
        status = zg_dataset_open(&data->dataset, &request, err);
    }
    if (status || zg_dataset_max_new_tokens(data->dataset) == 0)
        zg_tokenizer_close(&data->tokenizer);
    if (!status)
        status = zg_dataset_stats(data->dataset, &data->stats, err);
    return status;
}

static enum zg_status draw_batches(struct zg_data *data, const struct zg_case *c,
                                   struct zg_error *err)
{
    const int64_t size = c->batch;
    struct zg_batcher *batcher = NULL;
    enum zg_status status = zg_batcher_open(&batcher, data->dataset, size, c->seed, err);
    if (status)
        return status == ZG_USAGE ? zg_fail_within(err, status, "--batch %lld", (long long)size)
                                  : status;
    data->n_batches = zg_min64(MAX_BATCHES, zg_max64(MIN_BATCHES, MAX_DRAWN / size));
    data->examples = calloc((size_t)(data->n_batches * size), sizeof *data->examples);
    if (!data->examples)
        status = zg_fail(err, ZG_ENV, "no memory for %lld batches of %lld examples",
                         (long long)data->n_batches, (long long)size);
    for (int64_t step = 0; !status && step < data->n_batches; step++) {
        struct zg_batch batch;
        zg_batcher_draw(batcher, step, &batch);
        memcpy(data->examples + step * size, batch.examples, (size_t)size * sizeof *batch.examples);
        data->pad_id = batch.pad_id;
        data->loss = batch.loss;
        zg_passes_include(&data->limits, &batch, data->max_rows);
    }
    zg_batcher_close(&batcher);
    return status;
}

enum zg_status zg_data_open(struct zg_data *out, const struct zg_case *c, struct zg_models *models,
                            struct zg_error *err)
{
    return zg_data_open_rows(out, c, NULL, 0, models, err);
}

enum zg_status zg_data_open_rows(struct zg_data *out, const struct zg_case *c, const int64_t *rows,
                                 int64_t n, struct zg_models *models, struct zg_error *err)
{
    *out = (struct zg_data){.batch = c->batch, .limits = {.max_bank = ZG_DATA_BANK}};
    const struct zg_algorithm_choice choice = zg_case_algorithm(c);
    zg_algorithm_needs(&choice, &out->limits);
    enum zg_status status = zg_models_get(models, c, &out->model, err);
    if (!status)
        out->max_rows = zg_fit_max_rows(c, out->model, out->limits.max_probes);
    if (!status)
        status = open_dataset(out, c, rows, n, err);
    if (status)
        zg_data_close(out);
    return status;
}

enum zg_status zg_data_draw(struct zg_data *data, const struct zg_case *c, struct zg_error *err)
{
    const enum zg_status status = draw_batches(data, c, err);
    if (status)
        zg_data_close(data);
    return status;
}

void zg_data_close(struct zg_data *data)
{
    free(data->examples);
    data->examples = NULL;
    zg_dataset_close(&data->dataset);
    zg_tokenizer_close(&data->tokenizer);
    data->model = NULL;
}

struct zg_batch zg_data_batch(const struct zg_data *data, uint64_t index)
{
    const int64_t drawn = (int64_t)(index % (uint64_t)data->n_batches);
    return (struct zg_batch){.examples = data->examples + drawn * data->batch,
                             .n_examples = data->batch,
                             .loss = data->loss,
                             .pad_id = data->pad_id};
}
