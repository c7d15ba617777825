/* tensors.c - finds tensors in their family's table: sizes, Hugging Face names, counts.  No weights
 * here. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engines/base/size.h"
#include "engines/model/family.h"
#include "engines/model/source.h"

static const struct zg_family_table *table_of(const struct zg_model_shape *shape)
{
    static const struct zg_family_table *const tables[ZG_N_FAMILIES] = {
        [ZG_FAMILY_OPT] = &zg_family_opt,
    };
    return tables[shape->family];
}

const struct zg_tensor *zg_tensor_at(const struct zg_model_shape *shape, int32_t id)
{
    if (id < 0 || id >= zg_tensor_end(zg_shape_n_resident(shape)))
        return NULL;
    const struct zg_family_table *const table = table_of(shape);
    const struct zg_tensor *const tensors =
        zg_tensor_layer_of(id) < 0 ? table->globals : table->kinds;
    const struct zg_tensor *const tensor = &tensors[id % ZG_N_TENSOR_KINDS];
    return tensor->name ? tensor : NULL;
}

int32_t zg_tensor_bias(const struct zg_model_shape *shape, int32_t id)
{
    const struct zg_tensor *const tensor = zg_tensor_at(shape, id);
    return tensor && tensor->bias ? id - id % ZG_N_TENSOR_KINDS + tensor->bias : -1;
}

int32_t zg_tensor_owner(const struct zg_model_shape *shape, int32_t id)
{
    return id == ZG_T_HEAD && shape->tied_head ? ZG_T_EMBED_TOKENS : id;
}

static int64_t extent(const struct zg_model_shape *shape, enum zg_extent which)
{
    switch (which) {
    case ZG_EXTENT_D_MODEL:
        return shape->d_model;
    case ZG_EXTENT_D_FFN:
        return shape->d_ffn;
    case ZG_EXTENT_N_VOCAB:
        return shape->n_vocab;
    case ZG_EXTENT_POSITIONS:
        return shape->n_positions + ZG_POSITION_OFFSET;
    case ZG_EXTENT_ONE:
        break;
    }
    return 1;
}

bool zg_model_tensor_size(const struct zg_model_shape *shape, int32_t id, int64_t *n_rows,
                          int64_t *n_cols)
{
    const struct zg_tensor *const tensor = zg_tensor_at(shape, id);
    if (!tensor)
        return false;
    *n_rows = extent(shape, tensor->rows);
    *n_cols = extent(shape, tensor->cols);
    return true;
}

int64_t zg_model_max_cols(const struct zg_model_shape *shape)
{
    int64_t most = 0, n_rows, n_cols;
    for (int32_t id = 0; id < zg_tensor_end(1); id++) /* all layers have the same */
        if (zg_model_tensor_size(shape, id, &n_rows, &n_cols))
            most = zg_max64(most, n_cols);
    return most;
}

/* ---- names ----------------------------------------------------------------------------------- */

void zg_model_tensor_name(const struct zg_model_shape *shape, int32_t id, char *name, size_t size)
{
    const struct zg_tensor *const tensor = zg_tensor_at(shape, id);
    if (!tensor)
        snprintf(name, size, "?");
    else if (zg_tensor_layer_of(id) < 0)
        snprintf(name, size, "%s", tensor->name);
    else
        snprintf(name, size, "%s%" PRId64 ".%s", table_of(shape)->layers, zg_tensor_layer_of(id),
                 tensor->name);
}

/* Files have names with and without the prefix. */
static const char *without_prefix(const char *name)
{
    return strncmp(name, "model.", 6) == 0 ? name + 6 : name;
}

/* Reads a layer number in its only spelling ("7", not "07" or "+7"); -1 if there is none below
 * n_layers. */
static int64_t parse_layer(const char *text, int64_t n_layers, const char **end)
{
    int64_t layer = 0;
    const char *c = text;
    for (; *c >= '0' && *c <= '9' && layer < n_layers; c++)
        layer = 10 * layer + (*c - '0');
    *end = c;
    const bool spelled = c != text && (text[0] != '0' || c == text + 1);
    return spelled && layer < n_layers ? layer : -1;
}

static bool is_named(const struct zg_tensor *tensor, const char *bare)
{
    return tensor->name && (strcmp(bare, without_prefix(tensor->name)) == 0 ||
                            (tensor->other_name && strcmp(bare, tensor->other_name) == 0));
}

int32_t zg_model_tensor_find(const struct zg_model_shape *shape, const char *name)
{
    const struct zg_family_table *const table = table_of(shape);
    const char *const bare = without_prefix(name), *const layers = without_prefix(table->layers);
    for (int32_t id = 0; id < ZG_N_TENSOR_KINDS; id++)
        if (is_named(&table->globals[id], bare))
            return id;
    if (strncmp(bare, layers, strlen(layers)) != 0)
        return -1;
    const char *rest;
    const int64_t layer = parse_layer(bare + strlen(layers), zg_shape_n_resident(shape), &rest);
    if (layer < 0 || *rest != '.')
        return -1;
    for (int kind = 0; kind < ZG_N_TENSOR_KINDS; kind++)
        if (is_named(&table->kinds[kind], rest + 1))
            return zg_tensor_layer(layer, (enum zg_tensor_kind)kind);
    return -1;
}

/* ---- counts ---------------------------------------------------------------------------------- */

static int64_t count_params(const struct zg_model_shape *shape, bool linear_only)
{
    int64_t n = 0, n_rows, n_cols;
    for (int32_t id = 0; id < zg_tensor_end(1); id++) {
        if (!zg_model_tensor_size(shape, id, &n_rows, &n_cols) ||
            zg_tensor_owner(shape, id) != id ||
            (linear_only && !zg_tensor_at(shape, id)->is_linear))
            continue;
        n += n_rows * n_cols * (zg_tensor_layer_of(id) < 0 ? 1 : shape->n_layers);
    }
    return n;
}

int64_t zg_model_n_linear_params(const struct zg_model_shape *shape)
{
    return count_params(shape, true);
}

int64_t zg_model_n_params(const struct zg_model_shape *shape)
{
    return count_params(shape, false);
}

/* ---- shapes ---------------------------------------------------------------------------------- */

/* Far above any model, and low enough that no product of sizes or count of bytes leaves int64_t. */
#define MAX_LAYERS INT64_C(4096)
#define MAX_WIDTH  (INT64_C(1) << 20)
#define MAX_ROWS   (INT64_C(1) << 24)

static enum zg_status check_range(const char *what, const char *field, int64_t value, int64_t max,
                                  struct zg_error *err)
{
    if (value >= 1 && value <= max)
        return ZG_OK;
    return zg_fail(err, ZG_INPUT, "%s: %s is %" PRId64 "; it must be 1 to %" PRId64, what, field,
                   value, max);
}

enum zg_status zg_model_shape_check(const struct zg_model_shape *shape, const char *what,
                                    struct zg_error *err)
{
    const struct {
        const char *field;
        int64_t value, max;
    } ranges[] = {
        {"the number of layers", shape->n_layers, MAX_LAYERS},
        {"the hidden size", shape->d_model, MAX_WIDTH},
        {"the number of attention heads", shape->n_heads, MAX_WIDTH},
        {"the MLP's inner size", shape->d_ffn, MAX_WIDTH},
        {"the vocabulary size", shape->n_vocab, MAX_ROWS},
        {"the number of positions", shape->n_positions, MAX_ROWS},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        const enum zg_status status =
            check_range(what, ranges[i].field, ranges[i].value, ranges[i].max, err);
        if (status != ZG_OK)
            return status;
    }
    if (shape->n_resident < 0 || shape->n_resident > shape->n_layers)
        return zg_fail(err, ZG_INPUT,
                       "%s: %" PRId64 " resident layers; it must be 1 to %" PRId64
                       ", or 0 for all distinct",
                       what, shape->n_resident, shape->n_layers);
    if (shape->d_model % shape->n_heads != 0)
        return zg_fail(err, ZG_INPUT,
                       "%s: the hidden size %" PRId64 " is not a multiple of %" PRId64
                       " attention heads",
                       what, shape->d_model, shape->n_heads);
    return ZG_OK;
}
