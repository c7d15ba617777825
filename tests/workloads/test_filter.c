/* test_filter.c - each filter of templates on texts that it changes, and on those that it
 * leaves. */
#include "workloads/filter.h"

#include "tests/workloads/support.h"

static struct zg_slice slice(const char *text)
{
    return (struct zg_slice){text, (int64_t)strlen(text)};
}

static void test_table(void)
{
    static const struct {
        enum zg_filter filter;
        const char *text, *argument, *want;
    } cases[] = {
        {ZG_FILTER_STRIP, " \t a b\n ", "", "a b"},
        {ZG_FILTER_STRIP, "\xc2\xa0 ", "", ""},
        {ZG_FILTER_STRIP, "", "", ""},
        {ZG_FILTER_STRIP_END, " a \n\xe3\x80\x80", "", " a"},
        {ZG_FILTER_DROP_DOT, "a..", "", "a."},
        {ZG_FILTER_DROP_DOT, ".", "", ""},
        {ZG_FILTER_DROP_DOT, "a. ", "", "a. "},
        {ZG_FILTER_DROP_DOT, "", "", ""},
        {ZG_FILTER_ASK, "is it", "", "is it?"},
        {ZG_FILTER_ASK, "is it?", "", "is it?"},
        {ZG_FILTER_ASK, "is it? ", "", "is it? ?"},
        {ZG_FILTER_ASK, "", "", "?"},
        {ZG_FILTER_CAPITAL, "is It", "", "Is It"},
        {ZG_FILTER_CAPITAL, "Is", "", "Is"},
        {ZG_FILTER_CAPITAL, "1st", "", "1st"},
        {ZG_FILTER_CAPITAL, "\xc3\xa9t\xc3\xa9", "", "\xc3\x89t\xc3\xa9"},
        {ZG_FILTER_CAPITAL, "", "", ""},
        {ZG_FILTER_CAPITAL, "$0\\u", "", "$0\\u"},
        {ZG_FILTER_LOWER, "He SAID\nSO", "", "he said\nso"},
        {ZG_FILTER_LOWER, "\xc3\x89T\xc3\x89 \xd0\x96", "", "\xc3\xa9t\xc3\xa9 \xd0\xb6"},
        {ZG_FILTER_LOWER, "\xc8\xba\xc8\xba", "",
         "\xe2\xb1\xa5\xe2\xb1\xa5"}, /* two bytes: three */
        {ZG_FILTER_LOWER_FIRST, "The Dog", "", "the Dog"},
        {ZG_FILTER_LOWER_FIRST, "THE", "", "the"},
        {ZG_FILTER_LOWER_FIRST, "I went", "", "I went"},
        {ZG_FILTER_LOWER_FIRST, "I", "", "I"},
        {ZG_FILTER_LOWER_FIRST, "It went", "", "it went"},
        {ZG_FILTER_LOWER_FIRST, "I\nWent On", "",
         "i\nwent On"}, /* a blank ends a word, no line end */
        {ZG_FILTER_LOWER_FIRST, " The", "", " The"},
        {ZG_FILTER_LOWER_FIRST, "", "", ""},
        {ZG_FILTER_BULLETS, "a\n@highlight\nb\n@highlight\nc", "", "a\n- b\n- c"},
        {ZG_FILTER_BULLETS, "@highlight\r\n@highlight", "", "@highlight\r\n@highlight"},
        {ZG_FILTER_FILL, "@placeholder saw @placeholder", "Ann", "Ann saw Ann"},
        {ZG_FILTER_FILL, "@place", "Ann", "@place"},
        {ZG_FILTER_FILL, "a @placeholder", "", "a "},
        {ZG_FILTER_FILL, "@placeholder", "@placeholder", "@placeholder"},
        {ZG_FILTER_AS_IN, "the cup", "He fills the cup.", "the cup"},
        {ZG_FILTER_AS_IN, "The cup", "He fills the cup.", "the cup"},
        {ZG_FILTER_AS_IN, "the cup", "The cup is full.", "The cup"},
        {ZG_FILTER_AS_IN, "The big\ncup..", "He fills the big cup here", "the big cup"},
        {ZG_FILTER_AS_IN, "The mug.", "He fills the cup.", "The mug."},
        {ZG_FILTER_AS_IN, "", "x", ""},
        {ZG_FILTER_AS_IN, "A", "", "A"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zg_text text = {0};
        struct zg_error err = {0};
        const struct zg_slice begin = slice(cases[i].text);
        CU_ASSERT_EQUAL_FATAL(zg_text_append(&text, begin.bytes, begin.n, &err), ZG_OK);
        CU_ASSERT_EQUAL(
            zg_filter_apply(cases[i].filter, &text, slice(cases[i].argument), NULL, 0, &err),
            ZG_OK);
        const bool same = text.n == (int64_t)strlen(cases[i].want) &&
                          memcmp(text.n > 0 ? text.bytes : "", cases[i].want, (size_t)text.n) == 0;
        if (!same)
            printf("\n    %s of '%s': '%.*s' %s\n", zg_filter_name(cases[i].filter), cases[i].text,
                   (int)text.n, text.n > 0 ? text.bytes : "", err.text);
        CU_ASSERT_TRUE(same);
        zg_text_free(&text);
    }
}

static void test_words(void)
{
    static const struct zg_task_word words[] = {{(char *)"effect", (char *)"so"},
                                                {(char *)"cause", (char *)"because"},
                                                {(char *)"", (char *)""}};
    static const char *const cases[][2] = {{"cause", "because"}, {"effect", "so"}, {"", ""}};
    for (size_t i = 0; i < 3; i++) {
        struct zg_text text = {0};
        CU_ASSERT_EQUAL(zg_text_append(&text, cases[i][0], (int64_t)strlen(cases[i][0]), NULL),
                        ZG_OK);
        CU_ASSERT_EQUAL(zg_filter_apply(ZG_FILTER_WORD, &text, slice(""), words, 3, NULL), ZG_OK);
        CU_ASSERT_TRUE(text.n == (int64_t)strlen(cases[i][1]) &&
                       memcmp(text.n ? text.bytes : "", cases[i][1], (size_t)text.n) == 0);
        zg_text_free(&text);
    }
    struct zg_text text = {0};
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_text_append(&text, "Efect", 5, NULL), ZG_OK);
    check_failure(zg_filter_apply(ZG_FILTER_WORD, &text, slice(""), words, 3, &err), ZG_INPUT, &err,
                  "'Efect' is not among the keys of \"words\"; did you mean 'effect'?");
    zg_text_free(&text);
}

static void test_no_utf8(void)
{
    static const enum zg_filter filters[] = {ZG_FILTER_CAPITAL, ZG_FILTER_LOWER,
                                             ZG_FILTER_LOWER_FIRST, ZG_FILTER_AS_IN};
    for (size_t i = 0; i < 4; i++) {
        struct zg_text text = {0};
        struct zg_error err = {0};
        CU_ASSERT_EQUAL(zg_text_append(&text, "a\xff", 2, NULL), ZG_OK);
        check_failure(zg_filter_apply(filters[i], &text, slice("x"), NULL, 0, &err), ZG_INPUT, &err,
                      "no UTF-8");
        zg_text_free(&text);
    }
}

/* The list of names for messages is that of the table, and each is found. */
static void test_names(void)
{
    char names[256] = "";
    for (int f = 0; f < ZG_N_FILTERS; f++) {
        const char *const name = zg_filter_name((enum zg_filter)f);
        enum zg_filter found = ZG_N_FILTERS;
        sprintf(names + strlen(names), "%s%s", f ? ", " : "", name);
        CU_ASSERT_TRUE(zg_filter_find(&found, slice(name)) && found == (enum zg_filter)f);
        CU_ASSERT_EQUAL(zg_filter_takes_column((enum zg_filter)f),
                        f == ZG_FILTER_FILL || f == ZG_FILTER_AS_IN);
    }
    CU_ASSERT_STRING_EQUAL(zg_filter_names(), names);
    enum zg_filter found;
    CU_ASSERT_FALSE(zg_filter_find(&found, slice("strip_")));
    CU_ASSERT_FALSE(zg_filter_find(&found, slice("")));
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"what each makes of a text", test_table},
        {"words", test_words},
        {"bytes that are no UTF-8", test_no_utf8},
        {"names", test_names},
        {NULL, NULL},
    };
    return zg_test_run("filter", tests);
}
