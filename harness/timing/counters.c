/*
 * counters.c - finds who counts each event, sets up one set of counters a worker,
 * keeps what really counts, and takes differences.  How an event is counted is counters_source.h's.
 */
#include "harness/timing/counters.h"

#include <ctype.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/stats/stats.h"
#include "harness/timing/counters_source.h"

enum { MOST_SOURCES = 4, MOST_THREADS = 65536, N_REPEATS = 7 };

/* Of the loop that shows what counts: 256 KiB, past most L1 caches. */
enum { N_FLOATS = 1 << 16, LINE_FLOATS = 16 };

/* One worker's counters.  Aligned: workers write their own totals side by side. */
struct worker {
    _Alignas(64) double begin[ZG_MOST_EVENTS];
    double end[ZG_MOST_EVENTS];
    enum zg_event_state states[ZG_MOST_EVENTS];
    char reasons[ZG_MOST_EVENTS][ZG_REASON_SIZE];
    void *threads[MOST_SOURCES];
    float *floats; /* [N_FLOATS], while opening */
};

/* What a source counts of our events. */
struct share {
    int64_t n;
    int64_t event[ZG_MOST_EVENTS]; /* its i-th is our event[i]-th */
    int codes[ZG_MOST_EVENTS];
};

struct zg_counters {
    const struct zg_counter_source *sources[MOST_SOURCES];
    int n_sources;
    bool multiplex;
    int64_t n; /* all events */
    struct zg_counter_event events[ZG_MOST_EVENTS];
    bool in_group[ZG_MOST_EVENTS], in_default[ZG_MOST_EVENTS];
    int source[ZG_MOST_EVENTS]; /* -1: nobody counts it */
    struct share shares[MOST_SOURCES];
    int64_t n_kept, n_left_out; /* columns, and the rest */
    int64_t kept[ZG_MOST_EVENTS], left_out[ZG_MOST_EVENTS];
    int64_t n_threads;
    struct worker *workers; /* [n_threads] */
    struct zg_counters_overhead overhead;
};

/* ---- who counts what ------------------------------------------------------------------------- */

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

/* Asks the sources for one name.  *source is -1 unless it is known; `reason` then says why not. */
static enum zg_event_found find_name(const struct zg_counters *counters, const char *name,
                                     int *source, int *code, char *reason)
{
    enum zg_event_found best = ZG_EVENT_UNKNOWN;
    *source = -1;
    for (int s = 0; s < counters->n_sources; s++) {
        char why[ZG_REASON_SIZE] = "";
        const enum zg_event_found found = counters->sources[s]->find(name, code, why, sizeof why);
        if (found == ZG_EVENT_KNOWN) {
            *source = s;
            return found;
        }
        if (found == ZG_EVENT_UNKNOWN ||
            (found == ZG_EVENT_UNCHECKABLE && !zg_event_is_plausible(name)))
            continue;
        best = found;
        snprintf(reason, ZG_REASON_SIZE, "%s", why);
        if (found == ZG_EVENT_LACKING)
            break; /* the name is this source's, whatever a later one calls by it */
    }
    return best;
}

/* The first of the wish's names that is there; else the first that could be, uncounted. */
static enum zg_status add_event(struct zg_counters *counters, const struct zg_event_wish *wish,
                                struct zg_error *err)
{
    const int64_t i = counters->n;
    struct zg_counter_event *const event = &counters->events[i];
    int code = 0;
    *event = (struct zg_counter_event){.empty = NAN};
    counters->source[i] = -1;
    counters->in_group[i] = wish->in_group;
    counters->in_default[i] = wish->in_default;
    for (const char *at = wish->names; *at && counters->source[i] < 0;) {
        const size_t n = strcspn(at, "|");
        char name[sizeof event->name], reason[ZG_REASON_SIZE] = "";
        if (n >= sizeof name)
            return zg_fail(err, ZG_USAGE, "--events: unknown event \"%.*s...\"",
                           (int)sizeof name - 1, at);
        memcpy(name, at, n);
        name[n] = '\0';
        const enum zg_event_found found =
            find_name(counters, name, &counters->source[i], &code, reason);
        if (found == ZG_EVENT_KNOWN || (found != ZG_EVENT_UNKNOWN && !event->name[0])) {
            snprintf(event->name, sizeof event->name, "%s", name);
            snprintf(event->reason, sizeof event->reason, "%s", reason);
        }
        at += n + (at[n] == '|');
    }
    if (!event->name[0])
        return zg_fail(err, ZG_USAGE,
                       "--events: unknown event \"%s\"; want a PAPI event (PAPI_TOT_INS, ...), a "
                       "software event (perf::CPU-MIGRATIONS, ...) or one of the groups none, "
                       "default, software, hardware, flops, cache, tlb, stalls%s",
                       wish->names, zg_event_nearest(wish->names).hint);
    name_column(event);
    for (int64_t j = 0; j < i; j++)
        if (!strcmp(counters->events[j].column, event->column)) {
            counters->in_group[j] = counters->in_group[j] && wish->in_group;
            counters->in_default[j] = counters->in_default[j] && wish->in_default;
            return ZG_OK;
        }
    if (counters->source[i] >= 0) {
        struct share *const share = &counters->shares[counters->source[i]];
        share->event[share->n] = i;
        share->codes[share->n++] = code;
    }
    counters->n++;
    return ZG_OK;
}

static enum zg_status find_events(struct zg_counters *counters, const char *events,
                                  struct zg_error *err)
{
    struct zg_event_list list;
    enum zg_status status = zg_event_list_parse(&list, events ? events : "default", err);
    for (int64_t i = 0; i < list.n && !status; i++)
        status = add_event(counters, &list.wishes[i], err);
    return status;
}

/* ---- the workers ----------------------------------------------------------------------------- */

/* By the worker's own thread, like the next two. */
static void open_worker(const struct zg_counters *counters, struct worker *worker)
{
    for (int s = 0; s < counters->n_sources; s++) {
        const struct share *const share = &counters->shares[s];
        enum zg_event_state states[ZG_MOST_EVENTS] = {ZG_EVENT_REFUSED};
        char *reasons[ZG_MOST_EVENTS];
        for (int64_t i = 0; i < share->n; i++)
            reasons[i] = worker->reasons[share->event[i]];
        if (share->n)
            worker->threads[s] = counters->sources[s]->open(share->codes, share->n,
                                                            counters->multiplex, states, reasons);
        for (int64_t i = 0; i < share->n; i++)
            worker->states[share->event[i]] = worker->threads[s] ? states[i] : ZG_EVENT_REFUSED;
    }
}

static void read_worker(const struct zg_counters *counters, struct worker *worker, double *totals)
{
    for (int s = 0; s < counters->n_sources; s++) {
        const struct share *const share = &counters->shares[s];
        double values[ZG_MOST_EVENTS];
        if (!worker->threads[s])
            continue;
        counters->sources[s]->read(worker->threads[s], values);
        for (int64_t i = 0; i < share->n; i++)
            totals[share->event[i]] = values[i];
    }
}

static void close_worker(const struct zg_counters *counters, struct worker *worker)
{
    for (int s = 0; s < counters->n_sources; s++)
        if (worker->threads[s])
            counters->sources[s]->close(worker->threads[s]);
}

/* An event counts only if it does in every worker: a sum over some of them would be a wrong
 * number. */
static void settle_events(struct zg_counters *counters)
{
    for (int64_t i = 0; i < counters->n; i++) {
        struct zg_counter_event *const event = &counters->events[i];
        event->counting = counters->source[i] >= 0;
        for (int64_t t = 0; t < counters->n_threads && event->counting; t++) {
            const struct worker *const worker = &counters->workers[t];
            event->counting = worker->states[i] != ZG_EVENT_REFUSED;
            event->multiplexed |= worker->states[i] == ZG_EVENT_MULTIPLEXED;
            if (!event->counting)
                snprintf(event->reason, sizeof event->reason, "%s",
                         worker->reasons[i][0] ? worker->reasons[i] : "no memory");
        }
        event->multiplexed &= event->counting;
    }
}

static double counted(const struct zg_counters *counters, int64_t thread, int64_t event)
{
    const struct worker *const worker = &counters->workers[thread];
    return counters->events[event].counting ? worker->end[event] - worker->begin[event] : NAN;
}

/* ---- what really counts, and what it costs --------------------------------------------------- */

/* Arithmetic, loads, and lines that the first cache does not have. */
static void work(float *floats)
{
    for (int pass = 0; pass < 4; pass++) {
        float sum = (float)pass;
        for (int64_t i = 0; i < N_FLOATS; i += LINE_FLOATS)
            sum = sum * 0.5f + floats[i];
        *(volatile float *)floats = sum;
    }
}

/* Wall time of the team's work: the least of several. */
static double work_s(const struct zg_counters *counters)
{
    double least_s = INFINITY;
    for (int repeat = 0; repeat < N_REPEATS; repeat++) {
        const int64_t begin_ns = zg_clock_wall_ns();
#pragma omp parallel num_threads((int)counters->n_threads)
        work(counters->workers[omp_get_thread_num()].floats);
        least_s = fmin(least_s, zg_ns_to_s(zg_clock_wall_ns() - begin_ns));
    }
    return least_s;
}

/* A PMU that a hypervisor half hides takes events and counts nothing.  Estimates may miss so short
 * a span. */
static void refuse_what_stays_zero(struct zg_counters *counters)
{
    zg_counters_start(counters);
#pragma omp parallel num_threads((int)counters->n_threads)
    work(counters->workers[omp_get_thread_num()].floats);
    zg_counters_stop(counters);
    for (int64_t i = 0; i < counters->n; i++) {
        struct zg_counter_event *const event = &counters->events[i];
        bool zero = false;
        for (int64_t t = 0; t < counters->n_threads; t++)
            zero |= !(counted(counters, t, i) > 0);
        if (!event->counting || event->multiplexed || !zero || !zg_event_is_certain(event->name))
            continue;
        event->counting = false;
        zg_reason_refused(event->reason, sizeof event->reason,
                          "it is accepted but counts 0 in a loop of arithmetic and loads");
    }
}

/* Columns: what counts, and what was asked for by name. */
static void choose_columns(struct zg_counters *counters)
{
    for (int64_t i = 0; i < counters->n; i++) {
        struct zg_counter_event *const event = &counters->events[i];
        if (event->counting || !counters->in_group[i])
            counters->kept[counters->n_kept++] = i;
        else
            counters->left_out[counters->n_left_out++] = i;
        const size_t n = strlen(event->column);
        if (event->multiplexed)
            snprintf(event->column + n, sizeof event->column - n, "_multiplexed");
    }
}

static void measure_overhead(struct zg_counters *counters, double work_before_s)
{
    double took[N_REPEATS], counts[ZG_MOST_EVENTS][N_REPEATS], sums[ZG_MOST_EVENTS];
    counters->overhead.slowdown = work_s(counters) / work_before_s - 1;
    for (int repeat = 0; repeat < N_REPEATS; repeat++) {
        const int64_t begin_ns = zg_clock_wall_ns();
        zg_counters_start(counters);
        zg_counters_stop(counters);
        took[repeat] = zg_ns_to_s(zg_clock_wall_ns() - begin_ns);
        zg_counters_read(counters, sums);
        for (int64_t k = 0; k < counters->n_kept; k++)
            counts[k][repeat] = sums[k];
    }
    counters->overhead.start_stop_s = zg_median(took, N_REPEATS);
    for (int64_t k = 0; k < counters->n_kept; k++)
        counters->events[counters->kept[k]].empty = zg_median(counts[k], N_REPEATS);
}

/* ---- open and close -------------------------------------------------------------------------- */

static enum zg_status make_workers(struct zg_counters *counters, int64_t n_threads,
                                   struct zg_error *err)
{
    void *workers = NULL;
    const size_t bytes = (size_t)n_threads * sizeof *counters->workers;
    if (posix_memalign(&workers, 64, bytes))
        return zg_fail(err, ZG_ENV, "no memory for the counters");
    memset(workers, 0, bytes);
    counters->workers = workers;
    counters->n_threads = n_threads;
    for (int64_t t = 0; t < n_threads; t++) {
        counters->workers[t].floats = calloc(N_FLOATS, sizeof(float));
        if (!counters->workers[t].floats)
            return zg_fail(err, ZG_ENV, "no memory for the counters");
    }
    return ZG_OK;
}

static enum zg_status open_team(struct zg_counters *counters, struct zg_error *err)
{
    int team = 0;
#pragma omp parallel num_threads((int)counters->n_threads)
    {
        open_worker(counters, &counters->workers[omp_get_thread_num()]);
#pragma omp master
        team = omp_get_num_threads();
    }
    if (team != counters->n_threads)
        return zg_fail(err, ZG_ENV, "OpenMP gives a team of %d where %lld threads are asked for",
                       team, (long long)counters->n_threads);
    return ZG_OK;
}

enum zg_status zg_counters_open(struct zg_counters **out, const struct zg_counters_request *request,
                                struct zg_error *err)
{
    static const struct zg_counter_source *const usual[] = {
        &zg_counters_software, &zg_counters_callgrind, &zg_counters_papi, NULL};
    *out = NULL;
    if (request->n_threads < 1 || request->n_threads > MOST_THREADS)
        return zg_fail(err, ZG_USAGE, "--threads %lld: cannot count events of so many threads",
                       (long long)request->n_threads);
    struct zg_counters *counters = calloc(1, sizeof *counters);
    if (!counters)
        return zg_fail(err, ZG_ENV, "no memory for the counters");
    counters->multiplex = request->multiplex;
    counters->overhead = (struct zg_counters_overhead){NAN, NAN};
    const struct zg_counter_source *const *sources = request->sources ? request->sources : usual;
    while (counters->n_sources < MOST_SOURCES && sources[counters->n_sources]) {
        counters->sources[counters->n_sources] = sources[counters->n_sources];
        counters->n_sources++;
    }
    enum zg_status status = find_events(counters, request->events, err);
    if (!status && counters->n > 0)
        status = make_workers(counters, request->n_threads, err);
    const double before_s = !status && counters->n > 0 ? work_s(counters) : NAN;
    if (!status && counters->n > 0)
        status = open_team(counters, err);
    if (status)
        goto done;
    settle_events(counters);
    if (counters->n > 0)
        refuse_what_stays_zero(counters);
    choose_columns(counters);
    if (zg_counters_n_counting(counters) > 0)
        measure_overhead(counters, before_s);
    for (int64_t t = 0; t < counters->n_threads; t++) {
        free(counters->workers[t].floats);
        counters->workers[t].floats = NULL;
    }
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
        close_worker(c, &c->workers[omp_get_thread_num()]);
        for (int64_t t = 0; t < c->n_threads; t++)
            free(c->workers[t].floats);
    }
    free(c->workers);
    free(c);
    *counters = NULL;
}

/* ---- what there is --------------------------------------------------------------------------- */

int64_t zg_counters_n(const struct zg_counters *counters)
{
    return counters ? counters->n_kept : 0;
}

const struct zg_counter_event *zg_counters_event(const struct zg_counters *counters, int64_t index)
{
    return &counters->events[counters->kept[index]];
}

int64_t zg_counters_n_counting(const struct zg_counters *counters)
{
    int64_t n = 0;
    for (int64_t i = 0; i < zg_counters_n(counters); i++)
        n += zg_counters_event(counters, i)->counting;
    return n;
}

int64_t zg_counters_n_multiplexed(const struct zg_counters *counters)
{
    int64_t n = 0;
    for (int64_t i = 0; i < zg_counters_n(counters); i++)
        n += zg_counters_event(counters, i)->multiplexed;
    return n;
}

bool zg_counters_use_valgrind(const struct zg_counters *counters)
{
    for (int64_t i = 0; i < zg_counters_n(counters); i++) {
        const int source = counters->source[counters->kept[i]];
        if (zg_counters_event(counters, i)->counting &&
            counters->sources[source] == &zg_counters_callgrind)
            return true;
    }
    return false;
}

int64_t zg_counters_n_threads(const struct zg_counters *counters)
{
    return counters ? counters->n_threads : 0;
}

int64_t zg_counters_n_left_out(const struct zg_counters *counters)
{
    return counters ? counters->n_left_out : 0;
}

const struct zg_counter_event *zg_counters_left_out(const struct zg_counters *counters,
                                                    int64_t index)
{
    return &counters->events[counters->left_out[index]];
}

bool zg_counters_tell_uncounted(const struct zg_counters *counters, char *text, size_t size)
{
    const char *reason = NULL;
    text[0] = '\0';
    for (int64_t i = 0; counters && i < counters->n; i++) {
        const struct zg_counter_event *const event = &counters->events[i];
        const size_t n = strlen(text);
        if (event->counting || counters->in_default[i])
            continue;
        snprintf(text + n, size - n, "%s%s", n ? ", " : "", event->name);
        reason = reason ? reason : event->reason;
    }
    const size_t n = strlen(text);
    if (reason)
        snprintf(text + n, size - n, ": not counted: %s", reason);
    return reason != NULL;
}

struct zg_counters_overhead zg_counters_overhead(const struct zg_counters *counters)
{
    return counters ? counters->overhead : (struct zg_counters_overhead){NAN, NAN};
}

/* ---- counting -------------------------------------------------------------------------------- */

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
    return counted(counters, thread, counters->kept[index]);
}

void zg_counters_read(const struct zg_counters *counters, double *sums)
{
    for (int64_t i = 0; i < zg_counters_n(counters); i++) {
        sums[i] = 0;
        for (int64_t t = 0; t < counters->n_threads; t++)
            sums[i] += zg_counters_thread(counters, t, i);
    }
}

void zg_counters_add(const struct zg_counters *counters, double *totals)
{
    const int64_t n = zg_counters_n(counters);
    for (int64_t t = 0; t < zg_counters_n_threads(counters); t++)
        for (int64_t i = 0; i < n; i++)
            totals[t * n + i] += zg_counters_thread(counters, t, i);
}
