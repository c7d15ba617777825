/* manifest.c - session, engines, model, data and batches as JSON. */
#include "harness/run/manifest.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/build.h"
#include "harness/base/json.h"
#include "harness/machine/machine.h"
#include "harness/machine/sysfile.h"
#include "harness/rows/precision.h"
#include "harness/rows/schema.h"
#include "harness/run/measured_json.h"
#include "harness/store/meta.h"

/* `--resume` and `--quiet` do not change what a command measures. */
static json_t *command_line_json(const struct zg_words *words)
{
    json_t *const list = json_array();
    for (int64_t i = 1; i < words->n_words; i++)
        if (strcmp(words->words[i], "--resume") != 0 && strcmp(words->words[i], "--quiet") != 0)
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
    json_t *const o = json_object();
    json_object_set_new(o, "threads", json_integer(policy->threads));
    json_object_set_new(o, "cpus", zg_json_text(policy->cpus));
    json_object_set_new(o, "steps", json_integer(policy->steps));
    json_object_set_new(o, "blocks", json_integer(policy->blocks));
    json_object_set_new(o, "min_time_s", zg_json_real(policy->min_time_s));
    json_object_set_new(o, "max_time_s", zg_json_real(zg_policy_max_time_s(policy)));
    json_object_set_new(o, "width_percent", zg_json_real(zg_policy_width_percent(policy)));
    json_object_set_new(o, "brief", json_boolean(policy->brief));
    json_object_set_new(o, "fidelity", json_integer(policy->fidelity));
    json_object_set_new(o, "fidelity_batch", json_integer(policy->fidelity_batch));
    json_object_set_new(o, "events", zg_json_text(policy->events));
    return o;
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
        json_t *const o = json_object();
        json_object_set_new(o, "label", zg_json_text(item->label));
        json_object_set_new(o, "engine", zg_json_text(item->engine->name));
        json_object_set_new(o, "summary", zg_json_text(item->engine->summary));
        json_object_set_new(o, "dtype",
                            differ ? json_null()
                                   : json_string(zg_dtypes_name(options.dtype, options.dtype_d)));
        json_object_set_new(o, "mechanisms",
                            differ ? json_null() : mechanisms_json(options.mechanisms));
        json_t *const settings = json_object();
        const struct zg_engine_setting_doc *doc = item->engine->settings;
        for (; doc && doc->key; doc++)
            json_object_set_new(
                settings, doc->key,
                zg_json_text(zg_engine_setting_value(item->engine, &options, doc->key)));
        json_object_set_new(o, "settings", settings);
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *environment_json(const struct zg_environment *environment)
{
    static const char *const names[] = {"OMP_PLACES",
                                        "OMP_PROC_BIND",
                                        "OMP_WAIT_POLICY",
                                        "OMP_NUM_THREADS",
                                        "GOMP_SPINCOUNT",
                                        "OPENBLAS_CORETYPE",
                                        "OPENBLAS_NUM_THREADS",
                                        "ONEDNN_MAX_CPU_ISA",
                                        "ONEDNN_CPU_ISA_HINTS",
                                        "ZOGAP_ISA",
                                        NULL};
    json_t *const o = json_object();
    json_object_set_new(o, "restarted", json_boolean(environment->restarted));
    json_object_set_new(o, "note", zg_json_text(environment->note));
    json_object_set_new(o, "warning", zg_json_text(environment->warning));
    json_t *const variables = json_object();
    for (int i = 0; names[i]; i++)
        json_object_set_new(variables, names[i], zg_json_text(getenv(names[i])));
    json_object_set_new(o, "variables", variables);
    return o;
}

json_t *zg_manifest_open(const struct zg_session *session, const char *command)
{
    const struct zg_request *const request = session->request;
    json_t *const meta = json_object();
    json_object_set_new(meta, "schema_version", json_integer(ZG_SCHEMA_VERSION));
    json_t *const build = json_object();
    json_object_set_new(build, "version", json_string(ZG_VERSION_TEXT));
    json_object_set_new(build, "git", json_string(ZG_GIT_STATE));
    json_object_set_new(build, "interface_version", json_integer(ZG_INTERFACE_VERSION));
    json_object_set_new(meta, "zogap", build);
    json_object_set_new(meta, "command", json_string(command));
    json_object_set_new(meta, "command_line", command_line_json(&request->words));
    json_object_set_new(meta, "case_options", sweep_json(&request->sweep));
    json_object_set_new(meta, "policy", policy_json(&request->policy));
    json_object_set_new(meta, "tags", tags_json(&request->policy));
    json_object_set_new(meta, "status", json_string("running"));
    json_object_set_new(meta, "interrupted", json_false());
    json_object_set_new(meta, "started_utc", zg_json_utc_now());
    json_object_set_new(meta, "finished_utc", json_null());
    json_object_set_new(meta, "engines", engines_json(session));
    if (session->engines.n_items > 0)
        json_object_set_new(meta, "baseline",
                            zg_json_text(session->engines.items[session->baseline].label));
    if (session->engines.n_items > 0 && session->second_baseline >= 0)
        json_object_set_new(meta, "second_baseline",
                            zg_json_text(session->engines.items[session->second_baseline].label));
    json_object_set_new(meta, "isa", json_string(zg_isa_name(session->isa)));
    json_object_set_new(meta, "machine", zg_machine_json());
    json_object_set_new(meta, "pins", zg_pin_json(session->pin));
    json_object_set_new(meta, "libraries", zg_libraries_json());
    json_object_set_new(meta, "environment", environment_json(&session->environment));
    json_object_set_new(meta, "notes", json_array());
    json_object_set_new(meta, "warnings", json_array());
    json_object_set_new(meta, "cases", json_array());
    if (session->environment.note[0])
        zg_meta_note(meta, session->environment.note);
    if (*zg_sysfile_root())
        zg_meta_note(meta, "ZOGAP_SYSROOT is set: facts of the machine are read from files below "
                           "it, not from the system's");
    return meta;
}

/* ---- a case ---------------------------------------------------------------------------------- */

static json_t *model_json(const struct zg_model *model, uint64_t fingerprint)
{
    const struct zg_model_shape *const shape = zg_model_shape(model);
    char text[32];
    snprintf(text, sizeof text, "%016" PRIx64, fingerprint);
    json_t *const o = json_object();
    json_object_set_new(o, "name", zg_json_text(zg_model_name(model)));
    json_object_set_new(o, "synthetic", json_boolean(zg_model_is_synthetic(model)));
    json_object_set_new(o, "stored_dtype",
                        json_string(zg_dtype_name(zg_model_stored_dtype(model))));
    json_object_set_new(o, "fingerprint_xxh3", json_string(text));
    json_object_set_new(o, "n_layers", json_integer(shape->n_layers));
    json_object_set_new(o, "n_layers_resident", json_integer(zg_shape_n_resident(shape)));
    json_object_set_new(o, "d_model", json_integer(shape->d_model));
    json_object_set_new(o, "n_heads", json_integer(shape->n_heads));
    json_object_set_new(o, "d_ffn", json_integer(shape->d_ffn));
    json_object_set_new(o, "n_vocab", json_integer(shape->n_vocab));
    json_object_set_new(o, "n_positions", json_integer(shape->n_positions));
    json_object_set_new(o, "tied_head", json_boolean(shape->tied_head));
    json_object_set_new(o, "n_params", json_integer(zg_model_n_params(shape)));
    json_object_set_new(o, "n_linear_params", json_integer(zg_model_n_linear_params(shape)));
    return o;
}

static json_t *data_json(const struct zg_bench *bench)
{
    const struct zg_case *const c = &bench->c;
    json_t *const o = json_object();
    json_object_set_new(o, "task", zg_json_text(zg_dataset_task_name(bench->data.dataset)));
    json_object_set_new(o, "tokenizer",
                        zg_json_text(bench->data.embedded_tokenizer ? "embedded"
                                     : c->tokenizer                 ? c->tokenizer
                                                                    : c->model));
    json_object_set_new(o, "n_examples", json_integer(bench->data.stats.n_examples));
    json_object_set_new(o, "tokens_mean", zg_json_real(bench->data.stats.mean_tokens));
    json_object_set_new(o, "tokens_p50", json_integer(bench->data.stats.p50_tokens));
    json_object_set_new(o, "tokens_p95", json_integer(bench->data.stats.p95_tokens));
    json_object_set_new(o, "tokens_max", json_integer(bench->data.stats.max_tokens));
    json_object_set_new(o, "n_batches_drawn", json_integer(bench->data.n_batches));
    return o;
}

json_t *zg_manifest_batches(const struct zg_batch_set *set)
{
    json_t *const o = json_object();
    json_object_set_new(o, "first", json_integer(set->first));
    json_object_set_new(o, "n", json_integer(set->n));
    json_object_set_new(o, "padded_tokens_per_step", zg_json_real(set->padded_tokens));
    json_object_set_new(o, "padded_tokens_per_step_of_all", zg_json_real(set->padded_tokens_all));
    json_object_set_new(o, "useful_flops_per_step", zg_json_real(set->useful_flops));
    json_object_set_new(o, "useful_flops_per_step_of_all", zg_json_real(set->useful_flops_all));
    return o;
}

json_t *zg_manifest_engines(const struct zg_bench *bench, int64_t n_contenders)
{
    json_t *const list = json_array();
    for (int64_t i = 0; i < n_contenders; i++) {
        const struct zg_contender *const contender = &bench->contenders[i];
        const struct zg_engine_options *const options = &contender->options;
        const bool has_bank = options->mechanisms & ZG_MECHANISM_BIT(ZG_M_BANK);
        json_t *const o = json_object();
        json_object_set_new(o, "engine", zg_json_text(contender->item->label));
        json_object_set_new(o, "dtype",
                            json_string(zg_dtypes_name(options->dtype, options->dtype_d)));
        json_object_set_new(o, "mechanisms", mechanisms_json(options->mechanisms));
        json_object_set_new(o, "bank_redraws",
                            has_bank ? json_integer(contender->n_redraws) : json_null());
        json_array_append_new(list, o);
    }
    return list;
}

json_t *zg_manifest_case(const struct zg_bench *bench, int64_t index, uint64_t fingerprint,
                         int64_t n_contenders)
{
    json_t *const o = json_object();
    json_object_set_new(o, "index", json_integer(index));
    json_object_set_new(o, "seed", json_integer((json_int_t)bench->c.seed));
    json_object_set_new(o, "model", model_json(bench->data.model, fingerprint));
    json_object_set_new(o, "data", data_json(bench));
    json_object_set_new(o, "resident_mib_without_engines", zg_json_real(bench->resident_mib));
    json_t *const memory = json_array();
    for (int64_t i = 0; i < n_contenders; i++) {
        const struct zg_contender *const contender = &bench->contenders[i];
        json_t *const m = json_object();
        json_object_set_new(m, "engine", zg_json_text(contender->item->label));
        json_object_set_new(m, "peak_rss_mib", zg_json_real(contender->peak_rss_mib));
        json_object_set_new(m, "reason", zg_json_text(contender->mark.reason));
        json_array_append_new(memory, m);
    }
    json_object_set_new(o, "memory", memory);
    return o;
}
