/*
 * fma_peak.h - this machine's fp32 multiply-add peak: FMAs that never leave the registers, the
 * roof of every kernel.
 */
#ifndef ZG_TESTS_FUSED_FMA_PEAK_H
#define ZG_TESTS_FUSED_FMA_PEAK_H

#include <stdint.h>
#include <time.h>

#include "engines/base/cpu.h"

/* Seconds on a clock: CLOCK_MONOTONIC, or CLOCK_THREAD_CPUTIME_ID where others use the machine and
 * one thread is measured. */
static inline double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* GFLOP/s of n_threads threads together with the instructions of `isa`: the best of a few runs of
 * milliseconds. */
double fma_peak_gflops(enum zg_isa isa, int64_t n_threads, clockid_t clock);

#endif
