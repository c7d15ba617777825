/* test_help.c - help.h and the commands' tables: what help tells, and that what it tells is so. */
#include "harness/cmd/help.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/request/engine_list.h"
#include "harness/rows/precision.h"
#include "tests/support/cunit_run.h"

enum { MOST_COMMON = 12, WIDTH = 80, EXAMPLE_WIDTH = 100 };

/* What help prints; to be freed. */
static char *help_of(const struct zg_command *command, bool all)
{
    char *text = NULL;
    size_t n = 0;
    FILE *const out = open_memstream(&text, &n);
    if (command)
        zg_help_command(command, all, out);
    else
        zg_help_program(all, out);
    fclose(out);
    return text;
}

static bool is_in_common(const struct zg_command *command, const char *name)
{
    char words[512], wanted[80];
    snprintf(words, sizeof words, " %s ", command->common);
    snprintf(wanted, sizeof wanted, " %s ", name);
    return strstr(words, wanted);
}

static void expect_lines_that_fit(const char *text)
{
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        const size_t n = strcspn(line, "\n");
        const size_t most = strncmp(line, "  zogap ", 8) == 0 ? EXAMPLE_WIDTH : WIDTH;
        CU_ASSERT(n <= most);
        CU_ASSERT(n == 0 || line[n - 1] != ' ');
        if (n > most || (n > 0 && line[n - 1] == ' '))
            printf("%.*s|\n", (int)n, line);
    }
}

static void test_lines_fit_a_terminal(void)
{
    const struct zg_command *command;
    for (int all = 0; all < 2; all++) {
        char *text = help_of(NULL, all);
        expect_lines_that_fit(text);
        free(text);
        for (int64_t i = 0; (command = zg_command_at(i)); i++) {
            text = help_of(command, all);
            expect_lines_that_fit(text);
            free(text);
        }
    }
}

static void test_common_options_come_first(void)
{
    const struct zg_command *command;
    for (int64_t i = 0; (command = zg_command_at(i)); i++) {
        struct zg_help_option options[ZG_MAX_FLAGS];
        const int64_t n = zg_help_options(command, options);
        char *const few = help_of(command, false), *const all = help_of(command, true);
        int64_t n_common = 0, n_words = 0;
        for (const char *c = command->common; c && *c; c++)
            n_words += c[0] != ' ' && (c[1] == ' ' || c[1] == '\0');
        for (int64_t j = 0; j < n; j++) {
            char line[80];
            const bool is_common = strcmp(options[j].topic, ZG_TOPIC_COMMON) == 0;
            snprintf(line, sizeof line, "\n  --%s", options[j].flag->name);
            zg_test_expect_words(all, line);
            CU_ASSERT_EQUAL(strstr(few, line) != NULL, is_common || !command->common);
            CU_ASSERT(!is_common || n_common == j);
            CU_ASSERT_EQUAL(is_common,
                            command->common && is_in_common(command, options[j].flag->name));
            n_common += is_common;
            for (int64_t k = 0; k < j; k++)
                CU_ASSERT_STRING_NOT_EQUAL(options[k].flag->name, options[j].flag->name);
        }
        CU_ASSERT_EQUAL(n_common, n_words); /* every name is an option */
        CU_ASSERT(command->common ? n_common <= MOST_COMMON : n <= MOST_COMMON);
        free(few);
        free(all);
    }
}

/* A topic is told once. */
static void test_topics_are_whole(void)
{
    const struct zg_command *command;
    for (int64_t i = 0; (command = zg_command_at(i)); i++) {
        struct zg_help_option options[ZG_MAX_FLAGS];
        const int64_t n = zg_help_options(command, options);
        for (int64_t j = 1; j < n; j++)
            for (int64_t k = 0; k < j - 1; k++)
                CU_ASSERT(strcmp(options[k].topic, options[j].topic) != 0 ||
                          strcmp(options[j - 1].topic, options[j].topic) == 0);
    }
}

/* Cuts a line as a shell does: the reader of option files does it. */
static void split(struct zg_words *words, const char *line)
{
    char path[] = "/tmp/zogap-test-XXXXXX", argument[64];
    char *argv[] = {argument, argument, NULL};
    const int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line));
    close(fd);
    snprintf(argument, sizeof argument, "@%s", path);
    CU_ASSERT_EQUAL_FATAL(zg_words_expand(words, 2, argv, NULL), ZG_OK);
    unlink(path);
}

static enum zg_status parse_example(const struct zg_command *command, const char *line,
                                    struct zg_error *err)
{
    struct zg_request request = {.policy.max_time_s = -1};
    struct zg_engine_list engines = {0};
    struct zg_case c;
    bool help = false;
    split(&request.words, line);
    CU_ASSERT(request.words.n_words >= 3);
    CU_ASSERT_STRING_EQUAL(request.words.words[1], "zogap");
    CU_ASSERT_STRING_EQUAL(request.words.words[2], command->name);
    struct zg_words rest = request.words; /* the program's name is there twice */
    request.words = (struct zg_words){rest.text, rest.words + 1, rest.n_words - 1};
    enum zg_status status = zg_command_parse(command, &request, &help, err);
    for (int64_t i = 0; !status && i < zg_sweep_n_cases(&request.sweep); i++)
        status = zg_sweep_case(&request.sweep, i, &c, err);
    if (!status && request.engines)
        status = zg_engine_list_parse(&engines, request.engines, request.mechanisms, err);
    zg_engine_list_close(&engines);
    zg_sweep_close(&request.sweep);
    zg_words_close(&rest);
    return status;
}

static void test_examples_parse(void)
{
    const struct zg_command *command;
    for (int64_t i = 0; (command = zg_command_at(i)); i++) {
        int64_t n = 0;
        if (strcmp(command->name, "help") == 0) /* its first example is another's */
            continue;
        for (const struct zg_term *example = command->examples; example->term; example++, n++) {
            struct zg_error err = {0};
            CU_ASSERT_EQUAL(parse_example(command, example->term, &err), ZG_OK);
            if (err.text[0])
                printf("%s: %s\n", example->term, err.text);
            CU_ASSERT(strlen(example->meaning) > 0);
        }
        CU_ASSERT(n >= 2);
    }
    struct zg_error err = {0};
    const struct zg_command *run = NULL;
    CU_ASSERT_EQUAL(zg_command_find(&run, "run", NULL), ZG_OK);
    CU_ASSERT_EQUAL(parse_example(run, "zogap run --bacth 4", &err), ZG_USAGE);
}

/* What completion offers is taken; of what has no table of its own here, that it is offered. */
static void test_words_are_taken(void)
{
    const struct zg_command *command;
    for (int64_t i = 0; (command = zg_command_at(i)); i++) {
        struct zg_help_option options[ZG_MAX_FLAGS];
        const int64_t n = zg_help_options(command, options);
        for (int64_t j = 0; j < n; j++) {
            const struct zg_flag *const flag = options[j].flag;
            char words[1024];
            zg_flag_words(flag, words, sizeof words);
            CU_ASSERT(flag->kind != ZG_FLAG_CHOICE || words[0]);
            if (flag->kind != ZG_FLAG_CHOICE && flag->kind != ZG_FLAG_CUSTOM)
                continue;
            for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
                static union {
                    struct zg_request request;
                    struct zg_case c;
                } target;
                struct zg_error err = {0};
                memset(&target, 0, sizeof target);
                CU_ASSERT_EQUAL(zg_flag_set(&target, flag, word, &err), ZG_OK);
                if (err.text[0])
                    printf("--%s %s: %s\n", flag->name, word, err.text);
            }
        }
    }
}

/* Two letters swapped inside of a word that an option takes: its message has the word.  Not where
 * that makes another word. */
static void expect_hint(const struct zg_flag *flag, const char *words, const char *word)
{
    static union {
        struct zg_request request;
        struct zg_case c;
    } target;
    char typed[64], wanted[80];
    struct zg_error err = {0};
    memset(&target, 0, sizeof target);
    snprintf(typed, sizeof typed, "%s", word);
    typed[1] = word[2];
    typed[2] = word[1];
    snprintf(wanted, sizeof wanted, "did you mean '%s'", word);
    if (strlen(word) < 4 || word[1] == word[2] || strstr(words, typed))
        return;
    CU_ASSERT_EQUAL(zg_flag_set(&target, flag, typed, &err), ZG_USAGE);
    zg_test_expect_words(err.text, wanted);
}

static void test_every_choice_has_its_hint(void)
{
    const struct zg_command *command;
    for (int64_t i = 0; (command = zg_command_at(i)); i++) {
        struct zg_help_option options[ZG_MAX_FLAGS];
        const int64_t n = zg_help_options(command, options);
        for (int64_t j = 0; j < n; j++) {
            const struct zg_flag *const flag = options[j].flag;
            char words[1024], cut[1024];
            zg_flag_words(flag, words, sizeof words);
            memcpy(cut, words, sizeof cut);
            if (flag->kind == ZG_FLAG_CHOICE || flag->kind == ZG_FLAG_CUSTOM)
                for (char *word = strtok(cut, " "); word; word = strtok(NULL, " "))
                    expect_hint(flag, words, word);
        }
    }
}

/* The same of an option's name, in every command. */
static void test_every_option_has_its_hint(void)
{
    const struct zg_command *command;
    for (int64_t i = 0; (command = zg_command_at(i)); i++) {
        struct zg_help_option options[ZG_MAX_FLAGS];
        const int64_t n = zg_help_options(command, options);
        for (int64_t j = 0; j < n; j++) {
            const char *const name = options[j].flag->name;
            char line[160], wanted[80];
            struct zg_error err = {0};
            if (strlen(name) < 4 || name[1] == name[2])
                continue;
            snprintf(line, sizeof line, "zogap %s --%c%c%c%s", command->name, name[0], name[2],
                     name[1], name + 3);
            snprintf(wanted, sizeof wanted, "'--%s'", name);
            CU_ASSERT_EQUAL(parse_example(command, line, &err), ZG_USAGE);
            zg_test_expect_words(err.text, wanted);
        }
    }
}

static void test_names_of_engines_and_mechanisms_are_taken(void)
{
    const char *word;
    for (int64_t i = 0; (word = zg_choice_engine(i)); i++) {
        struct zg_engine_list engines;
        CU_ASSERT_EQUAL(zg_engine_list_parse(&engines, word, NULL, NULL), ZG_OK);
        zg_engine_list_close(&engines);
    }
    for (int64_t i = 0; (word = zg_choice_mechanism(i)); i++) {
        struct zg_mechanism_choice choice;
        CU_ASSERT_EQUAL(zg_mechanisms_parse("", word, ',', &choice, NULL), ZG_OK);
    }
    CU_ASSERT_STRING_EQUAL(zg_choice_model(0), "opt-mini");
    CU_ASSERT_STRING_EQUAL(zg_choice_task(0), "embedded");
}

static void test_what_takes_one_value_says_so(void)
{
    const struct zg_command *command = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_command_find(&command, "score", NULL), ZG_OK);
    char *text = help_of(command, true);
    CU_ASSERT_PTR_NULL(strstr(text, "[list]"));
    CU_ASSERT_PTR_NULL(strstr(text, "all of this build"));
    free(text);
    CU_ASSERT_EQUAL_FATAL(zg_command_find(&command, "run", NULL), ZG_OK);
    text = help_of(command, false);
    zg_test_expect_words(text, "[list]: takes several values");
    free(text);
}

static void test_variables_are_told(void)
{
    char *const text = help_of(NULL, false);
    zg_test_expect_words(text, "ZOGAP_ISA");
    zg_test_expect_words(text, "ZOGAP_PEAKS");
    zg_test_expect_words(text, "Exit codes");
    free(text);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"lines fit a terminal", test_lines_fit_a_terminal},
        {"common options come first", test_common_options_come_first},
        {"topics are whole", test_topics_are_whole},
        {"examples parse", test_examples_parse},
        {"words are taken", test_words_are_taken},
        {"every choice has its hint", test_every_choice_has_its_hint},
        {"every option has its hint", test_every_option_has_its_hint},
        {"names of engines and mechanisms are taken",
         test_names_of_engines_and_mechanisms_are_taken},
        {"what takes one value says so", test_what_takes_one_value_says_so},
        {"variables are told", test_variables_are_told},
        {NULL, NULL},
    };
    return zg_test_run("help", tests);
}
