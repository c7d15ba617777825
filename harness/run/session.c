/* session.c - from a request to cases, entries and a team.  The environment is put right last, for
 * that starts the program anew; what can fail before the work follows. */
#include "harness/run/session.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engines/base/nearest.h"
#include "engines/base/size.h"
#include "harness/base/page.h"
#include "harness/base/signals.h"
#include "harness/bench/fit.h"
#include "harness/machine/openblas_memory.h"
#include "harness/machine/threads.h"
#include "harness/machine/variables.h"

/* ---- cases ----------------------------------------------------------------------------------- */

static enum zg_status make_cases(struct zg_session *session, struct zg_error *err)
{
    const struct zg_sweep *const sweep = &session->request->sweep;
    const int64_t n = zg_sweep_n_cases(sweep);
    session->cases = calloc((size_t)n, sizeof *session->cases);
    if (!session->cases)
        return zg_fail(err, ZG_ENV, "no memory for %lld cases", (long long)n);
    session->n_cases = n;
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < n && !status; i++)
        status = zg_sweep_case(sweep, i, &session->cases[i].c, err);
    return status;
}

static enum zg_status name_cases(struct zg_session *session, struct zg_error *err)
{
    struct zg_names *const models = &session->model_names, *const tasks = &session->task_names;
    enum zg_status status = ZG_OK;
    tasks->is_task = true;
    for (int64_t i = 0; i < session->n_cases && !status; i++) {
        status = zg_names_add(models, &session->cases[i].c, err);
        if (!status)
            status = zg_names_add(tasks, &session->cases[i].c, err);
    }
    if (!status)
        status = zg_names_tell_apart(models, err);
    if (!status)
        status = zg_names_tell_apart(tasks, err);
    for (int64_t i = 0; i < session->n_cases && !status; i++) {
        struct zg_case *const c = &session->cases[i].c;
        c->model_name = zg_names_of(models, c);
        c->task_name = zg_names_of(tasks, c);
    }
    return status;
}

static enum zg_status make_entries(struct zg_session *session, struct zg_error *err)
{
    const int64_t n_items = session->engines.n_items;
    session->entries = calloc((size_t)(session->n_cases * n_items), sizeof *session->entries);
    if (!session->entries)
        return zg_fail(err, ZG_ENV, "no memory for %lld cases of %lld engines",
                       (long long)session->n_cases, (long long)n_items);
    for (int64_t i = 0; i < session->n_cases; i++) {
        struct zg_session_case *const of = &session->cases[i];
        of->entries = session->entries + i * n_items;
        for (int64_t e = 0; e < n_items; e++)
            zg_entry_make(&of->entries[e], &of->c, &session->engines.items[e], session->n_threads);
    }
    return ZG_OK;
}

/* What the engine, or for a dtype this machine, lacks for the case; NULL: nothing. */
static const char *lacks(const struct zg_engine_item *item, const struct zg_case *c)
{
    if (!(item->engine->scopes & 1u << c->scope))
        return "scope";
    const uint32_t dtypes = 1u << c->dtype | 1u << c->dtype_d;
    if (dtypes == 1u << ZG_FP32)
        return NULL;
    const struct zg_engine_options options = zg_engine_item_options(item, c->dtype, c->dtype_d);
    const bool has = (item->engine->dtypes & dtypes) == dtypes &&
                     zg_fit_try(item->engine, &options, NULL) != ZG_ENV;
    return has ? NULL : "dtype";
}

/* Without --engines all engines of the build are meant that can run the cases. */
static enum zg_status leave_out_engines(struct zg_session *session, struct zg_error *err)
{
    struct zg_engine_list *const list = &session->engines;
    const char *before = "";
    char *text = NULL;
    size_t size;
    int64_t n_kept = 0;
    FILE *const out = open_memstream(&text, &size);
    if (!out)
        return zg_fail(err, ZG_ENV, "no memory for the engines");
    for (int64_t e = 0; e < list->n_items; e++) {
        const char *lacking = NULL;
        for (int64_t i = 0; i < session->n_cases && !lacking; i++)
            lacking = lacks(&list->items[e], &session->cases[i].c);
        if (!lacking)
            list->items[n_kept++] = list->items[e];
        else if (strcmp(lacking, before) == 0)
            fprintf(out, ", %s", list->items[e].label);
        else
            fprintf(out, "%sleft out for want of the %s: %s", *before ? "; " : "", lacking,
                    list->items[e].label);
        before = lacking ? lacking : before;
    }
    if (fclose(out) != 0) {
        free(text);
        return zg_fail(err, ZG_ENV, "no memory for the engines");
    }
    if (n_kept > 0)
        list->n_items = n_kept;
    if (n_kept > 0 && *before)
        session->left_out = text;
    else
        free(text); /* none is, or all: the check says why */
    return ZG_OK;
}

enum zg_status zg_session_resolve(struct zg_session *session, struct zg_error *err)
{
    enum zg_status status = make_cases(session, err);
    if (!status)
        status = name_cases(session, err);
    if (!status && !session->request->engines)
        status = leave_out_engines(session, err);
    return status ? status : make_entries(session, err);
}

static enum zg_status fail_baseline(const struct zg_session *session, const char *what,
                                    const char *name, struct zg_error *err)
{
    char labels[256] = "";
    struct zg_nearest nearest = zg_nearest_begin(name);
    for (int64_t i = 0; i < session->engines.n_items; i++) {
        const char *const label = session->engines.items[i].label;
        const size_t n = strlen(labels);
        snprintf(labels + n, sizeof labels - n, "%s%s", i ? ", " : "", label);
        zg_nearest_try(&nearest, label, strlen(label));
    }
    return zg_fail(err, ZG_USAGE, "%s %s: must be one of the --engines of this run, %s%s", what,
                   name, labels, zg_nearest_hint(&nearest));
}

static enum zg_status find_baseline(struct zg_session *session, struct zg_error *err)
{
    const char *const name = session->request->policy.baseline;
    const struct zg_engine *const loop = zg_engine_of_role(ZG_ROLE_LOOP);
    session->baseline = zg_engine_list_find(&session->engines, name   ? name
                                                               : loop ? loop->name
                                                                      : "");
    if (session->baseline >= 0)
        return ZG_OK;
    session->baseline = 0;
    if (!name)
        return ZG_OK;
    return fail_baseline(session, "--baseline", name, err);
}

/* The baseline's engine again, in a dtype of its own: what a loop of the same precision takes. */
static int64_t matched_baseline(const struct zg_session *session)
{
    const struct zg_engine_item *const items = session->engines.items;
    const struct zg_engine_item *const base = &items[session->baseline];
    for (int64_t i = 0; i < session->engines.n_items; i++)
        if (items[i].engine == base->engine && items[i].has_dtype &&
            !(base->has_dtype && items[i].dtype == base->dtype &&
              items[i].dtype_d == base->dtype_d))
            return i;
    return -1;
}

static enum zg_status find_second_baseline(struct zg_session *session, struct zg_error *err)
{
    const char *const name = session->request->policy.second_baseline;
    session->second_baseline =
        name ? zg_engine_list_find(&session->engines, name) : matched_baseline(session);
    if (!name || session->second_baseline >= 0)
        return ZG_OK;
    return fail_baseline(session, "--second-baseline", name, err);
}

static enum zg_status check_cases(const struct zg_session *session, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < session->n_cases && !status; i++)
        status = zg_fit_case(&session->cases[i].c, session->cases[i].entries,
                             session->engines.n_items, err);
    return status;
}

/* ---- the team -------------------------------------------------------------------------------- */

static enum zg_status choose_team(struct zg_session *session, struct zg_error *err)
{
    const struct zg_policy *const policy = &session->request->policy;
    const struct zg_pin_request request = {.n_threads = policy->threads, .cpus = policy->cpus};
    enum zg_status status = zg_cpu_isa_choose(&session->isa, err);
    if (!status)
        status = zg_pin_open(&session->pin, &request, err);
    if (status)
        return status;
    session->n_threads = session->pin->n_threads;
    if (omp_get_thread_limit() < session->n_threads)
        return zg_fail(err, ZG_ENV,
                       "OMP_THREAD_LIMIT=%d: must be at least the %lld threads of the team",
                       omp_get_thread_limit(), (long long)session->n_threads);
    status = zg_threads_try(session->n_threads, err);
    return status ? status : zg_openblas_memory_try(session->n_threads, err);
}

/* May start the program again. */
static void settle(struct zg_session *session)
{
    char places[16384];
    const bool fits = zg_pin_places(session->pin, places, sizeof places);
    zg_environment_restart_once(&session->environment, session->request->argv,
                                fits ? places : NULL);
    zg_status_line_open(&session->line, session->request->policy.quiet);
}

enum zg_status zg_session_open_team(struct zg_session *out, const struct zg_request *request,
                                    struct zg_error *err)
{
    *out = (struct zg_session){.request = request};
    const enum zg_status status = choose_team(out, err);
    if (status)
        zg_session_close(out);
    else
        settle(out);
    return status;
}

enum zg_status zg_session_open(struct zg_session *out, const struct zg_request *request,
                               struct zg_error *err)
{
    *out = (struct zg_session){.request = request};
    enum zg_status status =
        zg_engine_list_parse(&out->engines, request->engines, request->mechanisms, err);
    if (!status)
        status = choose_team(out, err);
    if (!status)
        status = zg_session_resolve(out, err);
    if (!status)
        status = find_baseline(out, err);
    if (!status)
        status = find_second_baseline(out, err);
    if (!status)
        status = check_cases(out, err);
    if (!status)
        status = zg_gate_child_read(&out->gate, err);
    if (!status && out->gate.n > 0 && out->gate.n != out->n_cases * out->engines.n_items)
        status = zg_fail(err, ZG_USAGE,
                         ZG_GATE_CHILD_VARIABLE " has steps for %lld engines on cases, not %lld",
                         (long long)out->gate.n, (long long)(out->n_cases * out->engines.n_items));
    if (status)
        zg_session_close(out);
    else
        settle(out);
    return status;
}

/* ---- before the work ------------------------------------------------------------------------- */

enum zg_status zg_session_begin(struct zg_session *session, struct zg_error *err)
{
    if (!session->environment.openblas_is_openmp)
        return zg_fail(err, ZG_ENV, "%s", session->environment.warning);
    zg_signals_watch();
    return zg_pin_bind(session->pin, err);
}

enum zg_status zg_session_try_engines(struct zg_session *session, struct zg_error *err)
{
    for (int64_t i = 0; i < session->n_cases; i++)
        for (int64_t e = 0; e < session->engines.n_items; e++) {
            const struct zg_entry *const entry = &session->cases[i].entries[e];
            const enum zg_status status = zg_fit_try(entry->item->engine, &entry->options, err);
            if (status)
                return zg_fail_within(err, status, "engine %s", entry->item->label);
        }
    return ZG_OK;
}

/* --layers-resident 2 of a model that has two layers repeats nothing: it is the same case as
 * without. */
static void name_layers(const struct zg_session *session, const struct zg_session_case *of,
                        const struct zg_model *model)
{
    const struct zg_model_shape *const shape = zg_model_shape(model);
    for (int64_t e = 0; e < session->engines.n_items; e++)
        if (zg_shape_n_resident(shape) == shape->n_layers)
            of->entries[e].id.layers_resident = ZG_NO_INTEGER;
}

/* The embedded tokenizer is at home in the embedded task. */
static void note_tokenizer(struct zg_session *session, const struct zg_case *c,
                           const struct zg_data *data)
{
    session->embedded_tokenizer |= data->embedded_tokenizer;
    if (!data->embedded_tokenizer || session->embedded_elsewhere ||
        strcmp(c->task, "embedded") == 0)
        return;
    session->embedded_elsewhere = true;
    session->embedded_tokens = data->stats.mean_tokens;
}

static void note_truncated(struct zg_session *session, const struct zg_data *data)
{
    const int64_t n = zg_dataset_n_truncated(data->dataset);
    if (n <= session->n_truncated)
        return;
    session->n_truncated = n;
    session->n_truncated_of = data->stats.n_examples;
}

enum zg_status zg_session_check_files(struct zg_session *session, int64_t n_at_once,
                                      struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < session->n_cases && !status; i++) {
        struct zg_session_case *const of = &session->cases[i];
        struct zg_bench bench = {0};
        zg_status_line_show(&session->line, false, "checking the files of case %lld of %lld",
                            (long long)i + 1, (long long)session->n_cases);
        status = zg_bench_open(&bench, &of->c, &session->models, err);
        if (!status) {
            of->prints = *zg_dataset_fingerprints(bench.data.dataset);
            note_tokenizer(session, &of->c, &bench.data);
            note_truncated(session, &bench.data);
        }
        if (!status)
            status = zg_fit_memory(&of->c, bench.data.model, of->entries,
                                   zg_min64(n_at_once, session->engines.n_items), err);
        if (!status)
            name_layers(session, of, bench.data.model);
        zg_bench_close(&bench);
    }
    zg_status_line_clear(&session->line);
    return status;
}

void zg_session_tell_tokenizer(const struct zg_session *session, FILE *out)
{
    if (session->embedded_elsewhere)
        zg_page_print(out,
                      "note: no --tokenizer: texts are cut by the embedded tokenizer, into %.1f "
                      "tokens on average; a model's own may make fewer, and steps shorter: "
                      "--tokenizer DIR takes it",
                      session->embedded_tokens);
    else if (session->embedded_tokenizer)
        zg_page_print(out, "note: texts are cut by the embedded tokenizer; --tokenizer DIR takes a "
                           "model's");
}

void zg_tell_truncated(int64_t n, int64_t n_rows, FILE *out)
{
    if (n > 0)
        zg_page_print(out,
                      "note: %lld of %lld rows are longer than the model takes: --truncate left "
                      "dropped their beginning",
                      (long long)n, (long long)n_rows);
}

static void tell_variables(FILE *out)
{
    size_t i;
    json_t *warning;
    json_t *const process = json_object(), *const warnings = json_array();
    zg_variables_record(process);
    zg_variables_warn(process, warnings);
    json_array_foreach(warnings, i, warning)
        zg_page_print(out, "warning: %s", json_string_value(warning));
    json_decref(warnings);
    json_decref(process);
}

void zg_session_tell_models(const struct zg_session *session, bool warnings, FILE *out)
{
    if (warnings)
        tell_variables(out);
    for (int64_t i = 0; i < session->models.n; i++) {
        const struct zg_model *const model = session->models.items[i].model;
        if (warnings && zg_model_warning(model))
            zg_page_print(out, "warning: %s", zg_model_warning(model));
        if (zg_model_note(model))
            zg_page_print(out, "note: %s", zg_model_note(model));
    }
}

void zg_session_close(struct zg_session *session)
{
    zg_status_line_clear(&session->line);
    zg_pin_close(&session->pin);
    zg_models_close(&session->models);
    zg_names_close(&session->model_names);
    zg_names_close(&session->task_names);
    free(session->cases);
    free(session->entries);
    session->cases = NULL;
    session->entries = NULL;
    session->n_cases = 0;
    free(session->left_out);
    session->left_out = NULL;
    zg_engine_list_close(&session->engines);
    zg_gate_child_close(&session->gate);
}
