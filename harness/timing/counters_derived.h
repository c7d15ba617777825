/*
 * counters_derived.h - what counts say together: instructions a cycle, frequency, memory traffic a
 * FLOP.
 */
#ifndef ZG_HARNESS_COUNTERS_DERIVED_H
#define ZG_HARNESS_COUNTERS_DERIVED_H

#include "harness/timing/counters.h"

/* NaN where an event that it needs does not count. */
struct zg_derived {
    double instructions_per_cycle; /* of all threads together */
    double ghz;                    /* user cycles over the processor time of the process */
    /* bytes of the cache lines that missed the last cache, over the FLOPs executed as the engine
     * declares them: no processor counts those of bf16 and int8 dots */
    double bytes_per_flop;
    bool any;       /* one of them is there */
    bool estimated; /* of a multiplexed count */
};

/* counts[zg_counters_n()] of a span, all threads; cpu_s the processor time of the process in it. */
struct zg_derived zg_counters_derive(const struct zg_counters *counters, const double *counts,
                                     double cpu_s, double executed_flops);

#endif
