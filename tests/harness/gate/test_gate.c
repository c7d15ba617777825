/*
 * test_gate.c - `zogap gate` through the real program: every verdict, what is refused and how it
 * says so, the files it writes, and two builds side by side (make_results.c plays them).
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/child.h"
#include "harness/gate/gate.h"
#include "tests/harness/result_fixture.h"
#include "tests/support/cunit_run.h"
#include "tests/support/temp_dir.h"

enum { N = 10, MOST_ARGUMENTS = 32 };

static const double naive_s[N] = {2.00, 2.02, 1.98, 2.01, 1.99, 2.03, 1.97, 2.005, 1.995, 2.01};
static const double noise[N] = {1.00, 0.99, 1.01, 1.005, 0.995, 1.00, 1.01, 0.99, 1.003, 0.997};

/* ---- directories ----------------------------------------------------------------------------- */

struct place {
    char dir[64]; /* holds all */
    char old[80], new[80], out[80];
    char errors[96];
};

/* In memory where there is such a file system: every result file is synced, and a disk takes its
 * time for that. */
static const char *temporary_root(void)
{
    return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
}

static void place_open(struct place *p)
{
    snprintf(p->dir, sizeof p->dir, "%s/zogap-test-XXXXXX", temporary_root());
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(p->dir));
    snprintf(p->old, sizeof p->old, "%s/old", p->dir);
    snprintf(p->new, sizeof p->new, "%s/new", p->dir);
    snprintf(p->out, sizeof p->out, "%s/out", p->dir);
    snprintf(p->errors, sizeof p->errors, "%s/errors", p->dir);
    CU_ASSERT_EQUAL_FATAL(mkdir(p->old, 0777), 0);
    CU_ASSERT_EQUAL_FATAL(mkdir(p->new, 0777), 0);
    CU_ASSERT_EQUAL_FATAL(mkdir(p->out, 0777), 0);
}

static void place_close(struct place *p)
{
    remove_temp_dir(p->old);
    remove_temp_dir(p->new);
    remove_temp_dir(p->out);
    remove_temp_dir(p->dir);
}

/* Engines naive and fused, fused `factor` times as slow as it should be. */
static void write_results(const char *dir, double factor)
{
    double fused_s[N];
    for (int i = 0; i < N; i++)
        fused_s[i] = factor * noise[(i * 7) % N];
    const struct zg_fixture_engine engines[] = {{.engine = "naive", .n = N, .wall_s = naive_s},
                                                {.engine = "fused", .n = N, .wall_s = fused_s}};
    zg_fixture_write(dir, &(struct zg_fixture){.n_engines = 2, .engines = engines});
}

/* The program's exit code; the file p->errors holds what it said. */
static int run_words(const struct place *p, const char *const *words)
{
    const char *argv[MOST_ARGUMENTS] = {ZOGAP_BINARY, "gate"};
    int n = 2, code = -1;
    while (*words && n < MOST_ARGUMENTS - 1)
        argv[n++] = *words++;
    argv[n] = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_child_run(NULL, argv, p->errors, 60, &code, NULL), 0);
    return code;
}
#define RUN(p, ...) run_words(p, (const char *const[]){__VA_ARGS__, NULL})

/* One line on the standard error that has the words. */
static void expect_line(const struct place *p, const char *words)
{
    char *const text = read_temp_file(p->dir, "errors");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    const char *const end = strchr(text, '\n');
    CU_ASSERT(end && !end[1]);
    zg_test_expect_words(text, words);
    free(text);
}

/* What out/gate.json says of all cases together. */
static void expect_verdict(const struct place *p, const char *verdict, const char *measure)
{
    char path[128];
    snprintf(path, sizeof path, "%s/gate.json", p->out);
    json_t *const gate = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(gate);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(gate, "verdict")), verdict);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(gate, "measure")), measure);
    json_decref(gate);
}

static int gate_dirs(const struct place *p, const char *option, const char *value)
{
    char path[128];
    snprintf(path, sizeof path, "%s/gate.json", p->out);
    return option
               ? RUN(p, "--baseline", p->old, "--candidate", p->new, "--json", path, option, value)
               : RUN(p, "--baseline", p->old, "--candidate", p->new, "--json", path);
}

static void verdicts_of_directories(void)
{
    struct place p;
    place_open(&p);
    write_results(p.old, 1);
    write_results(p.new, 1.10);
    CU_ASSERT_EQUAL(gate_dirs(&p, NULL, NULL), 1);
    expect_line(&p, "gate: 1 of 1 cases worse; first: fused: 1.1 times the baseline");
    expect_verdict(&p, "worse", "ratio");
    CU_ASSERT_EQUAL(gate_dirs(&p, "--measure", "seconds"), 1);
    expect_line(&p, "1 of 2 cases worse; first: fused");
    expect_verdict(&p, "worse", "seconds");
    /* slower for sure, and by less than is asked */
    CU_ASSERT_EQUAL(gate_dirs(&p, "--max-regression", "20%"), 0);
    expect_verdict(&p, "same", "ratio");
    /* 10 % is in the interval */
    CU_ASSERT_EQUAL(gate_dirs(&p, "--max-regression", "10%"), 0);
    expect_verdict(&p, "undecided", "ratio");
    expect_line(&p, "warning: gate: 1 of 1 cases is undecided, which is no pass");
    const char *const dirs[] = {
        "--baseline", p.old,         "--candidate", p.new, "--max-regression",
        "10%",        "--undecided", "fail",        NULL};
    CU_ASSERT_EQUAL(run_words(&p, dirs), 4);
    expect_line(&p, "1 of 1 cases undecided; first: fused: slower, but");
    write_results(p.new, 0.9);
    CU_ASSERT_EQUAL(gate_dirs(&p, NULL, NULL), 0);
    expect_verdict(&p, "better", "ratio");
    write_results(p.new, 1.001);
    CU_ASSERT_EQUAL(gate_dirs(&p, NULL, NULL), 0);
    expect_verdict(&p, "same", "ratio");
    place_close(&p);
}

/* A case that only the candidate has cannot be judged, and the gate says so. */
static void new_cases_are_told(void)
{
    struct place p;
    place_open(&p);
    write_results(p.old, 1);
    const struct zg_fixture_engine engines[] = {{.engine = "naive", .n = N, .wall_s = naive_s},
                                                {.engine = "fused", .n = N, .wall_s = noise},
                                                {.engine = "onednn", .n = N, .wall_s = noise}};
    zg_fixture_write(p.new, &(struct zg_fixture){.n_engines = 3, .engines = engines});
    CU_ASSERT_EQUAL(gate_dirs(&p, NULL, NULL), 0);
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
    CU_ASSERT_EQUAL(gate_dirs(&p, NULL, NULL), 1); /* 0.3 % more */
    expect_verdict(&p, "worse", "instructions");
    CU_ASSERT_EQUAL(gate_dirs(&p, "--max-regression", "0.4%"), 0);
    expect_verdict(&p, "same", "instructions");
    CU_ASSERT_EQUAL(gate_dirs(&p, "--measure", "seconds"), 4);
    expect_line(&p, "one block");
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
    write_results(p.old, 1);
    write_results(p.new, 1.10);
    char *const first = all_files(&p, 0), *const second = all_files(&p, 1);
    CU_ASSERT_STRING_EQUAL(first, second);
    write_results(moved.old, 1);
    write_results(moved.new, 1.10);
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
    write_results(p.old, 1);
    write_results(p.new, 1.001);
    snprintf(path, sizeof path, "%s/summary", p.out);
    write_temp_file(p.out, "summary", "before\n", 7);
    setenv("GITHUB_STEP_SUMMARY", path, 1);
    CU_ASSERT_EQUAL(gate_dirs(&p, NULL, NULL), 0);
    unsetenv("GITHUB_STEP_SUMMARY");
    char *const text = read_temp_file(p.out, "summary");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL(strncmp(text, "before\n## zogap gate: same\n", 26), 0);
    free(text);
    /* one that cannot be written is a warning and changes no verdict */
    write_results(p.new, 1.10);
    setenv("GITHUB_STEP_SUMMARY", "/dev/null/summary", 1);
    CU_ASSERT_EQUAL(gate_dirs(&p, NULL, NULL), 1);
    write_results(p.new, 1.001);
    CU_ASSERT_EQUAL(gate_dirs(&p, NULL, NULL), 0);
    expect_line(&p, "warning: gate: GITHUB_STEP_SUMMARY: /dev/null/summary: ");
    unsetenv("GITHUB_STEP_SUMMARY");
    /* a device is written to and stays one */
    CU_ASSERT_EQUAL(gate_dirs(&p, "--junit", "/dev/null"), 0);
    CU_ASSERT(stat("/dev/null", &info) == 0 && S_ISCHR(info.st_mode));
    CU_ASSERT_EQUAL(gate_dirs(&p, "--junit", "/dev/null/j.xml"), 4);
    expect_line(&p, "/dev/null/j.xml");
    place_close(&p);
}

/* A gate without a verdict is a test that met an error, whatever its exit code. */
static void junit_of_no_verdict(void)
{
    struct place p;
    char path[128];
    place_open(&p);
    write_results(p.old, 1);
    snprintf(path, sizeof path, "%s/j.xml", p.out);
    CU_ASSERT_EQUAL(gate_dirs(&p, "--junit", path), 3); /* the candidate is empty */
    char *text = read_temp_file(p.out, "j.xml");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text, "tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\"");
    zg_test_expect_words(text, "<error type=\"input\" message=\"candidate: ");
    free(text);
    const struct zg_fixture_engine engines[] = {{.engine = "naive", .n = 1, .wall_s = naive_s},
                                                {.engine = "fused", .n = 1, .wall_s = noise}};
    zg_fixture_write(p.new, &(struct zg_fixture){.n_engines = 2, .engines = engines});
    CU_ASSERT_EQUAL(gate_dirs(&p, "--junit", path), 4);
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
    write_results(p.old, 1);
    write_results(p.new, 1.10);
    setenv("GITHUB_ACTIONS", "true", 1);
    CU_ASSERT_EQUAL(gate_dirs(&p, NULL, NULL), 1);
    char *text = read_temp_file(p.dir, "errors");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text,
                         "::error title=zogap gate::fused: worse: 1.100 times the baseline: ");
    zg_test_expect_words(text, "slower by more than 5 %25,");
    free(text);
    CU_ASSERT_EQUAL(gate_dirs(&p, "--max-regression", "10%"), 0);
    text = read_temp_file(p.dir, "errors");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text, "::warning title=zogap gate::fused: undecided: ");
    zg_test_expect_words(text, "more blocks would tell; excludes a slow-down above ");
    free(text);
    remove_temp_dir(p.new);
    CU_ASSERT_EQUAL(gate_dirs(&p, NULL, NULL), 3);
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
            {.engine = "naive", .n = N, .wall_s = naive_s},
            {.engine = "f<\"&'>\xff\xc3\xa9", .n = N, .wall_s = noise}};
        zg_fixture_write(side ? p.new : p.old,
                         &(struct zg_fixture){.n_engines = 2, .engines = engines});
    }
    snprintf(path, sizeof path, "%s/j.xml", p.out);
    CU_ASSERT_EQUAL(gate_dirs(&p, "--junit", path), 0);
    char *const text = read_temp_file(p.out, "j.xml");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text, "name=\"f&lt;&quot;&amp;&apos;&gt;\\xff\xc3\xa9\"");
    free(text);
    place_close(&p);
}

/* ---- broken gates ---------------------------------------------------------------------------- */

/* A file of the candidate with the first `from` made `to`; `to` NULL: cut before `from`. */
static void change(const struct place *p, const char *name, const char *from, const char *to)
{
    char *const old = read_temp_file(p->new, name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(old);
    char *const at = strstr(old, from);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    const size_t size = strlen(old) + (to ? strlen(to) : 0) + 1;
    char *const text = calloc(size, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    snprintf(text, size, "%.*s%s%s", (int)(at - old), old, to ? to : "",
             to ? at + strlen(from) : "");
    write_temp_file(p->new, name, text, strlen(text));
    free(text);
    free(old);
}

static void no_baseline(struct place *p)
{
    remove_temp_dir(p->old);
}
static void empty(struct place *p)
{
    remove_temp_dir(p->new);
    mkdir(p->new, 0777);
}
static void header_only(struct place *p)
{
    change(p, "samples.csv", "fused,opt", NULL); /* the first row */
}
static void torn(struct place *p)
{
    char *const text = read_temp_file(p->new, "samples.csv");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    write_temp_file(p->new, "samples.csv", text, strlen(text) - 3);
    free(text);
}
static void other_machine(struct place *p)
{
    change(p, "meta.json", "Test CPU", "Other CPU");
}
static void other_schema(struct place *p)
{
    change(p, "meta.json", "\"schema_version\": ", "\"schema_version\": 9");
}
static void one_engine(struct place *p, struct zg_fixture_engine fused)
{
    const struct zg_fixture_engine engines[] = {
        {.engine = "naive", .n = fused.n, .wall_s = naive_s, .threads = fused.threads}, fused};
    zg_fixture_write(p->new, &(struct zg_fixture){.n_engines = 2, .engines = engines});
}
static void other_threads(struct place *p)
{
    one_engine(
        p, (struct zg_fixture_engine){.engine = "fused", .n = N, .wall_s = noise, .threads = 4});
}
static void missing_case(struct place *p)
{
    one_engine(p, (struct zg_fixture_engine){.engine = "onednn", .n = N, .wall_s = noise});
}
static void failed_check(struct place *p)
{
    const struct zg_fixture_engine engines[] = {{.engine = "naive", .n = N, .wall_s = naive_s},
                                                {.engine = "fused", .disagrees = true}};
    zg_fixture_write(p->new, &(struct zg_fixture){.n_engines = 2, .engines = engines});
}
static void zero_seconds(struct place *p)
{
    change(p, "samples.csv", ",1.01,", ",0,");
}
static void nan_seconds(struct place *p)
{
    change(p, "samples.csv", ",1.01,", ",nan,");
}
static void one_block(struct place *p)
{
    one_engine(p, (struct zg_fixture_engine){.engine = "fused", .n = 1, .wall_s = noise});
}
static void few_blocks(struct place *p)
{
    one_engine(p, (struct zg_fixture_engine){.engine = "fused", .n = 2, .wall_s = noise});
}
static void zero_variance(struct place *p)
{
    double half_s[N];
    for (int i = 0; i < N; i++)
        half_s[i] = naive_s[i] / 2; /* a ratio of 0.5 in every block */
    one_engine(p, (struct zg_fixture_engine){.engine = "fused", .n = N, .wall_s = half_s});
}
static void cut_off(struct place *p)
{
    change(p, "meta.json", "\"complete\"", "\"interrupted\"");
}
static void other_baseline(struct place *p)
{
    const struct zg_fixture_engine engines[] = {{.engine = "naive", .n = N, .wall_s = naive_s},
                                                {.engine = "fused", .n = N, .wall_s = noise}};
    zg_fixture_write(p->new,
                     &(struct zg_fixture){.n_engines = 2, .engines = engines, .baseline = "fused"});
}
static void other_work(struct place *p)
{
    one_engine(p, (struct zg_fixture_engine){
                      .engine = "fused", .n = N, .wall_s = noise, .useful_flops = 2e9});
}
static void other_file(struct place *p)
{
    write_temp_file(p->new, "meta.json", "[]", 2);
}

static const struct {
    const char *name;
    void (*make)(struct place *p);
    int code;
    const char *words;
} broken[] = {
    {"no baseline", no_baseline, 3, "old: cannot read: No such file"},
    {"empty", empty, 3, "meta.json: No such file"},
    {"header only", header_only, 3, "samples.csv: has a header but no row"},
    {"torn", torn, 3, "samples.csv: the last row is torn"},
    {"other machine", other_machine, 3, "two machines: cpu name Test CPU and Other CPU"},
    {"other schema", other_schema, 3, "schema_version is 9"},
    {"other threads", other_threads, 3, "threads 2 and 4"},
    {"a case missing", missing_case, 3, "a case of the baseline is missing: no engine fused"},
    {"verify failed", failed_check, 4, "engine fused failed its check: loss differs"},
    {"0 seconds", zero_seconds, 3, "wall_s_per_step is 0; a time is positive"},
    {"NaN seconds", nan_seconds, 3, "\"nan\" is not a number"},
    {"one block", one_block, 4, "fused: nothing to judge: one block has no spread"},
    {"few blocks", few_blocks, 4, "2 blocks are too few for 1 case"},
    {"zero variance", zero_variance, 4, "values of the candidate are the same, 0.5"},
    {"cut off", cut_off, 3, "its status is interrupted; must be complete"},
    {"other baseline engine", other_baseline, 3,
     "naive in the baseline and fused in the candidate"},
    {"other work", other_work, 3, "useful_flops_per_step 1e+09 and 2e+09"},
    {"no result", other_file, 3, "not a result of zogap"},
};
enum { N_BROKEN = sizeof broken / sizeof broken[0] };

static void broken_gates(void)
{
    char *texts[N_BROKEN];
    for (int i = 0; i < N_BROKEN; i++) {
        struct place p;
        place_open(&p);
        write_results(p.old, 1);
        write_results(p.new, 1);
        broken[i].make(&p);
        const int code = gate_dirs(&p, NULL, NULL);
        CU_ASSERT_EQUAL(code, broken[i].code);
        if (code != broken[i].code)
            printf("\n    %s: exit code %d, want %d", broken[i].name, code, broken[i].code);
        expect_line(&p, broken[i].words);
        CU_ASSERT_EQUAL(count_temp_files(p.out), 0); /* nothing is written of no verdict */
        char line[256];
        texts[i] = strdup(zg_child_last_line(p.errors, line, sizeof line));
        place_close(&p);
    }
    for (int i = 0; i < N_BROKEN; i++) { /* each its own message, whatever the directory's name */
        for (int j = i + 1; j < N_BROKEN; j++)
            CU_ASSERT(strcmp(broken[i].words, broken[j].words) != 0 && texts[i] && texts[j] &&
                      !strstr(texts[j], broken[i].words));
        free(texts[i]);
    }
}

/* ---- two builds ------------------------------------------------------------------------------ */

/* A program that plays the build: make_results with its first argument. */
static const char *make_build(const struct place *p, const char *name, const char *factor)
{
    static char paths[2][128];
    static int at;
    char text[512];
    char *const path = paths[at = !at];
    snprintf(path, sizeof paths[0], "%s/%s", p->dir, name);
    snprintf(text, sizeof text, "#!/bin/sh\nexec %s %s \"$@\"\n", MAKE_RESULTS_BINARY, factor);
    write_temp_file(p->dir, name, text, strlen(text));
    CU_ASSERT_EQUAL(chmod(path, 0755), 0);
    return path;
}

static void builds_side_by_side(void)
{
    struct place p;
    char path[128];
    place_open(&p);
    snprintf(path, sizeof path, "%s/gate.json", p.out);
    const char *const old = make_build(&p, "old-build", "1"), *const slow = make_build(
                                                                  &p, "new-build", "1.1");
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", old, "--candidate-bin", slow, "--engines",
                        "naive,fused", "--batch", "16,32", "--blocks", "9", "--json", path),
                    1);
    expect_line(&p, "2 of 4 cases worse; first: fused, batch 16: 1.");
    expect_verdict(&p, "worse", "seconds");
    char *const text = read_temp_file(p.out, "gate.json");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text, "a neighbour is noisy (9 of 9 runs of the baseline, 9 of 9 of");
    free(text);
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", old, "--candidate-bin", old, "--engines",
                        "naive,fused", "--batch", "16,32", "--blocks", "8", "--json", path),
                    0);
    expect_verdict(&p, "same", "seconds");
    /* the least number of blocks of four cases is 8 */
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", old, "--candidate-bin", old, "--blocks", "7"), 2);
    expect_line(&p, "--blocks 7: must be at least 8 to judge 4 cases");
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", old, "--candidate-bin", old, "--steps", "4",
                        "--max-time", "0.0001"),
                    4);
    expect_line(&p, "4 cases need 8 blocks");
    remove_temp_dir(p.out);
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", old, "--candidate-bin", old, "--steps", "4",
                        "--blocks", "8", "--out", p.out),
                    0);
    CU_ASSERT_EQUAL(count_temp_files(p.out), 2 * 8 + 1); /* and gate.json; no pilot */
    snprintf(path, sizeof path, "rm -r %s", p.out);
    CU_ASSERT_EQUAL(system(path), 0);
    place_close(&p);
}

static void blocks_in_a_time(void)
{
    CU_ASSERT_EQUAL(zg_gate_blocks_in(180, 10, 8), 18);
    CU_ASSERT_EQUAL(zg_gate_blocks_in(180, 22.5, 8), 8);
    CU_ASSERT_EQUAL(zg_gate_blocks_in(180, 23, 8), 0);
    CU_ASSERT_EQUAL(zg_gate_blocks_in(1e9, 0.01, 8), 200);
}

static void builds_that_fail(void)
{
    struct place p;
    place_open(&p);
    const char *const old = make_build(&p, "old-build", "1");
    const char *const broken_build = make_build(&p, "broken-build", "broken");
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", old, "--candidate-bin", broken_build), 3);
    expect_line(&p, "candidate build");
    expect_line(&p, "candidate build: this build is broken");
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", make_build(&p, "misused-build", "misused"),
                        "--candidate-bin", old),
                    2);
    expect_line(&p, "gate: baseline build: run: --batch many: must be an integer");
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", "/bin/true", "--candidate-bin", old), 3);
    expect_line(&p, "--baseline-bin /bin/true: is no zogap: --version says");
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", old, "--candidate-bin", "/bin/false"), 3);
    expect_line(&p, "--candidate-bin /bin/false: is no zogap: --version");
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", old, "--candidate-bin", "/nonexistent/zogap"), 3);
    expect_line(&p, "--candidate-bin /nonexistent/zogap: is no program");
    /* a signal reaches the build, which ends in its own way; then the gate does */
    CU_ASSERT_EQUAL(
        RUN(&p, "--baseline-bin", make_build(&p, "stuck-build", "stuck"), "--candidate-bin", old),
        128 + 15);
    expect_line(&p, "interrupted; nothing is judged");
    place_close(&p);
}

static void builds_that_hang(void)
{
    struct place p;
    place_open(&p);
    const char *const old = make_build(&p, "old-build", "1");
    const char *const hung = make_build(&p, "hung-build", "1:hangs=run");
    CU_ASSERT_EQUAL(
        RUN(&p, "--baseline-bin", old, "--candidate-bin", hung, "--process-time", "0.5"), 4);
    expect_line(&p, "candidate build");
    expect_line(&p, "hung-build run: did not end within 0.5 s, so it was ended; --process-time");
    CU_ASSERT_EQUAL(count_temp_files(p.out), 0);
    CU_ASSERT_EQUAL(RUN(&p, "--baseline", p.old, "--candidate", p.new, "--process-time", "9"), 2);
    expect_line(&p, "--process-time");
    place_close(&p);
    CU_ASSERT_EQUAL(zg_gate_process_limit_s(0), 3600);
    CU_ASSERT_EQUAL(zg_gate_process_limit_s(0.7), 60);
    CU_ASSERT_EQUAL(zg_gate_process_limit_s(10), 200);
}

/* A case's name has what tells it apart: of the algorithm the options, not the whole text. */
static void names_have_what_differs(void)
{
    static const struct {
        struct zg_case_row id;
        const char *name;
    } cases[] = {
        {{.engine = "fused", .algorithm = "lozo:rank=2+nu=50+eps=0.001", .batch = 16},
         "fused, rank 2, batch 16"},
        {{.engine = "fused", .algorithm = "lozo:rank=4+nu=50+eps=0.001", .batch = 16},
         "fused, rank 4, batch 16"},
        {{.engine = "onednn", .algorithm = "lozo:rank=4+nu=50+eps=0.001+direction=official"},
         "onednn, rank 4, direction official, batch 0"},
    };
    struct zg_gate gate = {0};
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL_FATAL(zg_gate_add_case(&gate, &cases[i].id, NULL), ZG_OK);
    zg_gate_name_cases(&gate);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_STRING_EQUAL(gate.cases[i].name, cases[i].name);
    zg_gate_close(&gate);
}

int main(void)
{
    const struct zg_test tests[] = {{"verdicts of directories", verdicts_of_directories},
                                    {"new cases are told", new_cases_are_told},
                                    {"instructions", instructions},
                                    {"same directories, same bytes", same_directories_same_bytes},
                                    {"step summary and odd files", step_summary_and_odd_files},
                                    {"JUnit escapes", junit_escapes},
                                    {"JUnit of no verdict", junit_of_no_verdict},
                                    {"annotations", annotations},
                                    {"broken gates", broken_gates},
                                    {"builds side by side", builds_side_by_side},
                                    {"blocks in a time", blocks_in_a_time},
                                    {"builds that fail", builds_that_fail},
                                    {"builds that hang", builds_that_hang},
                                    {"names have what differs", names_have_what_differs},
                                    {0}};
    setenv("TMPDIR", temporary_root(), 1); /* where builds run */
    return zg_test_run("gate", tests);
}
