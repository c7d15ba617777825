/*
 * curve.h - curve.csv while it grows: a row of an engine after some of its steps, written and
 * synced at once.
 *
 * Rows come step by step, and within a step in the order of the engines.  A training that is gone
 * on with makes every row again, from the steps that it replays; those that the file has are taken
 * from it, for an evaluation costs more than a row, and must be the rows that come now:
 *
 *     row = zg_train_curve_next(&curve)      // NULL: the file has no more
 *     zg_train_curve_take(&curve, &due, &err) // it is the row that is due
 *     zg_train_curve_add(&curve, &due, &err)  // there is none: it is written
 */
#ifndef ZG_TRAIN_CURVE_H
#define ZG_TRAIN_CURVE_H

#include <stdbool.h>

#include "harness/rows/case_row.h"
#include "harness/rows/csv_in.h"
#include "harness/rows/csv_out.h"
#include "harness/rows/row_list.h"

struct zg_train_curve {
    const char *dir;
    struct zg_csv_out *out;
    struct zg_csv_in *old;  /* of a training that is gone on with; NULL: none */
    int64_t n_old, next;    /* rows that are kept; which is taken next */
    struct zg_row_list all; /* every row of the training, for tables and plots */
};

/* Opens dir/curve.csv.  Where it is gone on with, rows up to step n_steps are kept, which all
 * engines have done, and the file loses the others: a torn one, and those of steps that were lost.
 * A text for people goes to note[size], "" where nothing was cut off.  ZG_INPUT: no such file of
 * rows.  ZG_ENV: it cannot be written. */
enum zg_status zg_train_curve_open(struct zg_train_curve *out, const char *dir, bool go_on,
                                   int64_t n_steps, char *note, size_t size, struct zg_error *err);
void zg_train_curve_close(struct zg_train_curve *curve);

/* The next row of the file, if it is the engine's after so many steps; NULL: it is another, or
 * there is none. */
const struct zg_curve_row *zg_train_curve_next(const struct zg_train_curve *curve,
                                               const char *engine, int64_t n_steps);

/* Takes the next row in place of `due`, which gets its evaluation and its times.  ZG_INPUT: what
 * follows from the steps is another row. */
enum zg_status zg_train_curve_take(struct zg_train_curve *curve, struct zg_curve_row *due,
                                   struct zg_error *err);

/* ZG_INPUT: the file has rows that should have come before the one that is due now. */
enum zg_status zg_train_curve_check_end(const struct zg_train_curve *curve, struct zg_error *err);

/* Appends a row and syncs it.  ZG_INPUT as above. */
enum zg_status zg_train_curve_add(struct zg_train_curve *curve, const struct zg_curve_row *row,
                                  struct zg_error *err);

#endif
