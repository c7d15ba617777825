/* clock.c - clock_gettime(), and its cost: the least of several batches of calls. */
#include "harness/base/clock.h"

#include <time.h>

static int64_t read_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t zg_clock_wall_ns(void)
{
    return read_ns(CLOCK_MONOTONIC_RAW);
}

int64_t zg_clock_cpu_ns(void)
{
    return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/* Cost of one call: the least of several batches, because an interrupt only ever adds. */
static double cost_of(int64_t (*read)(void))
{
    enum { BATCHES = 16, CALLS = 64 };
    int64_t least = INT64_MAX;
    for (int b = 0; b < BATCHES; b++) {
        const int64_t begin = zg_clock_wall_ns();
        for (int i = 0; i < CALLS; i++)
            (void)read();
        const int64_t took = zg_clock_wall_ns() - begin;
        if (took < least)
            least = took;
    }
    return zg_ns_to_s(least) / CALLS;
}

void zg_clock_measure(struct zg_clock_cost *out)
{
    out->wall_read_s = cost_of(zg_clock_wall_ns);
    out->cpu_read_s = cost_of(zg_clock_cpu_ns);
    int64_t step = INT64_MAX, before = zg_clock_wall_ns();
    for (int i = 0; i < 2000; i++) {
        const int64_t now = zg_clock_wall_ns();
        if (now > before && now - before < step)
            step = now - before;
        before = now;
    }
    out->wall_resolution_s = step == INT64_MAX ? out->wall_read_s : zg_ns_to_s(step);
}
