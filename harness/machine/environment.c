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
#include <strings.h>
#include <unistd.h>

#include "engines/base/cpu.h"
#include "harness/machine/topology.h"

#ifdef ZOGAP_HAVE_OPENBLAS
#include <cblas.h>
#endif

/* Holds the cpus of the first process, and the kernels that OpenBLAS chose there if they were
 * replaced: "0,1,;Prescott".  The second process must not restart again, and needs the list. */
#define GUARD "ZOGAP_RESTARTED"

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
    const char *const guard = getenv(GUARD);
    if (guard)
        allow_cpus_of_guard(guard);
    else
        allow_cpus_of_places();
    omp_set_dynamic(0);
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

static bool is_one_of(const char *core, const char *const *names)
{
    for (; *names; names++)
        if (strcasecmp(core, *names) == 0)
            return true;
    return false;
}

const char *zg_openblas_better_core(const char *core, int isa)
{
    /* Zen counts as good on AVX-512 machines: its 256-bit kernels keep a Zen 4 as busy as 512-bit
     * ones. */
    static const char *const avx512[] = {"SkylakeX", "Cooperlake", "SapphireRapids", "Zen", NULL};
    static const char *const avx2[] = {"Haswell", "Zen", "Excavator", NULL};
    if (isa >= ZG_ISA_AVX512)
        return is_one_of(core, avx512) ? NULL : "SkylakeX";
    if (isa >= ZG_ISA_AVX2)
        return is_one_of(core, avx2) || is_one_of(core, avx512) ? NULL : "Haswell";
    return NULL;
}

static const char *openblas_core(void)
{
#ifdef ZOGAP_HAVE_OPENBLAS
    return openblas_get_corename();
#else
    return NULL;
#endif
}

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
    char guard[8 * CPU_SETSIZE];
    show_allowed_cpus(guard, sizeof guard);
    if (core) {
        const size_t n = strlen(guard);
        snprintf(guard + n, sizeof guard - n, ";%s", openblas_core());
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
    *out = (struct zg_environment){.restarted = getenv(GUARD) != NULL,
                                   .openblas_is_openmp = openblas_runs_on_openmp()};
    const char *const core = openblas_core();
    const char *const user_core = getenv("OPENBLAS_CORETYPE");
    const char *const better = core ? zg_openblas_better_core(core, (int)zg_cpu_isa()) : NULL;
    const bool needs_core = better && !user_core;
    const bool needs_places =
        places && !(is_set_to("OMP_PLACES", places) && is_set_to("OMP_PROC_BIND", "close"));
    if (!out->restarted && (needs_core || needs_places))
        restart(argv, needs_core ? better : NULL, needs_places ? places : NULL);

    if (out->restarted) {
        const char *const set_places = getenv("OMP_PLACES");
        const char *const old_core = strchr(getenv(GUARD), ';');
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
    else if (better)
        snprintf(out->warning, sizeof out->warning,
                 "OpenBLAS runs its %s kernels on a processor with %s: too slow to be a fair "
                 "baseline; %s OPENBLAS_CORETYPE%s%s",
                 core, zg_isa_name(zg_cpu_isa()), user_core ? "unset" : "set", user_core ? "" : "=",
                 user_core ? "" : better);
}
