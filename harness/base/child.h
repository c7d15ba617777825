/*
 * child.h - runs another program to its end: fresh processes of a build for the gate, gnuplot.
 *
 *     const char *const argv[] = {"/opt/old/zogap", "run", "--out", "x", NULL};
 *     int exit_code;
 *     status = zg_child_run(NULL, argv, "stderr.txt", 60, &exit_code, &err);
 *
 * The child's standard input is /dev/null, its errors go to a file, and so may its output.  It is
 * its own process group, so that a Ctrl-C reaches it once: from here.  While it runs, the caller
 * sleeps: nothing disturbs what the child measures.  The child ends with the caller, however that
 * ends, or when its time is over: one that hangs must not hang the caller for ever.
 */
#ifndef ZG_HARNESS_CHILD_H
#define ZG_HARNESS_CHILD_H

#include <stddef.h>

#include "engines/error.h"

/* From SIGTERM to SIGKILL, which also reaches what the child started. */
#define ZG_CHILD_GRACE_S 2.0

/* The exit code of a child that was ended because its time was over. */
#define ZG_CHILD_LATE (-1)

/* In a directory, and then of a program that PATH is searched for; dir NULL: here, and by its path.
 * *exit_code is 128 + n after signal n.  A signal that zg_signals_watch() catches is passed on to
 * the child, and its end awaited.  After limit_s (0: no limit) the child gets SIGTERM, and
 * ZG_CHILD_GRACE_S later SIGKILL; *exit_code is then ZG_CHILD_LATE.  ZG_ENV: the program cannot be
 * started, or errors_path not written. */
enum zg_status zg_child_run(const char *dir, const char *const *argv, const char *errors_path,
                            double limit_s, int *exit_code, struct zg_error *err);

/* The same with the standard output to a file; output_path NULL: to /dev/null. */
enum zg_status zg_child_run_to(const char *dir, const char *const *argv, const char *output_path,
                               const char *errors_path, double limit_s, int *exit_code,
                               struct zg_error *err);

/* The last line of a file that is not empty, into text[size]; "" if there is none. */
const char *zg_child_last_line(const char *path, char *text, size_t size);

#endif
