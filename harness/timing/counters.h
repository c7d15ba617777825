/*
 * counters.h - event counts of a sample, per thread and summed: software events from the kernel,
 * instructions from valgrind, the rest through PAPI.
 *
 *     struct zg_counters *counters = NULL;
 *     const struct zg_counters_request request = {.events = "default", .n_threads = n_threads};
 *     if (zg_counters_open(&counters, &request, &err)) ...   // after zg_pin_bind()
 *     zg_counters_start(counters);
 *     ... work in the same OpenMP team ...
 *     zg_counters_stop(counters);
 *     zg_counters_read(counters, sums);   // [zg_counters_n()], NaN = not available, never 0
 *     zg_counters_close(&counters);
 *
 * `events` is a comma-separated list of PAPI presets (PAPI_TOT_INS), native events as PAPI names
 * them (skx::L2_LINES_IN:ALL, perf::CPU-MIGRATIONS) and groups, which counters_list.c defines:
 * none, default (software and hardware), software, hardware, flops, cache, tlb, stalls.
 * `instructions` is what valgrind's callgrind counts, where the program runs under it as
 * scripts/count_instructions.sh does: it needs no PMU and repeats to 0.05 %.  It is the process's,
 * and stands under worker 0.
 *
 * An event that does not exist is ZG_USAGE.  One that exists but cannot count here (a virtual
 * machine without PMU, perf_event_paranoid, too few registers, a count that stays 0 where it cannot
 * be 0) has a reason, which names the file or setting to change.  Named by itself it stays in the
 * list, uncounted; what a group brought in is left out, so that a default set has columns only for
 * what really counts: zg_counters_left_out().  Without PAPI names cannot be checked, and the reason
 * names the package.
 *
 * A processor has few registers.  What finds none is refused, unless `multiplex`: then events take
 * turns on the registers, and their counts are estimates: event->multiplexed, and the column says
 * so.
 *
 * Counts run for good from open() on, one set a worker; start() and stop() only read them, so a
 * sample costs two reads a worker and no allocation.  They belong to the threads of the team at
 * open(): a team that changes (pin.h tells how) would leave counts out.  Faults and context
 * switches of the whole process (getrusage) are in every sample beside these: usage.h.
 */
#ifndef ZG_HARNESS_COUNTERS_H
#define ZG_HARNESS_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engines/api.h"
#include "engines/error.h"

ZG_PUBLIC_BEGIN

struct zg_counter_source; /* counters_source.h */

struct zg_counters_request {
    const char *events; /* NULL: "default" */
    int64_t n_threads;
    bool multiplex;
    /* Who counts, first come first served, ends with NULL; NULL: the kernel, valgrind, then
     * PAPI.  For tests. */
    const struct zg_counter_source *const *sources;
};

struct zg_counter_event {
    char name[64];    /* as PAPI has it */
    char column[80];  /* CSV column: lower case, every run of other characters one underscore */
    bool counting;    /* in every worker */
    bool multiplexed; /* the count is an estimate; the column ends in _multiplexed */
    char reason[384]; /* why it does not count; "" if it does */
    /* What it counts, over all workers, between a start() and a stop() with nothing between them:
     * the median of several.  NaN where it does not count. */
    double empty;
};

/* What counting itself costs; NaN where nothing counts. */
struct zg_counters_overhead {
    double start_stop_s; /* a start() and a stop(), outside of what is timed: median */
    double slowdown;     /* of a loop with the counters open over it without, less 1; noise may make
                            it negative */
};

struct zg_counters;

/* ZG_USAGE: an unknown name. */
enum zg_status zg_counters_open(struct zg_counters **out, const struct zg_counters_request *request,
                                struct zg_error *err);
void zg_counters_close(struct zg_counters **counters); /* NULL and a pointer to NULL are fine */

int64_t zg_counters_n(const struct zg_counters *counters); /* columns; 0 for NULL */
const struct zg_counter_event *zg_counters_event(const struct zg_counters *counters, int64_t index);
int64_t zg_counters_n_counting(const struct zg_counters *counters);    /* of the columns */
int64_t zg_counters_n_multiplexed(const struct zg_counters *counters); /* of those */
/* Does valgrind count?  Then a span is counted alike each time, and its time means nothing. */
bool zg_counters_use_valgrind(const struct zg_counters *counters);
int64_t zg_counters_n_threads(const struct zg_counters *counters); /* 0 for NULL */

/* Events of groups that do not count: name and reason. */
int64_t zg_counters_n_left_out(const struct zg_counters *counters);
const struct zg_counter_event *zg_counters_left_out(const struct zg_counters *counters,
                                                    int64_t index);

/* What was asked for, by name or group, and does not count: "PAPI_TOT_INS: not counted: REASON", of
 * the first.  What `default` brings along is asked for by nobody.  False, and "": all counts. */
bool zg_counters_tell_uncounted(const struct zg_counters *counters, char *text, size_t size);

struct zg_counters_overhead zg_counters_overhead(const struct zg_counters *counters);

/* NULL is fine in these four: nothing is counted. */
void zg_counters_start(struct zg_counters *counters);
void zg_counters_stop(struct zg_counters *counters);
/* Counts between the last start() and stop(), summed over the workers. */
void zg_counters_read(const struct zg_counters *counters, double *sums);
/* Adds each worker's counts of that span to totals[n_threads][n]. */
void zg_counters_add(const struct zg_counters *counters, double *totals);

/* One worker's share of the same span; NaN where not counted. */
double zg_counters_thread(const struct zg_counters *counters, int64_t thread, int64_t index);

ZG_PUBLIC_END

#endif
