/* topology_hwloc.c - where the cpus sit, as hwloc tells: topology.h. */
#include "harness/machine/topology.h"

#include <errno.h>
#include <hwloc.h>
#include <string.h>

const char zg_topology_method[] = "hwloc";

static void find_place(hwloc_topology_t hwloc, struct zg_place *place)
{
    hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(hwloc, (unsigned)place->cpu);
    if (!pu)
        return;
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(hwloc, HWLOC_OBJ_CORE, pu);
    hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(hwloc, HWLOC_OBJ_PACKAGE, pu);
    if (core)
        place->core = (int64_t)core->logical_index;
    if (package)
        place->package = (int64_t)package->logical_index;
    if (pu->nodeset && hwloc_bitmap_first(pu->nodeset) >= 0)
        place->numa_node = hwloc_bitmap_first(pu->nodeset);
}

enum zg_status zg_topology_find(struct zg_place *places, int64_t n, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    hwloc_topology_t hwloc;
    if (hwloc_topology_init(&hwloc))
        return zg_fail(err, ZG_ENV, "hwloc_topology_init failed: %s", strerror(errno));
    if (hwloc_topology_load(hwloc))
        status =
            zg_fail(err, ZG_ENV, "hwloc cannot read this machine's topology: %s", strerror(errno));
    for (int64_t i = 0; i < n && !status; i++)
        find_place(hwloc, &places[i]);
    hwloc_topology_destroy(hwloc);
    return status;
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
