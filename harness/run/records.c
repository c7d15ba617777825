/* records.c - what a span of a subject leaves behind: the work of its steps, and the record of its
 * block, from which the summary is made. */
#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"
#include "harness/run/measure_work.h"

/* Each span starts at the set's first batch; directions go on from step to step.  The amounts
 * are added up inside the span, a copy of 300 bytes a step. */
enum zg_status zg_measure_run_steps(void *context, int64_t n_steps, struct zg_error *err)
{
    struct subject_context *const subject = context;
    struct zg_contender *const contender = subject->contender;
    struct zg_step step;
    memset(subject->amounts, 0, sizeof subject->amounts);
    for (int64_t i = 0; i < n_steps; i++) {
        contender->next_batch = (uint64_t)(subject->set->first + i % subject->set->n);
        const enum zg_status status = zg_bench_step(contender, subject->choice, &step, err);
        if (status)
            return zg_fail_within(err, status, "engine %s", contender->item->label);
        struct zg_cost cost = {0};
        contender->item->engine->cost(contender->state, &cost);
        subject->amounts[USEFUL_FLOPS] += cost.useful_flops;
        subject->amounts[EXECUTED_FLOPS] += cost.executed_flops;
        subject->amounts[ROWS] += (double)cost.n_rows;
    }
    return ZG_OK;
}

enum zg_status zg_measure_grow_blocks(struct zg_measure_work *w, int64_t n, struct zg_error *err)
{
    if (n <= w->capacity)
        return ZG_OK;
    const int64_t capacity = zg_max64(n, 2 * w->capacity + 64);
    struct block_record *const blocks =
        realloc(w->blocks, (size_t)(capacity * w->n_contenders) * sizeof *blocks);
    if (!blocks)
        return zg_fail(err, ZG_ENV, "no memory for %lld blocks", (long long)capacity);
    w->blocks = blocks;
    w->capacity = capacity;
    return ZG_OK;
}

void zg_measure_record(struct zg_measure_work *w, int64_t s, const struct zg_sample_row *row,
                       const double *counters)
{
    const struct subject_context *const subject = &w->contexts[s];
    struct block_record *const record = &w->blocks[row->block * w->n_contenders + w->subjects[s]];
    w->n_disturbed += row->disturbed == 1;
    record->n_steps = row->steps;
    record->wall_s_per_step = row->wall_s_per_step;
    record->disturbed = row->disturbed == 1;
    record->beside = (struct measured_beside){row->fma_gflops, row->handoff_ns};
    record->derived =
        zg_counters_derive(w->m->counters, counters, row->cpu_s_per_step * (double)row->steps,
                           subject->amounts[EXECUTED_FLOPS]);
    for (int a = 0; a < N_AMOUNTS; a++)
        record->amounts[a] = subject->amounts[a] / (double)row->steps;
}
