/*
 * text_plot.h - a curve in plain characters: what a terminal, a log and a page of text all show.
 *
 *     accuracy (dev)
 *     0.90 |                                      o  o   o
 *          |                  o    o   o   o  x
 *     0.70 |          o   x
 *          |     x
 *     0.50 |o
 *          +--------------------------------------------------
 *           0                     steps                   3000
 *           o naive   x fused
 */
#ifndef ZG_TRAIN_TEXT_PLOT_H
#define ZG_TRAIN_TEXT_PLOT_H

#include <stdint.h>
#include <stdio.h>

struct zg_text_curve {
    const char *name;
    const double *x, *y; /* [n]; what is not finite is left out */
    int64_t n;
};

struct zg_text_axes {
    const char *title; /* above the plot: what y is */
    const char *x_name;
    int64_t n_columns, n_rows; /* of the plot itself, without its axes: at least 10 and 3 */
};

enum { ZG_TEXT_CURVES = 8 }; /* that have a mark of their own */

/* Draws up to ZG_TEXT_CURVES curves; of two points in one place the first curve's is seen.  Prints
 * nothing where no point is finite. */
void zg_text_plot(const struct zg_text_curve *curves, int64_t n, const struct zg_text_axes *axes,
                  FILE *out);

#endif
