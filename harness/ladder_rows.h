/*
 * ladder_rows.h - what a measured ladder says: the rows of ladder.csv, from the summary and the
 * samples of its engines.
 *
 * With t_i the median step time of rung i, its share of the gap is
 *
 *     log(t_{i-1} / t_i) / log(t_0 / t_n)
 *
 * so shares add to 1 whatever the times are.  The ratio of a rung is the median over blocks of the
 * paired ratio, with its exact interval (stats.h); the medians of ratios need not multiply to the
 * ratio measured end to end, and by how much they fail to is said.
 *
 * A rung that failed its check was not timed: it has no ratio and no share, and the next one is
 * held against the last that was timed.
 */
#ifndef ZG_HARNESS_LADDER_ROWS_H
#define ZG_HARNESS_LADDER_ROWS_H

#include "harness/ladder.h"
#include "harness/results.h"

struct zg_ladder_result { /* of one case; must not be copied: rows point into it */
    struct zg_ladder_row rows[ZG_MAX_RUNGS];
    int64_t n_rows;
    char changed[ZG_MAX_RUNGS][160];
    /* What ratios multiply to, and the loop's time over the last rung's as measured; leaving one
     * out, product is NaN. */
    double product, end_to_end, end_to_end_ci_low, end_to_end_ci_high;
    double apart_percent; /* |product / end_to_end - 1| */
};

/* How far apart they may be before the run is called too noisy. */
#define ZG_LADDER_APART_PERCENT 5.0

/* From the case's summary rows [n_rungs] and the wall time of each rung in each block,
 * walls[n_rungs][n_blocks], NaN where there is none.  Texts are borrowed from ladder and rows. */
enum zg_status zg_ladder_evaluate(struct zg_ladder_result *out, const struct zg_ladder *ladder,
                                  const struct zg_summary_row *summary, const double *walls,
                                  int64_t n_blocks, struct zg_error *err);

/* The same for every finished case of a run: out[summary.n / n_rungs], from the summary in memory
 * and samples.csv. */
enum zg_status zg_ladder_evaluate_run(struct zg_ladder_result *out, const struct zg_ladder *ladder,
                                      const struct zg_results *results, struct zg_error *err);

/* Writes dir/ladder.csv, whole or not at all. */
enum zg_status zg_ladder_write(const struct zg_ladder_result *results, int64_t n, const char *dir,
                               struct zg_error *err);

#endif
