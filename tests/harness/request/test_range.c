/* test_range.c - range.c: ranges written out, and those that are refused. */
#include "harness/request/range.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/cunit_run.h"

static void expect(const char *list, const char *values)
{
    char *out = NULL;
    CU_ASSERT_EQUAL(zg_ranges_expand(&out, "--batch", list, NULL), ZG_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_STRING_EQUAL(out, values);
    free(out);
}

static void test_values(void)
{
    expect("4", "4");
    expect("4-7", "4,5,6,7");
    expect("4-4", "4");
    expect("4-16+4", "4,8,12,16");
    expect("4-17+4", "4,8,12,16");
    expect("1-64*2", "1,2,4,8,16,32,64");
    expect("3-100*10", "3,30");
    expect("0-2", "0,1,2");
    expect("1-4,8-32*2,64", "1,2,3,4,8,16,32,64");
    expect("9223372036854775806-9223372036854775807", "9223372036854775806,9223372036854775807");
    expect("5000000000000000000-9223372036854775807*2", "5000000000000000000");
    /* what is no range is the number parser's to refuse */
    static const char *const others[] = {
        "",     ",",    "-",     "-4",    "4-",      "4,,8", "4-x",     "x-4",
        "4-8x", "4-8+", "4-8*x", "4 - 8", "4-8+4-2", "4--8", "1e3-1e4", "4-99999999999999999999"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        expect(others[i], others[i]);
}

static void refuse(const char *list, const char *words)
{
    char *out = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_ranges_expand(&out, "--batch", list, &err), ZG_USAGE);
    CU_ASSERT_PTR_NULL(out);
    zg_test_expect_words(err.text, words);
}

static void test_refusals(void)
{
    refuse("16-4", "--batch 16-4: a range goes up, as 4-16 does");
    refuse("4,8-2+2", "--batch 8-2+2: a range goes up");
    refuse("4-8+0", "--batch 4-8+0: a range goes up by a step of at least 1");
    refuse("4-8*1", "--batch 4-8*1: a range goes up by");
    refuse("4-8*0", "by a factor of at least 2");
    refuse("0-8*2", "from at least 1");
    refuse("1-1001", "--batch 1-1001: more than 1000 values; a step");
    refuse("0-9223372036854775807", "more than 1000 values");
    char *out = NULL;
    CU_ASSERT_EQUAL(zg_ranges_expand(&out, "--batch", "1-1000", NULL), ZG_OK);
    free(out);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"values", test_values}, {"refusals", test_refusals}, {NULL, NULL}};
    return zg_test_run("harness/range", tests);
}
