/*
 * steps.h - steps.zo: a training, step by step, as the losses of its probes.
 *
 * Seed, algorithm and losses are the weights: replaying them (step.h) makes no pass through the
 * model.  So a checkpoint is a record of some tens of bytes, appended after every step, and a
 * training of 20,000 steps is one file below 1 MiB from which the weights after any of its steps
 * can be had.
 *
 *     struct zg_steps *steps = NULL;
 *     status = zg_steps_create(&steps, dir, "steps.zo", &head, &err);
 *     ... a step ...
 *     status = zg_steps_add(steps, &record, &err);          // written at once, synced now and then
 *     zg_steps_close(&steps);
 *
 *     status = zg_steps_open(&steps, dir, "steps.zo", true, note, sizeof note, &err);
 *     status = zg_steps_check(steps, &head, &err);          // is it of this training?
 *     for (int64_t t = 0; t < zg_steps_n(steps); t++)
 *         status = zg_steps_replay(steps, &choice, engine, state, t, memory, &step, &err);
 *     status = zg_steps_add(...)                            // it goes on
 *
 * A write that a kill or a full disk cut short, or that never reached the disk, costs the records
 * from there on, and none before: opening to go on cuts them off, and says so.
 */
#ifndef ZG_TRAIN_STEPS_H
#define ZG_TRAIN_STEPS_H

#include <stddef.h>

#include "engines/algorithm/step.h"
#include "harness/train/steps_format.h"

/* Weights are read and their hash is written after so many steps, and after the last: a reading
 * costs about a step. */
#define ZG_STEPS_WEIGHTS_EVERY 1000

struct zg_steps;

/* Makes dir/name, which appears with its head or not at all.  ZG_ENV: it cannot be written. */
enum zg_status zg_steps_create(struct zg_steps **out, const char *dir, const char *name,
                               const struct zg_steps_head *head, struct zg_error *err);

/* Reads dir/name.  `go_on`: to append to it; a torn tail is cut off the file.  note[size] says in
 * either case what of a tail was left out, "": nothing.  ZG_INPUT: there is no such file, or it is
 * bad.  ZG_ENV: it cannot be read or written, no memory. */
enum zg_status zg_steps_open(struct zg_steps **out, const char *dir, const char *name, bool go_on,
                             char *note, size_t size, struct zg_error *err);

/* Closes without syncing.  NULL and a pointer to NULL are fine. */
void zg_steps_close(struct zg_steps **steps);

const struct zg_steps_head *zg_steps_head(const struct zg_steps *steps);

/* ZG_INPUT: what decides the weights differs from `now`; the message names it and both values. */
enum zg_status zg_steps_check(const struct zg_steps *steps, const struct zg_steps_head *now,
                              struct zg_error *err);

/* Steps that it had when it was opened, and what step t of them was. */
int64_t zg_steps_n(const struct zg_steps *steps);
void zg_steps_at(const struct zg_steps *steps, int64_t t, struct zg_steps_record *out);

/* Was the hash of the weights after n_steps written?  Then *hash has it. */
bool zg_steps_weights(const struct zg_steps *steps, int64_t n_steps, uint64_t *hash);
/* ZG_CHECK: it was, and is another: the replay did not come to the weights of the training. */
enum zg_status zg_steps_check_weights(const struct zg_steps *steps, int64_t n_steps, uint64_t hash,
                                      struct zg_error *err);

/* Step t again, in an engine that did all before it.  ZG_INPUT: the algorithm asks another number
 * of probes.  Else as zg_step_replay(). */
enum zg_status zg_steps_replay(const struct zg_steps *steps,
                               const struct zg_algorithm_choice *choice,
                               const struct zg_engine *engine, struct zg_engine_state *state,
                               int64_t t, double *memory, struct zg_step *out,
                               struct zg_error *err);

/* Appends a step, or weights, in one write; syncs where the last sync is some seconds ago.  After a
 * failure (ZG_ENV) nothing more is written. */
enum zg_status zg_steps_add(struct zg_steps *steps, const struct zg_steps_record *record,
                            struct zg_error *err);
/* All records are on the disk. */
enum zg_status zg_steps_sync(struct zg_steps *steps, struct zg_error *err);

#endif
