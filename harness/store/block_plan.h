/*
 * block_plan.h - what a case is going to take, written to meta.json before its first sample; and
 * how much of it a directory has, so that a run that was cut off goes on with the missing blocks.
 *
 * A block is there when each engine of the plan has its sample.  Blocks are taken one after the
 * other, so what is there is 0 .. n - 1; the one that was cut off is taken again, whole: its ratios
 * are of times that follow each other.
 */
#ifndef ZG_HARNESS_BLOCK_PLAN_H
#define ZG_HARNESS_BLOCK_PLAN_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/rows/case_row.h"
#include "harness/rows/csv_in.h"
#include "harness/rows/schema.h"

struct zg_block_plan {
    int64_t n_blocks;
    int64_t n_steps;    /* of a sample */
    bool width_reached; /* by so many blocks: sampler.h */
    int64_t n_engines;
    const char *engines[ZG_MAX_ENGINES]; /* labels of those that are timed; borrowed */
};

/* {"blocks", "steps", "width_reached", "engines"}; NULL: no memory. */
json_t *zg_block_plan_json(const struct zg_block_plan *plan);

/* False where that is no plan, NULL included.  The labels live as long as the document. */
bool zg_block_plan_read(struct zg_block_plan *out, const json_t *json);

/* *n: the leading blocks, n_planned at most, of which every one of rows[n_rows] has its sample. */
enum zg_status zg_block_plan_there(const struct zg_csv_in *samples, const struct zg_case_row *rows,
                                   int64_t n_rows, int64_t n_planned, int64_t *n,
                                   struct zg_error *err);

#endif
