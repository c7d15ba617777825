/* test_counters.c - harness/counters.c and its sources. */
#include "harness/counters.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "harness/counters_source.h"
#include "tests/support/cunit_run.h"

enum { THREADS = 2 };

static void unknown_names_are_usage(void)
{
    static const char *const bad[] = {
        "bogus",
        "PAPI_TOT_INS,,PAPI_TOT_CYC",
        "perf::NO-SUCH-EVENT",
        "software,bad",
        ",",
        "default ",
        "a_name_that_is_longer_than_any_event_of_any_library_that_counts_events_today"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct zg_counters *counters = NULL;
        struct zg_error err = {0};
        CU_ASSERT_EQUAL(zg_counters_open(&counters, bad[i], 1, &err), ZG_USAGE);
        CU_ASSERT_PTR_NULL(counters);
        CU_ASSERT(strstr(err.text, "--events") != NULL);
    }
}

static void none_counts_nothing(void)
{
    struct zg_counters *counters = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_counters_open(&counters, "none", THREADS, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_counters_n(counters), 0);
    zg_counters_start(counters);
    zg_counters_stop(counters);
    zg_counters_read(counters, NULL);
    zg_counters_close(&counters);
    CU_ASSERT_PTR_NULL(counters);
    zg_counters_close(&counters);
}

/* Every event of every group either counts, or says why and reads NaN, never 0. */
static void every_event_counts_or_says_why(void)
{
    struct zg_counters *counters = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(
        zg_counters_open(&counters, "default,cache,flops,perf::TASK-CLOCK", THREADS, &err), ZG_OK);
    const int64_t n = zg_counters_n(counters);
    /* software 3, hardware 3, cache 4 (one of them in hardware too), flops 3, one more */
    CU_ASSERT_EQUAL(n, 3 + 3 + 3 + 3 + 1);
    double sums[32];
    zg_counters_start(counters);
    zg_counters_stop(counters);
    zg_counters_read(counters, sums);
    for (int64_t i = 0; i < n; i++) {
        const struct zg_counter_event *const event = zg_counters_event(counters, i);
        CU_ASSERT_EQUAL(event->counting, event->reason[0] == '\0');
        CU_ASSERT_EQUAL(event->counting, isfinite(sums[i]) != 0);
        double sum = 0;
        for (int64_t t = 0; t < THREADS; t++)
            sum += zg_counters_thread(counters, t, i);
        CU_ASSERT(event->counting ? sum == sums[i] : isnan(sum));
        if (!event->counting)
            printf("\n    %s: %s", event->name, event->reason);
    }
    zg_counters_close(&counters);
}

static void columns_are_csv_names(void)
{
    struct zg_counters *counters = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_counters_open(&counters, "perf::CPU-MIGRATIONS,PAPI_TOT_INS", 1, NULL),
                          ZG_OK);
    CU_ASSERT_STRING_EQUAL(zg_counters_event(counters, 0)->column, "perf_cpu_migrations");
    CU_ASSERT_STRING_EQUAL(zg_counters_event(counters, 1)->column, "papi_tot_ins");
    zg_counters_close(&counters);
}

/* Each worker touches fresh pages: at least one fault a page, unless huge pages serve them, so
 * those are refused. */
static void page_faults_are_those_of_the_worker(void)
{
    enum { PAGES = 100 };
    struct zg_counters *counters = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_counters_open(&counters, "perf::PAGE-FAULTS", THREADS, NULL), ZG_OK);
    if (!zg_counters_event(counters, 0)->counting) {
        printf("skipped: %s\n", zg_counters_event(counters, 0)->reason);
        zg_counters_close(&counters);
        return;
    }
    char *memory[THREADS];
    for (int t = 0; t < THREADS; t++) {
        memory[t] =
            mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CU_ASSERT_FATAL(memory[t] != MAP_FAILED);
        madvise(memory[t], PAGES * 4096, MADV_NOHUGEPAGE);
    }
    struct zg_usage before, after;
    zg_usage_read(&before);
    zg_counters_start(counters);
#pragma omp parallel num_threads(THREADS)
    {
        /* Worker 1 touches all its pages, worker 0 one. */
        const int t = omp_get_thread_num();
        for (int p = 0; p < (t ? PAGES : 1); p++)
            ((volatile char *)memory[t])[p * 4096] = 1;
    }
    zg_counters_stop(counters);
    zg_usage_read(&after);
    CU_ASSERT(zg_counters_thread(counters, 1, 0) >= PAGES);
    CU_ASSERT(zg_counters_thread(counters, 0, 0) >= 1);
    CU_ASSERT(zg_counters_thread(counters, 0, 0) < PAGES);
    CU_ASSERT(after.minor_faults - before.minor_faults >= PAGES + 1);
    for (int t = 0; t < THREADS; t++)
        munmap(memory[t], PAGES * 4096);
    zg_counters_close(&counters);
}

/* Open and close again and again: no descriptor and no event set is left behind. */
static void reopening_leaks_nothing(void)
{
    for (int i = 0; i < 200; i++) {
        struct zg_counters *counters = NULL;
        CU_ASSERT_EQUAL_FATAL(zg_counters_open(&counters, "default", THREADS, NULL), ZG_OK);
        if (i == 199)
            CU_ASSERT(zg_counters_event(counters, 0)->counting ||
                      zg_counters_event(counters, 0)->reason[0]);
        zg_counters_close(&counters);
    }
    /* 200 x 3 events x 2 workers would be past the usual limit of 1024 descriptors. */
    const int fd = zg_software_open(zg_software_find("perf::TASK-CLOCK"));
    CU_ASSERT(fd < 100);
}

int main(void)
{
    const struct zg_test tests[] = {
        {"unknown names are ZG_USAGE", unknown_names_are_usage},
        {"none counts nothing", none_counts_nothing},
        {"every event counts or says why", every_event_counts_or_says_why},
        {"columns are CSV names", columns_are_csv_names},
        {"page faults are those of the worker", page_faults_are_those_of_the_worker},
        {"reopening leaks nothing", reopening_leaks_nothing},
        {0}};
    return zg_test_run("counters", tests);
}
