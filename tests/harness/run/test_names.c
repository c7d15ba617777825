/* test_names.c - what a run calls its models and tasks: names.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/run/names.h"
#include "tests/support/cunit_run.h"
#include "tests/support/temp_dir.h"

static const char task[] = "{\"name\": \"reviews\", \"data\": {\"dev\": \"d.csv\"}, \"template\": "
                           "\"{t}\", \"options\": [\"a\", \"b\"], \"label\": \"l\"}";

/* The names of n sources, joined by blanks; what cannot be named gives the message. */
static void name_all(bool tasks, const char *const *typed, int n, char text[1536])
{
    struct zg_names names = {.is_task = tasks};
    struct zg_case cases[4];
    struct zg_error err = {0};
    enum zg_status status = ZG_OK;
    for (int i = 0; i < n && !status; i++) {
        cases[i] = (struct zg_case){.model = typed[i], .task = typed[i]};
        status = zg_names_add(&names, &cases[i], &err);
        if (!status)
            status = zg_names_add(&names, &cases[i], &err); /* each once */
    }
    if (!status)
        status = zg_names_tell_apart(&names, &err);
    snprintf(text, 1536, "%s", err.text);
    for (int i = 0; i < n && !status; i++)
        snprintf(text + strlen(text), 1536 - strlen(text), "%s%s", i ? " " : "",
                 zg_names_of(&names, &cases[i]));
    zg_names_close(&names);
    zg_error_clear(&err);
}

static void expect(bool tasks, const char *a, const char *b, const char *c, const char *want)
{
    const char *const typed[] = {a, b, c};
    char text[1536];
    name_all(tasks, typed, c ? 3 : b ? 2 : 1, text);
    if (strcmp(text, want) != 0)
        printf("\n    %s, not %s", text, want);
    CU_ASSERT_STRING_EQUAL(text, want);
}

static void test_names(void)
{
    char dir[64], here[4096];
    make_temp_dir(dir);
    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(here, sizeof here));
    CU_ASSERT_EQUAL_FATAL(chdir(dir), 0);
    static const char *const folders[] = {"a", "a/tiny", "b", "b/tiny", "b/x", "opt-125m"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        CU_ASSERT_EQUAL_FATAL(mkdir(folders[i], 0777), 0);
    CU_ASSERT_EQUAL_FATAL(symlink("a/tiny", "link"), 0);
    write_temp_file(dir, "a/t.json", task, sizeof task - 1);
    write_temp_file(dir, "b/t.json", task, sizeof task - 1);
    write_temp_file(dir, "b/u.json", task, sizeof task - 1);

    expect(false, "a/tiny", NULL, NULL, "tiny");
    expect(false, "./a/../a//tiny/", NULL, NULL, "tiny");
    expect(false, "link", NULL, NULL, "tiny");
    expect(false, "opt-125m", "./a/tiny", NULL, "opt-125m tiny");
    expect(false, "opt-tiny", NULL, NULL, "opt-tiny");
    expect(false, "a/tiny", "b/x", "b/tiny", "a/tiny x b/tiny");
    expect(false, "no/such", NULL, NULL, "no/such");
    expect(false, "/", NULL, NULL, "/");
    expect(false, "a/tiny", "link", NULL, "--model: link is listed twice, as a/tiny");
    char want[128];
    snprintf(want, sizeof want, "opt-125m %s/opt-125m", strrchr(dir, '/') + 1);
    expect(false, "opt-125m", "./opt-125m", NULL, want);

    expect(true, "sst2", "embedded", NULL, "sst2 embedded");
    expect(true, "a/t.json", NULL, NULL, "reviews");
    expect(true, "a/t.json", "b/t.json", "b/u.json",
           "reviews (a/t.json) reviews (b/t.json) reviews (u.json)");
    expect(true, "c.json", NULL, NULL, "c.json: No such file or directory");

    static const char *const files[] = {"link", "a/t.json", "b/t.json", "b/u.json"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        CU_ASSERT_EQUAL(unlink(files[i]), 0);
    for (size_t i = sizeof folders / sizeof *folders; i-- > 0;)
        CU_ASSERT_EQUAL(rmdir(folders[i]), 0);
    CU_ASSERT_EQUAL_FATAL(chdir(here), 0);
    remove_temp_dir(dir);
}

int main(void)
{
    static const struct zg_test tests[] = {{"names", test_names}, {NULL, NULL}};
    return zg_test_run("harness/names", tests);
}
