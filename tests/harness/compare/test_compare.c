/* test_compare.c - compare.c and meta_diff.c: ratios of unpaired runs against values by
 * hand, which cases belong together, what is refused; in what machines differ. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/compare/compare.h"
#include "harness/compare/meta_diff.h"
#include "harness/rows/case_row.h"
#include "tests/harness/result_fixture.h"
#include "tests/support/cunit_run.h"
#include "tests/support/temp_dir.h"

enum { MOST_SETS = 3 };

struct rig {
    char dirs[MOST_SETS][64];
    struct zg_result_reader *sets[MOST_SETS];
    int64_t n;
    struct zg_compare *compare;
    struct zg_error err;
};

static const struct zg_result_reader *const *sets_of(const struct rig *rig)
{
    return (const struct zg_result_reader *const *)rig->sets;
}

/* Writes and reads a directory for each fixture. */
static void open_rig(struct rig *rig, const struct zg_fixture *fixtures, int64_t n)
{
    memset(rig, 0, sizeof *rig);
    rig->n = n;
    for (int64_t i = 0; i < n; i++) {
        make_temp_dir(rig->dirs[i]);
        zg_fixture_write(rig->dirs[i], &fixtures[i]);
        CU_ASSERT_EQUAL_FATAL(zg_result_reader_open(&rig->sets[i], rig->dirs[i], NULL), ZG_OK);
    }
}

static enum zg_status make(struct rig *rig, bool common, const char *across)
{
    struct zg_compare_options options = {.common = common};
    if (across && zg_case_column_find(across) >= 0)
        options.across.columns = UINT64_C(1) << zg_case_column_find(across);
    else if (across)
        options.across.options[options.across.n_options++] = across;
    zg_compare_close(&rig->compare);
    zg_error_clear(&rig->err);
    return zg_compare_make(&rig->compare, sets_of(rig), rig->n, &options, &rig->err);
}

static void close_rig(struct rig *rig)
{
    zg_compare_close(&rig->compare);
    CU_ASSERT_PTR_NULL(rig->compare);
    for (int64_t i = 0; i < rig->n; i++) {
        zg_result_reader_close(&rig->sets[i]);
        remove_temp_dir(rig->dirs[i]);
    }
}

static void expect_near(double value, double want)
{
    if (!(fabs(value / want - 1) < 1e-12))
        printf("\n    %.17g, not %.17g\n", value, want);
    CU_ASSERT(fabs(value / want - 1) < 1e-12);
}

#define ONE(...)                                                                                   \
    {                                                                                              \
        .n_engines =                                                                               \
            sizeof((struct zg_fixture_engine[]){__VA_ARGS__}) / sizeof(struct zg_fixture_engine),  \
        .engines = (struct zg_fixture_engine[])                                                    \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

/* ---- numbers --------------------------------------------------------------------------------- */

/* Four values each: P(U = 0) = 1 / 70, so 1 - 2 / 70 of all intervals from the least to the
 * greatest ratio hold the true one, and the next narrower 1 - 4 / 70 < 95 %.  The values of one are
 * twice the other's: the ratios x_j / x_i mirror each other, so their median is 1. */
static void ratios_are_those_by_hand(void)
{
    static const double once[] = {1.0, 1.1, 1.2, 1.3}, twice[] = {2.6, 2.0, 2.4, 2.2};
    const struct zg_fixture fixtures[] = {ONE({.engine = "fused", .n = 4, .wall_s = once}),
                                          ONE({.engine = "fused", .n = 4, .wall_s = twice}),
                                          ONE({.engine = "fused", .n = 3, .wall_s = once})};
    struct rig rig;
    open_rig(&rig, fixtures, 3);
    CU_ASSERT_EQUAL_FATAL(make(&rig, false, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(rig.compare->n_lines, 1);
    const struct zg_compare_cell *const cells = rig.compare->lines[0].cells;
    expect_near(cells[0].time.median, 1.15);
    CU_ASSERT_EQUAL(cells[0].over_first.median, 1);
    CU_ASSERT(isnan(cells[0].over_first.low));
    expect_near(cells[1].over_first.median, 0.5);
    expect_near(cells[1].over_first.low, 1.0 / 2.6);
    expect_near(cells[1].over_first.high, 1.3 / 2.0);
    expect_near(cells[1].over_first.coverage, 1 - 2.0 / 70);
    CU_ASSERT_TRUE(cells[1].over_first.has_interval);
    /* four and three: 1 - 2 / 35 is less than 95 % */
    CU_ASSERT_FALSE(cells[2].over_first.has_interval);
    CU_ASSERT(isnan(cells[2].over_first.low));
    /* alone, an engine has no speed-up over a baseline */
    CU_ASSERT(isnan(cells[1].speedup.median));
    CU_ASSERT(isnan(cells[1].change.median));
    CU_ASSERT(isnan(cells[1].instructions.median));
    close_rig(&rig);
}

/* The second machine is three times slower, and fused gains half as much there. */
static void speedups_are_held_against_speedups(void)
{
    static const double naive_a[] = {4, 4.4, 4.2, 4.1, 4.3, 4.5};
    static const double fused_a[] = {1, 1.1, 1.05, 1.025, 1.075, 1.125}; /* 4 in every block */
    static const double naive_b[] = {12, 13, 12.5, 12.25, 12.75, 13.5};
    static const double fused_b[] = {6, 6.5, 6.25, 6.125, 6.375, 6.75}; /* 2 */
    const struct zg_fixture fixtures[] = {ONE({.engine = "naive", .n = 6, .wall_s = naive_a},
                                              {.engine = "fused", .n = 6, .wall_s = fused_a}),
                                          ONE({.engine = "naive", .n = 6, .wall_s = naive_b},
                                              {.engine = "fused", .n = 6, .wall_s = fused_b})};
    struct rig rig;
    open_rig(&rig, fixtures, 2);
    CU_ASSERT_EQUAL_FATAL(make(&rig, false, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(rig.compare->n_lines, 2);
    const struct zg_compare_cell *const naive = rig.compare->lines[0].cells;
    const struct zg_compare_cell *const fused = rig.compare->lines[1].cells;
    CU_ASSERT(isnan(naive[1].speedup.median)); /* the baseline itself */
    expect_near(fused[0].speedup.median, 4);
    expect_near(fused[1].speedup.median, 2);
    expect_near(fused[1].speedup.low, 2);
    CU_ASSERT_EQUAL(fused[0].change.median, 1);
    expect_near(fused[1].change.median, 0.5);
    expect_near(fused[1].change.low, 0.5);
    expect_near(fused[1].change.high, 0.5);
    CU_ASSERT(fused[1].over_first.high < 0.2);
    CU_ASSERT(naive[1].over_first.median > 0.32 && naive[1].over_first.median < 0.36);
    close_rig(&rig);
}

/* A check that failed yields no number, whatever samples there are; nor do instructions time. */
static void what_disagrees_has_no_number(void)
{
    static const double times[] = {1, 1.1, 1.2, 1.3, 1.4, 1.5};
    static const double counts[] = {4e9, 4e9, 4.4e9, 4e9, 4e9, 4e9};
    static const double more[] = {8e9, 8e9, 8.8e9, 8e9, 8e9, 8e9};
    struct zg_fixture fixtures[] = {
        ONE({.engine = "naive", .n = 6, .wall_s = times},
            {.engine = "fused", .n = 6, .wall_s = times, .disagrees = true}),
        ONE({.engine = "naive", .n = 6, .wall_s = times, .disagrees = true},
            {.engine = "fused", .n = 6, .wall_s = times})};
    struct rig rig;
    open_rig(&rig, fixtures, 2);
    CU_ASSERT_EQUAL_FATAL(make(&rig, false, NULL), ZG_OK);
    const struct zg_compare_line *const lines = rig.compare->lines;
    CU_ASSERT(isnan(lines[1].cells[0].time.median));
    CU_ASSERT(isnan(lines[1].cells[0].speedup.median));
    CU_ASSERT(isfinite(lines[1].cells[1].time.median));
    CU_ASSERT(isnan(lines[1].cells[1].over_first.median));
    CU_ASSERT(isnan(lines[1].cells[1].speedup.median)); /* its baseline disagrees */
    CU_ASSERT(isnan(lines[0].cells[1].over_first.median));
    close_rig(&rig);

    const struct zg_fixture counted[] = {ONE({.engine = "fused", .n = 6, .instructions = counts}),
                                         ONE({.engine = "fused", .n = 6, .instructions = more})};
    fixtures[0] = counted[0];
    fixtures[1] = counted[1];
    fixtures[0].has_instructions = fixtures[1].has_instructions = true;
    open_rig(&rig, fixtures, 2);
    CU_ASSERT_EQUAL_FATAL(make(&rig, false, NULL), ZG_OK);
    const struct zg_compare_cell *const cells = rig.compare->lines[0].cells;
    CU_ASSERT(isnan(cells[1].time.median));
    CU_ASSERT(isnan(cells[1].over_first.median));
    CU_ASSERT_EQUAL(cells[0].instructions.median, 1e9); /* a step of four */
    expect_near(cells[1].instructions_over_first.median, 0.5);
    close_rig(&rig);
}

/* ---- which cases belong together ------------------------------------------------------------- */

static const double any[] = {1, 1.1, 1.2, 1.3, 1.4, 1.5};
#define TIMES .n = 6, .wall_s = any

static void expect_refused(struct rig *rig, bool common, const char *across, const char *words)
{
    CU_ASSERT_EQUAL(make(rig, common, across), ZG_INPUT);
    CU_ASSERT_PTR_NULL(rig->compare);
    zg_test_expect_words(rig->err.text, words);
}

static void unlike_cases_are_refused(void)
{
    const struct zg_fixture fixtures[] = {
        ONE({.engine = "naive", TIMES}, {.engine = "naive", .batch = 32, TIMES}),
        ONE({.engine = "naive", TIMES}, {.engine = "naive", .batch = 64, .threads = 4, TIMES}),
        ONE({.engine = "naive", TIMES})};
    struct rig rig;
    open_rig(&rig, fixtures, 3);
    expect_refused(&rig, false, NULL, "not of the same cases: batch 64 and 16, threads 4 and 2");
    zg_test_expect_words(rig.err.text, rig.dirs[0]);
    zg_test_expect_words(rig.err.text, rig.dirs[1]);
    CU_ASSERT_EQUAL_FATAL(make(&rig, true, NULL), ZG_OK);
    CU_ASSERT_EQUAL(rig.compare->n_lines, 1);
    CU_ASSERT_EQUAL(rig.compare->n_left_out, 2);
    close_rig(&rig);

    /* fewer is unlike too */
    const struct zg_fixture part[] = {fixtures[0], fixtures[2]};
    open_rig(&rig, part, 2);
    expect_refused(&rig, false, NULL, "not of the same cases: batch 32 and 16");
    close_rig(&rig);

    /* and what has nothing in common stays refused */
    const struct zg_fixture apart[] = {ONE({.engine = "naive", TIMES}),
                                       ONE({.engine = "naive", .batch = 8, TIMES})};
    open_rig(&rig, apart, 2);
    expect_refused(&rig, true, NULL, "have no engine on a case in common");
    close_rig(&rig);
    const struct zg_fixture others[] = {ONE({.engine = "naive", TIMES}),
                                        ONE({.engine = "fused", TIMES})};
    open_rig(&rig, others, 2);
    expect_refused(&rig, false, NULL, "have no engine on a case in common");
    close_rig(&rig);
}

static void other_batches_are_not_the_same_work(void)
{
    const struct zg_fixture fixtures[] = {ONE({.engine = "naive", TIMES}),
                                          ONE({.engine = "naive", .useful_flops = 1.5e9, TIMES})};
    struct rig rig;
    open_rig(&rig, fixtures, 2);
    for (int common = 0; common < 2; common++)
        expect_refused(&rig, common, NULL,
                       "engine naive did not do the same work: useful_flops_per_step 1e+09 and "
                       "1.5e+09; give every run the same --steps");
    close_rig(&rig);
}

static void a_column_may_differ_where_asked(void)
{
    const struct zg_fixture fixtures[] = {
        ONE({.engine = "naive", TIMES}), ONE({.engine = "naive", .threads = 4, TIMES}),
        ONE({.engine = "naive", .threads = 1, TIMES}, {.engine = "naive", .threads = 2, TIMES})};
    struct rig rig;
    open_rig(&rig, fixtures, 2);
    expect_refused(&rig, false, NULL, "threads 4 and 2");
    expect_refused(&rig, false, "batch", "threads 4 and 2");
    CU_ASSERT_EQUAL_FATAL(make(&rig, false, "threads"), ZG_OK);
    CU_ASSERT_EQUAL(rig.compare->n_lines, 1);
    close_rig(&rig);

    const struct zg_fixture twice[] = {fixtures[0], fixtures[2]}, first[] = {fixtures[2]};
    open_rig(&rig, twice, 2);
    expect_refused(&rig, false, "threads", "which one is meant?");
    zg_test_expect_words(rig.err.text, rig.dirs[1]);
    close_rig(&rig);
    open_rig(&rig, first, 1);
    expect_refused(&rig, false, "threads", "which one is meant?");
    close_rig(&rig);
}

/* An engine that one directory lacks is told, beside the others on its case, without a ratio. */
static void engines_may_be_more_in_one(void)
{
    const struct zg_fixture fixtures[] = {
        ONE({.engine = "naive", TIMES}, {.engine = "fused", TIMES},
            {.engine = "naive", .batch = 32, TIMES}),
        ONE({.engine = "onednn", TIMES}, {.engine = "naive", TIMES},
            {.engine = "naive", .batch = 32, TIMES})};
    static const char *const order[] = {"naive", "fused", "onednn", "naive"};
    struct rig rig;
    open_rig(&rig, fixtures, 2);
    CU_ASSERT_EQUAL_FATAL(make(&rig, false, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(rig.compare->n_lines, 4);
    for (int i = 0; i < 4; i++) {
        const struct zg_compare_line *const line = &rig.compare->lines[i];
        CU_ASSERT_EQUAL(line->group, i == 3);
        CU_ASSERT_EQUAL(line->cells[0].c != NULL, i != 2);
        CU_ASSERT_EQUAL(line->cells[1].c != NULL, i != 1);
        CU_ASSERT_STRING_EQUAL((line->cells[i == 2].c)->id.engine, order[i]);
        CU_ASSERT_EQUAL(isfinite(line->cells[1].over_first.median), i == 0 || i == 3);
    }
    CU_ASSERT_EQUAL_FATAL(make(&rig, true, NULL), ZG_OK);
    CU_ASSERT_EQUAL(rig.compare->n_lines, 2);
    CU_ASSERT_EQUAL(rig.compare->n_left_out, 2);
    close_rig(&rig);
}

/* ---- machines -------------------------------------------------------------------------------- */

static void machines_differ(void)
{
    struct zg_fixture fixtures[] = {ONE({.engine = "naive", TIMES}),
                                    ONE({.engine = "naive", TIMES}),
                                    ONE({.engine = "naive", TIMES})};
    struct zg_table *table = NULL;
    struct rig rig;
    int64_t n;
    fixtures[1].fp32_gflops = 104; /* noise */
    open_rig(&rig, fixtures, 2);
    CU_ASSERT_EQUAL_FATAL(zg_meta_diff(&table, &n, sets_of(&rig), 2, NULL), ZG_OK);
    CU_ASSERT_EQUAL(n, 0);
    zg_table_close(&table);
    close_rig(&rig);

    fixtures[1].cpu_name = "Other CPU";
    fixtures[2].fp32_gflops = 96; /* 104 / 96 is more than 5 % */
    open_rig(&rig, fixtures, 3);
    json_t *const other = rig.sets[1]->meta.json, *const third = rig.sets[2]->meta.json;
    json_object_set_new(other, "libraries",
                        json_pack("{s:{s:s}}", "openblas", "version", "0.3.21"));
    json_object_set_new(json_object_get(third, "machine"), "cpu", json_null());
    json_object_set_new(json_object_get(third, "pins"), "workers",
                        json_pack("[{s:i}, {s:i}]", "cpu_read", 0, "cpu_read", 2));
    json_object_set_new(json_object_get(third, "machine"), "topology",
                        json_pack("{s:[{s:i}]}", "caches", "bytes", 32768));
    CU_ASSERT_EQUAL_FATAL(zg_meta_diff(&table, &n, sets_of(&rig), 3, NULL), ZG_OK);
    CU_ASSERT_EQUAL(n, 5);
    char *text = NULL;
    size_t size;
    FILE *const file = open_memstream(&text, &size);
    CU_ASSERT_EQUAL(zg_table_print(table, file, "memory", ZG_FORMAT_CSV, NULL), ZG_OK);
    fclose(file);
    CU_ASSERT_STRING_EQUAL(text, "fact,value_1,value_2,value_3\n"
                                 "machine.cpu.name,Test CPU,Other CPU,\n"
                                 "machine.topology.caches.0.bytes,,,32768\n"
                                 "pins.cpu_read,[],[],\"[0, 2]\"\n"
                                 "libraries.openblas.version,,0.3.21,\n"
                                 "peak.fp32_gflops_all,100.0,104.0,96.0\n");
    free(text);
    zg_table_close(&table);
    close_rig(&rig);
}

int main(void)
{
    const struct zg_test tests[] = {
        {"ratios are those by hand", ratios_are_those_by_hand},
        {"speed-ups are held against speed-ups", speedups_are_held_against_speedups},
        {"what disagrees has no number", what_disagrees_has_no_number},
        {"unlike cases are refused", unlike_cases_are_refused},
        {"other batches are not the same work", other_batches_are_not_the_same_work},
        {"a column may differ where asked", a_column_may_differ_where_asked},
        {"engines may be more in one", engines_may_be_more_in_one},
        {"machines differ", machines_differ},
        {NULL, NULL},
    };
    return zg_test_run("compare", tests);
}
