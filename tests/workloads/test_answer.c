/* test_answer.c - texts normalised and compared as SQuAD's evaluate-v1.1.py does it; what is wanted
 * here was worked out by its rules, by hand. */
#include "workloads/answer.h"

#include <stdbool.h>

#include "tests/workloads/support.h"

static struct zg_slice slice(const char *text)
{
    return (struct zg_slice){text, (int64_t)strlen(text)};
}

static void expect_normalised(const char *text, const char *want)
{
    struct zg_text out = {0};
    CU_ASSERT_EQUAL(zg_text_append(&out, "=", 1, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_answer_normalise(&out, slice(text), NULL), ZG_OK);
    const bool good =
        out.n == 1 + (int64_t)strlen(want) && memcmp(out.bytes + 1, want, strlen(want)) == 0;
    if (!good)
        printf("\n    '%s' became '%.*s', not '%s'\n", text, (int)out.n - 1, out.bytes + 1, want);
    CU_ASSERT_TRUE(good);
    zg_text_free(&out);
}

static void test_normalise(void)
{
    expect_normalised("", "");
    expect_normalised(" \t\n", "");
    expect_normalised("The Cat", "cat");
    expect_normalised("a", "");
    expect_normalised("An apple, a pear; THE end.", "apple pear end");
    expect_normalised("then another anthem at banana", "then another anthem at banana");
    expect_normalised("U.S.A.", "usa");     /* punctuation goes, no blank comes */
    expect_normalised("the-man", "theman"); /* before articles are looked for */
    expect_normalised("a_b", "ab");
    expect_normalised("a1 1a a", "a1 1a");
    expect_normalised("a a an the  the", "");
    expect_normalised("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~x", "x");
    expect_normalised("  two \t\r\n words\v\f ", "two words");
    expect_normalised("$5 million", "5 million");
}

static void test_unicode(void)
{
    /* capitals beyond ASCII; letters beside an article make it a part of a word */
    expect_normalised("\xc3\x89"
                      "COLE \xc3\x80 LA MODE",
                      "\xc3\xa9"
                      "cole \xc3\xa0 la mode");
    expect_normalised("a\xc3\xa9 \xc3\xa9the an\xd0\xb0", "a\xc3\xa9 \xc3\xa9the an\xd0\xb0");
    /* a combining accent is no letter: Python's \b lies before it */
    expect_normalised("a\xcc\x81 b", "\xcc\x81 b");
    /* punctuation beyond ASCII stays, and parts words */
    expect_normalised("\xe2\x80\x9cThe\xe2\x80\x9d end\xe2\x80\x94the",
                      "\xe2\x80\x9c \xe2\x80\x9d end\xe2\x80\x94");
    /* no-break and ideographic space are white space */
    expect_normalised("the\xc2\xa0"
                      "A\xe3\x80\x80x",
                      "x");
    /* a sigma ends a word, or does not; the dotted capital I has two characters */
    expect_normalised("\xce\x9f\xce\x94\xce\x9f\xce\xa3 \xce\xa3 \xce\xa3\xce\x9f",
                      "\xce\xbf\xce\xb4\xce\xbf\xcf\x82 \xcf\x83 \xcf\x83\xce\xbf");
    expect_normalised("\xce\x91\xce\xa3'\xce\x91", "\xce\xb1\xcf\x83\xce\xb1");
    expect_normalised("\xc4\xb0", "i\xcc\x87");
    /* lower case may take more bytes: U+023A to U+2C65 */
    expect_normalised("\xc8\xba\xc8\xba\xc8\xba", "\xe2\xb1\xa5\xe2\xb1\xa5\xe2\xb1\xa5");
    /* no capitals of their own, and four bytes: U+10400 to U+10428 */
    expect_normalised("\xe4\xb8\xad\xe6\x96\x87 \xf0\x90\x90\x80",
                      "\xe4\xb8\xad\xe6\x96\x87 \xf0\x90\x90\xa8");
}

#define FFFD "\xef\xbf\xbd"

/* As bytes.decode("utf-8", errors="replace") has it. */
static void test_no_utf8(void)
{
    expect_normalised("X\xff"
                      "Y",
                      "x" FFFD "y");
    expect_normalised("A\xff", FFFD);         /* no part of a word, so the article goes */
    expect_normalised("x\xe2\x80", "x" FFFD); /* cut short: one */
    expect_normalised("x\xe2\x80y", "x" FFFD "y");
    expect_normalised("\xc3(", FFFD);
    expect_normalised("\xc0\xaf", FFFD FFFD); /* overlong: a byte each */
    expect_normalised("\xe0\x80\x80", FFFD FFFD FFFD);
    expect_normalised("\xed\xa0\x80", FFFD FFFD FFFD); /* a surrogate */
    expect_normalised("\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD);
    expect_normalised("\xf0\x9f\x98", FFFD);
    expect_normalised("\xf5", FFFD);
    expect_normalised("\x80", FFFD);
    expect_normalised("\xf4\x8f\xbf\xbfx\xef\xbf\xbf", "\xf4\x8f\xbf\xbfx\xef\xbf\xbf");
}

static double f1_of(const char *prediction, const char *const *answers, int64_t n)
{
    double value = -1;
    CU_ASSERT_EQUAL(zg_answer_f1(&value, slice(prediction), answers, n, NULL), ZG_OK);
    return value;
}

static double match_of(const char *prediction, const char *const *answers, int64_t n)
{
    double value = -1;
    CU_ASSERT_EQUAL(zg_answer_match(&value, slice(prediction), answers, n, NULL), ZG_OK);
    return value;
}

static void test_f1(void)
{
    static const char *const one[] = {"Denver Broncos"};
    CU_ASSERT_EQUAL(f1_of("the Denver Broncos", one, 1), 1);
    CU_ASSERT_EQUAL(f1_of("Broncos, Denver", one, 1), 1); /* order does not count */
    CU_ASSERT_DOUBLE_EQUAL(f1_of("Denver", one, 1), 2 * 1 * 0.5 / 1.5, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(f1_of("Denver Broncos won it", one, 1), 2 * 0.5 * 1 / 1.5, 1e-15);
    CU_ASSERT_EQUAL(f1_of("Carolina Panthers", one, 1), 0);
    CU_ASSERT_EQUAL(f1_of("", one, 1), 0);
    CU_ASSERT_EQUAL(f1_of("the", one, 1), 0);

    /* a word counts as often as in both: 2 of 3 and 2 of 2 */
    static const char *const twice[] = {"ha ha"};
    CU_ASSERT_DOUBLE_EQUAL(f1_of("ha ha ha", twice, 1), 0.8, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(f1_of("ha ho ho", twice, 1), 2.0 / 5, 1e-15);
    /* a word that begins another is another */
    CU_ASSERT_EQUAL(f1_of("h hah", twice, 1), 0);

    static const char *const several[] = {"blue", "Denver Broncos", "Denver"};
    CU_ASSERT_EQUAL(f1_of("denver", several, 3), 1);
    CU_ASSERT_DOUBLE_EQUAL(f1_of("denver", several, 2), 2.0 / 3, 1e-15);

    /* empty texts have no word in common, so F1 is 0, as in evaluate-v1.1.py; but they match */
    static const char *const empty[] = {"the"};
    CU_ASSERT_EQUAL(f1_of("", empty, 1), 0);
    CU_ASSERT_EQUAL(match_of("", empty, 1), 1);
}

static void test_no_answer(void)
{
    static const char *const none[] = {"no answer", "blue"}, *const cannot[] = {"CANNOTANSWER"};
    CU_ASSERT_EQUAL(f1_of("No answer.", none, 2), 1);
    CU_ASSERT_EQUAL(f1_of("no", none, 2), 0);   /* half of the words, all the same */
    CU_ASSERT_EQUAL(f1_of("blue", none, 2), 0); /* the first answer says it all */
    CU_ASSERT_EQUAL(f1_of("cannotanswer", cannot, 1), 1);
    CU_ASSERT_EQUAL(f1_of("blue", cannot, 1), 0);
    CU_ASSERT_EQUAL(match_of("blue", none, 2), 1);
}

static void test_match(void)
{
    static const char *const answers[] = {"the 1990s", "1990s."};
    CU_ASSERT_EQUAL(match_of(" 1990S\n", answers, 2), 1);
    CU_ASSERT_EQUAL(match_of("1990", answers, 2), 0);
    CU_ASSERT_EQUAL(match_of("", answers, 2), 0);
    static const char *const second[] = {"x", "y z"};
    CU_ASSERT_EQUAL(match_of("Y  Z", second, 2), 1);
    CU_ASSERT_EQUAL(match_of("z y", second, 2), 0);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"normalised", test_normalise},
        {"beyond ASCII", test_unicode},
        {"no UTF-8", test_no_utf8},
        {"F1", test_f1},
        {"no answer", test_no_answer},
        {"exact match", test_match},
        {NULL, NULL},
    };
    return zg_test_run("answer", tests);
}
