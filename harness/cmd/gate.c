/*
 * gate.c - `zogap gate`: is a candidate slower than the baseline?  From two result directories, or
 * by running two builds side by side.
 */
#include "harness/gate/gate.h"

#include <stdlib.h>
#include <string.h>

#include "engines/base/json_memory.h"
#include "harness/base/file_out.h"
#include "harness/base/page.h"
#include "harness/base/standard_output.h"
#include "harness/base/status_line.h"
#include "harness/cmd/command.h"
#include "harness/store/directory.h"

/* ---- options --------------------------------------------------------------------------------- */

/* 0.05 is written for 5 % elsewhere, so below 1 the sign is asked for. */
static enum zg_status set_percentage(void *target, const struct zg_flag *flag, const char *value,
                                     struct zg_error *err)
{
    (void)flag;
    double percent = 0;
    struct zg_request *const request = target;
    const enum zg_status status =
        zg_percent_parse("--max-regression", value, 1, 1000, &percent, err);
    request->gate.max_regression = percent / 100;
    return status;
}

#define GATE(name)   .offset = offsetof(struct zg_request, gate.name)
#define POLICY(name) .offset = offsetof(struct zg_request, policy.name)

static const struct zg_flag dir_flags[] = {
    {"baseline", ZG_FLAG_TEXT, "DIR", NULL, "result directory to hold against", GATE(baseline)},
    {"candidate", ZG_FLAG_TEXT, "DIR", NULL,
     "result directory that is judged: the same cases on the same machine", GATE(candidate)},
    {"measure", ZG_FLAG_CHOICE, ZG_GATE_MEASURES, "auto",
     "what is judged of directories: each block's time over that of the run's own baseline engine, "
     "seconds, or instructions; auto: instructions where both have counted them, else the ratio",
     GATE(measure), .choices = ZG_GATE_MEASURES},
    {.name = NULL},
};

/* As for all commands but for the default. */
static const struct zg_flag engine_flags[] = {
    {"engines", ZG_FLAG_TEXT, "LIST", NULL,
     "engines of two builds, like naive,openblas:mechanisms=-trie,fused; default: the runtime, "
     "fused, "
     "alone",
     .offset = offsetof(struct zg_request, engines), .word_at = zg_choice_engine},
    {ZG_FLAG_MECHANISMS},
    {.name = NULL},
};

static const struct zg_flag build_flags[] = {
    {"baseline-bin", ZG_FLAG_TEXT, "ZOGAP", NULL, "zogap of the build to hold against",
     GATE(baseline_bin)},
    {"candidate-bin", ZG_FLAG_TEXT, "ZOGAP", NULL, "zogap of the build that is judged",
     GATE(candidate_bin)},
    {"steps", ZG_FLAG_INT, "N", NULL,
     "steps in a sample of every engine; default: from a pilot, so many of each engine that all "
     "have a like share of the time",
     POLICY(steps), .min = 1, .max = 1e9},
    {"blocks", ZG_FLAG_INT, "N", NULL,
     "blocks, each with one process of either build; default: what the spread of the first eight "
     "asks for, within what --max-time has room for, at most 200",
     POLICY(blocks), .min = 1, .max = 1e6},
    {"max-time", ZG_FLAG_REAL, "S", NULL,
     "seconds for the gate, checks and pilots included; default: 180, more if the least number of "
     "blocks needs it",
     POLICY(max_time_s), .max = 1e9},
    {"process-time", ZG_FLAG_REAL, "S", NULL,
     "seconds after which a process of a build is taken to hang, and ended: exit code 4; default: "
     "an hour for the first verify and run, then 20 times the longest, 60 at least",
     GATE(process_time_s), .min = 0.001, .max = 1e9},
    {.name = NULL},
};

static const struct zg_flag verdict_flags[] = {
    {"max-regression", ZG_FLAG_CUSTOM, "PCT", NULL,
     "worse is slower by more than so many per cent: 5 or 5%, below 1 only with the sign; default: "
     "5%, of instructions 0.25%",
     .set = set_percentage},
    {"undecided", ZG_FLAG_CHOICE, "warn|fail", "warn",
     "what cases mean that cannot be told: a warning, or exit code 4", GATE(undecided),
     .choices = "warn|fail"},
    {"junit", ZG_FLAG_TEXT, "FILE", NULL,
     "write JUnit XML: worse is a failure, undecided is skipped, and a gate without a verdict is "
     "one "
     "error",
     GATE(junit)},
    {"markdown", ZG_FLAG_TEXT, "FILE", NULL,
     "write a Markdown page; it is also added to $GITHUB_STEP_SUMMARY where that is set",
     GATE(markdown)},
    {"json", ZG_FLAG_TEXT, "FILE", NULL,
     "write everything that was judged; --out DIR writes it as DIR/gate.json; where a FILE is the "
     "standard output, /dev/stdout, it has nothing else: the table is on the standard error",
     GATE(json)},
    {.name = NULL},
};

static enum zg_status check_sources(const struct zg_request *request, struct zg_error *err)
{
    const struct zg_gate_request *const gate = &request->gate;
    const bool dirs = gate->baseline || gate->candidate;
    const bool bins = gate->baseline_bin || gate->candidate_bin;
    const struct zg_policy *const policy = &request->policy;
    if (dirs && bins)
        return zg_fail(err, ZG_USAGE, "two directories or two builds, not both");
    if (!dirs && !bins)
        return zg_fail(err, ZG_USAGE,
                       "nothing to judge: give --baseline DIR --candidate DIR, or "
                       "--baseline-bin ZOGAP --candidate-bin ZOGAP");
    if (dirs && !(gate->baseline && gate->candidate))
        return zg_fail(err, ZG_USAGE, "--%s DIR is missing",
                       gate->baseline ? "candidate" : "baseline");
    if (bins && !(gate->baseline_bin && gate->candidate_bin))
        return zg_fail(err, ZG_USAGE, "--%s-bin ZOGAP is missing",
                       gate->baseline_bin ? "candidate" : "baseline");
    if (bins && gate->measure != ZG_GATE_AUTO)
        return zg_fail(err, ZG_USAGE, "--measure: two builds are judged by seconds");
    if (dirs && request->sweep.n_axes > 0)
        return zg_fail(err, ZG_USAGE,
                       "--%s: only with --baseline-bin; directories have their cases",
                       request->sweep.axes[0].flag->name);
    if (dirs && (request->engines || request->mechanisms))
        return zg_fail(err, ZG_USAGE,
                       "--%s: only with --baseline-bin; directories have their cases",
                       request->engines ? "engines" : "mechanisms");
    if (dirs && (policy->steps || policy->blocks || policy->threads || policy->cpus ||
                 policy->max_time_s >= 0 || gate->process_time_s > 0))
        return zg_fail(err, ZG_USAGE,
                       "--steps, --blocks, --max-time, --process-time, --threads, --cpus: only "
                       "with --baseline-bin; directories are measured already");
    return ZG_OK;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* Better now than after the blocks.  *table gets where the table goes: the standard output has it,
 * or one of the files, not a mixture that nobody reads. */
static enum zg_status check_files(const struct zg_gate_request *gate, FILE **table,
                                  struct zg_error *err)
{
    const struct {
        const char *option, *path;
    } files[] = {{"--junit", gate->junit}, {"--markdown", gate->markdown}, {"--json", gate->json}};
    const char *on_stdout = NULL;
    enum zg_status status = ZG_OK;
    for (size_t i = 0; i < sizeof files / sizeof files[0] && !status; i++) {
        if (!files[i].path)
            continue;
        if (zg_file_can_put(files[i].path, err)) {
            status = strcmp(files[i].path, "-") == 0 ? ZG_USAGE : ZG_ENV;
            zg_fail_within(err, status, "%s", files[i].option);
        } else if (zg_standard_output_is(files[i].path)) {
            if (on_stdout)
                status = zg_fail(err, ZG_USAGE, "%s and %s: only one may be the standard output",
                                 on_stdout, files[i].option);
            on_stdout = files[i].option;
        }
    }
    *table = on_stdout ? stderr : stdout;
    return status;
}

/* main.c tells what became of the standard output. */
static enum zg_status put_file(const char *path, const void *text, size_t n, struct zg_error *err)
{
    if (!zg_standard_output_is(path))
        return zg_file_put(path, text, n, err);
    fwrite(text, 1, n, stdout);
    return ZG_OK;
}

typedef enum zg_status make_file(const struct zg_gate *gate, FILE *out, struct zg_error *err);

static enum zg_status write_file(const struct zg_gate *gate, const char *path, make_file *make,
                                 bool at_end, struct zg_error *err)
{
    char *text = NULL;
    size_t n = 0;
    if (!path || !*path)
        return ZG_OK;
    FILE *const out = open_memstream(&text, &n);
    enum zg_status status = out ? make(gate, out, err) : ZG_OK;
    if (!status && (!out || ferror(out)))
        status = zg_fail(err, ZG_ENV, "%s: no memory to write it", path);
    if (out && fclose(out) == 0 && !status)
        status = (at_end ? zg_file_append : put_file)(path, text, n, err);
    free(text);
    return status;
}

/* Nobody asked for it by an option, so that it fails is a line, and no verdict. */
static void write_step_summary(const struct zg_gate *gate)
{
    struct zg_error err = {0};
    if (write_file(gate, getenv("GITHUB_STEP_SUMMARY"), zg_gate_markdown, true, &err))
        fprintf(stderr, "zogap: warning: gate: GITHUB_STEP_SUMMARY: %s\n", err.text);
}

static enum zg_status write_files(const struct zg_gate *gate, const struct zg_request *request,
                                  const struct zg_result_dir *dir, struct zg_error *err)
{
    char path[sizeof dir->path + 32] = "";
    if (request->out_dir)
        snprintf(path, sizeof path, "%s/gate.json", dir->path);
    const struct {
        const char *path;
        make_file *make;
    } files[] = {{path, zg_gate_json},
                 {request->gate.json, zg_gate_json},
                 {request->gate.junit, zg_gate_junit},
                 {request->gate.markdown, zg_gate_markdown}};
    enum zg_status status = ZG_OK;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) { /* one that fails spoils no other */
        const enum zg_status written = write_file(gate, files[i].path, files[i].make, false, err);
        status = status ? status : written;
    }
    write_step_summary(gate);
    return status;
}

/* Of a gate without a verdict, so that who collects tests sees one, and it failed. */
static void write_junit_error(const struct zg_request *request, enum zg_status status,
                              const char *message)
{
    char *text = NULL;
    size_t n = 0;
    struct zg_error err = {0};
    FILE *const out = request->gate.junit ? open_memstream(&text, &n) : NULL;
    if (!out)
        return;
    zg_gate_junit_error(out, status, message);
    if (fclose(out) == 0 && put_file(request->gate.junit, text, n, &err))
        fprintf(stderr, "zogap: warning: gate: %s\n", err.text);
    free(text);
}

/* What is judged where nobody names an engine: the runtime alone.  All engines of a build would be
 * minutes of the loop, and so few blocks that none of them is judged. */
static const char *default_engine(void)
{
    const struct zg_engine *const runtime = zg_engine_of_role(ZG_ROLE_RUNTIME);
    return runtime ? runtime->name : NULL;
}

/* ---- what people and shells see -------------------------------------------------------------- */

static void print_notes(const struct zg_gate *gate, const struct zg_request *request, FILE *table)
{
    FILE *const notes = request->format == ZG_FORMAT_TABLE ? table : stderr;
    char text[96], share[96] = "", lasted[32];
    for (int64_t i = 0; i < gate->n_cases; i++) {
        const struct zg_gate_case *const c = &gate->cases[i];
        if (c->judged.judgement != ZG_JUDGED_SAME)
            zg_page_print(notes, "%s: %s: %s", c->name, zg_judgement_name(c->judged.judgement),
                          c->judged.reason);
    }
    for (int64_t i = 0; i < gate->n_warnings; i++)
        zg_page_print(notes, "warning: %s", gate->warnings[i]);
    if (!request->engines && gate->paired)
        zg_page_print(notes, "note: only %s was judged; --engines names others", default_engine());
    if (gate->paired)
        snprintf(share, sizeof share, "; %.0f %% of %s in samples",
                 100 * zg_gate_samples_share(gate),
                 zg_duration_show(gate->wall_s, lasted, sizeof lasted));
    zg_page_print(notes, "%s; above 1 is slower, threshold %g %%; %s%s",
                  zg_gate_sentence(gate, text, sizeof text), 100 * gate->threshold, gate->measured,
                  share);
    const long long n = zg_gate_count(gate, ZG_JUDGED_UNDECIDED);
    if (n > 0 && !request->gate.undecided) /* on the standard error whatever the format */
        fprintf(stderr, "zogap: warning: gate: %lld of %lld cases %s undecided, which is no pass\n",
                n, (long long)gate->n_cases, n == 1 ? "is" : "are");
}

/* ---- GitHub ---------------------------------------------------------------------------------- */

static bool is_github(void)
{
    const char *const text = getenv("GITHUB_ACTIONS");
    return text && strcmp(text, "true") == 0;
}

/* A workflow command: GitHub shows it beside the job.  On the standard error, where it reads them,
 * too, for the standard output has another form. */
static void annotate(const char *level, const char *name, const char *text)
{
    fprintf(stderr, "::%s title=zogap gate::", level);
    for (int part = 0; part < 2; part++) {
        for (const char *at = part ? text : name; *at; at++)
            if (*at == '%' || *at == '\r' || *at == '\n')
                fprintf(stderr, "%%%02X", (unsigned)(unsigned char)*at);
            else
                fputc(*at, stderr);
        fputs(part ? "\n" : *name ? ": " : "", stderr);
    }
}

static void annotate_cases(const struct zg_gate *gate, const struct zg_request *request)
{
    for (int64_t i = 0; i < gate->n_cases && is_github(); i++) {
        const struct zg_judged *const judged = &gate->cases[i].judged;
        char text[512];
        snprintf(text, sizeof text, "%s: %.3f times the baseline: %s",
                 zg_judgement_name(judged->judgement), judged->ratio, judged->reason);
        if (judged->judgement == ZG_JUDGED_WORSE)
            annotate("error", gate->cases[i].name, text);
        else if (judged->judgement == ZG_JUDGED_UNDECIDED)
            annotate(request->gate.undecided ? "error" : "warning", gate->cases[i].name, text);
    }
}

/* ---- the command ----------------------------------------------------------------------------- */

/* The first case of that verdict. */
static const struct zg_gate_case *first_of(const struct zg_gate *gate, enum zg_judgement judgement)
{
    for (int64_t i = 0; i < gate->n_cases; i++)
        if (gate->cases[i].judged.judgement == judgement)
            return &gate->cases[i];
    return NULL;
}

static enum zg_status exit_status(const struct zg_gate *gate, const struct zg_request *request,
                                  struct zg_error *err)
{
    const struct zg_gate_case *const worse = first_of(gate, ZG_JUDGED_WORSE);
    const struct zg_gate_case *const undecided = first_of(gate, ZG_JUDGED_UNDECIDED);
    if (worse)
        return zg_fail(err, ZG_CHECK,
                       "%lld of %lld cases worse; first: %s: %.4g times the baseline",
                       (long long)zg_gate_count(gate, ZG_JUDGED_WORSE), (long long)gate->n_cases,
                       worse->name, worse->judged.ratio);
    if (undecided && request->gate.undecided)
        return zg_fail(err, ZG_ENV, "%lld of %lld cases undecided; first: %s: %s",
                       (long long)zg_gate_count(gate, ZG_JUDGED_UNDECIDED),
                       (long long)gate->n_cases, undecided->name, undecided->judged.reason);
    return ZG_OK;
}

static enum zg_status gather(struct zg_gate *gate, const struct zg_request *request,
                             const struct zg_result_dir *dir, struct zg_error *err)
{
    const struct zg_gate_request *const asked = &request->gate;
    const double max_regression = asked->max_regression > 0 ? asked->max_regression : -1;
    if (asked->baseline) {
        const struct zg_gate_dirs dirs = {.dirs = {asked->baseline, asked->candidate},
                                          .measure = (enum zg_gate_measure)asked->measure,
                                          .max_regression = max_regression};
        return zg_gate_add_dirs(gate, &dirs, err);
    }
    const struct zg_gate_builds builds = {.binaries = {asked->baseline_bin, asked->candidate_bin},
                                          .engines = request->engines ? request->engines
                                                                      : default_engine(),
                                          .mechanisms = request->mechanisms,
                                          .sweep = &request->sweep,
                                          .policy = &request->policy,
                                          .out_dir = request->out_dir ? dir->path : NULL,
                                          .max_regression = max_regression,
                                          .process_time_s = asked->process_time_s};
    return zg_gate_add_builds(gate, &builds, err);
}

static enum zg_status run_gate(struct zg_request *request, struct zg_error *err)
{
    struct zg_gate gate = {0};
    struct zg_result_dir dir = {0};
    FILE *table = stdout;
    enum zg_status status = check_files(&request->gate, &table, err);
    if (status)
        return status; /* there may be no file to tell it in */
    status = check_sources(request, err);
    if (!status && request->out_dir)
        status = zg_result_dir_open(&dir, request->out_dir, false, err);
    if (!status)
        status = gather(&gate, request, &dir, err);
    if (!status)
        status = zg_gate_judge(&gate, err);
    if (!status && zg_json_memory_failed()) /* what warnings tell is from meta.json */
        status = zg_fail(err, ZG_ENV, "no memory to read JSON");
    if (status) {
        write_junit_error(request, status, err->text);
        if (is_github())
            annotate("error", "", err->text);
        zg_result_dir_discard(&dir); /* the runs that it holds stay, if there are any */
        zg_gate_close(&gate);
        return status;
    }
    status = zg_gate_print(&gate, (enum zg_format)request->format, table,
                           table == stdout ? "standard output" : "standard error", err);
    if (!status && !ferror(table))
        print_notes(&gate, request, table);
    if (!status)
        status = write_files(&gate, request, &dir, err);
    annotate_cases(&gate, request);
    if (!status)
        status = exit_status(&gate, request, err);
    zg_gate_close(&gate);
    return status;
}

static const struct zg_flag_group groups[] = {{"Two result directories", dir_flags, 0},
                                              {"Or two builds, run side by side", build_flags, 0},
                                              {"Verdict", verdict_flags, 0},
                                              {ZG_TOPIC_ENGINES, engine_flags, 0},
                                              {ZG_GROUP_CASE},
                                              {ZG_GROUP_THREADS},
                                              {ZG_GROUP_OUTPUT},
                                              {0}};

static const struct zg_term examples[] = {
    {"zogap gate --baseline before --candidate after",
     "two result directories of the same cases on the same machine"},
    {"zogap gate --baseline-bin old/zogap --candidate-bin new/zogap --model opt-mini --junit "
     "gate.xml",
     "two builds, run side by side, with a report for a CI server"},
    {NULL, NULL},
};

static const struct zg_term files[] = {
    {"gate.json",
     "everything that was judged, in the --out directory, with the runs of both builds"},
    {"$GITHUB_STEP_SUMMARY", "where GitHub sets it: the Markdown page is added to it"},
    {NULL, NULL},
};

const struct zg_command zg_command_gate = {
    .name = "gate",
    .summary = "is a candidate slower than a baseline? exit code 1 if so",
    .details =
        "Judges each engine on each case, corrected over all of them (Holm): worse if the "
        "interval of candidate / baseline lies beyond 1 and the estimate beyond "
        "--max-regression, better likewise, same if the interval lies within the threshold, else "
        "undecided. Exit code 1: worse; 3: the two may not be held against each other, the "
        "differences are named; 4: nothing was measured that could be judged, or a case is "
        "undecided and --undecided fail. Engines, case and threads are options of two builds, "
        "whose "
        "--engines are the runtime (fused) alone by default; of two directories the cases are "
        "known.",
    .common = "baseline candidate baseline-bin candidate-bin max-regression max-time engines "
              "model batch junit",
    .groups = groups,
    .examples = examples,
    .files = files,
    .run = run_gate,
};
