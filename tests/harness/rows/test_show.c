/* test_show.c - show.c and case_axes.c: times, marks, and what the title of a sweep says. */
#include "harness/rows/show.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/page.h"
#include "harness/rows/precision.h"
#include "harness/rows/table.h"
#include "tests/support/capture.h"
#include "tests/support/cunit_run.h"

/* ---- an allocation that fails ---------------------------------------------------------------- */

static bool no_streams;

FILE *__real_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size)
{
    return no_streams ? NULL : __real_open_memstream(text, size);
}

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
    const struct zg_stats once = {.median = 0.0351};
    CU_ASSERT_STRING_EQUAL(zg_step_interval_show(&once, text, sizeof text), "35.1 ms");
    CU_ASSERT_STRING_EQUAL(zg_real_show(text, sizeof text, "%.1f %%", 12.34), "12.3 %");
    CU_ASSERT_STRING_EQUAL(zg_real_show(text, sizeof text, "%.1f %%", INFINITY), "-");
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
    strcpy(text, "");
    zg_mark_add(&marks, ZG_MARK_APART, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, " ?");
    zg_mark_add(&marks, ZG_MARK_VAGUE, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, " ?*");
}

/* Each once, in the order of the marks. */
static void marks_have_a_legend(void)
{
    const struct zg_marks none = {0}, some = {1u << ZG_MARK_APART | 1u << ZG_MARK_VAGUE};
    capture_begin();
    zg_marks_print(&none, false);
    zg_marks_print(&some, false);
    char *text = capture_end();
    CU_ASSERT_EQUAL(strncmp(text, "*  the interval spans more than a factor of two", 47), 0);
    zg_test_expect_words(text, "\n?  ratio and times of the steps point different ways");
    CU_ASSERT_PTR_NULL(strchr(text, '!'));
    free(text);
    capture_begin();
    zg_marks_print(&some, true);
    text = capture_end();
    CU_ASSERT_EQUAL(strncmp(text, "\n\\*  the interval", 17), 0);
    zg_test_expect_words(text, "\n\n\\?  ratio and times");
    free(text);
}

static void expect_verified(int64_t verified, bool is_reference, enum zg_dtype coarsest,
                            const char *want)
{
    char text[64];
    CU_ASSERT_STRING_EQUAL(zg_verified_show(text, sizeof text, verified, is_reference, coarsest),
                           want);
}

static void what_a_check_means(void)
{
    expect_verified(ZG_NO_INTEGER, false, ZG_FP32, "-");
    expect_verified(0, true, ZG_FP32, "DISAGREES");
    expect_verified(1, false, ZG_FP32, "equal");
    expect_verified(1, true, ZG_BF16, "equal"); /* to itself */
    expect_verified(1, false, ZG_BF16, "bf16: loss within 0.02");
    expect_verified(1, false, ZG_INT8, "int8: loss within 0.1");
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
    CU_ASSERT(zg_case_axes_has(&axes, "threads"));
    CU_ASSERT_FALSE(zg_case_axes_has(&axes, "task"));
    CU_ASSERT_FALSE(zg_case_axes_has(&axes, "no such column"));
    CU_ASSERT(zg_case_axes_has_option(&axes, "rank"));
    CU_ASSERT_FALSE(zg_case_axes_has_option(&axes, "nu"));
    rows[1].id.engine = "naive"; /* has a column of its own */
    rows[1].id.dtype = "bf16";
    zg_case_axes_find(&axes, rows, 2);
    CU_ASSERT_FALSE(zg_case_axes_has(&axes, "engine"));
    CU_ASSERT_FALSE(zg_case_axes_has(&axes, "dtype"));
}

static void expect_title(const struct zg_case_axes *axes, const struct zg_summary_row *row,
                         const char *want)
{
    char text[256];
    CU_ASSERT_STRING_EQUAL(zg_case_show(axes, row, text, sizeof text), want);
}

/* What is synthetic or repeated is for throughput only. */
static void a_title_warns(void)
{
    static const char rest[] = ", sst2 (train, task), lozo, batch 4, 2 threads";
    struct zg_summary_row rows[] = {row_of(4, "lozo"), row_of(4, "lozo")};
    struct zg_case_axes axes;
    char want[256];
    rows[0].id.synthetic = 1;
    rows[0].extrapolated = 1;
    rows[0].id.layers_resident = 2;
    rows[0].layers = 12;
    snprintf(want, sizeof want,
             "opt-125m (synthetic weights: throughput only) (2 of 12 layers resident, repeated: "
             "throughput only)%s",
             rest);
    expect_title(NULL, &rows[0], want);
    rows[1] = rows[0];
    rows[1].id.model = "opt-1.3b";
    zg_case_axes_find(&axes, rows, 2); /* the depth is each model's own */
    snprintf(want, sizeof want,
             "several models (synthetic weights: throughput only) (2 layers resident, repeated: "
             "throughput only)%s",
             rest);
    expect_title(&axes, &rows[0], want);
    rows[1].id.layers_resident = 4;
    rows[1].id.synthetic = 0;
    zg_case_axes_find(&axes, rows, 2);
    snprintf(want, sizeof want, "several models (resident layers, repeated: throughput only)%s",
             rest);
    expect_title(&axes, &rows[0], want);
    rows[0].id.synthetic = 0;
    rows[0].extrapolated = 0;
    snprintf(want, sizeof want, "opt-125m%s", rest);
    expect_title(NULL, &rows[0], want);
    rows[0].id = (struct zg_case_row){.batch = 1, .threads = 1}; /* of an odd file */
    expect_title(NULL, &rows[0], "-, - (-, -), -, batch 1, 1 thread");
}

static void a_title_leaves_out_what_varies(void)
{
    struct zg_summary_row rows[] = {row_of(4, "lozo:rank=2"), row_of(4, "mezo")};
    struct zg_case_axes axes;
    rows[1].id.task = "rte";
    zg_case_axes_find(&axes, rows, 2);
    expect_title(&axes, &rows[0], "opt-125m, train, task, batch 4, 2 threads");
    rows[1].id.split = "dev";
    rows[1].id.objective = "lm-prompt";
    zg_case_axes_find(&axes, rows, 2);
    expect_title(&axes, &rows[0], "opt-125m, batch 4, 2 threads");
    rows[1].id.task = "sst2";
    zg_case_axes_find(&axes, rows, 2);
    expect_title(&axes, &rows[0], "opt-125m, sst2, batch 4, 2 threads");
    no_streams = true;
    expect_title(&axes, &rows[0], "");
    no_streams = false;
}

static void expect_printed_title(int64_t n, int64_t steps, const char *end)
{
    struct zg_summary_row row = row_of(4, "lozo");
    char want[256];
    row.n = n;
    row.steps = steps;
    snprintf(want, sizeof want, "opt-125m, sst2 (train, task), lozo, batch 4, 2 threads, %s\n",
             end);
    capture_begin();
    zg_case_title_print(&row);
    char *const text = capture_end();
    CU_ASSERT_STRING_EQUAL(text, want);
    free(text);
}

static void a_title_counts_blocks(void)
{
    expect_printed_title(1, 1, "1 block of the same 1 step");
    expect_printed_title(12, 4, "12 blocks of the same 4 steps");
    expect_printed_title(12, ZG_NO_INTEGER, "12 blocks");
    expect_printed_title(0, 4, "0 blocks");
}

/* ---- the columns of what varies -------------------------------------------------------------- */

static void axes_have_cells(void)
{
    struct zg_summary_row rows[] = {row_of(1, "lozo:rank=1+nu=50"), row_of(4, "lozo:rank=2"),
                                    row_of(4, "mezo:schedule=cosine+rank=1e+3")};
    struct zg_case_axes axes;
    struct zg_heading headings[ZG_MAX_AXIS_COLUMNS];
    struct zg_table *table = NULL;
    rows[1].id.layers_resident = 2;
    rows[2].id.row_limit = 100;
    zg_case_axes_find(&axes, rows, 3);
    const int64_t n = zg_case_axes_headings(&axes, headings);
    CU_ASSERT_EQUAL_FATAL(zg_table_open(&table, headings, n, NULL), ZG_OK);
    for (int i = 0; i < 3; i++)
        zg_case_axes_cells(&axes, &rows[i].id, table);
    char *text = NULL;
    size_t size;
    FILE *const file = open_memstream(&text, &size);
    CU_ASSERT_EQUAL(zg_table_print(table, file, "memory", ZG_FORMAT_MARKDOWN, NULL), ZG_OK);
    fclose(file);
    CU_ASSERT_STRING_EQUAL(
        text, "| batch | limit | layers resident | rank | nu | algorithm | schedule |\n"
              "| ---: | ---: | ---: | ---: | --- | --- | --- |\n"
              "| 1 | - | - | 1 | 50 | lozo | - |\n"
              "| 4 | - | 2 | 2 | - | lozo | - |\n"
              "| 4 | 100 | - | 1e+3 | - | mezo | cosine |\n");
    free(text);
    zg_table_close(&table);
}

/* More options than there is room for: those that come first. */
static void axes_are_bounded(void)
{
    char algorithm[2][512] = {"lozo:", "lozo:"};
    for (int i = 0; i < 30; i++)
        for (int k = 0; k < 2; k++) {
            const size_t n = strlen(algorithm[k]);
            snprintf(algorithm[k] + n, sizeof algorithm[k] - n, "%sk%d=%d", i ? "+" : "", i, k);
        }
    const struct zg_summary_row rows[] = {row_of(1, algorithm[0]), row_of(1, algorithm[1])};
    struct zg_case_axes axes;
    struct zg_heading headings[ZG_MAX_AXIS_COLUMNS];
    zg_case_axes_find(&axes, rows, 2);
    CU_ASSERT_EQUAL(axes.n_options, ZG_MAX_ACROSS_OPTIONS);
    CU_ASSERT_EQUAL(zg_case_axes_headings(&axes, headings), ZG_MAX_ACROSS_OPTIONS);
    CU_ASSERT_STRING_EQUAL(headings[0].name, "k0");
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"times have three digits", times_have_three_digits},
        {"marks tell of what cannot be trusted", marks_tell_of_what_cannot_be_trusted},
        {"marks have a legend", marks_have_a_legend},
        {"what a check means", what_a_check_means},
        {"a title has what cases share", a_title_has_what_cases_share},
        {"a title warns", a_title_warns},
        {"a title leaves out what varies", a_title_leaves_out_what_varies},
        {"a title counts blocks", a_title_counts_blocks},
        {"axes have cells", axes_have_cells},
        {"axes are bounded", axes_are_bounded},
        {NULL, NULL}};
    return zg_test_run("show", tests);
}
