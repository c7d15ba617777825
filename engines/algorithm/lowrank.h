/* lowrank.h - the low-rank direction of a step, which several algorithms have. */
#ifndef ZG_ALGORITHM_LOWRANK_H
#define ZG_ALGORITHM_LOWRANK_H

#include "engines/algorithm/algorithm.h"

/* Query 0's direction: U of seed (seed, step), V of (seed, step / period), scaled as
 * direction-scale says, or by 1/sqrt(rank) where the algorithm has no such option. */
struct zg_direction zg_lowrank_direction(const struct zg_algorithm_choice *choice, uint64_t step,
                                         enum zg_direction_kind kind);

/* zg_queries_need(), and the rank; the kind's bit. */
uint32_t zg_lowrank_need(const struct zg_algorithm_choice *choice, enum zg_direction_kind kind,
                         struct zg_engine_limits *limits);

#endif
