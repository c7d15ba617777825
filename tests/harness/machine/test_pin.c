/* test_pin.c - pin.c and the topology below it. */
#define _GNU_SOURCE /* sched_getcpu */
#include "harness/machine/pin.h"

#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "harness/machine/topology.h"
#include "tests/support/cunit_run.h"

static int64_t n_allowed(void)
{
    struct zg_topology *topology = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_topology_open(&topology, NULL), ZG_OK);
    const int64_t n = topology->n;
    zg_topology_close(&topology);
    return n;
}

/* Under OMP_PROC_BIND the first thread is bound before main(): its mask does not tell all. */
static bool openmp_binds(void)
{
    return omp_get_proc_bind() != omp_proc_bind_false;
}

static void topology_sees_past_openmp_binding(void)
{
    CU_ASSERT_EQUAL(n_allowed(), omp_get_num_procs());
}

/* hwloc's view of what is allowed is the kernel's. */
static void topology_is_the_affinity_mask(void)
{
    if (openmp_binds())
        return;
    cpu_set_t set;
    struct zg_topology *topology = NULL;
    CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof set, &set), 0);
    CU_ASSERT_EQUAL_FATAL(zg_topology_open(&topology, NULL), ZG_OK);
    CU_ASSERT_EQUAL(topology->n, CPU_COUNT(&set));
    for (int64_t i = 0; i < topology->n; i++) {
        const struct zg_place *const place = &topology->places[i];
        CU_ASSERT(CPU_ISSET((size_t)place->cpu, &set));
        if (i)
            CU_ASSERT(zg_place_compare(place - 1, place) < 0);
    }
    zg_topology_close(&topology);
}

/* Cores before siblings, whatever the numbering. */
static void places_sort_cores_first(void)
{
    const struct zg_place a = {.cpu = 4, .core = 3, .sibling = 0},
                          b = {.cpu = 1, .core = 0, .sibling = 1};
    CU_ASSERT(zg_place_compare(&a, &b) < 0);
    CU_ASSERT(zg_place_compare(&b, &a) > 0);
    CU_ASSERT(zg_place_compare(&a, &a) == 0);
}

static void bindings_read_back(void)
{
    struct zg_pin *pin = NULL;
    struct zg_error err = {0};
    const struct zg_pin_request request = {0};
    CU_ASSERT_EQUAL_FATAL(zg_pin_open(&pin, &request, &err), ZG_OK);
    const int64_t n = pin->n_threads;
    CU_ASSERT(n >= 1 && n <= n_allowed());
    CU_ASSERT_EQUAL_FATAL(zg_pin_bind(pin, &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_pin_check(pin, &err), ZG_OK);
    if (!strcmp(pin->method, "none")) {
        printf("skipped: %s\n", pin->reason);
        zg_pin_close(&pin);
        return;
    }
    int wrong = 0;
#pragma omp parallel num_threads((int)n) reduction(+ : wrong)
    {
        /* The kernel's own word, beside the mask that pin.c read. */
        const struct zg_pin_slot *const slot = &pin->slots[omp_get_thread_num()];
        wrong = sched_getcpu() != slot->cpu_asked || slot->cpu_read != slot->cpu_asked;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    for (int64_t t = 0; t < n; t++) {
        const struct zg_pin_slot *const slot = &pin->slots[t];
        CU_ASSERT_EQUAL(slot->thread, t);
        for (int64_t u = 0; u < t; u++)
            CU_ASSERT_NOT_EQUAL(slot->cpu_asked, pin->slots[u].cpu_asked);
#if defined(__x86_64__)
        CU_ASSERT(slot->denormals_flushed);
#endif
    }
    zg_pin_close(&pin);
    /* Closing gave the cpus back. */
    CU_ASSERT_EQUAL(n_allowed(), n_allowed());
    CU_ASSERT(n_allowed() >= n);
    zg_pin_close(&pin);
}

static void a_moved_worker_is_found(void)
{
    struct zg_pin *pin = NULL;
    struct zg_error err = {0};
    const int64_t n = n_allowed();
    if (n < 2) {
        printf("skipped: one cpu\n");
        return;
    }
    const struct zg_pin_request request = {.n_threads = 2};
    CU_ASSERT_EQUAL_FATAL(zg_pin_open(&pin, &request, &err), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_pin_bind(pin, &err), ZG_OK);
    if (strcmp(pin->method, "none")) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((size_t)pin->slots[0].cpu_asked, &set);
#pragma omp parallel num_threads(2)
        if (omp_get_thread_num() == 1)
            sched_setaffinity(0, sizeof set, &set);
        CU_ASSERT_EQUAL(zg_pin_check(pin, &err), ZG_ENV);
        CU_ASSERT(strstr(err.text, "worker 1") != NULL);
    }
    zg_pin_close(&pin);
}

static void a_list_is_taken_in_its_order(void)
{
    struct zg_topology *topology = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_topology_open(&topology, NULL), ZG_OK);
    const int64_t n = topology->n;
    const int64_t last = topology->places[n - 1].cpu, first = topology->places[0].cpu;
    zg_topology_close(&topology);
    if (n < 2)
        return;
    char list[64], places[64], want[64];
    snprintf(list, sizeof list, "%lld,%lld", (long long)last, (long long)first);
    snprintf(want, sizeof want, "{%lld},{%lld}", (long long)last, (long long)first);
    struct zg_pin *pin = NULL;
    const struct zg_pin_request request = {.n_threads = 2, .cpus = list};
    CU_ASSERT_EQUAL_FATAL(zg_pin_open(&pin, &request, NULL), ZG_OK);
    CU_ASSERT_EQUAL(pin->slots[0].cpu_asked, last);
    CU_ASSERT_EQUAL(pin->slots[1].cpu_asked, first);
    CU_ASSERT(zg_pin_places(pin, places, sizeof places));
    CU_ASSERT_STRING_EQUAL(places, want);
    CU_ASSERT(!zg_pin_places(pin, places, 4));
    zg_pin_close(&pin);
}

static void bad_requests_are_named(void)
{
    const struct {
        const char *cpus;
        int64_t n_threads;
        enum zg_status status;
        const char *says;
    } bad[] = {
        {"", 0, ZG_USAGE, "numbers and ranges"},
        {"x", 0, ZG_USAGE, "numbers and ranges"},
        {"0,", 0, ZG_USAGE, "numbers and ranges"},
        {"0-", 0, ZG_USAGE, "numbers and ranges"},
        {"1-0", 0, ZG_USAGE, "numbers and ranges"},
        {"-1", 0, ZG_USAGE, "numbers and ranges"},
        {"0 1", 0, ZG_USAGE, "numbers and ranges"},
        {"99999999999999999999", 0, ZG_USAGE, "numbers and ranges"},
        {"0,0", 0, ZG_USAGE, "twice"},
        {"4095", 0, ZG_ENV, "may not use cpu 4095"},
        {"0-1048575", 0, ZG_ENV, "may not use cpu"},
        {"0", 2, ZG_USAGE, "--threads 2: there are 1 cpus"},
        {NULL, n_allowed() + 1, ZG_USAGE, "threads"},
        {NULL, -1, ZG_USAGE, "threads"},
        {NULL, INT64_MAX, ZG_USAGE, "threads"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct zg_pin *pin = NULL;
        struct zg_error err = {0};
        const struct zg_pin_request request = {.n_threads = bad[i].n_threads, .cpus = bad[i].cpus};
        CU_ASSERT_EQUAL(zg_pin_open(&pin, &request, &err), bad[i].status);
        CU_ASSERT_PTR_NULL(pin);
        CU_ASSERT(strstr(err.text, bad[i].says) != NULL);
    }
}

/* taskset's mask is honoured: with one cpu allowed, one thread is the default and two are
 * refused. */
static void the_mask_limits_the_choice(void)
{
    if (openmp_binds())
        return;
    cpu_set_t old, one;
    CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof old, &old), 0);
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &old))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    CU_ASSERT_EQUAL_FATAL(sched_setaffinity(0, sizeof one, &one), 0);
    struct zg_pin *pin = NULL;
    struct zg_pin_request request = {0};
    CU_ASSERT_EQUAL(zg_pin_open(&pin, &request, NULL), ZG_OK);
    if (pin) {
        CU_ASSERT_EQUAL(pin->n_threads, 1);
        CU_ASSERT_EQUAL(pin->n_cpus_allowed, 1);
        CU_ASSERT_EQUAL(pin->n_cores_allowed, 1);
    }
    zg_pin_close(&pin);
    request.n_threads = 2;
    CU_ASSERT_EQUAL(zg_pin_open(&pin, &request, NULL), ZG_USAGE);
    sched_setaffinity(0, sizeof old, &old);
}

int main(void)
{
    const struct zg_test tests[] = {
        {"the topology sees past OpenMP binding", topology_sees_past_openmp_binding},
        {"the topology is the affinity mask", topology_is_the_affinity_mask},
        {"places sort cores first", places_sort_cores_first},
        {"bindings read back", bindings_read_back},
        {"a moved worker is found", a_moved_worker_is_found},
        {"a list is taken in its order", a_list_is_taken_in_its_order},
        {"bad requests are named", bad_requests_are_named},
        {"the mask limits the choice", the_mask_limits_the_choice},
        {0}};
    return zg_test_run("pin", tests);
}
