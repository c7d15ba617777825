/*
 * ladder_plot.h - the waterfall of a ladder: a gnuplot script beside ladder.csv, and its SVG where
 * gnuplot is installed.
 */
#ifndef ZG_HARNESS_LADDER_PLOT_H
#define ZG_HARNESS_LADDER_PLOT_H

#include "harness/ladder/ladder_rows.h"

/* Writes dir/ladder.gp, which draws dir/ladder.csv, and runs it: ladder.svg, or ladder-1.svg,
 * ladder-2.svg, ... where there are several cases.  The script holds no data; `gnuplot ladder.gp`
 * in the directory draws again.  Without gnuplot, or where it fails, `note` says so, else it is "";
 * only the script's own write is a failure. */
enum zg_status zg_ladder_plot(const struct zg_ladder_result *results, int64_t n, const char *dir,
                              char *note, size_t note_size, struct zg_error *err);

#endif
