/*
 * peak_kernels.h - the kernels of peak.c, one table entry an ISA.
 *
 * A loop updates n_iterations times each of its accumulators: independent, all in registers, the
 * i-th starting at i so that no two are the same computation; the return value is the sum of all
 * lanes of all of them, so none can be left out.
 *
 *     fma   acc = acc * a + b              a = 0.5, b = 1: near 2, no overflow, no denormals
 *     bf16  acc = acc + a b + a b          a = b = 1: stays at 2^25 once it is there
 *     int8  acc = acc + four times a b     a = b = 1: u8 times s8 into int32, which may wrap;
 *                                          where there is no VNNI twice a b, s16 times s16
 *
 * With tiles bf16 and int8 do 16 x 16 times that for each of four accumulators of 256.
 *
 * read sums n_floats floats, copy copies them past the caches where the ISA can; n_floats is a
 * multiple of ZG_PEAK_READ_UNIT, arrays are 64-byte aligned.
 */
#ifndef ZG_HARNESS_PEAK_KERNELS_H
#define ZG_HARNESS_PEAK_KERNELS_H

#include <stdint.h>

#include "engines/base/cpu.h"

#define ZG_PEAK_READ_UNIT 256

/* Twelve accumulators: more than latency x ports (4 x 2 for fma, 5 x 2 for int8 dots) of any core
 * since Haswell, and with a and b still within the 16 registers of SSE and AVX2.  They are named,
 * not an array, so that they are registers without optimisation luck. */
#define ZG_PEAK_EACH(X)        X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#define ZG_PEAK_N_ACCUMULATORS 12

struct zg_peak_loop {
    enum zg_isa isa;
    int64_t flops_per_iteration; /* multiplies and adds */
    float a, b;                  /* what to pass: the compiler must not know */
    float (*run)(int64_t n_iterations, float a, float b);
};

struct zg_peak_kernel {
    enum zg_isa isa;
    struct zg_peak_loop fma;
    float (*read)(const float *x, int64_t n_floats);
    void (*copy)(float *to, const float *from, int64_t n_floats);
};

extern const struct zg_peak_kernel zg_peak_portable;
#if defined(__x86_64__)
extern const struct zg_peak_kernel zg_peak_avx2;
extern const struct zg_peak_kernel zg_peak_avx512;
extern const struct zg_peak_loop zg_peak_int8_avx2;
extern const struct zg_peak_loop zg_peak_bf16_avx512bf16;
extern const struct zg_peak_loop zg_peak_int8_avx512bf16;
extern const struct zg_peak_loop zg_peak_bf16_amx;
extern const struct zg_peak_loop zg_peak_int8_amx;
#endif

#endif
