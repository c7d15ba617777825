/*
 * gate_dirs.c - the costs of two result directories, and every reason not to hold them against each
 * other: gate.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/gate/gate.h"
#include "harness/rows/case_row.h"
#include "harness/store/alike.h"

static const char *const side_names[] = {"baseline", "candidate"};

/* ---- may the two be held against each other? ------------------------------------------------- */

/* A run that was cut off stopped where something stopped it, not where it was planned to. */
static enum zg_status check_complete(const struct zg_result_reader *set, struct zg_error *err)
{
    const char *const status = set->meta.status ? set->meta.status : "none";
    if (set->torn)
        return zg_fail(err, ZG_INPUT, "%s", set->warnings[0]);
    if (strcmp(status, "complete") != 0)
        return zg_fail(err, ZG_INPUT,
                       "%s: its status is %s; must be complete: finish it with --resume", set->dir,
                       status);
    return ZG_OK;
}

/* What would make every ratio one of unlike things. */
static enum zg_status check_alike(const struct zg_result_reader *const sets[2],
                                  struct zg_error *err)
{
    char text[400];
    const json_t *const a = sets[0]->meta.json, *const b = sets[1]->meta.json;
    if (zg_alike_differences(a, b, ZG_ALIKE_MACHINE, NULL, 0) > 0) {
        zg_alike_differences(a, b, ZG_ALIKE_MACHINE | ZG_ALIKE_KERNELS, text, sizeof text);
        return zg_fail(err, ZG_INPUT, "baseline and candidate are of two machines: %s", text);
    }
    if (zg_alike_differences(a, b, ZG_ALIKE_KERNELS | ZG_ALIKE_SETTINGS, text, sizeof text) > 0)
        return zg_fail(err, ZG_INPUT,
                       "baseline and candidate are of one machine, but not alike: %s", text);
    return ZG_OK;
}

/* An engine that computes something else has no time. */
static enum zg_status check_verified(const struct zg_result_reader *set, struct zg_error *err)
{
    for (int64_t i = 0; i < set->n_cases; i++) {
        const struct zg_result_case *const c = &set->cases[i];
        if (c->verified == 0)
            return zg_fail(err, ZG_ENV, "%s: engine %.100s failed its check: %.200s", set->dir,
                           c->id.engine,
                           c->verify && c->verify->reason ? c->verify->reason : "verified is 0");
    }
    return ZG_OK;
}

/* Libraries may well be what is to be gated, so they are told, not refused; so is how it was
 * measured. */
static enum zg_status warn_of_differences(struct zg_gate *gate, struct zg_error *err)
{
    static const struct {
        unsigned kinds;
        const char *what;
    } told[] = {{ZG_ALIKE_VERSIONS, "libraries"},
                {ZG_ALIKE_CONDITIONS | ZG_ALIKE_CPUS, "system"},
                {ZG_ALIKE_POLICY, "policy"}};
    const json_t *const a = gate->sets[0]->meta.json, *const b = gate->sets[1]->meta.json;
    enum zg_status status = ZG_OK;
    if (zg_alike_same_run(gate->sets[0], gate->sets[1]))
        status = zg_gate_warn(gate, err,
                              "baseline and candidate: both are the same run, so nothing is judged "
                              "but the run against itself");
    for (int i = 0; i < 3 && !status; i++) {
        char text[400];
        if (zg_alike_differences(a, b, told[i].kinds, text, sizeof text) > 0)
            status = zg_gate_warn(gate, err, "%s differs: %s", told[i].what, text);
    }
    return status;
}

static enum zg_status warn_of_sets(struct zg_gate *gate, struct zg_error *err)
{
    enum zg_status status = warn_of_differences(gate, err);
    for (int side = 0; side < 2; side++)
        for (int64_t i = 0; i < gate->sets[side]->n_warnings && !status; i++) {
            /* without the directory: the same results give the same bytes anywhere */
            const char *text = gate->sets[side]->warnings[i];
            const size_t n = strlen(gate->sets[side]->dir);
            if (strncmp(text, gate->sets[side]->dir, n) == 0 && text[n] == '/')
                text += n + 1;
            status = zg_gate_warn(gate, err, "%s: %s", side_names[side], text);
        }
    return status;
}

/* ---- what is measured ------------------------------------------------------------------------ */

static bool has_instructions(const struct zg_result_reader *set)
{
    const int64_t column = zg_result_reader_counter(set, ZG_INSTRUCTIONS_COLUMN);
    bool any = false;
    for (int64_t i = 0; i < set->n_cases && column >= 0; i++)
        for (int64_t b = 0; b < set->cases[i].n; b++) {
            if (!(set->cases[i].counters[b * set->n_counters + column] > 0))
                return false;
            any = true;
        }
    return any;
}

/* The run's baseline engine beside this one; NULL: it was not timed. */
static const struct zg_result_case *reference_of(const struct zg_result_reader *set,
                                                 const struct zg_result_case *c)
{
    const struct zg_result_case *const reference = zg_result_reader_baseline(set, c);
    return reference && reference->n > 0 ? reference : NULL;
}

static enum zg_status choose_measure(struct zg_gate *gate, const struct zg_gate_dirs *dirs,
                                     struct zg_error *err)
{
    const bool counted[2] = {has_instructions(gate->sets[0]), has_instructions(gate->sets[1])};
    gate->measure = dirs->measure;
    if (dirs->measure == ZG_GATE_AUTO)
        gate->measure = counted[0] && counted[1] ? ZG_GATE_INSTRUCTIONS : ZG_GATE_RATIO;
    for (int side = 0; side < 2; side++)
        if (gate->measure == ZG_GATE_INSTRUCTIONS && !counted[side])
            return zg_fail(err, ZG_INPUT,
                           "%s: samples.csv has no column %s that is filled in every row",
                           gate->sets[side]->dir, ZG_INSTRUCTIONS_COLUMN);
    const char *const names[2] = {gate->sets[0]->cases[0].summary->baseline,
                                  gate->sets[1]->cases[0].summary->baseline};
    if (gate->measure == ZG_GATE_RATIO && !zg_cell_same_text(names[0], names[1]))
        return zg_fail(err, ZG_INPUT,
                       "ratios are to the baseline engine of each run, which is %s in the baseline "
                       "and %s in the candidate",
                       names[0] ? names[0] : "none", names[1] ? names[1] : "none");
    if (gate->measure == ZG_GATE_RATIO && zg_cell_same_text(names[0], NULL))
        return zg_fail(err, ZG_INPUT,
                       "ratios are to the baseline engine of each run, and neither names one; "
                       "--measure seconds needs none");
    gate->threshold = dirs->max_regression >= 0               ? dirs->max_regression
                      : gate->measure == ZG_GATE_INSTRUCTIONS ? ZG_GATE_MAX_INSTRUCTIONS
                                                              : ZG_GATE_MAX_REGRESSION;
    if (gate->measure == ZG_GATE_RATIO)
        snprintf(gate->measured, sizeof gate->measured,
                 "time of a step over that of %.100s in the same block of the same run", names[0]);
    else
        snprintf(gate->measured, sizeof gate->measured, "%s",
                 gate->measure == ZG_GATE_SECONDS
                     ? "seconds of a step; what the machine did differently in the two runs is in "
                       "them and in no interval"
                     : "instructions of a step");
    return ZG_OK;
}

/* ---- costs ----------------------------------------------------------------------------------- */

static enum zg_status add_ratios(struct zg_gate_case *c, const struct zg_result_reader *set,
                                 const struct zg_result_case *from, enum zg_gate_side side,
                                 struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    double *const ratios = calloc((size_t)from->n + 1, sizeof *ratios);
    if (!ratios)
        return zg_fail(err, ZG_ENV, "no memory for %lld blocks", (long long)from->n);
    const int64_t n = zg_result_case_ratios(from, reference_of(set, from), ratios);
    for (int64_t i = 0; i < n && !status; i++)
        status = zg_gate_add_cost(c, side, ratios[i], err);
    free(ratios);
    return status;
}

static enum zg_status add_costs(const struct zg_gate *gate, struct zg_gate_case *c,
                                const struct zg_result_case *from, enum zg_gate_side side,
                                struct zg_error *err)
{
    const struct zg_result_reader *const set = gate->sets[side];
    const int64_t column = zg_result_reader_counter(set, ZG_INSTRUCTIONS_COLUMN);
    enum zg_status status = ZG_OK;
    if (gate->measure == ZG_GATE_RATIO)
        return add_ratios(c, set, from, side, err);
    for (int64_t b = 0; b < from->n && !status; b++)
        status = zg_gate_add_cost(c, side,
                                  gate->measure == ZG_GATE_SECONDS
                                      ? from->wall_s[b]
                                      : from->counters[b * set->n_counters + column],
                                  err);
    return status;
}

/* The same engine with other options is what was meant: `fused:mechanisms=-trie`. */
static enum zg_status fail_missing_engine(const struct zg_result_reader *set,
                                          const struct zg_result_case *want, struct zg_error *err)
{
    const char *const name = want->id.engine;
    const size_t n = strcspn(name, ":#");
    const char *other = NULL;
    for (int64_t i = 0; i < set->n_cases && !other; i++) {
        const char *const engine = set->cases[i].id.engine;
        if (strncmp(engine, name, n) == 0 && strcspn(engine, ":#") == n)
            other = engine;
    }
    return zg_fail(err, ZG_INPUT, "%s: a case of the baseline is missing: no engine %.150s%s%.150s",
                   set->dir, name, other ? ", but " : "", other ? other : "");
}

/* The candidate's row that was meant, for the message: same engine, fewest differences. */
static enum zg_status fail_missing(const struct zg_gate *gate, const struct zg_result_case *want,
                                   struct zg_error *err)
{
    const struct zg_result_reader *const set = gate->sets[ZG_GATE_CANDIDATE];
    char text[256], best[256] = "";
    int64_t fewest = INT64_MAX;
    for (int64_t i = 0; i < set->n_cases; i++) {
        const struct zg_result_case *const c = &set->cases[i];
        if (!zg_cell_same_text(c->id.engine, want->id.engine))
            continue;
        const int64_t n = zg_case_row_differences(&want->id, &c->id, NULL, text, sizeof text);
        if (n >= fewest)
            continue;
        fewest = n;
        snprintf(best, sizeof best, "%s", n ? text : "dtype");
    }
    if (fewest == INT64_MAX)
        return fail_missing_engine(set, want, err);
    return zg_fail(err, ZG_INPUT,
                   "%s: a case of the baseline is missing: engine %.100s differs in %s", set->dir,
                   want->id.engine, best);
}

/* The baseline engine's ratio to itself is 1 and says nothing. */
static bool is_judged(const struct zg_gate *gate, const struct zg_result_case *c)
{
    return gate->measure != ZG_GATE_RATIO || !zg_cell_same_text(c->id.engine, c->summary->baseline);
}

/* The same names may stand for other files, the same engine for other mechanisms: those are told
 * where another build may have chosen them, and may be what is to be gated. */
static enum zg_status check_same_files(struct zg_gate *gate, const struct zg_result_case *old,
                                       const struct zg_result_case *new, struct zg_error *err)
{
    char text[400];
    const bool same_build = zg_alike_differences(gate->sets[0]->meta.json, gate->sets[1]->meta.json,
                                                 ZG_ALIKE_BUILD, NULL, 0) == 0;
    const unsigned kinds = ZG_UNLIKE_FILES | (same_build ? ZG_UNLIKE_MECHANISMS : 0);
    if (zg_alike_case_differences(old, new, kinds, NULL, text, sizeof text) > 0)
        return zg_fail(err, ZG_INPUT,
                       "engine %.100s was timed on unlike things: baseline and candidate differ in "
                       "%s",
                       old->id.engine, text);
    if (!same_build &&
        zg_alike_case_differences(old, new, ZG_UNLIKE_MECHANISMS, NULL, text, sizeof text) > 0)
        return zg_gate_warn(gate, err, "the builds differ in %s", text);
    return ZG_OK;
}

static enum zg_status add_case(struct zg_gate *gate, const struct zg_result_case *old,
                               struct zg_error *err)
{
    const struct zg_result_case *const new =
        zg_result_reader_find(gate->sets[ZG_GATE_CANDIDATE], &old->id);
    char differences[256];
    if (!new)
        return fail_missing(gate, old, err);
    const enum zg_status alike = check_same_files(gate, old, new, err);
    if (alike)
        return alike;
    if (zg_result_case_differences(old, new, NULL, differences, sizeof differences))
        return zg_fail(err, ZG_INPUT,
                       "engine %.100s was timed on other work: baseline and candidate differ in %s",
                       old->id.engine, differences);
    if (!is_judged(gate, old))
        return ZG_OK;
    if (gate->measure == ZG_GATE_RATIO)
        for (int side = 0; side < 2; side++)
            if (!reference_of(gate->sets[side], side ? new : old))
                return zg_fail(err, ZG_INPUT,
                               "%s: engine %.100s has no ratio: baseline engine %.100s was not "
                               "timed beside it",
                               gate->sets[side]->dir, old->id.engine, old->summary->baseline);
    enum zg_status status = zg_gate_add_case(gate, &old->id, err);
    if (status)
        return status;
    struct zg_gate_case *const c = &gate->cases[gate->n_cases - 1];
    status = add_costs(gate, c, old, ZG_GATE_BASELINE, err);
    return status ? status : add_costs(gate, c, new, ZG_GATE_CANDIDATE, err);
}

/* What is new has nothing to be held against: told, for a gate must not look complete when it is
 * not. */
static enum zg_status warn_of_new_cases(struct zg_gate *gate, struct zg_error *err)
{
    const struct zg_result_reader *const set = gate->sets[ZG_GATE_CANDIDATE];
    int64_t n = 0;
    const char *first = NULL;
    for (int64_t i = 0; i < set->n_cases; i++) {
        if (!is_judged(gate, &set->cases[i]) ||
            zg_result_reader_find(gate->sets[ZG_GATE_BASELINE], &set->cases[i].id))
            continue;
        first = n++ ? first : set->cases[i].id.engine;
    }
    if (n == 0)
        return ZG_OK;
    return zg_gate_warn(gate, err,
                        "%lld case%s of the candidate %s not judged, the baseline has none such; "
                        "first: engine %.100s",
                        (long long)n, n == 1 ? "" : "s", n == 1 ? "is" : "are", first);
}

enum zg_status zg_gate_add_dirs(struct zg_gate *gate, const struct zg_gate_dirs *dirs,
                                struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (int side = 0; side < 2 && !status; side++) {
        status = zg_result_reader_open(&gate->sets[side], dirs->dirs[side], err);
        if (status)
            zg_fail_within(err, status, "%s", side_names[side]);
    }
    for (int side = 0; side < 2 && !status; side++)
        status = check_complete(gate->sets[side], err);
    if (!status)
        status = check_alike((const struct zg_result_reader *const *)gate->sets, err);
    for (int side = 0; side < 2 && !status; side++)
        status = check_verified(gate->sets[side], err);
    if (!status)
        status = choose_measure(gate, dirs, err);
    for (int64_t i = 0; !status && i < gate->sets[ZG_GATE_BASELINE]->n_cases; i++)
        status = add_case(gate, &gate->sets[ZG_GATE_BASELINE]->cases[i], err);
    for (int side = 0; side < 2 && !status; side++)
        status = zg_gate_count_run(gate, (enum zg_gate_side)side, &gate->sets[side]->meta, err);
    if (!status)
        status = zg_gate_warn_of_runs(gate, err);
    if (!status)
        status = warn_of_sets(gate, err);
    if (!status)
        status = warn_of_new_cases(gate, err);
    if (!status && gate->n_cases == 0)
        status = zg_fail(err, ZG_ENV,
                         "nothing to judge: %s holds only the baseline engine, whose ratio to "
                         "itself is 1; --measure seconds judges its time",
                         dirs->dirs[ZG_GATE_BASELINE]);
    zg_gate_name_cases(gate);
    return status;
}
