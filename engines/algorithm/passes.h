/*
 * passes.h - a batch of any length: cut between examples into passes of at most max_rows tokens,
 * which an engine scores one after the other under the directions of one begin().  Their losses
 * are put together as of one pass:
 *
 *     classification   the mean over examples: each pass counts by its examples
 *     language model   the mean over tokens: each pass counts by its gold tokens
 *
 * The tokens of an example are those of its stem and option for every option, no prefix shared: the
 * max_tokens of zo.h.  An example that has more than max_rows is a pass alone; max_rows 0 makes one
 * pass of any batch.
 *
 * A pass shares prefixes inside itself only, so the useful FLOPs of a step are the sum of its
 * passes': engines count every score() since begin().  An engine's limits need to cover the largest
 * pass, not the batch.  A loop writes its probes into the weights anew in every pass.
 */
#ifndef ZG_ALGORITHM_PASSES_H
#define ZG_ALGORITHM_PASSES_H

#include "engines/algorithm/algorithm.h"
#include "engines/api.h"

ZG_PUBLIC_BEGIN

/* The pass that begins at an example of the batch: as many as fit, at least one. */
struct zg_batch zg_pass_at(const struct zg_batch *batch, int64_t begin, int64_t max_rows);

int64_t zg_passes_count(const struct zg_batch *batch, int64_t max_rows);

/* Raises the limits so that they cover every pass of the batch. */
void zg_passes_include(struct zg_engine_limits *limits, const struct zg_batch *batch,
                       int64_t max_rows);

/* Lowers limits that cover a batch to what its passes can have, whichever examples it has: none
 * has more than max_example_tokens. */
void zg_passes_cap(struct zg_engine_limits *limits, int64_t max_example_tokens, int64_t max_rows);

/* The losses [n_probes] of a batch, n_probes <= ZG_MAX_PROBES.  Allocates nothing.  What score()
 * returns. */
enum zg_status zg_passes_loss(const struct zg_engine *engine, struct zg_engine_state *state,
                              const struct zg_batch *batch, int64_t max_rows,
                              const struct zg_probe *probes, int64_t n_probes, double *loss,
                              struct zg_error *err);

/* Room for what score() gives back of one pass besides losses. */
struct zg_passes {
    double *loss;         /* [max_probes] */
    double *example_loss; /* [max_probes][max_examples] */
    double *option_score; /* [max_probes][max_options] */
    int64_t max_probes, max_examples, max_options;
};

/* For passes inside the limits.  ZG_ENV: no memory. */
enum zg_status zg_passes_open(struct zg_passes *out, const struct zg_engine_limits *limits,
                              struct zg_error *err);
/* Fine on one that failed to open or is all zero. */
void zg_passes_close(struct zg_passes *passes);

/* As score() on the whole batch: every array that *out has is filled, in the batch's order, but
 * next_token, which stays as it is.  ZG_USAGE too where a pass exceeds what the room was opened
 * for. */
enum zg_status zg_passes_score(struct zg_passes *passes, const struct zg_engine *engine,
                               struct zg_engine_state *state, const struct zg_batch *batch,
                               int64_t max_rows, const struct zg_probe *probes, int64_t n_probes,
                               struct zg_scores *out, struct zg_error *err);

ZG_PUBLIC_END

#endif
