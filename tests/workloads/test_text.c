/* test_text.c - stripping as Python does it. */
#include "workloads/text.h"

#include <string.h>

#include "tests/support/cunit_run.h"

static int equals(struct zg_slice s, const char *want)
{
    return s.n == (int64_t)strlen(want) && memcmp(s.bytes, want, (size_t)s.n) == 0;
}

static struct zg_slice slice(const char *text)
{
    return (struct zg_slice){text, (int64_t)strlen(text)};
}

static void test_strip(void)
{
    static const struct {
        const char *text, *blanks, *left, *both;
    } cases[] = {
        {"", "", "", ""},
        {"   ", "", "", ""},
        {" a b ", "a b", "a b ", "a b"},
        {"\n a\t", "\n a\t", "a\t", "a"},
        /* no-break space, ideographic space, file separator: white space to str.strip() */
        {"\xc2\xa0\xe3\x80\x80x\x1c", "\xc2\xa0\xe3\x80\x80x\x1c", "x\x1c", "x"},
        /* U+200B and U+180E are not */
        {"\xe2\x80\x8bx\xe1\xa0\x8e", "\xe2\x80\x8bx\xe1\xa0\x8e", "\xe2\x80\x8bx\xe1\xa0\x8e",
         "\xe2\x80\x8bx\xe1\xa0\x8e"},
        {"\xe2\x80\x8a\xc2\x85", "\xe2\x80\x8a\xc2\x85", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT_TRUE(equals(zg_slice_strip_blanks(slice(cases[i].text)), cases[i].blanks));
        CU_ASSERT_TRUE(equals(zg_slice_strip_left(slice(cases[i].text)), cases[i].left));
        CU_ASSERT_TRUE(equals(zg_slice_strip(slice(cases[i].text)), cases[i].both));
    }
}

static void test_append(void)
{
    struct zg_text text = {0};
    for (int i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL_FATAL(zg_text_append(&text, "abc", 3, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_text_append(&text, NULL, 0, NULL), ZG_OK);
    CU_ASSERT_EQUAL(text.n, 3000);
    CU_ASSERT_EQUAL(memcmp(text.bytes + 2997, "abc", 3), 0);
    zg_text_free(&text);
    CU_ASSERT_EQUAL(text.n, 0);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"strip", test_strip},
        {"append", test_append},
        {NULL, NULL},
    };
    return zg_test_run("text", tests);
}
