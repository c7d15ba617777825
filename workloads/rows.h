/*
 * rows.h - rows by their order numbers in their file: as a batch, and as a hash that says which
 * they were.
 *
 * Two engines that have a hash in common saw the same rows of a dataset in the same order; the
 * dataset's own fingerprint (dataset.h) says what is in them.
 */
#ifndef ZG_WORKLOADS_ROWS_H
#define ZG_WORKLOADS_ROWS_H

#include <stdint.h>

#include "engines/example.h"
#include "workloads/dataset.h"

/* Those rows of the dataset, which has them, in that order as a batch.  examples [n] is the
 * caller's: the batch borrows it, and the tokens of the dataset. */
struct zg_batch zg_rows_batch(const struct zg_dataset *dataset, const int64_t *rows, int64_t n,
                              struct zg_example *examples);

/* A chain of numbers: XXH3 (64 bits) of `next` as eight bytes, the lowest first, under seed
 * `before`; the same on every machine.  From 0 over the hashes of all batches it says which rows a
 * run has seen. */
uint64_t zg_rows_chain(uint64_t before, uint64_t next);

/* The chain of rows [n], from 0. */
uint64_t zg_rows_hash(const int64_t *rows, int64_t n);

#endif
