/*
 * child.c - fork and exec, and ppoll() until the child ends.  All signals that matter are blocked
 * but while it sleeps there, so none is missed; a pipe that exec closes tells why a program did
 * not start.
 */
#define _GNU_SOURCE /* ppoll */
#include "harness/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/signals.h"

/* That a child ended must wake ppoll(), and only a caught signal does. */
static void wake(int number)
{
    (void)number;
}

/* In the child: only calls that are safe between fork and exec. */
static _Noreturn void become(const char *dir, const char *const *argv, int output_fd, int errors_fd,
                             int report_fd, const sigset_t *mask)
{
    static const int ignored[] = {SIGPIPE, SIGXFSZ}; /* would stay ignored across exec */
    const int null_fd = open("/dev/null", O_RDWR);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < 2; i++)
        signal(ignored[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    if (null_fd >= 0 && dup2(null_fd, STDIN_FILENO) >= 0 &&
        dup2(output_fd < 0 ? null_fd : output_fd, STDOUT_FILENO) >= 0 &&
        dup2(errors_fd, STDERR_FILENO) >= 0 && (!dir || chdir(dir) == 0))
        (dir ? execvp : execv)(argv[0], (char *const *)(const void *)argv);
    const int error = errno;
    (void)!write(report_fd, &error, sizeof error);
    _exit(127);
}

/* Sleeps until the child ends; passes the first signal on.  False: its time was over. */
static bool await(pid_t pid, const sigset_t *mask, double limit_s, int *status)
{
    const int64_t begin_ns = zg_clock_wall_ns();
    bool passed_on = false, in_time = true, killed = false;
    for (;;) {
        const pid_t ended = waitpid(pid, status, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR))
            return in_time;
        if (zg_signals_caught() && !passed_on) {
            kill(pid, zg_signals_caught());
            passed_on = true;
        }
        const double left_s =
            limit_s + (in_time ? 0 : ZG_CHILD_GRACE_S) - zg_ns_to_s(zg_clock_wall_ns() - begin_ns);
        if (limit_s > 0 && left_s <= 0 && !killed) {
            killed = !in_time;
            kill(killed ? -pid : pid, killed ? SIGKILL : SIGTERM);
            in_time = false;
            continue;
        }
        const struct timespec wait = {.tv_sec = (time_t)left_s,
                                      .tv_nsec = (long)(1e9 * (left_s - floor(left_s)))};
        /* signals come in here and nowhere else: none is missed */
        ppoll(NULL, 0, limit_s > 0 && !killed ? &wait : NULL, mask);
    }
}

static enum zg_status start(const char *dir, const char *const *argv, int output_fd, int errors_fd,
                            const sigset_t *mask, pid_t *pid, struct zg_error *err)
{
    int report[2], error = 0;
    if (pipe2(report, O_CLOEXEC) != 0)
        return zg_fail(err, ZG_ENV, "%s: cannot start: %s", argv[0], strerror(errno));
    fflush(NULL); /* or the child would have our unwritten output, too */
    *pid = fork();
    if (*pid == 0)
        become(dir, argv, output_fd, errors_fd, report[1], mask);
    if (*pid < 0)
        error = errno;
    close(report[1]);
    ssize_t got = 0; /* the pipe closes at exec; before it, it says what went wrong */
    while (*pid > 0 && (got = read(report[0], &error, sizeof error)) < 0 && errno == EINTR)
        ;
    close(report[0]);
    if (*pid > 0 && got == (ssize_t)sizeof error)
        waitpid(*pid, NULL, 0);
    return error ? zg_fail(err, ZG_ENV, "%s: cannot start: %s", argv[0], strerror(error)) : ZG_OK;
}

static int open_to_write(const char *path, struct zg_error *err)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        zg_fail(err, ZG_ENV, "%s: cannot write: %s", path, strerror(errno));
    return fd;
}

enum zg_status zg_child_run(const char *dir, const char *const *argv, const char *errors_path,
                            double limit_s, int *exit_code, struct zg_error *err)
{
    return zg_child_run_to(dir, argv, NULL, errors_path, limit_s, exit_code, err);
}

enum zg_status zg_child_run_to(const char *dir, const char *const *argv, const char *output_path,
                               const char *errors_path, double limit_s, int *exit_code,
                               struct zg_error *err)
{
    struct sigaction action = {.sa_handler = wake}, old_action;
    sigset_t blocked, mask;
    pid_t pid = -1;
    int ended = 0;
    *exit_code = 0;
    const int errors_fd = open_to_write(errors_path, err);
    const int output_fd = errors_fd >= 0 && output_path ? open_to_write(output_path, err) : -1;
    if (errors_fd < 0 || (output_path && output_fd < 0)) {
        if (errors_fd >= 0)
            close(errors_fd);
        return ZG_ENV;
    }
    sigemptyset(&action.sa_mask);
    sigaction(SIGCHLD, &action, &old_action);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGHUP);
    sigprocmask(SIG_BLOCK, &blocked, &mask);
    const enum zg_status status = start(dir, argv, output_fd, errors_fd, &mask, &pid, err);
    close(errors_fd);
    if (output_fd >= 0)
        close(output_fd);
    const bool in_time = status || await(pid, &mask, limit_s, &ended);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGCHLD, &old_action, NULL);
    *exit_code = !in_time             ? ZG_CHILD_LATE
                 : WIFSIGNALED(ended) ? 128 + WTERMSIG(ended)
                                      : WEXITSTATUS(ended);
    return status;
}

const char *zg_child_last_line(const char *path, char *text, size_t size)
{
    FILE *const file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    text[0] = '\0';
    while (file && getline(&line, &capacity, file) > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0])
            snprintf(text, size, "%s", line);
    }
    free(line);
    if (file)
        fclose(file);
    return text;
}
