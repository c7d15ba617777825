/* step.c - begin, score and apply, in this order, with what an algorithm says; or without score. */
#include "engines/algorithm/step.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engines/algorithm/passes.h"

enum zg_status zg_question_ask(const struct zg_question *question, const struct zg_engine *engine,
                               struct zg_engine_state *state, const struct zg_batch *batch,
                               int64_t max_rows, double *loss, struct zg_error *err)
{
    const enum zg_status status =
        engine->begin(state, question->directions, question->n_directions, err);
    if (status)
        return status;
    return zg_passes_loss(engine, state, batch, max_rows, question->probes, question->n_probes,
                          loss, err);
}

enum zg_status zg_answer_apply(const struct zg_answer *answer, const struct zg_engine *engine,
                               struct zg_engine_state *state, struct zg_error *err)
{
    if (!answer->has_momentum)
        return engine->apply(state, answer->updates, answer->n_updates, answer->weight_decay, err);
    if (!engine->apply_momentum)
        return zg_fail(err, ZG_USAGE, "engine %s has no %s", engine->name,
                       zg_feature_words(ZG_F_MOMENTUM));
    return engine->apply_momentum(state, answer->updates, answer->n_updates, answer->momentum,
                                  answer->weight_decay, err);
}

static bool all_finite(const double *loss, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(loss[i]))
            return false;
    return true;
}

/* "1.5 and nan", cut where there are many. */
static enum zg_status fail_losses(uint64_t t, const double *loss, int64_t n, struct zg_error *err)
{
    char losses[256] = "";
    size_t used = 0;
    for (int64_t i = 0; i < n && used < sizeof losses; i++)
        used += (size_t)snprintf(losses + used, sizeof losses - used, "%s%g",
                                 i == 0      ? ""
                                 : i < n - 1 ? ", "
                                             : " and ",
                                 loss[i]);
    return zg_fail(err, ZG_CHECK, "step %llu: the losses are %s; no update is made",
                   (unsigned long long)t, losses);
}

/* What follows from out->loss. */
static enum zg_status answer(const struct zg_algorithm_choice *choice,
                             const struct zg_engine *engine, struct zg_engine_state *state,
                             uint64_t t, double *memory, struct zg_step *out, struct zg_error *err)
{
    if (!all_finite(out->loss, out->question.n_probes))
        return fail_losses(t, out->loss, out->question.n_probes, err);
    out->answer = (struct zg_answer){0};
    choice->algorithm->answer(choice, t, &out->question, out->loss, memory, &out->answer);
    return zg_answer_apply(&out->answer, engine, state, err);
}

enum zg_status zg_step_run_passes(const struct zg_algorithm_choice *choice,
                                  const struct zg_engine *engine, struct zg_engine_state *state,
                                  uint64_t t, const struct zg_batch *batch, int64_t max_rows,
                                  double *memory, struct zg_step *out, struct zg_error *err)
{
    choice->algorithm->announce(choice, t, memory, &out->question);
    out->n_passes = max_rows > 0 ? zg_passes_count(batch, max_rows) : 1;
    const enum zg_status status =
        zg_question_ask(&out->question, engine, state, batch, max_rows, out->loss, err);
    return status ? status : answer(choice, engine, state, t, memory, out, err);
}

enum zg_status zg_step_run(const struct zg_algorithm_choice *choice, const struct zg_engine *engine,
                           struct zg_engine_state *state, uint64_t t, const struct zg_batch *batch,
                           double *memory, struct zg_step *out, struct zg_error *err)
{
    return zg_step_run_passes(choice, engine, state, t, batch, 0, memory, out, err);
}

enum zg_status zg_step_replay(const struct zg_algorithm_choice *choice,
                              const struct zg_engine *engine, struct zg_engine_state *state,
                              uint64_t t, const double *loss, int64_t n_passes, double *memory,
                              struct zg_step *out, struct zg_error *err)
{
    struct zg_question *const question = &out->question;
    choice->algorithm->announce(choice, t, memory, question);
    out->n_passes = n_passes;
    memcpy(out->loss, loss, (size_t)question->n_probes * sizeof *loss);
    enum zg_status status = engine->begin(state, question->directions, question->n_directions, err);
    for (int64_t pass = 0; pass < n_passes && !status && engine->retrace; pass++)
        status = engine->retrace(state, question->probes, question->n_probes, err);
    return status ? status : answer(choice, engine, state, t, memory, out, err);
}
