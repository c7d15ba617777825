/*
 * counters_callgrind.c - the event `instructions`, as valgrind's callgrind counts them:
 * counters_source.h.
 *
 * A client request cannot give a count back, so every span is dumped to a file, from which the
 * total is read: callgrind has written it when the request returns.  Only spans are instrumented,
 * for all else runs several times faster without.
 */
#include "harness/machine/valgrind.h"
#include "harness/timing/counters.h"
#include "harness/timing/counters_source.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef ZOGAP_HAVE_VALGRIND
#include <valgrind/callgrind.h>
#endif

/* Where the dumps go, as callgrind was told in --callgrind-out-file. */
#define PLACE "ZOGAP_CALLGRIND_OUT"

static enum zg_event_found find(const char *name, int *code, char *reason, size_t size)
{
    *code = 0;
    if (strcmp(name, "instructions") != 0)
        return ZG_EVENT_UNKNOWN;
#ifdef ZOGAP_HAVE_VALGRIND
    if (zg_valgrind_runs_us() && getenv(PLACE))
        return ZG_EVENT_KNOWN;
    snprintf(reason, size, "counted under valgrind alone: scripts/count_instructions.sh");
#else
    snprintf(reason, size,
             "this build lacks valgrind/callgrind.h: install Debian's package valgrind, and build "
             "again");
#endif
    return ZG_EVENT_LACKING;
}

#ifdef ZOGAP_HAVE_VALGRIND

struct callgrind {
    bool is_first; /* callgrind counts the process: it stands under the team's first thread */
    bool counting; /* reads come in pairs, of which the first begins a span */
    double total;
    long long n_dumps; /* callgrind numbers them */
};

static void *open_thread(const int *codes, int64_t n, bool multiplex, enum zg_event_state *states,
                         char *const *reasons)
{
    (void)codes;
    (void)multiplex;
    (void)reasons;
    struct callgrind *const thread = calloc(1, sizeof *thread);
    for (int64_t i = 0; i < n; i++)
        states[i] = ZG_EVENT_COUNTS;
    if (thread)
        thread->is_first = omp_get_thread_num() == 0;
    return thread;
}

static double total_of(FILE *file)
{
    static const char mark[] = "totals: ";
    char line[256];
    double total = NAN;
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, mark, sizeof mark - 1))
            total = strtod(line + sizeof mark - 1, NULL);
    return total;
}

/* Of the dump just made: each is removed when read, so it is the next that is there.  Dumps of
 * before open() were other counters'. */
static double read_dump(struct callgrind *thread)
{
    enum { MOST_BEFORE = 100000 };
    char path[4096];
    FILE *file = NULL;
    for (int i = 0; i < MOST_BEFORE && !file; i++) {
        const int n = snprintf(path, sizeof path, "%s.%lld", getenv(PLACE), ++thread->n_dumps);
        if (n < 0 || (size_t)n >= sizeof path)
            return NAN;
        file = fopen(path, "r");
    }
    if (!file)
        return NAN;
    const double total = total_of(file);
    fclose(file);
    unlink(path);
    return total;
}

static void read_thread(void *opaque, double *values)
{
    struct callgrind *const thread = opaque;
    if (thread->is_first && thread->counting) {
        CALLGRIND_STOP_INSTRUMENTATION;
        CALLGRIND_DUMP_STATS; /* and begins again at 0 */
        thread->total += read_dump(thread);
    }
    values[0] = thread->total;
    thread->counting = !thread->counting;
    if (thread->is_first && thread->counting)
        CALLGRIND_START_INSTRUMENTATION;
}

const struct zg_counter_source zg_counters_callgrind = {"callgrind", find, open_thread, read_thread,
                                                        free};

#else

/* find() knows no event, so nothing is opened. */
const struct zg_counter_source zg_counters_callgrind = {"callgrind", find, NULL, NULL, NULL};

#endif
