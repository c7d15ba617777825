/*
 * memory.h - resident memory of this process, and its high-water mark over a stretch of the run.
 *
 *     zg_memory_mark(&mark);
 *     ... open an engine, run its first step ...
 *     peak_mib = zg_memory_peak_mib(&mark, held_by_others_mib);
 *
 * The kernel keeps one high-water mark a process (VmHWM); writing 5 to /proc/self/clear_refs sets
 * it back to what is resident now. Where that is refused (containers without
 * CONFIG_PROC_PAGE_MONITOR, read-only /proc) the peak is NaN, an empty cell, and mark.reason
 * says why: a mark from before would blame one engine for another's memory.
 */
#ifndef ZG_HARNESS_MEMORY_H
#define ZG_HARNESS_MEMORY_H

#include <stdbool.h>

struct zg_memory_mark {
    bool reset;          /* the kernel took the reset */
    double resident_mib; /* at the mark */
    char reason[160];    /* why `reset` is false */
};

void zg_memory_mark(struct zg_memory_mark *out);

/* VmHWM since the mark minus `others_mib`, the resident memory that belongs to others (usually
 * mark->resident_mib minus what is the process's own); NaN if the mark could not be reset or the
 * number not read. */
double zg_memory_peak_mib(const struct zg_memory_mark *mark, double others_mib);

double zg_memory_resident_mib(void); /* VmRSS; NaN where not readable */
/* MemAvailable of the machine, or what `ulimit -v` leaves if that is less; NaN where not
 * readable. */
double zg_memory_available_mib(void);

#endif
