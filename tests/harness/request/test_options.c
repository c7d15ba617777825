/* test_options.c - options.h: tables, strict values, lists, option files. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/request/options.h"
#include "tests/support/cunit_run.h"

struct target {
    int64_t batch;
    double eps;
    uint64_t seed;
    int colour;
    const char *name;
    bool loud;
};
#define FIELD(name) .offset = offsetof(struct target, name)
static const struct zg_flag flags[] = {
    {.name = "batch",
     .kind = ZG_FLAG_INT,
     .value = "N",
     .fallback = "16",
     FIELD(batch),
     .min = 1,
     .max = 100,
     .summary = "examples"},
    {.name = "eps",
     .kind = ZG_FLAG_REAL,
     .value = "X",
     .fallback = "1e-3",
     FIELD(eps),
     .summary = "size"},
    {.name = "seed",
     .kind = ZG_FLAG_SEED,
     .value = "N",
     .fallback = "1",
     FIELD(seed),
     .summary = "seed"},
    {.name = "colour",
     .kind = ZG_FLAG_CHOICE,
     .value = "red|green",
     .fallback = "green",
     FIELD(colour),
     .choices = "red|green",
     .summary = "colour"},
    {.name = "name", .kind = ZG_FLAG_TEXT, .value = "NAME", FIELD(name), .summary = "name"},
    {.name = "loud", .kind = ZG_FLAG_SWITCH, FIELD(loud), .summary = "loud"},
    {.name = "loudness", .kind = ZG_FLAG_SWITCH, FIELD(loud), .summary = "shares a beginning"},
    {.name = NULL},
};
static const struct zg_flag_group groups[] = {{"group", flags, 0}, {0}};

static enum zg_status take(void *request, const struct zg_flag_group *group,
                           const struct zg_flag *flag, const char *value, struct zg_error *err)
{
    return zg_flag_set((char *)request + group->offset, flag, value, err);
}

/* Parses "prog A B ..." of at most 8 words. */
static enum zg_status parse(struct target *target, struct zg_error *err, const char *const *words)
{
    char *argv[10] = {(char[]){"prog"}};
    int argc = 1;
    bool help = false;
    char copies[8][64];
    for (int i = 0; words[i]; i++) {
        snprintf(copies[i], sizeof copies[i], "%s", words[i]);
        argv[argc++] = copies[i];
    }
    memset(target, 0, sizeof *target);
    memset(err, 0, sizeof *err);
    CU_ASSERT_EQUAL(zg_flags_default(groups, target, err), ZG_OK);
    const enum zg_status status =
        zg_flags_parse(groups, NULL, argc, argv, take, target, &help, err);
    if (target->name)
        target->name = "set"; /* the copies end here */
    return status;
}
#define PARSE(...) parse(&t, &err, (const char *const[]){__VA_ARGS__, NULL})

static void test_values(void)
{
    struct target t;
    struct zg_error err;
    CU_ASSERT_EQUAL(PARSE("--batch", "32", "--eps=0.5", "--colour=red", "--loud"), ZG_OK);
    CU_ASSERT_EQUAL(t.batch, 32);
    CU_ASSERT_EQUAL(t.eps, 0.5);
    CU_ASSERT_EQUAL(t.colour, 0);
    CU_ASSERT_TRUE(t.loud);
    CU_ASSERT_EQUAL(t.seed, 1);
    /* an unambiguous beginning is enough; a whole name is never ambiguous */
    CU_ASSERT_EQUAL(PARSE("--ba", "3"), ZG_OK);
    CU_ASSERT_EQUAL(t.batch, 3);
    CU_ASSERT_EQUAL(PARSE("--seed", "9223372036854775807"), ZG_OK);
    CU_ASSERT_EQUAL(t.seed, (uint64_t)INT64_MAX);
    /* the last one wins */
    CU_ASSERT_EQUAL(PARSE("--batch=3", "--batch=4"), ZG_OK);
    CU_ASSERT_EQUAL(t.batch, 4);
}

static void test_refusals(void)
{
    static const char *const bad[][3] = {
        {"--batch", "0"},     {"--batch", "-1"},  {"--batch", "101"},
        {"--batch", "3x"},    {"--batch", ""},    {"--batch", " 3"},
        {"--batch", "3 "},    {"--batch", "1e1"}, {"--batch", "99999999999999999999"},
        {"--eps", "0"},       {"--eps", "-1"},    {"--eps", "nan"},
        {"--eps", "inf"},     {"--eps", "1e999"}, {"--eps", "1e-3x"},
        {"--eps", ""},        {"--seed", "-1"},   {"--seed", "x"},
        {"--colour", "blue"}, {"--colour", ""},   {"--name", ""},
        {"--nothing", "1"},   {"--batch", NULL},  {"--lo", NULL},
        {"--loud=1", NULL},   {"trailing", NULL}, {"-x", NULL},
        {"--", "x"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct target t;
        struct zg_error err;
        const enum zg_status status = parse(&t, &err, bad[i]);
        if (status != ZG_USAGE)
            printf("accepted: %s %s\n", bad[i][0], bad[i][1] ? bad[i][1] : "");
        CU_ASSERT_EQUAL(status, ZG_USAGE);
        CU_ASSERT_PTR_NULL(strchr(err.text, '\n'));
        /* the message names what was typed */
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(bad[i][0], "="), bad[i][0]);
        if (strcmp(name, "--") == 0)
            snprintf(name, sizeof name, "x");
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, name));
    }
}

struct operands {
    struct target target;
    char joined[64];
};

static enum zg_status take_either(void *request, const struct zg_flag_group *group,
                                  const struct zg_flag *flag, const char *value,
                                  struct zg_error *err)
{
    struct operands *const operands = request;
    if (group)
        return take(&operands->target, group, flag, value, err);
    CU_ASSERT_STRING_EQUAL(flag->name, "DIR...");
    if (strcmp(value, "bad") == 0)
        return zg_fail(err, ZG_USAGE, "bad operand");
    const size_t n = strlen(operands->joined);
    snprintf(operands->joined + n, sizeof operands->joined - n, "[%s]", value);
    return ZG_OK;
}

/* Operands stand between options and after --, and keep their order. */
static void test_operands(void)
{
    static const struct zg_flag operand = {.name = "DIR...", .summary = "directories to read"};
    char *argv[] = {(char[]){"prog"},  (char[]){"a b"},    (char[]){"--batch"},   (char[]){"3"},
                    (char[]){"c"},     (char[]){"--loud"}, (char[]){"-"},         (char[]){"--"},
                    (char[]){"--eps"}, (char[]){""},       (char[]){"--batch=x"}, NULL};
    struct operands o = {0};
    struct zg_error err = {0};
    bool help = false;
    CU_ASSERT_EQUAL(zg_flags_parse(groups, &operand, 11, argv, take_either, &o, &help, &err),
                    ZG_OK);
    CU_ASSERT_STRING_EQUAL(o.joined, "[a b][c][-][--eps][][--batch=x]");
    CU_ASSERT_EQUAL(o.target.batch, 3);
    CU_ASSERT_TRUE(o.target.loud);

    char *bad[] = {(char[]){"prog"}, (char[]){"bad"}, (char[]){"--batch"}, (char[]){"9"}, NULL};
    memset(&o, 0, sizeof o);
    CU_ASSERT_EQUAL(zg_flags_parse(groups, &operand, 4, bad, take_either, &o, &help, &err),
                    ZG_USAGE);
    CU_ASSERT_STRING_EQUAL(err.text, "bad operand");
    CU_ASSERT_EQUAL(o.target.batch, 0); /* nothing after it was taken */
}

static void test_help(void)
{
    char prog[] = "prog", option[] = "--help", junk[] = "--batch=0";
    char *argv[] = {prog, option, junk, NULL};
    struct target t = {0};
    struct zg_error err = {0};
    bool help = false;
    CU_ASSERT_EQUAL(zg_flags_parse(groups, NULL, 3, argv, take, &t, &help, &err), ZG_OK);
    CU_ASSERT_TRUE(help);
}

static void test_lists(void)
{
    struct zg_words words;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_words_split(&words, "--x", "a,bc,d", ',', &err), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(words.n_words, 3);
    CU_ASSERT_STRING_EQUAL(words.words[1], "bc");
    zg_words_close(&words);
    static const char *const bad[] = {"", ",", "a,", ",a", "a,,b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_EQUAL(zg_words_split(&words, "--x", bad[i], ',', NULL), ZG_USAGE);
    CU_ASSERT_EQUAL(zg_choice_find("a|bc|d", "bc"), 1);
    CU_ASSERT_EQUAL(zg_choice_find("a|bc|d", "b"), -1);
    CU_ASSERT_EQUAL(zg_choice_find("a|bc|d", "a|bc"), -1);
}

/* Expands `prog @FILE` with that content.  n is strlen unless the text holds a NUL. */
static enum zg_status expand(struct zg_words *words, const char *content, size_t n)
{
    char path[] = "/tmp/zogap-options-XXXXXX";
    const int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, content, n), (ssize_t)n);
    close(fd);
    char prog[] = "prog", at[64];
    snprintf(at, sizeof at, "@%s", path);
    char *argv[] = {prog, at, NULL};
    const enum zg_status status = zg_words_expand(words, 2, argv, NULL);
    unlink(path);
    return status;
}

static void test_option_file(void)
{
    static const char content[] = "run # a comment\n--batch=16\n  --task 'my task.json'\n"
                                  "--tag \"k=a \\\"b\\\"\" x\\ y '' #\n";
    static const char *const want[] = {"prog",  "run",       "--batch=16", "--task", "my task.json",
                                       "--tag", "k=a \"b\"", "x y",        ""};
    struct zg_words words;
    CU_ASSERT_EQUAL_FATAL(expand(&words, content, strlen(content)), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(words.n_words, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        CU_ASSERT_STRING_EQUAL(words.words[i], want[i]);
    CU_ASSERT_PTR_NULL(words.words[words.n_words]);
    zg_words_close(&words);

    CU_ASSERT_EQUAL(expand(&words, "", 0), ZG_OK);
    CU_ASSERT_EQUAL(words.n_words, 1);
    zg_words_close(&words);
    CU_ASSERT_EQUAL(expand(&words, "--x 'open", 9), ZG_INPUT);
    CU_ASSERT_EQUAL(expand(&words, "@other", 6), ZG_INPUT);
    CU_ASSERT_EQUAL(expand(&words, "a\0b", 3), ZG_INPUT);
    char prog[] = "prog", missing[] = "@/nowhere/at/all", dir[] = "@/tmp";
    char *argv[] = {prog, missing, NULL}, *argv_dir[] = {prog, dir, NULL};
    CU_ASSERT_EQUAL(zg_words_expand(&words, 2, argv, NULL), ZG_INPUT);
    CU_ASSERT_EQUAL(zg_words_expand(&words, 2, argv_dir, NULL), ZG_INPUT);
}

int main(void)
{
    static const struct zg_test tests[] = {{"values become fields", test_values},
                                           {"what is wrong is refused and named", test_refusals},
                                           {"operands keep their order", test_operands},
                                           {"help comes from the table", test_help},
                                           {"lists and choices", test_lists},
                                           {"option files", test_option_file},
                                           {NULL, NULL}};
    return zg_test_run("harness/options", tests);
}
