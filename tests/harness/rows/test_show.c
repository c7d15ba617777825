/* test_show.c - show.c and case_axes.c: times, marks, and what the title of a sweep says. */
#include "harness/rows/show.h"

#include <math.h>
#include <string.h>

#include "tests/support/cunit_run.h"

static void expect_time(double s, const char *want)
{
    char text[64];
    CU_ASSERT_STRING_EQUAL(zg_step_time_show(s, text, sizeof text), want);
}

static void times_have_three_digits(void)
{
    expect_time(2.2214, "2.22 s");
    expect_time(0.1, "0.100 s");
    expect_time(0.0999, "99.9 ms");
    expect_time(0.0351, "35.1 ms");
    expect_time(1e-4, "0.100 ms");
    expect_time(0.99e-4, "99.0 us");
    expect_time(1234.5, "1230 s");
    expect_time(NAN, "-");
    const struct zg_stats s = {.median = 0.0351, .low = 0.03, .high = 0.1, .has_interval = true};
    char text[64];
    CU_ASSERT_STRING_EQUAL(zg_step_interval_show(&s, text, sizeof text),
                           "35.1 ms [30.0, 100]"); /* in the median's unit */
}

static struct zg_summary_row row_of(int64_t batch, const char *algorithm)
{
    struct zg_summary_row row;
    zg_row_clear(&zg_schema_summary, &row);
    row.id.engine = "fused";
    row.id.model = "opt-125m";
    row.id.task = "sst2";
    row.id.split = "train";
    row.id.objective = "task";
    row.id.algorithm = algorithm;
    row.id.batch = batch;
    row.id.threads = 2;
    row.wall_s_per_step_median = 1;
    row.wall_s_per_step_ci_low = 0.8;
    row.wall_s_per_step_ci_high = 1.6;
    row.n_disturbed = 0;
    return row;
}

static void marks_tell_of_what_cannot_be_trusted(void)
{
    struct zg_marks marks = {0};
    char text[64];
    struct zg_summary_row row = row_of(1, "lozo:rank=2");
    CU_ASSERT_STRING_EQUAL(zg_summary_time_show(&row, &marks, text, sizeof text), "1.00 s");
    CU_ASSERT_EQUAL(marks.bits, 0);
    row.n_disturbed = 1;
    CU_ASSERT_STRING_EQUAL(zg_summary_time_show(&row, &marks, text, sizeof text), "1.00 s !");
    CU_ASSERT_EQUAL(marks.bits, 1u << ZG_MARK_DISTURBED);
    row.wall_s_per_step_ci_high = 1.61;
    CU_ASSERT_STRING_EQUAL(zg_summary_time_show(&row, &marks, text, sizeof text), "1.00 s *!");
    row.n_disturbed = ZG_NO_INTEGER; /* of an older file */
    CU_ASSERT_STRING_EQUAL(zg_summary_time_show(&row, &marks, text, sizeof text), "1.00 s *");
    marks.bits = 0;
    const struct zg_stats narrow = {.median = 2, .low = 1.9, .high = 2.1, .has_interval = true};
    const struct zg_stats vague = {
        .median = 1536.22, .low = 27.22, .high = 1692.21, .has_interval = true};
    const struct zg_stats none = {.median = NAN, .low = NAN, .high = NAN};
    CU_ASSERT_STRING_EQUAL(zg_ratio_show(&narrow, &marks, text, sizeof text), "2.00x [1.90, 2.10]");
    CU_ASSERT_STRING_EQUAL(zg_ratio_show(&none, &marks, text, sizeof text), "-");
    CU_ASSERT_EQUAL(marks.bits, 0);
    CU_ASSERT_STRING_EQUAL(zg_ratio_show(&vague, &marks, text, sizeof text),
                           "1540x [27.2, 1690] *");
    CU_ASSERT_EQUAL(marks.bits, 1u << ZG_MARK_VAGUE);
}

static void a_title_has_what_cases_share(void)
{
    struct zg_summary_row rows[] = {row_of(1, "lozo:rank=1+nu=50+eps=0.001"),
                                    row_of(1, "lozo:rank=2+nu=50+eps=0.001"),
                                    row_of(4, "lozo:rank=1+nu=50+eps=0.002+direction=official")};
    struct zg_case_axes axes;
    struct zg_heading headings[ZG_MAX_AXIS_COLUMNS];
    char text[256];
    CU_ASSERT_STRING_EQUAL(zg_case_show(NULL, &rows[1], text, sizeof text),
                           "opt-125m, sst2 (train, task), lozo, batch 1, rank 2, nu 50, 2 threads");
    zg_case_axes_find(&axes, rows, 1);
    CU_ASSERT_EQUAL(zg_case_axes_headings(&axes, headings), 0);
    zg_case_axes_find(&axes, rows, 2);
    CU_ASSERT_EQUAL_FATAL(zg_case_axes_headings(&axes, headings), 1);
    CU_ASSERT_STRING_EQUAL(headings[0].shown, "rank");
    zg_case_axes_find(&axes, rows, 3);
    CU_ASSERT_EQUAL_FATAL(zg_case_axes_headings(&axes, headings), 4);
    CU_ASSERT_STRING_EQUAL(headings[0].name, "batch");
    CU_ASSERT_STRING_EQUAL(headings[1].name, "rank");
    CU_ASSERT_STRING_EQUAL(headings[2].name, "eps");
    CU_ASSERT_STRING_EQUAL(headings[3].name, "direction");
    CU_ASSERT_STRING_EQUAL(zg_case_show(&axes, &rows[0], text, sizeof text),
                           "opt-125m, sst2 (train, task), lozo, nu 50, 2 threads");
    rows[1].id.split = "dev";
    rows[2].id.model = "opt-mini";
    rows[2].id.threads = 1;
    zg_case_axes_find(&axes, rows, 3);
    CU_ASSERT_STRING_EQUAL(zg_case_show(&axes, &rows[0], text, sizeof text),
                           "several models, sst2 (task), lozo, nu 50");
    rows[1].id.engine = "naive"; /* has a column of its own */
    rows[1].id.dtype = "bf16";
    zg_case_axes_find(&axes, rows, 2);
    CU_ASSERT_FALSE(zg_case_axes_has(&axes, "engine"));
    CU_ASSERT_FALSE(zg_case_axes_has(&axes, "dtype"));
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"times have three digits", times_have_three_digits},
        {"marks tell of what cannot be trusted", marks_tell_of_what_cannot_be_trusted},
        {"a title has what cases share", a_title_has_what_cases_share},
        {NULL, NULL}};
    return zg_test_run("show", tests);
}
