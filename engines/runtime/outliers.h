/*
 * outliers.h - which columns of an int8 product are better left in bf16.
 *
 * A row x of n columns that meets int8 weights is rounded with one scale, s = max|x_k| / 127, and a
 * row w of W with t = max|w_k| / 127.  Rounding to a grid of step s errs by s^2 / 12 in the mean
 * square, so that an output errs by
 *
 *     E = 1/12 (s^2 sum_k w_k^2  +  t^2 sum_k x_k^2)
 *
 * One column of x that is 20 times as large as the others makes s 20 times as large for all of
 * them, and takes most of the second sum too.  The columns that are kept leave both maxima and both
 * sums.
 */
#ifndef ZG_RUNTIME_OUTLIERS_H
#define ZG_RUNTIME_OUTLIERS_H

#include <stdint.h>

#include "engines/runtime/provider.h"

struct zg_outlier_sample {
    int64_t n_in;
    const float *x; /* [n_rows][ldx] rows that meet the weights; zero and non-finite ones do not
                       count */
    int64_t ldx, n_rows;
    const float *w; /* [n_weights][n_in] rows of W */
    int64_t n_weights;
};

/* The columns to keep, ascending, in columns[ZG_MAX_KEPT]; returns how many, mostly 0.  `scratch`
 * has room for n_in.  A function of the numbers alone: the same in every run. */
int64_t zg_outliers_choose(const struct zg_outlier_sample *sample, double *scratch,
                           int32_t *columns);

#endif
