/*
 * valgrind.h - does valgrind run this process?  Then times and peaks are valgrind's own.
 */
#ifndef ZG_HARNESS_VALGRIND_H
#define ZG_HARNESS_VALGRIND_H

#include <stdbool.h>

/* As far as the build can tell: false where it lacks valgrind's header. */
bool zg_valgrind_runs_us(void);

#endif
