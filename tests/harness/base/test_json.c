/* test_json.c - json.c: values that jansson has no call for. */
#include "harness/base/json.h"

#include <math.h>

#include "tests/support/cunit_run.h"

static void not_a_number_is_null(void)
{
    json_t *const null = zg_json_real(NAN), *const infinite = zg_json_real(INFINITY),
                  *const real = zg_json_real(0.5);
    CU_ASSERT(json_is_null(null) && json_is_null(infinite));
    CU_ASSERT_EQUAL(json_real_value(real), 0.5);
    json_decref(real);
}

static void text_is_always_text(void)
{
    json_t *const null = zg_json_text(NULL), *const text = zg_json_text("a\xc3\xa9"),
                  *const broken = zg_json_text("a\xff");
    CU_ASSERT(json_is_null(null));
    CU_ASSERT_STRING_EQUAL(json_string_value(text), "a\xc3\xa9");
    CU_ASSERT_STRING_EQUAL(json_string_value(broken), "a\\xff");
    json_decref(text);
    json_decref(broken);
}

static void now_is_a_time(void)
{
    json_t *const now = zg_json_utc_now();
    CU_ASSERT_EQUAL(json_string_length(now), 20);
    CU_ASSERT_EQUAL(json_string_value(now)[10], 'T');
    CU_ASSERT_EQUAL(json_string_value(now)[19], 'Z');
    json_decref(now);
}

int main(void)
{
    const struct zg_test tests[] = {{"not a number is null", not_a_number_is_null},
                                    {"text is always text", text_is_always_text},
                                    {"now is a time", now_is_a_time},
                                    {0}};
    return zg_test_run("json", tests);
}
