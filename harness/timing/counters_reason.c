/* counters_reason.c - why an event does not count, and what to change: counters_source.h. */
#include <math.h>
#include <stdio.h>

#include "harness/machine/sysfile.h"
#include "harness/timing/counters_source.h"

/* PAPI counts the user's part alone, which level 2 allows; 3 and 4 are distributions' own. */
enum { PARANOID_USER = 2 };

static bool pmu_is_visible(void)
{
    static const char *const names[] = {"cpu", "cpu_core", "armv8_pmuv3", "armv8_pmuv3_0"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        snprintf(path, sizeof path, "/sys/bus/event_source/devices/%s/type", names[i]);
        if (!isnan(zg_sysfile_real(path)))
            return true;
    }
    return false;
}

void zg_reason_refused(char *reason, size_t size, const char *what)
{
    const double paranoid = zg_sysfile_real("/proc/sys/kernel/perf_event_paranoid");
    if (isnan(paranoid))
        snprintf(reason, size,
                 "%s; /proc/sys/kernel/perf_event_paranoid is absent: the kernel or the container "
                 "offers no perf events",
                 what);
    else if (!pmu_is_visible())
        snprintf(reason, size,
                 "%s; there is no PMU (/sys/bus/event_source/devices/cpu is absent): a virtual "
                 "machine has one only where its host grants it",
                 what);
    else if (paranoid > PARANOID_USER)
        snprintf(reason, size,
                 "%s; /proc/sys/kernel/perf_event_paranoid is %.0f: want %d or less, or the "
                 "capability CAP_PERFMON",
                 what, paranoid, PARANOID_USER);
    else
        snprintf(reason, size, "%s", what);
}

void zg_reason_no_register(char *reason, size_t size)
{
    const bool watchdog = zg_sysfile_real("/proc/sys/kernel/nmi_watchdog") > 0;
    snprintf(reason, size,
             "no counter register is left beside the other events: want fewer --events, or "
             "--multiplex%s",
             watchdog ? "; /proc/sys/kernel/nmi_watchdog is 1 and takes one" : "");
}
