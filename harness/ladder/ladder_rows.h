/*
 * ladder_rows.h - what a measured ladder says: the rows of ladder.csv, from the summary and the
 * samples of its engines.
 *
 * The time of rung i in block b is fitted as t_i * s_b: s_b is how slow the machine was in that
 * block, the same for all rungs (Tukey's median polish of the logarithms, which a burst that hits
 * single samples does not move).  The ratio of a rung is t_{i-1} / t_i, and its share of the gap is
 *
 *     log(t_{i-1} / t_i) / log(t_0 / t_n)
 *
 * so shares add to 1 and ratios multiply to t_0 / t_n, whatever the times are.  Where a ratio has
 * no interval, of fewer than six blocks, there is no share.  That product is
 * held against the ratio measured end to end without the fit: the median over blocks of the paired
 * ratio of the loop and the last rung, with its exact interval (stats.h).  They are two estimates
 * of one number from the same samples; where they are far apart, bursts hit so many samples of the
 * two ends that no estimate is to be trusted.  It does not test the rungs between: their
 * intervals do, those of the median of paired ratios with the rung before.
 *
 * Why not the medians of paired ratios themselves: a median is not additive, so twelve of them, of
 * six blocks each, multiply to something else.  In simulations of a run at 125M (13 rungs of 0.5 to
 * 6 s, a neighbour who takes a fifth to a third of the speed in bursts of 0.5 to 30 s) that was a
 * median of 2 to 7 % apart from end to end, and over 5 % in 20 to 60 runs of a hundred, hardly less
 * with longer samples or nine blocks; the fit was 0.5 to 1.4 % apart, and over 5 % in less than one
 * run of ten (test_ladder.c plays such runs).  That makes the ladder consistent, not more accurate:
 * its single ratios miss the truth about as often as medians of paired ones do.  Ratios
 * of plain medians over blocks multiply as well, but do not see that a block was slow for all.
 *
 * A rung that failed its check was not timed: it has no ratio and no share, and the next one is
 * held against the last that was timed.
 */
#ifndef ZG_HARNESS_LADDER_ROWS_H
#define ZG_HARNESS_LADDER_ROWS_H

#include "harness/ladder/ladder.h"
#include "harness/store/writer.h"

struct zg_ladder_result { /* of one case; must not be copied: rows point into it */
    struct zg_ladder_row rows[ZG_MAX_RUNGS];
    int64_t n_rows;
    char changed[ZG_MAX_RUNGS][160];
    /* What ratios multiply to, and the loop's time over the last rung's as measured, the median of
     * paired ratios; leaving one out, product is NaN. */
    double product, end_to_end, end_to_end_ci_low, end_to_end_ci_high;
    double apart_percent; /* |product / end_to_end - 1| */
};

/* How far apart they may be before the run is called too noisy. */
#define ZG_LADDER_APART_PERCENT 5.0

/* Does the ratio say faster where the medians of times say slower, or otherwise, by more than
 * rounding hides? */
bool zg_ladder_row_is_apart(const struct zg_ladder_row *row);

/* From the case's summary rows [n_rungs] and the wall time of each rung in each block,
 * walls[n_rungs][n_blocks], NaN where there is none.  Texts are borrowed from ladder and rows. */
enum zg_status zg_ladder_evaluate(struct zg_ladder_result *out, const struct zg_ladder *ladder,
                                  const struct zg_summary_row *summary, const double *walls,
                                  int64_t n_blocks, struct zg_error *err);

/* The same for every finished case of a run: out[summary.n / n_rungs], from the summary in memory
 * and samples.csv. */
enum zg_status zg_ladder_evaluate_run(struct zg_ladder_result *out, const struct zg_ladder *ladder,
                                      const struct zg_result_writer *results, struct zg_error *err);

/* What ladder.csv says, read back: (*out)[*n] cases, to be freed by the caller; texts are borrowed
 * from csv.  ZG_INPUT, naming `path`: rungs that are no ladder.  ZG_ENV: no memory. */
enum zg_status zg_ladder_read(struct zg_ladder_result **out, int64_t *n,
                              const struct zg_csv_in *csv, const char *path, struct zg_error *err);

/* Writes dir/ladder.csv, whole or not at all. */
enum zg_status zg_ladder_write(const struct zg_ladder_result *results, int64_t n, const char *dir,
                               struct zg_error *err);

#endif
