/* dataset.c - a dataset as others see it: opened, asked, measured.  dataset_load.c reads rows. */
#include "workloads/dataset.h"

#include <stdlib.h>
#include <string.h>

#include "engines/base/nearest.h"
#include "engines/base/parse.h"
#include "workloads/dataset_store.h"

static enum zg_status check_request(const struct zg_task *task,
                                    const struct zg_dataset_request *request, struct zg_error *err)
{
    if (request->limit < 0)
        return zg_fail(err, ZG_USAGE, "a limit of %lld rows: give 1 or more, or 0 for all",
                       (long long)request->limit);
    if (request->bos >= 0 && request->bos >= request->n_vocab)
        return zg_fail(err, ZG_USAGE, "BOS token %d: the model's vocabulary has %lld", request->bos,
                       (long long)request->n_vocab);
    for (int64_t i = 0; request->rows && i < request->n_rows; i++)
        if (request->limit > 0 || request->rows[i] < 0 ||
            (i > 0 && request->rows[i] <= request->rows[i - 1]))
            return zg_fail(err, ZG_USAGE, "row ids ascend from 0, and no limit goes with them");
    if (request->rows && request->n_rows < 1)
        return zg_fail(err, ZG_USAGE, "no row is asked for");
    if (task->max_new_tokens > 0 && request->objective == ZG_OBJECTIVE_TASK &&
        request->max_length <= task->max_new_tokens + 1)
        return zg_fail(err, ZG_INPUT,
                       "task '%s' generates up to %lld tokens, and the model takes %lld at most",
                       task->name, (long long)task->max_new_tokens, (long long)request->max_length);
    if (!task->data[request->split].path)
        return zg_fail(err, ZG_USAGE, "task '%s' has no split '%s'", task->name,
                       zg_split_name(request->split));
    return ZG_OK;
}

enum zg_status zg_dataset_open_task(struct zg_dataset **out, const struct zg_task *task,
                                    const struct zg_dataset_request *request, struct zg_error *err)
{
    *out = NULL;
    enum zg_status status = check_request(task, request, err);
    if (status)
        return status;
    struct zg_dataset *dataset = calloc(1, sizeof *dataset);
    if (!dataset || !(dataset->task_name = strdup(task->name)))
        status = zg_fail(err, ZG_ENV, "task '%s': no memory for its data", task->name);
    else
        status = zg_dataset_load(dataset, task, request, err);
    if (status) {
        zg_dataset_close(&dataset);
        return status;
    }
    dataset->prints.task = task->fingerprint;
    dataset->prints.tokenizer = zg_tokenizer_fingerprint(request->tokenizer);
    dataset->loss = request->objective == ZG_OBJECTIVE_LM_PROMPT ? ZG_LOSS_LM : task->loss;
    dataset->metric = task->metric;
    dataset->sizes = task->sizes;
    dataset->max_new_tokens = task->max_new_tokens;
    *out = dataset;
    return ZG_OK;
}

enum zg_status zg_dataset_open(struct zg_dataset **out, const struct zg_dataset_request *request,
                               struct zg_error *err)
{
    *out = NULL;
    struct zg_task *task = NULL;
    enum zg_status status = zg_task_open(&task, request->task, request->data_dir, err);
    if (!status)
        status = zg_dataset_open_task(out, task, request, err);
    zg_task_close(&task);
    return status;
}

void zg_dataset_close(struct zg_dataset **dataset)
{
    if (!dataset || !*dataset)
        return;
    struct zg_dataset *d = *dataset;
    free(d->task_name);
    free(d->examples);
    free(d->rows);
    free(d->options);
    free(d->right);
    zg_tokens_free(&d->tokens);
    zg_text_free(&d->answer_text);
    free(d->answers);
    free(d);
    *dataset = NULL;
}

const char *zg_dataset_task_name(const struct zg_dataset *dataset)
{
    return dataset->task_name;
}

const struct zg_fingerprints *zg_dataset_fingerprints(const struct zg_dataset *dataset)
{
    return &dataset->prints;
}

int64_t zg_dataset_n_examples(const struct zg_dataset *dataset)
{
    return dataset->n_examples;
}

const struct zg_example *zg_dataset_examples(const struct zg_dataset *dataset)
{
    return dataset->examples;
}

enum zg_loss zg_dataset_loss(const struct zg_dataset *dataset)
{
    return dataset->loss;
}

int64_t zg_dataset_row(const struct zg_dataset *dataset, int64_t i)
{
    return dataset->rows[i].id;
}

int64_t zg_dataset_find_row(const struct zg_dataset *dataset, int64_t row)
{
    int64_t low = 0, high = dataset->n_examples; /* ids ascend */
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (dataset->rows[middle].id < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low < dataset->n_examples && dataset->rows[low].id == row ? low : -1;
}

bool zg_dataset_right(const struct zg_dataset *dataset, int64_t i, int64_t option)
{
    const struct zg_example *const example = &dataset->examples[i];
    return dataset->right ? dataset->right[example->options - dataset->options + option]
                          : option == example->gold;
}

const char *const *zg_dataset_answers(const struct zg_dataset *dataset, int64_t i, int64_t *n)
{
    *n = dataset->rows[i].n_answers;
    return *n > 0 ? dataset->answers + dataset->rows[i].first_answer : NULL;
}

int64_t zg_dataset_n_truncated(const struct zg_dataset *dataset)
{
    return dataset->n_truncated;
}

enum zg_task_metric zg_dataset_metric(const struct zg_dataset *dataset)
{
    return dataset->metric;
}

struct zg_task_sizes zg_dataset_sizes(const struct zg_dataset *dataset)
{
    return dataset->sizes;
}

int64_t zg_dataset_max_new_tokens(const struct zg_dataset *dataset)
{
    return dataset->max_new_tokens;
}

struct zg_batch zg_dataset_slice(const struct zg_dataset *dataset, int64_t begin, int64_t n)
{
    return (struct zg_batch){dataset->examples + begin, n, dataset->loss, ZG_TOKEN_PAD};
}

static int compare_lengths(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

enum zg_status zg_dataset_stats(const struct zg_dataset *dataset, struct zg_dataset_stats *out,
                                struct zg_error *err)
{
    const int64_t n = dataset->n_examples;
    int64_t *lengths = malloc((size_t)n * sizeof *lengths);
    if (!lengths)
        return zg_fail(err, ZG_ENV, "no memory to sort %lld lengths", (long long)n);
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const struct zg_example *example = &dataset->examples[i];
        lengths[i] = example->n_stem + example->options[example->gold].n_tokens;
        sum += lengths[i];
    }
    qsort(lengths, (size_t)n, sizeof *lengths, compare_lengths);
    /* the smallest length with at least q * n lengths at or below it stands at index ceil(q * n) -
     * 1 */
    *out = (struct zg_dataset_stats){.n_examples = n,
                                     .mean_tokens = (double)sum / (double)n,
                                     .p50_tokens = lengths[(n + 1) / 2 - 1],
                                     .p95_tokens = lengths[(95 * n + 99) / 100 - 1],
                                     .max_tokens = lengths[n - 1]};
    free(lengths);
    return ZG_OK;
}

const char *zg_objective_name(enum zg_objective objective)
{
    return objective == ZG_OBJECTIVE_TASK ? "task" : "lm-prompt";
}

const char *zg_truncate_name(enum zg_truncate truncate)
{
    return truncate == ZG_TRUNCATE_REFUSE ? "refuse" : "left";
}

#define MAX_TOKEN_ID INT64_C(999999999) /* no vocabulary comes near */

enum zg_status zg_bos_parse(int32_t *out, const char *text, struct zg_error *err)
{
    static const struct {
        const char *name;
        int32_t id;
    } named[] = {{"official", ZG_BOS_OFFICIAL}, {"stock", ZG_BOS_STOCK}, {"none", ZG_BOS_NONE}};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcmp(text, named[i].name) == 0) {
            *out = named[i].id;
            return ZG_OK;
        }
    int64_t id = 0;
    if (zg_parse_int("BOS", text, 0, MAX_TOKEN_ID, &id, NULL))
        return zg_fail(err, ZG_USAGE, "BOS '%s' is unknown: official, stock, none, or a token id%s",
                       text, zg_nearest_word(text, "official stock none").hint);
    *out = (int32_t)id;
    return ZG_OK;
}
