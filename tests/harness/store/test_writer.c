/*
 * test_writer.c - writer.h and meta.h: finished cases are found again, and warnings made errors.
 */
#include <unistd.h>

#include "tests/harness/trial.h"

static bool none_was_cut_off(const void *context, const struct zg_case_row *c)
{
    (void)context;
    (void)c;
    return false;
}

static bool each_was_cut_off(const void *context, const struct zg_case_row *c)
{
    (void)context;
    (void)c;
    return true;
}

/* Both engines of trial_open()'s case, 8 blocks. */
static int64_t all_planned(const void *context, const struct zg_case_row *c,
                           struct zg_case_row rows[ZG_MAX_ENGINES], int64_t *n_rows)
{
    (void)context;
    rows[0] = rows[1] = *c;
    rows[0].engine = "null0";
    rows[1].engine = "null1";
    *n_rows = 2;
    return 8;
}

static int64_t none_planned(const void *context, const struct zg_case_row *c,
                            struct zg_case_row rows[ZG_MAX_ENGINES], int64_t *n_rows)
{
    (void)context;
    (void)c;
    (void)rows;
    *n_rows = 0;
    return 0;
}

static void test_finished_case(void)
{
    struct trial t;
    struct zg_result_writer again;
    trial_open(&t);
    ADD(NULL);
    trial_measure(&t);
    CU_ASSERT_EQUAL_FATAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_result_writer_write(&t.results, NULL), ZG_OK);
    const struct zg_result_resume resume = {none_was_cut_off, none_planned, NULL};
    struct zg_case_row c = trial_summary(&t, 0)->id;
    /* alone, an engine is not held against anything */
    CU_ASSERT_EQUAL(trial_summary(&t, 0)->verified, ZG_NO_INTEGER);
    zg_csv_out_abort(&t.results.samples);

    CU_ASSERT_EQUAL_FATAL(zg_result_writer_open(&again, t.out, &resume, NULL, 0, NULL), ZG_OK);
    CU_ASSERT_TRUE(zg_result_writer_has_case(&again, &c));
    CU_ASSERT_EQUAL(again.summary.n, 1);
    CU_ASSERT_EQUAL(again.verify.n, 1);
    CU_ASSERT_TRUE(again.phases.n >= 1);
    CU_ASSERT_EQUAL(trial_n_samples(&t), 8);
    c.dtype = "bf16"; /* a sweep over --dtype has other cases */
    CU_ASSERT_FALSE(zg_result_writer_has_case(&again, &c));
    c.dtype = "fp32";
    c.algorithm = "lozo:rank=2+nu=50+eps=0.001+lr=2e-06";
    CU_ASSERT_FALSE(zg_result_writer_has_case(&again, &c));
    zg_result_writer_close(&again);

    /* a case that was cut off has a summary of the blocks that it got, and is measured again */
    const struct zg_result_resume afresh = {each_was_cut_off, none_planned, NULL};
    CU_ASSERT_EQUAL_FATAL(zg_result_writer_open(&again, t.out, &afresh, NULL, 0, NULL), ZG_OK);
    CU_ASSERT_EQUAL(again.summary.n, 0);
    CU_ASSERT_EQUAL(again.phases.n, 0);
    CU_ASSERT_EQUAL(again.verify.n, 0);
    CU_ASSERT_EQUAL(trial_n_samples(&t), 0);
    zg_result_writer_close(&again);

    /* nor is it finished without its summary */
    unlink(temp_path(t.out, "summary.csv"));
    CU_ASSERT_EQUAL_FATAL(zg_result_writer_open(&again, t.out, &resume, NULL, 0, NULL), ZG_OK);
    CU_ASSERT_EQUAL(again.verify.n, 0);
    CU_ASSERT_EQUAL(trial_n_samples(&t), 0);
    zg_result_writer_close(&again);
    trial_close(&t);
}

/* Of a case that was cut off, whole blocks stay, and only the others are measured. */
static void test_missing_blocks(void)
{
    struct trial t;
    trial_open(&t);
    ADD("step_us", "100", NULL);
    ADD("step_us", "100", NULL);
    trial_measure(&t);
    CU_ASSERT_EQUAL_FATAL(t.status, ZG_OK);
    zg_csv_out_abort(&t.results.samples);
    zg_result_writer_close(&t.results);

    /* cut off inside block 5: the header, 11 rows and a part of the twelfth are left */
    char *const before = read_temp_file(t.out, "samples.csv");
    CU_ASSERT_PTR_NOT_NULL_FATAL(before);
    size_t ends[12];
    ends[0] = strcspn(before, "\n") + 1;
    for (int row = 1; row < 12; row++)
        ends[row] = ends[row - 1] + strcspn(before + ends[row - 1], "\n") + 1;
    write_temp_file(t.out, "samples.csv", before, ends[11] + 20);

    const struct zg_result_resume resume = {each_was_cut_off, all_planned, NULL};
    CU_ASSERT_EQUAL_FATAL(zg_result_writer_open(&t.results, t.out, &resume, NULL, 0, NULL), ZG_OK);
    t.status = zg_measure_case(&t.m, 0, &t.err);
    CU_ASSERT_EQUAL_FATAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL(
        json_integer_value(json_object_get(trial_case_meta(&t, "sampling"), "n_blocks_before")), 5);
    CU_ASSERT_EQUAL(trial_n_samples(&t), 16);
    CU_ASSERT_EQUAL(trial_summary(&t, 1)->n, 8);
    CU_ASSERT_EQUAL(trial_summary(&t, 1)->rows_per_pass, 1); /* of the blocks before, too */
    char *const after = read_temp_file(t.out, "samples.csv");
    CU_ASSERT_PTR_NOT_NULL_FATAL(after);
    CU_ASSERT_EQUAL(memcmp(before, after, ends[10]), 0); /* what was there stays as it was */

    /* engines that agreed then and do not now would leave blocks that are not whole */
    json_t *const plan = json_object_get(zg_meta_find_case(t.m.meta, 0), "plan");
    json_array_clear(json_object_get(plan, "engines"));
    json_array_append_new(json_object_get(plan, "engines"), json_string("null0"));
    CU_ASSERT_EQUAL(zg_measure_case(&t.m, 0, &t.err), ZG_CHECK);
    free(before);
    free(after);
    trial_close(&t);
}

/* What is known before the clock runs is an error then; what a run met on its way is one after. */
static void strict_turns_warnings_into_errors(void)
{
    const struct zg_machine_watch quiet = {.load_1m = 0.1}, busy = {.load_1m = 3.5};
    struct zg_error err = {0};
    json_t *const meta = json_loads(
        "{\"machine\": {\"topology\": {\"cpus\": 4}}, \"pins\": {\"method\": \"hwloc\"}, "
        "\"environment\": {\"warning\": \"\"}, \"warnings\": []}",
        0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(meta);
    CU_ASSERT_EQUAL(zg_meta_check_strict(meta, &quiet, &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_meta_fail_strict(meta, "DIR", &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_meta_check_strict(meta, &busy, &err), ZG_ENV);
    zg_test_expect_words(err.text, "--strict: 1 warning, the load was 3.50");
    zg_test_expect_words(err.text, "nothing is measured");
    zg_error_clear(&err);
    json_object_set_new(json_object_get(meta, "environment"), "warning", json_string("old BLAS"));
    CU_ASSERT_EQUAL(zg_meta_check_strict(meta, &quiet, &err), ZG_ENV);
    zg_test_expect_words(err.text, "old BLAS");
    zg_error_clear(&err);
    json_object_set_new(meta, "warnings", json_pack("[s, s]", "stolen", "throttled"));
    CU_ASSERT_EQUAL(zg_meta_fail_strict(meta, "DIR", &err), ZG_ENV);
    zg_test_expect_words(err.text, "2 warnings, first: stolen; the results are in DIR");
    json_decref(meta);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"finished cases are found again", test_finished_case},
        {"missing blocks are measured", test_missing_blocks},
        {"strict turns warnings into errors", strict_turns_warnings_into_errors},
        {NULL, NULL}};
    return zg_test_run("harness/writer", tests);
}
