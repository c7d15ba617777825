/* usage.c - getrusage, of all threads together, and schedstat of each. */
#include "harness/machine/usage.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
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

/* schedstat has nanoseconds on a cpu, nanoseconds waiting for one, and turns. */
double zg_usage_waited_s(void)
{
    DIR *const tasks = opendir("/proc/self/task");
    double sum_s = 0;
    int n_read = 0;
    for (const struct dirent *entry; tasks && (entry = readdir(tasks));) {
        char path[300];
        double ran_ns, waited_ns;
        snprintf(path, sizeof path, "/proc/self/task/%s/schedstat", entry->d_name);
        FILE *const file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (file && fscanf(file, "%lf %lf", &ran_ns, &waited_ns) == 2) {
            sum_s += 1e-9 * waited_ns;
            n_read++;
        }
        if (file)
            fclose(file);
    }
    if (tasks)
        closedir(tasks);
    return n_read > 0 ? sum_s : NAN;
}
