/*
 * generated.h - how good the texts are that a model generates after the stems of examples: what a
 * task that answers in its own words (zg_dataset_max_new_tokens) is judged by.
 *
 *     struct zg_generated g;
 *     zg_generated_open(&g, &data, max_tokens, &err);
 *     zg_generated_limits(&g, rows, n_rows, 16, &limits, &err);   // before engine->open()
 *     ...                                                         // engine->begin()
 *     for (int64_t i = 0; !status && i < n_rows; i += 16)
 *         status = zg_generated_score(&g, engine, state, rows + i, zg_min64(16, n_rows - i),
 *                                     &sum, &err);
 *     printf("%.3f\n", sum / (double)n_rows);
 *
 * As MeZO's run.py: greedy, up to a line end or </s>, at most the task's number of tokens; the
 * official normalisation is answer.h's.
 */
#ifndef ZG_HARNESS_GENERATED_H
#define ZG_HARNESS_GENERATED_H

#include "engines/algorithm/generate.h"
#include "harness/bench/data.h"

struct zg_generated {
    const struct zg_data *data; /* borrowed */
    struct zg_generation_request request;
    int32_t stop[2]; /* of the request */
};

/* Whether the dataset's task generates, and has answers to hold that to. */
bool zg_generated_of(const struct zg_dataset *dataset);

/* data->dataset is of a task that generates.  max_tokens: of a pass (generate.h).  ZG_USAGE: the
 * task does not.  ZG_ENV: no memory. */
enum zg_status zg_generated_open(struct zg_generated *out, const struct zg_data *data,
                                 int64_t max_tokens, struct zg_error *err);

/* Raises the limits so that the texts of those rows [n] of the dataset can be generated, `batch` of
 * them at a time.  ZG_ENV: no memory. */
enum zg_status zg_generated_limits(const struct zg_generated *g, const int64_t *rows, int64_t n,
                                   int64_t batch, struct zg_engine_limits *limits,
                                   struct zg_error *err);

/* Adds to *sum the metric of the text generated for each of rows [n]: F1 or exact match, as the
 * task says.  A direction has been announced.  ZG_CHECK: a loss is not finite.  ZG_ENV: no memory.
 * Else what the engine says. */
enum zg_status zg_generated_score(const struct zg_generated *g, const struct zg_engine *engine,
                                  struct zg_engine_state *state, const int64_t *rows, int64_t n,
                                  double *sum, struct zg_error *err);

#endif
