/*
 * verify.c - `zogap verify`: do the engines compute the same losses, projected gradients and
 * weights?
 */
#define _GNU_SOURCE /* asprintf */
#include <stdlib.h>
#include <string.h>

#include "engines/base/plural.h"
#include "harness/bench/direction_check.h"
#include "harness/bench/verify.h"
#include "harness/cmd/command.h"
#include "harness/rows/csv_out.h"
#include "harness/rows/row_list.h"
#include "harness/rows/verify_table.h"
#include "harness/run/manifest.h"
#include "harness/run/measure.h"
#include "harness/run/session.h"
#include "harness/store/directory.h"
#include "harness/store/meta.h"

enum { TRIAL_STEPS = 10 };

struct check {
    struct zg_session session;
    struct zg_bench bench;
    struct zg_trial trials[2]; /* the reference's, the other's */
    struct zg_row_list rows;   /* of verify.csv */
    int64_t n_failed;
};

static enum zg_status try_engine(struct check *check, const struct zg_session_case *of,
                                 int64_t index, const struct zg_trial_options *options,
                                 const struct zg_trial *reference, struct zg_trial *trial,
                                 struct zg_error *err)
{
    const struct zg_entry *const entry = &of->entries[index];
    zg_status_line_show(&check->session.line, true, "checking %s", entry->item->label);
    enum zg_status status = zg_bench_open_engine(&check->bench, index, entry, err);
    if (!status)
        status = zg_trial_run(&check->bench.contenders[index], options, reference, trial, err);
    return status;
}

/* Directions of an engine alone, whose weights it may leave rounded: so the baseline's, which the
 * others are held against, is opened once more, in the place of one that is not open now. */
static enum zg_status check_directions(struct check *check, const struct zg_session_case *of,
                                       int64_t index, const struct zg_trial_options *options,
                                       struct zg_verdict *verdict, struct zg_error *err)
{
    const bool own = index == check->session.baseline;
    const int64_t at = !own ? index : index == 0 ? 1 : 0;
    char reason[sizeof verdict->reason];
    zg_status_line_show(&check->session.line, true, "checking the directions of %s",
                        of->entries[index].item->label);
    enum zg_status status =
        own ? zg_bench_open_engine(&check->bench, at, &of->entries[index], err) : ZG_OK;
    if (!status)
        status = zg_direction_check(&check->bench.contenders[at], options, &verdict->row, reason,
                                    sizeof reason, err);
    if (own)
        zg_bench_close_engine(&check->bench.contenders[at]);
    if (!status && reason[0]) {
        snprintf(verdict->reason, sizeof verdict->reason, "%s", reason);
        verdict->row.passed = 0;
    }
    return status;
}

/* Two engines are open at a time, so a check needs two copies of the weights and not all. */
static enum zg_status check_case(struct check *check, int64_t index, struct zg_error *err)
{
    struct zg_session *const session = &check->session;
    struct zg_contender *const contenders = check->bench.contenders;
    const int64_t baseline = session->baseline;
    const struct zg_session_case *const of = &session->cases[index];
    enum zg_status status = zg_bench_open(&check->bench, &of->c, &session->models, err);
    if (status)
        return status;
    const bool for_gate = session->gate.work == ZG_GATE_CHILD_VERIFY;
    const struct zg_trial_options options =
        zg_trial_options(&of->c, for_gate ? ZG_BRIEF_TRIAL_STEPS : TRIAL_STEPS);
    status = try_engine(check, of, baseline, &options, NULL, &check->trials[0], err);
    for (int64_t i = 0; i < session->engines.n_items && !status; i++) {
        const bool own = i == baseline;
        if (!own)
            status = try_engine(check, of, i, &options, &check->trials[0], &check->trials[1], err);
        struct zg_verdict verdict;
        if (!status)
            status = zg_verify_compare(&contenders[baseline], &check->trials[0], &contenders[i],
                                       &check->trials[own ? 0 : 1], &options, &verdict, err);
        if (!status && verdict.row.passed && !for_gate)
            status = check_directions(check, of, i, &options, &verdict, err);
        if (!own)
            zg_bench_close_engine(&contenders[i]);
        if (status)
            break;
        status = zg_row_list_add(&check->rows, &verdict.row, err);
        check->n_failed += !verdict.row.passed;
    }
    zg_bench_close(&check->bench);
    return status;
}

static enum zg_status write_files(const struct check *check, json_t *meta,
                                  const struct zg_result_dir *dir,
                                  const struct zg_machine_watch *before, struct zg_error *err)
{
    const enum zg_status status =
        zg_csv_write(dir->path, &zg_schema_verify, check->rows.rows, check->rows.n, err);
    return status ? status : zg_meta_write(meta, dir->path, "complete", before, err);
}

static enum zg_status check_all(struct check *check, struct zg_error *err)
{
    const struct zg_request *const request = check->session.request;
    struct zg_result_dir dir = {0};
    struct zg_machine_watch before;
    json_t *meta = NULL;
    check->rows.schema = &zg_schema_verify;
    enum zg_status status = zg_session_begin(&check->session, err);
    if (!status)
        status = zg_session_check_files(&check->session, 2, err);
    zg_session_tell_models(&check->session, true, stderr);
    if (!status && check->session.embedded_elsewhere)
        zg_session_tell_tokenizer(&check->session, stderr);
    zg_tell_truncated(check->session.n_truncated, check->session.n_truncated_of, stderr);
    if (!status && request->out_dir) {
        status = zg_result_dir_open(&dir, request->out_dir, false, err);
        zg_machine_watch(&before);
        meta = zg_manifest_open(&check->session, "verify");
    }
    for (int64_t i = 0; i < check->session.n_cases && !status; i++)
        status = check_case(check, i, err);
    zg_status_line_clear(&check->session.line);
    if (!status && meta)
        status = write_files(check, meta, &dir, &before, err);
    if (status)
        zg_result_dir_discard(&dir);
    json_decref(meta);
    if (!status)
        status = zg_verify_table_print(check->rows.rows, check->rows.n,
                                       (enum zg_format)request->format, err);
    if (!status && check->n_failed > 0)
        status = zg_fail(err, ZG_CHECK, "%lld of %lld check%s failed", (long long)check->n_failed,
                         (long long)check->rows.n, zg_plural(check->rows.n));
    return status;
}

/* An engine alone would be held against itself, which proves nothing: the loop comes before it, in
 * fp32, as in a gate.  *engines is what to free. */
static enum zg_status add_reference(struct zg_request *request, char **engines,
                                    struct zg_error *err)
{
    struct zg_engine_list list;
    const struct zg_engine *const loop = zg_engine_of_role(ZG_ROLE_LOOP);
    const enum zg_status status =
        zg_engine_list_parse(&list, request->engines, request->mechanisms, err);
    if (status)
        return status;
    const char *const name = list.items[0].engine->name;
    const char *const engine = request->engines ? request->engines : name;
    const bool is_alone = list.n_items == 1;
    zg_engine_list_close(&list);
    if (!is_alone)
        return ZG_OK;
    if (!loop || strcmp(engine, loop->name) == 0)
        return zg_fail(err, ZG_USAGE,
                       "--engines %s: is what others are held against; name one more engine",
                       engine);
    if (asprintf(engines, "%s:dtype=fp32,%s", loop->name, engine) < 0) {
        *engines = NULL;
        return zg_fail(err, ZG_ENV, "no memory for the engines");
    }
    request->engines = *engines;
    return ZG_OK;
}

static enum zg_status run_verify(struct zg_request *request, struct zg_error *err)
{
    char *engines = NULL;
    struct check *const check = calloc(1, sizeof *check);
    if (!check)
        return zg_fail(err, ZG_ENV, "no memory");
    enum zg_status status = add_reference(request, &engines, err);
    if (!status)
        status = zg_session_open(&check->session, request, err);
    if (!status)
        status = check_all(check, err);
    zg_bench_close(&check->bench);
    zg_session_close(&check->session);
    zg_row_list_close(&check->rows);
    free(check);
    free(engines);
    return status;
}

static const struct zg_flag_group groups[] = {{ZG_GROUP_ENGINES}, {ZG_GROUP_BASELINE},
                                              {ZG_GROUP_CASE},    {ZG_GROUP_THREADS},
                                              {ZG_GROUP_OUTPUT},  {0}};

static const struct zg_term examples[] = {
    {"zogap verify --model opt-mini", "every engine of this build against the training loop"},
    {"zogap verify --model opt-mini --engines naive,fused:dtype=bf16 --batch 4",
     "one engine in bf16 against the loop in fp32"},
    {NULL, NULL},
};

static const struct zg_term files[] = {
    {"verify.csv",
     "a row for each engine and case, in the --out directory; meta.json: machine and build"},
    {NULL, NULL},
};

const struct zg_command zg_command_verify = {
    .name = "verify",
    .summary = "same losses, gradients and weights in every engine? exit code 1 if not",
    .details =
        "Runs ten steps in every engine, across redraws of V, and compares losses, projected "
        "gradients and the weights afterwards with those of the baseline. Then looks at each "
        "engine's directions: is the one that an update goes along the one that was probed, are "
        "those of tensors, of a step and of steps unrelated, does a step's inverse undo it? An "
        "engine alone is held against naive in fp32. --out DIR also writes verify.csv and "
        "meta.json.",
    .common = "engines baseline model task data batch dtype threads out",
    .groups = groups,
    .examples = examples,
    .files = files,
    .run = run_verify,
};
