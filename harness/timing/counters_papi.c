/*
 * counters_papi.c - PAPI events: counters_source.h.
 *
 * PAPI allows one running event set per component and thread, so the events are split by component.
 * An event joins its set only if PAPI still has a register for it.  Where one does not, and
 * multiplexing is asked for, the component's set is made anew with multiplexing on: then all of its
 * events are estimates, also those that had a register before.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* gettid */
#endif
#include "harness/timing/counters_source.h"

#include <math.h>
#include <papi.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_SETS = 4 };

struct papi_set {
    int set; /* PAPI's event set */
    int component;
    bool multiplexed;
    int64_t n;
    int64_t event[ZG_MOST_EVENTS]; /* which event each value belongs to */
};

struct papi_thread {
    int64_t n; /* events asked for */
    int n_sets;
    struct papi_set sets[MOST_SETS]; /* running */
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
    PAPI_multiplex_init(); /* where it fails, PAPI_set_multiplex() does and says why */
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

/* "Component containing event is disabled" alone does not help: the component's own reason does. */
static void say_refused(int code, int refused, char *reason, size_t size)
{
    const int component = PAPI_get_event_component(code);
    const PAPI_component_info_t *const c =
        component >= 0 ? PAPI_get_component_info(component) : NULL;
    char what[192];
    if (refused == PAPI_ECNFLCT || refused == PAPI_ECOUNT) {
        zg_reason_no_register(reason, size);
        return;
    }
    if (c && c->disabled && c->disabled_reason[0])
        snprintf(what, sizeof what, "PAPI's %.30s component is disabled: %.110s", c->name,
                 c->disabled_reason);
    else if (refused == PAPI_ENOEVNT)
        snprintf(what, sizeof what, "PAPI knows no such event on this processor");
    else
        snprintf(what, sizeof what, "PAPI: %s", papi_text(refused));
    zg_reason_refused(reason, size, what);
}

static void say_all_disabled(const char *why, char *reason, size_t size)
{
    char what[192];
    snprintf(what, sizeof what, "PAPI's perf_event component is disabled: %.140s", why);
    zg_reason_refused(reason, size, what);
}

static enum zg_event_found find(const char *name, int *code, char *reason, size_t size)
{
    if (!papi_ready(reason, size))
        return ZG_EVENT_UNCHECKABLE;
    const char *const disabled = perf_event_disabled();
    if (PAPI_event_name_to_code(name, code) == PAPI_OK) {
        const int query = PAPI_query_event(*code);
        if (query == PAPI_OK)
            return ZG_EVENT_KNOWN;
        if (disabled)
            say_all_disabled(disabled, reason, size);
        else
            say_refused(*code, query, reason, size);
        return ZG_EVENT_LACKING;
    }
    /* Presets are a fixed list, known without a PMU; native events are known only to a working
     * component. */
    if (!disabled || !strncmp(name, "PAPI_", 5) || !strchr(name, ':'))
        return ZG_EVENT_UNKNOWN;
    say_all_disabled(disabled, reason, size);
    return ZG_EVENT_UNCHECKABLE;
}

/* The thread's set for a component, made on first need; NULL: none left or refused. */
static struct papi_set *set_for(struct papi_thread *thread, int component, int *refused)
{
    for (int s = 0; s < thread->n_sets; s++)
        if (thread->sets[s].component == component)
            return &thread->sets[s];
    *refused = PAPI_ECNFLCT;
    if (thread->n_sets == MOST_SETS)
        return NULL;
    int set = PAPI_NULL;
    *refused = PAPI_create_eventset(&set);
    if (*refused != PAPI_OK)
        return NULL;
    struct papi_set *const made = &thread->sets[thread->n_sets++];
    *made = (struct papi_set){.set = set, .component = component};
    return made;
}

static void destroy_set(struct papi_set *s, bool running)
{
    long long last[ZG_MOST_EVENTS];
    if (running)
        PAPI_stop(s->set, last);
    PAPI_cleanup_eventset(s->set);
    PAPI_destroy_eventset(&s->set);
    s->set = PAPI_NULL;
}

/* Puts the set's events into a new one that multiplexes.  PAPI_OK, or why not: then the old set
 * stays. */
static int multiplex_set(struct papi_set *s, const int *codes)
{
    int set = PAPI_NULL;
    int refused = PAPI_create_eventset(&set);
    if (refused != PAPI_OK)
        return refused;
    refused = PAPI_assign_eventset_component(set, s->component);
    if (refused == PAPI_OK)
        refused = PAPI_set_multiplex(set);
    for (int64_t e = 0; e < s->n && refused == PAPI_OK; e++)
        refused = PAPI_add_event(set, codes[s->event[e]]);
    if (refused != PAPI_OK) {
        PAPI_cleanup_eventset(set);
        PAPI_destroy_eventset(&set);
        return refused;
    }
    destroy_set(s, false);
    s->set = set;
    s->multiplexed = true;
    return PAPI_OK;
}

static int add_event(struct papi_set *s, const int *codes, int64_t i, bool multiplex)
{
    if (s->n == ZG_MOST_EVENTS)
        return PAPI_ECNFLCT;
    int refused = PAPI_add_event(s->set, codes[i]);
    const bool crowded = refused == PAPI_ECNFLCT || refused == PAPI_ECOUNT;
    if (crowded && multiplex && !s->multiplexed) {
        refused = multiplex_set(s, codes);
        if (refused == PAPI_OK)
            refused = PAPI_add_event(s->set, codes[i]);
    }
    if (refused == PAPI_OK)
        s->event[s->n++] = i;
    return refused;
}

static void start_sets(struct papi_thread *thread, const int *codes, enum zg_event_state *states,
                       char *const *reasons)
{
    for (int k = 0; k < thread->n_sets;) {
        struct papi_set *const s = &thread->sets[k];
        const int refused = s->n ? PAPI_start(s->set) : PAPI_ENOEVNT;
        for (int64_t e = 0; e < s->n; e++) {
            const int64_t i = s->event[e];
            states[i] = refused != PAPI_OK ? ZG_EVENT_REFUSED
                        : s->multiplexed   ? ZG_EVENT_MULTIPLEXED
                                           : ZG_EVENT_COUNTS;
            if (refused != PAPI_OK)
                say_refused(codes[i], refused, reasons[i], ZG_REASON_SIZE);
        }
        if (refused == PAPI_OK) {
            k++;
            continue;
        }
        destroy_set(s, false);
        *s = thread->sets[--thread->n_sets]; /* the last set takes the freed place */
    }
}

static void *open_thread(const int *codes, int64_t n, bool multiplex, enum zg_event_state *states,
                         char *const *reasons)
{
    struct papi_thread *const thread = calloc(1, sizeof *thread);
    if (!thread)
        return NULL;
    thread->n = n;
    PAPI_register_thread();
    for (int64_t i = 0; i < n; i++) {
        int refused = PAPI_OK;
        struct papi_set *const s = set_for(thread, PAPI_get_event_component(codes[i]), &refused);
        if (s)
            refused = add_event(s, codes, i, multiplex);
        states[i] = ZG_EVENT_REFUSED; /* until its set runs */
        if (!s || refused != PAPI_OK)
            say_refused(codes[i], refused, reasons[i], ZG_REASON_SIZE);
    }
    start_sets(thread, codes, states, reasons);
    return thread;
}

static void read_thread(void *opaque, double *values)
{
    const struct papi_thread *const thread = opaque;
    for (int64_t i = 0; i < thread->n; i++)
        values[i] = NAN;
    for (int k = 0; k < thread->n_sets; k++) {
        const struct papi_set *const s = &thread->sets[k];
        long long counts[ZG_MOST_EVENTS];
        if (PAPI_read(s->set, counts) != PAPI_OK)
            continue;
        for (int64_t e = 0; e < s->n; e++)
            values[s->event[e]] = (double)counts[e];
    }
}

static void close_thread(void *opaque)
{
    struct papi_thread *const thread = opaque;
    if (!thread)
        return;
    for (int k = 0; k < thread->n_sets; k++)
        destroy_set(&thread->sets[k], true);
    /* Not the main thread: PAPI was started in it and would crash in its next call. */
    if (gettid() != getpid())
        PAPI_unregister_thread();
    free(thread);
}

const struct zg_counter_source zg_counters_papi = {"PAPI", find, open_thread, read_thread,
                                                   close_thread};
