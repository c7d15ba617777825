/* scripted_counters.c - a source of counts that follows a script, with few registers. */
#include "tests/harness/scripted_counters.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scripted_event {
    const char *name;
    enum zg_event_found found;
    double rate;
    int n_registers;    /* that it takes; 0: one of its own */
    int refused_thread; /* the only thread that refuses it; -1: none does */
};

/* clang-format off */
static const struct scripted_event script[] = {
    {"PAPI_TOT_CYC", ZG_EVENT_KNOWN, 3000, 0, -1},
    {"PAPI_TOT_INS", ZG_EVENT_KNOWN, 6000, 0, -1},
    {"PAPI_L1_DCM", ZG_EVENT_KNOWN, 40, 1, -1},
    {"PAPI_L2_TCM", ZG_EVENT_LACKING, 0, 1, -1},
    {"PAPI_L2_DCM", ZG_EVENT_KNOWN, 20, 1, -1}, /* what stands in for it */
    {"PAPI_L3_TCM", ZG_EVENT_KNOWN, 10, 1, -1},
    {"PAPI_TLB_DM", ZG_EVENT_LACKING, 0, 1, -1},
    {"PAPI_SP_OPS", ZG_EVENT_KNOWN, 0, 1, -1}, /* accepted, and stays 0 */
    {"PAPI_VEC_SP", ZG_EVENT_LACKING, 0, 1, -1},
    {"PAPI_RES_STL", ZG_EVENT_KNOWN, 7, 1, 1},
    {"fake::NATIVE:UMASK", ZG_EVENT_KNOWN, 5, 1, -1},
};
/* clang-format on */
enum { N_SCRIPT = sizeof script / sizeof *script };

int scripted_n_registers = 5;
int scripted_n_open, scripted_n_opened;
bool scripted_multiplex_fails;

struct scripted_thread {
    int number;
    int64_t n;
    int codes[ZG_MOST_EVENTS];
    bool counts[ZG_MOST_EVENTS];
    double values[ZG_MOST_EVENTS];
};

static enum zg_event_found scripted_find(const char *name, int *code, char *reason, size_t size)
{
    for (int i = 0; i < N_SCRIPT; i++) {
        if (strcmp(name, script[i].name))
            continue;
        *code = i;
        if (script[i].found == ZG_EVENT_LACKING)
            snprintf(reason, size, "not on this processor");
        return script[i].found;
    }
    return ZG_EVENT_UNKNOWN;
}

static void *scripted_open(const int *codes, int64_t n, bool multiplex, enum zg_event_state *states,
                           char *const *reasons)
{
    struct scripted_thread *const thread = calloc(1, sizeof *thread);
    const int number = omp_get_thread_num();
    int wanted = 0, used = 0;
#pragma omp atomic
    scripted_n_open++;
#pragma omp atomic
    scripted_n_opened++;
    thread->number = number;
    thread->n = n;
    for (int64_t i = 0; i < n; i++)
        wanted += script[codes[i]].n_registers;
    const bool shared = multiplex && !scripted_multiplex_fails && wanted > scripted_n_registers;
    for (int64_t i = 0; i < n; i++) {
        const struct scripted_event *const event = &script[codes[i]];
        thread->codes[i] = codes[i];
        states[i] = ZG_EVENT_REFUSED;
        if (event->refused_thread == number)
            snprintf(reasons[i], ZG_REASON_SIZE, "thread %d refuses", number);
        else if (!shared && used + event->n_registers > scripted_n_registers)
            zg_reason_no_register(reasons[i], ZG_REASON_SIZE);
        else
            states[i] = shared ? ZG_EVENT_MULTIPLEXED : ZG_EVENT_COUNTS;
        thread->counts[i] = states[i] != ZG_EVENT_REFUSED;
        used += thread->counts[i] ? event->n_registers : 0;
    }
    return thread;
}

static void scripted_read(void *opaque, double *values)
{
    struct scripted_thread *const thread = opaque;
    for (int64_t i = 0; i < thread->n; i++) {
        thread->values[i] += script[thread->codes[i]].rate * (thread->number + 1);
        values[i] = thread->counts[i] ? thread->values[i] : NAN;
    }
}

static void scripted_close(void *opaque)
{
#pragma omp atomic
    scripted_n_open--;
    free(opaque);
}

const struct zg_counter_source scripted_source = {"script", scripted_find, scripted_open,
                                                  scripted_read, scripted_close};
