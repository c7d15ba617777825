/* topology_linux.c - topology.h without hwloc: sched_setaffinity, and /sys for where a cpu sits. */
#define _GNU_SOURCE /* cpu_set_t */
#include "harness/machine/topology.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/machine/sysfile.h"

/* cpu_set_t stops at 1024 cpus; the dynamic sets go on.  The kernel says EINVAL if ours is too
 * small. */
#define MOST_CPUS 8192
#define SET_BYTES CPU_ALLOC_SIZE(MOST_CPUS)

const char *zg_topology_method(void)
{
    return "sched_setaffinity";
}

static int64_t sys_cpu(int64_t cpu, const char *file)
{
    char path[128];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%lld/%s", (long long)cpu, file);
    const double value = zg_sysfile_real(path);
    return isnan(value) ? -1 : (int64_t)value;
}

static int64_t numa_node_of(int64_t cpu)
{
    for (int64_t node = 0; node < 64; node++) {
        char path[128], text[16];
        snprintf(path, sizeof path, "/sys/devices/system/node/node%lld/cpu%lld/online",
                 (long long)node, (long long)cpu);
        if (zg_sysfile_text(path, text, sizeof text))
            return node;
    }
    return -1;
}

/* core_id is unique only inside a package; (package, core_id) pairs are numbered in order of
 * appearance. */
static void number_cores(struct zg_place *places, int64_t n, const int64_t *core_id)
{
    int64_t n_cores = 0;
    for (int64_t i = 0; i < n; i++) {
        places[i].sibling = 0;
        places[i].core = -1;
        if (core_id[i] < 0)
            continue;
        for (int64_t j = 0; j < i; j++) {
            if (core_id[j] == core_id[i] && places[j].package == places[i].package) {
                places[i].core = places[j].core;
                places[i].sibling++;
            }
        }
        if (places[i].core < 0)
            places[i].core = n_cores++;
    }
}

enum zg_status zg_topology_open(struct zg_topology **out, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    int64_t *core_id = NULL;
    *out = NULL;
    struct zg_topology *t = calloc(1, sizeof *t);
    if (!t || !(t->allowed = CPU_ALLOC(MOST_CPUS))) {
        status = zg_fail(err, ZG_ENV, "no memory for the topology");
        goto done;
    }
    cpu_set_t *const allowed = t->allowed;
    CPU_ZERO_S(SET_BYTES, allowed);
    if (sched_getaffinity(0, SET_BYTES, allowed)) {
        status = zg_fail(err, ZG_ENV, "sched_getaffinity failed: %s", strerror(errno));
        goto done;
    }
    int64_t n;
    int64_t *const cpus = zg_openmp_cpus(&n);
    for (int64_t i = 0; i < n; i++)
        if (cpus[i] < MOST_CPUS)
            CPU_SET_S((size_t)cpus[i], SET_BYTES, allowed);
    free(cpus);
    const int weight = CPU_COUNT_S(SET_BYTES, allowed);
    t->places = calloc((size_t)weight, sizeof *t->places);
    core_id = calloc((size_t)weight, sizeof *core_id);
    if (!t->places || !core_id) {
        status = zg_fail(err, ZG_ENV, "no memory for the topology");
        goto done;
    }
    for (int64_t cpu = 0; cpu < MOST_CPUS; cpu++) {
        if (!CPU_ISSET_S((size_t)cpu, SET_BYTES, allowed))
            continue;
        core_id[t->n] = sys_cpu(cpu, "topology/core_id");
        t->places[t->n++] = (struct zg_place){
            .cpu = cpu,
            .package = sys_cpu(cpu, "topology/physical_package_id"),
            .numa_node = numa_node_of(cpu),
        };
    }
    number_cores(t->places, t->n, core_id);
    qsort(t->places, (size_t)t->n, sizeof *t->places, zg_place_compare);
    *out = t;
    t = NULL;
done:
    free(core_id);
    zg_topology_close(&t);
    return status;
}

void zg_topology_close(struct zg_topology **topology)
{
    if (!topology || !*topology)
        return;
    struct zg_topology *const t = *topology;
    if (t->allowed)
        CPU_FREE(t->allowed);
    free(t->places);
    free(t);
    *topology = NULL;
}

int zg_topology_bind(const struct zg_topology *topology, int64_t cpu)
{
    if (cpu < 0)
        return sched_setaffinity(0, SET_BYTES, topology->allowed) ? errno : 0;
    cpu_set_t *const set = CPU_ALLOC(MOST_CPUS);
    if (!set)
        return ENOMEM;
    CPU_ZERO_S(SET_BYTES, set);
    CPU_SET_S((size_t)cpu, SET_BYTES, set);
    const int failed = sched_setaffinity(0, SET_BYTES, set) ? errno : 0;
    CPU_FREE(set);
    return failed;
}

int64_t zg_topology_bound(const struct zg_topology *topology)
{
    (void)topology;
    cpu_set_t *const set = CPU_ALLOC(MOST_CPUS);
    if (!set)
        return -1;
    int64_t cpu = -1;
    CPU_ZERO_S(SET_BYTES, set);
    if (!sched_getaffinity(0, SET_BYTES, set) && CPU_COUNT_S(SET_BYTES, set) == 1)
        for (cpu = 0; !CPU_ISSET_S((size_t)cpu, SET_BYTES, set);)
            cpu++;
    CPU_FREE(set);
    return cpu;
}

void zg_topology_count(struct zg_topology_counts *out)
{
    static const int caches[] = {_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE,
                                 _SC_LEVEL3_CACHE_SIZE, _SC_LEVEL4_CACHE_SIZE};
    *out = (struct zg_topology_counts){.n_packages = -1,
                                       .n_numa_nodes = -1,
                                       .n_cores = -1,
                                       .n_cpus = sysconf(_SC_NPROCESSORS_CONF)};
    for (int i = 0; i < 4; i++) {
        const int64_t bytes = sysconf(caches[i]);
        out->cache[i].n = bytes > 0 ? -1 : 0;
        out->cache[i].bytes = bytes > 0 ? bytes : 0;
    }
}
