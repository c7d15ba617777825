/* test_sweep_tell.c - sweep_tell.h: the names of a sweep's cases, their notes and results, and the
 * time that is left. */
#include "harness/run/sweep_tell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/run/estimate.h"
#include "tests/support/cunit_run.h"

static struct zg_request request;
static struct zg_session session;
static struct zg_session_case cases[8];
static struct zg_entry entries[8][ZG_MAX_ENGINES];

static void add_axis(const char *name, const char *values)
{
    const struct zg_flag *flag = zg_case_flags;
    while (strcmp(flag->name, name) != 0)
        flag++;
    CU_ASSERT_EQUAL_FATAL(zg_sweep_add(&request.sweep, flag, values, NULL), ZG_OK);
}

static void open_session(void)
{
    memset(&request, 0, sizeof request);
    request.policy.max_time_s = -1;
    add_axis("model", "opt-125m");
    add_axis("batch", "2,8");
    add_axis("seed", "1,5,7");
    session = (struct zg_session){
        .request = &request, .isa = ZG_ISA_AVX2, .n_threads = 2, .cases = cases};
    CU_ASSERT_EQUAL_FATAL(zg_engine_list_parse(&session.engines, "naive,fused", NULL, NULL), ZG_OK);
    session.n_cases = zg_sweep_n_cases(&request.sweep);
    CU_ASSERT_EQUAL_FATAL(session.n_cases, 6);
    for (int64_t i = 0; i < session.n_cases; i++) {
        CU_ASSERT_EQUAL_FATAL(zg_sweep_case(&request.sweep, i, &cases[i].c, NULL), ZG_OK);
        cases[i].entries = entries[i];
        for (int64_t e = 0; e < 2; e++)
            zg_entry_make(&entries[i][e], &cases[i].c, &session.engines.items[e], 2);
    }
}

static void close_session(void)
{
    zg_engine_list_close(&session.engines);
    zg_sweep_close(&request.sweep);
}

/* A case's name has what the sweep's case really is. */
static void cases_are_named_by_what_varies(void)
{
    char name[64], want[64];
    open_session();
    for (int64_t i = 0; i < session.n_cases; i++) {
        snprintf(want, sizeof want, "batch %lld, seed %llu", (long long)cases[i].c.batch,
                 (unsigned long long)cases[i].c.seed);
        CU_ASSERT_STRING_EQUAL(zg_sweep_case_name(&session, i, name, sizeof name), want);
    }
    CU_ASSERT_STRING_EQUAL(zg_sweep_case_name(&session, 5, name, sizeof name), "batch 8, seed 7");
    close_session();
    memset(&request, 0, sizeof request);
    add_axis("batch", "2");
    CU_ASSERT_STRING_EQUAL(zg_sweep_case_name(&session, 0, name, sizeof name), "");
    zg_sweep_close(&request.sweep);
}

static void notes_name_their_case(void)
{
    char *text = NULL;
    size_t size;
    open_session();
    FILE *out = open_memstream(&text, &size);
    zg_sweep_put_notes(&session, 4, "note: 3 of 12: x\nfidelity: y\nplain\n", out);
    fclose(out);
    CU_ASSERT_STRING_EQUAL(text, "note: batch 8, seed 5: 3 of 12: x\n"
                                 "fidelity: batch 8, seed 5: y\nbatch 8, seed 5: plain\n");
    free(text);
    close_session();
}

static void results_are_one_paragraph(void)
{
    struct zg_summary_row rows[2];
    char *text = NULL;
    size_t size;
    open_session();
    for (int i = 0; i < 2; i++) {
        zg_row_clear(&zg_schema_summary, &rows[i]);
        rows[i].id.engine = i ? "fused" : "naive";
        rows[i].wall_s_per_step_median = i ? 0.07 : 0.184;
        rows[i].speedup = i ? 2.63 : 1;
        rows[i].speedup_ci_low = i ? 2.5 : 1;
        rows[i].speedup_ci_high = i ? 2.8 : 1;
        rows[i].verified = 1;
    }
    FILE *out = open_memstream(&text, &size);
    zg_sweep_tell_result(&session, 1, rows, out);
    rows[1].verified = 0;
    rows[1].speedup = NAN;
    zg_sweep_tell_result(&session, 1, rows, out);
    fclose(out);
    CU_ASSERT_STRING_EQUAL(
        text, "case 2 of 6, batch 2, seed 5: naive 0.184 s; fused 70.0 ms, 2.63x [2.50, 2.80]\n"
              "case 2 of 6, batch 2, seed 5: naive 0.184 s; fused disagrees\n");
    free(text);
    close_session();
}

/* Estimates are scaled by how the cases before came true. */
static void the_rest_is_scaled(void)
{
    open_session();
    double rest_s = 0;
    const double first_s = zg_estimate_s(&session, 0);
    for (int64_t i = 1; i < session.n_cases; i++)
        rest_s += zg_estimate_s(&session, i);
    const struct zg_sweep_pace none = {0};
    CU_ASSERT_DOUBLE_EQUAL(zg_sweep_rest_s(&session, 0, &none, first_s), rest_s, 1e-9 * rest_s);
    CU_ASSERT_DOUBLE_EQUAL(zg_sweep_rest_s(&session, 0, &none, 2 * first_s), 2 * rest_s,
                           1e-9 * rest_s);
    const struct zg_sweep_pace slow = {.spent_s = 3 * first_s, .estimated_s = first_s};
    const double second_s = zg_estimate_s(&session, 1);
    CU_ASSERT_DOUBLE_EQUAL(zg_sweep_rest_s(&session, 1, &slow, 3 * second_s),
                           3 * (rest_s - second_s), 1e-9 * rest_s);
    CU_ASSERT_EQUAL(zg_sweep_rest_s(&session, session.n_cases - 1, &slow, 1), 0);
    close_session();
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"cases are named by what varies", cases_are_named_by_what_varies},
        {"notes name their case", notes_name_their_case},
        {"results are one paragraph", results_are_one_paragraph},
        {"the rest is scaled", the_rest_is_scaled},
        {NULL, NULL}};
    return zg_test_run("sweep_tell", tests);
}
