/*
 * test_counts.c - what a measurement says of events counted by scripted counters: per step, phase
 * and thread.
 */
#include <unistd.h>

#include "tests/harness/scripted_counters.h"
#include "tests/harness/trial.h"

static const struct zg_count_row *count_row(const struct trial *t, const char *engine,
                                            const char *phase, int64_t thread, const char *event)
{
    const struct zg_count_row *const rows = t->results.counts.rows;
    for (int64_t i = 0; i < t->results.counts.n; i++)
        if (!strcmp(rows[i].id.engine, engine) && !strcmp(rows[i].phase, phase) &&
            rows[i].thread == thread && !strcmp(rows[i].event, event))
            return &rows[i];
    CU_FAIL_FATAL("no such row of counters.csv");
    return NULL;
}

static const struct zg_phase_row *phase_row(const struct trial *t, const char *phase)
{
    const struct zg_phase_row *const rows = t->results.phases.rows;
    for (int64_t i = 0; i < t->results.phases.n; i++)
        if (!strcmp(rows[i].phase, phase))
            return &rows[i];
    CU_FAIL_FATAL("no such row of phases.csv");
    return NULL;
}

static void open_counters(struct zg_counters **out, const char *events, bool multiplex)
{
    static const struct zg_counter_source *const sources[] = {&scripted_source, NULL};
    const struct zg_counters_request request = {
        .events = events, .n_threads = 2, .multiplex = multiplex, .sources = sources};
    CU_ASSERT_EQUAL_FATAL(zg_counters_open(out, &request, NULL), ZG_OK);
}

/* A PMU that counts 3000 cycles, 6000 instructions and 10 L3 misses a span in thread 0, twice that
 * in thread 1: a step is one span of the samples; in a counted step `head` is one and `other`
 * two. */
static void test_counts(void)
{
    const double bytes_per_flop = 30.0 * (double)sysconf(_SC_LEVEL1_DCACHE_LINESIZE) / 2e6;
    struct trial t;
    trial_open(&t);
    ADD("step_us", "200", NULL);
    ADD("step_us", "100", NULL);
    struct zg_counters *counters = NULL;
    open_counters(&counters, "hardware", false);
    t.counters = counters;
    trial_measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    const struct zg_summary_row *const row = trial_summary(&t, 0);
    CU_ASSERT_EQUAL(row->instructions_per_cycle, 2);
    CU_ASSERT_DOUBLE_EQUAL(row->bytes_per_flop, bytes_per_flop, 1e-12);
    CU_ASSERT(row->ghz > 0 && row->ghz < 1);
    CU_ASSERT_EQUAL(row->counts_estimated, 0);
    const struct zg_phase_row *const head = phase_row(&t, "head");
    CU_ASSERT_EQUAL(head->instructions_per_cycle, 2);
    CU_ASSERT_DOUBLE_EQUAL(head->bytes_per_flop, bytes_per_flop, 1e-12);
    CU_ASSERT(isnan(phase_row(&t, "other")->bytes_per_flop));
    /* two engines, all of the step and two phases, the team and its two threads, five events */
    CU_ASSERT_EQUAL(t.results.counts.n, 2 * 3 * 3 * 5);
    const struct zg_count_row *count = count_row(&t, "null1", "step", 1, "PAPI_TOT_INS");
    CU_ASSERT_EQUAL(count->count_per_step, 12000);
    CU_ASSERT_EQUAL(count->steps, 8);
    CU_ASSERT_EQUAL(count->multiplexed, 0);
    CU_ASSERT_EQUAL(count_row(&t, "null0", "step", ZG_NO_INTEGER, "PAPI_L2_DCM")->count_per_step,
                    60);
    CU_ASSERT_EQUAL(count_row(&t, "null0", "head", 0, "PAPI_TOT_CYC")->count_per_step, 3000);
    CU_ASSERT_EQUAL(count_row(&t, "null0", "other", 0, "PAPI_TOT_CYC")->count_per_step, 6000);
    CU_ASSERT_EQUAL(zg_result_writer_write(&t.results, NULL), ZG_OK);
    struct zg_csv_in *csv = NULL;
    CU_ASSERT_EQUAL_FATAL(
        zg_csv_in_open(&csv, temp_path(t.out, "counters.csv"), &zg_schema_counts, NULL), ZG_OK);
    CU_ASSERT_EQUAL(csv->n, t.results.counts.n);
    zg_csv_in_close(&csv);
    zg_counters_close(&counters);
    trial_close(&t);
}

/* Estimates say so in every row; events that do not count give no rows, and nothing is derived. */
static void test_counts_in_part(void)
{
    struct trial t;
    struct zg_counters *counters = NULL;
    trial_open(&t);
    ADD("step_us", "200", NULL);
    scripted_n_registers = 1;
    open_counters(&counters, "cache", true);
    t.counters = counters;
    trial_measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL(trial_summary(&t, 0)->instructions_per_cycle, 2);
    CU_ASSERT_EQUAL(trial_summary(&t, 0)->counts_estimated, 1);
    CU_ASSERT_EQUAL(phase_row(&t, "head")->counts_estimated, 1);
    CU_ASSERT_EQUAL(count_row(&t, "null0", "step", 0, "PAPI_L1_DCM")->multiplexed, 1);
    zg_counters_close(&counters);
    trial_close(&t);
    scripted_n_registers = 5;

    trial_open(&t);
    ADD("step_us", "200", NULL);
    open_counters(&counters, "PAPI_TLB_DM,PAPI_L1_DCM", false);
    t.counters = counters;
    trial_measure(&t);
    CU_ASSERT_EQUAL(t.status, ZG_OK);
    CU_ASSERT(isnan(trial_summary(&t, 0)->instructions_per_cycle) &&
              isnan(trial_summary(&t, 0)->ghz));
    CU_ASSERT_EQUAL(trial_summary(&t, 0)->counts_estimated, ZG_NO_INTEGER);
    CU_ASSERT_EQUAL(t.results.counts.n, 3 * 3);
    zg_counters_close(&counters);
    trial_close(&t);

    trial_open(&t);
    ADD("step_us", "200", NULL);
    open_counters(&counters, "PAPI_TLB_DM", false);
    t.counters = counters;
    trial_measure(&t);
    CU_ASSERT_EQUAL(t.results.counts.n, 0);
    CU_ASSERT_EQUAL(phase_row(&t, "head")->counts_estimated, ZG_NO_INTEGER);
    zg_counters_close(&counters);
    trial_close(&t);
}

int main(void)
{
    static const struct zg_test tests[] = {{"counts of steps, phases and threads", test_counts},
                                           {"counts in part", test_counts_in_part},
                                           {NULL, NULL}};
    return zg_test_run("harness/counts", tests);
}
