/*
 * topology.c - the mask at open with the places of OpenMP, and masks of one cpu.  Where a cpu sits
 * is topology_hwloc.c's or topology_linux.c's.
 */
#define _GNU_SOURCE /* cpu_set_t */
#include "harness/machine/topology.h"

#include <errno.h>
#include <omp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* cpu_set_t stops at 1024 cpus; the dynamic sets go on.  The kernel says EINVAL if ours is too
 * small. */
#define MOST_CPUS 8192
#define SET_BYTES CPU_ALLOC_SIZE(MOST_CPUS)

int zg_place_compare(const void *a, const void *b)
{
    const struct zg_place *x = a, *y = b;
    if (x->sibling != y->sibling)
        return x->sibling < y->sibling ? -1 : 1;
    if (x->core != y->core)
        return x->core < y->core ? -1 : 1;
    return (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

int64_t *zg_openmp_place_cpus(int64_t *n)
{
    *n = 0;
    int64_t total = 0;
    for (int place = 0; place < omp_get_num_places(); place++)
        total += omp_get_place_num_procs(place);
    int64_t *const cpus = total ? calloc((size_t)total, sizeof *cpus) : NULL;
    for (int place = 0; cpus && place < omp_get_num_places(); place++) {
        const int n_ids = omp_get_place_num_procs(place);
        int *const ids = calloc((size_t)n_ids + 1, sizeof *ids);
        if (ids)
            omp_get_place_proc_ids(place, ids);
        for (int i = 0; ids && i < n_ids; i++)
            cpus[(*n)++] = ids[i];
        free(ids);
    }
    return cpus;
}

static enum zg_status read_allowed(cpu_set_t *allowed, struct zg_error *err)
{
    CPU_ZERO_S(SET_BYTES, allowed);
    if (sched_getaffinity(0, SET_BYTES, allowed))
        return zg_fail(err, ZG_ENV, "sched_getaffinity failed: %s", strerror(errno));
    if (omp_get_proc_bind() == omp_proc_bind_false)
        return ZG_OK;
    int64_t n;
    int64_t *const cpus = zg_openmp_place_cpus(&n);
    for (int64_t i = 0; i < n; i++)
        if (cpus[i] < MOST_CPUS)
            CPU_SET_S((size_t)cpus[i], SET_BYTES, allowed);
    free(cpus);
    return ZG_OK;
}

/* How many allowed cpus of the same core come before. */
static void number_siblings(struct zg_place *places, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            places[i].sibling += places[i].core >= 0 && places[j].core == places[i].core;
}

static enum zg_status make_places(struct zg_topology *t, const cpu_set_t *allowed,
                                  struct zg_error *err)
{
    t->places = calloc((size_t)CPU_COUNT_S(SET_BYTES, allowed), sizeof *t->places);
    if (!t->places)
        return zg_fail(err, ZG_ENV, "no memory for the topology");
    for (int64_t cpu = 0; cpu < MOST_CPUS; cpu++)
        if (CPU_ISSET_S((size_t)cpu, SET_BYTES, allowed))
            t->places[t->n++] =
                (struct zg_place){.cpu = cpu, .core = -1, .package = -1, .numa_node = -1};
    const enum zg_status status = zg_topology_find(t->places, t->n, err);
    number_siblings(t->places, t->n);
    qsort(t->places, (size_t)t->n, sizeof *t->places, zg_place_compare);
    return status;
}

enum zg_status zg_topology_open(struct zg_topology **out, struct zg_error *err)
{
    struct zg_topology *const t = calloc(1, sizeof *t);
    *out = t;
    if (!t)
        return zg_fail(err, ZG_ENV, "no memory for the topology");
    t->allowed = CPU_ALLOC(MOST_CPUS);
    enum zg_status status = t->allowed ? read_allowed(t->allowed, err)
                                       : zg_fail(err, ZG_ENV, "no memory for the topology");
    if (!status)
        status = make_places(t, t->allowed, err);
    if (status)
        zg_topology_close(out);
    return status;
}

void zg_topology_close(struct zg_topology **topology)
{
    if (!topology || !*topology)
        return;
    CPU_FREE((*topology)->allowed);
    free((*topology)->places);
    free(*topology);
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

int64_t zg_topology_bound(void)
{
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
