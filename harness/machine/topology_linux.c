/* topology_linux.c - where the cpus sit, from /sys: topology.h without hwloc. */
#include "harness/machine/topology.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/machine/sysfile.h"

const char zg_topology_method[] = "sched_setaffinity";

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
enum zg_status zg_topology_find(struct zg_place *places, int64_t n, struct zg_error *err)
{
    int64_t n_cores = 0;
    int64_t *const core_id = calloc((size_t)n, sizeof *core_id);
    if (!core_id)
        return zg_fail(err, ZG_ENV, "no memory for the topology");
    for (int64_t i = 0; i < n; i++) {
        struct zg_place *const place = &places[i];
        core_id[i] = sys_cpu(place->cpu, "topology/core_id");
        place->package = sys_cpu(place->cpu, "topology/physical_package_id");
        place->numa_node = numa_node_of(place->cpu);
        for (int64_t j = 0; j < i && core_id[i] >= 0; j++)
            if (core_id[j] == core_id[i] && places[j].package == place->package)
                place->core = places[j].core;
        if (core_id[i] >= 0 && place->core < 0)
            place->core = n_cores++;
    }
    free(core_id);
    return ZG_OK;
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
