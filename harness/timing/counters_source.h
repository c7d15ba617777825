/*
 * counters_source.h - where counts come from: the kernel's software events, valgrind, and PAPI.
 * Private to the counters*.c and their tests, which bring a scripted source.
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

#include "engines/base/nearest.h"
#include "engines/error.h"

enum { ZG_MOST_EVENTS = 32, ZG_REASON_SIZE = 384 };

enum zg_event_found {
    ZG_EVENT_KNOWN,
    ZG_EVENT_LACKING,    /* it exists, but not on this processor */
    ZG_EVENT_UNKNOWN,    /* not an event of this source */
    ZG_EVENT_UNCHECKABLE /* the source is absent or disabled: cannot tell */
};

enum zg_event_state {
    ZG_EVENT_REFUSED,
    ZG_EVENT_COUNTS,
    ZG_EVENT_MULTIPLEXED /* takes turns with others: an estimate */
};

struct zg_counter_source {
    const char *name;
    /* Looks a name up and gives its code; `reason` gets why it is lacking or cannot be checked.
     * Called by the master thread. */
    enum zg_event_found (*find)(const char *name, int *code, char *reason, size_t size);
    /* Starts the calling thread's events codes[n]; what finds no register is refused, or with
     * `multiplex` shares them.  states[n] tells; reasons[i][ZG_REASON_SIZE] why i is refused.
     * NULL: no memory. */
    void *(*open)(const int *codes, int64_t n, bool multiplex, enum zg_event_state *states,
                  char *const *reasons);
    /* Running totals into values[n]; NaN where refused or unreadable.  By the thread that opened,
     * like close(), and in pairs: a span's begin and end. */
    void (*read)(void *thread, double *values);
    void (*close)(void *thread); /* NULL is fine */
};

extern const struct zg_counter_source zg_counters_software; /* perf_event_open */
extern const struct zg_counter_source zg_counters_callgrind;
extern const struct zg_counter_source zg_counters_papi;

/* ---- the list of events (counters_list.c) ---------------------------------------------------- */

struct zg_event_wish {
    char names[160]; /* one, or several joined by | of which the first that exists here is meant */
    bool in_group;
    bool in_default; /* and nothing else asks for it */
};

struct zg_event_list {
    struct zg_event_wish wishes[ZG_MOST_EVENTS];
    int64_t n;
};

/* Cuts "cache,PAPI_TOT_INS" up, groups replaced by their members.  A wish comes once, and as its
 * own where it is both in a group and by itself.  ZG_USAGE: an empty name, one too long, too
 * many. */
enum zg_status zg_event_list_parse(struct zg_event_list *out, const char *text,
                                   struct zg_error *err);

/* A group, or an event of one, that a name which no source knows may have been meant for. */
struct zg_nearest zg_event_nearest(const char *typed);

/* Could it be an event that a source knows which cannot be asked: PAPI_X, a hardware perf::X,
 * pmu::X? */
bool zg_event_is_plausible(const char *name);

/* Does it count in any loop of arithmetic and loads, so that a count of 0 is none? */
bool zg_event_is_certain(const char *name);

/* ---- why not (counters_reason.c) ------------------------------------------------------------- */

/* "WHAT", and what to change where /proc or /sys shows it: perf_event_paranoid, no PMU. */
void zg_reason_refused(char *reason, size_t size, const char *what);
/* No register is left, and who might free one. */
void zg_reason_no_register(char *reason, size_t size);

#endif
