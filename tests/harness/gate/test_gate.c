/* test_gate.c - `zogap gate` through the real program, of two directories: every verdict, and the
 * files it writes. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/gate/place.h"

static void verdicts_of_directories(void)
{
    struct place p;
    place_open(&p);
    place_write(p.old, 1);
    place_write(p.new, 1.10);
    CU_ASSERT_EQUAL(place_gate(&p, NULL, NULL), 1);
    place_expect_line(&p, "gate: 1 of 1 cases worse; first: fused: 1.1 times the baseline");
    place_expect_verdict(&p, "worse", "ratio");
    CU_ASSERT_EQUAL(place_gate(&p, "--measure", "seconds"), 1);
    place_expect_line(&p, "1 of 2 cases worse; first: fused");
    place_expect_verdict(&p, "worse", "seconds");
    /* slower for sure, and by less than is asked */
    CU_ASSERT_EQUAL(place_gate(&p, "--max-regression", "20%"), 0);
    place_expect_verdict(&p, "same", "ratio");
    /* 10 % is in the interval */
    CU_ASSERT_EQUAL(place_gate(&p, "--max-regression", "10%"), 0);
    place_expect_verdict(&p, "undecided", "ratio");
    place_expect_line(&p, "warning: gate: 1 of 1 cases is undecided, which is no pass");
    const char *const dirs[] = {
        "--baseline", p.old,         "--candidate", p.new, "--max-regression",
        "10%",        "--undecided", "fail",        NULL};
    CU_ASSERT_EQUAL(place_run(&p, dirs), 4);
    place_expect_line(&p, "1 of 1 cases undecided; first: fused: slower, but");
    place_write(p.new, 0.9);
    CU_ASSERT_EQUAL(place_gate(&p, NULL, NULL), 0);
    place_expect_verdict(&p, "better", "ratio");
    place_write(p.new, 1.001);
    CU_ASSERT_EQUAL(place_gate(&p, NULL, NULL), 0);
    place_expect_verdict(&p, "same", "ratio");
    place_close(&p);
}

/* A case that only the candidate has cannot be judged, and the gate says so. */
static void new_cases_are_told(void)
{
    struct place p;
    place_open(&p);
    place_write(p.old, 1);
    const struct zg_fixture_engine engines[] = {
        {.engine = "naive", .n = PLACE_N, .wall_s = place_naive_s},
        {.engine = "fused", .n = PLACE_N, .wall_s = place_noise},
        {.engine = "onednn", .n = PLACE_N, .wall_s = place_noise}};
    zg_fixture_write(p.new, &(struct zg_fixture){.n_engines = 3, .engines = engines});
    CU_ASSERT_EQUAL(place_gate(&p, NULL, NULL), 0);
    char *const text = read_temp_file(p.out, "gate.json");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text, "1 case of the candidate is not judged");
    zg_test_expect_words(text, "baseline and candidate: a neighbour is noisy"); /* the fixture's */
    free(text);
    place_close(&p);
}

static void instructions(void)
{
    static const double before[] = {4.000e9, 4.0001e9}, after[] = {4.012e9, 4.0121e9};
    struct place p;
    place_open(&p);
    for (int side = 0; side < 2; side++) {
        /* one sample, and no time: nothing but the count is there to judge */
        const struct zg_fixture_engine engines[] = {
            {.engine = "fused", .n = 1, .instructions = side ? after : before}};
        zg_fixture_write(
            side ? p.new : p.old,
            &(struct zg_fixture){.n_engines = 1, .engines = engines, .has_instructions = true});
    }
    CU_ASSERT_EQUAL(place_gate(&p, NULL, NULL), 1); /* 0.3 % more */
    place_expect_verdict(&p, "worse", "instructions");
    char path[128];
    snprintf(path, sizeof path, "%s/j.xml", p.out);
    CU_ASSERT_EQUAL(place_gate(&p, "--junit", path), 1);
    char *const text = read_temp_file(p.out, "j.xml");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text, "name=\"fused\" time=\"0.000\""); /* nobody has timed it */
    free(text);
    CU_ASSERT_EQUAL(place_gate(&p, "--max-regression", "0.4%"), 0);
    place_expect_verdict(&p, "same", "instructions");
    CU_ASSERT_EQUAL(place_gate(&p, "--measure", "seconds"), 4);
    place_expect_line(&p, "one block");
    place_close(&p);
}

/* ---- files ----------------------------------------------------------------------------------- */

static char *all_files(const struct place *p, int at)
{
    char name[3][32], path[3][192];
    char *texts[3];
    for (int i = 0; i < 3; i++) {
        snprintf(name[i], sizeof name[i], "file%d-%d", at, i);
        snprintf(path[i], sizeof path[i], "%s/%s", p->out, name[i]);
    }
    CU_ASSERT_EQUAL(RUN(p, "--baseline", p->old, "--candidate", p->new, "--json", path[0],
                        "--junit", path[1], "--markdown", path[2], "--format", "csv"),
                    1);
    size_t n = 1;
    for (int i = 0; i < 3; i++) {
        texts[i] = read_temp_file(p->out, name[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(texts[i]);
        n += strlen(texts[i]);
    }
    char *const all = calloc(n, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(all);
    for (int i = 0; i < 3; i++) {
        strcat(all, texts[i]);
        free(texts[i]);
    }
    return all;
}

static void same_directories_same_bytes(void)
{
    struct place p, moved;
    place_open(&p);
    place_open(&moved);
    place_write(p.old, 1);
    place_write(p.new, 1.10);
    char *const first = all_files(&p, 0), *const second = all_files(&p, 1);
    CU_ASSERT_STRING_EQUAL(first, second);
    place_write(moved.old, 1);
    place_write(moved.new, 1.10);
    char *const third = all_files(&moved, 0); /* elsewhere */
    CU_ASSERT_STRING_EQUAL(first, third);
    zg_test_expect_words(first, "<failure type=\"worse\" message=\"worse: 1.100 times");
    zg_test_expect_words(first, "hostname=\"localhost\"");
    zg_test_expect_words(first, "<property name=\"threshold\" value=\"5 %\"/>");
    zg_test_expect_words(first, "<property name=\"cpu\" value=\"Test CPU\"/>");
    zg_test_expect_words(first, "## zogap gate: worse");
    free(first);
    free(second);
    free(third);
    place_close(&p);
    place_close(&moved);
}

static void step_summary_and_odd_files(void)
{
    struct place p;
    char path[128];
    struct stat info;
    place_open(&p);
    place_write(p.old, 1);
    place_write(p.new, 1.001);
    snprintf(path, sizeof path, "%s/summary", p.out);
    write_temp_file(p.out, "summary", "before\n", 7);
    setenv("GITHUB_STEP_SUMMARY", path, 1);
    CU_ASSERT_EQUAL(place_gate(&p, NULL, NULL), 0);
    unsetenv("GITHUB_STEP_SUMMARY");
    char *const text = read_temp_file(p.out, "summary");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL(strncmp(text, "before\n## zogap gate: same\n", 26), 0);
    free(text);
    /* one that cannot be written is a warning and changes no verdict */
    place_write(p.new, 1.10);
    setenv("GITHUB_STEP_SUMMARY", "/dev/null/summary", 1);
    CU_ASSERT_EQUAL(place_gate(&p, NULL, NULL), 1);
    place_write(p.new, 1.001);
    CU_ASSERT_EQUAL(place_gate(&p, NULL, NULL), 0);
    place_expect_line(&p, "warning: gate: GITHUB_STEP_SUMMARY: /dev/null/summary: ");
    unsetenv("GITHUB_STEP_SUMMARY");
    /* a device is written to and stays one */
    CU_ASSERT_EQUAL(place_gate(&p, "--junit", "/dev/null"), 0);
    CU_ASSERT(stat("/dev/null", &info) == 0 && S_ISCHR(info.st_mode));
    CU_ASSERT_EQUAL(place_gate(&p, "--junit", "/dev/null/j.xml"), 4);
    place_expect_line(&p, "/dev/null/j.xml");
    place_close(&p);
}

/* A gate without a verdict is a test that met an error, whatever its exit code. */
static void junit_of_no_verdict(void)
{
    struct place p;
    char path[128];
    place_open(&p);
    place_write(p.old, 1);
    snprintf(path, sizeof path, "%s/j.xml", p.out);
    CU_ASSERT_EQUAL(place_gate(&p, "--junit", path), 3); /* the candidate is empty */
    char *text = read_temp_file(p.out, "j.xml");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text, "tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\"");
    zg_test_expect_words(text, "<error type=\"input\" message=\"candidate: ");
    free(text);
    const struct zg_fixture_engine engines[] = {
        {.engine = "naive", .n = 1, .wall_s = place_naive_s},
        {.engine = "fused", .n = 1, .wall_s = place_noise}};
    zg_fixture_write(p.new, &(struct zg_fixture){.n_engines = 2, .engines = engines});
    CU_ASSERT_EQUAL(place_gate(&p, "--junit", path), 4);
    text = read_temp_file(p.out, "j.xml");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text, "<error type=\"environment\" message=\"fused: nothing to judge");
    free(text);
    place_close(&p);
}

/* Annotations are on the standard error, a line each, with what GitHub would cut escaped. */
static void annotations(void)
{
    struct place p;
    place_open(&p);
    place_write(p.old, 1);
    place_write(p.new, 1.10);
    setenv("GITHUB_ACTIONS", "true", 1);
    CU_ASSERT_EQUAL(place_gate(&p, NULL, NULL), 1);
    char *text = read_temp_file(p.dir, "errors");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text,
                         "::error title=zogap gate::fused: worse: 1.100 times the baseline: ");
    zg_test_expect_words(text, "slower by more than 5 %25,");
    free(text);
    CU_ASSERT_EQUAL(place_gate(&p, "--max-regression", "10%"), 0);
    text = read_temp_file(p.dir, "errors");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text, "::warning title=zogap gate::fused: undecided: ");
    zg_test_expect_words(text, "more blocks would tell; excludes a slow-down above ");
    free(text);
    remove_temp_dir(p.new);
    CU_ASSERT_EQUAL(place_gate(&p, NULL, NULL), 3);
    text = read_temp_file(p.dir, "errors");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL(strncmp(text, "::error title=zogap gate::candidate: ", 37), 0);
    free(text);
    unsetenv("GITHUB_ACTIONS");
    place_close(&p);
}

/* What XML cannot hold as it is, and a name that is no UTF-8. */
static void junit_escapes(void)
{
    struct place p;
    char path[128];
    place_open(&p);
    for (int side = 0; side < 2; side++) {
        const struct zg_fixture_engine engines[] = {
            {.engine = "naive", .n = PLACE_N, .wall_s = place_naive_s},
            {.engine = "f<\"&'>\xff\xc3\xa9", .n = PLACE_N, .wall_s = place_noise}};
        zg_fixture_write(side ? p.new : p.old,
                         &(struct zg_fixture){.n_engines = 2, .engines = engines});
    }
    snprintf(path, sizeof path, "%s/j.xml", p.out);
    CU_ASSERT_EQUAL(place_gate(&p, "--junit", path), 0);
    char *const text = read_temp_file(p.out, "j.xml");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text, "name=\"f&lt;&quot;&amp;&apos;&gt;\\xff\xc3\xa9\"");
    free(text);
    place_close(&p);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"verdicts of directories", verdicts_of_directories},
        {"new cases are told", new_cases_are_told},
        {"instructions", instructions},
        {"same directories, same bytes", same_directories_same_bytes},
        {"step summary and odd files", step_summary_and_odd_files},
        {"JUnit escapes", junit_escapes},
        {"JUnit of no verdict", junit_of_no_verdict},
        {"annotations", annotations},
        {0}};
    return zg_test_run("gate", tests);
}
