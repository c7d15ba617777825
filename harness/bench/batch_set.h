/*
 * batch_set.h - the batches that every sample of a case runs: the same in every block and engine.
 *
 * What a batch costs depends on its lengths, and not in the same measure for every engine: a loop
 * pays for padding.  In a run of 16 short sentences a batch, the ratio of two engines' times went
 * from 6 to 18 from batch to batch, noise included.  If each block had batches of its own, that
 * spread would be most of an interval's width, and the median of ratios of single batches would
 * estimate nothing that a user asks for.  So a span runs the whole set, its time is that of the
 * set, and a ratio is one of total times; between blocks only the machine differs.
 *
 * The set is chosen for being like the rest, from the data alone, before any clock runs: those n
 * consecutive ones of the batches drawn whose padded tokens and useful FLOPs are nearest to the
 * mean of all of them.
 */
#ifndef ZG_HARNESS_BATCH_SET_H
#define ZG_HARNESS_BATCH_SET_H

#include "harness/bench/bench.h"

struct zg_batch_set {
    int64_t first, n; /* batches first .. first + n - 1 of those drawn */
    /* Means over the set, and over all batches drawn: how like the rest it is. */
    double padded_tokens, padded_tokens_all;
    double useful_flops, useful_flops_all;
};

/* n_steps per span: the set has that many batches, or all that were drawn where those are fewer
 * (the span then meets them again).  ZG_ENV: no memory. */
enum zg_status zg_batch_set_choose(const struct zg_bench *bench, int64_t n_steps,
                                   struct zg_batch_set *out, struct zg_error *err);

#endif
