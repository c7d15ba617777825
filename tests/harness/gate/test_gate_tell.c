/* test_gate_tell.c - gate.c, gate_print.c, gate_junit.c: names, verdicts, what is advised, and the
 * files, of costs that are given. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness/gate/place.h"

/* ---- a gate of given costs ------------------------------------------------------------------- */

static struct zg_result_reader sides[2];

static struct zg_gate gate_of(bool paired, const char *engine)
{
    struct zg_gate gate = {.measure = ZG_GATE_SECONDS,
                           .paired = paired,
                           .threshold = 0.05,
                           .measured = "seconds of a step",
                           .sets = {&sides[0], &sides[1]}};
    const struct zg_case_row id = {.engine = engine, .batch = 16};
    CU_ASSERT_EQUAL_FATAL(zg_gate_add_case(&gate, &id, NULL), ZG_OK);
    zg_gate_name_cases(&gate);
    return gate;
}

static void add_costs(struct zg_gate *gate, int64_t index, int64_t n, double factor, double noise)
{
    for (int64_t i = 0; i < n; i++) {
        const double stray = 1 + noise * (place_noise[i % PLACE_N] - 1) * (1 + (double)i / 50);
        const double other = 1 + noise * (place_noise[(i * 7 + 3) % PLACE_N] - 1);
        struct zg_gate_case *const c = &gate->cases[index];
        CU_ASSERT_EQUAL(zg_gate_add_cost(c, ZG_GATE_BASELINE, stray, NULL), ZG_OK);
        CU_ASSERT_EQUAL(zg_gate_add_cost(c, ZG_GATE_CANDIDATE, factor * other, NULL), ZG_OK);
    }
}

/* Blocks that swing about the factor: the estimate is the factor itself. */
static void add_swing(struct zg_gate *gate, int64_t n, double factor, double swing)
{
    struct zg_gate_case *const c = &gate->cases[0];
    for (int64_t i = 0; i < n; i++) { /* no clock gives the same twice */
        const double old_s = 1 + 1e-6 * (double)i;
        const double place = ((double)(i * 37 % n) + 0.5) / (double)n; /* 0 to 1, evenly */
        CU_ASSERT_EQUAL(zg_gate_add_cost(c, ZG_GATE_BASELINE, old_s, NULL), ZG_OK);
        CU_ASSERT_EQUAL(zg_gate_add_cost(c, ZG_GATE_CANDIDATE,
                                         old_s * factor * exp(swing * (2 * place - 1)), NULL),
                        ZG_OK);
    }
}

static void close_gate(struct zg_gate *gate)
{
    gate->sets[0] = gate->sets[1] = NULL; /* of this file */
    zg_gate_close(gate);
}

static void expect_judged(struct zg_gate *gate, enum zg_judgement judgement, const char *reason,
                          const char * not )
{
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_gate_judge(gate, &err), ZG_OK);
    CU_ASSERT_EQUAL(gate->cases[0].judged.judgement, judgement);
    CU_ASSERT_EQUAL(zg_gate_verdict(gate), judgement);
    zg_test_expect_words(gate->cases[0].judged.reason, reason);
    CU_ASSERT(!not || !strstr(gate->cases[0].judged.reason, not ));
    close_gate(gate);
}

/* ---- a machine without a name ---------------------------------------------------------------- */

static int host_result;
static char host_name[32];

int __wrap_gethostname(char *text, size_t size);
int __wrap_gethostname(char *text, size_t size)
{
    snprintf(text, size, "%s", host_name);
    return host_result;
}

static void expect_host(int result, const char *name, const char *want)
{
    char text[8];
    host_result = result;
    snprintf(host_name, sizeof host_name, "%s", name);
    CU_ASSERT_STRING_EQUAL(zg_gate_host(text, sizeof text), want);
}

static void the_host(void)
{
    expect_host(0, "abc", "abc");
    expect_host(0, "", "localho"); /* cut to fit */
    expect_host(-1, "abc", "localho");
    expect_host(0, "a-long-name", "a-long");
}

/* ---- gate.c ---------------------------------------------------------------------------------- */

static void what_is_advised(void)
{
    struct zg_gate gate = gate_of(true, "fused");
    add_swing(&gate, 10, 1.04, 0.03); /* slower, by how much is not sure */
    gate.block_s = 2;
    expect_judged(&gate, ZG_JUDGED_UNDECIDED, " more blocks (", "busy");
    gate = gate_of(true, "fused");
    add_swing(&gate, 10, 1.04, 0.03);
    gate.n_busy = 4;
    expect_judged(&gate, ZG_JUDGED_UNDECIDED, "; the machine was busy in 40 % of the blocks; about",
                  "(");
    gate = gate_of(true, "fused");
    add_costs(&gate, 0, 10, 1.5, 2);
    gate.n_busy = 9;
    expect_judged(&gate, ZG_JUDGED_UNDECIDED, "; judge again when it is quiet", "would tell");
    gate = gate_of(true, "fused");
    add_swing(&gate, 200, 1.0001, 0.1); /* nearly none, and no interval that says so */
    gate.threshold = 0.0002;
    expect_judged(&gate, ZG_JUDGED_UNDECIDED,
                  "; more than 2000 blocks more would be needed: a quieter machine, or a larger "
                  "--max-regression; excludes a slow-down above 0.",
                  "would tell");
    gate = gate_of(true, "fused");
    add_costs(&gate, 0, 10, 4, 30); /* so slow that nothing is excluded that anybody asks about */
    gate.n_busy = 9;
    expect_judged(&gate, ZG_JUDGED_UNDECIDED, "judge again", "excludes");
    gate = gate_of(true, "fused");
    add_costs(&gate, 0, 10, 0.97, 2);
    gate.threshold = 0.01;
    expect_judged(&gate, ZG_JUDGED_BETTER, "faster", "more block");
}

static void verdicts_of_all(void)
{
    static const struct zg_case_row other = {.engine = "onednn", .batch = 16};
    struct zg_gate gate = gate_of(false, "fused");
    char text[96], small[12];
    CU_ASSERT(isnan(zg_gate_samples_share(&gate)));
    gate.wall_s = 10;
    gate.samples_s = 7.5;
    CU_ASSERT_EQUAL(zg_gate_samples_share(&gate), 0.75);
    CU_ASSERT_EQUAL(zg_gate_add_case(&gate, &other, NULL), ZG_OK);
    zg_gate_name_cases(&gate);
    add_costs(&gate, 0, 10, 1.001, 1);
    add_costs(&gate, 1, 10, 0.5, 1);
    CU_ASSERT_EQUAL(zg_gate_judge(&gate, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_gate_verdict(&gate), ZG_JUDGED_SAME); /* the worse of the two */
    CU_ASSERT_STRING_EQUAL(zg_gate_sentence(&gate, text, sizeof text),
                           "0 worse, 0 undecided, 1 same, 1 better");
    CU_ASSERT_STRING_EQUAL(zg_gate_sentence(&gate, small, sizeof small), "0 worse, 0 ");
    CU_ASSERT_EQUAL(gate.cases[1].median[ZG_GATE_CANDIDATE] < 0.51, true);
    close_gate(&gate);
    gate = (struct zg_gate){0};
    CU_ASSERT_EQUAL(zg_gate_verdict(&gate), ZG_JUDGED_SAME); /* of nothing */
    gate = gate_of(true, NULL);
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_gate_judge(&gate, &err), ZG_ENV); /* no cost at all */
    CU_ASSERT(err.text[0] != '\0');
    close_gate(&gate);
}

static void count(struct zg_gate *gate, enum zg_gate_side side, const char *warnings)
{
    json_t *const array = warnings ? json_loads(warnings, 0, NULL) : NULL;
    const struct zg_result_meta meta = {.warnings = array};
    CU_ASSERT_EQUAL(zg_gate_count_run(gate, side, &meta, NULL), ZG_OK);
    json_decref(array);
}

static void warnings_of_runs(void)
{
    struct zg_gate gate = {0};
    count(&gate, ZG_GATE_BASELINE, "[\"steal of 0.7 %\", 3, null, \"only here\"]");
    count(&gate, ZG_GATE_CANDIDATE, "[\"steal of 12 %\", \"only there\", \"steal of 12 % twice\"]");
    CU_ASSERT_EQUAL(gate.n_causes, 4);
    CU_ASSERT_EQUAL(zg_gate_warn_of_runs(&gate, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(gate.n_warnings, 4);
    CU_ASSERT_STRING_EQUAL(gate.warnings[0], "baseline and candidate: steal of 0.7 %");
    CU_ASSERT_STRING_EQUAL(gate.warnings[1], "baseline: only here");
    CU_ASSERT_STRING_EQUAL(gate.warnings[2], "candidate: only there");
    count(&gate, ZG_GATE_BASELINE, NULL);
    CU_ASSERT_EQUAL(zg_gate_warn_of_runs(&gate, NULL), ZG_OK);
    CU_ASSERT_STRING_EQUAL(gate.warnings[4],
                           "steal of 0.7 % (1 of 2 runs of the baseline, 1 of 1 of the candidate)");
    zg_gate_close(&gate);
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

/* ---- the files ------------------------------------------------------------------------------- */

typedef enum zg_status make_file(const struct zg_gate *gate, FILE *out, struct zg_error *err);

static char *made(const struct zg_gate *gate, make_file *make)
{
    char *text = NULL;
    size_t n;
    FILE *const out = open_memstream(&text, &n);
    CU_ASSERT_EQUAL(make(gate, out, NULL), ZG_OK);
    CU_ASSERT_EQUAL(fclose(out), 0);
    return text;
}

static enum zg_status make_table(const struct zg_gate *gate, FILE *out, struct zg_error *err)
{
    return zg_gate_print(gate, ZG_FORMAT_TABLE, out, "memory", err);
}

static void expect_made(const struct zg_gate *gate, make_file *make, const char *has,
                        const char * not )
{
    char *const text = made(gate, make);
    zg_test_expect_words(text, has);
    if (not &&strstr(text, not ))
        printf("\n    has '%s': %s", not, text);
    CU_ASSERT(!not || !strstr(text, not ));
    free(text);
}

static struct zg_gate judged(bool paired, enum zg_gate_measure measure, double factor)
{
    struct zg_gate gate = gate_of(paired, "fused");
    gate.measure = measure;
    add_costs(&gate, 0, 10, factor, measure == ZG_GATE_INSTRUCTIONS ? 0.01 : 1);
    CU_ASSERT_EQUAL(zg_gate_judge(&gate, NULL), ZG_OK);
    return gate;
}

/* A meta.json that says nothing. */
static void nothing_is_known(void)
{
    sides[0] = sides[1] = (struct zg_result_reader){.meta = {.threads = ZG_NO_INTEGER}};
    struct zg_gate gate = judged(false, ZG_GATE_SECONDS, 1.2);
    expect_made(&gate, zg_gate_markdown,
                "Baseline: zogap of no known version (no git state), at no known time; candidate: "
                "zogap of no known version (no git state), at no known time; no known cpu.",
                "warning");
    expect_made(&gate, zg_gate_json, "\"cpu\": null", "\"wall_s\"");
    expect_made(&gate, zg_gate_junit, "hostname=\"localhost\"", "timestamp");
    expect_made(&gate, zg_gate_junit, "<failure type=\"worse\"", "name=\"threads\"");
    expect_made(&gate, zg_gate_junit, "name=\"measured\"", "name=\"isa\"");
    expect_made(&gate, make_table, "baseline s/step", NULL);
    close_gate(&gate);
}

static void all_is_known(void)
{
    sides[0] = sides[1] = (struct zg_result_reader){.meta = {.version = "0.1",
                                                             .git = "abc",
                                                             .started_utc = "2026-01-02T03:04:05Z",
                                                             .cpu_name = "A CPU @ 2 GHz   ",
                                                             .isa = "avx2",
                                                             .threads = 4}};
    struct zg_gate gate = judged(true, ZG_GATE_SECONDS, 1.001);
    snprintf(gate.host, sizeof gate.host, "a-host");
    gate.wall_s = 100;
    gate.samples_s = 75;
    gate.n_busy = 1;
    CU_ASSERT_EQUAL(zg_gate_warn(&gate, NULL, "a %s", "warning <&>"), ZG_OK);
    expect_made(&gate, zg_gate_markdown,
                "Baseline: zogap 0.1 (abc), 2026-01-02T03:04:05Z; candidate: zogap 0.1 (abc), "
                "2026-01-02T03:04:05Z; A CPU @ 2 GHz.\n",
                NULL);
    expect_made(&gate, zg_gate_markdown, "\n- warning: a warning ", "- fused");
    expect_made(&gate, zg_gate_json, "\"samples_share\": 0.75", NULL);
    expect_made(&gate, zg_gate_json, "\"busy_blocks\": 1", NULL);
    expect_made(&gate, zg_gate_json, "\"cpu\": \"A CPU @ 2 GHz\"", NULL);
    expect_made(&gate, zg_gate_junit, "name=\"threads\" value=\"4\"", NULL);
    expect_made(&gate, zg_gate_junit, "name=\"blocks.busy\" value=\"1\"", NULL);
    expect_made(&gate, zg_gate_junit, "value=\"a warning &lt;&amp;&gt;\"", "<failure");
    expect_made(&gate, zg_gate_junit, "<system-out>same: 1.0", NULL);
    expect_made(&gate, make_table, "same", "candidate's"); /* as many blocks */
    close_gate(&gate);
}

static void counts_have_no_interval(void)
{
    sides[0] = sides[1] = (struct zg_result_reader){.meta = {.threads = ZG_NO_INTEGER}};
    struct zg_gate gate = judged(false, ZG_GATE_INSTRUCTIONS, 1.1);
    expect_made(&gate, make_table, "1.1", "[");
    expect_made(&gate, make_table, "(counted)", NULL);
    expect_made(&gate, make_table, "instructions/step", NULL);
    expect_made(&gate, zg_gate_junit, "counted: 10 % more, beyond 5 %", "] at");
    expect_made(&gate, zg_gate_json, "\"confidence\": null", NULL);
    close_gate(&gate);
}

static void undecided_is_skipped(void)
{
    struct zg_gate gate = gate_of(true, "fused");
    sides[0] = sides[1] = (struct zg_result_reader){.meta = {.threads = ZG_NO_INTEGER}};
    add_swing(&gate, 10, 1.04, 0.03);
    CU_ASSERT_EQUAL(zg_gate_judge(&gate, NULL), ZG_OK);
    expect_made(&gate, zg_gate_junit, "<skipped type=\"undecided\" message=\"undecided: 1.04",
                "<system-out>");
    expect_made(&gate, zg_gate_markdown, "\n- fused: undecided: ", NULL);
    close_gate(&gate);
}

/* What a ratio is to stands in the heading. */
static void ratios_name_their_engine(void)
{
    const struct zg_summary_row summary = {.baseline = "naive"};
    struct zg_result_case with = {.summary = &summary};
    sides[0] = sides[1] =
        (struct zg_result_reader){.cases = &with, .meta = {.threads = ZG_NO_INTEGER}};
    struct zg_gate gate = judged(false, ZG_GATE_RATIO, 1);
    expect_made(&gate, make_table, "baseline x naive", NULL);
    close_gate(&gate);
}

static void a_gate_without_a_verdict(void)
{
    static const struct {
        enum zg_status status;
        const char *type;
    } types[] = {{ZG_USAGE, "usage"}, {ZG_INPUT, "input"}, {ZG_ENV, "environment"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char *text = NULL, want[64];
        size_t n;
        FILE *const out = open_memstream(&text, &n);
        zg_gate_junit_error(out, types[i].status, "it's <broken>");
        CU_ASSERT_EQUAL(fclose(out), 0);
        snprintf(want, sizeof want, "<error type=\"%s\"", types[i].type);
        zg_test_expect_words(text, want);
        zg_test_expect_words(text, "it&apos;s &lt;broken&gt;");
        zg_test_expect_words(text, "tests=\"1\" failures=\"0\" errors=\"1\"");
        free(text);
    }
}

int main(void)
{
    static const struct zg_test tests[] = {{"what is advised", what_is_advised},
                                           {"verdicts of all", verdicts_of_all},
                                           {"the host", the_host},
                                           {"warnings of runs", warnings_of_runs},
                                           {"names have what differs", names_have_what_differs},
                                           {"nothing is known", nothing_is_known},
                                           {"all is known", all_is_known},
                                           {"counts have no interval", counts_have_no_interval},
                                           {"undecided is skipped", undecided_is_skipped},
                                           {"ratios name their engine", ratios_name_their_engine},
                                           {"a gate without a verdict", a_gate_without_a_verdict},
                                           {0}};
    return zg_test_run("gate, told", tests);
}
