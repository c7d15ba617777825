/* epochs.c - shuffles the rows once an epoch and cuts them into batches, the last one short.  The
 * last epoch's order is kept: a step of another one, before or after, shuffles anew. */
#include "workloads/epochs.h"

#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"
#include "workloads/shuffle.h"

#define NO_EPOCH (-1)

struct zg_epochs {
    int64_t n, batch_size;
    uint64_t seed;
    int64_t epoch;  /* that `order` holds */
    int64_t *rows;  /* [n] as they were given */
    int64_t *order; /* [n] the epoch's */
};

enum zg_status zg_epochs_open(struct zg_epochs **out, const int64_t *rows, int64_t n_rows,
                              int64_t batch_size, uint64_t seed, struct zg_error *err)
{
    *out = NULL;
    if (batch_size < 1 || batch_size > n_rows)
        return zg_fail(err, ZG_USAGE, "a batch of %lld rows: %lld train, give 1 .. %lld",
                       (long long)batch_size, (long long)n_rows, (long long)n_rows);
    if (n_rows > ZG_SHUFFLE_MAX)
        return zg_fail(err, ZG_INPUT, "%lld rows train, at most 2^32 - 1 are shuffled",
                       (long long)n_rows);
    struct zg_epochs *epochs = calloc(1, sizeof *epochs);
    if (epochs) {
        *epochs = (struct zg_epochs){n_rows, batch_size, seed, NO_EPOCH, NULL, NULL};
        epochs->rows = malloc((size_t)n_rows * sizeof *epochs->rows);
        epochs->order = malloc((size_t)n_rows * sizeof *epochs->order);
    }
    if (!epochs || !epochs->rows || !epochs->order) {
        zg_epochs_close(&epochs);
        return zg_fail(err, ZG_ENV, "no memory to shuffle %lld rows", (long long)n_rows);
    }
    memcpy(epochs->rows, rows, (size_t)n_rows * sizeof *rows);
    *out = epochs;
    return ZG_OK;
}

void zg_epochs_close(struct zg_epochs **epochs)
{
    if (!epochs || !*epochs)
        return;
    free((*epochs)->rows);
    free((*epochs)->order);
    free(*epochs);
    *epochs = NULL;
}

int64_t zg_epochs_n_steps(const struct zg_epochs *epochs)
{
    return zg_ceil_div(epochs->n, epochs->batch_size);
}

int64_t zg_epochs_draw(struct zg_epochs *epochs, int64_t step, const int64_t **rows)
{
    const int64_t n_steps = zg_epochs_n_steps(epochs), epoch = step / n_steps;
    if (epoch != epochs->epoch) {
        memcpy(epochs->order, epochs->rows, (size_t)epochs->n * sizeof *epochs->rows);
        zg_shuffle(epochs->order, epochs->n, epochs->seed, epoch);
        epochs->epoch = epoch;
    }
    const int64_t begin = step % n_steps * epochs->batch_size;
    *rows = epochs->order + begin;
    return zg_min64(epochs->batch_size, epochs->n - begin);
}
