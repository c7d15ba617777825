/*
 * tuned.h - the weights after a step of a training, from its steps.zo: model and engine as they
 * were, and every step again.
 *
 *     status = zg_tuned_open(&tuned, steps, path, NULL, n_threads, &err);
 *     while (!status && tuned.n_steps < n && !zg_signals_caught())
 *         status = zg_tuned_step(&tuned, &err);
 *     if (!status)
 *         status = zg_tuned_check(&tuned, &err);
 *     ... tuned.opening.engine->read(tuned.state, ...) ...
 *     zg_tuned_close(&tuned);
 *
 * The number of threads changes no weight: it orders the sums of losses, which are in the file.
 */
#ifndef ZG_TRAIN_TUNED_H
#define ZG_TRAIN_TUNED_H

#include "harness/train/steps.h"
#include "harness/train/steps_head.h"

struct zg_tuned {
    const struct zg_steps *steps;
    const char *what; /* names the file in messages */
    struct zg_model *model;
    struct zg_steps_opening opening;
    struct zg_engine_state *state;
    double *memory;  /* of the algorithm; NULL: it has none */
    int64_t n_steps; /* done so far */
    uint64_t hash;   /* of the weights, by zg_tuned_check() */
};

/* Opens model and engine, before the first step.  `steps` must outlive it.  `model` NULL: as the
 * head names it; else a name or directory in its place.  ZG_INPUT: another model than the training
 * began with, a head that makes no sense.  ZG_ENV: the build, no memory. */
enum zg_status zg_tuned_open(struct zg_tuned *out, const struct zg_steps *steps, const char *what,
                             const char *model, int64_t n_threads, struct zg_error *err);
/* Fine on one that failed to open or is all zero. */
void zg_tuned_close(struct zg_tuned *tuned);

/* The next step, which the file must have.  ZG_CHECK: where the file has the weights' hash, that is
 * another. */
enum zg_status zg_tuned_step(struct zg_tuned *tuned, struct zg_error *err);

/* Reads the weights, puts their hash into tuned->hash and holds it against the file's, where that
 * has one of this step. */
enum zg_status zg_tuned_check(struct zg_tuned *tuned, struct zg_error *err);

#endif
