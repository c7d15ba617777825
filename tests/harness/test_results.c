/*
 * test_results.c - results.h and meta.h: finished cases are found again, and warnings made errors.
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

static void test_finished_case(void)
{
    struct trial t;
    struct zg_results again;
    trial_open(&t);
    ADD(NULL);
    trial_measure(&t);
    CU_ASSERT_EQUAL_FATAL(t.status, ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_results_write(&t.results, NULL), ZG_OK);
    const struct zg_results_resume resume = {none_was_cut_off, NULL};
    struct zg_case_row c;
    memcpy(&c, trial_summary(&t, 0), sizeof c);
    /* alone, an engine is not held against anything */
    CU_ASSERT_EQUAL(trial_summary(&t, 0)->verified, ZG_NO_INTEGER);
    zg_csv_out_abort(&t.results.samples);

    CU_ASSERT_EQUAL_FATAL(zg_results_open(&again, t.out, &resume, NULL, 0, NULL), ZG_OK);
    CU_ASSERT_TRUE(zg_results_has_case(&again, &c));
    CU_ASSERT_EQUAL(again.summary.n, 1);
    CU_ASSERT_EQUAL(again.verify.n, 1);
    CU_ASSERT_TRUE(again.phases.n >= 1);
    CU_ASSERT_EQUAL(trial_n_samples(&t), 8);
    c.dtype = "bf16"; /* a sweep over --dtype has other cases */
    CU_ASSERT_FALSE(zg_results_has_case(&again, &c));
    c.dtype = "fp32";
    c.lr = 2e-6;
    CU_ASSERT_FALSE(zg_results_has_case(&again, &c));
    zg_results_close(&again);

    /* a case that was cut off has a summary of the blocks that it got, and is measured again */
    const struct zg_results_resume afresh = {each_was_cut_off, NULL};
    CU_ASSERT_EQUAL_FATAL(zg_results_open(&again, t.out, &afresh, NULL, 0, NULL), ZG_OK);
    CU_ASSERT_EQUAL(again.summary.n, 0);
    CU_ASSERT_EQUAL(again.phases.n, 0);
    CU_ASSERT_EQUAL(again.verify.n, 0);
    CU_ASSERT_EQUAL(trial_n_samples(&t), 0);
    zg_results_close(&again);

    /* nor is it finished without its summary */
    unlink(temp_path(t.out, "summary.csv"));
    CU_ASSERT_EQUAL_FATAL(zg_results_open(&again, t.out, &resume, NULL, 0, NULL), ZG_OK);
    CU_ASSERT_EQUAL(again.verify.n, 0);
    CU_ASSERT_EQUAL(trial_n_samples(&t), 0);
    zg_results_close(&again);
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
        {"strict turns warnings into errors", strict_turns_warnings_into_errors},
        {NULL, NULL}};
    return zg_test_run("harness/results", tests);
}
