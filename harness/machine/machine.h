/*
 * machine.h - what a reader must know of the machine to judge a number, as JSON for meta.json and
 * `zogap info`.
 *
 * Everything is read from the system; what cannot be read is null.  No host name, user, path or
 * address is recorded: results are meant to be published.
 *
 *     struct zg_machine_watch before, after;
 *     json_t *machine = zg_machine_json();   // once: cpu, caches, topology, governor, ...
 *     zg_machine_watch(&before);
 *     ... measure ...
 *     zg_machine_watch(&after);
 *     json_t *during = zg_machine_during_json(&before, &after);   // steal, throttling, load
 *     json_t *warnings = zg_machine_warnings_json(machine, pins, during);  // array of sentences
 */
#ifndef ZG_HARNESS_MACHINE_H
#define ZG_HARNESS_MACHINE_H

#include <jansson.h>
#include <stdint.h>

#include "engines/error.h"

/* Counters of the system that only make sense as differences; NaN where not readable. */
struct zg_machine_watch {
    int64_t wall_ns;
    double cpu_total_s; /* all states of all cpus, /proc/stat */
    double steal_s;     /* taken by the hypervisor */
    double iowait_s;
    double throttled_s; /* cgroup cpu quota */
    double n_throttled;
    double n_overheated;         /* times that a cpu slowed down for heat */
    double involuntary_switches; /* of this process: its threads were preempted */
    double major_faults;         /* of this process: pages came from disk */
    double available_mib;        /* memory that programs could still get */
    double load_1m;
    double cpu_mhz; /* mean of /proc/cpuinfo: nominal on most VMs */
};
void zg_machine_watch(struct zg_machine_watch *out);

/* The machine.  A new reference; NULL only where there is no memory. */
json_t *zg_machine_json(void);
/* Differences of two watches, to which the caller may add "sampling": {"major_faults", "wall_s"}.
 * A new reference. */
json_t *zg_machine_during_json(const struct zg_machine_watch *before,
                               const struct zg_machine_watch *after);
/* Sentences, each with a named cause and, where there is one, what to do about it:
 *   machine  virtualised; SMT; governor not performance, turbo on, a frequency limit, unlike cpus;
 *            no huge pages; a cpu quota; NUMA balancing; a slow clock; this process niced, traced,
 *            not optimised, sanitized, with two OpenMP runtimes, kernels below what the processor
 *            has, or variables of environment_table.h
 *   pins     (zg_pin_json(); may be NULL) threads not bound, or sharing a core
 *   during   (may be NULL) steal above 0.5 %, throttled, overheated, preempted, pages from disk,
 *            load before the run, another frequency after it
 * What is null or absent warns of nothing.  Borrowed arguments; a new reference. */
json_t *zg_machine_warnings_json(const json_t *machine, const json_t *pins, const json_t *during);

/* Libraries as linked: name -> {"version", ...}; OpenBLAS with kernel (core) name, config and
 * threading, oneDNN with its cpu isa; a library that the build lacks is {"missing": "install
 * PACKAGE"}.  Also compiler and flags.  A new reference. */
json_t *zg_libraries_json(void);

#endif
