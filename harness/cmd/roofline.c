/*
 * roofline.c - `zogap roofline`: the peaks of this machine, by the microbenchmarks of peak.h on the
 * pinned team.
 */
#include "harness/peak/roofline.h"

#include "harness/base/signals.h"
#include "harness/cmd/command.h"
#include "harness/compare/engines_roofline.h"
#include "harness/peak/roofline_table.h"
#include "harness/rows/csv_in.h"
#include "harness/run/manifest.h"
#include "harness/run/session.h"
#include "harness/store/directory.h"
#include "harness/store/meta.h"

static enum zg_status measure(struct zg_session *session, struct zg_roofline *roofline,
                              struct zg_error *err)
{
    const struct zg_peak_request peaks = {
        .n_threads = session->n_threads,
        .isa = session->isa,
        .time_s = 0.3,
        .dtypes = 1u << ZG_FP32 | 1u << ZG_BF16 | 1u << ZG_INT8,
        .copy = true,
    };
    struct zg_peak peak;
    zg_status_line_show(&session->line, true, "measuring the machine's peaks");
    enum zg_status status = zg_peak_measure(&peak, &peaks, err);
    zg_status_line_clear(&session->line);
    if (!status && zg_signals_caught())
        status = zg_fail(err, ZG_ENV, "interrupted; nothing is written");
    if (!status)
        status = zg_pin_check(session->pin, err);
    if (!status)
        zg_roofline_make(roofline, &peak, &peaks);
    return status;
}

/* What a roofline works on. */
struct task {
    struct zg_session session;
    struct zg_roofline roofline;
    struct zg_result_dir dir; /* empty without --out */
    struct zg_machine_watch before;
    json_t *meta;
};

static enum zg_status measure_and_write(struct task *t, struct zg_error *err)
{
    const struct zg_request *const request = t->session.request;
    enum zg_status status =
        request->out_dir ? zg_result_dir_open(&t->dir, request->out_dir, false, err) : ZG_OK;
    if (status)
        return status;
    zg_machine_watch(&t->before);
    t->meta = zg_manifest_open(&t->session, "roofline");
    if (request->policy.strict)
        status = zg_meta_check_strict(t->meta, &t->before, err);
    if (!status)
        status = measure(&t->session, &t->roofline, err);
    if (!status && request->out_dir)
        status = zg_roofline_write(&t->roofline, t->dir.path, err);
    if (!status && request->out_dir)
        status = zg_meta_write(t->meta, t->dir.path, "complete", &t->before, err);
    else if (!status)
        zg_meta_watch(t->meta, &t->before);
    if (status)
        zg_result_dir_discard(&t->dir);
    return status;
}

static enum zg_status print(const struct task *t, struct zg_error *err)
{
    const enum zg_format format = (enum zg_format)t->session.request->format;
    const enum zg_status status =
        zg_roofline_table_print(t->roofline.rows, t->roofline.n_rows, format, err);
    if (!status && !ferror(stdout))
        zg_meta_print_warnings(t->meta, format == ZG_FORMAT_TABLE ? stdout : stderr);
    return status;
}

/* ---- --results ------------------------------------------------------------------------------- */

/* The peaks that a run measured and its engines below them; for programs the engines alone, for the
 * peaks are in roofline.csv. */
static enum zg_status print_results(const struct zg_request *request, struct zg_error *err)
{
    const enum zg_format format = (enum zg_format)request->format;
    struct zg_result_reader *results = NULL;
    struct zg_csv_in *csv = NULL;
    char path[1200];
    const char *const option = request->out_dir          ? "out"
                               : request->policy.threads ? "threads"
                               : request->policy.cpus    ? "cpus"
                               : request->policy.strict  ? "strict"
                                                         : NULL;
    if (option)
        return zg_fail(err, ZG_USAGE,
                       "--results %s: measures nothing, so there is nothing for --%s",
                       request->results, option);
    enum zg_status status = zg_result_reader_open(&results, request->results, err);
    if (!status && zg_format_is_for_people(format)) {
        snprintf(path, sizeof path, "%s/%s", results->dir, zg_schema_roofline.file);
        status = zg_csv_in_open(&csv, path, &zg_schema_roofline, err);
        if (!status)
            status = zg_roofline_table_print(csv->rows, csv->n, format, err);
        if (!status)
            putchar('\n');
    }
    if (!status)
        status = zg_engines_roofline_print(results, format, err);
    zg_csv_in_close(&csv);
    zg_result_reader_close(&results);
    return status;
}

/* ---- the command ----------------------------------------------------------------------------- */

static enum zg_status run_roofline(struct zg_request *request, struct zg_error *err)
{
    if (request->results)
        return print_results(request, err);
    struct task t = {0};
    enum zg_status status = zg_session_open_team(&t.session, request, err);
    if (status)
        return status;
    zg_signals_watch();
    status = zg_pin_bind(t.session.pin, err);
    if (!status)
        status = measure_and_write(&t, err);
    if (!status)
        status = print(&t, err);
    if (!status && request->policy.strict)
        status =
            zg_meta_fail_strict(t.meta, t.dir.path[0] ? t.dir.path : "the standard output", err);
    zg_session_close(&t.session);
    json_decref(t.meta);
    return status;
}

static const struct zg_flag roofline_flags[] = {
    {"results", ZG_FLAG_TEXT, "DIR", NULL,
     "measure nothing: the peaks that the run in DIR measured, and its engines below them",
     .offset = offsetof(struct zg_request, results)},
    {.name = NULL},
};
static const struct zg_flag_group groups[] = {
    {"roofline", roofline_flags, 0}, {ZG_GROUP_THREADS}, {ZG_GROUP_STRICT}, {ZG_GROUP_OUTPUT}, {0}};

static const struct zg_term examples[] = {
    {"zogap roofline", "this machine, one thread and all"},
    {"zogap roofline --results opt-125m", "the engines of a run on the peaks that it measured"},
    {"zogap roofline --threads 4 --format csv --out peak-4",
     "four threads, as CSV, and in peak-4/roofline.csv"},
    {NULL, NULL},
};

static const struct zg_term files[] = {
    {"roofline.csv", "the peaks, in the --out directory; meta.json: machine and build"},
    {NULL, NULL},
};

const struct zg_command zg_command_roofline = {
    .name = "roofline",
    .summary = "measured peaks of this machine: multiply-adds a dtype, read and copy bandwidth",
    .details =
        "Measures what one thread and all threads of the pinned team reach: fp32 multiply-adds, "
        "bf16 and int8 dot products in registers (a multiply and an add are two FLOPs, of "
        "integers too), and reading and copying an array larger than the last-level cache; the "
        "ridge point is a dtype's peak over the bandwidth of reading. Takes a few seconds. "
        "ZOGAP_ISA caps the loops. --out DIR also writes roofline.csv and meta.json. --results DIR "
        "puts the engines of a run on the roofline that the run measured.",
    .groups = groups,
    .examples = examples,
    .files = files,
    .run = run_roofline,
};
