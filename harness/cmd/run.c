/*
 * run.c - `zogap run`: measures engines side by side on one case or a sweep, and writes a result
 * directory.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/command.h"
#include "harness/dtypes.h"
#include "harness/gap_table.h"
#include "harness/measure.h"
#include "harness/measure_json.h"
#include "harness/result_dir.h"
#include "harness/roofline.h"
#include "harness/signals.h"

struct run {
    struct zg_session session;
    struct zg_result_dir dir;
    struct zg_counters *counters;
    struct zg_peak peak;
    struct zg_results results;
    struct zg_machine_watch before;
    json_t *meta;
    struct zg_measurement measurement;
};

/* ---- --list ---------------------------------------------------------------------------------- */

/* A guess made of arithmetic, for a reader who must choose between minutes and days: checking and
 * the pilot take about twenty steps of a loop that reaches 50 GFLOP/s a thread on padded batches of
 * 64 tokens, and sampling takes what --max-time allows. */
static double estimate_s(const struct zg_session *session, const struct zg_case *c)
{
    const struct zg_model_shape *shape = NULL;
    const char *name;
    double n_params = 125e6;
    for (int64_t i = 0; (name = zg_model_shape_name(i, &shape)); i++)
        if (strcmp(name, c->model) == 0)
            n_params = (double)zg_model_n_params(shape);
    const double step_s =
        8.0 * n_params * 64.0 * (double)c->batch / (50e9 * (double)session->n_threads);
    const double sampling_s = zg_policy_max_time_s(&session->request->policy);
    return 5.0 + 20.0 * step_s + (sampling_s > 0 ? sampling_s : 200 * step_s) +
           (double)session->engines.n_items * n_params / 100e6;
}

static enum zg_status list_cases(const struct zg_session *session, struct zg_error *err)
{
    static const struct zg_heading headings[] = {{"case", "case"},
                                                 {"model", "model"},
                                                 {"task", "task"},
                                                 {"objective", "objective"},
                                                 {"batch", "batch"},
                                                 {"rank", "rank"},
                                                 {"nu", "nu"},
                                                 {"eps", "eps"},
                                                 {"lr", "lr"},
                                                 {"dtype", "dtype"},
                                                 {"layers_resident", "layers resident"},
                                                 {"seed", "seed"},
                                                 {"estimate_s", "about"}};
    struct zg_table *table = NULL;
    double total_s = 0;
    char text[32];
    enum zg_status status =
        zg_table_open(&table, headings, sizeof headings / sizeof headings[0], err);
    for (int64_t i = 0; i < session->n_cases && !status; i++) {
        struct zg_case c;
        status = zg_sweep_case(&session->request->sweep, i, &c, err);
        if (status)
            break;
        const double case_s = estimate_s(session, &c);
        total_s += case_s;
        zg_table_integer(table, i);
        zg_table_text(table, c.model);
        zg_table_text(table, c.task);
        zg_table_text(table, zg_objective_name((enum zg_objective)c.objective));
        zg_table_integer(table, c.batch);
        zg_table_integer(table, c.rank);
        zg_table_integer(table, c.nu);
        zg_table_real(table, c.eps, NULL);
        zg_table_real(table, c.lr, NULL);
        zg_table_text(table, zg_dtypes_name(c.dtype, c.dtype_d));
        zg_table_integer(table, c.layers_resident ? c.layers_resident : ZG_NO_INTEGER);
        zg_table_integer(table, (int64_t)c.seed);
        zg_table_real(table, case_s, zg_duration_show(case_s, text, sizeof text));
    }
    if (!status)
        status = zg_table_print(table, stdout, "standard output",
                                (enum zg_format)session->request->format, err);
    zg_table_close(&table);
    if (!status && session->request->format == ZG_FORMAT_TABLE)
        printf("%lld cases, about %s in all\n", (long long)session->n_cases,
               zg_duration_show(total_s, text, sizeof text));
    return status;
}

/* ---- preparing ------------------------------------------------------------------------------- */

static enum zg_status open_files(struct run *run, struct zg_error *err)
{
    const struct zg_policy *const policy = &run->session.request->policy;
    const int64_t n = zg_counters_n(run->counters);
    const char **const names = calloc((size_t)n + 1, sizeof *names);
    if (!names)
        return zg_fail(err, ZG_ENV, "no memory for %lld counters", (long long)n);
    for (int64_t i = 0; i < n; i++)
        names[i] = zg_counters_event(run->counters, i)->column;
    enum zg_status status = ZG_OK;
    if (policy->resume && zg_result_dir_has(&run->dir, "meta.json"))
        status = zg_meta_match(run->meta, run->dir.path, err);
    if (!status)
        status = zg_results_open(&run->results, run->dir.path, policy->resume, names, n, err);
    free(names);
    return status;
}

static enum zg_status measure_peak(struct run *run, struct zg_error *err)
{
    zg_status_line_show(&run->session.line, true, "measuring the machine's peaks");
    const struct zg_peak_request request = {
        .n_threads = run->session.n_threads, .isa = run->session.isa, .time_s = 0.1};
    struct zg_roofline roofline;
    const enum zg_status status = zg_peak_measure(&run->peak, &request, err);
    if (status)
        return status;
    json_object_set_new(run->meta, "peak", zg_peak_json(&run->peak));
    zg_roofline_make(&roofline, &run->peak, &request);
    return zg_roofline_write(&roofline, run->dir.path, err);
}

static enum zg_status prepare(struct run *run, struct zg_error *err)
{
    struct zg_session *const session = &run->session;
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
        status = zg_session_check_files(session, session->engines.n_items, err);
    if (!status)
        status = zg_counters_open(&run->counters, request->policy.events, session->n_threads, err);
    if (!status)
        status = zg_result_dir_open(&run->dir, request->out_dir, request->policy.resume, err);
    if (status)
        return status;
    zg_machine_watch(&run->before);
    run->meta = zg_meta_open(session, "run");
    if (!run->meta)
        return zg_fail(err, ZG_ENV, "no memory for meta.json");
    json_object_set_new(run->meta, "counters", zg_counters_json(run->counters));
    status = open_files(run, err);
    if (!status)
        status = measure_peak(run, err);
    if (!status)
        status = zg_meta_write(run->meta, run->dir.path, "running", &run->before, err);
    return status;
}

/* ---- measuring ------------------------------------------------------------------------------- */

static bool is_finished(const struct run *run, const struct zg_case *c)
{
    /* what a row holds without a model says which case it is */
    struct zg_bench bench = {.c = *c};
    struct zg_contender contender = {.bench = &bench, .item = &run->session.engines.items[0]};
    struct zg_case_row row;
    contender.options.n_threads = run->session.n_threads;
    zg_bench_case_row(&contender, &row);
    return zg_results_has_case(&run->results, &row);
}

static enum zg_status measure_cases(struct run *run, struct zg_error *err)
{
    struct zg_session *const session = &run->session;
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < session->n_cases && !status && !zg_signals_caught(); i++) {
        struct zg_case c;
        status = zg_sweep_case(&session->request->sweep, i, &c, err);
        if (status || is_finished(run, &c))
            continue;
        status = zg_measure_case(&run->measurement, i, err);
        if (!status)
            status = zg_results_write(&run->results, err);
        if (!status && !zg_signals_caught())
            status = zg_meta_write(run->meta, run->dir.path, "running", &run->before, err);
    }
    return status;
}

static enum zg_status print_results(const struct run *run, struct zg_error *err)
{
    const struct zg_request *const request = run->session.request;
    const struct zg_summary_row *const rows = (const void *)run->results.summary.rows;
    const enum zg_status status =
        zg_gap_table_print(rows, run->results.summary.n, (enum zg_format)request->format, err);
    if (status)
        return status;
    /* the standard output holds only what --format asks for */
    FILE *const notes = request->format == ZG_FORMAT_TABLE ? stdout : stderr;
    if (run->session.environment.warning[0])
        fprintf(notes, "warning: %s\n", run->session.environment.warning);
    const json_t *const warnings = json_object_get(run->meta, "warnings");
    for (size_t i = 0; i < json_array_size(warnings); i++)
        fprintf(notes, "warning: %s\n", json_string_value(json_array_get(warnings, i)));
    fprintf(notes, "peak %.0f GFLOP/s fp32, %.1f GB/s; results in %s\n",
            run->peak.gflops[ZG_FP32].all.best, run->peak.read_gb_per_s.all.best, run->dir.path);
    return ZG_OK;
}

static enum zg_status fail_disagreement(const struct run *run, struct zg_error *err)
{
    const struct zg_measurement *const m = &run->measurement;
    return zg_fail(err, ZG_CHECK,
                   "%lld engine check%s failed, no speed-up is given for %s; first: %s",
                   (long long)m->n_disagreeing, m->n_disagreeing == 1 ? "" : "s",
                   m->n_disagreeing == 1 ? "it" : "them", m->first_disagreement);
}

static enum zg_status run_all(struct run *run, struct zg_error *err)
{
    run->measurement = (struct zg_measurement){.session = &run->session,
                                               .results = &run->results,
                                               .counters = run->counters,
                                               .peak = &run->peak,
                                               .meta = run->meta};
    enum zg_status status = measure_cases(run, err);
    zg_status_line_clear(&run->session.line);
    if (status && run->measurement.n_samples == 0 && !zg_signals_caught()) {
        zg_result_dir_discard(&run->dir);
        return status;
    }
    const char *const word = zg_signals_caught() ? "interrupted" : status ? "failed" : "complete";
    if (status)
        json_object_set_new(run->meta, "failure", zg_json_text(err->text));
    const enum zg_status written =
        zg_meta_write(run->meta, run->dir.path, word, &run->before, status ? NULL : err);
    status = status ? status : written;
    if (!status)
        status = print_results(run, err);
    if (!status && zg_signals_caught())
        return zg_fail(err, ZG_ENV, "interrupted; what was measured is in %s", run->dir.path);
    if (!status && run->measurement.n_disagreeing > 0)
        return fail_disagreement(run, err);
    return status;
}

static enum zg_status run_run(struct zg_request *request, struct zg_error *err)
{
    struct run *const run = calloc(1, sizeof *run);
    if (!run)
        return zg_fail(err, ZG_ENV, "no memory");
    enum zg_status status = zg_session_open(&run->session, request, err);
    if (status)
        goto done;
    if (request->policy.list) {
        status = list_cases(&run->session, err);
    } else {
        status = prepare(run, err);
        if (!status)
            status = run_all(run, err);
        else
            zg_result_dir_discard(&run->dir);
    }
done:
    zg_results_close(&run->results);
    zg_counters_close(&run->counters);
    json_decref(run->meta);
    zg_session_close(&run->session);
    free(run);
    return status;
}

static const struct zg_flag_group groups[] = {
    ZG_GROUP_ENGINES, ZG_GROUP_CASE, ZG_GROUP_POLICY, ZG_GROUP_OUTPUT, {0}};

const struct zg_command zg_command_run = {
    .name = "run",
    .summary = "measure engines side by side; write a result directory; print the gap table",
    .details = "Opens every engine on the same model and data, checks that they compute the same "
               "losses, gradients and\n"
               "weights, then times them in interleaved blocks of the same steps.  Engines that "
               "disagree are not timed\n"
               "and the exit code is 1.  Writes meta.json, samples.csv, phases.csv, summary.csv, "
               "verify.csv and roofline.csv to --out\n"
               "(default zogap-results/DATE-TIME).  A list given to a case option is a sweep over "
               "all combinations.",
    .groups = groups,
    .run = run_run,
};
