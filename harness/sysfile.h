/*
 * sysfile.h - small text files of /proc and /sys, read into fixed buffers; and what cgroups allow.
 *
 * Nothing here fails loudly: what cannot be read is false or NaN, and the caller records it so.
 */
#ifndef ZG_HARNESS_SYSFILE_H
#define ZG_HARNESS_SYSFILE_H

#include <stdbool.h>
#include <stddef.h>

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

/* A field of the innermost cpu.stat: "nr_throttled", "throttled_usec" (v2) or "throttled_time"
 * (v1). */
double zg_cgroup_cpu_stat(const char *key);

#endif
