/* counters_software.c - the kernel's software events: counters_source.h. */
#include "harness/timing/counters_source.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/machine/sysfile.h"

struct software_thread {
    int64_t n;
    int fds[ZG_MOST_EVENTS]; /* -1: refused */
};

static enum zg_event_found find(const char *name, int *code, char *reason, size_t size)
{
    static const struct {
        const char *name; /* as libpfm4 spells them */
        int event;
    } events[] = {
        {"PAGE-FAULTS", PERF_COUNT_SW_PAGE_FAULTS},
        {"FAULTS", PERF_COUNT_SW_PAGE_FAULTS},
        {"MINOR-FAULTS", PERF_COUNT_SW_PAGE_FAULTS_MIN},
        {"MAJOR-FAULTS", PERF_COUNT_SW_PAGE_FAULTS_MAJ},
        {"CONTEXT-SWITCHES", PERF_COUNT_SW_CONTEXT_SWITCHES},
        {"CS", PERF_COUNT_SW_CONTEXT_SWITCHES},
        {"CPU-MIGRATIONS", PERF_COUNT_SW_CPU_MIGRATIONS},
        {"MIGRATIONS", PERF_COUNT_SW_CPU_MIGRATIONS},
        {"CPU-CLOCK", PERF_COUNT_SW_CPU_CLOCK},
        {"TASK-CLOCK", PERF_COUNT_SW_TASK_CLOCK},
        {"ALIGNMENT-FAULTS", PERF_COUNT_SW_ALIGNMENT_FAULTS},
        {"EMULATION-FAULTS", PERF_COUNT_SW_EMULATION_FAULTS},
    };
    (void)reason;
    (void)size;
    if (strncasecmp(name, "perf::", 6))
        return ZG_EVENT_UNKNOWN;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (!strcasecmp(name + 6, events[i].name)) {
            *code = events[i].event;
            return ZG_EVENT_KNOWN;
        }
    }
    return ZG_EVENT_UNKNOWN;
}

/* Counts of the calling thread, kernel included, from now on: a descriptor, or a negative errno. */
static int open_event(int event)
{
    struct perf_event_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.size = sizeof attr;
    attr.type = PERF_TYPE_SOFTWARE;
    attr.config = (__u64)event;
    const long fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    return fd < 0 ? -errno : (int)fd;
}

static void say_refused(int error, char *reason)
{
    const double paranoid = zg_sysfile_real("/proc/sys/kernel/perf_event_paranoid");
    if ((error == EACCES || error == EPERM) && paranoid >= 2)
        snprintf(reason, ZG_REASON_SIZE,
                 "/proc/sys/kernel/perf_event_paranoid is %.0f: want 1 or less, for these events "
                 "happen in the kernel, or the capability CAP_PERFMON",
                 paranoid);
    else if (error == EMFILE)
        snprintf(reason, ZG_REASON_SIZE, "perf_event_open: %s: raise `ulimit -n`", strerror(error));
    else
        snprintf(reason, ZG_REASON_SIZE, "perf_event_open: %s", strerror(error));
}

/* The kernel counts these without registers: nothing to multiplex. */
static void *open_thread(const int *codes, int64_t n, bool multiplex, enum zg_event_state *states,
                         char *const *reasons)
{
    (void)multiplex;
    struct software_thread *const thread = calloc(1, sizeof *thread);
    if (!thread)
        return NULL;
    thread->n = n;
    for (int64_t i = 0; i < n; i++) {
        const int fd = open_event(codes[i]);
        thread->fds[i] = fd < 0 ? -1 : fd;
        states[i] = fd < 0 ? ZG_EVENT_REFUSED : ZG_EVENT_COUNTS;
        if (fd < 0)
            say_refused(-fd, reasons[i]);
    }
    return thread;
}

static void read_thread(void *opaque, double *values)
{
    const struct software_thread *const thread = opaque;
    for (int64_t i = 0; i < thread->n; i++) {
        uint64_t count;
        const bool read_it = thread->fds[i] >= 0 &&
                             read(thread->fds[i], &count, sizeof count) == (ssize_t)sizeof count;
        values[i] = read_it ? (double)count : NAN;
    }
}

static void close_thread(void *opaque)
{
    struct software_thread *const thread = opaque;
    for (int64_t i = 0; thread && i < thread->n; i++)
        if (thread->fds[i] >= 0)
            close(thread->fds[i]);
    free(thread);
}

const struct zg_counter_source zg_counters_software = {"software", find, open_thread, read_thread,
                                                       close_thread};
