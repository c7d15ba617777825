/* test_case_row.c - case_row.c, algorithm_cell.c: the same case, and in what two differ. */
#include "harness/rows/case_row.h"

#include <math.h>
#include <string.h>

#include "harness/rows/algorithm_cell.h"
#include "tests/harness/rows/summary_rows.h"
#include "tests/support/cunit_run.h"

/* ---- algorithm_cell.c ------------------------------------------------------------------------ */

static void expect_options(const char *text, const char *want)
{
    char all[512] = "";
    struct zg_option_cell option;
    for (const char *at = text; zg_option_cell_next(&at, &option);) {
        const size_t n = strlen(all);
        snprintf(all + n, sizeof all - n, "%s[%s %s]", n ? " " : "", option.key, option.value);
    }
    CU_ASSERT_STRING_EQUAL(all, want);
}

static void an_algorithm_is_cut_into_options(void)
{
    expect_options(NULL, "");
    expect_options("", "");
    expect_options("lozo", "[algorithm lozo]");
    expect_options("lozo:rank=2+nu=50", "[algorithm lozo] [rank 2] [nu 50]");
    /* a plus before a digit is a number's */
    expect_options("lozo:eps=1e+10+lr=-1e+6", "[algorithm lozo] [eps 1e+10] [lr -1e+6]");
    expect_options("lozo:direction=official+", "[algorithm lozo] [direction official]");
    expect_options("lozo:rank=", "[algorithm lozo] [rank ]");
    /* longer than there is room for: cut */
    expect_options("lozo:a-key-that-is-longer-than-a-key-may-be=1",
                   "[algorithm lozo] [a-key-that-is-longer-than-a-key 1]");
}

static void options_are_found_by_their_key(void)
{
    static const char text[] = "lozo:rank=2+direction-scale=rms";
    struct zg_option_cell option;
    CU_ASSERT(zg_option_cell_find(text, "algorithm", &option));
    CU_ASSERT_STRING_EQUAL(option.value, "lozo");
    CU_ASSERT(zg_option_cell_find(text, "direction_scale", &option));
    CU_ASSERT_STRING_EQUAL(option.value, "rms");
    CU_ASSERT_FALSE(zg_option_cell_find(text, "nu", &option));
    CU_ASSERT_FALSE(zg_option_cell_find(NULL, "nu", &option));
    CU_ASSERT(zg_option_key_same("a_b-c", "a-b_c"));
    CU_ASSERT(zg_option_key_same("", ""));
    CU_ASSERT_FALSE(zg_option_key_same("a-b", "a-bc"));
    CU_ASSERT_FALSE(zg_option_key_same("a-bc", "a-b"));
    CU_ASSERT_FALSE(zg_option_key_same("a-b", "aXb"));
    CU_ASSERT_FALSE(zg_option_key_same("a_b", "aXb"));
    CU_ASSERT_FALSE(zg_option_key_same("aXb", "a-b"));
}

/* ---- the same case --------------------------------------------------------------------------- */

/* The column holds something else than in summary_row(). */
static struct zg_summary_row other(int64_t column)
{
    struct zg_summary_row row = summary_row("naive", 1, 1);
    const struct zg_column *const of = &zg_schema_summary.columns[column];
    struct zg_cell cell = {.kind = of->kind, .integer = 77};
    if (of->kind == ZG_COLUMN_TEXT)
        cell.text = "other";
    zg_row_set_cell(of, &row, &cell);
    return row;
}

static void every_column_counts(void)
{
    const struct zg_summary_row row = summary_row("naive", 1, 1);
    const struct zg_summary_row again = summary_row("naive", 9, 9); /* times are no case's */
    CU_ASSERT(zg_case_row_same(&row.id, &again.id));
    for (int64_t i = 0; i < zg_case_n_columns(); i++) {
        const char *const name = zg_schema_summary.columns[i].name;
        const struct zg_summary_row b = other(i);
        const bool same = zg_case_row_same(&row.id, &b.id);
        const bool same_work = zg_case_row_same_work(&row.id, &b.id, NULL);
        CU_ASSERT_EQUAL(zg_case_column_find(name), i);
        /* whether weights are synthetic follows from the model */
        CU_ASSERT_EQUAL(same, strcmp(name, "synthetic") == 0);
        /* engines and dtypes are timed against each other */
        CU_ASSERT_EQUAL(same_work, !strcmp(name, "engine") || !strcmp(name, "dtype"));
        const struct zg_case_across across = {.columns = UINT64_C(1) << i};
        CU_ASSERT(zg_case_row_same_work(&row.id, &b.id, &across));
        CU_ASSERT_EQUAL(zg_case_row_same_across(&row.id, &b.id, &across),
                        strcmp(name, "engine") != 0);
    }
    CU_ASSERT_EQUAL(zg_case_column_find("n"), -1); /* a column, and no case's */
}

static void across_options(void)
{
    struct zg_summary_row a = summary_row("naive", 1, 1), b = a;
    struct zg_case_across across = {.options = {"rank"}, .n_options = 1};
    b.id.algorithm = "lozo:rank=4+nu=50+eps=0.001+lr=1e-06+direction=official";
    CU_ASSERT_FALSE(zg_case_row_same_across(&a.id, &b.id, &across));
    across.options[1] = "direction"; /* of one of them alone */
    across.n_options = 2;
    CU_ASSERT(zg_case_row_same_across(&a.id, &b.id, &across));
    CU_ASSERT(zg_case_row_same_across(&b.id, &a.id, &across));
    b.id.synthetic = 1;
    CU_ASSERT(zg_case_row_same_across(&a.id, &b.id, &across));
    b.id.dtype = "bf16";
    CU_ASSERT_FALSE(zg_case_row_same_across(&a.id, &b.id, &across));
}

/* ---- differences ----------------------------------------------------------------------------- */

static void expect_differences(const struct zg_case_row *a, const struct zg_case_row *b,
                               const struct zg_case_across *across, const char *want, int64_t n)
{
    char text[256] = "before";
    CU_ASSERT_EQUAL(zg_case_row_differences(a, b, across, text, sizeof text), n);
    CU_ASSERT_STRING_EQUAL(text, want);
    CU_ASSERT_EQUAL(zg_case_row_differences(a, b, across, NULL, 0), n);
}

static void differences_are_named(void)
{
    struct zg_summary_row a = summary_row("naive", 1, 1), b = summary_row("fused", 1, 1);
    expect_differences(&a.id, &b.id, NULL, "", 0);
    b.id.batch = 32;
    b.id.row_limit = 100;
    b.id.task = NULL;
    a.id.split = "";
    expect_differences(
        &a.id, &b.id, NULL,
        "task sst2 and none, split none and train, batch 16 and 32, row_limit none and 100", 4);
    expect_differences(
        &a.id, &b.id,
        &(struct zg_case_across){.columns = UINT64_C(1) << zg_case_column_find("batch") |
                                            UINT64_C(1) << zg_case_column_find("task")},
        "split none and train, row_limit none and 100", 2);
    b = summary_row("fused", 1, 1);
    a = b;
    b.id.algorithm = "lozo:rank=4+nu=50+lr=1e-06+direction=official";
    expect_differences(&a.id, &b.id, NULL,
                       "rank 2 and 4, eps 0.001 and none, direction none and official", 3);
    expect_differences(&a.id, &b.id,
                       &(struct zg_case_across){.options = {"rank", "direction"}, .n_options = 2},
                       "eps 0.001 and none", 1);
    b.id.algorithm = NULL;
    expect_differences(&a.id, &b.id, NULL,
                       "algorithm lozo and none, rank 2 and none, nu 50 and none, eps 0.001 and "
                       "none, lr 1e-06 and none",
                       5);
    char small[12];
    CU_ASSERT_EQUAL(zg_case_row_differences(&a.id, &b.id, NULL, small, sizeof small), 5);
    CU_ASSERT_STRING_EQUAL(small, "algorithm l"); /* cut to fit */
}

static void values_as_text(void)
{
    char text[32];
    CU_ASSERT_STRING_EQUAL(
        zg_cell_show(&(struct zg_cell){.kind = ZG_COLUMN_REAL, .real = 0.1}, text, sizeof text),
        "0.1");
    CU_ASSERT_STRING_EQUAL(
        zg_cell_show(&(struct zg_cell){.kind = ZG_COLUMN_REAL, .real = NAN}, text, sizeof text),
        "none");
    CU_ASSERT_STRING_EQUAL(zg_cell_show(&(struct zg_cell){.kind = ZG_COLUMN_INTEGER, .integer = -3},
                                        text, sizeof text),
                           "-3");
    CU_ASSERT_STRING_EQUAL(
        zg_cell_show(&(struct zg_cell){.kind = ZG_COLUMN_TEXT, .text = ""}, text, sizeof text),
        "none");
    CU_ASSERT_STRING_EQUAL(
        zg_cell_show(&(struct zg_cell){.kind = ZG_COLUMN_TEXT, .text = "x"}, text, sizeof text),
        "x");
    CU_ASSERT(zg_cell_same_text(NULL, ""));
    CU_ASSERT_FALSE(zg_cell_same_text(NULL, "x"));
}

/* Rows of a case follow each other; the first engine that comes again begins the next. */
static void where_a_case_ends(void)
{
    struct zg_summary_row rows[] = {summary_row("naive", 1, 1), summary_row("fused", 1, 1),
                                    summary_row("naive", 1, 1), summary_row("fused", 1, 1),
                                    summary_row("fused#2", 1, 1)};
    CU_ASSERT_EQUAL(zg_case_rows_end(rows, 5, 0), 2);
    CU_ASSERT_EQUAL(zg_case_rows_end(rows, 5, 2), 5);
    rows[3].id.batch = 32;
    CU_ASSERT_EQUAL(zg_case_rows_end(rows, 5, 2), 3);
    CU_ASSERT_EQUAL(zg_case_rows_end(rows, 5, 4), 5);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"an algorithm is cut into options", an_algorithm_is_cut_into_options},
        {"options are found by their key", options_are_found_by_their_key},
        {"every column counts", every_column_counts},
        {"across options", across_options},
        {"differences are named", differences_are_named},
        {"values as text", values_as_text},
        {"where a case ends", where_a_case_ends},
        {0}};
    return zg_test_run("case row", tests);
}
