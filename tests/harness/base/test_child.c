/* test_child.c - child.c: exit codes, errors, streams, and signals that are passed on. */
#include "harness/base/child.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/signals.h"
#include "tests/support/cunit_run.h"
#include "tests/support/temp_dir.h"

static int run_script_within(const char *dir, double limit_s, const char *script)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    struct zg_error err = {0};
    char path[128];
    int code = -1;
    snprintf(path, sizeof path, "%s/errors", dir);
    CU_ASSERT_EQUAL(zg_child_run(NULL, argv, path, limit_s, &code, &err), ZG_OK);
    return code;
}

static int run_script(const char *dir, const char *script)
{
    return run_script_within(dir, 0, script);
}

static void exit_codes_and_streams(void)
{
    char dir[64], path[128], line[64];
    make_temp_dir(dir);
    snprintf(path, sizeof path, "%s/errors", dir);
    CU_ASSERT_EQUAL(run_script(dir, "exit 0"), 0);
    CU_ASSERT_EQUAL(run_script(dir, "echo first >&2; echo last >&2; echo >&2; exit 3"), 3);
    CU_ASSERT_STRING_EQUAL(zg_child_last_line(path, line, sizeof line), "last");
    CU_ASSERT_EQUAL(run_script(dir, "kill -KILL $$"), 128 + SIGKILL);
    CU_ASSERT_STRING_EQUAL(zg_child_last_line(path, line, sizeof line), "");
    CU_ASSERT_EQUAL(run_script(dir, "read x; test -z \"$x\" && test ! -t 1"), 0);
    /* what the parent ignores, the child does not: bit 12 is SIGPIPE */
    CU_ASSERT_EQUAL(run_script(dir, "i=$(sed -n 's/SigIgn:.//p' /proc/$$/status); "
                                    "test $((0x$i >> 12 & 1)) = 0"),
                    0);
    CU_ASSERT_STRING_EQUAL(zg_child_last_line("/nonexistent", line, sizeof line), "");
    remove_temp_dir(dir);
}

static void what_cannot_be_started(void)
{
    char dir[64], path[128], no_dir[128], in_no_dir[160];
    struct zg_error err = {0};
    int code;
    make_temp_dir(dir);
    snprintf(path, sizeof path, "%s/errors", dir);
    snprintf(no_dir, sizeof no_dir, "%s/absent", dir);
    snprintf(in_no_dir, sizeof in_no_dir, "%s/errors", no_dir);
    const char *const absent[] = {"/nonexistent/zogap", NULL};
    CU_ASSERT_EQUAL(zg_child_run(NULL, absent, path, 0, &code, &err), ZG_ENV);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/nonexistent/zogap: cannot start: No such file"));
    const char *const fine[] = {"/bin/sh", "-c", "exit 0", NULL};
    CU_ASSERT_EQUAL(zg_child_run(NULL, fine, in_no_dir, 0, &code, NULL), ZG_ENV);
    /* PATH is searched only where that is asked for */
    const char *const bare[] = {"sh", "-c", "test -e errors", NULL};
    CU_ASSERT_EQUAL(zg_child_run(NULL, bare, path, 0, &code, NULL), ZG_ENV);
    CU_ASSERT_EQUAL(zg_child_run(dir, bare, path, 0, &code, NULL), ZG_OK);
    CU_ASSERT_EQUAL(code, 0);
    CU_ASSERT_EQUAL(zg_child_run(no_dir, bare, path, 0, &code, NULL), ZG_ENV);
    remove_temp_dir(dir);
}

/* In a process of its own, for the flag of a caught signal stays. */
static void signals_are_passed_on(void)
{
    char dir[64];
    int ended = 0;
    make_temp_dir(dir);
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
        zg_signals_watch();
        /* the child tells its grandparent's child: $PPID is this process */
        const int code = run_script(dir, "trap 'exit 7' TERM; kill -TERM $PPID; "
                                         "i=0; while [ $i -lt 500 ]; do sleep 0.01; i=$((i+1)); "
                                         "done; exit 9");
        _exit(code == 7 && zg_signals_caught() == SIGTERM ? 0 : 1);
    }
    CU_ASSERT_FATAL(pid > 0);
    CU_ASSERT_EQUAL(waitpid(pid, &ended, 0), pid);
    CU_ASSERT(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
    remove_temp_dir(dir);
}

/* A process that nobody waited for yet is a zombie, Z. */
static bool is_gone(int pid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *const file = fopen(path, "r");
    if (!file)
        return true;
    const char *const line = fgets(text, sizeof text, file);
    const char *const name_end = line ? strrchr(line, ')') : NULL;
    fclose(file);
    return !name_end || name_end[2] == 'Z';
}

/* One ends when it is told to; one that does not, and what it started, is killed. */
static void time_is_over(void)
{
    char dir[64], path[128], pid[64];
    make_temp_dir(dir);
    snprintf(path, sizeof path, "%s/errors", dir);
    CU_ASSERT_EQUAL(run_script_within(dir, 60, "exit 3"), 3);
    CU_ASSERT_EQUAL(run_script_within(dir, 0.2,
                                      "trap 'echo told >&2; exit 0' TERM; "
                                      "while :; do sleep 0.01; done"),
                    ZG_CHILD_LATE);
    CU_ASSERT_STRING_EQUAL(zg_child_last_line(path, pid, sizeof pid), "told");
    const int64_t begin_ns = zg_clock_wall_ns();
    CU_ASSERT_EQUAL(run_script_within(dir, 0.2,
                                      "trap '' TERM; sleep 1000 & echo $! >&2; "
                                      "while :; do wait; done"),
                    ZG_CHILD_LATE);
    const double took_s = zg_ns_to_s(zg_clock_wall_ns() - begin_ns);
    CU_ASSERT(took_s >= 0.2 + ZG_CHILD_GRACE_S && took_s < 60);
    const int sleeper = atoi(zg_child_last_line(path, pid, sizeof pid));
    CU_ASSERT_FATAL(sleeper > 1);
    bool gone = false; /* killed at once, but somebody else's to wait for */
    for (int i = 0; i < 500 && !gone; i++) {
        gone = is_gone(sleeper);
        usleep(10000);
    }
    CU_ASSERT(gone);
    remove_temp_dir(dir);
}

int main(void)
{
    const struct zg_test tests[] = {{"exit codes and streams", exit_codes_and_streams},
                                    {"what cannot be started", what_cannot_be_started},
                                    {"signals are passed on", signals_are_passed_on},
                                    {"time is over", time_is_over},
                                    {0}};
    return zg_test_run("child", tests);
}
