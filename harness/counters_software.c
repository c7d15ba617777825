/* counters_software.c - the kernel's software events: counters_source.h. */
#include "harness/counters_source.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <math.h>
#include <string.h>
#include <strings.h>
#include <sys/syscall.h>
#include <unistd.h>

int zg_software_find(const char *name)
{
    static const struct {
        const char *name; /* as libpfm4 spells them */
        int event;
    } events[] = {
        {"PAGE-FAULTS", PERF_COUNT_SW_PAGE_FAULTS},
        {"FAULTS", PERF_COUNT_SW_PAGE_FAULTS},
        {"MINOR-FAULTS", PERF_COUNT_SW_PAGE_FAULTS_MIN},
        {"MAJOR-FAULTS", PERF_COUNT_SW_PAGE_FAULTS_MAJ},
        {"CONTEXT-SWITCHES", PERF_COUNT_SW_CONTEXT_SWITCHES},
        {"CS", PERF_COUNT_SW_CONTEXT_SWITCHES},
        {"CPU-MIGRATIONS", PERF_COUNT_SW_CPU_MIGRATIONS},
        {"MIGRATIONS", PERF_COUNT_SW_CPU_MIGRATIONS},
        {"CPU-CLOCK", PERF_COUNT_SW_CPU_CLOCK},
        {"TASK-CLOCK", PERF_COUNT_SW_TASK_CLOCK},
        {"ALIGNMENT-FAULTS", PERF_COUNT_SW_ALIGNMENT_FAULTS},
        {"EMULATION-FAULTS", PERF_COUNT_SW_EMULATION_FAULTS},
    };
    if (strncasecmp(name, "perf::", 6))
        return -1;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (!strcasecmp(name + 6, events[i].name))
            return events[i].event;
    return -1;
}

int zg_software_open(int event)
{
    struct perf_event_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.size = sizeof attr;
    attr.type = PERF_TYPE_SOFTWARE;
    attr.config = (__u64)event;
    const long fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    return fd < 0 ? -errno : (int)fd;
}

double zg_software_read(int fd)
{
    uint64_t count;
    return read(fd, &count, sizeof count) == (ssize_t)sizeof count ? (double)count : NAN;
}
