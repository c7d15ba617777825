/*
 * topology.h - the cpus that this process may use and where they sit, and binding one thread to one
 * of them.
 *
 * Two implementations of one interface: topology_hwloc.c, and topology_linux.c (sched_setaffinity
 * and /sys) for builds without hwloc.  Private to pin.c and its tests.
 */
#ifndef ZG_HARNESS_TOPOLOGY_H
#define ZG_HARNESS_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"

struct zg_place {
    int64_t cpu;       /* operating-system index */
    int64_t core;      /* physical core, numbered through the machine; -1 unknown */
    int64_t sibling;   /* 0 for the first allowed cpu of its core, 1 for the next, ... */
    int64_t package;   /* -1 unknown */
    int64_t numa_node; /* -1 unknown */
};

/* The last two are the implementation's: hwloc's topology, and its bitmap or a cpu_set_t. */
struct zg_topology {
    struct zg_place *places; /* [n] sorted: first siblings in core order, then second ... */
    int64_t n;
    void *system;  /* NULL without hwloc */
    void *allowed; /* the mask found at open */
};

/* Reads the machine and the calling thread's mask. */
enum zg_status zg_topology_open(struct zg_topology **out, struct zg_error *err);
void zg_topology_close(struct zg_topology **topology);

const char *zg_topology_method(void); /* "hwloc" or "sched_setaffinity" */

/* Binds the calling thread to a cpu, or (-1) to the mask found at open.  0, or an errno. */
int zg_topology_bind(const struct zg_topology *topology, int64_t cpu);
/* The only cpu of the calling thread's mask; -1 if there are several or the mask is not
 * readable. */
int64_t zg_topology_bound(const struct zg_topology *topology);

/* The cpus of all OpenMP places, malloc'ed; NULL: there are none.  Where OMP_PROC_BIND is on,
 * libgomp has bound the first thread to its place before main() began, and the thread's mask no
 * longer tells all that the process may use; the places do, for the runtime cut them down to the
 * mask it was started with. */
int64_t *zg_openmp_place_cpus(int64_t *n);
/* The same where OMP_PROC_BIND is on, else NULL. */
int64_t *zg_openmp_cpus(int64_t *n);

/* The whole machine, allowed or not; -1 where unknown. */
struct zg_topology_counts {
    int64_t n_packages, n_numa_nodes, n_cores, n_cpus;
    struct {
        int64_t n;     /* instances; 0: no such cache */
        int64_t bytes; /* of one */
    } cache[4];        /* [level - 1]: L1 data, L2, L3, L4 */
};
void zg_topology_count(struct zg_topology_counts *out);

/* qsort order of places: sibling, then core, then cpu. */
int zg_place_compare(const void *a, const void *b);

#endif
