/* topology.c - what both implementations of topology.h share. */
#include "harness/machine/topology.h"

#include <omp.h>
#include <stdlib.h>

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

int64_t *zg_openmp_cpus(int64_t *n)
{
    *n = 0;
    return omp_get_proc_bind() == omp_proc_bind_false ? NULL : zg_openmp_place_cpus(n);
}
