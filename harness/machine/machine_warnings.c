/* machine_warnings.c - sentences with a named cause that would explain a difference: machine.h. */
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "harness/machine/machine.h"
#include "harness/machine/variables.h"

static const json_t *at(const json_t *object, const char *group, const char *key)
{
    return json_object_get(json_object_get(object, group), key);
}

/* A number, NaN where it is null or absent. */
static double number(const json_t *value)
{
    return json_is_number(value) ? json_number_value(value) : NAN;
}

__attribute__((format(printf, 2, 3))) static void warn(json_t *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    json_array_append_new(out, json_vsprintf(format, arguments));
    va_end(arguments);
}

/* Of text [group][key], NULL where it is null or absent. */
static const char *text_at(const json_t *machine, const char *group, const char *key)
{
    return json_string_value(at(machine, group, key));
}

static void warn_frequency(json_t *out, const json_t *machine)
{
    const char *const governor = text_at(machine, "frequency", "governor");
    if (governor && strcmp(governor, "performance"))
        warn(out, "frequency governor is %s: cores slow down when idle; want performance",
             governor);
    if (json_is_true(at(machine, "frequency", "turbo")))
        warn(out, "turbo is on: the frequency depends on temperature and on how many cores work");
    const double most = number(at(machine, "frequency", "max_mhz"));
    const double slowest = number(at(machine, "frequency", "slowest_max_mhz"));
    const double limit = number(at(machine, "frequency", "limit_mhz"));
    if (limit > 0)
        warn(out,
             "the frequency is limited to %.0f MHz of %.0f: scaling_max_freq is below "
             "cpuinfo_max_freq",
             limit, most);
    if (slowest < 0.98 * most)
        warn(out,
             "the cpus are not alike, their highest frequency is %.0f to %.0f MHz: the team waits "
             "for the slowest; choose like ones with --cpus",
             slowest, most);
}

static void warn_process(json_t *out, const json_t *machine)
{
    const double nice = number(at(machine, "process", "nice"));
    if (nice > 0)
        warn(out, "this process runs at nice %.0f: other work goes first", nice);
    const char *const scheduler = text_at(machine, "process", "scheduler");
    if (scheduler && (!strcmp(scheduler, "idle") || !strcmp(scheduler, "batch")))
        warn(out, "this process has the scheduling policy %s: other work goes first", scheduler);
    if (json_is_true(at(machine, "process", "traced")))
        warn(out, "a debugger or strace traces this process: system calls and signals stop it");
    if (json_is_false(at(machine, "process", "optimised")))
        warn(out,
             "this zogap is built without optimisation: build it with -DCMAKE_BUILD_TYPE=Release");
    const char *const sanitizer = text_at(machine, "process", "sanitizer");
    if (sanitizer)
        warn(out, "this zogap is built with the %s sanitizer: every access is checked", sanitizer);
    const json_t *const runtimes = at(machine, "process", "openmp_runtimes");
    if (json_array_size(runtimes) > 1)
        warn(out,
             "two OpenMP runtimes are loaded (%s, %s): their teams take the cpus from each other, "
             "and only zogap's is pinned; build zogap with the compiler of the one that the "
             "libraries use",
             json_string_value(json_array_get(runtimes, 0)),
             json_string_value(json_array_get(runtimes, 1)));
}

/* Kernels lower than what the processor has make a straw man of an engine, whatever capped them; a
 * variable that did is named. */
static void warn_kernels(json_t *out, const json_t *machine)
{
    static const struct {
        const char *key, *name;
        const char *variables[3];
    } libraries[] = {{"onednn", "oneDNN", {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", NULL}},
                     {"openblas", "OpenBLAS", {"OPENBLAS_CORETYPE", NULL}}};
    const json_t *const runs = at(machine, "process", "kernels"),
                        *const has = at(machine, "process", "kernels_of_processor"),
                        *const set = at(machine, "process", "environment_kernels");
    const char *const isa = json_string_value(json_object_get(runs, "zogap")),
                      *const isa_has = json_string_value(json_object_get(has, "zogap"));
    if (isa && isa_has && strcmp(isa, isa_has))
        warn(out,
             "ZOGAP_ISA caps zogap's kernels at %s, the processor has %s, and libraries are not "
             "capped by it",
             isa, isa_has);
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        const char *const its = json_string_value(json_object_get(runs, libraries[i].key)),
                          *const best = json_string_value(json_object_get(has, libraries[i].key));
        const char *cap = NULL;
        for (int v = 0; libraries[i].variables[v] && !cap; v++)
            if (json_object_get(set, libraries[i].variables[v]))
                cap = libraries[i].variables[v];
        if (its && best && strcmp(its, best))
            warn(out,
                 "%s runs its %s kernels, and those for %s suit this processor: too slow to be a "
                 "fair baseline%s%s",
                 libraries[i].name, its, best, cap ? "; unset " : "", cap ? cap : "");
    }
}

static void warn_machine(json_t *out, const json_t *machine)
{
    const char *const hypervisor = text_at(machine, "virtualisation", "hypervisor");
    if (hypervisor)
        warn(out,
             "virtualised (%s): neighbours share caches and memory, and the frequency is not "
             "readable",
             hypervisor);
    if (json_is_true(at(machine, "virtualisation", "valgrind")))
        warn(out, "valgrind emulates the processor: counts of instructions hold, no time does");
    if (json_is_true(at(machine, "topology", "smt_active")))
        warn(out, "SMT is on: siblings share a core");
    const char *const huge = text_at(machine, "memory", "transparent_huge_pages");
    if (huge && !strcmp(huge, "never"))
        warn(out, "transparent huge pages are off: large weights miss the TLB");
    const double quota = number(at(machine, "cgroup", "cpu_quota"));
    if (quota > 0)
        warn(out, "the cgroup's cpu quota is %.2f cpus: more threads than that are throttled",
             quota);
    const char *const balancing = text_at(machine, "memory", "numa_balancing");
    if (balancing && strcmp(balancing, "0") && number(at(machine, "topology", "numa_nodes")) > 1)
        warn(out, "automatic NUMA balancing is on: pages move while measuring");
    static const char *const slow_clocks[] = {"hpet", "acpi_pm", "jiffies", "pit"};
    const char *const clock = text_at(machine, "system", "clock_source");
    for (size_t i = 0; clock && i < sizeof slow_clocks / sizeof *slow_clocks; i++)
        if (!strcmp(clock, slow_clocks[i]))
            warn(out, "the clock source is %s: reading the clock is a slow system call", clock);
}

static void warn_pins(json_t *out, const json_t *pins)
{
    const char *const method = json_string_value(json_object_get(pins, "method"));
    const char *const reason = json_string_value(json_object_get(pins, "reason"));
    const json_t *const workers = json_object_get(pins, "workers");
    const size_t n = json_array_size(workers);
    if (method && !strcmp(method, "none"))
        warn(out, "threads are not pinned (%s): they wander from cpu to cpu", reason ? reason : "");
    size_t n_sharing = 0;
    for (size_t i = 0; i < n; i++) {
        const json_t *const core = json_object_get(json_array_get(workers, i), "core");
        bool shared = false;
        for (size_t j = 0; json_is_integer(core) && j < i && !shared; j++)
            shared = json_equal(core, json_object_get(json_array_get(workers, j), "core"));
        n_sharing += shared;
    }
    if (n_sharing > 0)
        warn(out, "%d of %d threads share a core with another one: want as many --threads as cores",
             (int)n_sharing, (int)n);
}

/* While samples were taken: the first start of a program reads it from disk, and that is all. */
static void warn_sampling(json_t *out, const json_t *machine, const json_t *during)
{
    const double faults =
        number(at(during, "sampling", "major_faults")) / number(at(during, "sampling", "wall_s"));
    const double available = number(json_object_get(during, "available_mib_after")),
                 total = number(at(machine, "memory", "total_mib"));
    if (faults > 1 && available < 0.05 * total)
        warn(out,
             "%.0f pages a second came from disk while sampling: memory is short, %.0f of %.0f MiB "
             "are available",
             faults, available, total);
    else if (faults > 1)
        warn(out, "%.0f pages a second were read from disk while sampling", faults);
}

static void warn_during(json_t *out, const json_t *machine, const json_t *during)
{
    const double steal = number(json_object_get(during, "steal_share"));
    if (steal > 0.005)
        warn(out, "%.1f %% of the processor time was stolen by the hypervisor while measuring",
             100 * steal);
    const double throttled = number(json_object_get(during, "n_throttled"));
    if (throttled > 0)
        warn(out, "the cgroup's cpu quota throttled this process %.0f times while measuring",
             throttled);
    const double overheated = number(json_object_get(during, "n_overheated"));
    if (overheated > 0)
        warn(out, "cpus slowed down for heat %.0f times while measuring", overheated);
    /* A quiet machine preempts a pinned worker for kernel threads a few times a second. */
    const double wall_s = number(json_object_get(during, "wall_s"));
    const double preempted = number(json_object_get(during, "involuntary_switches")) / wall_s;
    if (preempted > 50)
        warn(out,
             "threads were preempted %.0f times a second while measuring: other work was running "
             "on their cpus",
             preempted);
    warn_sampling(out, machine, during);
    /* Before: our own threads are not in it yet. */
    const double load = number(json_object_get(during, "load_1m_before"));
    const double cpus = number(at(machine, "topology", "cpus"));
    if (load > 0.25 * cpus)
        warn(out, "the load was %.2f on %.0f cpus before measuring: other work was running", load,
             cpus);
    const double before = number(json_object_get(during, "mhz_before"));
    const double after = number(json_object_get(during, "mhz_after"));
    if (fabs(after - before) > 0.05 * before)
        warn(out, "the frequency read %.0f MHz before and %.0f MHz after measuring", before, after);
}

json_t *zg_machine_warnings_json(const json_t *machine, const json_t *pins, const json_t *during)
{
    json_t *const out = json_array();
    warn_machine(out, machine);
    warn_frequency(out, machine);
    warn_process(out, machine);
    warn_kernels(out, machine);
    zg_variables_warn(json_object_get(machine, "process"), out);
    warn_pins(out, pins);
    if (during)
        warn_during(out, machine, during);
    return out;
}
