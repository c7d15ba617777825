/*
 * result_fixture.h - writes small result directories with the times that a test wants, to test what
 * reads them: result sets, compare, gate.
 *
 *     const double fast[] = {1.0, 1.1, 0.9, 1.0, 1.0, 1.0};
 *     struct zg_fixture_engine engines[] = {{.engine = "naive", .n = 6, .wall_s = slow},
 *                                           {.engine = "fused", .n = 6, .wall_s = fast}};
 *     struct zg_fixture fixture = {.n_engines = 2, .engines = engines, .baseline = "naive"};
 *     zg_fixture_write(dir, &fixture);
 *
 * A failure to write is a failed CUnit assertion.
 */
#ifndef ZG_TESTS_RESULT_FIXTURE_H
#define ZG_TESTS_RESULT_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

/* A row of summary.csv, its samples and its row of verify.csv. */
struct zg_fixture_engine {
    const char *engine;
    const char *dtype;          /* NULL: fp32 */
    const char *algorithm;      /* NULL: lozo with its defaults */
    int64_t batch;              /* 0: 16 */
    int64_t threads;            /* 0: 2 */
    int64_t n;                  /* blocks; 0: not timed */
    const double *wall_s;       /* [n] a step */
    const double *instructions; /* [n] of a span, NULL: the cells are empty */
    bool disagrees;             /* verified 0 */
    double useful_flops;        /* a step; 0: 1e9 */
};

struct zg_fixture {
    int64_t n_engines;
    const struct zg_fixture_engine *engines;
    const char *baseline;  /* NULL: the first engine */
    const char *cpu_name;  /* NULL: "Test CPU" */
    const char *kernel;    /* NULL: "6.1.0" */
    double fp32_gflops;    /* measured peak; 0: 100 */
    bool has_instructions; /* samples.csv has the column */
    const char *meta;      /* an object whose members replace meta.json's; NULL: none */
};

/* Writes meta.json, samples.csv, summary.csv and verify.csv into the directory, which exists. */
void zg_fixture_write(const char *dir, const struct zg_fixture *fixture);

#endif
