/* counters_list.c - names and groups of --events: counters_source.h. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "harness/timing/counters_source.h"

/* Registers go to those that come first, so what most is derived from does: cycles and instructions
 * have registers of their own on most processors.  FP operations of one precision take up to four
 * registers, one a vector width. */
#define TOTALS    "PAPI_TOT_CYC|perf::CYCLES,PAPI_TOT_INS|perf::INSTRUCTIONS"
#define L3_MISSES "PAPI_L3_TCM|PAPI_L3_DCM|perf::CACHE-MISSES"
#define FP_OPS    "PAPI_SP_OPS|PAPI_FP_OPS"

static const struct {
    const char *name, *events;
} groups[] = {
    {"none", ""},
    {"default", "software,hardware"},
    {"software", "perf::CPU-MIGRATIONS,perf::PAGE-FAULTS,perf::CONTEXT-SWITCHES"},
    {"hardware", TOTALS "," L3_MISSES ",PAPI_L2_TCM|PAPI_L2_DCM,PAPI_L1_DCM,PAPI_TLB_DM," FP_OPS
                        ",PAPI_RES_STL|PAPI_STL_ICY"},
    {"flops", TOTALS "," FP_OPS ",PAPI_VEC_SP"},
    {"cache", TOTALS ",PAPI_L1_DCM,PAPI_L2_TCM|PAPI_L2_DCM," L3_MISSES},
    {"tlb", TOTALS ",PAPI_TLB_DM,PAPI_TLB_IM"},
    {"stalls", TOTALS ",PAPI_RES_STL,PAPI_STL_ICY,PAPI_MEM_WCY"},
};
enum { N_GROUPS = sizeof groups / sizeof *groups };

static const char *group(const char *name)
{
    for (int i = 0; i < N_GROUPS; i++)
        if (!strcmp(name, groups[i].name))
            return groups[i].events;
    return NULL;
}

struct zg_nearest zg_event_nearest(const char *typed)
{
    struct zg_nearest nearest = zg_nearest_begin(typed);
    for (int i = 0; i < N_GROUPS; i++) {
        zg_nearest_try(&nearest, groups[i].name, strlen(groups[i].name));
        zg_nearest_try_words(&nearest, groups[i].events);
    }
    zg_nearest_hint(&nearest);
    return nearest;
}

static enum zg_status add_wish(struct zg_event_list *out, const char *names, bool in_group,
                               bool in_default, struct zg_error *err)
{
    for (int64_t i = 0; i < out->n; i++) {
        if (!strcmp(out->wishes[i].names, names)) {
            out->wishes[i].in_group &= in_group;
            out->wishes[i].in_default &= in_default;
            return ZG_OK;
        }
    }
    if (out->n == ZG_MOST_EVENTS)
        return zg_fail(err, ZG_USAGE, "--events: more than %d events", ZG_MOST_EVENTS);
    struct zg_event_wish *const wish = &out->wishes[out->n++];
    snprintf(wish->names, sizeof wish->names, "%s", names);
    wish->in_group = in_group;
    wish->in_default = in_default;
    return ZG_OK;
}

static enum zg_status add_list(struct zg_event_list *out, const char *list, bool in_group,
                               bool in_default, struct zg_error *err)
{
    if (!*list)
        return ZG_OK;
    for (const char *at = list;;) {
        const size_t n = strcspn(at, ",");
        char name[sizeof out->wishes[0].names];
        if (n == 0)
            return zg_fail(err, ZG_USAGE,
                           "--events \"%s\": an empty name; want a comma-separated list", list);
        if (n >= sizeof name)
            return zg_fail(err, ZG_USAGE, "--events: unknown event \"%.*s...\"", 63, at);
        memcpy(name, at, n);
        name[n] = '\0';
        const char *const members = group(name);
        const bool of_default = in_default || !strcmp(name, "default");
        const enum zg_status status = members ? add_list(out, members, true, of_default, err)
                                              : add_wish(out, name, in_group, in_default, err);
        if (status)
            return status;
        if (!at[n])
            return ZG_OK;
        at += n + 1;
    }
}

enum zg_status zg_event_list_parse(struct zg_event_list *out, const char *text,
                                   struct zg_error *err)
{
    *out = (struct zg_event_list){0};
    return *text ? add_list(out, text, false, false, err)
                 : zg_fail(err, ZG_USAGE, "--events \"\": an empty list; want none, or names");
}

static bool begins_with_one_of(const char *name, const char *const *starts)
{
    for (; *starts; starts++)
        if (!strncasecmp(name, *starts, strlen(*starts)))
            return true;
    return false;
}

bool zg_event_is_plausible(const char *name)
{
    /* libpfm4's generic hardware events; its perf:: software events are counters_software.c's. */
    static const char *const hardware[] = {
        "CPU-CYCLES",   "CYCLES", "REF-CYCLES", "BUS-CYCLES", "STALLED-CYCLES", "IDLE-CYCLES",
        "INSTRUCTIONS", "CACHE-", "BRANCH",     "L1-DCACHE-", "L1-ICACHE-",     "LLC-",
        "DTLB-",        "ITLB-",  "NODE-",      NULL};
    if (!strncasecmp(name, "perf::", 6))
        return begins_with_one_of(name + 6, hardware);
    return !strncmp(name, "PAPI_", 5) || strchr(name, ':') != NULL;
}

bool zg_event_is_certain(const char *name)
{
    static const char *const certain[] = {
        "PAPI_TOT_CYC",     "PAPI_TOT_INS",       "PAPI_REF_CYC",     "PAPI_SP_OPS",
        "PAPI_FP_OPS",      "PAPI_FP_INS",        "PAPI_L1_DCM",      "perf::CYCLES",
        "perf::CPU-CYCLES", "perf::INSTRUCTIONS", "perf::TASK-CLOCK", NULL};
    for (const char *const *c = certain; *c; c++)
        if (!strcasecmp(name, *c))
            return true;
    return false;
}
