/*
 * environment.c - sets the variables and executes the program anew, once: a variable of its own
 * tells the second process so, and which cpus the first might use.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* cpu_set_t */
#endif
#include "harness/machine/environment.h"

#include <errno.h>
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/base/cpu.h"
#include "harness/machine/kernels.h"
#include "harness/machine/topology.h"
#include "harness/machine/variables.h"

#ifdef ZOGAP_HAVE_OPENBLAS
#include <cblas.h>
#endif
#ifdef ZOGAP_HAVE_ONEDNN
#include <dnnl.h>
#endif

/* Holds the process, which keeps its number, the cpus that it could use before, and the kernels
 * that OpenBLAS chose there if they were replaced: "4711:0,1,;Prescott".  The second process must
 * not restart again, and needs the list; a child of it is another one. */
#define GUARD "ZOGAP_RESTARTED"

/* What follows the number; NULL: this is the first process. */
static const char *guard_text(void)
{
    const char *const text = getenv(GUARD);
    char *end = NULL;
    const long long pid = text ? strtoll(text, &end, 10) : 0;
    return text && pid == (long long)getpid() && *end == ':' ? end + 1 : NULL;
}

/* ---- cpus ------------------------------------------------------------------------------------ */

static void allow_cpus_of_guard(const char *text)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    while (*text && *text != ';') {
        char *end = NULL;
        const unsigned long cpu = strtoul(text, &end, 10);
        if (end == text || cpu >= CPU_SETSIZE)
            return;
        CPU_SET(cpu, &set);
        text = *end == ',' ? end + 1 : end;
    }
    if (CPU_COUNT(&set) > 0)
        sched_setaffinity(0, sizeof set, &set);
}

/* libgomp bound the master to its first place before main(); the places together are what it may
 * use. */
static void allow_cpus_of_places(void)
{
    cpu_set_t set;
    int64_t n;
    int64_t *const cpus = zg_openmp_place_cpus(&n);
    CPU_ZERO(&set);
    for (int64_t i = 0; i < n; i++)
        if (cpus[i] >= 0 && cpus[i] < CPU_SETSIZE)
            CPU_SET((size_t)cpus[i], &set);
    free(cpus);
    if (CPU_COUNT(&set) > 0)
        sched_setaffinity(0, sizeof set, &set);
}

void zg_environment_begin(void)
{
    const char *const guard = guard_text();
    zg_variables_take_out();
    if (guard)
        allow_cpus_of_guard(guard);
    else
        allow_cpus_of_places();
    omp_set_dynamic(0);
    omp_set_max_active_levels(1);
#ifdef ZOGAP_HAVE_ONEDNN
    dnnl_set_verbose(0); /* also where the program cannot start anew */
#endif
}

static void show_allowed_cpus(char *text, size_t size)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    text[0] = '\0';
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return;
    size_t n = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE && n + 8 < size; cpu++)
        if (CPU_ISSET((size_t)cpu, &set))
            n += (size_t)snprintf(text + n, size - n, "%d,", cpu);
}

/* ---- OpenBLAS -------------------------------------------------------------------------------- */

static bool openblas_runs_on_openmp(void)
{
#ifdef ZOGAP_HAVE_OPENBLAS
    return openblas_get_parallel() == OPENBLAS_OPENMP;
#else
    return true;
#endif
}

/* ---- restart --------------------------------------------------------------------------------- */

static bool is_set_to(const char *name, const char *value)
{
    const char *const now = getenv(name);
    return now && strcmp(now, value) == 0;
}

static void restart(char *const *argv, const char *core, const char *places)
{
    char guard[8 * CPU_SETSIZE + 64];
    const int n_pid = snprintf(guard, sizeof guard, "%lld:", (long long)getpid());
    show_allowed_cpus(guard + n_pid, 8 * CPU_SETSIZE);
    if (core) {
        const size_t n = strlen(guard);
        snprintf(guard + n, sizeof guard - n, ";%s", zg_openblas_core());
        setenv("OPENBLAS_CORETYPE", core, 1);
    }
    if (setenv(GUARD, guard, 1) != 0)
        return;
    if (places) {
        setenv("OMP_PLACES", places, 1);
        setenv("OMP_PROC_BIND", "close", 1);
        unsetenv("GOMP_CPU_AFFINITY");
    }
    fflush(NULL);
    /* By its own path: through the link the process would be called "exe". */
    char path[4096];
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n > 0) {
        path[n] = '\0';
        execv(path, argv);
    }
    execv("/proc/self/exe", argv); /* the file was replaced meanwhile */
    unsetenv(GUARD);
}

void zg_environment_restart_once(struct zg_environment *out, char *const *argv, const char *places)
{
    const char *const guard = guard_text(), *const core = zg_openblas_core();
    const char *const user_core = getenv("OPENBLAS_CORETYPE");
    *out = (struct zg_environment){.restarted = guard != NULL,
                                   .openblas_is_openmp = openblas_runs_on_openmp()};
    const char *const better = core ? zg_openblas_better_core(core, (int)zg_cpu_isa()) : NULL;
    const bool needs_core = better && !user_core;
    const bool needs_places =
        places && !(is_set_to("OMP_PLACES", places) && is_set_to("OMP_PROC_BIND", "close"));
    if (!guard && (needs_core || needs_places || zg_variables_were_taken_out()))
        restart(argv, needs_core ? better : NULL, needs_places ? places : NULL);

    if (guard) {
        const char *const set_places = getenv("OMP_PLACES");
        const char *const old_core = strchr(guard, ';');
        snprintf(out->note, sizeof out->note, "restarted once with OMP_PLACES=%.160s%s%s%s%.40s%s",
                 set_places ? set_places : "", old_core ? " and OPENBLAS_CORETYPE=" : "",
                 old_core && user_core ? user_core : "",
                 old_core ? ", since OpenBLAS had chosen its " : "", old_core ? old_core + 1 : "",
                 old_core ? " kernels" : "");
    }
    if (!out->openblas_is_openmp)
        snprintf(out->warning, sizeof out->warning,
                 "the OpenBLAS that loaded is not the OpenMP build: its threads are not pinned; "
                 "install libopenblas-openmp-dev and choose it with update-alternatives");
}
