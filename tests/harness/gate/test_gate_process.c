/* test_gate_process.c - gate_process.c: programs that are no builds, builds that end in odd ways,
 * and a command line for which there is no memory. */
#define _GNU_SOURCE /* vasprintf */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/harness/gate/place.h"

/* ---- allocations that fail ------------------------------------------------------------------- */

static int texts_left, streams_left; /* up to the one that fails; 0: none does */

int __real_vasprintf(char **text, const char *format, va_list values);
int __wrap_vasprintf(char **text, const char *format, va_list values);
int __wrap_vasprintf(char **text, const char *format, va_list values)
{
    return texts_left > 0 && --texts_left == 0 ? -1 : __real_vasprintf(text, format, values);
}

FILE *__real_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size)
{
    return streams_left > 0 && --streams_left == 0 ? NULL : __real_open_memstream(text, size);
}

/* ---- programs -------------------------------------------------------------------------------- */

/* A script of these lines, in p->dir. */
static const char *make_script(const struct place *p, const char *name, const char *lines)
{
    static char paths[2][128];
    static int at;
    char *const path = paths[at = !at], text[2048];
    snprintf(path, sizeof paths[0], "%s/%s", p->dir, name);
    snprintf(text, sizeof text, "#!/bin/sh\n%s\n", lines);
    write_temp_file(p->dir, name, text, strlen(text));
    CU_ASSERT_EQUAL(chmod(path, 0755), 0);
    return path;
}

/* A build that is one but for what follows of its word. */
static const char *make_odd(const struct place *p, const char *name, const char *word,
                            const char *lines)
{
    char text[1024];
    snprintf(text, sizeof text, "case $1 in %s) %s ;; esac\nexec %s 1:fast \"$@\"", word, lines,
             MAKE_RESULTS_BINARY);
    return make_script(p, name, text);
}

static void expect_no_build(const struct place *p, const char *candidate, int code,
                            const char *words)
{
    const char *const old = make_odd(p, "good", "nothing", ":");
    CU_ASSERT_EQUAL(RUN(p, "--baseline-bin", old, "--candidate-bin", candidate, "--blocks", "8",
                        "--process-time", "20"),
                    code);
    place_expect_line(p, words);
}

static void what_is_no_build(void)
{
    struct place p;
    char path[128];
    place_open(&p);
    expect_no_build(&p, p.new, 3, "new: is no program that can be run");
    snprintf(path, sizeof path, "%s/plain", p.dir);
    write_temp_file(p.dir, "plain", "x", 1);
    CU_ASSERT_EQUAL(chmod(path, 0644), 0);
    expect_no_build(&p, path, 3, "plain: is no program that can be run");
    CU_ASSERT_EQUAL(chmod(path, 0755), 0); /* and no script, either */
    expect_no_build(&p, path, 3, "--candidate-bin");
    expect_no_build(&p, make_script(&p, "mute", "exit 0"), 3,
                    "mute: is no zogap: --version says n");
    expect_no_build(&p, make_script(&p, "other", "printf 'a\\001b\\377c~\\n'"), 3,
                    "other: is no zogap: --version says a?b?c~");
    expect_no_build(&p, make_script(&p, "fails", "echo zogap 1; exit 3"), 3,
                    "fails: is no zogap: --version fails");
    const char *const old = make_odd(&p, "good", "nothing", ":");
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", make_script(&p, "slow", "exec sleep 60"),
                        "--candidate-bin", old, "--process-time", "0.3"),
                    3);
    place_expect_line(&p, "slow: is no zogap: --version does not end");
    place_close(&p);
}

static void expect_end(const struct place *p, const char *word, const char *lines, int code,
                       const char *words)
{
    expect_no_build(p, make_odd(p, "odd", word, lines), code, words);
}

/* What a build says is the gate's line, and its code where it means the same of a gate. */
static void how_builds_end(void)
{
    struct place p;
    place_open(&p);
    expect_end(&p, "verify", "echo 'zogap: verify: engines differ' >&2; exit 1", 4,
               "gate: candidate build: verify: engines differ");
    expect_end(&p, "verify", "echo 'plain words' >&2; exit 2", 2,
               "gate: candidate build: plain words");
    expect_end(&p, "run", "echo 'zogap: run: no such model' >&2; exit 3", 3,
               "gate: candidate build: run: no such model");
    expect_end(&p, "run", "echo 'zogap: run: no cpu' >&2; exit 4", 4,
               "gate: candidate build: run: no cpu");
    expect_end(&p, "run", "echo 'zogap: odd' >&2; exit 7", 4, "odd run: exit code 7: odd");
    expect_end(&p, "run", "exit 3", 4, "odd run: exit code 3: it says nothing");
    expect_end(&p, "run", "exit 0", 4, "candidate build: "); /* and has written nothing */
    place_expect_line(&p, "odd run: ");
    place_close(&p);
}

/* ---- by the library -------------------------------------------------------------------------- */

/* The fail_text-th word, or the fail_stream-th list, finds no memory. */
static enum zg_status add_builds(const struct place *p, const char *engines, int fail_text,
                                 int fail_stream, struct zg_gate *gate, struct zg_error *err)
{
    static const struct zg_flag *const flags = zg_case_flags;
    const char *const build = make_odd(p, "good", "nothing", ":");
    const struct zg_policy policy = {
        .blocks = 8, .max_time_s = -1, .quiet = true, .threads = 1, .cpus = "0"};
    struct zg_sweep sweep = {.n_axes = 0};
    for (int i = 0; flags[i].name; i++)
        if (strcmp(flags[i].name, "batch") == 0)
            CU_ASSERT_EQUAL(zg_sweep_add(&sweep, &flags[i], "16,32", NULL), ZG_OK);
    CU_ASSERT_EQUAL(sweep.n_axes, 1);
    const struct zg_gate_builds builds = {.binaries = {build, build},
                                          .engines = engines,
                                          .sweep = &sweep,
                                          .policy = &policy,
                                          .max_regression = 0.5};
    *gate = (struct zg_gate){0};
    texts_left = fail_text;
    streams_left = fail_stream;
    const enum zg_status status = zg_gate_add_builds(gate, &builds, err);
    texts_left = streams_left = 0;
    zg_sweep_close(&sweep);
    return status;
}

static void engines_of_the_build(void)
{
    struct place p;
    struct zg_gate gate;
    struct zg_error err = {0};
    place_open(&p);
    CU_ASSERT_EQUAL(add_builds(&p, NULL, 0, 0, &gate, &err), ZG_OK); /* whatever it has */
    CU_ASSERT_STRING_EQUAL(err.text, "");
    CU_ASSERT_EQUAL(gate.n_cases, 4);
    CU_ASSERT_EQUAL(gate.threshold, 0.5);
    zg_gate_close(&gate);
    place_close(&p);
}

/* Each word of the first command line, and the list that the case options are joined into. */
static void no_memory_for_options(void)
{
    struct place p;
    struct zg_gate gate;
    place_open(&p);
    for (int stream = 0; stream <= 1; stream++)
        for (int n = 1; n <= (stream ? 1 : 9); n++) {
            struct zg_error err = {0};
            CU_ASSERT_EQUAL(add_builds(&p, "fused", stream ? 0 : n, stream ? n : 0, &gate, &err),
                            ZG_ENV);
            zg_test_expect_words(err.text, "no memory for the options of the baseline build");
            zg_gate_close(&gate);
        }
    place_close(&p);
}

int main(void)
{
    static const struct zg_test tests[] = {{"what is no build", what_is_no_build},
                                           {"how builds end", how_builds_end},
                                           {"engines of the build", engines_of_the_build},
                                           {"no memory for options", no_memory_for_options},
                                           {0}};
    setenv("TMPDIR", place_root(), 1); /* where builds run */
    return zg_test_run("gate, processes", tests);
}
