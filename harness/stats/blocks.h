/*
 * blocks.h - the rules of an interleaved measurement, as functions of numbers alone: in which order
 * a block runs its subjects, when they are warm, how many blocks an interval needs.
 */
#ifndef ZG_HARNESS_BLOCKS_H
#define ZG_HARNESS_BLOCKS_H

#include <stdint.h>

#include "engines/api.h"

ZG_PUBLIC_BEGIN

/* The order of a block: order[i] is the subject that runs i-th.  A Fisher-Yates shuffle of the
 * words of Philox keyed by zg_seed_derive(seed, block); each order equally likely to within
 * 2^-32. */
void zg_block_order(uint64_t seed, int64_t block, int64_t n_subjects, int64_t *order);

/* Number of leading spans that are warm-up: the least i >= 1 such that spans i and i + 1 are both
 * at least 0.98 times the fastest of spans 0 .. i - 1; -1 if there is no such i yet. */
int64_t zg_warmup_end(const double *s_per_step, int64_t n);

/* Blocks that bring the half-width of the interval of a median ratio with relative deviation
 * `spread` down to `width`: (1.96 * sqrt(pi / 2) * spread / width)^2, rounded up to a number
 * whose exact interval covers no more than 96.2 %, kept within min_blocks .. max_blocks. */
int64_t zg_blocks_plan(double spread, double width, int64_t min_blocks, int64_t max_blocks);

ZG_PUBLIC_END

#endif
