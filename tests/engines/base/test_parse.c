/* test_parse.c - parse.c: whole numbers within their bounds, finite reals, and what each refusal
 * says. */
#include "engines/base/parse.h"

#include <string.h>

#include "tests/support/cunit_run.h"

enum { UNTOUCHED = 77 };

static void integers(void)
{
    static const struct {
        const char *text;
        int64_t min, max, value; /* UNTOUCHED: refused */
    } cases[] = {
        {"5", 0, 9, 5},
        {"0", 0, 9, 0},
        {"9", 0, 9, 9},
        {"10", 0, 9, UNTOUCHED},
        {"-1", 0, 9, UNTOUCHED},
        {"-3", -3, 9, -3},
        {"-4", -3, 9, UNTOUCHED},
        {"+5", 0, 9, UNTOUCHED},
        {"--5", 0, 9, UNTOUCHED},
        {".5", 0, 9, UNTOUCHED},
        {"-0", 0, 9, 0},
        {"\xd9\xa4", 0, 9, UNTOUCHED},
        {"007", 0, 9, 7},
        {"1", 1, 1, 1},
        {"", 0, 9, UNTOUCHED},
        {" 5", 0, 9, UNTOUCHED},
        {"\t5", 0, 9, UNTOUCHED},
        {"5 ", 0, 9, UNTOUCHED},
        {"5x", 0, 9, UNTOUCHED},
        {"x", 0, 9, UNTOUCHED},
        {"-", 0, 9, UNTOUCHED},
        {"0x5", 0, 9, UNTOUCHED},
        {"5.0", 0, 9, UNTOUCHED},
        {"1e1", 0, 20, UNTOUCHED},
        {"9223372036854775807", 0, INT64_MAX, INT64_MAX},
        {"9223372036854775808", 0, INT64_MAX, UNTOUCHED},
        {"-9223372036854775808", INT64_MIN, 0, INT64_MIN},
        {"-9223372036854775809", INT64_MIN, 0, UNTOUCHED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t out = UNTOUCHED;
        struct zg_error err = {0};
        const enum zg_status status =
            zg_parse_int("--n", cases[i].text, cases[i].min, cases[i].max, &out, &err);
        CU_ASSERT_EQUAL(status, cases[i].value == UNTOUCHED ? ZG_USAGE : ZG_OK);
        CU_ASSERT_EQUAL(err.status, status);
        CU_ASSERT_EQUAL(out, cases[i].value);
    }
}

static void integers_say_their_bounds(void)
{
    struct zg_error err = {0};
    int64_t out;
    zg_parse_int("--n", "x", -1, 9, &out, &err);
    CU_ASSERT_STRING_EQUAL(err.text, "--n x: must be an integer from -1 to 9");
    zg_error_clear(&err);
    zg_parse_int("--n", "", 1, INT64_MAX, &out, &err);
    CU_ASSERT_STRING_EQUAL(err.text, "--n \"\": must be an integer of at least 1");
    zg_error_clear(&err); /* 2^53 and more: as good as no bound */
    zg_parse_int("--n", "x", 1, INT64_C(1) << 53, &out, &err);
    CU_ASSERT_STRING_EQUAL(err.text, "--n x: must be an integer of at least 1");
    zg_error_clear(&err);
    zg_parse_int("--n", "", 1, (INT64_C(1) << 53) - 1, &out, &err);
    CU_ASSERT_STRING_EQUAL(err.text, "--n \"\": must be an integer from 1 to 9007199254740991");
}

static void reals(void)
{
    static const struct {
        const char *text;
        double value; /* UNTOUCHED: refused */
    } cases[] = {{"0.001", 0.001},
                 {"1e-3", 0.001},
                 {"-2.5", -2.5},
                 {"3", 3},
                 {"0", 0},
                 {".5", 0.5},
                 {"1e308", 1e308},
                 {"", UNTOUCHED},
                 {" 1", UNTOUCHED},
                 {"1 ", UNTOUCHED},
                 {"1x", UNTOUCHED},
                 {"x", UNTOUCHED},
                 {"-", UNTOUCHED},
                 {"nan", UNTOUCHED},
                 {"inf", UNTOUCHED},
                 {"-inf", UNTOUCHED},
                 {"1,5", UNTOUCHED},
                 {"\n1", UNTOUCHED},
                 {"1e999", UNTOUCHED},
                 {"1e-400", UNTOUCHED},
                 {"1e-320", UNTOUCHED},
                 {"0x1p3", UNTOUCHED},
                 {"+1", UNTOUCHED},
                 {"-.5", -0.5},
                 {"5.", 5},
                 {"1E+06", 1e6},
                 {".", UNTOUCHED},
                 {"-.", UNTOUCHED},
                 {"e5", UNTOUCHED},
                 {"infinity", UNTOUCHED}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double out = UNTOUCHED;
        struct zg_error err = {0};
        const enum zg_status status = zg_parse_real("--eps", cases[i].text, &out, &err);
        CU_ASSERT_EQUAL(status, cases[i].value == UNTOUCHED ? ZG_USAGE : ZG_OK);
        CU_ASSERT_EQUAL(out, cases[i].value);
        if (status)
            zg_test_expect_words(err.text, ": must be a finite number");
    }
    struct zg_error err = {0};
    double out;
    zg_parse_real("--eps", "", &out, &err);
    zg_test_expect_words(err.text, "--eps \"\": must");
    zg_error_clear(&err);
    zg_parse_real("--eps", "x", &out, &err);
    zg_test_expect_words(err.text, "--eps x: must");
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"integers", integers},
        {"integers say their bounds", integers_say_their_bounds},
        {"reals", reals},
        {0},
    };
    return zg_test_run("parse", tests);
}
