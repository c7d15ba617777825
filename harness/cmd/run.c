/*
 * run.c - `zogap run`: measures engines side by side on one case or a sweep, and writes a result
 * directory.
 */
#include "engines/base/plural.h"
#include "harness/cmd/command.h"
#include "harness/rows/gap_table.h"
#include "harness/rows/precision.h"
#include "harness/run/estimate.h"
#include "harness/run/runner.h"

/* ---- --list ---------------------------------------------------------------------------------- */

static enum zg_status list_cases(struct zg_runner *runner, struct zg_error *err)
{
    const struct zg_session *const session = &runner->session;
    static const struct zg_heading headings[] = {
        {"case", "case"},           {"model", "model"},
        {"task", "task"},           {"objective", "objective"},
        {"algorithm", "algorithm"}, {"batch", "batch"},
        {"dtype", "dtype"},         {"layers_resident", "layers resident"},
        {"seed", "seed"},           {"estimate_s", "about"}};
    struct zg_table *table = NULL;
    double total_s = 0;
    char text[32];
    enum zg_status status =
        zg_table_open(&table, headings, sizeof headings / sizeof headings[0], err);
    if (!status)
        zg_table_set_name(table, "cases");
    for (int64_t i = 0; i < session->n_cases && !status; i++) {
        const struct zg_case *const c = &session->cases[i].c;
        const double case_s = zg_estimate_s(session, i);
        total_s += case_s;
        zg_table_integer(table, i);
        zg_table_text(table, c->model);
        zg_table_text(table, c->task);
        zg_table_text(table, zg_objective_name((enum zg_objective)c->objective));
        zg_table_text(table, c->algorithm_text);
        zg_table_integer(table, c->batch);
        zg_table_text(table, zg_dtypes_name(c->dtype, c->dtype_d));
        zg_table_integer(table, c->layers_resident ? c->layers_resident : ZG_NO_INTEGER);
        zg_table_integer(table, (int64_t)c->seed);
        zg_table_real(table, case_s, zg_duration_show(case_s, text, sizeof text));
    }
    status = zg_table_finish(&table, (enum zg_format)session->request->format, status, err);
    if (!status && session->request->format == ZG_FORMAT_TABLE)
        printf("%lld case%s, about %s in all\n", (long long)session->n_cases,
               zg_plural(session->n_cases), zg_duration_show(total_s, text, sizeof text));
    return status;
}

/* ---- measuring ------------------------------------------------------------------------------- */

static enum zg_status print_results(struct zg_runner *runner, struct zg_error *err)
{
    const struct zg_row_list *const summary = &runner->results.summary;
    return zg_gap_table_print(summary->rows, summary->n,
                              (enum zg_format)runner->session.request->format, err);
}

static enum zg_status run_run(struct zg_request *request, struct zg_error *err)
{
    static const struct zg_runner_command command = {
        .name = "run", .list = list_cases, .print = print_results};
    return zg_runner_run(&command, request, NULL, err);
}

static const struct zg_flag_group groups[] = {
    {ZG_GROUP_ENGINES}, {ZG_GROUP_CASE}, {ZG_GROUP_POLICY}, {ZG_GROUP_OUTPUT}, {0}};

static const struct zg_term examples[] = {
    {"zogap run --model opt-mini --engines naive,fused --max-time 60",
     "a first table, in a minute: loop and runtime on a small synthetic model"},
    {"zogap run --model opt-1.3b/ --task sst2 --data sst2/ --batch 8,16 --out sst2-1",
     "weights of your own on SST-2, at two batch sizes; --list instead of --out tells how long "
     "it takes"},
    {NULL, NULL},
};

static const struct zg_term files[] = {
    {"zogap-results/DATE-TIME/", "the result directory, where --out names none"},
    {"meta.json", "machine, build, libraries, policy, warnings"},
    {"samples.csv",
     "every sample of every engine; phases.csv: where the time of a step goes; counters.csv: "
     "what --events counted"},
    {"summary.csv", "medians and speed-ups with their intervals: the table"},
    {"verify.csv",
     "what the check of the engines found; fidelity.csv: how well an engine below fp32 keeps L+ "
     "- L-"},
    {"roofline.csv", "the machine's measured peaks"},
    {NULL, NULL},
};

const struct zg_command zg_command_run = {
    .name = "run",
    .summary = "measure engines side by side; write a result directory; print the gap table",
    .details =
        "Opens every engine on the same model and data, checks that they compute the same "
        "losses, gradients and weights, then times them in interleaved blocks of the same steps. "
        "Engines that disagree are not timed, and the exit code is 1. A list given to a case "
        "option is a sweep over all combinations.",
    .common = "engines model task data batch dtype max-time threads out list",
    .groups = groups,
    .examples = examples,
    .files = files,
    .run = run_run,
};
