/* machine.c - what the machine and this process are, from /proc, /sys and the processor itself. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* SCHED_BATCH, SCHED_IDLE, SCHED_DEADLINE, dl_iterate_phdr() */
#endif
#include "harness/machine/machine.h"

#include <link.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "engines/base/cpu.h"
#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/machine/frequency.h"
#include "harness/machine/kernels.h"
#include "harness/machine/sysfile.h"
#include "harness/machine/topology.h"
#include "harness/machine/usage.h"
#include "harness/machine/valgrind.h"
#include "harness/machine/variables.h"

#define CPU_SYS "/sys/devices/system/cpu/"

static json_t *text_or_null(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

/* A file's first line, null if unreadable. */
static json_t *file_json(const char *path)
{
    char text[128];
    if (!zg_sysfile_text(path, text, sizeof text))
        return json_null();
    text[strcspn(text, "\n")] = '\0';
    return text_or_null(text);
}

static json_t *count_json(int64_t n)
{
    return n < 0 ? json_null() : json_integer(n);
}

/* ---- processor ------------------------------------------------------------------------------- */

/* Family, model and stepping tell apart what virtual machines name alike ("Intel(R) Xeon(R)
 * Processor"). */
static json_t *cpu_json(void)
{
    char name[128];
    int family = -1, model = -1, stepping = -1;
#if defined(__x86_64__)
    unsigned a, b, c, d;
    if (__get_cpuid(1, &a, &b, &c, &d)) {
        const unsigned base = (a >> 8) & 15, extended = (a >> 20) & 255;
        family = (int)(base == 15 ? base + extended : base);
        model = (int)(((a >> 4) & 15) | ((a >> 12) & 0xf0));
        stepping = (int)(a & 15);
    }
#endif
    zg_cpu_name(name, sizeof name);
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", name, "isa", zg_isa_name(zg_cpu_isa()),
                     "family", count_json(family), "model", count_json(model), "stepping",
                     count_json(stepping));
}

/* "KVMKVMKVM", "Microsoft Hv", ... from the hypervisor's own cpuid leaf; "" on bare metal, and on a
 * machine that is but files. */
static void hypervisor(char text[13])
{
    text[0] = '\0';
#if defined(__x86_64__)
    unsigned a, b, c, d;
    if (*zg_sysfile_root() || !__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 31)))
        return;
    unsigned words[4];
    __cpuid(0x40000000u, words[0], words[1], words[2], words[3]);
    memcpy(text, words + 1, 12);
    text[12] = '\0';
    for (char *at = text; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    if (!text[0])
        memcpy(text, "unnamed", 8);
#endif
}

static json_t *virtual_json(void)
{
    char name[13];
    hypervisor(name);
    return json_pack("{s:o, s:o, s:o, s:b, s:b}", "hypervisor", text_or_null(name), "dmi_vendor",
                     file_json("/sys/class/dmi/id/sys_vendor"), "dmi_product",
                     file_json("/sys/class/dmi/id/product_name"), "container",
                     access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0,
                     "valgrind", zg_valgrind_runs_us());
}

/* ---- topology, memory ------------------------------------------------------------- */

static json_t *topology_json(void)
{
    struct zg_topology_counts counts;
    zg_topology_count(&counts);
    json_t *const caches = json_array();
    for (int i = 0; i < 4; i++)
        if (counts.cache[i].n)
            json_array_append_new(caches, json_pack("{s:i, s:o, s:I}", "level", i + 1, "n",
                                                    count_json(counts.cache[i].n), "bytes",
                                                    (json_int_t)counts.cache[i].bytes));
    char smt[8] = "";
    zg_sysfile_text(CPU_SYS "smt/active", smt, sizeof smt);
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "packages", count_json(counts.n_packages),
                     "numa_nodes", count_json(counts.n_numa_nodes), "cores",
                     count_json(counts.n_cores), "cpus", count_json(counts.n_cpus), "smt_active",
                     smt[0] ? json_boolean(smt[0] == '1') : json_null(), "caches", caches);
}

/* "always [madvise] never" -> "madvise" */
static json_t *chosen_json(const char *path)
{
    char text[128];
    char *begin, *end;
    if (!zg_sysfile_text(path, text, sizeof text) || !(begin = strchr(text, '[')) ||
        !(end = strchr(begin, ']')))
        return json_null();
    *end = '\0';
    return json_string(begin + 1);
}

static json_t *memory_json(void)
{
    const double total_kib = zg_sysfile_field("/proc/meminfo", "MemTotal:");
    const double swap_kib = zg_sysfile_field("/proc/meminfo", "SwapTotal:");
    return json_pack(
        "{s:o, s:o, s:i, s:o, s:o, s:o}", "total_mib", zg_json_real(total_kib / 1024), "swap_mib",
        zg_json_real(swap_kib / 1024), "page_bytes", (int)sysconf(_SC_PAGESIZE),
        "transparent_huge_pages", chosen_json("/sys/kernel/mm/transparent_hugepage/enabled"),
        "transparent_huge_pages_defrag", chosen_json("/sys/kernel/mm/transparent_hugepage/defrag"),
        "numa_balancing", file_json("/proc/sys/kernel/numa_balancing"));
}

static json_t *cgroup_json(void)
{
    return json_pack("{s:o, s:o}", "cpu_quota", zg_json_real(zg_cgroup_cpu_quota()),
                     "memory_limit_mib",
                     zg_json_real(zg_cgroup_memory_limit_bytes() / (1024.0 * 1024.0)));
}

static json_t *system_json(void)
{
    struct utsname name; /* nodename, the host's, is left out on purpose */
    char pretty[128] = "";
    if (uname(&name))
        return json_null();
    FILE *const release = zg_sysfile_open("/etc/os-release");
    char line[256];
    while (release && fgets(line, sizeof line, release))
        if (sscanf(line, "PRETTY_NAME=\"%127[^\"]", pretty) == 1)
            break;
    if (release)
        fclose(release);
    return json_pack("{s:s, s:s, s:s, s:o, s:o}", "kernel", name.release, "system", name.sysname,
                     "machine", name.machine, "distribution", text_or_null(pretty), "clock_source",
                     file_json("/sys/devices/system/clocksource/clocksource0/current_clocksource"));
}

/* ---- this process ---------------------------------------------------------------------------- */

static const char *scheduler_name(int policy)
{
    static const struct {
        int policy;
        const char *name;
    } names[] = {{SCHED_OTHER, "other"}, {SCHED_BATCH, "batch"}, {SCHED_IDLE, "idle"},
                 {SCHED_FIFO, "fifo"},   {SCHED_RR, "rr"},       {SCHED_DEADLINE, "deadline"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].policy == policy)
            return names[i].name;
    return NULL;
}

/* What the compiler was told, as it shows in this file. */
static const char *sanitizer(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return "address";
#elif defined(__SANITIZE_THREAD__)
    return "thread";
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    return "address";
#elif __has_feature(thread_sanitizer)
    return "thread";
#endif
#endif
    return NULL;
}

static int add_openmp_runtime(struct dl_phdr_info *library, size_t size, void *names)
{
    (void)size;
    static const char *const runtimes[] = {"libgomp.", "libomp.", "libiomp5."};
    const char *const slash = strrchr(library->dlpi_name, '/');
    const char *const name = slash ? slash + 1 : library->dlpi_name;
    for (size_t i = 0; i < sizeof runtimes / sizeof *runtimes; i++)
        if (strncmp(name, runtimes[i], strlen(runtimes[i])) == 0)
            json_array_append_new(names, json_string(name));
    return 0;
}

/* As loaded: each has a team of its own. */
static json_t *openmp_runtimes(void)
{
    json_t *const names = json_array();
    if (names)
        dl_iterate_phdr(add_openmp_runtime, names);
    return names;
}

static json_t *process_json(void)
{
#if defined(__OPTIMIZE__)
    const int optimised = 1;
#else
    const int optimised = 0;
#endif
    const double tracer = zg_sysfile_field("/proc/self/status", "TracerPid:");
    json_t *const process = json_pack(
        "{s:i, s:o, s:o, s:b, s:o, s:o, s:o, s:o}", "nice", getpriority(PRIO_PROCESS, 0),
        "scheduler", text_or_null(scheduler_name(sched_getscheduler(0))), "traced",
        isnan(tracer) ? json_null() : json_boolean(tracer > 0), "optimised", optimised, "sanitizer",
        text_or_null(sanitizer()), "openmp_runtimes", openmp_runtimes(), "kernels",
        zg_kernels_json(), "kernels_of_processor", zg_kernels_of_processor_json());
    zg_variables_record(process);
    return process;
}

json_t *zg_machine_json(void)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "cpu", cpu_json(),
                     "virtualisation", virtual_json(), "topology", topology_json(), "frequency",
                     zg_frequency_json(), "memory", memory_json(), "cgroup", cgroup_json(),
                     "perf_event_paranoid",
                     zg_json_real(zg_sysfile_real("/proc/sys/kernel/perf_event_paranoid")),
                     "system", system_json(), "process", process_json());
}

/* ---- what changes while measuring ------------------------------------------------------------ */

/* The first line of /proc/stat: user nice system idle iowait irq softirq steal guest guest_nice, in
 * clock ticks.  Guest time is part of user and nice already. */
static void read_stat(struct zg_machine_watch *out)
{
    char text[256];
    double t[8];
    const double tick_s = 1.0 / (double)sysconf(_SC_CLK_TCK);
    out->cpu_total_s = out->steal_s = out->iowait_s = NAN;
    if (!zg_sysfile_text("/proc/stat", text, sizeof text) ||
        sscanf(text, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", t, t + 1, t + 2, t + 3, t + 4, t + 5,
               t + 6, t + 7) != 8)
        return;
    double sum = 0;
    for (int i = 0; i < 8; i++)
        sum += t[i];
    out->cpu_total_s = sum * tick_s;
    out->iowait_s = t[4] * tick_s;
    out->steal_s = t[7] * tick_s;
}

static double mean_mhz(void)
{
    FILE *const file = zg_sysfile_open("/proc/cpuinfo");
    char line[4096];
    double sum = 0, mhz;
    int n = 0;
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "cpu MHz : %lf", &mhz) == 1) {
            sum += mhz;
            n++;
        }
    }
    if (file)
        fclose(file);
    return n ? sum / n : NAN;
}

void zg_machine_watch(struct zg_machine_watch *out)
{
    read_stat(out);
    const double throttled_us = zg_cgroup_cpu_stat("throttled_usec"),
                 throttled_ns = zg_cgroup_cpu_stat("throttled_time");
    out->throttled_s = isnan(throttled_us) ? throttled_ns * 1e-9 : throttled_us * 1e-6;
    out->n_throttled = zg_cgroup_cpu_stat("nr_throttled");
    out->n_overheated = zg_frequency_overheated();
    struct zg_usage usage;
    zg_usage_read(&usage);
    out->involuntary_switches = (double)usage.involuntary_switches;
    out->major_faults = (double)usage.major_faults;
    out->available_mib = zg_sysfile_field("/proc/meminfo", "MemAvailable:") / 1024;
    out->load_1m = zg_sysfile_real("/proc/loadavg");
    out->cpu_mhz = mean_mhz();
    out->wall_ns = zg_clock_wall_ns();
}

json_t *zg_machine_during_json(const struct zg_machine_watch *before,
                               const struct zg_machine_watch *after)
{
    const double wall_s = zg_ns_to_s(after->wall_ns - before->wall_ns);
    const double steal_s = after->steal_s - before->steal_s;
    const double total_s = after->cpu_total_s - before->cpu_total_s;
    const struct {
        const char *key;
        double value;
    } fields[] = {
        {"wall_s", wall_s},
        {"steal_s", steal_s},
        {"steal_share", total_s > 0 ? steal_s / total_s : NAN},
        {"iowait_s", after->iowait_s - before->iowait_s},
        {"throttled_s", after->throttled_s - before->throttled_s},
        {"n_throttled", after->n_throttled - before->n_throttled},
        {"n_overheated", after->n_overheated - before->n_overheated},
        {"involuntary_switches", after->involuntary_switches - before->involuntary_switches},
        {"major_faults", after->major_faults - before->major_faults},
        {"available_mib_after", after->available_mib},
        {"load_1m_before", before->load_1m},
        {"load_1m_after", after->load_1m},
        {"mhz_before", before->cpu_mhz},
        {"mhz_after", after->cpu_mhz},
    };
    json_t *const during = json_object();
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        json_object_set_new(during, fields[i].key, zg_json_real(fields[i].value));
    return during;
}
