/*
 * counters_derived.c - each quantity from the first event that counts of several names for it; NaN
 * where there is none.
 */
#include "harness/timing/counters_derived.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

/* The count of the first of these events, NaN where none counts. */
static double count_of(const struct zg_counters *counters, const double *counts,
                       const char *const *names, bool *estimated)
{
    for (; *names; names++) {
        for (int64_t i = 0; i < zg_counters_n(counters); i++) {
            const struct zg_counter_event *const event = zg_counters_event(counters, i);
            if (!event->counting || strcmp(event->name, *names))
                continue;
            *estimated |= event->multiplexed;
            return counts[i];
        }
    }
    return NAN;
}

static double line_bytes(void)
{
    const long bytes = sysconf(_SC_LEVEL1_DCACHE_LINESIZE);
    return bytes > 0 ? (double)bytes : 64;
}

/* 0 of 0 is nothing known, and so is x of 0. */
static double ratio(double a, double b)
{
    return b > 0 ? a / b : NAN;
}

struct zg_derived zg_counters_derive(const struct zg_counters *counters, const double *counts,
                                     double cpu_s, double executed_flops)
{
    static const char *const cycles_names[] = {"PAPI_TOT_CYC", "perf::CYCLES", "perf::CPU-CYCLES",
                                               NULL};
    static const char *const instruction_names[] = {"PAPI_TOT_INS", "perf::INSTRUCTIONS", NULL};
    static const char *const miss_names[] = {"PAPI_L3_TCM", "PAPI_L3_DCM", "perf::CACHE-MISSES",
                                             NULL};
    struct zg_derived out = {0};
    const double cycles = count_of(counters, counts, cycles_names, &out.estimated);
    const double instructions = count_of(counters, counts, instruction_names, &out.estimated);
    const double misses = count_of(counters, counts, miss_names, &out.estimated);
    out.instructions_per_cycle = ratio(instructions, cycles);
    out.ghz = ratio(cycles, cpu_s) / 1e9;
    out.bytes_per_flop = ratio(misses * line_bytes(), executed_flops);
    out.any =
        isfinite(out.instructions_per_cycle) || isfinite(out.ghz) || isfinite(out.bytes_per_flop);
    return out;
}
