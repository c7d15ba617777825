/*
 * step.h - the one step driver: an engine and an algorithm meet here and nowhere else, so every
 * engine runs this code.
 *
 *     struct zg_algorithm_choice choice;
 *     struct zg_step step;                        // what was asked, and what came of it
 *     zg_algorithm_parse("lozo:rank=4", &choice, &err);
 *     options.limits = ...;
 *     zg_algorithm_needs(&choice, &options.limits);   // before engine->open()
 *     for (uint64_t t = 0; !status && t < n; t++)
 *         status = zg_step_run(&choice, engine, state, t, &batch, NULL, &step, &err);
 *
 * Nothing is allocated in a step.  A batch may be longer than what the engine was opened for: it is
 * scored in passes then (passes.h), which zg_step_run_passes() bounds.
 *
 * A step is done again from its losses: zg_step_replay() makes no score() and comes to the same
 * weights, bit for bit, in the same engine on the same threads.
 */
#ifndef ZG_ALGORITHM_STEP_H
#define ZG_ALGORITHM_STEP_H

#include "engines/algorithm/algorithm.h"
#include "engines/api.h"

ZG_PUBLIC_BEGIN

struct zg_step {
    struct zg_question question;
    double loss[ZG_MAX_PROBES]; /* of the question's probes */
    int64_t n_passes;           /* that they were scored in */
    struct zg_answer answer;    /* where the losses are finite */
};

/* Step number t on the batch.  `memory` is what the algorithm remembers, NULL where it remembers
 * nothing.  ZG_CHECK: a loss is NaN or Inf (no update is made, nothing is remembered). */
enum zg_status zg_step_run(const struct zg_algorithm_choice *choice, const struct zg_engine *engine,
                           struct zg_engine_state *state, uint64_t t, const struct zg_batch *batch,
                           double *memory, struct zg_step *out, struct zg_error *err);

/* The same in passes of at most max_rows tokens (passes.h); 0: in one. */
enum zg_status zg_step_run_passes(const struct zg_algorithm_choice *choice,
                                  const struct zg_engine *engine, struct zg_engine_state *state,
                                  uint64_t t, const struct zg_batch *batch, int64_t max_rows,
                                  double *memory, struct zg_step *out, struct zg_error *err);

/* Step number t again, from the losses of its probes [the question's n_probes], which were scored
 * in n_passes; all steps before it were run or replayed.  Fills *out.  ZG_CHECK: as run. */
enum zg_status zg_step_replay(const struct zg_algorithm_choice *choice,
                              const struct zg_engine *engine, struct zg_engine_state *state,
                              uint64_t t, const double *loss, int64_t n_passes, double *memory,
                              struct zg_step *out, struct zg_error *err);

/* Has the engine make the answer's updates, with momentum where it has one: what follows the losses
 * in a step, and what a replay of saved losses does. */
enum zg_status zg_answer_apply(const struct zg_answer *answer, const struct zg_engine *engine,
                               struct zg_engine_state *state, struct zg_error *err);

/* The losses of a question's probes alone, [n_probes], in passes of at most max_rows tokens, 0: in
 * one; weights stay. */
enum zg_status zg_question_ask(const struct zg_question *question, const struct zg_engine *engine,
                               struct zg_engine_state *state, const struct zg_batch *batch,
                               int64_t max_rows, double *loss, struct zg_error *err);

ZG_PUBLIC_END

#endif
