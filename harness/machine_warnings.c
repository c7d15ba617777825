/* machine_warnings.c - sentences with a named cause that would explain a difference: machine.h. */
#include <math.h>
#include <string.h>

#include "harness/machine.h"

static const json_t *at(const json_t *object, const char *group, const char *key)
{
    return json_object_get(json_object_get(object, group), key);
}

/* A number, NaN where it is null or absent. */
static double number(const json_t *value)
{
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static void warn(json_t *out, json_t *sentence)
{
    json_array_append_new(out, sentence);
}

static void warn_machine(json_t *out, const json_t *machine)
{
    const char *const hypervisor = json_string_value(at(machine, "virtualisation", "hypervisor"));
    if (hypervisor)
        warn(out,
             json_sprintf(
                 "virtualised (%s): neighbours share caches and memory, and the frequency is not "
                 "readable",
                 hypervisor));
    if (json_is_true(at(machine, "topology", "smt_active")))
        warn(out, json_string("SMT is on: siblings share a core"));
    const char *const governor = json_string_value(at(machine, "frequency", "governor"));
    if (governor && strcmp(governor, "performance"))
        warn(out,
             json_sprintf("frequency governor is %s: cores slow down when idle; want performance",
                          governor));
    if (json_is_true(at(machine, "frequency", "turbo")))
        warn(out,
             json_string(
                 "turbo is on: the frequency depends on temperature and on how many cores work"));
    const char *const huge = json_string_value(at(machine, "memory", "transparent_huge_pages"));
    if (huge && !strcmp(huge, "never"))
        warn(out, json_string("transparent huge pages are off: large weights miss the TLB"));
    const double quota = number(at(machine, "cgroup", "cpu_quota"));
    if (quota > 0)
        warn(out, json_sprintf(
                      "the cgroup's cpu quota is %.2f cpus: more threads than that are throttled",
                      quota));
    const char *const balancing = json_string_value(at(machine, "memory", "numa_balancing"));
    if (balancing && strcmp(balancing, "0") && number(at(machine, "topology", "numa_nodes")) > 1)
        warn(out, json_string("automatic NUMA balancing is on: pages move while measuring"));
}

static void warn_during(json_t *out, const json_t *machine, const json_t *during)
{
    const double steal = number(json_object_get(during, "steal_share"));
    if (steal > 0.005)
        warn(out, json_sprintf(
                      "%.1f %% of the processor time was stolen by the hypervisor while measuring",
                      100 * steal));
    const double throttled = number(json_object_get(during, "n_throttled"));
    if (throttled > 0)
        warn(out, json_sprintf(
                      "the cgroup's cpu quota throttled this process %.0f times while measuring",
                      throttled));
    /* A quiet machine preempts a pinned worker for kernel threads a few times a second. */
    const double wall_s = number(json_object_get(during, "wall_s"));
    const double preempted = number(json_object_get(during, "involuntary_switches")) / wall_s;
    if (preempted > 50)
        warn(out, json_sprintf("threads were preempted %.0f times a second while measuring: other "
                               "work was running on their cpus",
                               preempted));
    const double major = number(json_object_get(during, "major_faults")) / wall_s;
    if (major > 1)
        warn(out,
             json_sprintf("%.0f pages a second came from disk while measuring: memory is short",
                          major));
    /* Before: our own threads are not in it yet. */
    const double load = number(json_object_get(during, "load_1m_before"));
    const double cpus = number(at(machine, "topology", "cpus"));
    if (load > 0.25 * cpus)
        warn(out,
             json_sprintf("the load was %.2f on %.0f cpus before measuring: other work was running",
                          load, cpus));
    const double before = number(json_object_get(during, "mhz_before"));
    const double after = number(json_object_get(during, "mhz_after"));
    if (fabs(after - before) > 0.05 * before)
        warn(out, json_sprintf("the frequency read %.0f MHz before and %.0f MHz after measuring",
                               before, after));
}

json_t *zg_machine_warnings_json(const json_t *machine, const json_t *during)
{
    json_t *const out = json_array();
    warn_machine(out, machine);
    if (during)
        warn_during(out, machine, during);
    return out;
}
