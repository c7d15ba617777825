/*
 * gate.c - `zogap gate`: is a candidate slower than the baseline?  From two result directories, or
 * by running two builds side by side.
 */
#include "harness/gate/gate.h"

#include <stdlib.h>
#include <string.h>

#include "engines/base/json_memory.h"
#include "harness/base/file_out.h"
#include "harness/cmd/command.h"
#include "harness/store/directory.h"

/* ---- options --------------------------------------------------------------------------------- */

/* 5 and 0.05 are both written for it elsewhere, so the sign is asked for. */
static enum zg_status set_percentage(void *target, const struct zg_flag *flag, const char *value,
                                     struct zg_error *err)
{
    struct zg_request *const request = target;
    char number[32];
    double percent = 0;
    const size_t n = strlen(value);
    if (n > 1 && n < sizeof number && value[n - 1] == '%') {
        memcpy(number, value, n - 1);
        number[n - 1] = '\0';
        if (!zg_parse_real("--max-regression", number, &percent, NULL) && percent > 0 &&
            percent <= 1000) {
            request->gate.max_regression = percent / 100;
            return ZG_OK;
        }
    }
    return zg_fail(err, ZG_USAGE, "--%s %s: must be a percentage above 0, like 5%%", flag->name,
                   *value ? value : "\"\"");
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

static const struct zg_flag build_flags[] = {
    {"baseline-bin", ZG_FLAG_TEXT, "ZOGAP", NULL, "zogap of the build to hold against",
     GATE(baseline_bin)},
    {"candidate-bin", ZG_FLAG_TEXT, "ZOGAP", NULL, "zogap of the build that is judged",
     GATE(candidate_bin)},
    {"steps", ZG_FLAG_INT, "N", NULL,
     "steps in a sample; default: from a pilot, at least 50 ms, no more than leave room for 16 "
     "blocks, and fewer than --nu",
     POLICY(steps), .min = 1, .max = 1e9},
    {"blocks", ZG_FLAG_INT, "N", NULL,
     "blocks, each with one process of either build; default: what --max-time has room for, at "
     "most 200",
     POLICY(blocks), .min = 1, .max = 1e6},
    {"max-time", ZG_FLAG_REAL, "S", NULL,
     "seconds for the blocks; default: 180, more if the least number of blocks needs it",
     POLICY(max_time_s), .max = 1e9},
    {"process-time", ZG_FLAG_REAL, "S", NULL,
     "seconds after which a process of a build is taken to hang, and ended: exit code 4; default: "
     "an hour for the first verify and run, then 20 times the longest, 60 at least",
     GATE(process_time_s), .min = 0.001, .max = 1e9},
    {.name = NULL},
};

static const struct zg_flag verdict_flags[] = {
    {"max-regression", ZG_FLAG_CUSTOM, "PCT%", NULL,
     "worse is slower by more than this; default: 5%, of instructions 0.25%",
     .set = set_percentage},
    {"undecided", ZG_FLAG_CHOICE, "warn|fail", "warn",
     "what cases mean that cannot be told: a warning, or exit code 4", GATE(undecided),
     .choices = "warn|fail"},
    {"junit", ZG_FLAG_TEXT, "FILE", NULL,
     "write JUnit XML: worse is a failure, undecided is skipped", GATE(junit)},
    {"markdown", ZG_FLAG_TEXT, "FILE", NULL,
     "write a Markdown page; it is also added to $GITHUB_STEP_SUMMARY where that is set",
     GATE(markdown)},
    {"json", ZG_FLAG_TEXT, "FILE", NULL,
     "write everything that was judged; --out DIR writes it as DIR/gate.json", GATE(json)},
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
        status = (at_end ? zg_file_append : zg_file_put)(path, text, n, err);
    free(text);
    return status;
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
        bool at_end;
    } files[] = {{path, zg_gate_json, false},
                 {request->gate.json, zg_gate_json, false},
                 {request->gate.junit, zg_gate_junit, false},
                 {request->gate.markdown, zg_gate_markdown, false},
                 {getenv("GITHUB_STEP_SUMMARY"), zg_gate_markdown, true}};
    enum zg_status status = ZG_OK;
    for (size_t i = 0; i < sizeof files / sizeof *files && !status; i++)
        status = write_file(gate, files[i].path, files[i].make, files[i].at_end, err);
    return status;
}

/* ---- what people and shells see -------------------------------------------------------------- */

static void print_notes(const struct zg_gate *gate, const struct zg_request *request)
{
    FILE *const notes = request->format == ZG_FORMAT_TABLE ? stdout : stderr;
    char text[96];
    for (int64_t i = 0; i < gate->n_warnings; i++)
        fprintf(notes, "warning: %s\n", gate->warnings[i]);
    fprintf(notes, "%s; above 1 is slower, threshold %g %%; %s\n",
            zg_gate_sentence(gate, text, sizeof text), 100 * gate->threshold, gate->measured);
    const long long n = zg_gate_count(gate, ZG_JUDGED_UNDECIDED);
    if (n > 0 && !request->gate.undecided) /* on the standard error whatever the format */
        fprintf(stderr, "zogap: warning: gate: %lld of %lld cases %s undecided, which is no pass\n",
                n, (long long)gate->n_cases, n == 1 ? "is" : "are");
}

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
                                          .engines = request->engines,
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
    enum zg_status status = check_sources(request, err);
    if (!status && request->out_dir)
        status = zg_result_dir_open(&dir, request->out_dir, false, err);
    if (!status)
        status = gather(&gate, request, &dir, err);
    if (!status)
        status = zg_gate_judge(&gate, err);
    if (!status && zg_json_memory_failed()) /* what warnings tell is from meta.json */
        status = zg_fail(err, ZG_ENV, "no memory to read JSON");
    if (status) {
        zg_result_dir_discard(&dir); /* the runs that it holds stay, if there are any */
        zg_gate_close(&gate);
        return status;
    }
    status = zg_gate_print(&gate, (enum zg_format)request->format, stdout, "standard output", err);
    if (!status)
        print_notes(&gate, request);
    if (!status)
        status = write_files(&gate, request, &dir, err);
    if (!status)
        status = exit_status(&gate, request, err);
    zg_gate_close(&gate);
    return status;
}

static const struct zg_flag_group groups[] = {{"Two result directories", dir_flags, 0},
                                              {"Or two builds, run side by side", build_flags, 0},
                                              {"Verdict", verdict_flags, 0},
                                              {ZG_GROUP_ENGINES},
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
        "undecided and --undecided fail. Engines, case and threads are options of two builds; of "
        "two directories the cases are known.",
    .common = "baseline candidate baseline-bin candidate-bin max-regression max-time engines "
              "model batch junit",
    .groups = groups,
    .examples = examples,
    .files = files,
    .run = run_gate,
};
