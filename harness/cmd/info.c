/*
 * info.c - `zogap info`: what this build and this machine have, what is missing and why.
 *
 * One JSON document holds it all; the text for people is printed from it (info_text.c).
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/algorithm/algorithm.h"
#include "harness/base/build.h"
#include "harness/base/json.h"
#include "harness/bench/fit.h"
#include "harness/cmd/command.h"
#include "harness/cmd/info_text.h"
#include "harness/machine/machine.h"
#include "harness/rows/table.h"
#include "harness/run/measured_json.h"
#include "harness/run/session.h"
#include "harness/timing/counters.h"
#include "workloads/task.h"

/* ---- the document ---------------------------------------------------------------------------- */

static json_t *bits_json(uint32_t bits, int n, const char *(*name)(int))
{
    json_t *const list = json_array();
    for (int i = 0; i < n; i++)
        if (bits & (1u << i))
            json_array_append_new(list, json_string(name(i)));
    return list;
}

static const char *mechanism_name(int i)
{
    return zg_mechanism_name((enum zg_mechanism)i);
}
static const char *feature_name(int i)
{
    return zg_feature_name((enum zg_feature)i);
}
static const char *dtype_name(int i)
{
    return zg_dtype_name((enum zg_dtype)i);
}
static const char *scope_name(int i)
{
    return i == ZG_SCOPE_FULL ? "full" : "linear";
}

/* Dtypes that the engine has and this machine does not: opening a small model tells. */
static json_t *dtypes_missing(const struct zg_engine *engine)
{
    json_t *const missing = json_object();
    for (int i = ZG_FP32 + 1; !engine->missing && i < ZG_N_DTYPES; i++) {
        if (!(engine->dtypes & 1u << i))
            continue;
        struct zg_engine_options options = zg_engine_options_default(engine);
        struct zg_error err = {0};
        options.dtype = options.dtype_d = (enum zg_dtype)i;
        options.mechanisms = zg_engine_default_mechanisms(engine, options.dtype, options.dtype_d);
        if (zg_fit_try(engine, &options, &err) == ZG_ENV)
            json_object_set_new(missing, dtype_name(i), zg_json_text(err.text));
    }
    return missing;
}

static json_t *engine_json(const struct zg_engine *engine)
{
    json_t *const settings = json_array();
    for (const struct zg_engine_setting_doc *doc = engine->settings; doc && doc->key; doc++)
        json_array_append_new(settings,
                              json_pack("{s:s, s:s?, s:s?, s:s*, s:s?}", "key", doc->key, "choices",
                                        doc->choices, "default", doc->default_value, "default_bf16",
                                        doc->default_of ? doc->default_of(ZG_BF16) : NULL,
                                        "summary", doc->summary));
    return json_pack("{s:s, s:s?, s:b, s:s?, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
                     engine->name, "summary", engine->summary, "available", !engine->missing,
                     "missing", engine->missing, "interface_version",
                     (int)engine->interface_version, "dtypes",
                     bits_json(engine->dtypes, ZG_N_DTYPES, dtype_name), "dtypes_missing",
                     dtypes_missing(engine), "mechanisms",
                     bits_json(engine->mechanisms, ZG_N_MECHANISMS, mechanism_name), "features",
                     bits_json(engine->features, ZG_N_FEATURES, feature_name), "scopes",
                     bits_json(engine->scopes, 2, scope_name), "settings", settings);
}

/* What stands for a value: "N", "X", "a|b". */
static const char *values_of(const struct zg_algorithm_option *option, char *text, size_t size)
{
    size_t n = 0;
    snprintf(text, size, "%s", option->kind == ZG_ALGORITHM_INTEGER ? "N" : "X");
    for (int64_t i = 0; option->kind == ZG_ALGORITHM_WORD && option->words[i] && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, "%s%s", i > 0 ? "|" : "", option->words[i]);
    return text;
}

static json_t *algorithm_json(const struct zg_algorithm *algorithm)
{
    const struct zg_algorithm_choice usual = zg_algorithm_default(algorithm);
    json_t *const options = json_array();
    for (const struct zg_algorithm_option *option = algorithm->options; option->key; option++) {
        char values[128], fallback[ZG_ALGORITHM_VALUE];
        json_array_append_new(options,
                              json_pack("{s:s, s:s, s:s?, s:s?}", "key", option->key, "values",
                                        values_of(option, values, sizeof values), "default",
                                        zg_algorithm_value(&usual, option->key, fallback),
                                        "summary", option->summary));
    }
    return json_pack("{s:s, s:s?, s:o}", "name", algorithm->name, "summary", algorithm->summary,
                     "options", options);
}

static json_t *models_json(void)
{
    json_t *const list = json_array();
    const struct zg_model_shape *shape = NULL;
    const char *name;
    for (int64_t i = 0; (name = zg_model_shape_name(i, &shape)); i++)
        json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:I}", "name", name, "n_layers",
                                              (json_int_t)shape->n_layers, "d_model",
                                              (json_int_t)shape->d_model, "n_params",
                                              (json_int_t)zg_model_n_params(shape)));
    return list;
}

/* Those that come with zogap: where, or why they cannot be opened. */
static json_t *shipped_json(void)
{
    json_t *const list = json_array();
    const char *name;
    for (int64_t i = 0; (name = zg_model_shipped_name(i)); i++) {
        struct zg_error err = {0};
        struct zg_model *model = NULL;
        json_t *item;
        if (zg_model_open(&model, name, 0, &err))
            item = json_pack("{s:s, s:o}", "name", name, "missing", zg_json_text(err.text));
        else
            item = json_pack("{s:s, s:o, s:I}", "name", name, "directory",
                             zg_json_text(zg_model_directory(model)), "n_params",
                             (json_int_t)zg_model_n_params(zg_model_shape(model)));
        json_array_append_new(list, item);
        zg_model_close(&model);
        zg_error_clear(&err);
    }
    return list;
}

static json_t *tasks_json(void)
{
    json_t *const list = json_array();
    const char *name;
    for (int64_t i = 0; (name = zg_task_builtin(i)); i++)
        json_array_append_new(list, json_string(name));
    return list;
}

/* NULL: no memory. */
static json_t *info_json(const struct zg_session *session, const struct zg_counters *counters)
{
    const struct zg_environment *const environment = &session->environment;
    const struct zg_engine *engine;
    const struct zg_algorithm *algorithm;
    json_t *const engines = json_array(), *const algorithms = json_array();
    for (int64_t i = 0; (engine = zg_engine_at(i)); i++)
        json_array_append_new(engines, engine_json(engine));
    for (int64_t i = 0; (algorithm = zg_algorithm_at(i)); i++)
        json_array_append_new(algorithms, algorithm_json(algorithm));
    json_t *const pins = zg_pin_json(session->pin), *const machine = zg_machine_json();
    json_t *const warnings = zg_machine_warnings_json(machine, pins, NULL);
    if (environment->warning[0])
        json_array_append_new(warnings, zg_json_text(environment->warning));
    return json_pack("{s:o, s:o, s:{s:o, s:o}, s:{s:s, s:s}, s:o, s:o, s:{s:s, s:s}, s:o, s:o, "
                     "s:o, s:o, s:o, s:o}",
                     "pins", pins, "counters", zg_counters_json(counters), "environment", "note",
                     zg_json_text(environment->note), "warning", zg_json_text(environment->warning),
                     "zogap", "version", ZG_VERSION_TEXT, "git", ZG_GIT_STATE, "engines", engines,
                     "algorithms", algorithms, "kernels", "isa", zg_isa_name(session->isa),
                     "isa_of_machine", zg_isa_name(zg_cpu_isa()), "models", models_json(),
                     "models_shipped", shipped_json(), "tasks", tasks_json(), "libraries",
                     zg_libraries_json(), "warnings", warnings, "machine", machine);
}

static enum zg_status make_info(json_t **info, const struct zg_request *request,
                                struct zg_error *err)
{
    struct zg_session session;
    struct zg_counters *counters = NULL;
    enum zg_status status = zg_session_open_team(&session, request, err);
    if (status)
        return status;
    status = zg_pin_bind(session.pin, err);
    if (!status)
        status = zg_counters_open(
            &counters, &(struct zg_counters_request){.n_threads = session.n_threads}, err);
    if (!status && !(*info = info_json(&session, counters)))
        status = zg_fail(err, ZG_ENV, "no memory for what is known");
    zg_counters_close(&counters);
    zg_session_close(&session);
    return status;
}

/* ---- the command ----------------------------------------------------------------------------- */

static void print_json(const json_t *info)
{
    json_dumpf(info, stdout, JSON_INDENT(2));
    putchar('\n');
}

static enum zg_status run_info(struct zg_request *request, struct zg_error *err)
{
    if (request->format != ZG_FORMAT_TABLE && request->format != ZG_FORMAT_JSON)
        return zg_fail(err, ZG_USAGE, "--format: info has table and json only");
    json_t *info = NULL;
    enum zg_status status = make_info(&info, request, err);
    if (!status && request->format == ZG_FORMAT_TABLE)
        zg_info_print(info);
    else if (!status)
        print_json(info);
    json_decref(info);
    return status;
}

static const struct zg_flag format_flags[] = {
    {"format", ZG_FLAG_CHOICE, "table|json", "table", "text for people, or one JSON document",
     .offset = offsetof(struct zg_request, format), .choices = ZG_FORMATS},
    {ZG_FLAG_WIDE},
    {.name = NULL},
};
static const struct zg_flag_group groups[] = {
    {ZG_TOPIC_OUTPUT, format_flags, 0}, {ZG_GROUP_THREADS}, {0}};

static const struct zg_term examples[] = {
    {"zogap info", "for people"},
    {"zogap info --format json", "one document for programs"},
    {NULL, NULL},
};

const struct zg_command zg_command_info = {
    .name = "info",
    .summary = "engines, kernels, machine, counters, libraries; what is missing and why",
    .details = "Prints what this build and this machine have.",
    .groups = groups,
    .examples = examples,
    .run = run_info,
};
