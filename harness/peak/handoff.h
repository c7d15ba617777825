/*
 * handoff.h - how long a cache line takes from one thread's cpu to another's.
 *
 * Cores below one last-level cache hand a line over in some tens of nanoseconds, cores of different
 * caches or packages in hundreds, two hardware threads of one core in few.  The cpus of a virtual
 * machine are moved between such places while it runs, and nothing in it says so: a step that hands
 * rows from thread to thread then takes another time, at the same speed of multiplying.
 */
#ifndef ZG_HARNESS_HANDOFF_H
#define ZG_HARNESS_HANDOFF_H

#include <stdint.h>

/* Nanoseconds one way, right now, between worker 0 of the pinned team of n_threads and the one that
 * is farthest from it: half of a round trip, the median of batches of them.  Takes about 0.1 ms a
 * worker, 5 where workers share a cpu.  NaN of one thread. */
double zg_handoff_ns(int64_t n_threads);

#endif
