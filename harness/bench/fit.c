/* fit.c - dtypes, scopes and directions from the engines' declarations, memory from the table of
 * tensors, and one small layer to see what the machine lacks. */
#include "harness/bench/fit.h"

#include "engines/base/plural.h"
#include "engines/base/size.h"
#include "engines/interface/direction.h"
#include "harness/machine/memory.h"
#include "harness/request/offered.h"
#include "harness/rows/precision.h"

/* What the algorithm's steps ask for. */
static enum zg_status fit_algorithm(const struct zg_case *c, const struct zg_engine_item *item,
                                    uint32_t kinds, uint32_t features, struct zg_error *err)
{
    char text[ZG_ALGORITHM_TEXT], has[128];
    const uint32_t no_kinds = kinds & ~item->engine->direction_kinds;
    const uint32_t no_features = features & ~item->engine->features;
    if (no_kinds) {
        const enum zg_direction_kind kind = (enum zg_direction_kind)__builtin_ctz(no_kinds);
        return zg_fail(err, ZG_USAGE, "--algorithm %s: engine %s has no %s directions; %s",
                       c->algorithm.algorithm->name, item->label, zg_direction_kind_name(kind),
                       zg_offered_kind(kind, has, sizeof has));
    }
    if (no_features) {
        const enum zg_feature feature = (enum zg_feature)__builtin_ctz(no_features);
        return zg_fail(err, ZG_USAGE, "--algorithm %s: engine %s has no %s; %s",
                       zg_algorithm_text(&c->algorithm, text), item->label,
                       zg_feature_words(feature), zg_offered_feature(feature, has, sizeof has));
    }
    return ZG_OK;
}

enum zg_status zg_fit_case(const struct zg_case *c, const struct zg_entry *entries, int64_t n,
                           struct zg_error *err)
{
    struct zg_engine_limits limits = {0};
    const struct zg_algorithm_choice choice = zg_case_algorithm(c);
    const uint32_t kinds = zg_algorithm_needs(&choice, &limits);
    for (int64_t i = 0; i < n; i++) {
        const struct zg_engine_item *const item = entries[i].item;
        const enum zg_status status =
            zg_engine_options_check(item->engine, &entries[i].options, err);
        if (status && !item->has_dtype && c->dtype != ZG_FP32)
            return zg_fail_within(err, status, "--dtype %s", zg_dtypes_name(c->dtype, c->dtype_d));
        if (status)
            return status;
        if (!(item->engine->scopes & (1u << c->scope))) {
            char has[128];
            return zg_fail(err, ZG_USAGE, "--scope %s: engine %s does not have it; %s",
                           c->scope == ZG_SCOPE_FULL ? "full" : "linear", item->label,
                           zg_offered_scope((enum zg_scope)c->scope, has, sizeof has));
        }
        const enum zg_status fits = fit_algorithm(c, item, kinds, limits.features, err);
        if (fits)
            return fits;
    }
    return ZG_OK;
}

enum zg_status zg_fit_try(const struct zg_engine *engine, const struct zg_engine_options *options,
                          struct zg_error *err)
{
    const struct zg_model_shape shape = {.n_layers = 1,
                                         .d_model = 16,
                                         .n_heads = 1,
                                         .d_ffn = 16,
                                         .n_vocab = 16,
                                         .n_positions = 16,
                                         .tied_head = true};
    struct zg_engine_options one = *options;
    one.n_threads = 1; /* the team is not pinned yet, or must not change its size */
    struct zg_model *model = NULL;
    struct zg_engine_state *state = NULL;
    enum zg_status status = zg_model_open_shape(&model, "a small layer", &shape, 1, err);
    if (!status)
        status = engine->open(&state, model, &one, err);
    engine->close(&state);
    zg_model_close(&model);
    return status;
}

double zg_fit_weight_bytes(const struct zg_model *model, const struct zg_engine *engine,
                           enum zg_dtype dtype, enum zg_dtype dtype_d)
{
    const struct zg_model_shape *const shape = zg_model_shape(model);
    const int64_t linear = zg_dtype_bytes(dtype) + (dtype == dtype_d ? 0 : zg_dtype_bytes(dtype_d));
    const int64_t table = zg_dtype_bytes(engine->low_tables ? dtype : ZG_FP32);
    double bytes = 0;
    for (int32_t id = 0; id < zg_tensor_end(zg_shape_n_resident(shape)); id++) {
        int64_t n_rows, n_cols;
        const struct zg_tensor *const tensor = zg_tensor_at(shape, id);
        if (!zg_model_tensor_size(shape, id, &n_rows, &n_cols) || zg_tensor_owner(shape, id) != id)
            continue;
        const int64_t each = tensor->is_linear  ? linear
                             : tensor->is_table ? table
                                                : zg_dtype_bytes(ZG_FP32);
        bytes += (double)(n_rows * n_cols) * (double)each;
    }
    return bytes;
}

int64_t zg_fit_max_rows(const struct zg_case *c, const struct zg_model *model, int64_t max_probes)
{
    enum { LEAST = 1 << 12, MOST = 1 << 20 };
    if (c->max_rows > 0)
        return c->max_rows;
    const struct zg_model_shape *const shape = zg_model_shape(model);
    const int64_t d = shape->d_model;
    /* residual stream, its norm, attention's output; and q, k, v or the MLP's inner row */
    const double floats = 3.0 * (double)d + (double)zg_max64(3 * d, shape->d_ffn);
    const double row_bytes = floats * sizeof(float) * (double)zg_max64(1, max_probes);
    const double weights = zg_fit_weight_bytes(model, zg_engine_at(0), ZG_FP32, ZG_FP32);
    const double budget = (zg_memory_available_mib() * 1048576.0 - 2.0 * weights) / 4.0;
    int64_t rows = LEAST;
    while (rows < MOST && !(2.0 * (double)rows * row_bytes > budget)) /* NaN: not known */
        rows *= 2;
    return rows;
}

enum zg_status zg_fit_memory(const struct zg_case *c, const struct zg_model *model,
                             const struct zg_entry *entries, int64_t n, struct zg_error *err)
{
    double bytes = 0;
    for (int64_t i = 0; i < n; i++)
        bytes += zg_fit_weight_bytes(model, entries[i].item->engine, entries[i].options.dtype,
                                     entries[i].options.dtype_d);
    const double need_mib = bytes / 1048576.0, have_mib = zg_memory_available_mib();
    if (have_mib < need_mib)
        return zg_fail(
            err, ZG_ENV,
            "--model %s: the weights take at least %.0f MiB in %lld engine%s, and %.0f "
            "MiB are free; take a smaller model, --layers-resident, fewer --engines, or fewer "
            "rungs in a ladder's --order",
            c->model, need_mib, (long long)n, zg_plural(n), have_mib);
    return ZG_OK;
}
