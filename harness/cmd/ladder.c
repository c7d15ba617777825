/*
 * ladder.c - `zogap ladder`: from the training loop to the inference-style runtime, one mechanism
 * at a time, and how much of the gap each makes.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/page.h"
#include "harness/cmd/command.h"
#include "harness/ladder/ladder_plot.h"
#include "harness/ladder/ladder_table.h"
#include "harness/run/estimate.h"
#include "harness/run/runner.h"
#include "harness/stats/stats.h"

struct ladder_run {
    struct zg_ladder ladder;
    struct zg_ladder_result *results; /* [n_results], one a finished case */
    int64_t n_results;
    char plot_note[1200];
};

/* ---- what is written and printed ------------------------------------------------------------- */

static json_t *rungs_json(const struct ladder_run *run)
{
    json_t *const list = json_array();
    for (int64_t i = 0; i < run->ladder.n_rungs; i++) {
        const struct zg_rung *const rung = &run->ladder.rungs[i];
        json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "name", zg_json_text(rung->name),
                                              "label", zg_json_text(rung->label), "engine",
                                              zg_json_text(rung->item)));
    }
    return list;
}

static json_t *ladder_json(const struct ladder_run *run)
{
    json_t *const cases = json_array();
    for (int64_t i = 0; i < run->n_results; i++) {
        const struct zg_ladder_result *const r = &run->results[i];
        json_array_append_new(
            cases, json_pack("{s:o, s:o, s:o, s:o, s:o}", "product_of_ratios",
                             zg_json_real(r->product), "end_to_end", zg_json_real(r->end_to_end),
                             "end_to_end_ci_low", zg_json_real(r->end_to_end_ci_low),
                             "end_to_end_ci_high", zg_json_real(r->end_to_end_ci_high),
                             "apart_percent", zg_json_real(r->apart_percent)));
    }
    return json_pack("{s:s, s:o, s:o, s:o}", "kind",
                     run->ladder.leave_one_out ? "leave-one-out" : "ladder", "rungs",
                     rungs_json(run), "cases", cases, "plot_note", zg_json_text(run->plot_note));
}

static enum zg_status write_ladder(struct zg_runner *runner, struct zg_error *err)
{
    struct ladder_run *const run = runner->context;
    run->n_results = runner->results.summary.n / run->ladder.n_rungs;
    run->results = calloc((size_t)run->n_results + 1, sizeof *run->results);
    if (!run->results)
        return zg_fail(err, ZG_ENV, "no memory for %lld ladders", (long long)run->n_results);
    enum zg_status status =
        zg_ladder_evaluate_run(run->results, &run->ladder, &runner->results, err);
    if (!status)
        status = zg_ladder_write(run->results, run->n_results, runner->dir.path, err);
    if (!status)
        status = zg_ladder_plot(run->results, run->n_results, runner->dir.path, run->plot_note,
                                sizeof run->plot_note, err);
    json_object_set_new(runner->meta, "ladder", ladder_json(run));
    return status;
}

static enum zg_status print_ladder(struct zg_runner *runner, struct zg_error *err)
{
    const struct ladder_run *const run = runner->context;
    const enum zg_status status =
        zg_ladder_table_print(run->results, run->n_results, runner->results.summary.rows,
                              (enum zg_format)runner->session.request->format, err);
    FILE *const notes = zg_runner_notes(runner);
    if (ferror(stdout))
        return status; /* main.c tells, in one line */
    for (int64_t i = 0; i < run->n_results && !status; i++)
        if (run->results[i].apart_percent > ZG_LADDER_APART_PERCENT)
            zg_page_print(
                notes,
                "warning: the rungs' ratios multiply to %.1f %% more or less than the gap, over "
                "%g %%: too noisy, take more --blocks",
                run->results[i].apart_percent, ZG_LADDER_APART_PERCENT);
    if (!status && run->plot_note[0])
        zg_page_print(notes, "note: %s", run->plot_note);
    return status;
}

/* ---- the command ----------------------------------------------------------------------------- */

/* The rungs follow from the dtype, so a sweep has one. */
static enum zg_status make_ladder(struct zg_ladder *out, const struct zg_request *request,
                                  struct zg_error *err)
{
    struct zg_case c;
    for (int64_t i = 0; i < request->sweep.n_axes; i++)
        if (strcmp(request->sweep.axes[i].flag->name, "dtype") == 0 &&
            request->sweep.axes[i].values.n_words > 1)
            return zg_fail(err, ZG_USAGE, "--dtype: a ladder ends at one dtype, not at a list");
    if (request->policy.baseline)
        return zg_fail(err, ZG_USAGE, "--baseline %s: a ladder is held against its --loop",
                       request->policy.baseline);
    if (request->policy.blocks > 0 && request->policy.blocks < ZG_MIN_FOR_INTERVAL)
        return zg_fail(err, ZG_USAGE,
                       "--blocks %lld: a ladder needs at least %d, for no share is told without an "
                       "interval",
                       (long long)request->policy.blocks, ZG_MIN_FOR_INTERVAL);
    const enum zg_status status = zg_sweep_case(&request->sweep, 0, &c, err);
    if (status)
        return status;
    const struct zg_engine *const loop = zg_engine_of_role(ZG_ROLE_LOOP), *const runtime =
                                                                              zg_engine_of_role(
                                                                                  ZG_ROLE_RUNTIME);
    const struct zg_ladder_request wanted = {.loop = request->loop ? request->loop : loop->name,
                                             .runtime = request->runtime ? request->runtime
                                                                         : runtime->name,
                                             .order = request->order,
                                             .leave_one_out = request->leave_one_out,
                                             .dtype = c.dtype,
                                             .dtype_d = c.dtype_d};
    return zg_ladder_make(out, &wanted, err);
}

static enum zg_status list_rungs(struct zg_runner *runner, struct zg_error *err)
{
    const struct ladder_run *const run = runner->context;
    const struct zg_session *const session = &runner->session;
    const enum zg_format format = (enum zg_format)session->request->format;
    double total_s = 0;
    char text[32];
    enum zg_status status = zg_ladder_list_print(&run->ladder, format, err);
    for (int64_t i = 0; i < session->n_cases && !status; i++)
        total_s += zg_estimate_s(session, i);
    if (!status && format == ZG_FORMAT_TABLE)
        printf("%lld rungs in %lld case%s, about %s in all\n", (long long)run->ladder.n_rungs,
               (long long)session->n_cases, session->n_cases == 1 ? "" : "s",
               zg_duration_show(total_s, text, sizeof text));
    return status;
}

static enum zg_status run_ladder(struct zg_request *request, struct zg_error *err)
{
    static const struct zg_runner_command command = {.name = "ladder",
                                                     .first_is_baseline = true, /* the loop */
                                                     .least_blocks = ZG_MIN_FOR_INTERVAL,
                                                     .list = list_rungs,
                                                     .write = write_ladder,
                                                     .print = print_ladder};
    struct ladder_run run = {0};
    enum zg_status status = make_ladder(&run.ladder, request, err);
    if (!status) {
        request->engines = run.ladder.engines;
        request->policy.brief = true;
        status = zg_runner_run(&command, request, &run, err);
    }
    free(run.results);
    return status;
}

static const char *mechanism_at(int64_t index)
{
    return index < ZG_N_MECHANISMS ? zg_mechanism_name((enum zg_mechanism)index) : NULL;
}

#define FIELD(name) .offset = offsetof(struct zg_request, name)
static const struct zg_flag ladder_flags[] = {
    {"loop", ZG_FLAG_TEXT, "ENGINE", NULL,
     "the training loop, with its options, like naive:gemm=onednn; default: the build's, naive",
     FIELD(loop), .word_at = zg_choice_engine},
    {"runtime", ZG_FLAG_TEXT, "ENGINE", NULL,
     "the inference-style engine whose mechanisms are switched on; default: the build's, fused",
     FIELD(runtime), .word_at = zg_choice_engine},
    {"order", ZG_FLAG_TEXT, "LIST", NULL,
     "mechanisms in the order in which they come, those of one rung joined by +, and `precision` "
     "where --dtype takes over; the last rung has these and no more.  Default: see --list",
     FIELD(order), .choices = "precision", .word_at = mechanism_at},
    {"leave-one-out", ZG_FLAG_SWITCH, NULL, NULL,
     "instead: the full runtime, and it without each mechanism in turn", FIELD(leave_one_out)},
    {.name = NULL},
};

static const struct zg_flag_group groups[] = {
    {"Ladder", ladder_flags, 0}, {ZG_GROUP_CASE}, {ZG_GROUP_POLICY}, {ZG_GROUP_OUTPUT}, {0}};

static const struct zg_term examples[] = {
    {"zogap ladder --model opt-mini --list", "the rungs, and about how long they take"},
    {"zogap ladder --model opt-125m --batch 8 --dtype bf16 --out ladder-1",
     "the ladder down to a runtime in bf16"},
    {NULL, NULL},
};

static const struct zg_term files[] = {
    {"zogap-results/DATE-TIME/",
     "the result directory, where --out names none: what `run` writes, and"},
    {"ladder.csv",
     "a row for each rung; ladder.gp: a gnuplot script, and ladder.svg where gnuplot is "
     "installed"},
    {NULL, NULL},
};

const struct zg_command zg_command_ladder = {
    .name = "ladder",
    .summary = "from the loop to the runtime one mechanism at a time: what makes the gap",
    .details =
        "Measures a ladder of engines as `run` does: the training loop, the runtime with every "
        "mechanism off, then each mechanism added to those before it. All rungs are checked "
        "against the loop and timed in the same blocks. Prints each rung's ratio to the one "
        "above and its share of the gap, log of its ratio over log of the whole; shares add to "
        "1. Without --blocks, --max-time, --min-time or --width it takes six blocks.",
    .common = "loop runtime order leave-one-out model task data batch dtype threads out list",
    .single = "dtype",
    .refused = "baseline",
    .groups = groups,
    .examples = examples,
    .files = files,
    .run = run_ladder,
};
