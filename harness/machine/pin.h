/*
 * pin.h - binds every OpenMP worker to one core, reads the binding back, and keeps the record.
 *
 *     struct zg_pin *pin = NULL;
 *     const struct zg_pin_request request = {.n_threads = 2};
 *     if (zg_pin_open(&pin, &request, &err)) ...   // choose the cpus
 *     if (zg_pin_bind(pin, &err)) ...              // bind the team, flush denormals, read back
 *     ... everything runs in `#pragma omp parallel num_threads((int)pin->n_threads)` ...
 *     if (zg_pin_check(pin, &err)) ...             // still where they were?
 *     zg_pin_close(&pin);
 *
 * Which cpus: those that the process may use (cgroup cpuset and taskset, and OpenMP's places
 * where OMP_PROC_BIND is on), one per physical core first, in topology order, then the SMT
 * siblings; or, with `cpus`, exactly that list, in its order.  The master thread is worker 0.
 *
 * A trap that zg_pin_check() is for: libgomp ends surplus workers when a smaller team runs, and a
 * worker made later inherits the *master's* mask, so two workers share a core.  Therefore every
 * region of a run uses the same team size; a library that cannot promise that (OpenBLAS on small
 * products) is why a program exports zg_pin_places() as OMP_PLACES, with OMP_PROC_BIND=close,
 * before it starts: then libgomp puts late workers right by itself.
 *
 * Without hwloc (ZOGAP_HAVE_HWLOC unset) the same interface works on sched_setaffinity and /sys;
 * where the system refuses to bind, threads stay unpinned, `method` is "none" and `reason` says
 * why.
 */
#ifndef ZG_HARNESS_PIN_H
#define ZG_HARNESS_PIN_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"

struct zg_pin_request {
    /* 0: one per core among the cpus, or the cgroup's cpu quota if that is less */
    int64_t n_threads;
    const char *cpus; /* "0,2,4-7", or NULL: all that the process may use */
};

/* One worker; -1 where a number is not known. */
struct zg_pin_slot {
    int64_t thread;    /* OpenMP thread number */
    int64_t cpu_asked; /* operating-system index */
    /* the only cpu of the mask read back; -1 if the mask holds several, or before bind */
    int64_t cpu_read;
    int64_t core; /* logical index of the physical core */
    int64_t package;
    int64_t numa_node;
    bool denormals_flushed; /* FTZ and DAZ are set, as read back from the control register */
};

/* To be read; changed by pin.c alone. */
struct zg_pin {
    struct zg_topology *topology;
    struct zg_pin_slot *slots; /* [n_threads] */
    int64_t n_threads;
    int64_t n_cpus_allowed;  /* that the process could use at open, */
    int64_t n_cores_allowed; /* and the physical cores that they belong to */
    bool explicit_cpus;      /* asked for by name: not binding them is a failure */
    bool bound;
    const char *method; /* "hwloc", "sched_setaffinity" or "none" */
    char reason[160];   /* why the method is not hwloc; "" if it is */
};

/* Chooses the cpus; binds nothing.  ZG_USAGE: `cpus` is malformed or names a cpu twice, more
 * threads are asked for than there are cpus.  ZG_ENV: `cpus` names one outside the allowed set (the
 * message names it and the set). */
enum zg_status zg_pin_open(struct zg_pin **out, const struct zg_pin_request *request,
                           struct zg_error *err);

/* Binds the OpenMP team of n_threads workers, sets FTZ/DAZ in each, reads all back.
 * ZG_ENV: the team has another size, or a binding reads back different.  Call it outside any
 * parallel region. */
enum zg_status zg_pin_bind(struct zg_pin *pin, struct zg_error *err);

/* Reads the bindings again.  ZG_ENV names the worker that moved.  Cheap; also fine after "none". */
enum zg_status zg_pin_check(const struct zg_pin *pin, struct zg_error *err);

/* Undoes the binding of all workers (for tests) and frees.  NULL and a pointer to NULL are fine. */
void zg_pin_close(struct zg_pin **pin);

/* "{0},{1}": the chosen cpus in the form of OMP_PLACES.  Returns false if text[size] is too
 * small. */
bool zg_pin_places(const struct zg_pin *pin, char *text, int64_t size);

#endif
