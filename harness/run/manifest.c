/* manifest.c - session, engines, model, data and batches as JSON. */
#include "harness/run/manifest.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/build.h"
#include "harness/base/identity.h"
#include "harness/base/json.h"
#include "harness/machine/machine.h"
#include "harness/machine/variables.h"
#include "harness/rows/precision.h"
#include "harness/rows/schema.h"
#include "harness/run/asked.h"
#include "harness/run/measured_json.h"
#include "harness/store/meta.h"

/* `--resume`, `--quiet` and `--wide` do not change what a command measures. */
static json_t *command_line_json(const struct zg_words *words)
{
    json_t *const list = json_array();
    for (int64_t i = 1; i < words->n_words; i++)
        if (strcmp(words->words[i], "--resume") != 0 && strcmp(words->words[i], "--quiet") != 0 &&
            strcmp(words->words[i], "--wide") != 0)
            json_array_append_new(list, zg_json_text(words->words[i]));
    return list;
}

static json_t *sweep_json(const struct zg_sweep *sweep)
{
    json_t *const axes = json_object();
    for (int64_t i = 0; i < sweep->n_axes; i++) {
        json_t *const values = json_array();
        for (int64_t j = 0; j < sweep->axes[i].values.n_words; j++)
            json_array_append_new(values, zg_json_text(sweep->axes[i].values.words[j]));
        json_object_set_new(axes, sweep->axes[i].flag->name, values);
    }
    return axes;
}

static json_t *policy_json(const struct zg_policy *policy)
{
    return json_pack("{s:I, s:o, s:I, s:I, s:o, s:o, s:o, s:b, s:I, s:I, s:o, s:b}", "threads",
                     (json_int_t)policy->threads, "cpus", zg_json_text(policy->cpus), "steps",
                     (json_int_t)policy->steps, "blocks", (json_int_t)policy->blocks, "min_time_s",
                     zg_json_real(policy->min_time_s), "max_time_s",
                     zg_json_real(zg_policy_max_time_s(policy)), "width_percent",
                     zg_json_real(zg_policy_width_percent(policy)), "brief", policy->brief,
                     "fidelity", (json_int_t)policy->fidelity, "fidelity_batch",
                     (json_int_t)policy->fidelity_batch, "events", zg_json_text(policy->events),
                     "multiplex", policy->multiplex);
}

static json_t *tags_json(const struct zg_policy *policy)
{
    json_t *const tags = json_object();
    for (int64_t i = 0; i < policy->n_tags; i++) {
        char key[256];
        const char *const equals = strchr(policy->tags[i], '=');
        snprintf(key, sizeof key, "%.*s", (int)(equals - policy->tags[i]), policy->tags[i]);
        json_object_set_new(tags, key, zg_json_text(equals + 1));
    }
    return tags;
}

static json_t *mechanisms_json(uint32_t bits)
{
    json_t *const list = json_array();
    for (int m = 0; m < ZG_N_MECHANISMS; m++)
        if (bits & ZG_MECHANISM_BIT((unsigned)m))
            json_array_append_new(list, json_string(zg_mechanism_name((enum zg_mechanism)m)));
    return list;
}

/* Has the engine other options in another case than in the first? */
static bool options_differ(const struct zg_session *session, int64_t engine)
{
    const struct zg_engine_options *const first = &session->cases[0].entries[engine].options;
    for (int64_t i = 1; i < session->n_cases; i++) {
        const struct zg_engine_options *const o = &session->cases[i].entries[engine].options;
        if (o->dtype != first->dtype || o->dtype_d != first->dtype_d ||
            o->mechanisms != first->mechanisms)
            return true;
    }
    return false;
}

static json_t *engines_json(const struct zg_session *session)
{
    json_t *const list = json_array();
    for (int64_t i = 0; i < session->engines.n_items; i++) {
        const struct zg_engine_item *const item = &session->engines.items[i];
        const bool differ = session->n_cases > 0 && options_differ(session, i);
        const struct zg_engine_options options =
            session->n_cases > 0 ? session->cases[0].entries[i].options
                                 : zg_engine_item_options(item, ZG_FP32, ZG_FP32);
        json_t *const settings = json_object();
        const struct zg_engine_setting_doc *doc = item->engine->settings;
        for (; doc && doc->key; doc++)
            json_object_set_new(
                settings, doc->key,
                zg_json_text(zg_engine_setting_value(item->engine, &options, doc->key)));
        const char *const dtype = zg_dtypes_name(options.dtype, options.dtype_d);
        json_array_append_new(
            list, json_pack("{s:o, s:s, s:s?, s:s?, s:o, s:o}", "label", zg_json_text(item->label),
                            "engine", item->engine->name, "summary", item->engine->summary, "dtype",
                            differ ? NULL : dtype, "mechanisms",
                            differ ? json_null() : mechanisms_json(options.mechanisms), "settings",
                            settings));
    }
    return list;
}

static json_t *environment_json(const struct zg_environment *environment)
{
    return json_pack("{s:b, s:o, s:o, s:o}", "restarted", environment->restarted, "note",
                     zg_json_text(environment->note), "warning", zg_json_text(environment->warning),
                     "variables", zg_variables_all());
}

/* Of an engine of the session; NULL: there is none, and no entry. */
static json_t *label_json(const struct zg_session *session, int64_t engine)
{
    return session->engines.n_items > 0 && engine >= 0
               ? zg_json_text(session->engines.items[engine].label)
               : NULL;
}

static void add_model_texts(json_t *meta, const struct zg_model *model)
{
    if (zg_model_warning(model))
        json_array_append_new(json_object_get(meta, "model_warnings"),
                              zg_json_text(zg_model_warning(model)));
    if (zg_model_note(model))
        zg_meta_note(meta, zg_model_note(model));
}

json_t *zg_manifest_open(const struct zg_session *session, const char *command)
{
    const struct zg_request *const request = session->request;
    char program[ZG_PROGRAM_ID];
    json_t *const meta = json_pack(
        "{s:i, s:{s:s, s:s, s:i, s:s}, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:b, s:o, s:n, s:o, "
        "s:o*, s:o*, "
        "s:s, s:o, s:o, s:o, s:o, s:[], s:[], s:[]}",
        "schema_version", ZG_SCHEMA_VERSION, "zogap", "version", ZG_VERSION_TEXT, "git",
        ZG_GIT_STATE, "interface_version", ZG_INTERFACE_VERSION, "program_xxh3",
        zg_program_id(program), "run_id", zg_run_id(), "command", command, "command_line",
        command_line_json(&request->words), "case_options", sweep_json(&request->sweep), "policy",
        policy_json(&request->policy), "tags", tags_json(&request->policy), "status", "running",
        "interrupted", 0, "started_utc", zg_json_utc_now(), "finished_utc", "engines",
        engines_json(session), "baseline", label_json(session, session->baseline),
        "second_baseline", label_json(session, session->second_baseline), "isa",
        zg_isa_name(session->isa), "machine", zg_machine_json(), "pins", zg_pin_json(session->pin),
        "libraries", zg_libraries_json(), "environment", environment_json(&session->environment),
        "notes", "warnings", "cases");
    json_object_set_new(meta, "asked", zg_asked_json(session)); /* behind "status": meta.c */
    json_object_set_new(meta, "model_warnings", json_array());
    for (int64_t i = 0; i < session->models.n; i++)
        add_model_texts(meta, session->models.items[i].model);
    if (session->environment.note[0])
        zg_meta_note(meta, session->environment.note);
    return meta;
}

/* ---- a case ---------------------------------------------------------------------------------- */

static json_t *print_json(uint64_t fingerprint)
{
    return json_sprintf("%016" PRIx64, fingerprint);
}

static json_t *model_json(const struct zg_bench *bench, uint64_t fingerprint)
{
    const struct zg_model *const model = bench->data.model;
    const struct zg_model_shape *const shape = zg_model_shape(model);
    const char *const name = bench->c.model_name ? bench->c.model_name : zg_model_name(model);
    return json_pack(
        "{s:o, s:o, s:b, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:I}", "name",
        zg_json_text(name), "as_typed", zg_json_text(bench->c.model), "synthetic",
        zg_model_is_synthetic(model), "stored_dtype", zg_dtype_name(zg_model_stored_dtype(model)),
        "fingerprint_xxh3", fingerprint ? print_json(fingerprint) : json_null(), "n_layers",
        (json_int_t)shape->n_layers, "n_layers_resident", (json_int_t)zg_shape_n_resident(shape),
        "d_model", (json_int_t)shape->d_model, "n_heads", (json_int_t)shape->n_heads, "d_ffn",
        (json_int_t)shape->d_ffn, "n_vocab", (json_int_t)shape->n_vocab, "n_positions",
        (json_int_t)shape->n_positions, "tied_head", shape->tied_head, "n_params",
        (json_int_t)zg_model_n_params(shape), "n_linear_params",
        (json_int_t)zg_model_n_linear_params(shape));
}

static json_t *data_json(const struct zg_bench *bench)
{
    const struct zg_case *const c = &bench->c;
    const struct zg_data *const data = &bench->data;
    const char *const tokenizer = c->tokenizer ? c->tokenizer : c->model;
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:s, s:I}", "task",
        zg_json_text(zg_dataset_task_name(data->dataset)), "task_as_typed", zg_json_text(c->task),
        "data_as_typed", zg_json_text(c->data), "tokenizer",
        zg_json_text(data->embedded_tokenizer ? "embedded" : tokenizer), "n_examples",
        (json_int_t)data->stats.n_examples, "tokens_mean", zg_json_real(data->stats.mean_tokens),
        "tokens_p50", (json_int_t)data->stats.p50_tokens, "tokens_p95",
        (json_int_t)data->stats.p95_tokens, "tokens_max", (json_int_t)data->stats.max_tokens,
        "n_batches_drawn", (json_int_t)data->n_batches, "max_rows", (json_int_t)data->max_rows,
        "truncate", zg_truncate_name((enum zg_truncate)c->truncate), "n_truncated",
        (json_int_t)zg_dataset_n_truncated(data->dataset));
}

json_t *zg_manifest_batches(const struct zg_batch_set *set)
{
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o}", "first", (json_int_t)set->first, "n",
                     (json_int_t)set->n, "padded_tokens_per_step", zg_json_real(set->padded_tokens),
                     "padded_tokens_per_step_of_all", zg_json_real(set->padded_tokens_all),
                     "useful_flops_per_step", zg_json_real(set->useful_flops),
                     "useful_flops_per_step_of_all", zg_json_real(set->useful_flops_all));
}

json_t *zg_manifest_engines(const struct zg_bench *bench, int64_t n_contenders)
{
    json_t *const list = json_array();
    for (int64_t i = 0; i < n_contenders; i++) {
        const struct zg_contender *const contender = &bench->contenders[i];
        const struct zg_engine_options *const options = &contender->options;
        const bool has_bank = options->mechanisms & ZG_MECHANISM_BIT(ZG_M_BANK);
        json_array_append_new(
            list, json_pack("{s:o, s:s, s:o, s:o}", "engine", zg_json_text(contender->item->label),
                            "dtype", zg_dtypes_name(options->dtype, options->dtype_d), "mechanisms",
                            mechanisms_json(options->mechanisms), "bank_redraws",
                            has_bank ? json_integer(contender->n_redraws) : json_null()));
    }
    return list;
}

json_t *zg_manifest_case(const struct zg_bench *bench, int64_t index, uint64_t fingerprint,
                         int64_t n_contenders)
{
    json_t *const memory = json_array();
    for (int64_t i = 0; i < n_contenders; i++) {
        const struct zg_contender *const contender = &bench->contenders[i];
        json_array_append_new(
            memory, json_pack("{s:o, s:o, s:o}", "engine", zg_json_text(contender->item->label),
                              "peak_rss_mib", zg_json_real(contender->peak_rss_mib), "reason",
                              zg_json_text(contender->mark.reason)));
    }
    return json_pack(
        "{s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "index", (json_int_t)index, "seed",
        (json_int_t)bench->c.seed, "model", model_json(bench, fingerprint), "data",
        data_json(bench), "fingerprints_xxh3",
        zg_fingerprints_json(zg_dataset_fingerprints(bench->data.dataset), &fingerprint),
        "resident_mib_without_engines", zg_json_real(bench->resident_mib), "memory", memory);
}
