/* test_printable.c - printable.c, and that messages (error.c) are printable. */
#include "engines/base/printable.h"

#include <stdlib.h>
#include <string.h>

#include "engines/error.h"
#include "tests/support/cunit_run.h"

static const struct {
    const char *in, *out;
} cases[] = {
    {"", ""},
    {"a path/with blanks, \"quotes\" <&>%s", "a path/with blanks, \"quotes\" <&>%s"},
    {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf",
     "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf"},
    {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
    {"\x01\x1b[2J\x7f", "\\x01\\x1b[2J\\x7f"},
    {"a\x1f\x8b\x08z", "a\\x1f\\x8b\\x08z"},
    {"\xc2\x9b\x31m\xc2\xa0", "\\xc2\\x9b1m\xc2\xa0"}, /* a control character of two bytes */
    {"\xc3", "\\xc3"},
    {"\xe2\x82", "\\xe2\\x82"},
    {"\xe2\x82x", "\\xe2\\x82x"},
    {"\xc0\xaf", "\\xc0\\xaf"}, /* too long a form of '/' */
    {"\xe0\x9f\xbf", "\\xe0\\x9f\\xbf"},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* half of a pair */
    {"\xee\x80\x80", "\xee\x80\x80"},
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
    {"\xf5\x80\x80\x80\xff", "\\xf5\\x80\\x80\\x80\\xff"},
    {"\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa",
     "\xe2\x80\xa7\\xe2\\x80\\xa8\\xe2\\x80\\xa9\xe2\x80\xaa"}, /* ends of lines to Unicode */
    {"\xef\xbf\xbd\xef\xbf\xbe\xef\xbf\xbf", "\xef\xbf\xbd\\xef\\xbf\\xbe\\xef\\xbf\\xbf"},
    {"C:\\new\\xff", "C:\\new\\xff"}, /* a backslash stays */
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

static void test_escapes(void)
{
    for (size_t i = 0; i < N_CASES; i++) {
        char *const once = zg_printable_copy(cases[i].in), *const twice = zg_printable_copy(once);
        CU_ASSERT_STRING_EQUAL(once, cases[i].out);
        CU_ASSERT_STRING_EQUAL(twice, cases[i].out);
        CU_ASSERT_EQUAL(zg_printable(NULL, 0, cases[i].in), strlen(cases[i].out));
        free(once);
        free(twice);
    }
    CU_ASSERT_PTR_NULL(zg_printable_copy(NULL));
}

/* Never in the middle of a character or of an escape, and never beyond the end. */
static void test_cut(void)
{
    static const char text[] = "a\xc3\xa9\xff\xe2\x82\xac\n";
    static const size_t ends[] = {0, 0, 1, 1, 3, 3, 3, 3, 7, 7, 7, 10, 10, 12, 12};
    for (size_t size = 1; size < sizeof ends / sizeof ends[0]; size++) {
        char out[16];
        memset(out, '#', sizeof out);
        CU_ASSERT_EQUAL(zg_printable(out, size, text), 12);
        CU_ASSERT_EQUAL(strlen(out), ends[size]);
        CU_ASSERT_EQUAL(out[size], '#');
    }
}

static void test_same(void)
{
    for (size_t i = 0; i < N_CASES; i++)
        for (size_t j = 0; j < N_CASES; j++) {
            CU_ASSERT_EQUAL(zg_printable_same(cases[i].in, cases[j].in), i == j);
            CU_ASSERT_EQUAL(zg_printable_same(cases[i].in, cases[j].out), i == j);
        }
    CU_ASSERT(zg_printable_same(NULL, "") && zg_printable_same(NULL, NULL));
    CU_ASSERT(!zg_printable_same("a", "ab") && !zg_printable_same("ab", "a"));
    CU_ASSERT(!zg_printable_same("\xff", "\xfe"));
}

static void test_messages(void)
{
    for (size_t i = 0; i < N_CASES; i++) {
        struct zg_error err = {0};
        char want[128] = "in: ";
        zg_fail(&err, ZG_INPUT, "%s", cases[i].in);
        CU_ASSERT_STRING_EQUAL(err.text, cases[i].out);
        zg_fail_within(&err, ZG_INPUT, "%s", "in");
        strcat(want, cases[i].out);
        CU_ASSERT_STRING_EQUAL(err.text, want);
    }
}

/* A long path keeps its start, and the message its end, which says what is wrong. */
static void test_long_messages(void)
{
    enum { SIZE = sizeof((struct zg_error *)0)->text };
    static const char end[] = ": No space left";
    for (size_t n = SIZE / 4 - 20; n < 4096; n += n < SIZE + 20 ? 1 : 500) {
        static char path[4096];
        struct zg_error err = {0};
        memset(path, 'p', n);
        path[n] = '\0';
        path[n / 2] = '\xff';
        zg_fail(&err, ZG_ENV, "%s%s", path, end);
        const size_t length = strlen(err.text);
        CU_ASSERT(length < SIZE);
        CU_ASSERT_EQUAL(err.text[0], 'p');
        CU_ASSERT_STRING_EQUAL(err.text + length - strlen(end), end);
        CU_ASSERT_EQUAL(strstr(err.text, " ... ") != NULL, n + 3 + strlen(end) >= SIZE);
        zg_fail_within(&err, ZG_ENV, "--out %s", path);
        CU_ASSERT_STRING_EQUAL(err.text + strlen(err.text) - strlen(end), end);
    }
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"escapes", test_escapes},
        {"cut", test_cut},
        {"same", test_same},
        {"messages", test_messages},
        {"long messages", test_long_messages},
        {NULL, NULL},
    };
    return zg_test_run("printable text", tests);
}
