/*
 * counters.h - event counts of a sample, per thread and summed: software events from the kernel,
 * the rest through PAPI.
 *
 *     struct zg_counters *counters = NULL;
 *     if (zg_counters_open(&counters, "default", n_threads, &err)) ...   // after zg_pin_bind()
 *     zg_counters_start(counters);
 *     ... work in the same OpenMP team ...
 *     zg_counters_stop(counters);
 *     zg_counters_read(counters, sums);   // [zg_counters_n()], NaN = not available, never 0
 *     zg_counters_close(&counters);
 *
 * `events` is a comma-separated list of PAPI names (PAPI_TOT_INS, perf::CPU-MIGRATIONS, ...) and
 * groups:
 *
 *     none      nothing
 *     default   software + hardware
 *     software  perf::CPU-MIGRATIONS perf::PAGE-FAULTS perf::CONTEXT-SWITCHES
 *     hardware  PAPI_TOT_INS PAPI_TOT_CYC PAPI_L3_TCM
 *     cache     PAPI_L1_DCM PAPI_L2_TCM PAPI_L3_TCM PAPI_TLB_DM
 *     flops     PAPI_SP_OPS PAPI_DP_OPS PAPI_VEC_SP
 *
 * An event that does not exist is ZG_USAGE.  One that exists but cannot count here (a virtual
 * machine without PMU, perf_event_paranoid, too few registers) stays in the list, uncounted, with
 * its reason.  Without PAPI the names cannot be checked: all stay uncounted, and the reason names
 * the package.
 *
 * Counts run for good from open() on, one event set a worker; start() and stop() only read them, so
 * a sample costs two reads a worker and no allocation.  They belong to the threads of the team at
 * open(): a team that changes (pin.h tells how) would leave counts out.  Faults and context
 * switches of the whole process (getrusage) are in every sample beside these: zg_usage_read().
 */
#ifndef ZG_HARNESS_COUNTERS_H
#define ZG_HARNESS_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"

struct zg_counter_event {
    char name[64];    /* as PAPI has it */
    char column[64];  /* CSV column: lower case, every run of other characters one underscore */
    bool counting;    /* in every worker */
    char reason[192]; /* why not; "" if counting */
};

struct zg_counters;

/* `events` NULL means "default".  ZG_USAGE: an unknown name. */
enum zg_status zg_counters_open(struct zg_counters **out, const char *events, int64_t n_threads,
                                struct zg_error *err);
void zg_counters_close(struct zg_counters **counters); /* NULL and a pointer to NULL are fine */

int64_t zg_counters_n(const struct zg_counters *counters); /* 0 for NULL */
const struct zg_counter_event *zg_counters_event(const struct zg_counters *counters, int64_t index);

/* NULL is fine in these three: nothing is counted. */
void zg_counters_start(struct zg_counters *counters);
void zg_counters_stop(struct zg_counters *counters);
/* Counts between the last start() and stop(), summed over the workers. */
void zg_counters_read(const struct zg_counters *counters, double *sums);

/* One worker's share of the same span; NaN where not counted. */
double zg_counters_thread(const struct zg_counters *counters, int64_t thread, int64_t index);

/* getrusage of the process: always there. */
struct zg_usage {
    int64_t minor_faults;
    int64_t major_faults;
    int64_t voluntary_switches;
    int64_t involuntary_switches;
};
void zg_usage_read(struct zg_usage *out);

#endif
