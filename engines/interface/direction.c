/* direction.c - factors and rows of directions from the counter-based streams; see zo.h for the
 * mapping. */
#include "engines/interface/direction.h"

#include <assert.h>
#include <math.h>

#include "engines/base/philox.h"
#include "engines/base/size.h"

static bool is_lowrank(enum zg_direction_kind kind)
{
    return kind == ZG_DIRECTION_LOWRANK || kind == ZG_DIRECTION_FACTORISED;
}

int64_t zg_direction_rank(const struct zg_direction *direction)
{
    return is_lowrank(direction->kind) ? direction->rank : 0;
}

void zg_direction_u(const struct zg_direction *direction, int32_t tensor, int64_t row_begin,
                    int64_t n_rows, float *u)
{
    zg_philox_normal(direction->seed_u, tensor, ZG_STREAM_U, row_begin * direction->rank,
                     n_rows * direction->rank, u);
}

void zg_direction_v(const struct zg_direction *direction, int32_t tensor, int64_t row_begin,
                    int64_t n_rows, float *v)
{
    zg_philox_normal(direction->seed_v, tensor, ZG_STREAM_V, row_begin * direction->rank,
                     n_rows * direction->rank, v);
}

void zg_direction_row_dense(const struct zg_direction *direction, int32_t tensor, int64_t row,
                            int64_t col_begin, int64_t n_cols, int64_t ld, float *d)
{
    assert(direction->kind == ZG_DIRECTION_DENSE || direction->kind == ZG_DIRECTION_RADEMACHER);
    const int64_t begin = row * ld + col_begin;
    if (direction->kind == ZG_DIRECTION_DENSE) {
        zg_philox_normal(direction->seed_u, tensor, ZG_STREAM_DENSE, begin, n_cols, d);
        for (int64_t col = 0; col < n_cols; col++)
            d[col] *= direction->scale;
        return;
    }
    uint32_t words[256];
    for (int64_t col = 0; col < n_cols; col += 256) {
        const int64_t n = zg_min64(256, n_cols - col);
        zg_philox_words(direction->seed_u, tensor, ZG_STREAM_DENSE, begin + col, n, words);
        for (int64_t i = 0; i < n; i++)
            d[col + i] = words[i] & 1u ? -direction->scale : direction->scale;
    }
}

bool zg_scope_includes(enum zg_scope scope, const struct zg_model_shape *shape, int32_t tensor)
{
    if (scope == ZG_SCOPE_FULL)
        return true;
    const struct zg_tensor *const line = zg_tensor_at(shape, tensor);
    return line && line->is_linear;
}

bool zg_direction_includes(const struct zg_direction *direction, const struct zg_model_shape *shape,
                           int32_t tensor)
{
    const int64_t layer = zg_tensor_layer_of(tensor);
    if (!zg_scope_includes(direction->scope, shape, tensor))
        return false;
    return !zg_direction_has_layers(direction) ||
           (layer >= direction->layers.begin &&
            (direction->layers.end == 0 || layer < direction->layers.end));
}

const char *zg_direction_kind_name(enum zg_direction_kind kind)
{
    static const char *const names[] = {"low-rank", "dense", "factorised", "Rademacher"};
    return names[kind];
}

static enum zg_status check_one(const struct zg_engine *engine,
                                const struct zg_engine_limits *limits,
                                const struct zg_direction *direction, int64_t index,
                                struct zg_error *err)
{
    const long long i = (long long)index;
    if ((unsigned)direction->kind > ZG_DIRECTION_RADEMACHER)
        return zg_fail(err, ZG_USAGE, "direction %lld: kind %d does not exist", i,
                       (int)direction->kind);
    if ((unsigned)direction->scope > ZG_SCOPE_FULL)
        return zg_fail(err, ZG_USAGE, "direction %lld: scope %d does not exist", i,
                       (int)direction->scope);
    if (!(engine->direction_kinds & 1u << direction->kind))
        return zg_fail(err, ZG_USAGE, "direction %lld: engine %s has no %s directions", i,
                       engine->name, zg_direction_kind_name(direction->kind));
    if (!(engine->scopes & 1u << direction->scope))
        return zg_fail(err, ZG_USAGE, "direction %lld: engine %s has no scope %s", i, engine->name,
                       direction->scope == ZG_SCOPE_FULL ? "full" : "linear");
    if (!isfinite(direction->scale) || direction->scale == 0.0f)
        return zg_fail(err, ZG_USAGE, "direction %lld: scale %g; it must be finite and not 0", i,
                       (double)direction->scale);
    if (is_lowrank(direction->kind) && (direction->rank < 1 || direction->rank > limits->max_rank))
        return zg_fail(err, ZG_USAGE,
                       "direction %lld: rank %lld; the engine was opened for 1 to %lld", i,
                       (long long)direction->rank, (long long)limits->max_rank);
    return ZG_OK;
}

static enum zg_status layers_check(const struct zg_direction *direction,
                                   const struct zg_direction *first,
                                   const struct zg_model_shape *shape, int64_t index,
                                   struct zg_error *err)
{
    const struct zg_layer_range layers = direction->layers;
    const long long i = (long long)index, n_layers = (long long)shape->n_layers;
    if (layers.begin != first->layers.begin || layers.end != first->layers.end)
        return zg_fail(err, ZG_USAGE, "direction %lld: all directions of a step share their layers",
                       i);
    if (!zg_direction_has_layers(direction))
        return ZG_OK;
    if (layers.begin < 0 || layers.begin >= n_layers || layers.end > n_layers ||
        (layers.end != 0 && layers.end <= layers.begin))
        return zg_fail(err, ZG_USAGE,
                       "direction %lld: layers from %lld to before %lld; the model has 0 to %lld",
                       i, (long long)layers.begin, (long long)(layers.end ? layers.end : n_layers),
                       n_layers - 1);
    if (direction->scope != ZG_SCOPE_LINEAR)
        return zg_fail(err, ZG_USAGE,
                       "direction %lld: scope full with layers of its own, which go with scope "
                       "linear",
                       i);
    if (zg_shape_n_resident(shape) < shape->n_layers)
        return zg_fail(err, ZG_USAGE,
                       "direction %lld: layers of its own, where %lld repeat up to the depth of "
                       "%lld",
                       i, (long long)zg_shape_n_resident(shape), n_layers);
    return ZG_OK;
}

enum zg_status zg_directions_check(const struct zg_engine *engine,
                                   const struct zg_engine_limits *limits,
                                   const struct zg_model_shape *shape,
                                   const struct zg_direction *directions, int64_t n,
                                   struct zg_error *err)
{
    if (n < 1 || n > limits->max_directions)
        return zg_fail(err, ZG_USAGE, "%lld directions; the engine was opened for 1 to %lld",
                       (long long)n, (long long)limits->max_directions);
    const bool own_v = (limits->features & ZG_FEATURE_BIT(ZG_F_OWN_V)) != 0;
    const struct zg_direction *first = NULL; /* of the low-rank ones */
    for (int64_t i = 0; i < n; i++) {
        const struct zg_direction *direction = &directions[i];
        enum zg_status status = check_one(engine, limits, direction, i, err);
        if (status == ZG_OK)
            status = layers_check(direction, directions, shape, i, err);
        if (status != ZG_OK)
            return status;
        if (!is_lowrank(direction->kind))
            continue;
        if (first && direction->rank != first->rank)
            return zg_fail(err, ZG_USAGE,
                           "direction %lld: all low-rank directions of a step share their rank",
                           (long long)i);
        if (first && direction->seed_v != first->seed_v && !own_v)
            return zg_fail(err, ZG_USAGE,
                           "direction %lld: all low-rank directions of a step share seed_v, unless "
                           "the engine was opened for %s",
                           (long long)i, zg_feature_words(ZG_F_OWN_V));
        first = first ? first : direction;
    }
    return ZG_OK;
}
