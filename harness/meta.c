/* meta.c - see meta.h. */
#define _GNU_SOURCE /* memmem */
#include "harness/meta.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/base/json_memory.h"
#include "harness/build.h"
#include "harness/file_out.h"
#include "harness/json.h"
#include "harness/measure_json.h"
#include "harness/precision.h"
#include "harness/sysfile.h"

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

/* The options of an item in the first case; *differ: another case has it with others. */
static struct zg_engine_options options_in_cases(const struct zg_session *session,
                                                 const struct zg_engine_item *item, bool *differ)
{
    struct zg_engine_options first = zg_engine_item_options(item, ZG_FP32, ZG_FP32, 1);
    *differ = false;
    for (int64_t i = 0; i < session->n_cases; i++) {
        struct zg_case c;
        if (zg_sweep_case(&session->request->sweep, i, &c, NULL))
            continue;
        const struct zg_engine_options options =
            zg_engine_item_options(item, c.dtype, c.dtype_d, 1);
        if (i == 0)
            first = options;
        *differ |= options.dtype != first.dtype || options.dtype_d != first.dtype_d ||
                   options.mechanisms != first.mechanisms;
    }
    return first;
}

static json_t *engines_json(const struct zg_session *session)
{
    json_t *const list = json_array();
    for (int64_t i = 0; i < session->engines.n_items; i++) {
        const struct zg_engine_item *const item = &session->engines.items[i];
        bool differ;
        const struct zg_engine_options options = options_in_cases(session, item, &differ);
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

json_t *zg_meta_open(const struct zg_session *session, const char *command)
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
    json_object_set_new(o, "task", zg_json_text(zg_dataset_task_name(bench->dataset)));
    json_object_set_new(o, "tokenizer",
                        zg_json_text(bench->embedded_tokenizer ? "embedded"
                                     : c->tokenizer            ? c->tokenizer
                                                               : c->model));
    json_object_set_new(o, "n_examples", json_integer(bench->stats.n_examples));
    json_object_set_new(o, "tokens_mean", zg_json_real(bench->stats.mean_tokens));
    json_object_set_new(o, "tokens_p50", json_integer(bench->stats.p50_tokens));
    json_object_set_new(o, "tokens_p95", json_integer(bench->stats.p95_tokens));
    json_object_set_new(o, "tokens_max", json_integer(bench->stats.max_tokens));
    json_object_set_new(o, "n_batches_drawn", json_integer(bench->n_batches));
    return o;
}

json_t *zg_meta_batches(const struct zg_batch_set *set)
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

json_t *zg_meta_engines(const struct zg_bench *bench, int64_t n_contenders)
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

json_t *zg_meta_case(const struct zg_bench *bench, int64_t index, uint64_t fingerprint,
                     int64_t n_contenders)
{
    json_t *const o = json_object();
    json_object_set_new(o, "index", json_integer(index));
    json_object_set_new(o, "seed", json_integer((json_int_t)bench->c.seed));
    json_object_set_new(o, "model", model_json(bench->model, fingerprint));
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

/* ---- the file -------------------------------------------------------------------------------- */

void zg_meta_note(json_t *meta, const char *text)
{
    json_array_append_new(json_object_get(meta, "notes"), zg_json_text(text));
}

static json_t *warnings_of(const json_t *meta, const json_t *during)
{
    json_t *const warnings = zg_machine_warnings_json(json_object_get(meta, "machine"),
                                                      json_object_get(meta, "pins"), during);
    json_t *const own =
        json_object_get(json_object_get(meta, "environment"), "warning"); /* of our libraries */
    if (json_string_length(own) > 0)
        json_array_append(warnings, own);
    return warnings;
}

static enum zg_status fail_strict(const json_t *warnings, const char *what, const char *where,
                                  struct zg_error *err)
{
    const size_t n = json_array_size(warnings);
    if (n == 0)
        return ZG_OK;
    return zg_fail(err, ZG_ENV, "--strict: %d warning%s, %s%s; %s%s", (int)n, n == 1 ? "" : "s",
                   n == 1 ? "" : "first: ", json_string_value(json_array_get(warnings, 0)), what,
                   where);
}

enum zg_status zg_meta_check_strict(const json_t *meta, const struct zg_machine_watch *before,
                                    struct zg_error *err)
{
    json_t *const load = json_pack("{s:o}", "load_1m_before", zg_json_real(before->load_1m));
    json_t *const warnings = warnings_of(meta, load);
    const enum zg_status status =
        fail_strict(warnings, "nothing is measured; `zogap info` shows all", "", err);
    json_decref(warnings);
    json_decref(load);
    return status;
}

enum zg_status zg_meta_fail_strict(const json_t *meta, const char *where, struct zg_error *err)
{
    return fail_strict(json_object_get(meta, "warnings"), "the results are in ", where, err);
}

void zg_meta_print_warnings(const json_t *meta, FILE *out)
{
    const json_t *const warnings = json_object_get(meta, "warnings");
    for (size_t i = 0; i < json_array_size(warnings); i++)
        fprintf(out, "warning: %s\n", json_string_value(json_array_get(warnings, i)));
}

void zg_meta_watch(json_t *meta, const struct zg_machine_watch *before)
{
    struct zg_machine_watch after;
    zg_machine_watch(&after);
    json_t *const during = zg_machine_during_json(before, &after);
    json_object_set_new(meta, "warnings", warnings_of(meta, during));
    json_object_set_new(meta, "during", during);
}

/* A full disk takes no new file, but what a file has already can be written over: turns "running"
 * into "failed", in one write of as many bytes.  The failure is reported already. */
static void mark_failed_in_place(const char *dir)
{
    static const char running[] = "\"running\"", failed[sizeof running] = "\"failed\" ";
    static const char key[] = "\n  \"status\": ";
    char path[1200], bytes[65536];
    snprintf(path, sizeof path, "%s/meta.json", dir);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    const ssize_t n = pread(fd, bytes, sizeof bytes, 0);
    const char *const at = n > 0 ? memmem(bytes, (size_t)n, key, sizeof key - 1) : NULL;
    const char *const word = at ? at + sizeof key - 1 : NULL;
    if (word && bytes + n - word >= (ssize_t)sizeof running - 1 &&
        !memcmp(word, running, sizeof running - 1) &&
        pwrite(fd, failed, sizeof failed - 1, word - bytes) == (ssize_t)sizeof failed - 1)
        zg_file_sync(fd, path, NULL);
    close(fd);
}

enum zg_status zg_meta_write(json_t *meta, const char *dir, const char *status_word,
                             const struct zg_machine_watch *before, struct zg_error *err)
{
    zg_meta_watch(meta, before);
    json_object_set_new(meta, "status", json_string(status_word));
    json_object_set_new(meta, "interrupted", json_boolean(strcmp(status_word, "interrupted") == 0));
    json_object_set_new(meta, "finished_utc",
                        strcmp(status_word, "running") == 0 ? json_null() : zg_json_utc_now());
    char *const text = json_dumps(meta, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    const enum zg_status status =
        text && !zg_json_memory_failed()
            ? zg_file_replace(dir, "meta.json", text, strlen(text), err)
            : zg_fail(err, ZG_ENV, "%s/meta.json: no memory to write it", dir);
    free(text);
    if (status)
        mark_failed_in_place(dir);
    return status;
}

static const char *cpu_name(const json_t *meta)
{
    const json_t *const cpu = json_object_get(json_object_get(meta, "machine"), "cpu");
    const char *const name = json_string_value(json_object_get(cpu, "name"));
    return name ? name : "an unknown processor";
}

static json_int_t n_threads(const json_t *meta)
{
    return json_integer_value(json_object_get(json_object_get(meta, "pins"), "n_threads"));
}

enum zg_status zg_meta_resume(json_t *meta, const char *dir, struct zg_error *err)
{
    static const char *const same[] = {"zogap", "command_line", NULL};
    char path[1200];
    json_error_t error;
    snprintf(path, sizeof path, "%s/meta.json", dir);
    json_t *const old = zg_json_read_file(path, &error);
    if (!old)
        return zg_fail(err, ZG_INPUT, "--resume: %s: %s", path, error.text);
    const json_int_t schema = json_integer_value(json_object_get(old, "schema_version"));
    enum zg_status status = ZG_OK;
    if (schema != ZG_SCHEMA_VERSION)
        status = zg_fail(err, ZG_USAGE,
                         "--resume: %s has schema_version %lld; this zogap writes version %d", path,
                         (long long)schema, ZG_SCHEMA_VERSION);
    for (int i = 0; same[i] && !status; i++)
        if (!json_equal(json_object_get(old, same[i]), json_object_get(meta, same[i])))
            status = zg_fail(
                err, ZG_USAGE,
                "--resume: %s is of another %s; give the same command line to the same build", path,
                same[i]);
    /* Half of the samples from another machine would be a mixture that nothing shows. */
    if (!status &&
        (strcmp(cpu_name(old), cpu_name(meta)) != 0 || n_threads(old) != n_threads(meta)))
        status = zg_fail(err, ZG_INPUT,
                         "--resume: %s is of %s, threads %lld; this is %s, threads %lld: go on "
                         "where it began, or give another --out",
                         path, cpu_name(old), (long long)n_threads(old), cpu_name(meta),
                         (long long)n_threads(meta));
    if (!status && json_is_array(json_object_get(old, "cases")))
        json_object_set(meta, "cases", json_object_get(old, "cases"));
    json_decref(old);
    return status;
}

json_t *zg_meta_find_case(const json_t *meta, int64_t index)
{
    const json_t *const cases = json_object_get(meta, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *const c = json_array_get(cases, i);
        if (json_integer_value(json_object_get(c, "index")) == index)
            return c;
    }
    return NULL;
}

bool zg_meta_case_is_finished(const json_t *meta, int64_t index)
{
    return json_is_true(json_object_get(zg_meta_find_case(meta, index), "finished"));
}

void zg_meta_finish_case(json_t *meta, int64_t index)
{
    json_object_set_new(zg_meta_find_case(meta, index), "finished", json_true());
}

void zg_meta_add_case(json_t *meta, json_t *case_meta)
{
    json_t *const cases = json_object_get(meta, "cases");
    for (size_t i = json_array_size(cases); i-- > 0;)
        if (json_equal(json_object_get(json_array_get(cases, i), "index"),
                       json_object_get(case_meta, "index")))
            json_array_remove(cases, i);
    json_array_append_new(cases, case_meta);
}
