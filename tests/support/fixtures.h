/*
 * fixtures.h - small models and batches that every engine is tested with, and random batches of
 * real lengths.
 *
 * Shapes are odd on purpose: a kernel that forgets a tail, a head or a mask differs on one of them.
 */
#ifndef ZG_TESTS_FIXTURES_H
#define ZG_TESTS_FIXTURES_H

#include "engines/zo.h"

/* Smallest first; NULL past the end.  Every fixture batch fits every shape. */
const struct zg_model_shape *zg_fixture_shape(int64_t index, const char **name);

/* NULL past the end.  Static data; `name` says what is special about it and may be NULL. */
const struct zg_batch *zg_fixture_batch(int64_t index, const char **name);
/* The batch of that name; NULL if there is none. */
const struct zg_batch *zg_fixture_batch_find(const char *name);

/* Options of the batch, all examples together. */
int64_t zg_fixture_n_options(const struct zg_batch *batch);

/* A batch of random tokens with two one-token options an example, whose lengths (stem and option)
 * follow SST-2's training rows: log-normal with median 12 and 95 % below 35, cut to 4..68.  All
 * stems start with token 0 and end with the same two tokens.  Aborts without memory.  n_vocab > 16.
 */
struct zg_fixture_random {
    struct zg_batch batch;
    struct zg_example *examples; /* owned */
    int32_t *tokens;             /* owned */
    struct zg_option options[2];
    int32_t option_tokens[2];
};
struct zg_fixture_random *zg_fixture_random_open(uint64_t seed, int64_t n_examples,
                                                 int64_t n_vocab);
void zg_fixture_random_close(struct zg_fixture_random **random);

#endif
