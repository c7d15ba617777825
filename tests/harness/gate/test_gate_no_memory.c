/* test_gate_no_memory.c - each allocation of a gate of two directories fails once, from reading
 * them to the printed verdicts: exit code 4 and one sentence, or no harm. */
#include <stdio.h>

#include "harness/gate/gate.h"
#include "tests/harness/result_fixture.h"
#include "tests/support/cunit_run.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/temp_dir.h"

enum { N = 10 };

static char places[2][64];

static void write_results(const char *dir, double factor)
{
    static const double noise[N] = {1.00, 0.99, 1.01, 1.005, 0.995, 1.00, 1.01, 0.99, 1.003, 0.997};
    double naive_s[N], fused_s[N];
    for (int i = 0; i < N; i++) {
        naive_s[i] = 2 * noise[i];
        fused_s[i] = factor * noise[(i * 7) % N];
    }
    const struct zg_fixture_engine engines[] = {{.engine = "naive", .n = N, .wall_s = naive_s},
                                                {.engine = "fused", .n = N, .wall_s = fused_s}};
    zg_fixture_write(dir, &(struct zg_fixture){.n_engines = 2, .engines = engines});
}

static enum zg_status gate_of(enum zg_gate_measure measure, enum zg_format format,
                              struct zg_error *err)
{
    struct zg_gate gate = {0};
    const struct zg_gate_dirs dirs = {
        .dirs = {places[0], places[1]}, .measure = measure, .max_regression = -1};
    FILE *const out = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    enum zg_status status = zg_gate_add_dirs(&gate, &dirs, err);
    if (!status)
        status = zg_gate_judge(&gate, err);
    if (!status) {
        CU_ASSERT_EQUAL(zg_gate_count(&gate, ZG_JUDGED_WORSE), 1);
        status = zg_gate_print(&gate, format, out, "a file", err);
    }
    if (!status)
        status = zg_gate_json(&gate, out, err);
    if (!status)
        status = zg_gate_markdown(&gate, out, err);
    if (!status)
        status = zg_gate_junit(&gate, out, err);
    CU_ASSERT(status || ftell(out) > 0);
    fclose(out);
    zg_gate_close(&gate);
    return status;
}

static void sweep(enum zg_gate_measure measure, enum zg_format format)
{
    for (int n = 1;; n++) {
        struct zg_error err = {0};
        fail_allocation(n);
        const enum zg_status status = gate_of(measure, format, &err);
        if (!allocation_failed()) {
            if (status)
                printf("\n    %s", err.text);
            CU_ASSERT_EQUAL(status, ZG_OK);
            return;
        }
        CU_ASSERT(status == ZG_OK || (status == ZG_ENV && err.text[0]));
        if (status && status != ZG_ENV)
            printf("\n    allocation %d: status %d: %s", n, (int)status, err.text);
    }
}

static void the_results(void)
{
    write_results(places[0], 1.0);
    write_results(places[1], 1.2);
}

static void seconds(void)
{
    sweep(ZG_GATE_SECONDS, ZG_FORMAT_TABLE);
    sweep(ZG_GATE_SECONDS, ZG_FORMAT_CSV);
}

static void ratios(void)
{
    sweep(ZG_GATE_RATIO, ZG_FORMAT_JSON);
    sweep(ZG_GATE_RATIO, ZG_FORMAT_MARKDOWN);
}

int main(void)
{
    make_temp_dir(places[0]);
    make_temp_dir(places[1]);
    static const struct zg_test tests[] = {
        {"the results", the_results}, {"seconds", seconds}, {"ratios", ratios}, {NULL, NULL}};
    const int failed = zg_test_run("gate, no memory", tests);
    remove_temp_dir(places[0]);
    remove_temp_dir(places[1]);
    return failed;
}
