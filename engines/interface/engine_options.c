/*
 * engine_options.c - defaults and checks of what an engine is opened with and asked for: the part
 * of zo.h that every engine calls and none implements.
 */
#include "engines/base/nearest.h"
#include "engines/base/size.h"
#include "engines/zo.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

uint32_t zg_engine_default_mechanisms(const struct zg_engine *engine, enum zg_dtype dtype,
                                      enum zg_dtype dtype_d)
{
    const uint32_t low = ZG_MECHANISM_BIT(ZG_M_BANK) | ZG_MECHANISM_BIT(ZG_M_CENTRED);
    return dtype == ZG_FP32 && dtype_d == ZG_FP32 ? engine->mechanisms & ~low : engine->mechanisms;
}

struct zg_engine_options zg_engine_options_default(const struct zg_engine *engine)
{
    return (struct zg_engine_options){
        .dtype = ZG_FP32,
        .dtype_d = ZG_FP32,
        .n_threads = 1,
        .mechanisms = zg_engine_default_mechanisms(engine, ZG_FP32, ZG_FP32),
        .limits = {.max_probes = 2, .max_directions = 2, .max_rank = 2, .max_bank = 8},
    };
}

/* ---- limits ---------------------------------------------------------------------------- */

/* What a batch needs, in the fields of the limits.  False where a sum overflows. */
static bool batch_measure(const struct zg_batch *batch, struct zg_engine_limits *need)
{
    *need = (struct zg_engine_limits){.max_examples = batch->n_examples};
    bool fits = true;
    for (int64_t e = 0; fits && e < batch->n_examples; e++) {
        const struct zg_example *example = &batch->examples[e];
        fits = zg_size_add(need->max_options, example->n_options, &need->max_options);
        for (int64_t o = 0; fits && o < example->n_options; o++) {
            const int64_t n_tokens = example->options[o].n_tokens;
            int64_t length = 0;
            fits = zg_size_add(example->n_stem, n_tokens, &length) &&
                   zg_size_add(need->max_option_tokens, n_tokens, &need->max_option_tokens) &&
                   zg_size_add(need->max_tokens, length, &need->max_tokens);
            need->max_length = zg_max64(need->max_length, length);
        }
    }
    return fits && need->max_length <= INT64_MAX - 8 &&
           zg_size_mul(need->max_options, zg_round_up(need->max_length, 8),
                       &need->max_padded_tokens);
}

void zg_engine_limits_include(struct zg_engine_limits *limits, const struct zg_batch *batch)
{
    struct zg_engine_limits need;
    if (!batch_measure(batch, &need))
        return; /* zg_batch_check() names the field; no limit could cover it */
    limits->max_examples = zg_max64(limits->max_examples, need.max_examples);
    limits->max_options = zg_max64(limits->max_options, need.max_options);
    limits->max_option_tokens = zg_max64(limits->max_option_tokens, need.max_option_tokens);
    limits->max_tokens = zg_max64(limits->max_tokens, need.max_tokens);
    limits->max_padded_tokens = zg_max64(limits->max_padded_tokens, need.max_padded_tokens);
    limits->max_length = zg_max64(limits->max_length, need.max_length);
}

/* ---- settings -------------------------------------------------------------------------- */

static const struct zg_engine_setting_doc *setting_find(const struct zg_engine *engine,
                                                        const char *key)
{
    const struct zg_engine_setting_doc *doc = engine->settings;
    while (doc && doc->key && strcmp(doc->key, key) != 0)
        doc++;
    return doc && doc->key ? doc : NULL;
}

/* Is `value` one of "a|b|c"? */
static bool choices_include(const char *choices, const char *value)
{
    const size_t length = strlen(value);
    if (length == 0 || strchr(value, '|'))
        return false;
    for (const char *c = choices; c; c = strchr(c, '|'), c = c ? c + 1 : NULL)
        if (strncmp(c, value, length) == 0 && (c[length] == '|' || c[length] == '\0'))
            return true;
    return false;
}

/* Beside its own settings an engine takes those that a command line gives all: zo.h. */
static enum zg_status fail_setting(const struct zg_engine *engine, const char *key,
                                   struct zg_error *err)
{
    char known[256] = "dtype, mechanisms";
    for (const struct zg_engine_setting_doc *doc = engine->settings; doc && doc->key; doc++) {
        const size_t n = strlen(known);
        snprintf(known + n, sizeof known - n, ", %s", doc->key);
    }
    return zg_fail(err, ZG_USAGE, "engine %s has no setting '%s'; it has %s%s", engine->name, key,
                   known, zg_nearest_word(key, known).hint);
}

static enum zg_status settings_check(const struct zg_engine *engine,
                                     const struct zg_engine_options *options, struct zg_error *err)
{
    for (int64_t i = 0; i < options->n_settings; i++) {
        const struct zg_engine_setting *setting = &options->settings[i];
        const struct zg_engine_setting_doc *doc = setting_find(engine, setting->key);
        if (!doc)
            return fail_setting(engine, setting->key, err);
        if (!choices_include(doc->choices, setting->value))
            return zg_fail(err, ZG_USAGE, "engine %s: %s=%s is not one of %s%s", engine->name,
                           setting->key, setting->value, doc->choices,
                           zg_nearest_word(setting->value, doc->choices).hint);
        for (int64_t j = 0; j < i; j++)
            if (strcmp(options->settings[j].key, setting->key) == 0)
                return zg_fail(err, ZG_USAGE, "engine %s: setting '%s' is given twice",
                               engine->name, setting->key);
    }
    return ZG_OK;
}

const char *zg_engine_setting_value(const struct zg_engine *engine,
                                    const struct zg_engine_options *options, const char *key)
{
    for (int64_t i = 0; i < options->n_settings; i++)
        if (strcmp(options->settings[i].key, key) == 0)
            return options->settings[i].value;
    const struct zg_engine_setting_doc *doc = setting_find(engine, key);
    if (doc && doc->default_of)
        return doc->default_of(options->dtype);
    return doc ? doc->default_value : NULL;
}

/* ---- open ------------------------------------------------------------------------------ */

static enum zg_status features_check(const struct zg_engine *engine, uint32_t features,
                                     struct zg_error *err)
{
    const uint32_t foreign = features & ~engine->features;
    for (int f = 0; f < ZG_N_FEATURES; f++)
        if (foreign & ZG_FEATURE_BIT((unsigned)f))
            return zg_fail(err, ZG_USAGE, "engine %s has no %s", engine->name,
                           zg_feature_words((enum zg_feature)f));
    return foreign ? zg_fail(err, ZG_USAGE, "feature bits 0x%x are unknown", (unsigned)foreign)
                   : ZG_OK;
}

static enum zg_status limits_check(const struct zg_engine *engine,
                                   const struct zg_engine_limits *limits, struct zg_error *err)
{
    const struct {
        const char *name;
        int64_t value, least;
    } fields[] = {
        {"max_examples", limits->max_examples, 0},
        {"max_options", limits->max_options, 0},
        {"max_option_tokens", limits->max_option_tokens, 0},
        {"max_tokens", limits->max_tokens, 0},
        {"max_padded_tokens", limits->max_padded_tokens, 0},
        {"max_length", limits->max_length, 0},
        {"max_probes", limits->max_probes, 1},
        {"max_directions", limits->max_directions, 1},
        {"max_rank", limits->max_rank, 1},
        {"max_bank", limits->max_bank, 0},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].value < fields[i].least)
            return zg_fail(err, ZG_USAGE, "limit %s is %lld, must be at least %lld", fields[i].name,
                           (long long)fields[i].value, (long long)fields[i].least);
    if (limits->scopes & ~engine->scopes)
        return zg_fail(err, ZG_USAGE, "engine %s does not have the scopes that the limits name",
                       engine->name);
    return features_check(engine, limits->features, err);
}

static enum zg_status fail_dtype(const struct zg_engine *engine, enum zg_dtype dtype,
                                 struct zg_error *err)
{
    char has[64] = "";
    for (int i = 0; i < ZG_N_DTYPES; i++)
        if (engine->dtypes & 1u << i) {
            const size_t n = strlen(has);
            snprintf(has + n, sizeof has - n, "%s%s", n ? ", " : "",
                     zg_dtype_name((enum zg_dtype)i));
        }
    return zg_fail(err, ZG_USAGE, "engine %s has no dtype %s; it has %s", engine->name,
                   zg_dtype_name(dtype), has);
}

enum zg_status zg_engine_options_check(const struct zg_engine *engine,
                                       const struct zg_engine_options *options,
                                       struct zg_error *err)
{
    if (engine->missing)
        return zg_fail(err, ZG_USAGE, "engine %s is not in this build: %s", engine->name,
                       engine->missing);
    const enum zg_dtype dtypes[] = {options->dtype, options->dtype_d};
    for (int i = 0; i < 2; i++) {
        if (dtypes[i] < 0 || dtypes[i] >= ZG_N_DTYPES)
            return zg_fail(err, ZG_USAGE, "dtype %d is unknown", (int)dtypes[i]);
        if (!(engine->dtypes & (1u << dtypes[i])))
            return fail_dtype(engine, dtypes[i], err);
    }
    if (options->dtype != options->dtype_d &&
        !(options->mechanisms & ZG_MECHANISM_BIT(ZG_M_CENTRED)))
        return zg_fail(err, ZG_USAGE, "dtype %s+%s needs mechanism 'centred'%s%s",
                       zg_dtype_name(options->dtype), zg_dtype_name(options->dtype_d),
                       engine->mechanisms & ZG_MECHANISM_BIT(ZG_M_CENTRED)
                           ? ""
                           : ", which is not one of engine ",
                       engine->mechanisms & ZG_MECHANISM_BIT(ZG_M_CENTRED) ? "" : engine->name);
    if (options->n_threads < 1 || options->n_threads > INT32_MAX)
        return zg_fail(err, ZG_USAGE, "threads %lld, must be at least 1",
                       (long long)options->n_threads);
    const uint32_t foreign = options->mechanisms & ~engine->mechanisms;
    for (int m = 0; m < ZG_N_MECHANISMS; m++)
        if (foreign & ZG_MECHANISM_BIT((unsigned)m))
            return zg_fail(err, ZG_USAGE, "engine %s has no mechanism '%s'", engine->name,
                           zg_mechanism_name((enum zg_mechanism)m));
    if (foreign)
        return zg_fail(err, ZG_USAGE, "mechanism bits 0x%x are unknown", (unsigned)foreign);
    const enum zg_status status = settings_check(engine, options, err);
    return status ? status : limits_check(engine, &options->limits, err);
}

/* ---- score ----------------------------------------------------------------------------- */

static enum zg_status tokens_check(const int32_t *tokens, int64_t n, int64_t n_vocab,
                                   int64_t example, struct zg_error *err)
{
    for (int64_t i = 0; i < n; i++)
        if (tokens[i] < 0 || tokens[i] >= n_vocab)
            return zg_fail(err, ZG_INPUT,
                           "example %lld: token %d is outside the vocabulary of %lld",
                           (long long)example, (int)tokens[i], (long long)n_vocab);
    return ZG_OK;
}

static enum zg_status example_check(const struct zg_example *example, int64_t index,
                                    const struct zg_model_shape *shape, struct zg_error *err)
{
    const long long e = index;
    if (!example->stem || example->n_stem < 1)
        return zg_fail(err, ZG_INPUT, "example %lld has an empty stem", e);
    if (!example->options || example->n_options < 1)
        return zg_fail(err, ZG_INPUT, "example %lld has no options", e);
    if (example->gold < 0 || example->gold >= example->n_options)
        return zg_fail(err, ZG_INPUT, "example %lld: gold option %lld of %lld", e,
                       (long long)example->gold, (long long)example->n_options);
    enum zg_status status =
        tokens_check(example->stem, example->n_stem, shape->n_vocab, index, err);
    for (int64_t o = 0; !status && o < example->n_options; o++) {
        const struct zg_option *option = &example->options[o];
        if (!option->tokens || option->n_tokens < 1)
            return zg_fail(err, ZG_INPUT, "example %lld: option %lld is empty", e, (long long)o);
        if (option->n_tokens > shape->n_positions ||
            example->n_stem > shape->n_positions - option->n_tokens)
            return zg_fail(err, ZG_INPUT,
                           "example %lld: option %lld with its stem exceeds %lld positions", e,
                           (long long)o, (long long)shape->n_positions);
        status = tokens_check(option->tokens, option->n_tokens, shape->n_vocab, index, err);
    }
    return status;
}

static enum zg_status batch_fits(const struct zg_batch *batch,
                                 const struct zg_engine_limits *limits, struct zg_error *err)
{
    struct zg_engine_limits need;
    if (!batch_measure(batch, &need))
        return zg_fail(err, ZG_USAGE, "the batch is too large to count");
    const struct {
        const char *name;
        int64_t need, limit;
    } fields[] = {
        {"examples", need.max_examples, limits->max_examples},
        {"options", need.max_options, limits->max_options},
        {"option tokens", need.max_option_tokens, limits->max_option_tokens},
        {"tokens", need.max_tokens, limits->max_tokens},
        {"padded tokens", need.max_padded_tokens, limits->max_padded_tokens},
        {"tokens in a sequence", need.max_length, limits->max_length},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].need > fields[i].limit)
            return zg_fail(err, ZG_USAGE, "the batch has %lld %s, the engine was opened for %lld",
                           (long long)fields[i].need, fields[i].name, (long long)fields[i].limit);
    return ZG_OK;
}

static enum zg_status probes_check(const struct zg_probe *probes, int64_t n_probes,
                                   int64_t n_directions, const struct zg_engine_limits *limits,
                                   struct zg_error *err)
{
    if (n_probes < 1 || n_probes > limits->max_probes)
        return zg_fail(err, ZG_USAGE, "%lld probes, the engine was opened for 1 to %lld",
                       (long long)n_probes, (long long)limits->max_probes);
    for (int64_t p = 0; p < n_probes; p++) {
        if (probes[p].direction < 0 || probes[p].direction >= n_directions)
            return zg_fail(err, ZG_USAGE, "probe %lld: direction %d of %lld announced",
                           (long long)p, (int)probes[p].direction, (long long)n_directions);
        if (!isfinite(probes[p].coefficient))
            return zg_fail(err, ZG_USAGE, "probe %lld: coefficient %g is not finite", (long long)p,
                           (double)probes[p].coefficient);
    }
    return ZG_OK;
}

enum zg_status zg_batch_check(const struct zg_batch *batch, const struct zg_probe *probes,
                              int64_t n_probes, int64_t n_directions,
                              const struct zg_engine_limits *limits,
                              const struct zg_model_shape *shape, struct zg_error *err)
{
    enum zg_status status = probes_check(probes, n_probes, n_directions, limits, err);
    if (status)
        return status;
    if (!batch->examples || batch->n_examples < 1)
        return zg_fail(err, ZG_USAGE, "a batch of %lld examples, must be at least 1",
                       (long long)batch->n_examples);
    if (batch->loss != ZG_LOSS_CLASSIFICATION && batch->loss != ZG_LOSS_LM)
        return zg_fail(err, ZG_USAGE, "loss %d is unknown", (int)batch->loss);
    if (batch->pad_id < 0 || batch->pad_id >= shape->n_vocab)
        return zg_fail(err, ZG_INPUT, "pad token %d is outside the model's vocabulary of %lld",
                       (int)batch->pad_id, (long long)shape->n_vocab);
    for (int64_t e = 0; !status && e < batch->n_examples; e++)
        status = example_check(&batch->examples[e], e, shape, err);
    return status ? status : batch_fits(batch, limits, err);
}
