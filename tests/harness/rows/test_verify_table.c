/* test_verify_table.c - verify_table.c: the verdicts of a check. */
#include "harness/rows/verify_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/page.h"
#include "tests/harness/rows/summary_rows.h"
#include "tests/support/capture.h"
#include "tests/support/cunit_run.h"

static struct zg_verify_row row_of(const char *engine, int64_t passed, double gradient_tolerance)
{
    struct zg_verify_row row;
    zg_row_clear(&zg_schema_verify, &row);
    row.id = summary_row(engine, 1, 1).id;
    row.reference = "naive";
    row.steps = 8;
    row.loss_difference_max = 1.234e-6;
    row.loss_tolerance = 2e-2;
    row.gradient_relative_error = 3.21e-4;
    row.gradient_tolerance = gradient_tolerance;
    row.gradient_sign_match = 0.875;
    row.weight_difference_max = NAN;
    row.passed = passed;
    row.reason = passed == 1 ? NULL : "loss differs";
    return row;
}

static char *printed(const struct zg_verify_row *rows, int64_t n, enum zg_format format)
{
    zg_page_set_wide(true);
    capture_begin();
    CU_ASSERT_EQUAL(zg_verify_table_print(rows, n, format, NULL), ZG_OK);
    char *const text = capture_end();
    zg_page_set_wide(false);
    return text;
}

static void verdicts(void)
{
    struct zg_verify_row rows[] = {row_of("naive", 1, NAN), row_of("fused", 1, 1e-3),
                                   row_of("openblas", 0, 1e-3), row_of("onednn", 1, NAN)};
    char *text = printed(rows, 4, ZG_FORMAT_TABLE);
    zg_test_expect_words(text, "1.2e-06");
    zg_test_expect_words(text, "0.00032");
    zg_test_expect_words(text, "88 %");
    zg_test_expect_words(text, "DISAGREES");
    zg_test_expect_words(text, "loss differs");
    zg_test_expect_words(text, "loss within 0.02"); /* onednn: no gradient is judged */
    CU_ASSERT_PTR_NULL(strstr(text, "layers resident"));
    zg_test_expect_words(text, "  reason\n");
    const char *const within = strstr(text, "loss within"); /* and not the reference itself */
    CU_ASSERT(within && within > strstr(text, "\nonednn"));
    free(text);
    text = printed(rows, 2, ZG_FORMAT_TABLE); /* of nothing but passes nobody asks why */
    CU_ASSERT_PTR_NULL(strstr(text, "reason"));
    free(text);
    rows[2].id.layers_resident = 2;
    text = printed(rows, 4, ZG_FORMAT_MARKDOWN);
    zg_test_expect_words(text, "| layers resident, repeated |");
    zg_test_expect_words(text, "| - |");
    free(text);
}

/* On a page of 100 columns a check is a table, not a line a cell. */
static void on_a_page(void)
{
    const struct zg_verify_row rows[] = {row_of("naive:dtype=fp32", 1, NAN),
                                         row_of("fused:dtype=bf16", 1, 1e-3)};
    capture_begin();
    CU_ASSERT_EQUAL(zg_verify_table_print(rows, 2, ZG_FORMAT_TABLE, NULL), ZG_OK);
    char *const text = capture_end();
    CU_ASSERT_PTR_NULL(strstr(text, "engine: "));
    zg_test_expect_words(text, "\nfused:dtype=bf16 ");
    zg_test_expect_words(text, "--wide also has: ");
    free(text);
}

static void for_programs(void)
{
    const struct zg_verify_row rows[] = {row_of("fused", 1, 1e-3), row_of("openblas", 0, 1e-3)};
    char *const text = printed(rows, 2, ZG_FORMAT_CSV);
    CU_ASSERT_EQUAL(strncmp(text, "engine,model,task,", 18), 0);
    zg_test_expect_words(text, ",naive,8,1.234e-06,0.02,0.000321,0.001,0.875,,,1,,,,,\n");
    zg_test_expect_words(text, ",0,loss differs,,,,\n");
    free(text);
    char *const none = printed(rows, 0, ZG_FORMAT_JSON);
    CU_ASSERT_STRING_EQUAL(none, "[]\n");
    free(none);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"verdicts", verdicts}, {"on a page", on_a_page}, {"for programs", for_programs}, {0}};
    return zg_test_run("verify table", tests);
}
