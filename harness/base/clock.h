/*
 * clock.h - the two clocks of a sample, and what reading them costs.
 *
 * Wall time is CLOCK_MONOTONIC_RAW: no NTP slewing, so a second is the same second all through a
 * run.  Times are int64_t nanoseconds, because a double of seconds since boot is coarser than the
 * clock after a few months; differences are turned into double seconds.
 */
#ifndef ZG_HARNESS_CLOCK_H
#define ZG_HARNESS_CLOCK_H

#include <stdint.h>

#include "engines/api.h"

ZG_PUBLIC_BEGIN

int64_t zg_clock_wall_ns(void); /* arbitrary origin, never runs backwards */
int64_t zg_clock_cpu_ns(void);  /* processor time of the process, all threads, since it started */

static inline double zg_ns_to_s(int64_t ns)
{
    return (double)ns * 1e-9;
}

struct zg_clock_cost {
    double wall_read_s;       /* one zg_clock_wall_ns(): the least of several batches */
    double cpu_read_s;        /* one zg_clock_cpu_ns() */
    double wall_resolution_s; /* smallest step seen between two reads that differ */
};

/* Measures the clocks for about a millisecond. */
void zg_clock_measure(struct zg_clock_cost *out);

ZG_PUBLIC_END

#endif
