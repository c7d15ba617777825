/*
 * frequency.c - goes through the files of every cpu below /sys/devices/system/cpu; a value that
 * several cpus have is told once.
 */
#include "harness/machine/frequency.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/json.h"
#include "harness/machine/sysfile.h"

#define CPU_SYS "/sys/devices/system/cpu/"

enum { MOST_CPUS = 8192 };

/* One more than the highest index of a cpu: "0-127", "0,2-5". */
static int n_cpus(void)
{
    char text[256];
    long n = sysconf(_SC_NPROCESSORS_CONF);
    if (zg_sysfile_text(CPU_SYS "present", text, sizeof text)) {
        const size_t digits = strspn(text, "0123456789,-");
        size_t last = digits;
        while (last > 0 && text[last - 1] >= '0' && text[last - 1] <= '9')
            last--;
        int highest;
        if (digits > 0 && sscanf(text + last, "%d", &highest) == 1)
            n = (long)highest + 1;
    }
    return n < 1 ? 1 : n > MOST_CPUS ? MOST_CPUS : (int)n;
}

static const char *cpu_path(char *path, size_t size, int cpu, const char *file)
{
    snprintf(path, size, CPU_SYS "cpu%d/%s", cpu, file);
    return path;
}

/* The values that a file has over the cpus, each once: "performance", "performance and powersave".
 * Null where no cpu has it. */
static json_t *values_json(const char *file)
{
    enum { MOST_VALUES = 4, LONGEST = 32 };
    char values[MOST_VALUES][LONGEST], path[128], all[MOST_VALUES * (LONGEST + 5)] = "";
    const int n = n_cpus();
    int n_values = 0;
    for (int cpu = 0; cpu < n && n_values < MOST_VALUES; cpu++) {
        char *const value = values[n_values];
        bool is_new =
            zg_sysfile_text(cpu_path(path, sizeof path, cpu, file), value, LONGEST) && value[0];
        for (int i = 0; i < n_values; i++)
            is_new = is_new && strcmp(values[i], value) != 0;
        n_values += is_new;
    }
    for (int i = 0; i < n_values; i++) {
        const size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? " and " : "", values[i]);
    }
    return n_values ? json_string(all) : json_null();
}

/* Intel's switch says "no turbo", the generic one "boost". */
static json_t *turbo_json(void)
{
    const double no_turbo = zg_sysfile_real(CPU_SYS "intel_pstate/no_turbo");
    const double boost = zg_sysfile_real(CPU_SYS "cpufreq/boost");
    if (!isnan(no_turbo))
        return json_boolean(no_turbo == 0);
    return isnan(boost) ? json_null() : json_boolean(boost != 0);
}

json_t *zg_frequency_json(void)
{
    double fastest = NAN, slowest = NAN, limit = NAN;
    char path[128];
    const int n = n_cpus();
    for (int cpu = 0; cpu < n; cpu++) {
        const double most =
            zg_sysfile_real(cpu_path(path, sizeof path, cpu, "cpufreq/cpuinfo_max_freq"));
        const double allowed =
            zg_sysfile_real(cpu_path(path, sizeof path, cpu, "cpufreq/scaling_max_freq"));
        fastest = fmax(fastest, most); /* of a NaN and a number fmax() gives the number */
        slowest = fmin(slowest, most);
        if (allowed < most)
            limit = fmin(limit, allowed);
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "governor",
                     values_json("cpufreq/scaling_governor"), "driver",
                     values_json("cpufreq/scaling_driver"), "energy_preference",
                     values_json("cpufreq/energy_performance_preference"), "max_mhz",
                     zg_json_real(fastest / 1e3), "slowest_max_mhz", zg_json_real(slowest / 1e3),
                     "limit_mhz", zg_json_real(limit / 1e3), "turbo", turbo_json());
}

double zg_frequency_overheated(void)
{
    static const char *const files[] = {"thermal_throttle/core_throttle_count",
                                        "thermal_throttle/package_throttle_count"};
    double sum = NAN;
    char path[128];
    const int n = n_cpus();
    for (int cpu = 0; cpu < n; cpu++) {
        for (int f = 0; f < 2; f++) {
            const double count = zg_sysfile_real(cpu_path(path, sizeof path, cpu, files[f]));
            if (!isnan(count))
                sum = (isnan(sum) ? 0 : sum) + count;
        }
    }
    return sum;
}
