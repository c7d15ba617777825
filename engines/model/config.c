/* config.c - reads config.json: the sizes that make the shape, and the switches of OPTConfig, of
 * which all but one side is refused with the reason. */
#include "engines/model/config.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "engines/base/json_memory.h"
#include "engines/model/source.h"

struct fields {
    const json_t *root;
    const char *what;
    struct zg_error *err;
};

static const char *type_name(const json_t *value)
{
    static const char *const names[] = {"an object",  "a list", "a string", "an integer",
                                        "a fraction", "true",   "false",    "null"};
    return names[json_typeof(value)];
}

static enum zg_status read_integer(const struct fields *f, const char *key, int64_t *out)
{
    const json_t *value = json_object_get(f->root, key);
    if (!value)
        return zg_fail(f->err, ZG_INPUT, "%s: %s is missing; an OPT config has it", f->what, key);
    if (!json_is_integer(value))
        return zg_fail(f->err, ZG_INPUT, "%s: %s is %s; it must be an integer", f->what, key,
                       type_name(value));
    *out = json_integer_value(value);
    return ZG_OK;
}

static enum zg_status read_bool(const struct fields *f, const char *key, bool absent, bool *out)
{
    const json_t *value = json_object_get(f->root, key);
    if (value && !json_is_boolean(value))
        return zg_fail(f->err, ZG_INPUT, "%s: %s is %s; it must be true or false", f->what, key,
                       type_name(value));
    *out = value ? json_is_true(value) : absent;
    return ZG_OK;
}

/* A switch of OPTConfig of which zogap computes one side only. */
static enum zg_status require_bool(const struct fields *f, const char *key, bool needed,
                                   const char *why)
{
    bool value = needed;
    const enum zg_status status = read_bool(f, key, needed, &value);
    if (status != ZG_OK || value == needed)
        return status;
    return zg_fail(f->err, ZG_INPUT, "%s: %s is %s; zogap runs %s only", f->what, key,
                   value ? "true" : "false", why);
}

static enum zg_status require_string(const struct fields *f, const char *key, bool may_be_absent,
                                     const char *needed)
{
    const json_t *value = json_object_get(f->root, key);
    if (!value && may_be_absent)
        return ZG_OK;
    if (!json_is_string(value))
        return zg_fail(f->err, ZG_INPUT, "%s: %s is %s; it must be \"%s\"", f->what, key,
                       value ? type_name(value) : "missing", needed);
    if (strcmp(json_string_value(value), needed) != 0)
        return zg_fail(f->err, ZG_INPUT, "%s: %s is \"%.100s\"; zogap runs \"%s\" only", f->what,
                       key, json_string_value(value), needed);
    return ZG_OK;
}

static enum zg_status read_shape(const struct fields *f, struct zg_model_shape *shape)
{
    const struct {
        const char *key;
        int64_t *to;
    } integers[] = {
        {"num_hidden_layers", &shape->n_layers},  {"hidden_size", &shape->d_model},
        {"num_attention_heads", &shape->n_heads}, {"ffn_dim", &shape->d_ffn},
        {"vocab_size", &shape->n_vocab},          {"max_position_embeddings", &shape->n_positions},
    };
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        const enum zg_status status = read_integer(f, integers[i].key, integers[i].to);
        if (status != ZG_OK)
            return status;
    }
    return read_bool(f, "tie_word_embeddings", true, &shape->tied_head);
}

static enum zg_status check_architecture(const struct fields *f)
{
    static const struct {
        const char *key;
        bool needed;
        const char *why;
    } switches[] = {
        {"do_layer_norm_before", true, "the pre-norm family (all OPT sizes but 350M)"},
        {"enable_bias", true, "linear layers with biases"},
        {"layer_norm_elementwise_affine", true, "norms with gain and bias"},
        {"_remove_final_layer_norm", false, "models with a final norm"},
    };
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        const enum zg_status status =
            require_bool(f, switches[i].key, switches[i].needed, switches[i].why);
        if (status != ZG_OK)
            return status;
    }
    return require_string(f, "activation_function", true, "relu");
}

static enum zg_status check_projection(const struct fields *f, int64_t d_model)
{
    const json_t *value = json_object_get(f->root, "word_embed_proj_dim");
    if (!value || json_is_null(value)) /* OPTConfig: None means hidden_size */
        return ZG_OK;
    int64_t width = 0;
    const enum zg_status status = read_integer(f, "word_embed_proj_dim", &width);
    if (status != ZG_OK || width == d_model)
        return status;
    return zg_fail(
        f->err, ZG_INPUT,
        "%s: word_embed_proj_dim is %" PRId64 ", hidden_size %" PRId64
        "; zogap runs models without embedding projections only (all OPT sizes but 350M)",
        f->what, width, d_model);
}

enum zg_status zg_config_parse(struct zg_model_shape *out, const void *bytes, int64_t size,
                               const char *what, struct zg_error *err)
{
    *out = (struct zg_model_shape){0};
    if (size > ZG_CONFIG_MAX_BYTES)
        return zg_fail(err, ZG_INPUT,
                       "%s: %" PRId64 " bytes; a config of over %" PRId64 " is not read", what,
                       size, ZG_CONFIG_MAX_BYTES);
    json_error_t json_error;
    json_t *const root = zg_json_read(bytes, (size_t)size, &json_error);
    if (!root)
        return zg_fail(err, ZG_INPUT, "%s:%d: not valid JSON: %s", what, json_error.line,
                       json_error.text);
    const struct fields f = {root, what, err};
    enum zg_status status = ZG_OK;
    if (!json_is_object(root))
        status = zg_fail(err, ZG_INPUT, "%s: %s; a config is an object", what, type_name(root));
    if (status == ZG_OK)
        status = require_string(&f, "model_type", false, "opt");
    if (status == ZG_OK)
        status = check_architecture(&f);
    if (status == ZG_OK)
        status = read_shape(&f, out);
    if (status == ZG_OK)
        status = check_projection(&f, out->d_model);
    if (status == ZG_OK)
        status = zg_model_shape_check(out, what, err);
    json_decref(root);
    return status;
}
