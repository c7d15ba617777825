/* test_page.c - page.c: where paragraphs break. */
#include "harness/base/page.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/cunit_run.h"

static char *put(const char *text)
{
    char *out = NULL;
    size_t size;
    FILE *const file = open_memstream(&out, &size);
    zg_page_put(file, 2, text);
    fclose(file);
    return out;
}

static void expect_break(const char *text, int64_t width, bool cuts, size_t want, size_t want_next)
{
    size_t next;
    CU_ASSERT_EQUAL(zg_page_break(text, width, cuts, &next), want);
    CU_ASSERT_EQUAL(next, want_next);
}

static void lines_break_at_blanks(void)
{
    expect_break("one two three", 13, false, 13, 13);
    expect_break("one two three", 12, false, 7, 8);
    expect_break("one two three", 7, false, 7, 8);
    expect_break("one two three", 6, false, 3, 4);
    expect_break("one   two", 4, false, 4, 6); /* a blank too many stays */
}

static void long_words_are_cut_where_asked(void)
{
    expect_break("fused:mechanisms=trie", 10, false, 21, 21);
    expect_break("fused:mechanisms=trie", 10, true, 6, 6);
    expect_break("fused:mechanisms=trie", 20, true, 17, 17);
    expect_break("abcdefghij", 4, true, 4, 4);
    expect_break("\xc3\xa9\xc3\xa9\xc3\xa9", 2, true, 4, 4);
    expect_break("ab", 0, true, 1, 1);
    expect_break("2026-11-26-epyc", 9, true, 8, 8);
    expect_break("mechanisms=-trie", 13, true, 11, 11);
    expect_break("a path/that/is/long", 5, false, 1, 2);
}

static void paragraphs_are_indented(void)
{
    char text[260];
    for (int i = 0; i < 52; i++)
        memcpy(text + 5 * i, "word ", 5);
    text[259] = '\0';
    char *const out = put(text);
    int n_lines = 0;
    for (const char *line = out; *line; n_lines++) {
        const size_t n = strcspn(line, "\n");
        CU_ASSERT(n <= 100);
        CU_ASSERT_EQUAL(strncmp(line, n_lines ? "  word" : "word", 4), 0);
        line += n + 1;
    }
    CU_ASSERT_EQUAL(n_lines, 3);
    free(out);
    char *const empty = put("");
    CU_ASSERT_STRING_EQUAL(empty, "\n");
    free(empty);
    char *const hostile = put("a\x1b[31m\nb");
    CU_ASSERT_STRING_EQUAL(hostile, "a\\x1b[31m\\nb\n");
    free(hostile);
}

static void wide_is_one_line(void)
{
    char text[300];
    memset(text, 'a', sizeof text);
    for (int i = 9; i < 300; i += 10)
        text[i] = ' ';
    text[299] = '\0';
    zg_page_set_wide(true);
    char *const out = put(text);
    zg_page_set_wide(false);
    CU_ASSERT_EQUAL(strcspn(out, "\n"), 299);
    free(out);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"lines break at blanks", lines_break_at_blanks},
        {"long words are cut where asked", long_words_are_cut_where_asked},
        {"paragraphs are indented", paragraphs_are_indented},
        {"wide is one line", wide_is_one_line},
        {NULL, NULL}};
    return zg_test_run("page", tests);
}
