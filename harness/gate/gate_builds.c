/*
 * gate_builds.c - the costs of two builds, run side by side: gate.h.
 *
 *     verify   baseline, candidate        once: nothing is timed that computes something else
 *     pilot    baseline                   where --steps is not given
 *     block 0  candidate, baseline        a fresh process each; the order is drawn from the seed
 *     block 1  baseline, candidate
 *     ...
 *
 * Where a process places its memory and code is luck that lasts as long as the process, several per
 * cent of a step's time; so a block is a process of each build, and that luck is in the spread that
 * the interval is made of.  A process is `zogap run --blocks 1` with options that every build has,
 * so an older one can be the baseline.
 */
#define _GNU_SOURCE /* nftw, vasprintf */
#include <ftw.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/algorithm/algorithm.h"
#include "engines/base/size.h"
#include "harness/base/child.h"
#include "harness/base/clock.h"
#include "harness/base/signals.h"
#include "harness/base/status_line.h"
#include "harness/gate/gate.h"
#include "harness/stats/blocks.h"

static const char *const side_names[] = {"baseline", "candidate"};

/* More blocks than these are a machine that should be looked at instead. */
enum { MOST_BLOCKS = 200, MOST_STEPS = 64, PATH_SIZE = 1200, WORK_SIZE = 1100 };

/* A sample at least so long: what a tick or an interrupt takes is then far below a per cent. */
#define LEAST_SPAN_S 0.05
/* A process that takes so many times the longest so far hangs; a busy machine is not that slow. */
#define HANGS_AFTER   20
#define LEAST_LIMIT_S 60.0
#define FIRST_LIMIT_S 3600.0
/* What --max-time should have room for: a process more says more than longer samples. */
#define WISHED_BLOCKS 16

enum work { VERIFY, RUN, N_WORKS };
static const char *const work_names[] = {"verify", "run"};

struct trial { /* one gate's runs of both builds */
    struct zg_gate *gate;
    const struct zg_gate_builds *builds;
    char work[WORK_SIZE];      /* where the runs write */
    int64_t n_steps;           /* of a sample; 0: the run's own choice */
    double longest_s[N_WORKS]; /* of the processes that have ended */
    struct zg_status_line line;
};

/* ---- one process ----------------------------------------------------------------------------- */

struct arguments {
    char *words[256];
    int64_t n;
    bool failed;
};

static void add(struct arguments *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct arguments *a, const char *format, ...)
{
    va_list values;
    if (a->n + 1 == (int64_t)(sizeof a->words / sizeof *a->words)) { /* words end with a NULL */
        a->failed = true;
        return;
    }
    va_start(values, format);
    if (vasprintf(&a->words[a->n], format, values) < 0)
        a->failed = true;
    else
        a->n++;
    va_end(values);
}

static void arguments_close(struct arguments *a)
{
    for (int64_t i = 0; i < a->n; i++)
        free(a->words[i]);
}

/* The case options as they were typed, lists joined again. */
static void add_case_options(struct arguments *a, const struct zg_sweep *sweep)
{
    for (int64_t i = 0; i < sweep->n_axes; i++) {
        const struct zg_words *const values = &sweep->axes[i].values;
        char *list = NULL;
        size_t n;
        FILE *const text = open_memstream(&list, &n);
        for (int64_t v = 0; v < values->n_words && text; v++)
            fprintf(text, "%s%s", v ? "," : "", values->words[v]);
        if (text && fclose(text) == 0)
            add(a, "--%s=%s", sweep->axes[i].flag->name, list);
        else
            a->failed = true;
        free(list);
    }
}

/* `reference`: an engine before those that were asked for, or NULL. */
static void add_common(struct arguments *a, const struct trial *t, const char *reference)
{
    const struct zg_policy *const policy = t->builds->policy;
    if (t->builds->engines)
        add(a, "--engines=%s%s%s", reference ? reference : "", reference ? ":dtype=fp32," : "",
            t->builds->engines);
    if (t->builds->mechanisms)
        add(a, "--mechanisms=%s", t->builds->mechanisms);
    add_case_options(a, t->builds->sweep);
    if (policy->threads > 0)
        add(a, "--threads=%lld", (long long)policy->threads);
    if (policy->cpus)
        add(a, "--cpus=%s", policy->cpus);
    add(a, "--format=csv");
}

static enum zg_status fail_interrupted(struct zg_error *err)
{
    return zg_fail(err, ZG_ENV, "interrupted; nothing is judged");
}

double zg_gate_process_limit_s(double longest_s)
{
    return longest_s > 0 ? fmax(HANGS_AFTER * longest_s, LEAST_LIMIT_S) : FIRST_LIMIT_S;
}

/* Runs to its end; a failure is one line that names the build. */
static enum zg_status run_child(struct trial *t, enum zg_gate_side side, enum work work,
                                struct arguments *a, struct zg_error *err)
{
    char errors[PATH_SIZE], line[256];
    int code = 0;
    const double limit_s = t->builds->process_time_s > 0
                               ? t->builds->process_time_s
                               : zg_gate_process_limit_s(t->longest_s[work]);
    snprintf(errors, sizeof errors, "%s/errors.txt", t->work);
    if (a->failed)
        return zg_fail(err, ZG_ENV, "no memory for the options of the %s build", side_names[side]);
    const int64_t begin_ns = zg_clock_wall_ns();
    const enum zg_status status =
        zg_child_run(NULL, (const char *const *)(void *)a->words, errors, limit_s, &code, err);
    t->longest_s[work] = fmax(t->longest_s[work], zg_ns_to_s(zg_clock_wall_ns() - begin_ns));
    if (zg_signals_caught())
        return fail_interrupted(err);
    if (status)
        return zg_fail_within(err, status, "%s build", side_names[side]);
    if (code == 0)
        return ZG_OK;
    if (code == ZG_CHILD_LATE)
        return zg_fail(err, ZG_ENV,
                       "%s build: %.160s %s: did not end within %.4g s, so it was ended; "
                       "--process-time allows more",
                       side_names[side], a->words[0], work_names[work], limit_s);
    zg_child_last_line(errors, line, sizeof line);
    return zg_fail(err, ZG_ENV, "%s build: %.160s %s: exit code %d: %s", side_names[side],
                   a->words[0], work_names[work], code, line[0] ? line : "it says nothing");
}

/* An engine alone has only its losses' being finite to show; `verify` holds it against the loop. */
static enum zg_status verify(struct trial *t, enum zg_gate_side side, struct zg_error *err)
{
    const char *const engines = t->builds->engines;
    struct arguments a = {0};
    const struct zg_engine *const loop = zg_engine_of_role(ZG_ROLE_LOOP);
    const bool alone = engines && loop && !strchr(engines, ',') &&
                       strncmp(engines, loop->name, strlen(loop->name)) != 0;
    add(&a, "%s", t->builds->binaries[side]);
    add(&a, "%s", work_names[VERIFY]);
    add_common(&a, t, alone ? loop->name : NULL);
    const enum zg_status status = run_child(t, side, VERIFY, &a, err);
    arguments_close(&a);
    return status;
}

static int remove_entry(const char *path, const struct stat *info, int flag, struct FTW *at)
{
    (void)info;
    (void)flag;
    (void)at;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* `zogap run` into work/name, read back; the caller closes the set. */
static enum zg_status run_build(struct trial *t, enum zg_gate_side side, const char *name,
                                struct zg_result_reader **set, struct zg_error *err)
{
    struct arguments a = {0};
    char dir[PATH_SIZE];
    snprintf(dir, sizeof dir, "%s/%s", t->work, name);
    add(&a, "%s", t->builds->binaries[side]);
    add(&a, "%s", work_names[RUN]);
    add_common(&a, t, NULL);
    if (t->n_steps > 0)
        add(&a, "--steps=%lld", (long long)t->n_steps);
    add(&a, "--blocks=1");
    add(&a, "--fidelity=0");
    add(&a, "--events=none");
    add(&a, "--out=%s", dir);
    enum zg_status status = run_child(t, side, RUN, &a, err);
    arguments_close(&a);
    if (status)
        return status;
    status = zg_result_reader_open(set, dir, err);
    if (!t->builds->out_dir)
        remove_tree(dir);
    if (status) /* whatever is wrong with it, it is not the user's file */
        return zg_fail_within(err, ZG_ENV, "%s build: %.160s run", side_names[side],
                              t->builds->binaries[side]);
    return ZG_OK;
}

/* ---- the plan -------------------------------------------------------------------------------- */

/* Processes differ more than the steps of one do, so what a process does besides its samples
 * (rest_s: opening, checks, warm-up) sets their length: a quarter of it, and less where the time
 * has no room for so many blocks.  A run looks at phases for as many steps again, hence the 2. */
static double wished_spans_s(const struct trial *t, double rest_s)
{
    const struct zg_policy *const policy = t->builds->policy;
    const bool unlimited = policy->max_time_s < 0 && policy->blocks > 0;
    const double time_s = policy->max_time_s >= 0 ? policy->max_time_s : ZG_GATE_MAX_TIME_S;
    const double wished_s = rest_s / 4;
    return unlimited ? wished_s : fmin(wished_s, (time_s / (2 * WISHED_BLOCKS) - rest_s) / 2);
}

/* Fewer steps than the least --nu, for a bank is not redrawn in a sample. */
static enum zg_status plan_steps(struct trial *t, struct zg_error *err)
{
    struct zg_result_reader *set = NULL;
    double round_s = 0, fastest_s = INFINITY, spans_s = 0;
    int64_t least_nu = INT64_MAX;
    zg_status_line_show(&t->line, true, "pilot of the baseline");
    const int64_t begin_ns = zg_clock_wall_ns();
    const enum zg_status status = run_build(t, ZG_GATE_BASELINE, "pilot", &set, err);
    if (status)
        return status;
    const double process_s = zg_ns_to_s(zg_clock_wall_ns() - begin_ns);
    for (int64_t i = 0; i < set->n_cases; i++) {
        const struct zg_result_case *const c = &set->cases[i];
        struct zg_algorithm_choice choice;
        if (c->id.algorithm && !zg_algorithm_parse(c->id.algorithm, &choice, NULL))
            least_nu = zg_min64(least_nu, zg_algorithm_period(&choice));
        for (int64_t b = 0; b < c->n; b++) {
            round_s += c->wall_s[b];
            spans_s += c->wall_s[b] * (double)c->steps[b];
            fastest_s = fmin(fastest_s, c->wall_s[b]);
        }
    }
    zg_result_reader_close(&set);
    if (!(round_s > 0))
        return zg_fail(err, ZG_ENV, "baseline build: nothing measured: no engine was timed");
    const double least = fmin(fmax(ceil(LEAST_SPAN_S / fastest_s), 1), 1e6);
    const double rest_s = fmax(process_s - 2 * spans_s, 0);
    const double wished = floor(wished_spans_s(t, rest_s) / round_s);
    t->n_steps = (int64_t)fmin(fmax(wished, least), fmax(least, MOST_STEPS));
    t->n_steps = zg_max64(1, zg_min64(t->n_steps, least_nu - 1));
    return ZG_OK;
}

int64_t zg_gate_blocks_in(double time_s, double block_s, int64_t least)
{
    const double n = floor(time_s / block_s);
    if (n < (double)least)
        return 0;
    return (int64_t)fmin(n, MOST_BLOCKS);
}

/* After the first block, from the time that it took alone. */
static enum zg_status plan_blocks(const struct trial *t, double block_s, int64_t *n_blocks,
                                  struct zg_error *err)
{
    const struct zg_policy *const policy = t->builds->policy;
    const long long n_cases = t->gate->n_cases;
    const int64_t least = zg_judge_least_blocks(t->gate->n_cases);
    const bool limited = policy->max_time_s >= 0;
    const double time_s = limited ? policy->max_time_s : ZG_GATE_MAX_TIME_S;
    *n_blocks = policy->blocks;
    if (policy->blocks > 0 && policy->blocks < least)
        return zg_fail(err, ZG_USAGE, "--blocks %lld: must be at least %lld to judge %lld case%s",
                       (long long)policy->blocks, (long long)least, n_cases,
                       n_cases == 1 ? "" : "s");
    if (policy->blocks > 0)
        return ZG_OK;
    *n_blocks = zg_gate_blocks_in(time_s, block_s, least);
    if (*n_blocks == 0 && limited)
        return zg_fail(err, ZG_ENV,
                       "--max-time %g: a block takes %.3g s and %lld case%s need%s %lld blocks; "
                       "must be at least %.0f",
                       time_s, block_s, n_cases, n_cases == 1 ? "" : "s", n_cases == 1 ? "s" : "",
                       (long long)least, ceil((double)least * block_s * 1.1));
    *n_blocks = zg_max64(*n_blocks, least); /* a limit that nobody asked for costs no verdict */
    return ZG_OK;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* What the first block has of the baseline are the cases of the gate. */
static enum zg_status take_cases(struct trial *t, struct zg_error *err)
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

static enum zg_status take_costs(struct trial *t, enum zg_gate_side side,
                                 const struct zg_result_reader *set, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < t->gate->n_cases && !status; i++) {
        struct zg_gate_case *const c = &t->gate->cases[i];
        const struct zg_result_case *const from = zg_result_reader_find(set, &c->id);
        if (!from || from->n != 1 || isnan(from->wall_s[0]))
            return zg_fail(err, ZG_ENV, "%s build: no time of %.200s", side_names[side], c->name);
        status = zg_gate_add_cost(c, side, from->wall_s[0], err);
    }
    return status;
}

/* Both builds once, in an order drawn from the seed; the sets of the first block stay open, for
 * the cases' texts. */
static enum zg_status run_block(struct trial *t, uint64_t seed, int64_t block, struct zg_error *err)
{
    struct zg_result_reader *sets[2] = {NULL, NULL};
    int64_t order[2];
    enum zg_status status = ZG_OK;
    zg_block_order(seed, block, 2, order);
    for (int i = 0; i < 2 && !status; i++) {
        const enum zg_gate_side side = (enum zg_gate_side)order[i];
        char name[64];
        snprintf(name, sizeof name, "block-%03lld-%s", (long long)block, side_names[side]);
        status = run_build(t, side, name, &sets[side], err);
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
    for (int side = 0; side < 2; side++)
        if (sets[side] != t->gate->sets[side])
            zg_result_reader_close(&sets[side]);
    return status;
}

static enum zg_status run_blocks(struct trial *t, struct zg_error *err)
{
    struct zg_case c;
    int64_t n_blocks = 0;
    enum zg_status status = zg_sweep_case(t->builds->sweep, 0, &c, err);
    if (!status && t->n_steps == 0)
        status = plan_steps(t, err);
    if (status)
        return status;
    zg_status_line_show(&t->line, true, "block 1");
    const int64_t begin_ns = zg_clock_wall_ns();
    status = run_block(t, c.seed, 0, err);
    if (!status)
        status = plan_blocks(t, zg_ns_to_s(zg_clock_wall_ns() - begin_ns), &n_blocks, err);
    for (int64_t block = 1; block < n_blocks && !status; block++) {
        char left[32];
        const double s = zg_ns_to_s(zg_clock_wall_ns() - begin_ns) / (double)block;
        zg_status_line_show(&t->line, true, "block %lld of %lld, %s left", (long long)block + 1,
                            (long long)n_blocks,
                            zg_duration_show(s * (double)(n_blocks - block), left, sizeof left));
        status = run_block(t, c.seed, block, err);
    }
    snprintf(t->gate->measured, sizeof t->gate->measured,
             "seconds of a step, both builds in every block, a fresh process each, %lld step%s a "
             "sample",
             (long long)t->n_steps, t->n_steps == 1 ? "" : "s");
    return status;
}

/* ---- the gate -------------------------------------------------------------------------------- */

static enum zg_status check_binaries(const struct zg_gate_builds *builds, struct zg_error *err)
{
    for (int side = 0; side < 2; side++) {
        struct stat info;
        const char *const path = builds->binaries[side];
        if (stat(path, &info) != 0 || !S_ISREG(info.st_mode) || access(path, X_OK) != 0)
            return zg_fail(err, ZG_INPUT, "--%s-bin %s: is no program that can be run",
                           side_names[side], path);
    }
    return ZG_OK;
}

static enum zg_status open_work(struct trial *t, struct zg_error *err)
{
    const char *const tmp = getenv("TMPDIR");
    if (t->builds->out_dir) {
        snprintf(t->work, sizeof t->work, "%s", t->builds->out_dir);
        return ZG_OK;
    }
    const int n =
        snprintf(t->work, sizeof t->work, "%s/zogap-gate-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (n < 0 || n >= (int)sizeof t->work || !mkdtemp(t->work))
        return zg_fail(err, ZG_ENV, "%s: cannot make a directory for the runs",
                       tmp && *tmp ? tmp : "/tmp");
    return ZG_OK;
}

enum zg_status zg_gate_add_builds(struct zg_gate *gate, const struct zg_gate_builds *builds,
                                  struct zg_error *err)
{
    struct trial t = {.gate = gate, .builds = builds, .n_steps = builds->policy->steps};
    const int64_t least = zg_judge_least_blocks(1);
    if (builds->policy->blocks > 0 && builds->policy->blocks < least)
        return zg_fail(err, ZG_USAGE, "--blocks %lld: must be at least %lld to judge one case",
                       (long long)builds->policy->blocks, (long long)least);
    gate->measure = ZG_GATE_SECONDS;
    gate->paired = true;
    gate->threshold = builds->max_regression >= 0 ? builds->max_regression : ZG_GATE_MAX_REGRESSION;
    enum zg_status status = check_binaries(builds, err);
    if (!status)
        status = open_work(&t, err);
    if (status)
        return status;
    setenv("ZOGAP_PEAKS", "brief", 1); /* no verdict needs more: it would be most of a short run */
    zg_signals_watch();
    zg_status_line_open(&t.line, builds->policy->quiet);
    for (int side = 0; side < 2 && !status; side++) {
        zg_status_line_show(&t.line, true, "verifying the %s", side_names[side]);
        status = verify(&t, (enum zg_gate_side)side, err);
    }
    if (!status)
        status = run_blocks(&t, err);
    if (!status)
        status = zg_gate_warn_of_runs(gate, err);
    zg_status_line_clear(&t.line);
    if (!builds->out_dir) {
        remove_tree(t.work);
    } else {
        char errors[PATH_SIZE];
        snprintf(errors, sizeof errors, "%s/errors.txt", t.work);
        unlink(errors);
    }
    return status;
}
