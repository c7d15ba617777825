/* memory.c - VmRSS, VmHWM, VmSize and MemAvailable of /proc. */
#include "harness/machine/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/machine/sysfile.h"

static double status_mib(const char *key)
{
    return zg_sysfile_field("/proc/self/status", key) / 1024;
}

double zg_memory_resident_mib(void)
{
    return status_mib("VmRSS:");
}

/* What `ulimit -v` leaves; NaN: there is no such limit. */
static double address_space_mib(void)
{
    struct rlimit limit;
    const double used = status_mib("VmSize:");
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || isnan(used))
        return NAN;
    return fmax(0, (double)limit.rlim_cur / 1048576.0 - used);
}

double zg_memory_available_mib(void)
{
    const double machine = zg_sysfile_field("/proc/meminfo", "MemAvailable:") / 1024,
                 process = address_space_mib();
    return process < machine ? process : machine;
}

void zg_memory_mark(struct zg_memory_mark *out)
{
    *out = (struct zg_memory_mark){0};
    const int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    out->reset = fd >= 0 && write(fd, "5", 1) == 1;
    if (!out->reset)
        snprintf(out->reason, sizeof out->reason,
                 "/proc/self/clear_refs cannot reset the high-water mark: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    out->resident_mib = zg_memory_resident_mib();
}

double zg_memory_peak_mib(const struct zg_memory_mark *mark, double others_mib)
{
    return mark->reset ? status_mib("VmHWM:") - others_mib : NAN;
}
