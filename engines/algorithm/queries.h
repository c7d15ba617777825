/*
 * queries.h - what algorithms of differences of losses along random directions share: the questions
 * of one or two sides and several queries, and their gradients, from the options of options.h.
 */
#ifndef ZG_ALGORITHM_QUERIES_H
#define ZG_ALGORITHM_QUERIES_H

#include "engines/algorithm/algorithm.h"

/* Raises the limits to the probes and directions of the queries, adds the features of `basis` and
 * `wd`.  It leaves max_rank alone. */
void zg_queries_need(const struct zg_algorithm_choice *choice, struct zg_engine_limits *limits);

/*
 * Directions like `first`, which is query 0's, and their probes.  The i-th has seed_u derived from
 * (first's, i) and the same V, or under basis=own one of seed_v derived from (first's, i).
 *
 *     sides=two    0 +eps, 0 -eps, 1 +eps, 1 -eps, ...
 *     sides=one    0 +eps, clean,  1 +eps, 2 +eps, ...
 */
void zg_queries_ask(const struct zg_algorithm_choice *choice, const struct zg_direction *first,
                    struct zg_question *out);
/* Adds for each query a direction of its V that the update goes along in its place. */
void zg_queries_ask_others(struct zg_question *question);

/* Gradients from the losses, and updates: coefficient `rate` times the mean's share, along the
 * queries' directions, or those of zg_queries_ask_others().  Sets the step's weight decay. */
void zg_queries_answer(const struct zg_algorithm_choice *choice, uint64_t step, double rate,
                       const struct zg_question *question, const double *loss,
                       struct zg_answer *out);

#endif
