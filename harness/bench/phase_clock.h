/*
 * phase_clock.h - where the time of a step goes, and what its phases count: listens to an engine's
 * on_phase calls while it is on.
 */
#ifndef ZG_HARNESS_PHASE_CLOCK_H
#define ZG_HARNESS_PHASE_CLOCK_H

#include "engines/zo.h"
#include "harness/timing/counters.h"

struct zg_phase_clock { /* where the time of a step goes; runs only while on */
    bool on;
    enum zg_phase phase;
    int64_t since_ns;
    double s[ZG_N_PHASES];
    /* What the phases count besides, NULL: nothing.  Reading counters takes microseconds, so s is
     * not to be trusted then.  Borrowed, like counts[ZG_N_PHASES][n_threads][n], added to. */
    struct zg_counters *counters;
    double *counts;
    double cpu_s[ZG_N_PHASES];
    int64_t cpu_since_ns;
};

/* A step begins, in phase `other`; it ends.  Neither does anything unless the clock is on. */
void zg_phase_clock_begin(struct zg_phase_clock *clock);
void zg_phase_clock_end(struct zg_phase_clock *clock);

/* An engine's on_phase; the context is the clock. */
void zg_phase_clock_on_phase(void *clock, enum zg_phase phase);

#endif
