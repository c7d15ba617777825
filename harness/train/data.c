/* data.c - two files, three parts; and how large a batch of them can get. */
#include "harness/train/data.h"

#include <stdlib.h>
#include <string.h>

#include "engines/algorithm/passes.h"
#include "engines/base/size.h"
#include "workloads/rows.h"

/* ---- the largest batch ----------------------------------------------------------------------- */

static int compare_down(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

/* The sum of the n largest, which come first. */
static int64_t sum_largest(int64_t *values, int64_t n_values, int64_t n)
{
    int64_t sum = 0;
    qsort(values, (size_t)n_values, sizeof *values, compare_down);
    for (int64_t i = 0; i < zg_min64(n, n_values); i++)
        sum += values[i];
    return sum;
}

/* Of every example of a set of rows. */
struct extremes {
    int64_t shortest, longest;         /* sequences: stem and option */
    int64_t most_options, most_tokens; /* of an example */
};

/* Epochs put any rows together, so that a batch may have the largest ones. */
static enum zg_status find_largest_batch(struct zg_engine_limits *out, struct extremes *of,
                                         const struct zg_dataset *dataset, const int64_t *rows,
                                         int64_t n, int64_t batch, struct zg_error *err)
{
    enum { OPTIONS, OPTION_TOKENS, TOKENS, N };
    int64_t *const all = calloc((size_t)n * N, sizeof *all);
    if (!all)
        return zg_fail(err, ZG_ENV, "no memory to look at %lld rows", (long long)n);
    *of = (struct extremes){.shortest = INT64_MAX};
    for (int64_t i = 0; i < n; i++) {
        struct zg_engine_limits one = {0};
        struct zg_example example;
        const struct zg_batch single = zg_rows_batch(dataset, &rows[i], 1, &example);
        zg_engine_limits_include(&one, &single);
        all[OPTIONS * n + i] = one.max_options;
        all[OPTION_TOKENS * n + i] = one.max_option_tokens;
        all[TOKENS * n + i] = one.max_tokens;
        of->shortest = zg_min64(of->shortest, example.n_stem + 1);
        of->longest = zg_max64(of->longest, one.max_length);
        of->most_options = zg_max64(of->most_options, one.max_options);
        of->most_tokens = zg_max64(of->most_tokens, one.max_tokens);
    }
    *out = (struct zg_engine_limits){.max_examples = zg_min64(batch, n),
                                     .max_options = sum_largest(all + OPTIONS * n, n, batch),
                                     .max_option_tokens =
                                         sum_largest(all + OPTION_TOKENS * n, n, batch),
                                     .max_tokens = sum_largest(all + TOKENS * n, n, batch),
                                     .max_length = of->longest};
    free(all);
    return ZG_OK;
}

/* A pass of such a batch has no more options than its tokens have room for. */
static enum zg_status include_any_batch(struct zg_train_data *data, struct zg_error *err)
{
    struct zg_engine_limits any = {0}, *const limits = &data->limits;
    struct extremes of = {0};
    const enum zg_status status = find_largest_batch(
        &any, &of, data->train.dataset, data->rows.train, data->rows.n_train, data->batch, err);
    if (status)
        return status;
    const int64_t padded_length = zg_round_up(of.longest, 8);
    any.max_padded_tokens = any.max_options * padded_length;
    zg_passes_cap(&any, of.most_tokens, data->max_rows);
    any.max_options =
        zg_min64(any.max_options, zg_max64(of.most_options, any.max_tokens / of.shortest));
    any.max_padded_tokens = zg_min64(any.max_padded_tokens, any.max_options * padded_length);
    limits->max_examples = zg_max64(limits->max_examples, any.max_examples);
    limits->max_options = zg_max64(limits->max_options, any.max_options);
    limits->max_option_tokens = zg_max64(limits->max_option_tokens, any.max_option_tokens);
    limits->max_tokens = zg_max64(limits->max_tokens, any.max_tokens);
    limits->max_length = zg_max64(limits->max_length, any.max_length);
    limits->max_padded_tokens = zg_max64(limits->max_padded_tokens, any.max_padded_tokens);
    return ZG_OK;
}

static enum zg_status include_part(struct zg_train_data *data, const struct zg_train_part *part,
                                   struct zg_error *err)
{
    for (int64_t begin = 0; begin < part->n; begin += data->batch) {
        const struct zg_batch slice =
            zg_train_part_slice(part, begin, zg_min64(data->batch, part->n - begin));
        zg_passes_include(&data->limits, &slice, data->max_rows);
    }
    return part->texts.data ? zg_generated_limits(&part->texts, part->rows, part->n, data->batch,
                                                  &data->limits, err)
                            : ZG_OK;
}

/* ---- parts ----------------------------------------------------------------------------------- */

struct zg_batch zg_train_part_slice(const struct zg_train_part *part, int64_t begin, int64_t n)
{
    struct zg_batch batch = zg_dataset_slice(part->data->dataset, 0, 1); /* its loss and pad_id */
    batch.examples = part->examples + begin;
    batch.n_examples = n;
    return batch;
}

static enum zg_status open_part(struct zg_train_part *out, const char *name,
                                const struct zg_data *data, const int64_t *rows, int64_t n,
                                struct zg_error *err)
{
    *out = (struct zg_train_part){.name = name, .data = data, .rows = rows, .n = n};
    if (n == 0)
        return ZG_OK;
    out->examples = calloc((size_t)n, sizeof *out->examples);
    if (!out->examples)
        return zg_fail(err, ZG_ENV, "no memory for %lld rows of %s", (long long)n, name);
    zg_rows_batch(data->dataset, rows, n, out->examples);
    return zg_generated_of(data->dataset)
               ? zg_generated_open(&out->texts, data, data->max_rows, err)
               : ZG_OK;
}

static bool has_choice(const struct zg_train_part *part)
{
    for (int64_t i = 0; i < part->n; i++)
        if (part->examples[i].n_options > 1)
            return true;
    return false;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int64_t or_else(int64_t asked, int64_t usual)
{
    return asked > 0 ? asked : usual;
}

static enum zg_status count_rows(const struct zg_task *task, enum zg_split split,
                                 const struct zg_case *c, int64_t *n, struct zg_error *err)
{
    *n = 0;
    if (!task->data[split].path && split != ZG_SPLIT_TRAIN) /* a training file alone is split */
        return ZG_OK;
    const enum zg_status status = zg_dataset_count_rows(task, split, n, err);
    *n = c->limit > 0 ? zg_min64(*n, c->limit) : *n;
    return status;
}

static enum zg_status choose_rows(struct zg_train_data *out, const struct zg_case *c,
                                  const struct zg_train_request *request, struct zg_error *err)
{
    struct zg_task *task = NULL;
    struct zg_protocol_request wanted = {.seed = request->data_seed};
    if (request->data_seed > UINT32_MAX)
        return zg_fail(err, ZG_USAGE, "--data-seed %llu: must be below 2^32",
                       (unsigned long long)request->data_seed);
    enum zg_status status = zg_task_open(&task, c->task, c->data, err);
    if (!status)
        status = count_rows(task, ZG_SPLIT_TRAIN, c, &wanted.n_train_rows, err);
    if (!status)
        status = count_rows(task, ZG_SPLIT_DEV, c, &wanted.n_dev_rows, err);
    if (!status) {
        wanted.train = or_else(request->train_rows, task->sizes.train);
        wanted.dev = or_else(request->dev_rows, task->sizes.dev);
        wanted.eval = or_else(request->eval_rows, task->sizes.eval);
        status = zg_split_protocol(&out->rows, &wanted, err);
    }
    zg_task_close(&task);
    return status;
}

static int compare_up(const void *a, const void *b)
{
    return compare_down(b, a);
}

/* The examples of the row ids of up to three parts, and of no other row: a file may be long. */
static enum zg_status open_file(struct zg_data *out, const struct zg_case *c, enum zg_split split,
                                const int64_t *const *parts, const int64_t *sizes,
                                struct zg_models *models, struct zg_error *err)
{
    struct zg_case of_file = *c;
    int64_t n = 0, n_rows = 0;
    for (int i = 0; i < 3; i++)
        n += sizes[i];
    if (n == 0)
        return ZG_OK;
    int64_t *const rows = calloc((size_t)n, sizeof *rows);
    if (!rows)
        return zg_fail(err, ZG_ENV, "no memory for %lld row ids", (long long)n);
    for (int i = 0; i < 3; i++)
        for (int64_t j = 0; j < sizes[i]; j++)
            rows[n_rows++] = parts[i][j];
    qsort(rows, (size_t)n, sizeof *rows, compare_up);
    of_file.split = split;
    of_file.limit = 0; /* it is in the choice of rows */
    const enum zg_status status = zg_data_open_rows(out, &of_file, rows, n, models, err);
    free(rows);
    return status;
}

static enum zg_status open_files(struct zg_train_data *out, const struct zg_case *c,
                                 struct zg_models *models, struct zg_error *err)
{
    const struct zg_protocol *const rows = &out->rows;
    const int64_t n_inside = rows->eval_in_train_file ? rows->n_eval : 0;
    const int64_t *const of_train[] = {rows->train, rows->dev, rows->eval};
    const int64_t *const of_other[] = {rows->eval, NULL, NULL};
    const int64_t n_train[] = {rows->n_train, rows->n_dev, n_inside};
    const int64_t n_other[] = {rows->n_eval - n_inside, 0, 0};
    enum zg_status status =
        open_file(&out->train, c, ZG_SPLIT_TRAIN, of_train, n_train, models, err);
    if (!status)
        status = open_file(&out->other, c, ZG_SPLIT_DEV, of_other, n_other, models, err);
    if (!status)
        status = open_part(&out->dev, "dev", &out->train, rows->dev, rows->n_dev, err);
    if (!status)
        status = open_part(&out->eval, "eval", n_inside ? &out->train : &out->other, rows->eval,
                           rows->n_eval, err);
    return status;
}

static enum zg_status make_batches(struct zg_train_data *out, const struct zg_case *c,
                                   const struct zg_train_request *request, struct zg_error *err)
{
    const struct zg_protocol *const rows = &out->rows;
    enum zg_status status =
        zg_epochs_open(&out->epochs, rows->train, rows->n_train, c->batch, request->data_seed, err);
    if (status == ZG_USAGE)
        return zg_fail_within(err, status, "--batch %lld", (long long)c->batch);
    if (status)
        return status;
    out->batch = c->batch;
    out->max_rows = out->train.max_rows;
    out->examples = calloc((size_t)c->batch, sizeof *out->examples);
    if (!out->examples)
        return zg_fail(err, ZG_ENV, "no memory for a batch of %lld", (long long)c->batch);
    const struct zg_algorithm_choice choice = zg_case_algorithm(c);
    zg_algorithm_needs(&choice, &out->limits);
    status = include_part(out, &out->dev, err);
    if (!status)
        status = include_part(out, &out->eval, err);
    return status ? status : include_any_batch(out, err);
}

enum zg_status zg_train_data_open(struct zg_train_data *out, const struct zg_case *c,
                                  const struct zg_train_request *request, struct zg_models *models,
                                  struct zg_error *err)
{
    *out = (struct zg_train_data){0};
    enum zg_status status = choose_rows(out, c, request, err);
    if (!status)
        status = open_files(out, c, models, err);
    if (!status)
        status = make_batches(out, c, request, err);
    if (status) {
        zg_train_data_close(out);
        return status;
    }
    out->metric = zg_dataset_metric(out->train.dataset);
    out->has_metric =
        has_choice(&out->dev) || has_choice(&out->eval) || zg_generated_of(out->train.dataset);
    return ZG_OK;
}

void zg_train_data_close(struct zg_train_data *data)
{
    zg_epochs_close(&data->epochs);
    free(data->examples);
    free(data->dev.examples);
    free(data->eval.examples);
    zg_protocol_free(&data->rows);
    zg_data_close(&data->train);
    zg_data_close(&data->other);
    *data = (struct zg_train_data){0};
}

/* ---- steps ----------------------------------------------------------------------------------- */

struct zg_batch zg_train_data_draw(struct zg_train_data *data, int64_t step, uint64_t *rows)
{
    const int64_t *ids;
    const int64_t n = zg_epochs_draw(data->epochs, step, &ids);
    *rows = zg_rows_hash(ids, n);
    return zg_rows_batch(data->train.dataset, ids, n, data->examples);
}

int64_t zg_train_data_n_drawn(const struct zg_train_data *data, int64_t n_steps)
{
    const int64_t per_epoch = zg_epochs_n_steps(data->epochs);
    return n_steps / per_epoch * data->rows.n_train +
           zg_min64(n_steps % per_epoch * data->batch, data->rows.n_train);
}
