/* case_id.c - the case columns of an engine's rows, from the case and the engine alone. */
#include "harness/request/case_id.h"

#include "harness/rows/precision.h"

void zg_case_id(const struct zg_case *c, const struct zg_engine_item *item, int64_t n_threads,
                struct zg_case_row *out)
{
    const struct zg_engine_options options =
        zg_engine_item_options(item, c->dtype, c->dtype_d, n_threads);
    *out = (struct zg_case_row){
        .engine = item->label,
        .model = c->model,
        .task = c->task,
        .objective = zg_objective_name((enum zg_objective)c->objective),
        .algorithm = c->algorithm_text,
        .dtype = zg_dtypes_name(options.dtype, options.dtype_d),
        .scope = c->scope == ZG_SCOPE_FULL ? "full" : "linear",
        .split = zg_split_name((enum zg_split)c->split),
        .batch = c->batch,
        .bos = c->bos,
        .row_limit = c->limit ? c->limit : ZG_NO_INTEGER,
        .threads = options.n_threads,
        .seed = (int64_t)c->seed,
        .synthetic = ZG_NO_INTEGER,
        .layers_resident = c->layers_resident ? c->layers_resident : ZG_NO_INTEGER,
    };
}
