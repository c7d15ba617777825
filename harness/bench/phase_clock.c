/* phase_clock.c - two clock readings a phase, and two readings of the counters where they are asked
 * for. */
#include "harness/bench/phase_clock.h"

#include "harness/base/clock.h"

static void begin(struct zg_phase_clock *clock, enum zg_phase phase)
{
    clock->phase = phase;
    zg_counters_start(clock->counters);
    if (clock->counters)
        clock->cpu_since_ns = zg_clock_cpu_ns();
    clock->since_ns = zg_clock_wall_ns();
}

static void end(struct zg_phase_clock *clock)
{
    const int64_t now_ns = zg_clock_wall_ns();
    clock->s[clock->phase] += zg_ns_to_s(now_ns - clock->since_ns);
    if (!clock->counters)
        return;
    clock->cpu_s[clock->phase] += zg_ns_to_s(zg_clock_cpu_ns() - clock->cpu_since_ns);
    zg_counters_stop(clock->counters);
    zg_counters_add(clock->counters, clock->counts + clock->phase *
                                                         zg_counters_n_threads(clock->counters) *
                                                         zg_counters_n(clock->counters));
}

void zg_phase_clock_on_phase(void *context, enum zg_phase phase)
{
    struct zg_phase_clock *const clock = context;
    if (!clock->on)
        return;
    end(clock);
    begin(clock, phase);
}

void zg_phase_clock_begin(struct zg_phase_clock *clock)
{
    if (clock->on)
        begin(clock, ZG_PHASE_OTHER);
}

void zg_phase_clock_end(struct zg_phase_clock *clock)
{
    if (clock->on)
        end(clock);
}
