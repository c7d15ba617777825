/* topology_hwloc.c - topology.h on hwloc. */
#include "harness/machine/topology.h"

#include <errno.h>
#include <hwloc.h>
#include <stdlib.h>
#include <string.h>

const char *zg_topology_method(void)
{
    return "hwloc";
}

/* How many allowed cpus of the same core come before this one. */
static int64_t sibling_rank(const struct zg_topology *t, hwloc_obj_t core, unsigned cpu)
{
    int64_t rank = 0;
    if (!core)
        return 0;
    for (int other = hwloc_bitmap_first(core->cpuset); other >= 0;
         other = hwloc_bitmap_next(core->cpuset, other))
        if ((unsigned)other < cpu && hwloc_bitmap_isset(t->allowed, (unsigned)other))
            rank++;
    return rank;
}

static struct zg_place place_of(const struct zg_topology *t, unsigned cpu)
{
    struct zg_place place = {.cpu = (int64_t)cpu, .core = -1, .package = -1, .numa_node = -1};
    hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(t->system, cpu);
    if (!pu)
        return place;
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(t->system, HWLOC_OBJ_CORE, pu);
    hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(t->system, HWLOC_OBJ_PACKAGE, pu);
    if (core)
        place.core = (int64_t)core->logical_index;
    if (package)
        place.package = (int64_t)package->logical_index;
    if (pu->nodeset && hwloc_bitmap_first(pu->nodeset) >= 0)
        place.numa_node = hwloc_bitmap_first(pu->nodeset);
    place.sibling = sibling_rank(t, core, cpu);
    return place;
}

/* taskset's mask and OpenMP's places; hwloc's own allowed set has only the cgroup's. */
static void read_allowed(struct zg_topology *t)
{
    const hwloc_const_bitmap_t cgroup = hwloc_topology_get_allowed_cpuset(t->system);
    int64_t n;
    int64_t *const cpus = zg_openmp_cpus(&n);
    if (hwloc_get_cpubind(t->system, t->allowed, HWLOC_CPUBIND_THREAD))
        hwloc_bitmap_copy(t->allowed, cgroup);
    for (int64_t i = 0; i < n; i++)
        hwloc_bitmap_set(t->allowed, (unsigned)cpus[i]);
    free(cpus);
    hwloc_bitmap_and(t->allowed, t->allowed, cgroup);
}

enum zg_status zg_topology_open(struct zg_topology **out, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    *out = NULL;
    struct zg_topology *t = calloc(1, sizeof *t);
    if (!t)
        return zg_fail(err, ZG_ENV, "no memory for the topology");
    hwloc_topology_t system;
    if (hwloc_topology_init(&system)) {
        status = zg_fail(err, ZG_ENV, "hwloc_topology_init failed: %s", strerror(errno));
        goto done;
    }
    t->system = system;
    t->allowed = hwloc_bitmap_alloc();
    if (!t->allowed || hwloc_topology_load(t->system)) {
        status =
            zg_fail(err, ZG_ENV, "hwloc cannot read this machine's topology: %s", strerror(errno));
        goto done;
    }
    read_allowed(t);
    const int weight = hwloc_bitmap_weight(t->allowed);
    t->places = weight > 0 ? calloc((size_t)weight, sizeof *t->places) : NULL;
    if (!t->places) {
        status = zg_fail(err, ZG_ENV, "hwloc finds no cpu that this process may use");
        goto done;
    }
    for (int cpu = hwloc_bitmap_first(t->allowed); cpu >= 0;
         cpu = hwloc_bitmap_next(t->allowed, cpu))
        t->places[t->n++] = place_of(t, (unsigned)cpu);
    qsort(t->places, (size_t)t->n, sizeof *t->places, zg_place_compare);
    *out = t;
    t = NULL;
done:
    zg_topology_close(&t);
    return status;
}

void zg_topology_close(struct zg_topology **topology)
{
    if (!topology || !*topology)
        return;
    struct zg_topology *const t = *topology;
    if (t->allowed)
        hwloc_bitmap_free(t->allowed);
    if (t->system)
        hwloc_topology_destroy(t->system);
    free(t->places);
    free(t);
    *topology = NULL;
}

int zg_topology_bind(const struct zg_topology *topology, int64_t cpu)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    if (!set)
        return ENOMEM;
    if (cpu < 0)
        hwloc_bitmap_copy(set, topology->allowed);
    else
        hwloc_bitmap_only(set, (unsigned)cpu);
    const int failed = hwloc_set_cpubind(topology->system, set, HWLOC_CPUBIND_THREAD) ? errno : 0;
    hwloc_bitmap_free(set);
    return failed;
}

int64_t zg_topology_bound(const struct zg_topology *topology)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    int64_t cpu = -1;
    if (set && !hwloc_get_cpubind(topology->system, set, HWLOC_CPUBIND_THREAD) &&
        hwloc_bitmap_weight(set) == 1)
        cpu = hwloc_bitmap_first(set);
    hwloc_bitmap_free(set);
    return cpu;
}

void zg_topology_count(struct zg_topology_counts *out)
{
    static const hwloc_obj_type_t caches[] = {HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE,
                                              HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE};
    hwloc_topology_t hwloc;
    *out = (struct zg_topology_counts){
        .n_packages = -1, .n_numa_nodes = -1, .n_cores = -1, .n_cpus = -1};
    if (hwloc_topology_init(&hwloc))
        return;
    if (!hwloc_topology_load(hwloc)) {
        out->n_packages = hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_PACKAGE);
        out->n_numa_nodes = hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_NUMANODE);
        out->n_cores = hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_CORE);
        out->n_cpus = hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_PU);
        for (int i = 0; i < 4; i++) {
            hwloc_obj_t cache = hwloc_get_obj_by_type(hwloc, caches[i], 0);
            if (cache) {
                out->cache[i].n = hwloc_get_nbobjs_by_type(hwloc, caches[i]);
                out->cache[i].bytes = (int64_t)cache->attr->cache.size;
            }
        }
    }
    hwloc_topology_destroy(hwloc);
}
