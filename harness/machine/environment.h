/*
 * environment.h - puts right what must be right before a process starts.
 *
 * Two things are read once, when a library loads, so a program that finds them wrong has to start
 * itself again:
 *
 *   OPENBLAS_CORETYPE  OpenBLAS picks its kernels by the processor's model number.  A release
 *                      older than the processor falls back to its oldest kernels (0.3.21 on
 *                      Emerald Rapids: "Prescott", 65 instead of 305 GFLOP/s on two cores), and
 *                      every comparison with it would be one with a straw man.
 *   OMP_PLACES         libgomp ends surplus workers when a smaller team runs and makes new ones
 *                      with the master's mask (pin.h); with places they return to their own cpu.
 *
 * A user's own OPENBLAS_CORETYPE is respected; a poor one becomes a warning.  OMP_PLACES and
 * OMP_PROC_BIND of a user say which cpus the process may use, and are then replaced by the pins
 * that the command chose among them.
 */
#ifndef ZG_HARNESS_ENVIRONMENT_H
#define ZG_HARNESS_ENVIRONMENT_H

#include <stdbool.h>

#include "engines/error.h"

struct zg_environment {
    bool restarted;          /* this process is the second one */
    char note[384];          /* what was set and why, for meta.json; "" if nothing */
    char warning[384];       /* what makes the numbers doubtful; "" if nothing */
    bool openblas_is_openmp; /* true also where the build has no OpenBLAS */
};

/* First call in main(): undoes libgomp's binding of the master thread, which would hide the other
 * cpus. */
void zg_environment_begin(void);

/* Starts the program again with argv, once, if OpenBLAS or `places` (OMP_PLACES syntax, NULL:
 * leave) need it.  Returns only where nothing needs doing or the restart failed, and says how
 * things are.  Call it outside parallel regions and before any output. */
void zg_environment_restart_once(struct zg_environment *out, char *const *argv, const char *places);

#endif
