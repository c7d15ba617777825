/* summary_rows.h - rows of summary.csv to print: a case of two engines, as a run would have it. */
#ifndef ZG_TESTS_SUMMARY_ROWS_H
#define ZG_TESTS_SUMMARY_ROWS_H

#include "harness/rows/schema.h"

#define ZG_TEST_ALGORITHM "lozo:rank=2+nu=50+eps=0.001+lr=1e-06"

static inline struct zg_summary_row summary_row(const char *engine, double wall_s, double speedup)
{
    struct zg_summary_row row;
    zg_row_clear(&zg_schema_summary, &row);
    row.id = (struct zg_case_row){.engine = engine,
                                  .model = "opt-125m",
                                  .task = "sst2",
                                  .objective = "task",
                                  .algorithm = ZG_TEST_ALGORITHM,
                                  .dtype = "fp32",
                                  .scope = "linear",
                                  .split = "train",
                                  .batch = 16,
                                  .bos = -1,
                                  .row_limit = ZG_NO_INTEGER,
                                  .threads = 2,
                                  .seed = 1,
                                  .synthetic = 0,
                                  .layers_resident = ZG_NO_INTEGER};
    row.n = 12;
    row.steps = 4;
    row.layers = 12;
    row.baseline = "naive";
    row.wall_s_per_step_median = wall_s;
    row.wall_s_per_step_ci_low = wall_s * 0.95;
    row.wall_s_per_step_ci_high = wall_s * 1.05;
    row.speedup = speedup;
    row.speedup_ci_low = speedup * 0.95;
    row.speedup_ci_high = speedup * 1.05;
    row.gflops_useful = 100 * speedup;
    row.peak_share = 0.1 * speedup;
    row.peak_share_then = 0.1 * speedup;
    row.executed_peak_share = 0.2 * speedup;
    row.peak_rss_mib = 512;
    row.verified = 1;
    row.extrapolated = 0;
    row.n_disturbed = 0;
    return row;
}

#endif
