/* usage.c - getrusage, of all threads together. */
#include "harness/machine/usage.h"

#include <sys/resource.h>

void zg_usage_read(struct zg_usage *out)
{
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    *out = (struct zg_usage){.minor_faults = usage.ru_minflt,
                             .major_faults = usage.ru_majflt,
                             .voluntary_switches = usage.ru_nvcsw,
                             .involuntary_switches = usage.ru_nivcsw};
}
