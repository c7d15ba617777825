/* entry.c - an engine's options and the identity of its rows, from case and engine alone. */
#include "harness/request/entry.h"

#include "harness/rows/precision.h"

void zg_entry_make(struct zg_entry *out, const struct zg_case *c, const struct zg_engine_item *item,
                   int64_t n_threads)
{
    struct zg_engine_options options = zg_engine_item_options(item, c->dtype, c->dtype_d);
    options.n_threads = n_threads;
    out->item = item;
    out->options = options;
    out->id = (struct zg_case_row){
        .engine = item->label,
        .model = c->model_name ? c->model_name : c->model,
        .task = c->task_name ? c->task_name : c->task,
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

bool zg_entry_keeps_bank(const struct zg_entry *entry)
{
    return entry->options.mechanisms & ZG_MECHANISM_BIT(ZG_M_BANK);
}

bool zg_entry_writes_weights(const struct zg_entry *entry)
{
    return !(entry->options.mechanisms & ZG_MECHANISM_BIT(ZG_M_ADAPTER));
}

bool zg_entry_is_low(const struct zg_entry *entry)
{
    return entry->options.dtype != ZG_FP32 || entry->options.dtype_d != ZG_FP32;
}
