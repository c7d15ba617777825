/*
 * counters_papi.c - PAPI events: counters_source.h.
 *
 * PAPI allows one running event set per component and thread, so the events are split by component.
 * An event joins its set only if PAPI still has a register for it: no multiplexing, whose counts
 * are estimates.
 */
#include "harness/counters_source.h"

#include <math.h>
#include <papi.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SETS = 4, MOST_EVENTS = 32 };

struct zg_papi_thread {
    int64_t n; /* events asked for */
    int n_sets;
    int sets[MOST_SETS]; /* running event sets */
    int components[MOST_SETS];
    int n_in_set[MOST_SETS];
    int64_t event[MOST_SETS][MOST_EVENTS]; /* which event a set's value belongs to */
};

static const char *papi_text(int code)
{
    const char *const text = PAPI_strerror(code);
    return text ? text : "unknown PAPI error";
}

static bool papi_ready(char *reason, size_t size)
{
    if (PAPI_is_initialized() != PAPI_NOT_INITED)
        return true;
    const int version = PAPI_library_init(PAPI_VER_CURRENT);
    if (version != PAPI_VER_CURRENT) {
        snprintf(reason, size, "PAPI does not start: %s",
                 version > 0 ? "the library is of another version than its header"
                             : papi_text(version));
        return false;
    }
    const int threads = PAPI_thread_init(pthread_self);
    if (threads != PAPI_OK) {
        snprintf(reason, size, "PAPI has no thread support: %s", papi_text(threads));
        return false;
    }
    return true;
}

/* Why the component of processor events is disabled; NULL if it is not. */
static const char *perf_event_disabled(void)
{
    const int index = PAPI_get_component_index("perf_event");
    if (index < 0 && index != PAPI_ECMP_DISABLED)
        return "this PAPI has no perf_event component";
    for (int i = 0; i < PAPI_num_components(); i++) {
        const PAPI_component_info_t *const c = PAPI_get_component_info(i);
        if (c && !strcmp(c->name, "perf_event") && c->disabled)
            return c->disabled_reason[0] ? c->disabled_reason : "disabled";
    }
    return NULL;
}

enum zg_papi_found zg_papi_find(const char *name, int *code, char *reason, size_t size)
{
    if (!papi_ready(reason, size))
        return ZG_PAPI_UNCHECKABLE;
    if (PAPI_event_name_to_code(name, code) == PAPI_OK)
        return ZG_PAPI_KNOWN;
    /* Presets are a fixed list, known without a PMU; native events are known only to a working
     * component. */
    const char *const disabled =
        strncmp(name, "PAPI_", 5) && strchr(name, ':') ? perf_event_disabled() : NULL;
    if (!disabled)
        return ZG_PAPI_UNKNOWN;
    snprintf(reason, size, "PAPI's perf_event component is disabled: %s", disabled);
    return ZG_PAPI_UNCHECKABLE;
}

/* The thread's set for a component, made on first need; -1: none left or refused. */
static int set_for(struct zg_papi_thread *thread, int component, int *refused)
{
    for (int s = 0; s < thread->n_sets; s++)
        if (thread->components[s] == component)
            return s;
    *refused = PAPI_ECNFLCT;
    if (thread->n_sets == MOST_SETS)
        return -1;
    int set = PAPI_NULL;
    *refused = PAPI_create_eventset(&set);
    if (*refused != PAPI_OK)
        return -1;
    thread->sets[thread->n_sets] = set;
    thread->components[thread->n_sets] = component;
    thread->n_in_set[thread->n_sets] = 0;
    return thread->n_sets++;
}

/* "Component containing event is disabled" alone does not help: the component's own reason does. */
static void say_refused(int code, int refused, char *reason, size_t size)
{
    const int component = PAPI_get_event_component(code);
    const PAPI_component_info_t *const c =
        component >= 0 ? PAPI_get_component_info(component) : NULL;
    if (c && c->disabled && c->disabled_reason[0])
        snprintf(reason, size, "PAPI's %s component is disabled: %s", c->name, c->disabled_reason);
    else if (refused == PAPI_ECNFLCT)
        snprintf(reason, size, "no counter register is left beside the other events");
    else
        snprintf(reason, size, "PAPI: %s", papi_text(refused));
}

static void stop_set(struct zg_papi_thread *thread, int s, bool running)
{
    long long last[MOST_EVENTS];
    if (running)
        PAPI_stop(thread->sets[s], last);
    PAPI_cleanup_eventset(thread->sets[s]);
    PAPI_destroy_eventset(&thread->sets[s]);
}

struct zg_papi_thread *zg_papi_thread_open(const int *codes, int64_t n, bool *counting,
                                           char *const *reasons, size_t reason_size)
{
    struct zg_papi_thread *const thread = calloc(1, sizeof *thread);
    if (!thread)
        return NULL;
    thread->n = n;
    PAPI_register_thread();
    for (int64_t i = 0; i < n; i++) {
        int refused = PAPI_OK;
        const int s = set_for(thread, PAPI_get_event_component(codes[i]), &refused);
        if (s >= 0)
            refused = thread->n_in_set[s] < MOST_EVENTS ? PAPI_add_event(thread->sets[s], codes[i])
                                                        : PAPI_ECNFLCT;
        counting[i] = s >= 0 && refused == PAPI_OK;
        if (counting[i])
            thread->event[s][thread->n_in_set[s]++] = i;
        else
            say_refused(codes[i], refused, reasons[i], reason_size);
    }
    for (int s = 0; s < thread->n_sets;) {
        const int refused = thread->n_in_set[s] ? PAPI_start(thread->sets[s]) : PAPI_ENOEVNT;
        if (refused == PAPI_OK) {
            s++;
            continue;
        }
        for (int e = 0; e < thread->n_in_set[s]; e++) {
            const int64_t i = thread->event[s][e];
            counting[i] = false;
            say_refused(codes[i], refused, reasons[i], reason_size);
        }
        stop_set(thread, s, false);
        const int last = --thread->n_sets; /* the last set takes the freed place */
        thread->sets[s] = thread->sets[last];
        thread->components[s] = thread->components[last];
        thread->n_in_set[s] = thread->n_in_set[last];
        memcpy(thread->event[s], thread->event[last], sizeof thread->event[s]);
    }
    return thread;
}

void zg_papi_thread_read(struct zg_papi_thread *thread, double *values)
{
    for (int64_t i = 0; i < thread->n; i++)
        values[i] = NAN;
    for (int s = 0; s < thread->n_sets; s++) {
        long long counts[MOST_EVENTS];
        if (PAPI_read(thread->sets[s], counts) != PAPI_OK)
            continue;
        for (int e = 0; e < thread->n_in_set[s]; e++)
            values[thread->event[s][e]] = (double)counts[e];
    }
}

void zg_papi_thread_close(struct zg_papi_thread *thread)
{
    if (!thread)
        return;
    for (int s = 0; s < thread->n_sets; s++)
        stop_set(thread, s, true);
    PAPI_unregister_thread();
    free(thread);
}
