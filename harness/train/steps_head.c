/* steps_head.c - texts of a head, made and understood. */
#include "harness/train/steps_head.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engines/base/cpu.h"
#include "engines/base/size.h"
#include "harness/request/engine_list.h"
#include "harness/rows/precision.h"

/* ---- made ------------------------------------------------------------------------------------ */

static const char *scope_name(enum zg_scope scope)
{
    return scope == ZG_SCOPE_FULL ? "full" : "linear";
}

static const char *hash_text(uint64_t hash, char text[17])
{
    snprintf(text, 17, "%016" PRIx64, hash);
    return text;
}

/* "KEY=VALUE:KEY=VALUE" of all settings that the engine has: a default may be another one on
 * another machine. */
static const char *settings_text(const struct zg_contender *contender, char *text, size_t size)
{
    const struct zg_engine *const engine = contender->item->engine;
    size_t n = 0;
    text[0] = '\0';
    for (const struct zg_engine_setting_doc *doc = engine->settings; doc && doc->key && n < size;
         doc++)
        n += (size_t)snprintf(text + n, size - n, "%s%s=%s", n ? ":" : "", doc->key,
                              zg_engine_setting_value(engine, &contender->options, doc->key));
    return text;
}

enum zg_status zg_steps_head_make(struct zg_steps_head_room *out,
                                  const struct zg_contender *contender,
                                  const struct zg_algorithm_choice *choice,
                                  const struct zg_steps_origin *origin, struct zg_error *err)
{
    const struct zg_bench *const bench = contender->bench;
    const struct zg_engine_options *const options = &contender->options;
    const struct zg_fingerprints *const files = origin->files;
    struct zg_question question;
    enum zg_isa isa;
    const enum zg_status status = zg_cpu_isa_choose(&isa, err);
    if (status)
        return status;
    choice->algorithm->announce(choice, 0, NULL, &question);
    out->head = (struct zg_steps_head){
        .model = bench->c.model,
        .weights = hash_text(origin->weights, out->weights),
        .algorithm = zg_algorithm_text(choice, out->algorithm),
        .scope = scope_name(choice->scope),
        .label = contender->item->label,
        .engine = contender->item->engine->name,
        .settings = settings_text(contender, out->settings, sizeof out->settings),
        .mechanisms =
            zg_mechanisms_show(options->mechanisms, '+', out->mechanisms, sizeof out->mechanisms),
        .dtype = zg_dtypes_name(options->dtype, options->dtype_d),
        .isa = zg_isa_name(isa),
        .task = files ? hash_text(files->task, out->task) : "",
        .data = files ? hash_text(files->data, out->data) : "",
        .tokenizer = files ? hash_text(files->tokenizer, out->tokenizer) : "",
        .rows = hash_text(origin->rows, out->rows),
        .seed = (int64_t)choice->seed,
        .data_seed = (int64_t)origin->data_seed,
        .batch = bench->c.batch,
        .max_rows = bench->data.max_rows,
        .layers_resident = bench->c.layers_resident,
        .threads = options->n_threads,
        .n_losses = question.n_probes,
    };
    return ZG_OK;
}

/* ---- understood ------------------------------------------------------------------------------ */

static enum zg_status fail_head(const char *what, const char *key, const char *value,
                                const struct zg_error *why, struct zg_error *err)
{
    return zg_fail(err, ZG_INPUT,
                   "%s: its head has %s \"%.200s\", which this zogap does not know%s%s", what, key,
                   value, why && why->text[0] ? ": " : "", why ? why->text : "");
}

static enum zg_status take_settings(struct zg_steps_opening *out, const struct zg_steps_head *head,
                                    const char *what, struct zg_error *err)
{
    enum { MOST = sizeof out->settings / sizeof out->settings[0] };
    char *at = out->settings_text;
    if (strlen(head->settings) >= sizeof out->settings_text)
        return fail_head(what, "settings", head->settings, NULL, err);
    memcpy(out->settings_text, head->settings, strlen(head->settings) + 1);
    while (*at) {
        char *const key = strsep(&at, ":");
        char *const equals = strchr(key, '=');
        if (!equals || out->options.n_settings == MOST)
            return fail_head(what, "settings", head->settings, NULL, err);
        *equals = '\0';
        out->settings[out->options.n_settings++] = (struct zg_engine_setting){key, equals + 1};
        if (!at)
            break;
    }
    out->options.settings = out->settings;
    return ZG_OK;
}

static enum zg_status take_algorithm(struct zg_steps_opening *out, const struct zg_steps_head *head,
                                     const char *what, struct zg_error *err)
{
    struct zg_error why = {0};
    if (zg_algorithm_parse(head->algorithm, &out->choice, &why))
        return fail_head(what, "algorithm", head->algorithm, &why, err);
    if (strcmp(head->scope, scope_name(ZG_SCOPE_LINEAR)) == 0)
        out->choice.scope = ZG_SCOPE_LINEAR;
    else if (strcmp(head->scope, scope_name(ZG_SCOPE_FULL)) == 0)
        out->choice.scope = ZG_SCOPE_FULL;
    else
        return fail_head(what, "scope", head->scope, NULL, err);
    out->choice.seed = (uint64_t)head->seed;
    return ZG_OK;
}

static enum zg_status take_engine(struct zg_steps_opening *out, const struct zg_steps_head *head,
                                  const char *what, struct zg_error *err)
{
    struct zg_error why = {0};
    struct zg_mechanism_choice mechanisms;
    out->engine = zg_engine_find(head->engine);
    if (!out->engine)
        return fail_head(what, "engine", head->engine, NULL, err);
    if (out->engine->missing)
        return zg_fail(err, ZG_ENV, "%s: engine %s is not in this build: %s", what, head->engine,
                       out->engine->missing);
    out->options = zg_engine_options_default(out->engine);
    if (zg_dtypes_parse("dtype", head->dtype, &out->options.dtype, &out->options.dtype_d, &why))
        return fail_head(what, "dtype", head->dtype, &why, err);
    if (zg_mechanisms_parse("mechanisms", head->mechanisms, '+', &mechanisms, &why))
        return fail_head(what, "mechanisms", head->mechanisms, &why, err);
    out->options.mechanisms =
        zg_mechanisms_choose(&mechanisms, out->engine, out->options.dtype, out->options.dtype_d);
    return take_settings(out, head, what, err);
}

enum zg_status zg_steps_head_open(struct zg_steps_opening *out, const struct zg_steps_head *head,
                                  int64_t n_steps, const char *what, struct zg_error *err)
{
    *out = (struct zg_steps_opening){0};
    enum zg_status status = take_engine(out, head, what, err);
    if (!status)
        status = take_algorithm(out, head, what, err);
    if (status)
        return status;
    struct zg_engine_limits *const limits = &out->options.limits;
    const int64_t period = zg_algorithm_period(&out->choice);
    zg_algorithm_needs(&out->choice, limits);
    if (out->options.mechanisms & ZG_MECHANISM_BIT(ZG_M_BANK))
        limits->max_bank = zg_max64(limits->max_bank, n_steps / zg_max64(1, period) + 1);
    return ZG_OK;
}
