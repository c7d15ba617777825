/*
 * runner.c - prepares, measures case after case, ends. meta.json is written after each case, and
 * however the run ends it says how.
 */
#include "harness/run/runner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/nearest.h"
#include "engines/base/plural.h"
#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/line.h"
#include "harness/base/page.h"
#include "harness/base/signals.h"
#include "harness/peak/roofline.h"
#include "harness/rows/case_row.h"
#include "harness/rows/table.h"
#include "harness/run/asked.h"
#include "harness/run/estimate.h"
#include "harness/run/going_on_text.h"
#include "harness/run/manifest.h"
#include "harness/run/measured_json.h"
#include "harness/run/sweep_tell.h"
#include "harness/store/block_plan.h"
#include "harness/store/sessions.h"

/* ---- preparing ------------------------------------------------------------------------------- */

/* An interrupted case has rows in the summary too, of the blocks that it got. */
static bool was_cut_off(const void *context, const struct zg_case_row *row)
{
    const struct zg_runner *const runner = context;
    for (int64_t i = 0; i < runner->session.n_cases; i++)
        for (int64_t e = 0; e < runner->session.engines.n_items; e++)
            if (zg_case_row_same(row, &runner->session.cases[i].entries[e].id))
                return !zg_meta_case_is_finished(runner->meta, i);
    return false;
}

static int64_t n_planned(const void *context, const struct zg_case_row *row,
                         struct zg_case_row rows[ZG_MAX_ENGINES], int64_t *n_rows)
{
    const struct zg_runner *const runner = context;
    for (int64_t i = 0; i < runner->session.n_cases; i++) {
        const struct zg_entry *const entries = runner->session.cases[i].entries;
        struct zg_block_plan plan;
        bool is_its = false;
        if (zg_meta_case_is_finished(runner->meta, i) ||
            !zg_block_plan_read(&plan, json_object_get(zg_meta_find_case(runner->meta, i), "plan")))
            continue;
        *n_rows = 0;
        for (int64_t e = 0; e < runner->session.engines.n_items; e++)
            for (int64_t p = 0; p < plan.n_engines; p++)
                if (strcmp(entries[e].item->label, plan.engines[p]) == 0) {
                    rows[*n_rows] = entries[e].id;
                    is_its |= zg_case_row_same(row, &rows[(*n_rows)++]);
                }
        if (is_its && *n_rows == plan.n_engines)
            return plan.n_blocks;
    }
    *n_rows = 0;
    return 0;
}

/* What there is to go on with: whoever asks for that and is in another folder should know at once
 * that there is nothing. */
static enum zg_status take_meta(struct zg_runner *runner, struct zg_error *err)
{
    if (!zg_result_dir_has(&runner->dir, "meta.json")) {
        fprintf(stderr,
                "zogap: warning: %s: --resume: %s holds no run to go on with: it begins anew\n",
                runner->command->name, runner->dir.path);
        return ZG_OK;
    }
    json_t *const prints = zg_asked_prints_json(&runner->session);
    const enum zg_status status =
        zg_meta_resume(runner->meta, prints, runner->dir.path, &runner->all_there, err);
    json_decref(prints);
    return status;
}

static enum zg_status open_files(struct zg_runner *runner, struct zg_error *err)
{
    const struct zg_policy *const policy = &runner->session.request->policy;
    const int64_t n = zg_counters_n(runner->counters);
    const char **const names = calloc((size_t)n + 1, sizeof *names);
    if (!names)
        return zg_fail(err, ZG_ENV, "no memory for %lld counters", (long long)n);
    for (int64_t i = 0; i < n; i++)
        names[i] = zg_counters_event(runner->counters, i)->column;
    const struct zg_result_resume resume = {was_cut_off, n_planned, runner};
    enum zg_status status = ZG_OK;
    if (policy->resume)
        status = take_meta(runner, err);
    if (!status)
        status = zg_result_writer_open(&runner->results, runner->dir.path,
                                       policy->resume ? &resume : NULL, names, n, err);
    free(names);
    return status;
}

/* Of every engine in every case. */
static uint32_t dtypes_in_use(const struct zg_session *session)
{
    uint32_t bits = 0;
    for (int64_t i = 0; i < session->n_cases * session->engines.n_items; i++)
        bits |= 1u << session->entries[i].options.dtype | 1u << session->entries[i].options.dtype_d;
    return bits;
}

/* Most of a small run is spent on peaks, and a gate starts dozens of runs that need none: it asks
 * for brief ones by a variable, for an option would be one that older builds refuse. */
static enum zg_status read_peaks_wish(bool *brief, struct zg_error *err)
{
    const char *const value = getenv("ZOGAP_PEAKS");
    *brief = value && strcmp(value, "brief") == 0;
    if (value && *value && !*brief && strcmp(value, "full") != 0)
        return zg_fail(err, ZG_USAGE, "ZOGAP_PEAKS=%s is unknown; it takes full or brief%s", value,
                       zg_nearest_word(value, "full brief").hint);
    return ZG_OK;
}

static enum zg_status measure_peak(struct zg_runner *runner, struct zg_error *err)
{
    if (zg_counters_use_valgrind(runner->counters) || /* what it emulates has no peak */
        zg_gate_child_samples(&runner->session.gate)) {
        zg_peak_none(&runner->peak, runner->session.n_threads);
        return ZG_OK;
    }
    bool brief = false;
    enum zg_status status = read_peaks_wish(&brief, err);
    if (status)
        return status;
    zg_status_line_show(&runner->session.line, true, "measuring the machine's peaks");
    const struct zg_peak_request request = {.n_threads = runner->session.n_threads,
                                            .isa = runner->session.isa,
                                            .time_s = brief ? 0.02 : 0.1,
                                            .dtypes = dtypes_in_use(&runner->session),
                                            .read_bytes = brief ? -1 : 0};
    if (brief)
        zg_meta_note(runner->meta, "ZOGAP_PEAKS is brief: peaks were measured for a fifth of the "
                                   "usual time, memory bandwidth not at all");
    struct zg_roofline roofline;
    status = zg_peak_measure(&runner->peak, &request, err);
    if (status)
        return status;
    json_object_set_new(runner->meta, "peak", zg_peak_json(&runner->peak));
    zg_roofline_make(&roofline, &runner->peak, &request);
    return zg_roofline_write(&roofline, runner->dir.path, err);
}

/* Told before measuring, for whoever waits hours for an empty column. */
static void note_events(struct zg_runner *runner)
{
    char text[1024];
    if (!zg_counters_tell_uncounted(runner->counters, text, sizeof text))
        return;
    json_object_set_new(
        runner->meta, "event_warnings",
        json_pack("[o]",
                  json_sprintf("--events %s: %s", runner->session.request->policy.events, text)));
}

static bool is_finished(const struct zg_runner *runner, int64_t index)
{
    for (int64_t i = 0; i < runner->session.engines.n_items; i++)
        if (!zg_result_writer_has_case(&runner->results,
                                       &runner->session.cases[index].entries[i].id))
            return false;
    return true;
}

static void tell_events(const struct zg_runner *runner)
{
    const json_t *const warnings = json_object_get(runner->meta, "event_warnings");
    for (size_t i = 0; i < json_array_size(warnings); i++)
        zg_line_print(stderr, "warning: %s", json_string_value(json_array_get(warnings, i)));
}

/* All that can be known to be wrong before anything is written or measured. */
static enum zg_status check(struct zg_runner *runner, struct zg_error *err)
{
    struct zg_session *const session = &runner->session;
    const struct zg_request *const request = session->request;
    if (request->policy.resume && !request->out_dir)
        return zg_fail(err, ZG_USAGE, "--resume: needs --out DIR, the directory to go on in");
    const double max_time_s = zg_policy_max_time_s(&request->policy);
    if (max_time_s > 0 && max_time_s < request->policy.min_time_s)
        return zg_fail(err, ZG_USAGE, "--max-time %g: must be at least the --min-time of %g",
                       max_time_s, request->policy.min_time_s);
    enum zg_status status = zg_measure_check_banks(session, err);
    if (!status)
        status = zg_session_begin(session, err);
    if (!status)
        status = zg_session_try_engines(session, err);
    if (!status && session->gate.work != ZG_GATE_CHILD_SAMPLES)
        status = zg_session_check_files(session, session->engines.n_items, err);
    const struct zg_counters_request counters = {.events = request->policy.events,
                                                 .n_threads = session->n_threads,
                                                 .multiplex = request->policy.multiplex};
    if (!status)
        status = zg_counters_open(&runner->counters, &counters, err);
    if (status)
        return status;
    zg_machine_watch(&runner->before);
    runner->meta = zg_manifest_open(session, runner->command->name);
    if (!runner->meta)
        return zg_fail(err, ZG_ENV, "no memory for meta.json");
    json_object_set_new(runner->meta, "counters", zg_counters_json(runner->counters));
    note_events(runner);
    if (zg_gate_child_samples(&session->gate))
        json_object_set_new(
            runner->meta, "gate_child",
            json_string(session->gate.work == ZG_GATE_CHILD_PILOT ? "pilot" : "samples"));
    if (request->policy.strict)
        status = zg_meta_check_strict(runner->meta, &runner->before, err);
    return status;
}

static enum zg_status open_dir(struct zg_runner *runner, struct zg_error *err)
{
    const struct zg_request *const request = runner->session.request;
    return zg_result_dir_open(&runner->dir, request->out_dir, request->policy.resume, err);
}

static enum zg_status prepare(struct zg_runner *runner, struct zg_error *err)
{
    enum zg_status status = check(runner, err);
    if (!status)
        status = open_dir(runner, err);
    if (!status)
        tell_events(runner);
    if (!status)
        status = open_files(runner, err);
    for (int64_t i = 0; i < runner->session.n_cases && runner->all_there; i++)
        runner->all_there = is_finished(runner, i);
    if (status || runner->all_there) {
        zg_peak_none(&runner->peak, runner->session.n_threads);
        return status;
    }
    zg_sessions_begin(runner->meta);
    status = measure_peak(runner, err);
    if (!status)
        status = zg_meta_write(runner->meta, runner->dir.path, "running", &runner->before, err);
    return status;
}

/* ---- measuring ------------------------------------------------------------------------------- */

/* While the run goes on. */
static enum zg_status write_meta(void *context, struct zg_error *err)
{
    struct zg_runner *const runner = context;
    return zg_meta_write(runner->meta, runner->dir.path, "running", &runner->before, err);
}

/* Every line of its notes is told with the case's name, and its result at once. */
static enum zg_status measure_case(struct zg_runner *runner, int64_t index, struct zg_error *err)
{
    struct zg_session *const session = &runner->session;
    struct zg_measurement *const m = &runner->measurement;
    char *notes = NULL;
    size_t n;
    if (!(m->notes = open_memstream(&notes, &n)))
        return zg_fail(err, ZG_ENV, "no memory for the notes of a case");
    if (session->n_cases > 1)
        snprintf(session->line.before, sizeof session->line.before,
                 "case %lld of %lld: ", (long long)index + 1, (long long)session->n_cases);
    const int64_t begin_ns = zg_clock_wall_ns();
    const enum zg_status status = zg_measure_case(m, index, err);
    fclose(m->notes);
    zg_sweep_put_notes(session, index, notes ? notes : "", runner->notes);
    free(notes);
    m->pace.spent_s += zg_ns_to_s(zg_clock_wall_ns() - begin_ns);
    m->pace.estimated_s += zg_estimate_s(session, index);
    return status;
}

static void tell_result(const struct zg_runner *runner, int64_t index)
{
    const struct zg_session *const session = &runner->session;
    const struct zg_summary_row *const rows = runner->results.summary.rows;
    const int64_t n = runner->results.summary.n, n_engines = session->engines.n_items;
    if (session->n_cases > 1 && !session->request->policy.quiet && n >= n_engines)
        zg_sweep_tell_result(session, index, rows + n - n_engines, stderr);
}

static enum zg_status measure_cases(struct zg_runner *runner, struct zg_error *err)
{
    struct zg_session *const session = &runner->session;
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < session->n_cases && !status && !zg_signals_caught(); i++) {
        if (is_finished(runner, i))
            continue;
        status = measure_case(runner, i, err);
        const bool whole = !status && !zg_signals_caught();
        if (!status)
            status = zg_result_writer_write(&runner->results, err);
        if (!status && whole) {
            zg_meta_finish_case(runner->meta, i);
            status = write_meta(runner, err);
            tell_result(runner, i);
        }
    }
    return status;
}

/* ---- ending ---------------------------------------------------------------------------------- */

FILE *zg_runner_notes(const struct zg_runner *runner)
{
    return runner->session.request->format == ZG_FORMAT_TABLE ? stdout : stderr;
}

/* Lines of the measurement, each a paragraph. */
static void print_told(const char *told, FILE *notes)
{
    for (size_t n; *told; told += n + (told[n] == '\n')) {
        n = strcspn(told, "\n");
        char *const line = strndup(told, n);
        if (line)
            zg_page_put(notes, 2, line);
        free(line);
    }
}

static void print_peak(const struct zg_peak *peak, FILE *notes)
{
    fprintf(notes, "peak %.0f GFLOP/s fp32", peak->gflops[ZG_FP32].all.best);
    for (int dtype = ZG_FP32 + 1; dtype < ZG_N_DTYPES; dtype++)
        if (isfinite(peak->gflops[dtype].all.best))
            fprintf(notes, ", %.0f %s (%s)", peak->gflops[dtype].all.best,
                    zg_dtype_name((enum zg_dtype)dtype), zg_isa_name(peak->isas[dtype]));
    if (isfinite(peak->read_gb_per_s.all.best))
        fprintf(notes, ", %.1f GB/s", peak->read_gb_per_s.all.best);
    fputs("\n", notes);
}

static void print_notes(const struct zg_runner *runner)
{
    FILE *const notes = zg_runner_notes(runner);
    if (runner->session.left_out)
        zg_page_print(notes, "note: %s", runner->session.left_out);
    zg_session_tell_tokenizer(&runner->session, notes);
    zg_tell_truncated(runner->session.n_truncated, runner->session.n_truncated_of, notes);
    zg_meta_print_warnings(runner->meta, notes);
    zg_sessions_print(runner->meta, notes);
    zg_session_tell_models(&runner->session, false, notes);
    fflush(runner->notes);
    print_told(runner->told, notes);
    const int64_t n_multiplexed = zg_counters_n_multiplexed(runner->counters);
    if (n_multiplexed > 0)
        zg_page_print(
            notes,
            "note: %lld event%s took turns on the counter registers (--multiplex): their counts, "
            "and what is derived from them, are estimates",
            (long long)n_multiplexed, zg_plural(n_multiplexed));
    if (isfinite(runner->peak.gflops[ZG_FP32].all.best))
        print_peak(&runner->peak, notes);
    zg_line_print(notes, "results in %s", runner->dir.path);
}

static enum zg_status fail_disagreement(const struct zg_runner *runner, struct zg_error *err)
{
    const struct zg_measurement *const m = &runner->measurement;
    return zg_fail(err, ZG_CHECK,
                   "%lld engine check%s failed, no speed-up is given for %s; first: %s",
                   (long long)m->n_disagreeing, m->n_disagreeing == 1 ? "" : "s",
                   m->n_disagreeing == 1 ? "it" : "them", m->first_disagreement);
}

/* Of this session or one before. */
static bool has_samples(const struct zg_runner *runner)
{
    const struct zg_summary_row *const rows = runner->results.summary.rows;
    const struct zg_csv_in *const old = runner->results.old_samples;
    bool has = runner->measurement.n_samples > 0 || (old && old->n > 0);
    for (int64_t i = 0; i < runner->results.summary.n; i++)
        has |= rows[i].n > 0;
    return has;
}

static void tell_going_on(const struct zg_runner *runner)
{
    FILE *const notes = zg_runner_notes(runner);
    fputs("to go on: ", notes);
    zg_going_on_print(runner->session.request, runner->dir.path, notes);
}

/* A table of dashes would say less. */
static enum zg_status tell_nothing_timed(struct zg_runner *runner, struct zg_error *err)
{
    tell_going_on(runner);
    zg_error_clear(err); /* it may say where */
    return zg_fail(err, ZG_ENV,
                   "interrupted before the first block: nothing was timed; the command with "
                   "--resume starts it in %s",
                   runner->dir.path);
}

static enum zg_status tell_all_there(struct zg_runner *runner, struct zg_error *err)
{
    const enum zg_status status = runner->command->print(runner, err);
    if (!status)
        fprintf(zg_runner_notes(runner),
                "note: all was measured already: --resume had nothing left to do\nresults in %s\n",
                runner->dir.path);
    return status;
}

static enum zg_status run_all(struct zg_runner *runner, struct zg_error *err)
{
    runner->measurement = (struct zg_measurement){.session = &runner->session,
                                                  .results = &runner->results,
                                                  .counters = runner->counters,
                                                  .peak = &runner->peak,
                                                  .meta = runner->meta,
                                                  .least_blocks = runner->command->least_blocks,
                                                  .on_plan = write_meta,
                                                  .context = runner};
    enum zg_status status = (runner->notes = open_memstream(&runner->told, &runner->n_told))
                                ? measure_cases(runner, err)
                                : zg_fail(err, ZG_ENV, "no memory for the notes of a run");
    zg_status_line_clear(&runner->session.line);
    if (status && runner->measurement.n_samples == 0 && runner->dir.is_new &&
        !zg_signals_caught()) {
        zg_result_dir_discard(&runner->dir);
        return status;
    }
    if (runner->command->write && (!status || runner->results.summary.n > 0)) {
        /* what was measured is worth its files, whatever a later case ran into */
        const enum zg_status written = runner->command->write(runner, status ? NULL : err);
        status = status ? status : written;
    }
    if (runner->all_there) /* and so is its meta.json */
        return status ? status : tell_all_there(runner, err);
    const char *const word = zg_signals_caught() ? "interrupted" : status ? "failed" : "complete";
    if (status)
        json_object_set_new(runner->meta, "failure", zg_json_text(err->text));
    const enum zg_status written =
        zg_meta_write(runner->meta, runner->dir.path, word, &runner->before, status ? NULL : err);
    status = status ? status : written;
    if (zg_signals_caught() && !written && !has_samples(runner))
        return tell_nothing_timed(runner, err);
    if (!status)
        status = runner->command->print(runner, err);
    if (!status && !ferror(stdout))
        print_notes(runner);
    if (zg_signals_caught() && !written)
        tell_going_on(runner);
    if (!status && zg_signals_caught())
        return zg_fail(err, ZG_ENV, "interrupted; what was measured is in %s", runner->dir.path);
    if (!status && runner->measurement.n_disagreeing > 0)
        return fail_disagreement(runner, err);
    if (!status && runner->session.request->policy.strict)
        return zg_meta_fail_strict(runner->meta, runner->dir.path, err);
    return status;
}

static enum zg_status measure(struct zg_runner *runner, struct zg_error *err)
{
    const enum zg_status status = prepare(runner, err);
    if (!status)
        return run_all(runner, err);
    zg_result_dir_discard(&runner->dir);
    return status;
}

/* Lists what would be measured, and refuses what would be refused: nobody shall find out at night.
 * A directory that is made to be tried goes again. */
static enum zg_status list(struct zg_runner *runner, struct zg_error *err)
{
    enum zg_status status = check(runner, err);
    if (!status && runner->session.request->out_dir)
        status = open_dir(runner, err);
    zg_result_dir_discard(&runner->dir);
    return status ? status : runner->command->list(runner, err);
}

enum zg_status zg_runner_run(const struct zg_runner_command *command,
                             const struct zg_request *request, void *context, struct zg_error *err)
{
    struct zg_runner runner = {.command = command, .context = context};
    enum zg_status status = zg_session_open(&runner.session, request, err);
    if (command->first_is_baseline)
        runner.session.baseline = 0;
    if (!status)
        status = request->policy.list ? list(&runner, err) : measure(&runner, err);
    if (runner.notes)
        fclose(runner.notes);
    free(runner.told);
    zg_result_writer_close(&runner.results);
    zg_counters_close(&runner.counters);
    json_decref(runner.meta);
    zg_session_close(&runner.session);
    return status;
}
