/*
 * gate_builds.c - the costs of two builds, run side by side: gate.h.
 *
 *     --version  baseline, candidate      are they zogaps?
 *     pilot      baseline                 has the time room for a gate?
 *     verify     baseline, candidate      once: nothing is judged that computes something else
 *     pilot      candidate                steps of each engine's samples
 *     block 0    candidate, baseline      a fresh process each; the order is drawn from the seed
 *     block 1    baseline, candidate      the other way round
 *     ...
 *
 * Where a process places its memory and code is luck that lasts as long as the process, several per
 * cent of a step's time; so a block is a process of each build, and that luck is in the spread that
 * the interval is made of.  A process takes several samples of each engine, in turns; its cost is
 * their median.  What a build need do but once is left out of its processes (gate_child.h), where
 * both builds know how; an older one is run with options that every build has.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/base/size.h"
#include "harness/base/clock.h"
#include "harness/base/signals.h"
#include "harness/gate/gate_trial.h"
#include "harness/stats/blocks.h"
#include "harness/stats/stats.h"

/* ---- cases and costs ------------------------------------------------------------------------- */

/* What the first block has of the baseline are the cases of the gate. */
static enum zg_status take_cases(struct zg_gate_trial *t, struct zg_error *err)
{
    const struct zg_result_reader *const old = t->gate->sets[0], *const new = t->gate->sets[1];
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < old->n_cases && !status; i++) {
        const struct zg_result_case *const c = &old->cases[i];
        const struct zg_result_case *const other = zg_result_reader_find(new, &c->id);
        char text[256];
        if (!other || other->n == 0)
            return zg_fail(err, ZG_ENV,
                           "candidate build: did not time engine %.100s, as the "
                           "baseline does",
                           c->id.engine);
        status = zg_gate_add_case(t->gate, &c->id, err);
        if (!status && zg_result_case_differences(c, other, NULL, text, sizeof text))
            status = zg_gate_warn(t->gate, err, "engine %.100s: the builds differ in %s",
                                  c->id.engine, text);
    }
    for (int64_t i = 0; i < new->n_cases && !status; i++)
        if (!zg_result_reader_find(old, &new->cases[i].id))
            status = zg_gate_warn(t->gate, err,
                                  "engine %.100s is not judged: the baseline build has none such",
                                  new->cases[i].id.engine);
    zg_gate_name_cases(t->gate);
    return status;
}

/* The median of its samples; a busy neighbour spoils some of them. */
static enum zg_status take_costs(struct zg_gate_trial *t, enum zg_gate_side side,
                                 const struct zg_result_reader *set, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    double costs[ZG_GATE_MOST_SPANS];
    for (int64_t i = 0; i < t->gate->n_cases && !status; i++) {
        struct zg_gate_case *const c = &t->gate->cases[i];
        const struct zg_result_case *const from = zg_result_reader_find(set, &c->id);
        const bool whole = from && from->n == t->plan.n_spans;
        for (int64_t b = 0; whole && b < from->n; b++) {
            costs[b] = from->wall_s[b];
            c->samples_s += from->wall_s[b] * (double)from->steps[b];
        }
        const double cost = whole ? zg_median(costs, from->n) : NAN;
        if (isnan(cost))
            return zg_fail(err, ZG_ENV, "%s build: no time of %.200s", zg_gate_side_names[side],
                           c->name);
        status = zg_gate_add_cost(c, side, cost, err);
    }
    return status;
}

/* ---- is the machine busy? -------------------------------------------------------------------- */

/* Did other work take cpus from the process while it sampled?  Threads that wait for one in a
 * twentieth of the time are no kernel's doing; where the system does not tell, preemptions are
 * counted, as for meta.json's warning. */
static bool was_busy(const struct zg_result_reader *set)
{
    const json_t *const during = json_object_get(set->meta.json, "during");
    const json_t *const cases = json_object_get(set->meta.json, "cases");
    const double wall_s = json_number_value(json_object_get(during, "wall_s"));
    const double preempted =
        json_number_value(json_object_get(during, "involuntary_switches")) / wall_s;
    double waited = NAN;
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *const sampling = json_object_get(json_array_get(cases, i), "sampling");
        const json_t *const share = json_object_get(sampling, "waited_share");
        if (json_is_number(share))
            waited = fmax(waited, json_number_value(share));
    }
    return json_number_value(json_object_get(during, "steal_share")) > ZG_GATE_BUSY_SHARE ||
           json_number_value(json_object_get(during, "n_throttled")) > 0 ||
           (isnan(waited) ? preempted > ZG_GATE_BUSY_PREEMPTIONS : waited > ZG_GATE_BUSY_SHARE);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* Both builds once; the sets of the first block stay open, for the cases' texts.  The order is
 * drawn from the seed for every other block and turned round in the next, so that what drifts
 * cancels. */
static enum zg_status run_block(struct zg_gate_trial *t, uint64_t seed, int64_t block,
                                struct zg_error *err)
{
    struct zg_result_reader *sets[2] = {NULL, NULL};
    int64_t order[2];
    enum zg_status status = ZG_OK;
    zg_block_order(seed, block / 2, 2, order);
    for (int i = 0; i < 2 && !status; i++) {
        const enum zg_gate_side side = (enum zg_gate_side)order[block % 2 ? 1 - i : i];
        char name[64];
        snprintf(name, sizeof name, "block-%03lld-%s", (long long)block, zg_gate_side_names[side]);
        status = zg_gate_run(t, side, name, false, &sets[side], err);
    }
    if (!status && block == 0) {
        memcpy(t->gate->sets, sets, sizeof sets);
        status = take_cases(t, err);
    }
    for (int side = 0; side < 2 && !status; side++) {
        status = take_costs(t, (enum zg_gate_side)side, sets[side], err);
        if (!status)
            status = zg_gate_count_run(t->gate, (enum zg_gate_side)side, &sets[side]->meta, err);
    }
    if (!status)
        t->gate->n_busy += was_busy(sets[0]) && was_busy(sets[1]);
    for (int side = 0; side < 2; side++)
        if (sets[side] != t->gate->sets[side])
            zg_result_reader_close(&sets[side]);
    return status;
}

static enum zg_status run_blocks(struct zg_gate_trial *t, struct zg_error *err)
{
    struct zg_case c;
    enum zg_status status = zg_sweep_case(t->builds->sweep, 0, &c, err);
    if (status)
        return status;
    zg_status_line_show(&t->line, true, "block 1 of about %lld", (long long)t->plan.n_blocks);
    const int64_t begin_ns = zg_clock_wall_ns();
    status = run_block(t, c.seed, 0, err);
    if (!status)
        status = zg_gate_plan_blocks(t, zg_ns_to_s(zg_clock_wall_ns() - begin_ns), err);
    const int64_t look = status ? 0 : zg_gate_first_look(t);
    for (int64_t block = 1; block < t->plan.n_blocks && !status && !zg_gate_is_late(t, block);
         block++) {
        char left[32];
        const double s = zg_ns_to_s(zg_clock_wall_ns() - begin_ns) / (double)block;
        zg_status_line_show(
            &t->line, true, "block %lld of %s%lld, %s left", (long long)block + 1,
            block < look ? "at most " : "", (long long)t->plan.n_blocks,
            zg_duration_show(s * (double)(t->plan.n_blocks - block), left, sizeof left));
        status = run_block(t, c.seed, block, err);
        t->plan.block_s = zg_ns_to_s(zg_clock_wall_ns() - begin_ns) / (double)(block + 1);
        if (!status && block + 1 == look)
            status = zg_gate_look(t, err);
    }
    return status;
}

/* ---- the gate -------------------------------------------------------------------------------- */

/* In memory where there is such a file system: what a process writes is read once and removed, and
 * a disk would take longer to sync it than some samples last. */
static enum zg_status open_work(struct zg_gate_trial *t, struct zg_error *err)
{
    const char *const tmp = getenv("TMPDIR");
    const char *const root = tmp && *tmp                            ? tmp
                             : access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm"
                                                                    : "/tmp";
    if (t->builds->out_dir) {
        snprintf(t->work, sizeof t->work, "%s", t->builds->out_dir);
        return ZG_OK;
    }
    const int n = snprintf(t->work, sizeof t->work, "%s/zogap-gate-XXXXXX", root);
    if (n < 0 || n >= (int)sizeof t->work || !mkdtemp(t->work))
        return zg_fail(err, ZG_ENV, "%s: cannot make a directory for the runs: %s", root,
                       strerror(errno));
    return ZG_OK;
}

/* Of the gate as a whole, when all is measured. */
static void describe(struct zg_gate_trial *t)
{
    struct zg_gate *const gate = t->gate;
    gate->wall_s = zg_gate_elapsed_s(t);
    gate->block_s = t->plan.block_s;
    for (int64_t i = 0; i < gate->n_cases; i++)
        gate->samples_s += gate->cases[i].samples_s;
    zg_gate_host(gate->host, sizeof gate->host);
    snprintf(gate->measured, sizeof gate->measured,
             "seconds of a step, both builds in every block, a fresh process each, %lld sample%s "
             "of each engine in it",
             (long long)t->plan.n_spans, t->plan.n_spans == 1 ? "" : "s");
}

/* Byte by byte: a gate of a build against itself need not check it twice. */
static bool is_same_program(const struct zg_gate_builds *builds)
{
    bool same = false;
    FILE *const old = fopen(builds->binaries[0], "rb"), *const new =
                                                            fopen(builds->binaries[1], "rb");
    while (old && new) {
        char bytes[2][65536];
        const size_t n = fread(bytes[0], 1, sizeof bytes[0], old);
        same = fread(bytes[1], 1, sizeof bytes[1], new) == n && memcmp(bytes[0], bytes[1], n) == 0;
        if (!same || n == 0)
            break;
    }
    if (old)
        fclose(old);
    if (new)
        fclose(new);
    return same;
}

static enum zg_status measure(struct zg_gate_trial *t, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (int side = 0; side < 2 && !status; side++)
        status = zg_gate_check_program(t, (enum zg_gate_side)side, err);
    if (!status)
        status = zg_gate_take_pilot(t, ZG_GATE_BASELINE, err);
    if (!status)
        status = zg_gate_make_plan(t, err);
    const bool twice = !status && !is_same_program(t->builds);
    for (int side = 0; side < 2 && !status && (side == 0 || twice); side++) {
        zg_status_line_show(&t->line, true, "verifying the %s", zg_gate_side_names[side]);
        status = zg_gate_verify(t, (enum zg_gate_side)side, err);
    }
    if (!status)
        status = zg_gate_take_pilot(t, ZG_GATE_CANDIDATE, err);
    if (!status)
        status = zg_gate_make_plan(t, err);
    if (!status)
        status = run_blocks(t, err);
    if (!status)
        status = zg_gate_warn_of_runs(t->gate, err);
    return status;
}

enum zg_status zg_gate_add_builds(struct zg_gate *gate, const struct zg_gate_builds *builds,
                                  struct zg_error *err)
{
    struct zg_gate_trial t = {.gate = gate, .builds = builds, .begin_ns = zg_clock_wall_ns()};
    const int64_t least = zg_judge_least_blocks(1);
    if (builds->policy->blocks > 0 && builds->policy->blocks < least)
        return zg_fail(err, ZG_USAGE, "--blocks %lld: must be at least %lld to judge one case",
                       (long long)builds->policy->blocks, (long long)least);
    gate->measure = ZG_GATE_SECONDS;
    gate->paired = true;
    gate->threshold = builds->max_regression >= 0 ? builds->max_regression : ZG_GATE_MAX_REGRESSION;
    enum zg_status status = open_work(&t, err);
    if (status)
        return status;
    setenv("ZOGAP_PEAKS", "brief", 1); /* of an older build: no verdict needs them */
    zg_signals_watch();
    zg_status_line_open(&t.line, builds->policy->quiet);
    status = measure(&t, err);
    zg_status_line_clear(&t.line);
    describe(&t);
    if (!builds->out_dir) {
        zg_gate_remove_tree(t.work);
    } else {
        char errors[ZG_GATE_PATH_SIZE];
        snprintf(errors, sizeof errors, "%s/errors.txt", t.work);
        unlink(errors);
    }
    zg_gate_plan_close(&t);
    return status;
}
