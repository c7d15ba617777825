/* test_gap_table.c - gap_table.c: what a run prints at its end, of one case and of a sweep. */
#include "harness/rows/gap_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/page.h"
#include "tests/harness/rows/summary_rows.h"
#include "tests/support/capture.h"
#include "tests/support/cunit_run.h"

static char *printed(const struct zg_summary_row *rows, int64_t n, enum zg_format format)
{
    capture_begin();
    CU_ASSERT_EQUAL(zg_gap_table_print(rows, n, format, NULL), ZG_OK);
    return capture_end();
}

static void expect(const struct zg_summary_row *rows, int64_t n, enum zg_format format,
                   const char *has, const char *has_not)
{
    char *const text = printed(rows, n, format);
    if (has)
        zg_test_expect_words(text, has);
    if (has_not && strstr(text, has_not))
        printf("\n    has '%s': %s", has_not, text);
    CU_ASSERT(!has_not || !strstr(text, has_not));
    free(text);
}

static void one_case(void)
{
    struct zg_summary_row rows[] = {summary_row("naive", 2, 1), summary_row("fused", 0.32, 6.25)};
    char *const text = printed(rows, 2, ZG_FORMAT_TABLE);
    zg_test_expect_words(text, "opt-125m, sst2 (train, task), lozo, batch 16, rank 2, nu 50, 2 "
                               "threads, 12 blocks of the same 4 steps\n");
    zg_test_expect_words(text, "1 (baseline)");
    zg_test_expect_words(text, "6.25x [5.94, 6.56]");
    zg_test_expect_words(text, "62.5 %");
    zg_test_expect_words(text, "equal");
    CU_ASSERT_PTR_NULL(strstr(text, "dtype"));
    CU_ASSERT_PTR_NULL(strstr(text, "blocks  "));
    CU_ASSERT_PTR_NULL(strstr(text, "over "));
    free(text);
    rows[0].n = rows[1].n = 1;
    rows[0].steps = rows[1].steps = 1;
    expect(rows, 2, ZG_FORMAT_TABLE, "1 block of the same 1 step\n", NULL);
    expect(rows, 2, ZG_FORMAT_MARKDOWN, "step\n\n| engine | time of a step |", NULL);
    rows[0].speedup = NAN; /* a baseline that was not timed has no ratio to itself */
    expect(rows, 2, ZG_FORMAT_TABLE, NULL, "(baseline)");
    rows[1].verified = 0;
    expect(rows, 2, ZG_FORMAT_TABLE, "DISAGREES", NULL);
    rows[0].id.engine = rows[0].baseline = NULL; /* of an odd file */
    expect(rows, 1, ZG_FORMAT_TABLE, "of the same", NULL);
    expect(rows, 0, ZG_FORMAT_TABLE, "time of a step", "threads");
}

static void for_programs_all_columns(void)
{
    const struct zg_summary_row rows[] = {summary_row("naive", 2, 1), summary_row("fused", 1, 2)};
    expect(rows, 2, ZG_FORMAT_CSV, "engine,model,task,", "12 blocks");
    expect(rows, 2, ZG_FORMAT_CSV, "\nfused,opt-125m,sst2,", NULL);
    expect(rows, 2, ZG_FORMAT_JSONL, "\"second_speedup\": null", NULL);
}

/* Where an engine was not timed, another one of the case knows the blocks. */
static void engines_that_were_not_timed(void)
{
    struct zg_summary_row rows[] = {summary_row("naive", 2, 1), summary_row("fused", 1, 2)};
    rows[0].n = 0;
    rows[0].steps = ZG_NO_INTEGER;
    expect(rows, 2, ZG_FORMAT_TABLE, "12 blocks of the same 4 steps", NULL);
    rows[1].n = 0;
    expect(rows, 2, ZG_FORMAT_TABLE, "0 blocks\n", "of the same");
}

static void a_second_baseline(void)
{
    struct zg_summary_row rows[] = {summary_row("naive", 2, 1), summary_row("openblas", 1, 2),
                                    summary_row("fused", 0.5, 4)};
    rows[0].second_baseline = ""; /* none */
    for (int i = 1; i < 3; i++) {
        rows[i].second_baseline = "openblas";
        rows[i].second_speedup = i;
    }
    rows[2].second_speedup_ci_low = 1.5;
    rows[2].second_speedup_ci_high = 3.5;
    expect(rows, 3, ZG_FORMAT_TABLE, "over openblas", NULL);
    expect(rows, 3, ZG_FORMAT_TABLE, "2.00x [1.50, 3.50] *", NULL);
    expect(rows, 3, ZG_FORMAT_TABLE, "more than a factor of two", NULL);
    expect(rows, 3, ZG_FORMAT_MARKDOWN, "\n\n\\*  the interval spans", NULL);
}

/* ---- a sweep --------------------------------------------------------------------------------- */

static void what_varies_has_columns(void)
{
    struct zg_summary_row rows[] = {summary_row("naive", 2, 1), summary_row("fused", 1, 2),
                                    summary_row("naive", 4, 1), summary_row("fused", 2, 2)};
    rows[2].id.batch = rows[3].id.batch = 32;
    rows[2].id.algorithm = rows[3].id.algorithm = "lozo:rank=4+nu=50+eps=0.001+lr=1e-06";
    char *text = printed(rows, 4, ZG_FORMAT_TABLE);
    zg_test_expect_words(text, "lozo, nu 50, 2 threads, 2 cases of 12 blocks of the same 4 steps");
    zg_test_expect_words(text, "batch  rank  engine");
    zg_test_expect_words(text, "   32     4  fused");
    free(text);
    rows[2].n = rows[3].n = 24; /* each case has its own number */
    rows[2].steps = rows[3].steps = 8;
    text = printed(rows, 4, ZG_FORMAT_TABLE);
    zg_test_expect_words(text, ", 2 cases\n");
    zg_test_expect_words(text, "blocks  steps");
    zg_test_expect_words(text, "24      8");
    free(text);
}

/* ---- low precision --------------------------------------------------------------------------- */

static struct zg_summary_row low_row(const char *dtype, int64_t probes, double rms, double sign)
{
    struct zg_summary_row row = summary_row("fused", 0.5, 4);
    row.id.dtype = dtype;
    row.fidelity_probes = probes;
    row.fidelity_rms = rms;
    row.fidelity_sign = sign;
    return row;
}

static void expect_low(const struct zg_summary_row *low, const char *has, const char *has_not)
{
    const struct zg_summary_row rows[] = {summary_row("naive", 2, 1), *low};
    expect(rows, 2, ZG_FORMAT_TABLE, has, has_not);
}

static void what_low_precision_keeps(void)
{
    struct zg_summary_row row = low_row("bf16", 200, 0.0123, 1);
    expect_low(&row, "dtype", "bound");
    expect_low(&row, "bf16: loss within 0.02", NULL);
    expect_low(&row, "0.012", NULL);
    expect_low(&row, "100.0 %", NULL);
    row = low_row("bf16", 200, 0.047, 0.98); /* both beyond what bf16 should keep */
    expect_low(&row, "0.047 (bound 0.015)", NULL);
    expect_low(&row, "98.0 % (bound 99.5 %)", NULL);
    row =
        low_row("int8", 200, 0.047, 0.975); /* int8 may lose more of the size, less of the signs */
    expect_low(&row, "97.5 % (bound 98.0 %)", "0.047 (");
    expect_low(&row, "int8: loss within 0.1", NULL);
    row = low_row("bf16+int8", 200, 0.02, 0.99);
    expect_low(&row, "99.0 %", "bound");
    expect_low(&row, "int8: loss within 0.1", NULL);
    /* of 20 probes one wrong sign is 95 %: counted */
    row = low_row("bf16", 20, 0.01, 0.95);
    expect_low(&row, "19 of 20 signs", "bound");
    row = low_row("bf16", 20, 0.01, 1);
    expect_low(&row, "100.0 %", "of 20");
    row = low_row("bf16", 20, INFINITY, 0.5); /* the losses were not finite */
    expect_low(&row, "not finite", NULL);
    expect_low(&row, "50.0 %", NULL);
    row = low_row("bf16", ZG_NO_INTEGER, NAN, NAN); /* not measured */
    expect_low(&row, "dtype", "sign match");
    row = low_row(NULL, 200, 0.001, 1);
    expect_low(&row, "dL error", "dtype");
}

/* Where there is no room, what low precision keeps goes; unless it is too little. */
static void what_is_outside_stays(void)
{
    struct zg_summary_row rows[] = {low_row("bf16", 200, 0.01, 1), low_row("bf16", 200, 0.01, 1)};
    rows[1].id.model = "opt-1.3b";
    rows[1].id.task = "another task";
    rows[1].id.split = "dev";
    rows[1].id.batch = 32;
    rows[1].id.threads = 4;
    zg_page_set_wide(false);
    expect(rows, 2, ZG_FORMAT_TABLE, "--wide also has: ", "100.0 %");
    rows[1].fidelity_rms = 0.047;
    expect(rows, 2, ZG_FORMAT_TABLE, "0.047", NULL);
    expect(rows, 2, ZG_FORMAT_TABLE, "100.0 %", NULL);
    zg_page_set_wide(true);
}

static void what_counters_say(void)
{
    struct zg_summary_row rows[] = {summary_row("naive", 2, 1), summary_row("fused", 1, 2)};
    expect(rows, 2, ZG_FORMAT_TABLE, NULL, "instr/cycle");
    for (int i = 0; i < 2; i++) {
        rows[i].counts_estimated = i;
        rows[i].instructions_per_cycle = 1.234;
        rows[i].ghz = 3.5;
        rows[i].bytes_per_flop = NAN;
    }
    expect(rows, 2, ZG_FORMAT_TABLE, "instr/cycle   GHz", NULL);
    expect(rows, 2, ZG_FORMAT_TABLE, " 1.23  ", NULL);
    expect(rows, 2, ZG_FORMAT_TABLE, "~1.23  ~3.5", NULL);
}

static void no_memory(void)
{
    struct zg_table *table = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_table_finish(&table, ZG_FORMAT_TABLE, ZG_ENV, &err), ZG_ENV);
    CU_ASSERT_STRING_EQUAL(err.text, ""); /* whoever failed has said why */
}

int main(void)
{
    zg_page_set_wide(true);
    static const struct zg_test tests[] = {
        {"one case", one_case},
        {"for programs all columns", for_programs_all_columns},
        {"engines that were not timed", engines_that_were_not_timed},
        {"a second baseline", a_second_baseline},
        {"what varies has columns", what_varies_has_columns},
        {"what low precision keeps", what_low_precision_keeps},
        {"what is outside stays", what_is_outside_stays},
        {"what counters say", what_counters_say},
        {"a table that was not made", no_memory},
        {0}};
    return zg_test_run("gap table", tests);
}
