/*
 * pin.c - chooses cpus, binds the OpenMP team to them and reads the binding back.  How a cpu is
 * found and a thread bound is topology.h's.
 */
#include "harness/machine/pin.h"

#include <errno.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "engines/base/cpu.h"
#include "harness/base/signals.h"
#include "harness/machine/sysfile.h"
#include "harness/machine/topology.h"

static const struct zg_place *find_place(const struct zg_topology *topology, int64_t cpu)
{
    for (int64_t i = 0; i < topology->n; i++)
        if (topology->places[i].cpu == cpu)
            return &topology->places[i];
    return NULL;
}

static int compare_int64(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* "0-3,8": the allowed cpus, for messages. */
static void describe_allowed(const struct zg_topology *topology, char *text, size_t size)
{
    const int64_t n = topology->n;
    int64_t *cpus = malloc((size_t)n * sizeof *cpus);
    size_t used = 0;
    text[0] = '\0';
    if (!cpus)
        return;
    for (int64_t i = 0; i < n; i++)
        cpus[i] = topology->places[i].cpu;
    qsort(cpus, (size_t)n, sizeof *cpus, compare_int64);
    for (int64_t i = 0; i < n && used < size;) {
        int64_t last = i;
        while (last + 1 < n && cpus[last + 1] == cpus[last] + 1)
            last++;
        const char *const comma = i ? "," : "";
        const int wrote =
            last > i ? snprintf(text + used, size - used, "%s%lld-%lld", comma, (long long)cpus[i],
                                (long long)cpus[last])
                     : snprintf(text + used, size - used, "%s%lld", comma, (long long)cpus[i]);
        used += wrote > 0 ? (size_t)wrote : 0;
        i = last + 1;
    }
    free(cpus);
}

/* One number of a cpu list; moves *text on.  -1: not a number of a cpu. */
static int64_t parse_cpu(const char **text)
{
    if (**text < '0' || **text > '9')
        return -1;
    char *end;
    errno = 0;
    const long long value = strtoll(*text, &end, 10);
    *text = end;
    return errno || value > 1 << 20 ? -1 : value;
}

/* Adds one cpu to the chosen ones. */
static enum zg_status choose(const struct zg_topology *topology, const struct zg_place **chosen,
                             int64_t *n, int64_t cpu, const char *list, struct zg_error *err)
{
    const struct zg_place *const place = find_place(topology, cpu);
    if (!place) {
        char allowed[160];
        describe_allowed(topology, allowed, sizeof allowed);
        return zg_fail(err, ZG_ENV, "--cpus %s: this process may not use cpu %lld; it may use %s",
                       list, (long long)cpu, allowed);
    }
    for (int64_t i = 0; i < *n; i++)
        if (chosen[i] == place)
            return zg_fail(err, ZG_USAGE, "--cpus %s: cpu %lld is listed twice", list,
                           (long long)cpu);
    chosen[(*n)++] = place;
    return ZG_OK;
}

/* Parses "0,2,4-7" into chosen[], which has room for every allowed cpu: none can come twice. */
static enum zg_status parse_list(const struct zg_topology *topology, const char *list,
                                 const struct zg_place **chosen, int64_t *n, struct zg_error *err)
{
    const char *at = list;
    for (*n = 0;;) {
        const int64_t first = parse_cpu(&at);
        int64_t last = first;
        if (first >= 0 && *at == '-') {
            at++;
            last = parse_cpu(&at);
        }
        if (first < 0 || last < first || (*at && *at != ','))
            return zg_fail(err, ZG_USAGE, "--cpus %s: want numbers and ranges such as 0,2,4-7",
                           list);
        for (int64_t cpu = first; cpu <= last; cpu++) {
            const enum zg_status status = choose(topology, chosen, n, cpu, list, err);
            if (status)
                return status;
        }
        if (!*at)
            return ZG_OK;
        at++;
    }
}

/* Without a number of threads: one per core among the cpus chosen, no more than the cgroup's quota
 * can keep busy. */
static int64_t default_threads(const struct zg_place *const *chosen, int64_t n)
{
    int64_t n_cores = 0;
    for (int64_t i = 0; i < n; i++) {
        bool first = true;
        for (int64_t j = 0; j < i && first; j++)
            first = chosen[j]->core < 0 || chosen[j]->core != chosen[i]->core;
        n_cores += first;
    }
    const double quota = zg_cgroup_cpu_quota();
    if (!isnan(quota) && quota < (double)n_cores)
        n_cores = quota < 1 ? 1 : (int64_t)quota;
    return n_cores;
}

enum zg_status zg_pin_open(struct zg_pin **out, const struct zg_pin_request *request,
                           struct zg_error *err)
{
    const struct zg_place **chosen = NULL;
    *out = NULL;
    struct zg_pin *pin = calloc(1, sizeof *pin);
    if (!pin)
        return zg_fail(err, ZG_ENV, "no memory for the pins");
    enum zg_status status = zg_topology_open(&pin->topology, err);
    if (status)
        goto done;
    int64_t n = pin->topology->n;
    chosen = calloc((size_t)n, sizeof *chosen);
    pin->slots = calloc((size_t)n, sizeof *pin->slots);
    if (!chosen || !pin->slots) {
        status = zg_fail(err, ZG_ENV, "no memory for the pins");
        goto done;
    }
    if (request->cpus) {
        status = parse_list(pin->topology, request->cpus, chosen, &n, err);
        if (status)
            goto done;
    } else {
        for (int64_t i = 0; i < n; i++)
            chosen[i] = &pin->topology->places[i];
    }
    pin->n_threads = request->n_threads ? request->n_threads : default_threads(chosen, n);
    if (pin->n_threads < 0 || pin->n_threads > n) {
        status = zg_fail(
            err, ZG_USAGE, "--threads %lld: there are %lld cpus%s%s, want 1 to %lld threads",
            (long long)pin->n_threads, (long long)n, request->cpus ? " of --cpus " : "",
            request->cpus ? request->cpus : "", (long long)n);
        goto done;
    }
    for (int64_t i = 0; i < pin->n_threads; i++)
        pin->slots[i] = (struct zg_pin_slot){.thread = i,
                                             .cpu_asked = chosen[i]->cpu,
                                             .cpu_read = -1,
                                             .core = chosen[i]->core,
                                             .package = chosen[i]->package,
                                             .numa_node = chosen[i]->numa_node};
    pin->n_cpus_allowed = pin->topology->n;
    for (int64_t i = 0; i < pin->topology->n; i++)
        pin->n_cores_allowed += pin->topology->places[i].sibling == 0;
    pin->explicit_cpus = request->cpus != NULL;
    pin->method = zg_topology_method();
    if (strcmp(pin->method, "hwloc"))
        snprintf(pin->reason, sizeof pin->reason, "built without hwloc: install libhwloc-dev");
    *out = pin;
    pin = NULL;
done:
    free(chosen);
    zg_pin_close(&pin);
    return status;
}

/* Do FTZ (bit 15) and DAZ (bit 6) hold in this thread? */
static bool denormals_flushed(void)
{
#if defined(__x86_64__)
    return (_mm_getcsr() & 0x8040u) == 0x8040u;
#else
    return false;
#endif
}

enum zg_status zg_pin_bind(struct zg_pin *pin, struct zg_error *err)
{
    int failed = 0, team = 0;
#pragma omp parallel num_threads((int)pin->n_threads) reduction(max : failed)
    {
        const int thread = omp_get_thread_num();
        struct zg_pin_slot *const slot = &pin->slots[thread];
        if (thread == 0)
            team = omp_get_num_threads();
        if (thread > 0)
            zg_signals_leave_to_others();
        failed = zg_topology_bind(pin->topology, slot->cpu_asked);
        zg_cpu_flush_denormals();
        slot->denormals_flushed = denormals_flushed();
        slot->cpu_read = zg_topology_bound(pin->topology);
    }
    if (team != pin->n_threads)
        return zg_fail(err, ZG_ENV,
                       "OpenMP gives a team of %d where %lld threads are asked for: unset "
                       "OMP_THREAD_LIMIT and OMP_DYNAMIC",
                       team, (long long)pin->n_threads);
    if (failed && pin->explicit_cpus)
        return zg_fail(err, ZG_ENV, "--cpus: the system refuses to bind threads: %s",
                       strerror(failed));
    if (failed) { /* half a team bound is worse than none */
#pragma omp parallel num_threads((int)pin->n_threads)
        (void)zg_topology_bind(pin->topology, -1);
        pin->method = "none";
        snprintf(pin->reason, sizeof pin->reason, "the system refuses to bind threads: %s",
                 strerror(failed));
        return ZG_OK;
    }
    pin->bound = true;
    return zg_pin_check(pin, err);
}

enum zg_status zg_pin_check(const struct zg_pin *pin, struct zg_error *err)
{
    if (!pin->bound)
        return ZG_OK;
    int64_t moved = -1, now = -1;
#pragma omp parallel num_threads((int)pin->n_threads)
    {
        const struct zg_pin_slot *const slot = &pin->slots[omp_get_thread_num()];
        const int64_t cpu = zg_topology_bound(pin->topology);
        if (cpu != slot->cpu_asked) {
#pragma omp critical(zg_pin_check)
            {
                moved = slot->thread;
                now = cpu;
            }
        }
    }
    if (moved < 0)
        return ZG_OK;
    const long long asked = (long long)pin->slots[moved].cpu_asked;
    if (now < 0)
        return zg_fail(err, ZG_ENV, "worker %lld was bound to cpu %lld and is now free to move",
                       (long long)moved, asked);
    return zg_fail(err, ZG_ENV, "worker %lld was bound to cpu %lld and is now on cpu %lld",
                   (long long)moved, asked, (long long)now);
}

void zg_pin_close(struct zg_pin **pin)
{
    if (!pin || !*pin)
        return;
    struct zg_pin *const p = *pin;
    if (p->bound) {
#pragma omp parallel num_threads((int)p->n_threads)
        (void)zg_topology_bind(p->topology, -1);
    }
    zg_topology_close(&p->topology);
    free(p->slots);
    free(p);
    *pin = NULL;
}

bool zg_pin_places(const struct zg_pin *pin, char *text, int64_t size)
{
    int64_t used = 0;
    for (int64_t i = 0; i < pin->n_threads; i++) {
        const int wrote = snprintf(text + used, (size_t)(size - used), "%s{%lld}", i ? "," : "",
                                   (long long)pin->slots[i].cpu_asked);
        if (wrote < 0 || wrote >= size - used)
            return false;
        used += wrote;
    }
    return true;
}
