/*
 * threads.h - can the team be made?  Asked before the first parallel region, for an OpenMP runtime
 * that cannot make a thread ends the program with a line and an exit code of its own.
 */
#ifndef ZG_HARNESS_THREADS_H
#define ZG_HARNESS_THREADS_H

#include <stddef.h>
#include <stdint.h>

#include "engines/error.h"

/* Makes n - 1 threads beside the calling one, with the stacks that OpenMP will give its own, and
 * ends them again.  ZG_ENV: the system refuses, `ulimit -v` leaves too little for libraries, or
 * OMP_STACKSIZE and its like hold no size; the message names n and the variable or the limits. */
enum zg_status zg_threads_try(int64_t n, struct zg_error *err);

/* The limits that there are on threads: "ulimit -u is 1, the cgroup's pids.max is 20"; "" where
 * there is none. */
void zg_threads_limits(char *text, size_t size);

#endif
