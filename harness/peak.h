/*
 * peak.h - this machine's measured peaks: fp32 fused multiply-adds, and reading memory.
 *
 * The multiply-add kernel keeps independent accumulators in registers (enough to cover latency x
 * ports) and touches no memory; each ISA has its own file.  The read kernel sums an array larger
 * than the last-level cache.  Both run in the pinned OpenMP team; "one" lets worker 0 work while
 * the others wait, so the team never changes size.  Each number is the best of several repeats: a
 * peak is what the machine can do, not what it does on average; the median is kept beside it.
 */
#ifndef ZG_HARNESS_PEAK_H
#define ZG_HARNESS_PEAK_H

#include <stdint.h>

#include "engines/base/cpu.h"
#include "engines/error.h"

struct zg_peak_request {
    int64_t n_threads; /* of the pinned team */
    enum zg_isa isa;   /* the kernel to use: zg_cpu_isa_choose() */
    double time_s;     /* for each of the four numbers; 0.1 is plenty */
    /* array of the read test; 0: twice the last-level cache, 64 to 512 MiB, and no more than
     * a quarter of free memory (takes seconds); negative: no read test */
    int64_t read_bytes;
};

struct zg_peak {
    enum zg_isa isa; /* of the kernel that ran */
    int64_t n_threads;
    double fp32_gflops_one; /* 1e9 multiplies and adds a second, best repeat */
    double fp32_gflops_all;
    double fp32_gflops_all_median;
    /* 1e9 bytes a second; NaN without the read test or the memory for it */
    double read_gb_per_s_one;
    double read_gb_per_s_all;
    double read_gb_per_s_all_median;
    int64_t read_bytes;
};

/* ZG_ENV: the result is not a plausible number (a clock or compiler that folded the kernel). */
enum zg_status zg_peak_measure(struct zg_peak *out, const struct zg_peak_request *request,
                               struct zg_error *err);

#endif
