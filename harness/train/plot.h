/*
 * plot.h - the curves as pictures: in plain characters for the standard output, and as curve.gp, a
 * gnuplot script that draws curve.csv to curve.svg: loss and metric of the dev rows, over steps and
 * over each engine's own time.
 */
#ifndef ZG_TRAIN_PLOT_H
#define ZG_TRAIN_PLOT_H

#include <stdbool.h>
#include <stdio.h>

#include "engines/error.h"
#include "harness/rows/row_list.h"

struct zg_train_picture {
    const char *title;          /* model, task, algorithm, ... */
    const char *metric;         /* its name; NULL: there is none, and losses alone are drawn */
    const char *const *engines; /* [n_engines] labels */
    int64_t n_engines;
    const struct zg_row_list *curve; /* rows of curve.csv */
};

/* The metric of the dev rows, or where there is none their loss, over steps. */
enum zg_status zg_train_plot_text(const struct zg_train_picture *picture, FILE *out,
                                  struct zg_error *err);

/* Writes dir/curve.gp and runs gnuplot on it.  note[size] says why there is no picture; "": there
 * is.  ZG_ENV: the script cannot be written. */
enum zg_status zg_train_plot_svg(const struct zg_train_picture *picture, const char *dir,
                                 char *note, size_t size, struct zg_error *err);

#endif
