/* test_gate_dirs.c - gate_dirs.c: the costs of two directories, every reason not to hold them
 * against each other, and what is told beside a verdict. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness/gate/place.h"

static enum zg_status add(struct zg_gate *gate, const struct place *p, enum zg_gate_measure measure,
                          struct zg_error *err)
{
    const struct zg_gate_dirs dirs = {
        .dirs = {p->old, p->new}, .measure = measure, .max_regression = -1};
    *gate = (struct zg_gate){0};
    return zg_gate_add_dirs(gate, &dirs, err);
}

static void expect_refused(const struct place *p, enum zg_gate_measure measure,
                           enum zg_status status, const char *words)
{
    struct zg_gate gate;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(add(&gate, p, measure, &err), status);
    zg_test_expect_words(err.text, words);
    zg_gate_close(&gate);
}

/* They are judged, and all warnings together have the words, or not. */
static void expect_warned(const struct place *p, const char *words, const char * not )
{
    struct zg_gate gate;
    struct zg_error err = {0};
    char all[4096] = "";
    const enum zg_status status = add(&gate, p, ZG_GATE_RATIO, &err);
    CU_ASSERT_EQUAL(status, ZG_OK);
    if (status)
        printf("\n    %s", err.text);
    for (int64_t i = 0; i < gate.n_warnings; i++) {
        const size_t n = strlen(all);
        snprintf(all + n, sizeof all - n, "%s\n", gate.warnings[i]);
    }
    if (words)
        zg_test_expect_words(all, words);
    if (not &&strstr(all, not ))
        printf("\n    has '%s': %s", not, all);
    CU_ASSERT(!not || !strstr(all, not ));
    zg_gate_close(&gate);
}

static void both(struct place *p)
{
    place_open(p);
    place_write(p->old, 1);
    place_write(p->new, 1);
}

/* Two engines like those of place_write(), and what else the fixture shall have. */
static void write_with(const char *dir, struct zg_fixture fixture)
{
    static const struct zg_fixture_engine engines[] = {
        {.engine = "naive", .n = PLACE_N, .wall_s = place_naive_s},
        {.engine = "fused", .n = PLACE_N, .wall_s = place_noise}};
    if (!fixture.engines) {
        fixture.engines = engines;
        fixture.n_engines = 2;
    }
    zg_fixture_write(dir, &fixture);
}

/* ---- not alike ------------------------------------------------------------------------------- */

static void runs_that_are_not_alike(void)
{
    struct place p;
    both(&p);
    write_with(p.new, (struct zg_fixture){.meta = "{\"isa\": \"portable\"}"});
    expect_refused(&p, ZG_GATE_AUTO, ZG_INPUT,
                   "of one machine, but not alike: isa in use avx2 and portable");
    write_with(p.old,
               (struct zg_fixture){.meta = "{\"machine\": {\"process\": {\"environment\": {}}}}"});
    write_with(p.new, (struct zg_fixture){.meta = "{\"machine\": {\"process\": {\"environment\": "
                                                  "{\"OMP_WAIT_POLICY\": \"active\"}}}}"});
    expect_refused(&p, ZG_GATE_AUTO, ZG_INPUT, "not alike: OMP_WAIT_POLICY none and active");
    place_write(p.old, 1);
    write_with(p.new, (struct zg_fixture){.meta = "{\"status\": null}"});
    expect_refused(&p, ZG_GATE_AUTO, ZG_INPUT, "its status is none; must be complete");
    place_close(&p);
}

static void what_is_told(void)
{
    struct place p;
    both(&p);
    expect_warned(&p, "baseline and candidate: a neighbour is noisy", "same run");
    write_with(p.old, (struct zg_fixture){.meta = "{\"run_id\": \"x\"}"});
    write_with(p.new, (struct zg_fixture){.meta = "{\"run_id\": \"x\"}"});
    expect_warned(&p, "both are the same run", "differs");
    write_with(p.old, (struct zg_fixture){.meta = "{\"run_id\": \"x\", \"warnings\": [\"a\"]}"});
    write_with(p.new,
               (struct zg_fixture){.kernel = "6.2.0",
                                   .meta = "{\"run_id\": \"y\", \"warnings\": [1, \"b 3\"]}"});
    expect_warned(&p, "libraries differs: kernel 6.1.0 and 6.2.0", "same run");
    expect_warned(&p, "baseline: a\n", NULL);
    expect_warned(&p, "candidate: b 3\n", "and candidate");
    write_with(p.new, (struct zg_fixture){.meta = "{\"run_id\": \"y\", \"warnings\": null}"});
    expect_warned(&p, "baseline: a\n", "candidate");
    write_with(p.old,
               (struct zg_fixture){.meta = "{\"run_id\": \"x\", \"policy\": {\"blocks\": 6}}"});
    write_with(p.new,
               (struct zg_fixture){.meta = "{\"run_id\": \"y\", \"policy\": {\"blocks\": 7}}"});
    expect_warned(&p, "policy differs: --blocks 6 and 7", "system");
    place_close(&p);
}

/* A run may have more samples than rows of summary.csv: the reader's warning, without the place. */
static void the_readers_warnings(void)
{
    struct place p;
    both(&p);
    place_change(&p, "samples.csv", "fused,opt", "gone,opt");
    struct zg_gate gate;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(add(&gate, &p, ZG_GATE_SECONDS, &err), ZG_OK);
    bool told = false;
    for (int64_t i = 0; i < gate.n_warnings; i++)
        told |= strncmp(gate.warnings[i], "candidate: samples.csv: ", 24) == 0;
    CU_ASSERT(told);
    zg_gate_close(&gate);
    place_close(&p);
}

static void a_check_that_failed(void)
{
    struct place p;
    const struct zg_fixture_engine engines[] = {
        {.engine = "naive", .n = PLACE_N, .wall_s = place_naive_s},
        {.engine = "fused", .disagrees = true}};
    both(&p);
    write_with(p.new, (struct zg_fixture){.n_engines = 2, .engines = engines});
    expect_refused(&p, ZG_GATE_AUTO, ZG_ENV, "engine fused failed its check: loss differs");
    place_change(&p, "verify.csv", "loss differs", "");
    expect_refused(&p, ZG_GATE_AUTO, ZG_ENV, "engine fused failed its check: verified is 0");
    place_change(&p, "verify.csv", "fused,opt", "gone,opt");
    expect_refused(&p, ZG_GATE_AUTO, ZG_ENV, "engine fused failed its check: verified is 0");
    place_close(&p);
}

/* ---- what is measured ------------------------------------------------------------------------ */

static const double counts[PLACE_N] = {4e9, 4e9, 4e9, 4e9, 4e9, 4e9, 4e9, 4e9, 4e9, 4e9};

static void write_counted(const char *dir, bool fused_too)
{
    const struct zg_fixture_engine engines[] = {
        {.engine = "naive", .n = PLACE_N, .wall_s = place_naive_s, .instructions = counts},
        {.engine = "fused",
         .n = PLACE_N,
         .wall_s = place_noise,
         .instructions = fused_too ? counts : NULL}};
    write_with(dir,
               (struct zg_fixture){.n_engines = 2, .engines = engines, .has_instructions = true});
}

static void expect_measure(const struct place *p, enum zg_gate_measure asked,
                           enum zg_gate_measure got, int64_t n_cases, double threshold)
{
    struct zg_gate gate;
    CU_ASSERT_EQUAL(add(&gate, p, asked, NULL), ZG_OK);
    CU_ASSERT_EQUAL(gate.measure, got);
    CU_ASSERT_EQUAL(gate.n_cases, n_cases);
    CU_ASSERT_EQUAL(gate.threshold, threshold);
    zg_gate_close(&gate);
}

static void measures(void)
{
    struct place p;
    both(&p);
    expect_measure(&p, ZG_GATE_AUTO, ZG_GATE_RATIO, 1, ZG_GATE_MAX_REGRESSION);
    expect_measure(&p, ZG_GATE_SECONDS, ZG_GATE_SECONDS, 2, ZG_GATE_MAX_REGRESSION);
    expect_refused(&p, ZG_GATE_INSTRUCTIONS, ZG_INPUT,
                   "old: samples.csv has no column instructions that is filled in every row");
    write_counted(p.old, true);
    expect_measure(&p, ZG_GATE_AUTO, ZG_GATE_RATIO, 1, ZG_GATE_MAX_REGRESSION);
    write_counted(p.new, false); /* not in every row */
    expect_measure(&p, ZG_GATE_AUTO, ZG_GATE_RATIO, 1, ZG_GATE_MAX_REGRESSION);
    expect_refused(&p, ZG_GATE_INSTRUCTIONS, ZG_INPUT, "new: samples.csv has no column");
    write_counted(p.new, true);
    expect_measure(&p, ZG_GATE_AUTO, ZG_GATE_INSTRUCTIONS, 2, ZG_GATE_MAX_INSTRUCTIONS);
    const struct zg_gate_dirs dirs = {.dirs = {p.old, p.new}, .max_regression = 0.01};
    struct zg_gate gate = {0};
    CU_ASSERT_EQUAL(zg_gate_add_dirs(&gate, &dirs, NULL), ZG_OK);
    CU_ASSERT_EQUAL(gate.threshold, 0.01);
    zg_gate_close(&gate);
    place_close(&p);
}

static void baseline_engines(void)
{
    static const struct zg_fixture_engine one[] = {
        {.engine = "naive", .n = PLACE_N, .wall_s = place_naive_s}};
    static const struct zg_fixture_engine not_timed[] = {
        {.engine = "naive"}, {.engine = "fused", .n = PLACE_N, .wall_s = place_noise}};
    struct place p;
    both(&p);
    write_with(p.old, (struct zg_fixture){.baseline = ""});
    expect_refused(&p, ZG_GATE_RATIO, ZG_INPUT, "which is none in the baseline and naive in the");
    write_with(p.new, (struct zg_fixture){.baseline = ""});
    expect_refused(&p, ZG_GATE_RATIO, ZG_INPUT, "and neither names one");
    expect_measure(&p, ZG_GATE_SECONDS, ZG_GATE_SECONDS, 2, ZG_GATE_MAX_REGRESSION);
    write_with(p.old, (struct zg_fixture){.baseline = "gone"}); /* which no row is of */
    write_with(p.new, (struct zg_fixture){.baseline = "gone"});
    expect_refused(&p, ZG_GATE_RATIO, ZG_INPUT,
                   "engine naive has no ratio: baseline engine gone was not timed beside it");
    place_write(p.old, 1);
    write_with(p.new, (struct zg_fixture){.n_engines = 2, .engines = not_timed});
    expect_refused(&p, ZG_GATE_RATIO, ZG_INPUT,
                   "new: engine fused has no ratio: baseline engine naive was not timed beside it");
    write_with(p.old, (struct zg_fixture){.n_engines = 2, .engines = not_timed});
    expect_refused(&p, ZG_GATE_RATIO, ZG_INPUT, "old: engine fused has no ratio");
    write_with(p.old, (struct zg_fixture){.n_engines = 1, .engines = one});
    write_with(p.new, (struct zg_fixture){.n_engines = 1, .engines = one});
    expect_refused(&p, ZG_GATE_RATIO, ZG_ENV, "nothing to judge: ");
    place_close(&p);
}

/* ---- cases ----------------------------------------------------------------------------------- */

static void write_engines(const char *dir, const char *first, int64_t first_batch,
                          const char *second, int64_t second_batch)
{
    const struct zg_fixture_engine engines[] = {
        {.engine = "naive", .n = PLACE_N, .wall_s = place_naive_s},
        {.engine = first, .batch = first_batch, .n = PLACE_N, .wall_s = place_noise},
        {.engine = second, .batch = second_batch, .n = PLACE_N, .wall_s = place_noise}};
    write_with(dir, (struct zg_fixture){.n_engines = second ? 3 : 2, .engines = engines});
}

static void cases_that_are_missing(void)
{
    struct place p;
    both(&p);
    /* the same engine on the nearest case is what was meant */
    write_engines(p.new, "fused", 32, NULL, 0);
    expect_refused(&p, ZG_GATE_SECONDS, ZG_INPUT,
                   "case of the baseline is missing: engine fused differs in batch 16 and 32");
    const struct zg_fixture_engine far[] = {
        {.engine = "naive", .n = PLACE_N, .wall_s = place_naive_s},
        {.engine = "fused", .batch = 32, .threads = 4, .n = PLACE_N, .wall_s = place_noise},
        {.engine = "fused", .threads = 8, .n = PLACE_N, .wall_s = place_noise},
        {.engine = "fused", .batch = 64, .n = PLACE_N, .wall_s = place_noise}};
    write_with(p.new, (struct zg_fixture){.n_engines = 4, .engines = far});
    expect_refused(&p, ZG_GATE_SECONDS, ZG_INPUT, "engine fused differs in threads 2 and 8");
    const struct zg_fixture_engine low[] = {
        {.engine = "naive", .n = PLACE_N, .wall_s = place_naive_s},
        {.engine = "fused", .dtype = "bf16", .n = PLACE_N, .wall_s = place_noise}};
    write_with(p.new, (struct zg_fixture){.n_engines = 2, .engines = low});
    expect_refused(&p, ZG_GATE_SECONDS, ZG_INPUT, "engine fused differs in dtype");
    /* or the same engine with other options */
    write_engines(p.new, "fusedX", 0, "fused:mechanisms=-trie", 0);
    expect_refused(&p, ZG_GATE_SECONDS, ZG_INPUT, "no engine fused, but fused:mechanisms=-trie");
    write_engines(p.new, "fuse", 0, "openblas", 0);
    expect_refused(&p, ZG_GATE_SECONDS, ZG_INPUT, "is missing: no engine fused");
    place_close(&p);
}

static void cases_that_are_new(void)
{
    struct place p;
    both(&p);
    write_engines(p.new, "fused", 0, "onednn", 0);
    expect_warned(&p,
                  "1 case of the candidate is not judged, the baseline has none such; first: "
                  "engine onednn",
                  NULL);
    const struct zg_fixture_engine more[] = {
        {.engine = "naive", .n = PLACE_N, .wall_s = place_naive_s},
        {.engine = "fused", .n = PLACE_N, .wall_s = place_noise},
        {.engine = "onednn", .n = PLACE_N, .wall_s = place_noise},
        {.engine = "openblas", .n = PLACE_N, .wall_s = place_noise}};
    write_with(p.new, (struct zg_fixture){.n_engines = 4, .engines = more});
    expect_warned(&p, "2 cases of the candidate are not judged, ", NULL);
    place_close(&p);
}

#define CASES(PRINT, MECHANISM)                                                                    \
    "\"cases\": [{\"fingerprints_xxh3\": {\"data\": \"" PRINT                                      \
    "\"}, \"engines\": [{\"engine\": \"fused\", \"mechanisms\": [\"" MECHANISM "\"]}]}]}"

static void the_same_names_for_other_things(void)
{
    struct place p;
    both(&p);
    write_with(p.old, (struct zg_fixture){.meta = "{\"run_id\": \"x\", " CASES("1", "trie")});
    write_with(p.new, (struct zg_fixture){.meta = "{\"run_id\": \"y\", " CASES("2", "trie")});
    expect_refused(&p, ZG_GATE_SECONDS, ZG_INPUT,
                   "unlike things: baseline and candidate differ in data fingerprint 1 and 2");
    /* of one build other mechanisms are other work, of two they may be what is to be judged */
    write_with(p.new, (struct zg_fixture){.meta = "{\"run_id\": \"y\", " CASES("1", "lazy")});
    expect_refused(&p, ZG_GATE_SECONDS, ZG_INPUT,
                   "unlike things: baseline and candidate differ in mechanisms of fused trie and "
                   "lazy");
    write_with(p.new, (struct zg_fixture){.meta = "{\"run_id\": \"y\", \"zogap\": {\"version\": "
                                                  "\"0.2.0\"}, " CASES("1", "lazy")});
    expect_warned(&p, "the builds differ in mechanisms of fused trie and lazy", NULL);
    write_with(p.new, (struct zg_fixture){.meta = "{\"run_id\": \"y\", \"zogap\": {\"version\": "
                                                  "\"0.2.0\"}, " CASES("1", "trie")});
    expect_warned(&p, NULL, "mechanisms");
    place_close(&p);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"runs that are not alike", runs_that_are_not_alike},
        {"what is told", what_is_told},
        {"the reader's warnings", the_readers_warnings},
        {"a check that failed", a_check_that_failed},
        {"measures", measures},
        {"baseline engines", baseline_engines},
        {"cases that are missing", cases_that_are_missing},
        {"cases that are new", cases_that_are_new},
        {"the same names for other things", the_same_names_for_other_things},
        {0}};
    return zg_test_run("gate of directories", tests);
}
