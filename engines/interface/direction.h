/*
 * direction.h - materialises the factors of a direction (zo.h) for one tensor, or a tile of a dense
 * one.
 */
#ifndef ZG_INTERFACE_DIRECTION_H
#define ZG_INTERFACE_DIRECTION_H

#include "engines/zo.h"

/* As messages say it: "low-rank". */
const char *zg_direction_kind_name(enum zg_direction_kind kind);

/* Columns of U and V; 0 where the kind has no factors, whatever `rank` says. */
int64_t zg_direction_rank(const struct zg_direction *direction);

/* U rows row_begin .. +n_rows-1 of the tensor: u [n_rows][rank], not scaled. */
void zg_direction_u(const struct zg_direction *direction, int32_t tensor, int64_t row_begin,
                    int64_t n_rows, float *u);
/* V rows row_begin .. +n_rows-1: v [n_rows][rank]. */
void zg_direction_v(const struct zg_direction *direction, int32_t tensor, int64_t row_begin,
                    int64_t n_rows, float *v);
/* Columns col_begin .. +n_cols-1 of row `row` of D itself, scale included, of a tensor with ld
 * columns; dense and Rademacher kinds. */
void zg_direction_row_dense(const struct zg_direction *direction, int32_t tensor, int64_t row,
                            int64_t col_begin, int64_t n_cols, int64_t ld, float *d);

/* Is the tensor in the scope?  ZG_SCOPE_LINEAR: the weights of linear layers, as the family's table
 * has them (tensors.h); of OPT q, k, v, out, fc1, fc2. */
bool zg_scope_includes(enum zg_scope scope, const struct zg_model_shape *shape, int32_t tensor);
/* Does the direction perturb the tensor: is it in its scope, and of its layers? */
bool zg_direction_includes(const struct zg_direction *direction, const struct zg_model_shape *shape,
                           int32_t tensor);
/* Has it layers of its own? */
static inline bool zg_direction_has_layers(const struct zg_direction *direction)
{
    return direction->layers.begin != 0 || direction->layers.end != 0;
}

/* ZG_USAGE where the announced directions are malformed, are not of the engine's kinds or
 * scopes, exceed the limits (low-rank ones of several V need feature own_v), or name layers that
 * the model does not have apart. */
enum zg_status zg_directions_check(const struct zg_engine *engine,
                                   const struct zg_engine_limits *limits,
                                   const struct zg_model_shape *shape,
                                   const struct zg_direction *directions, int64_t n,
                                   struct zg_error *err);

#endif
