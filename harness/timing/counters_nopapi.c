/* counters_nopapi.c - counters_source.h in a build without PAPI: no event can be checked or
 * counted. */
#include <stdio.h>

#include "harness/timing/counters_source.h"

static enum zg_event_found find(const char *name, int *code, char *reason, size_t size)
{
    (void)name;
    (void)code;
    snprintf(reason, size, "built without PAPI: install libpapi-dev");
    return ZG_EVENT_UNCHECKABLE;
}

/* find() knows no event, so nothing is opened. */
const struct zg_counter_source zg_counters_papi = {"PAPI", find, NULL, NULL, NULL};
