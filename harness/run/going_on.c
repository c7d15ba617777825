/* going_on.c - goes on with a case that was cut off: its plan from meta.json, and from samples.csv
 * the blocks that are whole. */
#include <stdlib.h>
#include <string.h>

#include "harness/run/measure_work.h"

/* Takes the plan of a run that was cut off into the new entry of the case.  Its engines must be the
 * ones that agree now, or its blocks would not be whole. */
enum zg_status zg_measure_take_plan(struct zg_measure_work *w, json_t *plan, struct zg_error *err)
{
    if (!zg_block_plan_read(&w->plan, plan)) {
        w->plan = (struct zg_block_plan){0};
        return ZG_OK;
    }
    json_object_set(w->case_meta, "plan", plan);
    bool same = w->plan.n_engines == w->n_subjects;
    for (int64_t s = 0; s < w->n_subjects && same; s++)
        same = !strcmp(w->plan.engines[s], w->bench.contenders[w->subjects[s]].item->label);
    return same ? ZG_OK
                : zg_fail(err, ZG_CHECK,
                          "--resume: %s: the engines that agree are not those that were timed; "
                          "choose another directory",
                          w->m->results->dir);
}

/* The records of the blocks that are there, from their rows in samples.csv.  What a step works on
 * is in no row: each engine takes a span again, off the clock. */
enum zg_status zg_measure_take_blocks(struct zg_measure_work *w, struct zg_error *err)
{
    const struct zg_csv_in *const in = w->m->results->old_samples;
    const struct zg_sample_row *const rows = in ? in->rows : NULL;
    const int64_t n_counters = in ? in->n_extra : 0;
    struct zg_case_row ids[ZG_MAX_ENGINES];
    double *const counters = calloc((size_t)n_counters + 1, sizeof *counters);
    enum zg_status status = counters ? ZG_OK : zg_fail(err, ZG_ENV, "no memory for counters");
    for (int64_t s = 0; s < w->n_subjects; s++)
        ids[s] = w->bench.contenders[w->subjects[s]].id;
    if (!status && in)
        status =
            zg_block_plan_there(in, ids, w->n_subjects, w->plan.n_blocks, &w->n_blocks_before, err);
    if (!status)
        status = zg_measure_grow_blocks(w, w->n_blocks_before, err);
    for (int64_t s = 0; s < w->n_subjects && w->n_blocks_before > 0 && !status; s++)
        status = zg_measure_run_steps(&w->contexts[s], w->n_steps, err);
    for (int64_t i = 0; in && i < in->n && !status; i++)
        for (int64_t s = 0; s < w->n_subjects; s++) {
            const struct zg_sample_row *const row = &rows[i];
            if (row->block >= w->n_blocks_before || !zg_case_row_same(&row->id, &ids[s]))
                continue;
            for (int64_t e = 0; e < n_counters; e++)
                counters[e] = in->extra[i * in->n_extra + e];
            zg_measure_record(w, s, row, counters);
        }
    free(counters);
    return status;
}
