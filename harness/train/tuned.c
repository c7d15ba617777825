/* tuned.c - a model opened, and stepped again to where a training had it. */
#include "harness/train/tuned.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/train/weights.h"

/* The steps mean what they mean on the weights that they began with, and on no others. */
static enum zg_status check_model(const struct zg_tuned *tuned, struct zg_error *err)
{
    char hash[17];
    const struct zg_steps_head *const head = zg_steps_head(tuned->steps);
    snprintf(hash, sizeof hash, "%016" PRIx64, zg_model_fingerprint(tuned->model));
    if (strcmp(hash, head->weights) == 0)
        return ZG_OK;
    return zg_fail(err, ZG_INPUT,
                   "%s: the training began with weights of XXH3 %s; those of --model %s have %s",
                   tuned->what, head->weights, zg_model_name(tuned->model), hash);
}

static enum zg_status open_model(struct zg_tuned *tuned, const char *name, struct zg_error *err)
{
    const struct zg_steps_head *const head = zg_steps_head(tuned->steps);
    enum zg_status status =
        zg_model_open(&tuned->model, name ? name : head->model, (uint64_t)head->seed, err);
    if (!status && head->layers_resident > 0)
        status = zg_model_alias_layers(tuned->model, head->layers_resident, err);
    if (status)
        return zg_fail_within(err, status, "--model %s, which %s began with",
                              name ? name : head->model, tuned->what);
    return check_model(tuned, err);
}

static enum zg_status open_engine(struct zg_tuned *tuned, int64_t n_threads, struct zg_error *err)
{
    struct zg_steps_opening *const opening = &tuned->opening;
    const struct zg_algorithm *algorithm;
    enum zg_status status = zg_steps_head_open(opening, zg_steps_head(tuned->steps),
                                               zg_steps_n(tuned->steps), tuned->what, err);
    if (status)
        return status;
    opening->options.n_threads = n_threads;
    algorithm = opening->choice.algorithm;
    if (algorithm->n_memory) {
        tuned->memory =
            calloc((size_t)algorithm->n_memory(&opening->choice), sizeof *tuned->memory);
        if (!tuned->memory)
            return zg_fail(err, ZG_ENV, "no memory for the algorithm's own");
    }
    status = opening->engine->open(&tuned->state, tuned->model, &opening->options, err);
    zg_model_release(tuned->model);
    if (!status)
        return zg_model_check(tuned->model, err);
    tuned->state = NULL;
    return zg_fail_within(err, status, "engine %s", opening->engine->name);
}

enum zg_status zg_tuned_open(struct zg_tuned *out, const struct zg_steps *steps, const char *what,
                             const char *model, int64_t n_threads, struct zg_error *err)
{
    *out = (struct zg_tuned){.steps = steps, .what = what};
    enum zg_status status = open_model(out, model, err);
    if (!status)
        status = open_engine(out, n_threads, err);
    if (status)
        zg_tuned_close(out);
    return status;
}

void zg_tuned_close(struct zg_tuned *tuned)
{
    if (tuned->state)
        tuned->opening.engine->close(&tuned->state);
    free(tuned->memory);
    zg_model_close(&tuned->model);
    *tuned = (struct zg_tuned){0};
}

enum zg_status zg_tuned_check(struct zg_tuned *tuned, struct zg_error *err)
{
    const struct zg_steps_opening *const opening = &tuned->opening;
    const enum zg_status status =
        zg_weights_hash(opening->engine, tuned->state, zg_model_shape(tuned->model),
                        opening->choice.scope, &tuned->hash, err);
    return status ? status : zg_steps_check_weights(tuned->steps, tuned->n_steps, tuned->hash, err);
}

enum zg_status zg_tuned_step(struct zg_tuned *tuned, struct zg_error *err)
{
    const struct zg_steps_opening *const opening = &tuned->opening;
    struct zg_step step;
    uint64_t then;
    const enum zg_status status =
        zg_steps_replay(tuned->steps, &opening->choice, opening->engine, tuned->state,
                        tuned->n_steps, tuned->memory, &step, err);
    if (status)
        return status;
    tuned->n_steps++;
    return zg_steps_weights(tuned->steps, tuned->n_steps, &then) ? zg_tuned_check(tuned, err)
                                                                 : ZG_OK;
}
