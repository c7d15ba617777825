/*
 * generate.h - greedy continuation of prompts, by an engine that knows nothing of it.
 *
 *     struct zg_generation g;
 *     const struct zg_generation_request request = {.max_new_tokens = 50, .n_positions = 2048,
 *         .stop = stop, .n_stop = 2, .max_tokens = 8192};
 *     zg_generation_limits(&request, prompts, n_prompts, &options.limits); // before engine->open()
 *     ...                                                                 // engine->begin()
 *     if (!zg_generation_run(&g, &request, engine, state, prompts, n_prompts, &err))
 *         for (int64_t i = 0; i < n_prompts; i++)
 *             use(g.tokens + i * g.stride, g.n_tokens[i]);
 *     zg_generation_free(&g);
 *
 * Each round asks for the likeliest token after every prompt that still goes on (zo.h,
 * next_token), and appends it.  No state is kept between rounds: a round costs a pass over the
 * prompts, so this is for evaluating now and then, not for serving.
 */
#ifndef ZG_ALGORITHM_GENERATE_H
#define ZG_ALGORITHM_GENERATE_H

#include "engines/zo.h"

#define ZG_GENERATION_TOKENS 50 /* the official scripts' */

struct zg_generation_request {
    int64_t max_new_tokens; /* >= 1 */
    int64_t n_positions;    /* the model's longest sequence: prompt and continuation end there */
    const int32_t *stop; /* [n_stop] a token of these ends a continuation, and is no part of it */
    int64_t n_stop;
    int32_t pad_id;     /* of a padding engine (example.h) */
    int64_t max_tokens; /* of a pass, prompts and continuations; a longer one goes alone */
};

struct zg_generation_prompt {
    const int32_t *tokens; /* [n], beginning-of-sequence token included */
    int64_t n;             /* 1 .. n_positions - 1 */
};

struct zg_generation {
    int32_t *tokens; /* [n_prompts][stride]: what follows each prompt */
    int64_t stride;
    int64_t *n_tokens; /* [n_prompts] */
};

/* Raises the limits so that zg_generation_run() fits: batch limits, one probe, one direction. */
void zg_generation_limits(const struct zg_generation_request *request,
                          const struct zg_generation_prompt *prompts, int64_t n_prompts,
                          struct zg_engine_limits *limits);

/* Continues prompts [n_prompts] at the state's present weights: a direction has been announced
 * (begin), and stays unused.  ZG_USAGE: a prompt or a number out of its range.  ZG_CHECK: a loss is
 * NaN or Inf.  ZG_ENV: no memory.  Else what the engine says.  On failure *out is empty. */
enum zg_status zg_generation_run(struct zg_generation *out,
                                 const struct zg_generation_request *request,
                                 const struct zg_engine *engine, struct zg_engine_state *state,
                                 const struct zg_generation_prompt *prompts, int64_t n_prompts,
                                 struct zg_error *err);
/* An empty one is fine. */
void zg_generation_free(struct zg_generation *generation);

#endif
