/* batch.c - shuffles the dataset's places once an epoch and cuts the permutation into batches.  The
 * last epoch's is kept: a step of another one, before or after, shuffles anew. */
#include "workloads/batch.h"

#include <stdlib.h>

#include "workloads/shuffle.h"

#define NO_EPOCH (-1)

struct zg_batcher {
    const struct zg_dataset *dataset;
    int64_t n, batch_size;
    uint64_t seed;
    int64_t epoch;               /* that `order` holds */
    int64_t *order;              /* [n]: the epoch's permutation */
    struct zg_example *examples; /* [batch_size]: the batch last drawn */
};

enum zg_status zg_batcher_open(struct zg_batcher **out, const struct zg_dataset *dataset,
                               int64_t batch_size, uint64_t seed, struct zg_error *err)
{
    *out = NULL;
    const int64_t n = zg_dataset_n_examples(dataset);
    if (batch_size < 1 || batch_size > n)
        return zg_fail(
            err, ZG_USAGE, "a batch of %lld examples: task '%s' has %lld, give 1 .. %lld",
            (long long)batch_size, zg_dataset_task_name(dataset), (long long)n, (long long)n);
    if (n > ZG_SHUFFLE_MAX)
        return zg_fail(err, ZG_INPUT, "task '%s' has %lld examples, at most 2^32 - 1 are shuffled",
                       zg_dataset_task_name(dataset), (long long)n);
    struct zg_batcher *batcher = calloc(1, sizeof *batcher);
    if (batcher) {
        *batcher = (struct zg_batcher){dataset, n, batch_size, seed, NO_EPOCH, NULL, NULL};
        batcher->order = malloc((size_t)n * sizeof *batcher->order);
        batcher->examples = malloc((size_t)batch_size * sizeof *batcher->examples);
    }
    if (!batcher || !batcher->order || !batcher->examples) {
        zg_batcher_close(&batcher);
        return zg_fail(err, ZG_ENV, "no memory to shuffle %lld examples", (long long)n);
    }
    *out = batcher;
    return ZG_OK;
}

void zg_batcher_close(struct zg_batcher **batcher)
{
    if (!batcher || !*batcher)
        return;
    free((*batcher)->order);
    free((*batcher)->examples);
    free(*batcher);
    *batcher = NULL;
}

int64_t zg_batcher_steps_per_epoch(const struct zg_batcher *batcher)
{
    return batcher->n / batcher->batch_size;
}

static void shuffle(struct zg_batcher *batcher, int64_t epoch)
{
    for (int64_t i = 0; i < batcher->n; i++)
        batcher->order[i] = i;
    zg_shuffle(batcher->order, batcher->n, batcher->seed, epoch);
    batcher->epoch = epoch;
}

/* Where the step's batch begins in the shuffled epoch. */
static const int64_t *find_order(struct zg_batcher *batcher, int64_t step)
{
    const int64_t per_epoch = zg_batcher_steps_per_epoch(batcher);
    if (step / per_epoch != batcher->epoch)
        shuffle(batcher, step / per_epoch);
    return batcher->order + step % per_epoch * batcher->batch_size;
}

void zg_batcher_draw(struct zg_batcher *batcher, int64_t step, struct zg_batch *batch)
{
    const int64_t *order = find_order(batcher, step);
    const struct zg_example *all = zg_dataset_examples(batcher->dataset);
    for (int64_t i = 0; i < batcher->batch_size; i++)
        batcher->examples[i] = all[order[i]];
    *batch = (struct zg_batch){batcher->examples, batcher->batch_size,
                               zg_dataset_loss(batcher->dataset), ZG_TOKEN_PAD};
}
