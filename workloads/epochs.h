/*
 * epochs.h - the batches of training as the official trainer makes them: every row once an epoch,
 * the last batch what is left.  1000 rows in batches of 16 are 62 full ones and one of 8.
 *
 *     struct zg_epochs *epochs = NULL;
 *     const int64_t *rows;
 *     if (!zg_epochs_open(&epochs, split.train, split.n_train, 16, seed, &err))
 *         for (int64_t step = 0; step < n_steps; step++) {
 *             const int64_t n = zg_epochs_draw(epochs, step, &rows);         // allocates nothing
 *             const struct zg_batch batch = zg_rows_batch(dataset, rows, n, examples);
 *             seen = zg_rows_chain(seen, zg_rows_hash(rows, n));             // rows.h
 *         }
 *     zg_epochs_close(&epochs);
 *
 * Epoch e is the rows as they were given, shuffled by zg_shuffle(seed, e): batch t is a pure
 * function of (rows, batch size, seed, t), so any engine, in any order, sees the same.  (The
 * official trainer draws its order from torch's generator, which nothing here can follow.)
 *
 * batch.h is the other one, for measuring speed: all batches full.
 *
 * Threads: one is used by one thread at a time.
 */
#ifndef ZG_WORKLOADS_EPOCHS_H
#define ZG_WORKLOADS_EPOCHS_H

#include <stdint.h>

#include "engines/error.h"

struct zg_epochs;

/* Copies rows [n_rows].  ZG_USAGE: a batch size below 1 or above n_rows.  ZG_ENV: no memory.  On
 * failure *out is NULL. */
enum zg_status zg_epochs_open(struct zg_epochs **out, const int64_t *rows, int64_t n_rows,
                              int64_t batch_size, uint64_t seed, struct zg_error *err);
/* NULL and a pointer to NULL are fine. */
void zg_epochs_close(struct zg_epochs **epochs);

/* Steps in an epoch: n_rows / batch_size, rounded up. */
int64_t zg_epochs_n_steps(const struct zg_epochs *epochs);

/* The rows of step >= 0's batch, any step in any order; returns how many, 1 .. batch_size.  *rows
 * is valid until the next draw. */
int64_t zg_epochs_draw(struct zg_epochs *epochs, int64_t step, const int64_t **rows);

#endif
