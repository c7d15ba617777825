/*
 * peak_kernels.h - the kernels of peak.c, one table entry an ISA.
 *
 * fma: n_iterations times, each of the accumulators (independent, all in registers) becomes acc * a
 * + b; the return value depends on all of them, so none can be left out.  a = 0.5, b = 1 keep them
 * near 2: no overflow, no denormals. read: sums n_floats floats, a multiple of ZG_PEAK_READ_UNIT,
 * 64-byte aligned.
 */
#ifndef ZG_HARNESS_PEAK_KERNELS_H
#define ZG_HARNESS_PEAK_KERNELS_H

#include <stdint.h>

#include "engines/base/cpu.h"

#define ZG_PEAK_READ_UNIT 256

struct zg_peak_kernel {
    enum zg_isa isa;
    int64_t flops_per_iteration;
    float (*fma)(int64_t n_iterations, float a, float b);
    float (*read)(const float *x, int64_t n_floats);
};

extern const struct zg_peak_kernel zg_peak_portable;
#if defined(__x86_64__)
extern const struct zg_peak_kernel zg_peak_avx2;
extern const struct zg_peak_kernel zg_peak_avx512;
#endif

#endif
