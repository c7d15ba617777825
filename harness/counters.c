/*
 * counters.c - see counters.h.  Parses the list of events, sets up one set of counters a worker,
 * and takes differences. How an event is counted is counters_source.h's.
 */
#include "harness/counters.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/counters_source.h"
#include "harness/sysfile.h"

enum { MOST_EVENTS = 32 };

enum source { SOURCE_NONE, SOURCE_SOFTWARE, SOURCE_PAPI };

/* One worker's counters.  Aligned: workers write their own totals side by side. */
struct worker {
    _Alignas(64) double begin[MOST_EVENTS];
    double end[MOST_EVENTS];
    int fd[MOST_EVENTS]; /* software events; -1 elsewhere */
    bool counting[MOST_EVENTS];
    char reasons[MOST_EVENTS][sizeof((struct zg_counter_event *)0)->reason];
    struct zg_papi_thread *papi;
};

struct zg_counters {
    int64_t n;
    int64_t n_threads;
    struct zg_counter_event events[MOST_EVENTS];
    enum source source[MOST_EVENTS];
    int software[MOST_EVENTS]; /* kernel event */
    int64_t n_papi;
    int64_t papi_event[MOST_EVENTS]; /* PAPI's i-th event is our papi_event[i]-th */
    int papi_code[MOST_EVENTS];
    struct worker *workers; /* [n_threads] */
};

/* ---- the list of events ---------------------------------------------------------------------- */

static const char *group(const char *name)
{
    static const struct {
        const char *name, *events;
    } groups[] = {
        {"none", ""},
        {"default", "software,hardware"},
        {"software", "perf::CPU-MIGRATIONS,perf::PAGE-FAULTS,perf::CONTEXT-SWITCHES"},
        {"hardware", "PAPI_TOT_INS,PAPI_TOT_CYC,PAPI_L3_TCM"},
        {"cache", "PAPI_L1_DCM,PAPI_L2_TCM,PAPI_L3_TCM,PAPI_TLB_DM"},
        {"flops", "PAPI_SP_OPS,PAPI_DP_OPS,PAPI_VEC_SP"},
    };
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (!strcmp(name, groups[i].name))
            return groups[i].events;
    return NULL;
}

/* perf::CPU-MIGRATIONS -> perf_cpu_migrations */
static void name_column(struct zg_counter_event *event)
{
    size_t n = 0;
    for (const char *c = event->name; *c && n + 1 < sizeof event->column; c++) {
        if (isalnum((unsigned char)*c))
            event->column[n++] = (char)tolower((unsigned char)*c);
        else if (n && event->column[n - 1] != '_')
            event->column[n++] = '_';
    }
    event->column[n] = '\0';
}

/* Adds one event; one that is there already, as from groups that overlap, is fine. */
static enum zg_status add_event(struct zg_counters *counters, const char *name,
                                struct zg_error *err)
{
    if (counters->n == MOST_EVENTS)
        return zg_fail(err, ZG_USAGE, "--events: more than %d events", MOST_EVENTS);
    const int64_t i = counters->n;
    struct zg_counter_event *const event = &counters->events[i];
    memset(event, 0, sizeof *event);
    snprintf(event->name, sizeof event->name, "%s", name);
    name_column(event);
    for (int64_t j = 0; j < i; j++)
        if (!strcmp(counters->events[j].column, event->column))
            return ZG_OK;
    counters->software[i] = zg_software_find(name);
    if (counters->software[i] >= 0) {
        counters->source[i] = SOURCE_SOFTWARE;
    } else {
        int code = 0;
        const enum zg_papi_found found =
            zg_papi_find(name, &code, event->reason, sizeof event->reason);
        /* The kernel's own list of perf:: events is complete above, and a name of neither form is
         * in no component. */
        const bool impossible =
            !strncasecmp(name, "perf::", 6) || (strncmp(name, "PAPI_", 5) && !strchr(name, ':'));
        if (found == ZG_PAPI_UNKNOWN || (found == ZG_PAPI_UNCHECKABLE && impossible))
            return zg_fail(
                err, ZG_USAGE,
                "--events: unknown event \"%s\"; want a PAPI event (PAPI_TOT_INS, ...), a "
                "software event (perf::CPU-MIGRATIONS, ...) or one of the groups none, "
                "default, software, hardware, cache, flops",
                name);
        if (found == ZG_PAPI_KNOWN) {
            counters->source[i] = SOURCE_PAPI;
            counters->papi_event[counters->n_papi] = i;
            counters->papi_code[counters->n_papi++] = code;
        }
    }
    counters->n++;
    return ZG_OK;
}

static enum zg_status add_list(struct zg_counters *counters, const char *list, struct zg_error *err)
{
    if (!*list)
        return ZG_OK;
    for (const char *at = list;;) {
        const size_t n = strcspn(at, ",");
        char name[sizeof counters->events[0].name];
        if (n == 0)
            return zg_fail(err, ZG_USAGE,
                           "--events \"%s\": an empty name; want a comma-separated list", list);
        if (n >= sizeof name)
            return zg_fail(err, ZG_USAGE, "--events: unknown event \"%.*s...\"",
                           (int)sizeof name - 1, at);
        memcpy(name, at, n);
        name[n] = '\0';
        const char *const members = group(name);
        const enum zg_status status =
            members ? add_list(counters, members, err) : add_event(counters, name, err);
        if (status)
            return status;
        if (!at[n])
            return ZG_OK;
        at += n + 1;
    }
}

/* ---- the workers ----------------------------------------------------------------------------- */

static void open_software(struct worker *worker, int64_t i, int event)
{
    const int fd = zg_software_open(event);
    worker->fd[i] = fd < 0 ? -1 : fd;
    worker->counting[i] = fd >= 0;
    if (fd >= 0)
        return;
    const double paranoid = zg_sysfile_real("/proc/sys/kernel/perf_event_paranoid");
    if ((fd == -EACCES || fd == -EPERM) && paranoid >= 2)
        snprintf(worker->reasons[i], sizeof worker->reasons[i],
                 "perf_event_paranoid is %.0f: want 1 or less, or the capability CAP_PERFMON",
                 paranoid);
    else
        snprintf(worker->reasons[i], sizeof worker->reasons[i], "perf_event_open: %s",
                 strerror(-fd));
}

/* By the worker's own thread. */
static void open_worker(const struct zg_counters *counters, struct worker *worker)
{
    bool counting[MOST_EVENTS] = {false};
    char *reasons[MOST_EVENTS];
    for (int64_t i = 0; i < counters->n; i++) {
        worker->fd[i] = -1;
        if (counters->source[i] == SOURCE_SOFTWARE)
            open_software(worker, i, counters->software[i]);
    }
    for (int64_t p = 0; p < counters->n_papi; p++)
        reasons[p] = worker->reasons[counters->papi_event[p]];
    if (counters->n_papi)
        worker->papi = zg_papi_thread_open(counters->papi_code, counters->n_papi, counting, reasons,
                                           sizeof worker->reasons[0]);
    for (int64_t p = 0; p < counters->n_papi; p++)
        worker->counting[counters->papi_event[p]] = worker->papi && counting[p];
}

static void read_worker(const struct zg_counters *counters, struct worker *worker, double *totals)
{
    double papi[MOST_EVENTS];
    if (worker->papi)
        zg_papi_thread_read(worker->papi, papi);
    for (int64_t i = 0; i < counters->n; i++)
        totals[i] = worker->fd[i] >= 0 ? zg_software_read(worker->fd[i]) : NAN;
    if (worker->papi)
        for (int64_t p = 0; p < counters->n_papi; p++)
            totals[counters->papi_event[p]] = papi[p];
}

static void close_worker(struct worker *worker, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (worker->fd[i] >= 0)
            close(worker->fd[i]);
    zg_papi_thread_close(worker->papi);
    worker->papi = NULL;
}

/* An event counts only if it does in every worker: a sum over some of them would be a wrong
 * number. */
static void settle_events(struct zg_counters *counters)
{
    for (int64_t i = 0; i < counters->n; i++) {
        struct zg_counter_event *const event = &counters->events[i];
        if (counters->source[i] == SOURCE_NONE)
            continue;
        event->counting = true;
        for (int64_t t = 0; t < counters->n_threads && event->counting; t++) {
            event->counting = counters->workers[t].counting[i];
            if (!event->counting)
                snprintf(event->reason, sizeof event->reason, "%s",
                         counters->workers[t].reasons[i][0] ? counters->workers[t].reasons[i]
                                                            : "no memory");
        }
    }
}

enum zg_status zg_counters_open(struct zg_counters **out, const char *events, int64_t n_threads,
                                struct zg_error *err)
{
    *out = NULL;
    struct zg_counters *counters = calloc(1, sizeof *counters);
    if (!counters)
        return zg_fail(err, ZG_ENV, "no memory for the counters");
    enum zg_status status = add_list(counters, events ? events : "default", err);
    if (status)
        goto done;
    void *workers = NULL;
    if (posix_memalign(&workers, 64, (size_t)n_threads * sizeof *counters->workers)) {
        status = zg_fail(err, ZG_ENV, "no memory for the counters");
        goto done;
    }
    memset(workers, 0, (size_t)n_threads * sizeof *counters->workers);
    counters->workers = workers;
    counters->n_threads = n_threads;
    int team = 0;
#pragma omp parallel num_threads((int)n_threads)
    {
        open_worker(counters, &counters->workers[omp_get_thread_num()]);
#pragma omp master
        team = omp_get_num_threads();
    }
    if (team != n_threads) {
        status = zg_fail(err, ZG_ENV, "OpenMP gives a team of %d where %lld threads are asked for",
                         team, (long long)n_threads);
        goto done;
    }
    settle_events(counters);
    *out = counters;
    counters = NULL;
done:
    zg_counters_close(&counters);
    return status;
}

void zg_counters_close(struct zg_counters **counters)
{
    if (!counters || !*counters)
        return;
    struct zg_counters *const c = *counters;
    if (c->workers) {
#pragma omp parallel num_threads((int)c->n_threads)
        close_worker(&c->workers[omp_get_thread_num()], c->n);
    }
    free(c->workers);
    free(c);
    *counters = NULL;
}

int64_t zg_counters_n(const struct zg_counters *counters)
{
    return counters ? counters->n : 0;
}

const struct zg_counter_event *zg_counters_event(const struct zg_counters *counters, int64_t index)
{
    return &counters->events[index];
}

void zg_counters_start(struct zg_counters *counters)
{
    if (!counters || !counters->n)
        return;
#pragma omp parallel num_threads((int)counters->n_threads)
    {
        struct worker *const worker = &counters->workers[omp_get_thread_num()];
        read_worker(counters, worker, worker->begin);
    }
}

void zg_counters_stop(struct zg_counters *counters)
{
    if (!counters || !counters->n)
        return;
#pragma omp parallel num_threads((int)counters->n_threads)
    {
        struct worker *const worker = &counters->workers[omp_get_thread_num()];
        read_worker(counters, worker, worker->end);
    }
}

double zg_counters_thread(const struct zg_counters *counters, int64_t thread, int64_t index)
{
    const struct worker *const worker = &counters->workers[thread];
    return counters->events[index].counting ? worker->end[index] - worker->begin[index] : NAN;
}

void zg_counters_read(const struct zg_counters *counters, double *sums)
{
    for (int64_t i = 0; i < zg_counters_n(counters); i++) {
        sums[i] = 0;
        for (int64_t t = 0; t < counters->n_threads; t++)
            sums[i] += zg_counters_thread(counters, t, i);
    }
}

void zg_usage_read(struct zg_usage *out)
{
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    *out = (struct zg_usage){.minor_faults = usage.ru_minflt,
                             .major_faults = usage.ru_majflt,
                             .voluntary_switches = usage.ru_nvcsw,
                             .involuntary_switches = usage.ru_nivcsw};
}
