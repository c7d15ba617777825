/* block_plan.c - the plan as JSON, and which of its blocks samples.csv has whole. */
#include "harness/store/block_plan.h"

#include <stdlib.h>
#include <string.h>

json_t *zg_block_plan_json(const struct zg_block_plan *plan)
{
    json_t *const engines = json_array();
    for (int64_t i = 0; i < plan->n_engines; i++)
        json_array_append_new(engines, json_string(plan->engines[i]));
    return json_pack("{s:I, s:I, s:b, s:o}", "blocks", (json_int_t)plan->n_blocks, "steps",
                     (json_int_t)plan->n_steps, "width_reached", plan->width_reached, "engines",
                     engines);
}

bool zg_block_plan_read(struct zg_block_plan *out, const json_t *json)
{
    const json_t *const engines = json_object_get(json, "engines");
    *out = (struct zg_block_plan){
        .n_blocks = json_integer_value(json_object_get(json, "blocks")),
        .n_steps = json_integer_value(json_object_get(json, "steps")),
        .width_reached = json_is_true(json_object_get(json, "width_reached")),
        .n_engines = (int64_t)json_array_size(engines),
    };
    if (out->n_blocks < 1 || out->n_steps < 1 || out->n_engines < 1 ||
        out->n_engines > ZG_MAX_ENGINES)
        return false;
    for (int64_t i = 0; i < out->n_engines; i++) {
        out->engines[i] = json_string_value(json_array_get(engines, (size_t)i));
        if (!out->engines[i])
            return false;
    }
    return true;
}

enum zg_status zg_block_plan_there(const struct zg_csv_in *samples, const struct zg_case_row *rows,
                                   int64_t n_rows, int64_t n_planned, int64_t *n,
                                   struct zg_error *err)
{
    const struct zg_sample_row *const all = samples->rows;
    const int64_t n_all = samples->n;
    const int64_t most = n_planned < n_all ? n_planned : n_all; /* a block has a row or more */
    *n = 0;
    uint32_t *const found = calloc((size_t)most + 1, sizeof *found); /* a bit for each engine */
    if (!found)
        return zg_fail(err, ZG_ENV, "no memory for %lld blocks", (long long)most);
    for (int64_t s = 0; s < n_all; s++)
        for (int64_t i = 0; i < n_rows && all[s].block >= 0 && all[s].block < most; i++)
            if (zg_case_row_same(&all[s].id, &rows[i]))
                found[all[s].block] |= UINT32_C(1) << i;
    while (*n < most && found[*n] == (UINT32_C(1) << n_rows) - 1)
        ++*n;
    free(found);
    return ZG_OK;
}
