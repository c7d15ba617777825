/*
 * batch.h - batches drawn by seed: batch t is a pure function of (dataset, batch size, seed, t), so
 * every engine, in any order and on any machine, sees the same examples.
 *
 *     struct zg_batcher *batcher = NULL;
 *     struct zg_batch batch;
 *     if (!zg_batcher_open(&batcher, dataset, 16, seed, &err)) {
 *         for (int64_t step = 0; step < n_steps; step++)
 *             zg_batcher_draw(batcher, step, &batch);                    // allocates nothing
 *     }
 *     zg_batcher_close(&batcher);
 *
 * An epoch is a random permutation of all examples (shuffle.h), cut into n / batch batches; the n
 * mod batch examples at its end sit that epoch out, so every batch is full and holds no example
 * twice.  That is for measuring speed; training drops no example (epochs.h).
 *
 * Threads: one batcher is used by one thread at a time.
 */
#ifndef ZG_WORKLOADS_BATCH_H
#define ZG_WORKLOADS_BATCH_H

#include <stdint.h>

#include "engines/error.h"
#include "engines/example.h"
#include "workloads/dataset.h"

struct zg_batcher;

/* Borrows the dataset until close.  ZG_USAGE: batch_size below 1 or above the number of examples.
 * ZG_ENV: no memory.  On failure *out is NULL. */
enum zg_status zg_batcher_open(struct zg_batcher **out, const struct zg_dataset *dataset,
                               int64_t batch_size, uint64_t seed, struct zg_error *err);
/* NULL and a pointer to NULL are fine. */
void zg_batcher_close(struct zg_batcher **batcher);

int64_t zg_batcher_steps_per_epoch(const struct zg_batcher *batcher);

/* The batch of `step` >= 0, any step in any order.  batch->examples is the batcher's, valid until
 * the next draw.  A new epoch costs one shuffle (under a millisecond for 67,349 rows). */
void zg_batcher_draw(struct zg_batcher *batcher, int64_t step, struct zg_batch *batch);

#endif
