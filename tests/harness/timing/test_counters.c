/* test_counters.c - counters.c and its sources. */
#include "harness/machine/usage.h"
#include "harness/timing/counters.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/timing/counters_source.h"
#include "tests/harness/scripted_counters.h"
#include "tests/support/cunit_run.h"
#include "tests/support/fake_root.h"

enum { THREADS = 2 };

/* The system's own sources. */
static enum zg_status open_real(struct zg_counters **out, const char *events, int64_t n_threads,
                                struct zg_error *err)
{
    const struct zg_counters_request request = {.events = events, .n_threads = n_threads};
    return zg_counters_open(out, &request, err);
}

static struct zg_counters *open_scripted(const char *events, bool multiplex)
{
    static const struct zg_counter_source *const sources[] = {&zg_counters_software,
                                                              &scripted_source, NULL};
    const struct zg_counters_request request = {
        .events = events, .n_threads = THREADS, .multiplex = multiplex, .sources = sources};
    struct zg_counters *counters = NULL;
    struct zg_error err = {0};
    const enum zg_status status = zg_counters_open(&counters, &request, &err);
    if (status)
        printf("%s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(status, ZG_OK);
    return counters;
}

static const struct zg_counter_event *event_named(const struct zg_counters *counters,
                                                  const char *name)
{
    for (int64_t i = 0; i < zg_counters_n(counters); i++)
        if (!strcmp(zg_counters_event(counters, i)->name, name))
            return zg_counters_event(counters, i);
    return NULL;
}

static const char *why_left_out(const struct zg_counters *counters, const char *name)
{
    for (int64_t i = 0; i < zg_counters_n_left_out(counters); i++)
        if (!strcmp(zg_counters_left_out(counters, i)->name, name))
            return zg_counters_left_out(counters, i)->reason;
    return "";
}

/* What counts has a column; the rest of the group is named, with its reason. */
static void a_group_is_trimmed_to_what_counts(void)
{
    struct zg_counters *counters = open_scripted("hardware", false);
    static const char *const columns[] = {"papi_tot_cyc", "papi_tot_ins", "papi_l3_tcm",
                                          "papi_l2_dcm", "papi_l1_dcm"};
    CU_ASSERT_EQUAL_FATAL(zg_counters_n(counters), 5);
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_STRING_EQUAL(zg_counters_event(counters, i)->column, columns[i]);
        CU_ASSERT(zg_counters_event(counters, i)->counting);
        CU_ASSERT(!zg_counters_event(counters, i)->multiplexed);
    }
    CU_ASSERT_EQUAL(zg_counters_n_left_out(counters), 3);
    zg_test_expect_words(why_left_out(counters, "PAPI_TLB_DM"), "not on this processor");
    zg_test_expect_words(why_left_out(counters, "PAPI_SP_OPS"), "accepted but counts 0");
    zg_test_expect_words(why_left_out(counters, "PAPI_RES_STL"), "thread 1 refuses");
    zg_counters_close(&counters);
    CU_ASSERT_EQUAL(scripted_n_open, 0);
}

/* Thread t counts rate * (t + 1) between two reads. */
static void counts_are_per_thread_and_summed(void)
{
    struct zg_counters *counters = open_scripted("PAPI_TOT_INS,fake::NATIVE:UMASK", false);
    double sums[2], totals[THREADS * 2] = {0};
    CU_ASSERT_STRING_EQUAL(zg_counters_event(counters, 1)->column, "fake_native_umask");
    for (int span = 0; span < 3; span++) {
        zg_counters_start(counters);
        zg_counters_stop(counters);
        zg_counters_add(counters, totals);
    }
    zg_counters_read(counters, sums);
    CU_ASSERT_EQUAL(sums[0], 6000 + 12000);
    CU_ASSERT_EQUAL(sums[1], 5 + 10);
    CU_ASSERT_EQUAL(zg_counters_thread(counters, 1, 0), 12000);
    CU_ASSERT_EQUAL(totals[0], 3 * 6000);
    CU_ASSERT_EQUAL(totals[1], 3 * 5);
    CU_ASSERT_EQUAL(totals[2], 3 * 12000);
    CU_ASSERT_EQUAL(totals[3], 3 * 10);
    CU_ASSERT_EQUAL(zg_counters_event(counters, 0)->empty, 18000);
    const struct zg_counters_overhead overhead = zg_counters_overhead(counters);
    CU_ASSERT(overhead.start_stop_s > 0 && overhead.start_stop_s < 1);
    CU_ASSERT(overhead.slowdown > -1 && isfinite(overhead.slowdown));
    zg_counters_close(&counters);
}

/* By name an event keeps its column, empty; by a group as well, it counts as named. */
static void what_is_named_stays(void)
{
    struct zg_counters *counters = open_scripted("flops,PAPI_TLB_DM,PAPI_SP_OPS", false);
    CU_ASSERT_EQUAL(zg_counters_n(counters), 4);
    CU_ASSERT_EQUAL(zg_counters_n_counting(counters), 2);
    CU_ASSERT_PTR_NOT_NULL(event_named(counters, "PAPI_TLB_DM"));
    CU_ASSERT_PTR_NOT_NULL(event_named(counters, "PAPI_SP_OPS"));
    double sums[4];
    zg_counters_start(counters);
    zg_counters_stop(counters);
    zg_counters_read(counters, sums);
    for (int64_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(isfinite(sums[i]) != 0, zg_counters_event(counters, i)->counting);
    zg_counters_close(&counters);
}

/* By name or in a group that somebody asked for; the default set may lack what it likes. */
static void what_was_asked_for_and_does_not_count_is_told(void)
{
    static const struct {
        const char *events, *says; /* NULL: nothing */
    } cases[] = {
        {"default", NULL},
        {"none", NULL},
        {"PAPI_TOT_INS", NULL},
        {"PAPI_TLB_DM", "PAPI_TLB_DM: not counted: "},
        {"PAPI_SP_OPS", "accepted but counts 0"},
        {"PAPI_TLB_DM,PAPI_SP_OPS", "PAPI_TLB_DM, PAPI_SP_OPS: not counted: "},
        {"hardware", "PAPI_TLB_DM"}, /* which the default set has, too */
        {"default,PAPI_TLB_DM", "PAPI_TLB_DM: not counted: "},
        {"PAPI_TLB_DM,default", "PAPI_TLB_DM: not counted: "},
        {"default,flops", "PAPI_VEC_SP: not counted: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        struct zg_counters *counters = open_scripted(cases[i].events, false);
        const bool told = zg_counters_tell_uncounted(counters, text, sizeof text);
        CU_ASSERT_EQUAL(told, cases[i].says != NULL);
        CU_ASSERT_EQUAL(told, text[0] != '\0');
        if (cases[i].says)
            zg_test_expect_words(text, cases[i].says);
        zg_counters_close(&counters);
    }
    char text[8] = "x";
    CU_ASSERT(!zg_counters_tell_uncounted(NULL, text, sizeof text) && !text[0]);
}

static void registers_run_out_unless_multiplexed(void)
{
    static const char events[] = "PAPI_TOT_CYC,PAPI_L3_TCM,PAPI_L1_DCM,fake::NATIVE:UMASK";
    fake_root_open();
    fake_root_write("/proc/sys/kernel/nmi_watchdog", "1\n");
    scripted_n_registers = 2;
    struct zg_counters *counters = open_scripted(events, false);
    CU_ASSERT_EQUAL(zg_counters_n_counting(counters), 3);
    CU_ASSERT_EQUAL(zg_counters_n_multiplexed(counters), 0);
    const struct zg_counter_event *const refused = event_named(counters, "fake::NATIVE:UMASK");
    CU_ASSERT(!refused->counting);
    zg_test_expect_words(refused->reason, "--multiplex");
    zg_test_expect_words(refused->reason, "/proc/sys/kernel/nmi_watchdog is 1");
    zg_counters_close(&counters);

    counters = open_scripted(events, true);
    CU_ASSERT_EQUAL(zg_counters_n_counting(counters), 4);
    CU_ASSERT_EQUAL(zg_counters_n_multiplexed(counters), 4);
    CU_ASSERT_STRING_EQUAL(zg_counters_event(counters, 0)->column, "papi_tot_cyc_multiplexed");
    zg_counters_close(&counters);

    /* allowed, and not needed */
    counters = open_scripted("PAPI_TOT_CYC,PAPI_L3_TCM", true);
    CU_ASSERT_EQUAL(zg_counters_n_multiplexed(counters), 0);
    CU_ASSERT_STRING_EQUAL(zg_counters_event(counters, 1)->column, "papi_l3_tcm");
    zg_counters_close(&counters);

    /* a source that cannot: refused in the open */
    scripted_multiplex_fails = true;
    counters = open_scripted(events, true);
    CU_ASSERT_EQUAL(zg_counters_n_counting(counters), 3);
    zg_counters_close(&counters);
    scripted_multiplex_fails = false;
    scripted_n_registers = 5;
    fake_root_close();
    CU_ASSERT_EQUAL(scripted_n_open, 0);
    CU_ASSERT(scripted_n_opened > 0);
}

/* No PMU, no permission, no kernel support: each is named with what to change. */
static void reasons_name_what_to_change(void)
{
    char reason[ZG_REASON_SIZE];
    fake_root_open();
    zg_reason_refused(reason, sizeof reason, "no");
    zg_test_expect_words(reason, "no; /proc/sys/kernel/perf_event_paranoid is absent");
    fake_root_write("/proc/sys/kernel/perf_event_paranoid", "4\n");
    zg_reason_refused(reason, sizeof reason, "no");
    zg_test_expect_words(reason, "no; there is no PMU (/sys/bus/event_source/devices/cpu is");
    fake_root_write("/sys/bus/event_source/devices/cpu/type", "4\n");
    zg_reason_refused(reason, sizeof reason, "no");
    zg_test_expect_words(reason, "perf_event_paranoid is 4: want 2 or less");
    fake_root_write("/proc/sys/kernel/perf_event_paranoid", "2\n");
    zg_reason_refused(reason, sizeof reason, "no");
    CU_ASSERT_STRING_EQUAL(reason, "no");
    zg_reason_no_register(reason, sizeof reason);
    CU_ASSERT_PTR_NULL(strstr(reason, "nmi_watchdog"));
    fake_root_close();
}

/* ---- the list -------------------------------------------------------------------------------- */

static void groups_overlap(void)
{
    struct zg_event_list list, once;
    CU_ASSERT_EQUAL(zg_event_list_parse(&list, "default,flops,cache,tlb,stalls,none", NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_event_list_parse(&once, "default", NULL), ZG_OK);
    CU_ASSERT_EQUAL(once.n, 3 + 8);
    CU_ASSERT_EQUAL(list.n, 3 + 8 + 1 /* VEC_SP */ + 1 /* TLB_IM */ + 3 /* stalls by name */);
    for (int64_t i = 0; i < list.n; i++)
        CU_ASSERT(list.wishes[i].in_group);
    CU_ASSERT_EQUAL(zg_event_list_parse(&list, "PAPI_L1_DCM,cache,PAPI_TLB_DM,tlb", NULL), ZG_OK);
    CU_ASSERT(!list.wishes[0].in_group);
    char many[40 * 16] = "E0";
    for (int i = 1; i < 40; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), ",E%d", i);
    CU_ASSERT_EQUAL(zg_event_list_parse(&list, many, NULL), ZG_USAGE);
    CU_ASSERT_EQUAL(zg_event_list_parse(&list, "", NULL), ZG_USAGE);
}

/* Where no source can tell, names that could be events are kept, and the others refused. */
static void plausible_names(void)
{
    CU_ASSERT(zg_event_is_plausible("PAPI_TOT_INS"));
    CU_ASSERT(zg_event_is_plausible("perf::CACHE-MISSES"));
    CU_ASSERT(zg_event_is_plausible("perf::L1-DCACHE-LOAD-MISSES:u"));
    CU_ASSERT(zg_event_is_plausible("skx::L2_LINES_IN:ALL"));
    CU_ASSERT(!zg_event_is_plausible("perf::CPU-MIGRATION"));
    CU_ASSERT(!zg_event_is_plausible("instructions"));
}

/* ---- the system's own sources ---------------------------------------------------------------- */

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
        CU_ASSERT_EQUAL(open_real(&counters, bad[i], 1, &err), ZG_USAGE);
        CU_ASSERT_PTR_NULL(counters);
        CU_ASSERT(strstr(err.text, "--events") != NULL);
    }
}

static void none_counts_nothing(void)
{
    struct zg_counters *counters = NULL;
    CU_ASSERT_EQUAL_FATAL(open_real(&counters, "none", THREADS, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_counters_n(counters), 0);
    zg_counters_start(counters);
    zg_counters_stop(counters);
    zg_counters_read(counters, NULL);
    zg_counters_close(&counters);
    CU_ASSERT_PTR_NULL(counters);
    zg_counters_close(&counters);
}

/* Every event named either counts, or says why and reads NaN, never 0; of groups only what counts
 * is kept, and each event of theirs is in one list or the other. */
static void every_event_counts_or_says_why(void)
{
    struct zg_counters *counters = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(open_real(&counters,
                                    "default,cache,flops,tlb,perf::TASK-CLOCK,PAPI_TOT_INS",
                                    THREADS, &err),
                          ZG_OK);
    const int64_t n = zg_counters_n(counters);
    /* software 3, hardware 8, flops 1 more, tlb 1 more, one more; and PAPI_TOT_INS, unless it is
     * what counts the groups' instructions */
    const int64_t n_all = n + zg_counters_n_left_out(counters), least = 3 + 8 + 1 + 1 + 1;
    CU_ASSERT(n_all == least || n_all == least + 1);
    CU_ASSERT_PTR_NOT_NULL(event_named(counters, "PAPI_TOT_INS"));
    double sums[ZG_MOST_EVENTS];
    zg_counters_start(counters);
    zg_counters_stop(counters);
    zg_counters_read(counters, sums);
    for (int64_t i = 0; i < n; i++) {
        const struct zg_counter_event *const event = zg_counters_event(counters, i);
        CU_ASSERT_EQUAL(event->counting, event->reason[0] == '\0');
        CU_ASSERT_EQUAL(event->counting, isfinite(sums[i]) != 0);
        CU_ASSERT_EQUAL(event->counting, isfinite(zg_counters_event(counters, i)->empty) != 0);
        double sum = 0;
        for (int64_t t = 0; t < THREADS; t++)
            sum += zg_counters_thread(counters, t, i);
        CU_ASSERT(event->counting ? sum == sums[i] : isnan(sum));
    }
    for (int64_t i = 0; i < zg_counters_n_left_out(counters); i++) {
        const struct zg_counter_event *const event = zg_counters_left_out(counters, i);
        CU_ASSERT(!event->counting && event->reason[0]);
        printf("\n    %s: %s", event->name, event->reason);
    }
    zg_counters_close(&counters);
}

/* Without valgrind the event is uncounted, and says what would count it. */
static void instructions_are_valgrinds(void)
{
    struct zg_counters *counters = NULL;
    double count = 0;
    CU_ASSERT_EQUAL_FATAL(open_real(&counters, "instructions", THREADS, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_counters_n(counters), 1);
    CU_ASSERT_STRING_EQUAL(zg_counters_event(counters, 0)->column, "instructions");
    CU_ASSERT_FALSE(zg_counters_event(counters, 0)->counting);
    CU_ASSERT(strstr(zg_counters_event(counters, 0)->reason, "valgrind") != NULL);
    CU_ASSERT_FALSE(zg_counters_use_valgrind(counters));
    zg_counters_start(counters);
    zg_counters_stop(counters);
    zg_counters_read(counters, &count);
    CU_ASSERT(isnan(count));
    zg_counters_close(&counters);
}

static void columns_are_csv_names(void)
{
    struct zg_counters *counters = NULL;
    CU_ASSERT_EQUAL_FATAL(open_real(&counters, "perf::CPU-MIGRATIONS,PAPI_TOT_INS", 1, NULL),
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
    CU_ASSERT_EQUAL_FATAL(open_real(&counters, "perf::PAGE-FAULTS", THREADS, NULL), ZG_OK);
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
        CU_ASSERT_EQUAL_FATAL(open_real(&counters, "default", THREADS, NULL), ZG_OK);
        if (i == 199)
            CU_ASSERT(zg_counters_event(counters, 0)->counting ||
                      zg_counters_event(counters, 0)->reason[0]);
        zg_counters_close(&counters);
    }
    /* 200 x 3 events x 2 workers would be past the usual limit of 1024 descriptors. */
    const int fd = dup(0);
    CU_ASSERT(fd >= 0 && fd < 100);
    close(fd);
}

int main(void)
{
    const struct zg_test tests[] = {
        {"a group is trimmed to what counts", a_group_is_trimmed_to_what_counts},
        {"counts are per thread and summed", counts_are_per_thread_and_summed},
        {"what is named stays", what_is_named_stays},
        {"what was asked for and does not count is told",
         what_was_asked_for_and_does_not_count_is_told},
        {"registers run out unless multiplexed", registers_run_out_unless_multiplexed},
        {"reasons name what to change", reasons_name_what_to_change},
        {"groups overlap", groups_overlap},
        {"plausible names", plausible_names},
        {"unknown names are ZG_USAGE", unknown_names_are_usage},
        {"none counts nothing", none_counts_nothing},
        {"every event counts or says why", every_event_counts_or_says_why},
        {"instructions are valgrind's", instructions_are_valgrinds},
        {"columns are CSV names", columns_are_csv_names},
        {"page faults are those of the worker", page_faults_are_those_of_the_worker},
        {"reopening leaks nothing", reopening_leaks_nothing},
        {0}};
    return zg_test_run("counters", tests);
}
