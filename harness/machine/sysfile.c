/*
 * sysfile.c - plain reads, and the way up from the process's own cgroup (v1 or v2) to the mount: a
 * limit is the tightest on it, a count of cpu.stat the sum.
 */
#include "harness/machine/sysfile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *zg_sysfile_root(void)
{
    const char *const root = getenv("ZOGAP_SYSROOT");
    return root ? root : "";
}

FILE *zg_sysfile_open(const char *path)
{
    char full[4096];
    const int n = snprintf(full, sizeof full, "%s%s", zg_sysfile_root(), path);
    return n > 0 && (size_t)n < sizeof full ? fopen(full, "re") : NULL;
}

bool zg_sysfile_text(const char *path, char *text, size_t size)
{
    FILE *const file = zg_sysfile_open(path);
    if (!file)
        return false;
    size_t used = fread(text, 1, size - 1, file);
    const bool failed = ferror(file);
    fclose(file);
    while (used > 0 && (unsigned char)text[used - 1] <= ' ')
        used--;
    text[used] = '\0';
    return !failed;
}

/* strtod at `text`; NaN where there is no number. */
static double number(const char *text)
{
    char *end;
    const double value = strtod(text, &end);
    return end == text ? NAN : value;
}

double zg_sysfile_real(const char *path)
{
    char text[64];
    return zg_sysfile_text(path, text, sizeof text) ? number(text) : NAN;
}

double zg_sysfile_field(const char *path, const char *key)
{
    char text[16384];
    if (!zg_sysfile_text(path, text, sizeof text))
        return NAN;
    const size_t n = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (!strncmp(line, key, n) && (line[n] == ' ' || line[n] == '\t'))
            return number(line + n);
    return NAN;
}

/* ---- cgroups --------------------------------------------------------------------------------- */

/* Where a controller's files of this process lie: mount point and the path below it. */
struct place {
    char mount[64];
    char path[512];
    bool v2;
};

/* Is `name` one of the comma-separated items of the list, which is cut up? */
static bool listed(char *list, const char *name)
{
    for (const char *item; (item = strsep(&list, ","));)
        if (!strcmp(item, name))
            return true;
    return false;
}

/* Lines of /proc/self/cgroup are "ID:CONTROLLERS:PATH"; v2's is "0::PATH".  v1 wins where it has
 * the controller. */
static bool cgroup_place(const char *controller, struct place *out)
{
    char text[4096], *rest = text;
    if (!zg_sysfile_text("/proc/self/cgroup", text, sizeof text))
        return false;
    bool found = false;
    for (char *path; (path = strsep(&rest, "\n"));) {
        strsep(&path, ":");
        char *const controllers = strsep(&path, ":");
        if (!path)
            continue;
        const bool v2 = !*controllers;
        if (v2 ? found : !listed(controllers, controller))
            continue;
        snprintf(out->mount, sizeof out->mount, v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/%s",
                 controller);
        snprintf(out->path, sizeof out->path, "%s", path);
        out->v2 = v2;
        found = true;
    }
    return found;
}

/* Cuts the last component off; false at the root. */
static bool go_up(char *path)
{
    char *const slash = strrchr(path, '/');
    if (!slash || !path[1])
        return false;
    slash[slash == path ? 1 : 0] = '\0';
    return true;
}

static double least(double a, double b)
{
    return isnan(a) || b < a ? b : a;
}

static double quota_here(const struct place *at)
{
    char file[700], text[128];
    if (at->v2) { /* "QUOTA PERIOD", or "max PERIOD" */
        snprintf(file, sizeof file, "%s%s/cpu.max", at->mount, at->path);
        double quota, period;
        if (!zg_sysfile_text(file, text, sizeof text) ||
            sscanf(text, "%lf %lf", &quota, &period) != 2 || !(period > 0))
            return NAN;
        return quota / period;
    }
    snprintf(file, sizeof file, "%s%s/cpu.cfs_quota_us", at->mount, at->path);
    const double quota = zg_sysfile_real(file);
    snprintf(file, sizeof file, "%s%s/cpu.cfs_period_us", at->mount, at->path);
    const double period = zg_sysfile_real(file);
    return quota > 0 && period > 0 ? quota / period : NAN;
}

static double memory_here(const struct place *at)
{
    char file[700];
    snprintf(file, sizeof file, "%s%s/%s", at->mount, at->path,
             at->v2 ? "memory.max" : "memory.limit_in_bytes");
    const double limit = zg_sysfile_real(file); /* "max" is no number */
    return limit < 4.6e18 ? limit : NAN;        /* v1 says "none" with a number near 2^63 */
}

static double pids_here(const struct place *at)
{
    char file[700];
    snprintf(file, sizeof file, "%s%s/pids.max", at->mount, at->path);
    return zg_sysfile_real(file); /* "max" is no number */
}

/* The path that /proc shows may be the host's and absent inside a container; the walk up ends at
 * the mount, which exists. */
static double tightest(const char *controller, double (*here)(const struct place *))
{
    struct place at;
    double limit = NAN;
    if (!cgroup_place(controller, &at))
        return NAN;
    do {
        const double found = here(&at);
        if (!isnan(found))
            limit = least(limit, found);
    } while (go_up(at.path));
    return limit;
}

double zg_cgroup_cpu_quota(void)
{
    return tightest("cpu", quota_here);
}

double zg_cgroup_memory_limit_bytes(void)
{
    return tightest("memory", memory_here);
}

double zg_cgroup_pids_max(void)
{
    return tightest("pids", pids_here);
}

double zg_cgroup_cpu_stat(const char *key)
{
    struct place at;
    double sum = NAN;
    if (!cgroup_place("cpu", &at))
        return NAN;
    do {
        char file[700];
        snprintf(file, sizeof file, "%s%s/cpu.stat", at.mount, at.path);
        const double value = zg_sysfile_field(file, key);
        if (!isnan(value))
            sum = (isnan(sum) ? 0 : sum) + value;
    } while (go_up(at.path));
    return sum;
}
