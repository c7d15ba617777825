/*
 * record.h - the steps of one engine on disk: steps.zo (steps.h) of the first engine, steps-2.zo of
 * the second, and so on.
 *
 * The losses of a step, with the seed, are the step: what it did to the weights is done again from
 * them, without scoring.  Every so often, and after the last step, the hash of the weights stands
 * behind it, so that a replay that went wrong is found.
 */
#ifndef ZG_TRAIN_RECORD_H
#define ZG_TRAIN_RECORD_H

#include "harness/bench/bench.h"
#include "harness/train/history.h"
#include "harness/train/steps.h"

struct zg_train_record {
    struct zg_steps *file;
    int64_t n; /* steps that it had when it was opened */
};

/* Opens the record of engine number `index` in a training that has this head.  Going on keeps its
 * whole records; note[size] tells of a torn one.  ZG_INPUT: it is of another training.  ZG_ENV: it
 * cannot be written. */
enum zg_status zg_train_record_open(struct zg_train_record *out, const char *dir, int64_t index,
                                    const struct zg_steps_head *head, bool go_on, char *note,
                                    size_t size, struct zg_error *err);
void zg_train_record_close(struct zg_train_record *record);

/* What step t < n was, but for c, which follows from it. */
struct zg_train_step zg_train_record_step(const struct zg_train_record *record, int64_t t);

/* Does step t < n again. */
enum zg_status zg_train_record_replay(const struct zg_train_record *record,
                                      struct zg_contender *contender,
                                      const struct zg_algorithm_choice *choice, int64_t t,
                                      struct zg_step *out, struct zg_error *err);

/* Appends a step that was just done. */
enum zg_status zg_train_record_add(struct zg_train_record *record, const struct zg_step *step,
                                   const struct zg_train_step *did, struct zg_error *err);

/* After n_steps, before the next is announced: holds the weights against the hash that the file has
 * of them, or appends it where one is due.  *hash gets it where `is_last`.  ZG_CHECK: the weights
 * are not those of the training. */
enum zg_status zg_train_record_weights(struct zg_train_record *record,
                                       struct zg_contender *contender, enum zg_scope scope,
                                       int64_t n_steps, bool is_last, uint64_t *hash,
                                       struct zg_error *err);

/* Everything appended so far is on disk. */
enum zg_status zg_train_record_sync(struct zg_train_record *record, struct zg_error *err);

#endif
