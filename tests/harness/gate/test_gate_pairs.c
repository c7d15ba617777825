/* test_gate_pairs.c - `zogap gate` of two builds side by side, which make_results.c plays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/child.h"
#include "tests/harness/gate/place.h"

/* A program that plays the build: make_results with its first argument. */
static const char *make_build(const struct place *p, const char *name, const char *factor)
{
    static char paths[2][128];
    static int at;
    char text[1024];
    char *const path = paths[at = !at];
    snprintf(path, sizeof paths[0], "%s/%s", p->dir, name);
    snprintf(text, sizeof text, "#!/bin/sh\nexec %s '%s' \"$@\"\n", MAKE_RESULTS_BINARY, factor);
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
    place_expect_line(&p, "2 of 4 cases worse; first: fused, batch 16: 1.");
    place_expect_verdict(&p, "worse", "seconds");
    char *const text = read_temp_file(p.out, "gate.json");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text, "a neighbour is noisy (9 of 9 runs of the baseline, 9 of 9 of");
    free(text);
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", old, "--candidate-bin", old, "--engines",
                        "naive,fused", "--batch", "16,32", "--blocks", "8", "--json", path),
                    0);
    place_expect_verdict(&p, "same", "seconds");
    /* the least number of blocks of four cases is 8 */
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", old, "--candidate-bin", old, "--blocks", "7"), 2);
    place_expect_line(&p, "--blocks 7: must be at least 8 to judge 4 cases");
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", old, "--candidate-bin", old, "--steps", "4",
                        "--max-time", "0.0001"),
                    4);
    place_expect_line(&p, "4 cases need 8 blocks");
    remove_temp_dir(p.out);
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", old, "--candidate-bin", old, "--steps", "4",
                        "--blocks", "8", "--out", p.out),
                    0);
    CU_ASSERT_EQUAL(count_temp_files(p.out), 2 * 8 + 1); /* and gate.json; no pilot */
    snprintf(path, sizeof path, "rm -r %s", p.out);
    CU_ASSERT_EQUAL(system(path), 0);
    place_close(&p);
}

/* gate.json of two builds that are as make_results.c has them, 8 blocks. */
static char *gate_of(const struct place *p, const char *old, const char *new, int code)
{
    char path[128], last[256];
    snprintf(path, sizeof path, "%s/gate.json", p->out);
    const char *const old_build = make_build(p, "old-build", old);
    const int got = RUN(p, "--baseline-bin", old_build, "--candidate-bin",
                        make_build(p, "new-build", new), "--blocks", "8", "--json", path);
    CU_ASSERT_EQUAL(got, code);
    if (got != code)
        printf("\n    %s, %s: exit code %d: %s", old, new, got,
               zg_child_last_line(p->errors, last, sizeof last));
    return read_temp_file(p->out, "gate.json");
}

static void unlike_builds(void)
{
    struct place p;
    place_open(&p);
    /* what only one of them has */
    char *text = gate_of(&p, "1", "1:more", 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text, "engine onednn is not judged: the baseline build has none such");
    free(text);
    remove_temp_dir(p.out);
    CU_ASSERT_EQUAL(mkdir(p.out, 0777), 0);
    CU_ASSERT_PTR_NULL(gate_of(&p, "1", "1:lacks", 4));
    place_expect_line(&p, "candidate build: did not time engine fused, as the baseline does");
    CU_ASSERT_PTR_NULL(gate_of(&p, "1", "1:unsure:never", 4));
    place_expect_line(&p, "candidate build: did not time engine fused, as the baseline does");
    CU_ASSERT_PTR_NULL(gate_of(&p, "1", "1:unsure", 4));
    place_expect_line(&p, "candidate build: no time of fused, batch 16");
    CU_ASSERT_PTR_NULL(gate_of(&p, "1", "1:gone", 4));
    place_expect_line(&p, "candidate build: no time of fused, batch 16");
    CU_ASSERT_PTR_NULL(gate_of(&p, "1", "1:lazy", 4));
    place_expect_line(&p, "candidate build: nothing measured: engine fused was not timed");
    CU_ASSERT_PTR_NULL(gate_of(&p, "1:unsure", "1", 4));
    place_expect_line(&p, "baseline build: no time of fused, batch 16");
    /* the same names, other work */
    text = gate_of(&p, "1", "1:flops", 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text, "engine fused: the builds differ in useful_flops_per_step 1e+09 and "
                               "2e+09");
    free(text);
    place_close(&p);
}

/* A build that knows of gates is told how many steps each engine takes; an older one is not. */
static void builds_that_know(void)
{
    static const char knows[] = "1:meta={\"gate_child\": \"samples\"}";
    struct place p;
    place_open(&p);
    char *text = gate_of(&p, knows, knows, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text, "1 sample of each engine in it"); /* a step of naive is 2 s */
    free(text);
    text = gate_of(&p, "1:fast:strange:meta={\"gate_child\": \"samples\"}",
                   "1:fast:strange:meta={\"gate_child\": \"samples\"}", 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text); /* any number of steps does: V is never redrawn */
    free(text);
    /* the steps that are asked for, whatever they take */
    const char *const build = make_build(&p, "build", "1:fast:meta={\"gate_child\": \"samples\"}");
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", build, "--candidate-bin", build, "--blocks", "8",
                        "--steps", "70"),
                    0);
    text = gate_of(&p, "1:fast:meta={\"gate_child\": \"samples\"}",
                   "1:fast:meta={\"gate_child\": \"samples\"}", 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    free(text);
    text = gate_of(&p, knows, "1", 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    free(text);
    text = gate_of(&p, knows, "1:more:meta={\"gate_child\": \"samples\"}", 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    free(text);
    place_close(&p);
}

static void expect_busy(const struct place *p, const char *meta, const char *meta_new, bool busy)
{
    char old[256], new[256];
    snprintf(old, sizeof old, "1:meta=%s", meta);
    snprintf(new, sizeof new, "1.3:meta=%s", meta_new);
    char *const text = gate_of(p, old, new, busy ? 0 : 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text, busy ? "\"busy_blocks\": 8" : "\"busy_blocks\": 0");
    if (busy)
        zg_test_expect_words(text, "judge again when it is quiet");
    free(text);
}

/* Whoever other work takes the cpus from is not blamed. */
static void busy_machines(void)
{
    static const char quiet[] = "{\"during\": {\"wall_s\": 2, \"involuntary_switches\": 3}}";
    static const char *const reasons[] = {
        "{\"during\": {\"wall_s\": 2, \"steal_share\": 0.2}}",
        "{\"during\": {\"wall_s\": 2, \"n_throttled\": 3}, \"cases\": [{\"sampling\": "
        "{\"waited_share\": \"?\"}}]}",
        "{\"during\": {\"wall_s\": 2}, \"cases\": [{\"sampling\": {\"waited_share\": 1}}]}",
        "{\"during\": {\"wall_s\": 2, \"involuntary_switches\": 400}}",
        "{\"during\": {\"wall_s\": 2}, \"cases\": [{}, {\"sampling\": {\"waited_share\": "
        "0.3}}]}",
    };
    struct place p;
    place_open(&p);
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        expect_busy(&p, reasons[i], reasons[i], true);
    expect_busy(&p, quiet, quiet, false);
    expect_busy(&p, quiet, reasons[0], false); /* one of the two alone is the other's build */
    /* preempted, but threads did not wait for it */
    expect_busy(&p, reasons[2],
                "{\"during\": {\"wall_s\": 2, \"involuntary_switches\": 400}, "
                "\"cases\": [{\"sampling\": {\"waited_share\": 0.01}}]}",
                false);
    place_close(&p);
}

/* Blocks until the spread of the first eight says enough, or that no number is. */
static void blocks_by_spread(void)
{
    struct place p;
    char path[128];
    place_open(&p);
    snprintf(path, sizeof path, "%s/gate.json", p.out);
    const char *const build = make_build(&p, "build", "1:fast:noise=0.1");
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", build, "--candidate-bin", build, "--max-time", "30",
                        "--json", path, "--max-regression", "20%"),
                    0);
    char *text = read_temp_file(p.out, "gate.json");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text, "\"verdict\": \"same\"");
    CU_ASSERT_PTR_NULL(strstr(text, "stopped after"));
    free(text);
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", build, "--candidate-bin", build, "--max-time", "30",
                        "--json", path, "--max-regression", "0.01%"),
                    0);
    text = read_temp_file(p.out, "gate.json");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    zg_test_expect_words(text, "stopped after 8 blocks: the ");
    zg_test_expect_words(text, "too wide for a threshold of 0.01 %");
    zg_test_expect_words(text, "\"verdict\": \"undecided\"");
    free(text);
    place_close(&p);
}

/* The default time asks for nothing, and so has room for the least number of blocks, however long
 * the pilot says that they take; and samples may be next to none of a block. */
static void blocks_in_the_default_time(void)
{
    struct place p;
    place_open(&p);
    const char *const slow = make_build(&p, "slow-build", "60"), *const tiny = make_build(
                                                                     &p, "tiny-build", "1:tiny");
    CU_ASSERT_EQUAL(
        RUN(&p, "--baseline-bin", slow, "--candidate-bin", slow, "--max-regression", "900%"), 0);
    CU_ASSERT_EQUAL(
        RUN(&p, "--baseline-bin", tiny, "--candidate-bin", tiny, "--max-regression", "900%"), 0);
    /* a first block that takes longer than the pilot let expect */
    char lines[512], path[128];
    snprintf(lines, sizeof lines,
             "#!/bin/sh\ncase \"$*\" in *block-*) sleep 1 ;; esac\nexec %s 1:fast \"$@\"\n",
             MAKE_RESULTS_BINARY);
    write_temp_file(p.dir, "sleepy", lines, strlen(lines));
    snprintf(path, sizeof path, "%s/sleepy", p.dir);
    CU_ASSERT_EQUAL(chmod(path, 0755), 0);
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", path, "--candidate-bin", path, "--max-time", "8"), 4);
    place_expect_line(&p, "4 cases need 8 blocks; must be at least");
    place_close(&p);
}

static void no_place_for_runs(void)
{
    struct place p;
    place_open(&p);
    const char *const build = make_build(&p, "build", "1");
    setenv("TMPDIR", "/nonexistent", 1);
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", build, "--candidate-bin", build), 4);
    place_expect_line(&p, "/nonexistent: cannot make a directory for the runs: No such file");
    char path[4000] = "/";
    memset(path + 1, 'd', sizeof path - 2);
    setenv("TMPDIR", path, 1);
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", build, "--candidate-bin", build), 4);
    place_expect_line(&p, "cannot make a directory for the runs: ");
    setenv("TMPDIR", "", 1); /* as if it were not set */
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", build, "--candidate-bin", build, "--blocks", "8"), 0);
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", build, "--candidate-bin", build, "--blocks", "5"), 2);
    place_expect_line(&p, "--blocks 5: must be at least 6 to judge one case");
    setenv("TMPDIR", place_root(), 1);
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
    place_expect_line(&p, "candidate build");
    place_expect_line(&p, "candidate build: this build is broken");
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", make_build(&p, "misused-build", "misused"),
                        "--candidate-bin", old),
                    2);
    place_expect_line(&p, "gate: baseline build: run: --batch many: must be an integer");
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", "/bin/true", "--candidate-bin", old), 3);
    place_expect_line(&p, "--baseline-bin /bin/true: is no zogap: --version says");
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", old, "--candidate-bin", "/bin/false"), 3);
    place_expect_line(&p, "--candidate-bin /bin/false: is no zogap: --version");
    CU_ASSERT_EQUAL(RUN(&p, "--baseline-bin", old, "--candidate-bin", "/nonexistent/zogap"), 3);
    place_expect_line(&p, "--candidate-bin /nonexistent/zogap: is no program");
    /* a signal reaches the build, which ends in its own way; then the gate does */
    CU_ASSERT_EQUAL(
        RUN(&p, "--baseline-bin", make_build(&p, "stuck-build", "stuck"), "--candidate-bin", old),
        128 + 15);
    place_expect_line(&p, "interrupted; nothing is judged");
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
    place_expect_line(&p, "candidate build");
    place_expect_line(&p,
                      "hung-build run: did not end within 0.5 s, so it was ended; --process-time");
    CU_ASSERT_EQUAL(count_temp_files(p.out), 0);
    CU_ASSERT_EQUAL(RUN(&p, "--baseline", p.old, "--candidate", p.new, "--process-time", "9"), 2);
    place_expect_line(&p, "--process-time");
    place_close(&p);
    CU_ASSERT_EQUAL(zg_gate_process_limit_s(0), 3600);
    CU_ASSERT_EQUAL(zg_gate_process_limit_s(0.7), 60);
    CU_ASSERT_EQUAL(zg_gate_process_limit_s(10), 200);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"builds side by side", builds_side_by_side},
        {"unlike builds", unlike_builds},
        {"builds that know", builds_that_know},
        {"busy machines", busy_machines},
        {"blocks by spread", blocks_by_spread},
        {"blocks in the default time", blocks_in_the_default_time},
        {"no place for runs", no_place_for_runs},
        {"blocks in a time", blocks_in_a_time},
        {"builds that fail", builds_that_fail},
        {"builds that hang", builds_that_hang},
        {0}};
    setenv("TMPDIR", place_root(), 1); /* where builds run */
    return zg_test_run("gate of two builds", tests);
}
