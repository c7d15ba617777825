/* counters_nopapi.c - counters_source.h in a build without PAPI: no event can be checked or
 * counted. */
#include <stdio.h>

#include "harness/counters_source.h"

enum zg_papi_found zg_papi_find(const char *name, int *code, char *reason, size_t size)
{
    (void)name;
    (void)code;
    snprintf(reason, size, "built without PAPI: install libpapi-dev");
    return ZG_PAPI_UNCHECKABLE;
}

struct zg_papi_thread *zg_papi_thread_open(const int *codes, int64_t n, bool *counting,
                                           char *const *reasons, size_t reason_size)
{
    (void)codes;
    (void)n;
    (void)counting;
    (void)reasons;
    (void)reason_size;
    return NULL;
}

void zg_papi_thread_read(struct zg_papi_thread *thread, double *values)
{
    (void)thread;
    (void)values;
}

void zg_papi_thread_close(struct zg_papi_thread *thread)
{
    (void)thread;
}
