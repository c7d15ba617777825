/*
 * fma_peak.h - this machine's fp32 multiply-add peak: FMAs that never leave the registers, the
 * roof of every kernel.
 */
#ifndef ZG_TESTS_FUSED_FMA_PEAK_H
#define ZG_TESTS_FUSED_FMA_PEAK_H

#include <stdint.h>

#include "engines/base/cpu.h"

/* GFLOP/s of n_threads threads together with the instructions of `isa`: the best of a few runs of
 * milliseconds. */
double fma_peak_gflops(enum zg_isa isa, int64_t n_threads);

#endif
