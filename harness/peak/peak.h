/*
 * peak.h - this machine's measured peaks: multiply-adds of each dtype, reading and copying memory.
 *
 * A multiply-add loop keeps independent accumulators in registers (enough to cover latency x
 * ports) and touches no memory; each ISA has its own file.  A dtype's loop is what the ISA's
 * kernels multiply with: bf16 dot products, or the fp32 loop where there are none or they are
 * slower, for bf16 is widened then; int8 dot products, or on AVX2 int16 ones.  Reading sums an
 * array larger than the last-level cache; copying takes one half of each worker's part to the
 * other.  All run in the pinned OpenMP team; "one" lets worker 0 work while the others wait, so
 * the team never changes size.  A peak is the best of several repeats: what the machine can do,
 * not what it does on average; the median is kept beside it.
 */
#ifndef ZG_HARNESS_PEAK_H
#define ZG_HARNESS_PEAK_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/base/cpu.h"
#include "engines/error.h"
#include "engines/model.h"

struct zg_peak_request {
    int64_t n_threads; /* of the pinned team */
    enum zg_isa isa;   /* the kernels to use: zg_cpu_isa_choose() */
    double time_s;     /* for each number; 0.1 is plenty */
    uint32_t dtypes;   /* 1u << enum zg_dtype; fp32 is always measured */
    bool copy;         /* needs the array of the read test */
    /* array of the read test; 0: twice the last-level cache, 64 to 512 MiB, and no more than
     * a quarter of free memory (takes seconds); negative: no read test */
    int64_t read_bytes;
};

/* NaN: not asked for, no loop for it on this ISA, or no memory. */
struct zg_peak_rate {
    double best, median;
};
struct zg_peak_pair {
    struct zg_peak_rate one, all; /* threads */
};

struct zg_peak_loop; /* peak_kernels.h */

struct zg_peak {
    enum zg_isa isa; /* of the fp32, read and copy kernels that ran */
    int64_t n_threads;
    struct zg_peak_pair gflops[ZG_N_DTYPES]; /* 1e9 multiplies and adds a second */
    enum zg_isa isas[ZG_N_DTYPES];           /* of the loop that ran; ZG_N_ISAS: none */
    struct zg_peak_pair read_gb_per_s;       /* 1e9 bytes a second */
    struct zg_peak_pair copy_gb_per_s;       /* bytes read and bytes written, both counted */
    int64_t read_bytes;
    const struct zg_peak_loop *fma; /* the fp32 loop, for zg_peak_fma_now(); NULL: not measured */
    int64_t fma_iterations;         /* of about 2 ms */
};

/* ZG_ENV: a result is not a plausible number (a clock or compiler that folded the kernel). */
enum zg_status zg_peak_measure(struct zg_peak *out, const struct zg_peak_request *request,
                               struct zg_error *err);

/* All NaN: nothing was measured. */
void zg_peak_none(struct zg_peak *out, int64_t n_threads);

/* The peak of a centred pair of dtypes on all threads, GFLOP/s: half the work is in each.  NaN
 * where one was not measured. */
double zg_peak_of_pair(const struct zg_peak *peak, enum zg_dtype dtype, enum zg_dtype dtype_d);

/* What the fp32 loop reaches right now on all threads, GFLOP/s: the median of a burst of some
 * milliseconds.  A neighbour on a core's other hardware thread or a lower clock shows here; beside
 * gflops[ZG_FP32].all.best it tells how much of the machine was there.  NaN without `fma`. */
double zg_peak_fma_now(const struct zg_peak *peak);
/* What that call takes, by the median; 0 without `fma`. */
double zg_peak_fma_now_s(const struct zg_peak *peak);

/* The least ISA that has a multiply-add loop for the dtype: ZG_ISA_PORTABLE for fp32; ZG_N_ISAS if
 * none has. */
enum zg_isa zg_peak_isa_needed(enum zg_dtype dtype);

#endif
