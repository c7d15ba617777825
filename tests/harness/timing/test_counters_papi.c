/*
 * test_counters_papi.c - counters_papi.c on events that every machine has: PAPI's software
 * defined events, of a library that this test plays.  A PMU is not needed.
 */
#include <math.h>
#include <omp.h>
#include <sde_lib.h>
#include <stdio.h>
#include <string.h>

#include "harness/timing/counters.h"
#include "harness/timing/counters_source.h"
#include "tests/support/cunit_run.h"

enum { THREADS = 2, N_TICKS = 3 };

static long long ticks[N_TICKS];
static const char names[] =
    "sde:::zogap_test::tick0,sde:::zogap_test::tick1,sde:::zogap_test::tick2";

static struct zg_counters *open_counters(const char *events, bool multiplex)
{
    const struct zg_counters_request request = {
        .events = events, .n_threads = THREADS, .multiplex = multiplex};
    struct zg_counters *counters = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_counters_open(&counters, &request, NULL), ZG_OK);
    return counters;
}

/* Each worker's set reads the library's one count, so each sees all of it. */
static void counts_are_differences(void)
{
    struct zg_counters *counters = open_counters(names, false);
    double sums[N_TICKS];
    CU_ASSERT_EQUAL(zg_counters_n(counters), N_TICKS);
    CU_ASSERT_EQUAL(zg_counters_n_counting(counters), N_TICKS);
    CU_ASSERT_EQUAL(zg_counters_n_multiplexed(counters), 0);
    CU_ASSERT_STRING_EQUAL(zg_counters_event(counters, 1)->column, "sde_zogap_test_tick1");
    for (int span = 1; span <= 3; span++) {
        ticks[2] += 1000; /* outside of every span */
        zg_counters_start(counters);
        for (int i = 0; i < N_TICKS; i++)
            ticks[i] += span * 10 + i;
        zg_counters_stop(counters);
        zg_counters_read(counters, sums);
        for (int i = 0; i < N_TICKS; i++) {
            CU_ASSERT_EQUAL(zg_counters_thread(counters, 0, i), span * 10 + i);
            CU_ASSERT_EQUAL(zg_counters_thread(counters, 1, i), span * 10 + i);
            CU_ASSERT_EQUAL(sums[i], 2 * (span * 10 + i));
        }
    }
    CU_ASSERT_EQUAL(zg_counters_event(counters, 0)->empty, 0);
    CU_ASSERT(zg_counters_overhead(counters).start_stop_s > 0);
    zg_counters_close(&counters);
}

/* Events of another component, which may or may not count here, do not disturb these. */
static void components_have_sets_of_their_own(void)
{
    struct zg_counters *counters =
        open_counters("PAPI_TOT_CYC,sde:::zogap_test::tick0,perf::PAGE-FAULTS,PAPI_TOT_INS", true);
    double sums[4];
    CU_ASSERT_EQUAL(zg_counters_n(counters), 4);
    zg_counters_start(counters);
    ticks[0] += 7;
    zg_counters_stop(counters);
    zg_counters_read(counters, sums);
    CU_ASSERT(zg_counters_event(counters, 1)->counting);
    CU_ASSERT(!zg_counters_event(counters, 1)->multiplexed); /* nothing is crowded there */
    CU_ASSERT_EQUAL(sums[1], 14);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(zg_counters_event(counters, i)->counting, isfinite(sums[i]) != 0);
    zg_counters_close(&counters);
}

/* PAPI has a table of event sets: opening again and again must not fill it. */
static void reopening_leaks_nothing(void)
{
    for (int i = 0; i < 60; i++) {
        struct zg_counters *counters = open_counters(names, i % 2 == 0);
        if (zg_counters_n_counting(counters) != N_TICKS)
            CU_FAIL("an event stopped counting");
        zg_counters_close(&counters);
    }
}

int main(void)
{
    const papi_handle_t library = papi_sde_init("zogap_test");
    for (int i = 0; i < N_TICKS; i++) {
        char name[16];
        snprintf(name, sizeof name, "tick%d", i);
        if (!library || papi_sde_register_counter(library, name, PAPI_SDE_RO | PAPI_SDE_DELTA,
                                                  PAPI_SDE_long_long, &ticks[i])) {
            printf("skipped: this PAPI takes no software defined events\n");
            return 77;
        }
    }
    int code = 0;
    char reason[ZG_REASON_SIZE] = "";
    if (zg_counters_papi.find("sde:::zogap_test::tick0", &code, reason, sizeof reason) !=
        ZG_EVENT_KNOWN) {
        printf("skipped: this PAPI has no sde component: %s\n", reason);
        return 77;
    }
    const struct zg_test tests[] = {
        {"counts are differences", counts_are_differences},
        {"components have sets of their own", components_have_sets_of_their_own},
        {"reopening leaks nothing", reopening_leaks_nothing},
        {0}};
    return zg_test_run("counters_papi", tests);
}
