/*
 * counters_source.h - where counts come from: the kernel's software events, and PAPI.  Private to
 * counters.c.
 *
 * Software events are read from the kernel itself, not through PAPI, for two reasons.  PAPI
 * disables its whole perf_event component, software events included, where libpfm4 does not know
 * the processor's PMU: any virtual machine without one, any processor newer than the library.  And
 * PAPI's default domain is user space, in which context switches and migrations count 0, for they
 * happen in the kernel: a plausible number that is wrong.
 */
#ifndef ZG_HARNESS_COUNTERS_SOURCE_H
#define ZG_HARNESS_COUNTERS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- kernel software events (perf_event_open) ------------------------------------------------ */

/* PERF_COUNT_SW_* of a "perf::NAME"; -1 if there is no such software event. */
int zg_software_find(const char *name);
/* Counts of the calling thread, kernel included, from now on: a descriptor, or a negative errno. */
int zg_software_open(int event);
/* NaN where the descriptor does not read. */
double zg_software_read(int fd);

/* ---- PAPI ------------------------------------------------------------------------------------ */

enum zg_papi_found {
    ZG_PAPI_KNOWN,
    ZG_PAPI_UNKNOWN,    /* no such event: the user mistyped */
    ZG_PAPI_UNCHECKABLE /* PAPI is absent or its component disabled: cannot tell */
};

/* Looks a name up and gives its code; `reason` gets why it cannot be checked.  Call it from the
 * master thread first. */
enum zg_papi_found zg_papi_find(const char *name, int *code, char *reason, size_t size);

struct zg_papi_thread;

/* Starts the calling thread's events codes[n].  counting[i] says whether i counts; reasons[i]
 * [reason_size] why not. NULL: no memory. */
struct zg_papi_thread *zg_papi_thread_open(const int *codes, int64_t n, bool *counting,
                                           char *const *reasons, size_t reason_size);
/* Running totals into values[n], NaN for those that do not count.  By the thread that opened. */
void zg_papi_thread_read(struct zg_papi_thread *thread, double *values);
/* By the thread that opened.  NULL is fine. */
void zg_papi_thread_close(struct zg_papi_thread *thread);

#endif
