/*
 * gate_process.c - one process of a build: its command line, what it is asked besides
 * (gate_child.h), its end: gate_trial.h.
 */
#define _GNU_SOURCE /* nftw, vasprintf */
#include <assert.h>
#include <ftw.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/child.h"
#include "harness/base/clock.h"
#include "harness/base/signals.h"
#include "harness/gate/gate_trial.h"

const char *const zg_gate_side_names[2] = {"baseline", "candidate"};
static const char *const work_names[] = {"verify", "run"};

/* A process that takes so many times the longest so far hangs; a busy machine is not that slow. */
#define HANGS_AFTER   20
#define LEAST_LIMIT_S 60.0
#define FIRST_LIMIT_S 3600.0
/* `--version` does next to nothing. */
#define VERSION_LIMIT_S 60.0

/* ---- its command line ------------------------------------------------------------------------ */

struct arguments {
    char *words[256];
    int64_t n;
    bool failed;
};

static void add(struct arguments *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct arguments *a, const char *format, ...)
{
    va_list values;
    /* all case options together are fewer; words end with a NULL */
    assert(a->n + 1 < (int64_t)(sizeof a->words / sizeof *a->words));
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
static void add_common(struct arguments *a, const struct zg_gate_trial *t, const char *reference)
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

/* ---- its end --------------------------------------------------------------------------------- */

double zg_gate_process_limit_s(double longest_s)
{
    return longest_s > 0 ? fmax(HANGS_AFTER * longest_s, LEAST_LIMIT_S) : FIRST_LIMIT_S;
}

static enum zg_status fail_interrupted(struct zg_error *err)
{
    return zg_fail(err, ZG_ENV, "interrupted; nothing is judged");
}

/* A usage error or bad input of a build is one of the gate's, which passed it on; an engine that
 * fails its check is none that a gate has judged. */
static enum zg_status fail_as_child(const struct zg_gate_trial *t, enum zg_gate_side side,
                                    enum zg_gate_work work, int code, const char *line,
                                    struct zg_error *err)
{
    static const char prefix[] = "zogap: ";
    const char *const own =
        strncmp(line, prefix, sizeof prefix - 1) == 0 ? line + sizeof prefix - 1 : line;
    if (own[0] && (code == ZG_CHECK || code == ZG_USAGE || code == ZG_INPUT || code == ZG_ENV))
        return zg_fail(err, code == ZG_CHECK ? ZG_ENV : (enum zg_status)code, "%s build: %s",
                       zg_gate_side_names[side], own);
    return zg_fail(err, ZG_ENV, "%s build: %.160s %s: exit code %d: %s", zg_gate_side_names[side],
                   t->builds->binaries[side], work_names[work], code,
                   own[0] ? own : "it says nothing");
}

/* Runs to its end; a failure is one line that names the build. */
static enum zg_status run_child(struct zg_gate_trial *t, enum zg_gate_side side,
                                enum zg_gate_work work, struct arguments *a, struct zg_error *err)
{
    char errors[ZG_GATE_PATH_SIZE], line[400];
    int code = 0;
    const double limit_s = t->builds->process_time_s > 0
                               ? t->builds->process_time_s
                               : zg_gate_process_limit_s(t->longest_s[work]);
    snprintf(errors, sizeof errors, "%s/errors.txt", t->work);
    if (a->failed)
        return zg_fail(err, ZG_ENV, "no memory for the options of the %s build",
                       zg_gate_side_names[side]);
    const int64_t begin_ns = zg_clock_wall_ns();
    const enum zg_status status =
        zg_child_run(NULL, (const char *const *)(void *)a->words, errors, limit_s, &code, err);
    t->longest_s[work] = fmax(t->longest_s[work], zg_ns_to_s(zg_clock_wall_ns() - begin_ns));
    if (zg_signals_caught())
        return fail_interrupted(err);
    if (status)
        return zg_fail_within(err, status, "%s build", zg_gate_side_names[side]);
    if (code == 0)
        return ZG_OK;
    if (code == ZG_CHILD_LATE)
        return zg_fail(err, ZG_ENV,
                       "%s build: %.160s %s: did not end within %.4g s, so it was ended; "
                       "--process-time allows more",
                       zg_gate_side_names[side], a->words[0], work_names[work], limit_s);
    zg_child_last_line(errors, line, sizeof line);
    return fail_as_child(t, side, work, code, line, err);
}

/* ---- the processes --------------------------------------------------------------------------- */

enum zg_status zg_gate_check_program(struct zg_gate_trial *t, enum zg_gate_side side,
                                     struct zg_error *err)
{
    struct stat info;
    const char *const path = t->builds->binaries[side];
    const char *const words[] = {path, "--version", NULL};
    char output[ZG_GATE_PATH_SIZE], errors[ZG_GATE_PATH_SIZE], line[100];
    int code = 0;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode) || access(path, X_OK) != 0)
        return zg_fail(err, ZG_INPUT, "--%s-bin %s: is no program that can be run",
                       zg_gate_side_names[side], path);
    snprintf(output, sizeof output, "%s/version.txt", t->work);
    snprintf(errors, sizeof errors, "%s/errors.txt", t->work);
    const double asked_s = t->builds->process_time_s;
    const enum zg_status status = zg_child_run_to(
        NULL, words, output, errors, asked_s > 0 ? asked_s : VERSION_LIMIT_S, &code, err);
    zg_child_last_line(output, line, sizeof line);
    unlink(output);
    if (zg_signals_caught())
        return fail_interrupted(err);
    if (status)
        return zg_fail_within(err, ZG_INPUT, "--%s-bin", zg_gate_side_names[side]);
    if (code == 0 && strncmp(line, "zogap ", 6) == 0)
        return ZG_OK;
    for (char *at = line; *at; at++) /* whatever it is, the message is one line of text */
        *at = (unsigned char)*at < ' ' || (unsigned char)*at > '~' ? '?' : *at;
    return zg_fail(err, ZG_INPUT, "--%s-bin %s: is no zogap: --version %s%s",
                   zg_gate_side_names[side], path,
                   code == ZG_CHILD_LATE ? "does not end"
                   : code                ? "fails"
                   : line[0]             ? "says "
                                         : "says nothing",
                   code ? "" : line);
}

/* An engine alone has only its losses' being finite to show; `verify` holds it against the loop. */
enum zg_status zg_gate_verify(struct zg_gate_trial *t, enum zg_gate_side side, struct zg_error *err)
{
    const char *const engines = t->builds->engines;
    struct arguments a = {0};
    const struct zg_engine *const loop = zg_engine_of_role(ZG_ROLE_LOOP);
    const bool alone = engines && loop && !strchr(engines, ',');
    const struct zg_gate_child child = {.work = ZG_GATE_CHILD_VERIFY};
    add(&a, "%s", t->builds->binaries[side]);
    add(&a, "%s", work_names[ZG_GATE_VERIFY]);
    add_common(&a, t, alone ? loop->name : NULL);
    enum zg_status status = zg_gate_child_ask(&child, err);
    if (!status)
        status = run_child(t, side, ZG_GATE_VERIFY, &a, err);
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

void zg_gate_remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

enum zg_status zg_gate_run(struct zg_gate_trial *t, enum zg_gate_side side, const char *name,
                           bool pilot, struct zg_result_reader **set, struct zg_error *err)
{
    const struct zg_gate_plan *const plan = &t->plan;
    struct arguments a = {0};
    char dir[ZG_GATE_PATH_SIZE];
    snprintf(dir, sizeof dir, "%s/%s", t->work, name);
    add(&a, "%s", t->builds->binaries[side]);
    add(&a, "%s", work_names[ZG_GATE_RUN]);
    add_common(&a, t, NULL);
    if (!pilot && !plan->by_steps)
        add(&a, "--steps=%lld", (long long)plan->n_steps);
    add(&a, "--blocks=%lld", pilot ? 1LL : (long long)plan->n_spans);
    add(&a, "--fidelity=0");
    add(&a, "--events=none");
    add(&a, "--out=%s", dir);
    const struct zg_gate_child child = {.work = pilot            ? ZG_GATE_CHILD_PILOT
                                                : plan->by_steps ? ZG_GATE_CHILD_SAMPLES
                                                                 : ZG_GATE_CHILD_NONE,
                                        .warmup_s = plan->warmup_s,
                                        .steps = plan->steps,
                                        .n = plan->n};
    enum zg_status status = zg_gate_child_ask(&child, err);
    if (!status)
        status = run_child(t, side, ZG_GATE_RUN, &a, err);
    arguments_close(&a);
    if (status)
        return status;
    status = zg_result_reader_open(set, dir, err);
    if (!t->builds->out_dir || pilot)
        zg_gate_remove_tree(dir);
    if (status) /* whatever is wrong with it, it is not the user's file */
        return zg_fail_within(err, ZG_ENV, "%s build: %.160s run", zg_gate_side_names[side],
                              t->builds->binaries[side]);
    return ZG_OK;
}
