/*
 * outliers.c - names the columns that may be outliers and judges how many of them to keep.
 *
 * Candidates are the columns with most energy, each row scaled to energy 1: rows of different size
 * (a half difference beside a mean) count alike, as their rounding does.  Of the candidates, the
 * first n are kept, for the n that makes log E + 8 n / n_in smallest: leaving out a column like all
 * others lowers log E by about 1 / n_in, while a column in bf16 takes the time of about eight in
 * int8 (`zogap roofline` on a machine with VNNI).  All of n are judged, not one column at a time,
 * because of two outliers the second alone still sets the scale.  And the rms error has to fall by
 * a tenth: less is not worth a second product.
 *
 * Every other row names the candidates and the rest judges them.  Judged by the rows that named
 * them, the largest of a few rows' random columns would always seem to pay.  What judges is a
 * sample still: of the n whose cost is within its noise of the smallest, the least is taken.
 */
#include "engines/runtime/outliers.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "engines/base/size.h"

#define COLUMN_PRICE 8.0  /* a column in bf16, in columns of int8 */
#define NOISE        0.05 /* of log E */
#define WORTH        0.81 /* E falls to this or below: its root by a tenth */
#define MIN_ROWS     4    /* that count */

/* Sum of squares; 0 where the row says nothing. */
static double energy_of(const float *row, int64_t n)
{
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++)
        sum += (double)row[k] * (double)row[k];
    return isfinite(sum) ? sum : 0.0;
}

/* The next row with energy at or after `row`, -1 if there is none. */
static int64_t next_row(const struct zg_outlier_sample *in, int64_t row, double *energy)
{
    for (; row < in->n_rows; row++)
        if ((*energy = energy_of(in->x + row * in->ldx, in->n_in)) > 0.0)
            return row;
    return -1;
}

/* By energy, most first; they are marked by -1 in `energy` [n_in]. */
static int64_t name_candidates(const struct zg_outlier_sample *in, double *energy, int32_t *columns)
{
    /* A quarter of a small matrix is no outlier any more. */
    const int64_t n = zg_min64(ZG_MAX_KEPT, in->n_in / 4);
    double total = 0.0;
    int64_t n_rows = 0;
    for (int64_t k = 0; k < in->n_in; k++)
        energy[k] = 0.0;
    for (int64_t i = 0; (i = next_row(in, i, &total)) >= 0; i++) {
        const bool names = n_rows++ % 2 == 0;
        for (int64_t k = 0; names && k < in->n_in; k++) {
            const double x = (double)in->x[i * in->ldx + k];
            energy[k] += x * x / total;
        }
    }
    for (int64_t c = 0; c < n; c++) {
        int64_t most = 0;
        for (int64_t k = 1; k < in->n_in; k++)
            if (energy[k] > energy[most])
                most = k;
        columns[c] = (int32_t)most;
        energy[most] = -1.0;
    }
    return n;
}

/* Of one row without the first n candidates, n = 0 .. n_candidates: the largest element, and the
 * sum of squares, of which the row's own is `total`. */
struct tail {
    double largest[ZG_MAX_KEPT + 1], energy[ZG_MAX_KEPT + 1];
};

static void measure_tail(const float *row, int64_t n_in, double total, const double *marks,
                         const int32_t *columns, int64_t n_candidates, struct tail *tail)
{
    double largest = 0.0;
    for (int64_t k = 0; k < n_in; k++)
        if (marks[k] >= 0.0)
            largest = fmax(largest, fabs((double)row[k]));
    tail->energy[0] = total;
    for (int64_t n = 0; n < n_candidates; n++) {
        const double x = (double)row[columns[n]];
        tail->energy[n + 1] = fmax(0.0, tail->energy[n] - x * x);
    }
    tail->largest[n_candidates] = largest;
    for (int64_t n = n_candidates - 1; n >= 0; n--)
        tail->largest[n] = fmax(tail->largest[n + 1], fabs((double)row[columns[n]]));
}

/* error[n]: 12 * 127^2 E, summed over the rows that judge, each at energy 1, and averaged over rows
 * of W.  Returns how many rows count. */
static int64_t predict(const struct zg_outlier_sample *in, const double *marks,
                       const int32_t *columns, int64_t n_candidates, double *error)
{
    double w_energy[ZG_MAX_KEPT + 1] = {0}, w_largest[ZG_MAX_KEPT + 1] = {0};
    struct tail tail;
    for (int64_t o = 0; o < in->n_weights; o++) {
        const float *row = in->w + o * in->n_in;
        measure_tail(row, in->n_in, energy_of(row, in->n_in), marks, columns, n_candidates, &tail);
        for (int64_t n = 0; n <= n_candidates; n++) {
            w_energy[n] += tail.energy[n] / (double)in->n_weights;
            w_largest[n] += tail.largest[n] * tail.largest[n] / (double)in->n_weights;
        }
    }
    double total = 0.0;
    int64_t n_rows = 0;
    for (int64_t n = 0; n <= n_candidates; n++)
        error[n] = 0.0;
    for (int64_t i = 0; (i = next_row(in, i, &total)) >= 0; i++) {
        if (n_rows++ % 2 == 0) /* it has named */
            continue;
        measure_tail(in->x + i * in->ldx, in->n_in, total, marks, columns, n_candidates, &tail);
        for (int64_t n = 0; n <= n_candidates; n++)
            error[n] +=
                (tail.largest[n] * tail.largest[n] * w_energy[n] + w_largest[n] * tail.energy[n]) /
                total;
    }
    return n_rows;
}

static int compare_columns(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

int64_t zg_outliers_choose(const struct zg_outlier_sample *sample, double *scratch,
                           int32_t *columns)
{
    double cost[ZG_MAX_KEPT + 1], error[ZG_MAX_KEPT + 1], least = INFINITY;
    const int64_t n_candidates = name_candidates(sample, scratch, columns);
    const int64_t n_rows = predict(sample, scratch, columns, n_candidates, error);
    if (n_rows < MIN_ROWS || !(error[0] > 0.0))
        return 0;
    for (int64_t n = 0; n <= n_candidates; n++) {
        cost[n] = log(error[n]) + COLUMN_PRICE * (double)n / (double)sample->n_in;
        least = fmin(least, cost[n]);
    }
    int64_t n_kept = 0;
    while (cost[n_kept] > least + NOISE)
        n_kept++;
    if (error[n_kept] > WORTH * error[0])
        return 0;
    qsort(columns, (size_t)n_kept, sizeof *columns, compare_columns);
    return n_kept;
}
