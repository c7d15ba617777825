/*
 * sysfile.h - small text files of /proc and /sys, read into fixed buffers; and what cgroups allow.
 *
 * Nothing here fails loudly: what cannot be read is false or NaN, and the caller records it so.
 *
 * Every path is looked up below ZOGAP_SYSROOT where that variable is set, so that tests can show
 * the program another machine; meta.json then says so.
 */
#ifndef ZG_HARNESS_SYSFILE_H
#define ZG_HARNESS_SYSFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The directory that stands for the root; "" unless ZOGAP_SYSROOT is set. */
const char *zg_sysfile_root(void);

/* Opens the file to read; NULL if it cannot be.  The caller closes it. */
FILE *zg_sysfile_open(const char *path);

/* The file's text, cut to size - 1 bytes, without trailing white space.  False if unreadable. */
bool zg_sysfile_text(const char *path, char *text, size_t size);

/* The number that the file starts with; NaN if unreadable or none. */
double zg_sysfile_real(const char *path);

/* The number after `key` at the start of a line ("VmHWM:  1234 kB", "nr_throttled 7"); NaN if
 * absent. */
double zg_sysfile_field(const char *path, const char *key);

/* Limits of this process's cgroup (v2 or v1), the tightest on the way up to the root; NaN: none. */
double zg_cgroup_cpu_quota(void); /* cpus */
double zg_cgroup_memory_limit_bytes(void);
double zg_cgroup_pids_max(void); /* processes and threads together */

/* A field of cpu.stat, summed over this process's cgroup and those above it, for each counts what
 * its own quota does: "nr_throttled", "throttled_usec" (v2) or "throttled_time" (v1).  NaN where
 * none has it. */
double zg_cgroup_cpu_stat(const char *key);

#endif
