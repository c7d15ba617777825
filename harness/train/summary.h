/*
 * summary.h - train.csv: what a training came to, a row an engine, from its steps and its rows of
 * the curve.
 */
#ifndef ZG_TRAIN_SUMMARY_H
#define ZG_TRAIN_SUMMARY_H

#include "harness/rows/row_list.h"
#include "harness/rows/table.h"
#include "harness/train/history.h"

/* What a row is made of; texts are borrowed. */
struct zg_train_ending {
    const struct zg_case_row *id;
    const struct zg_train_history *history, *reference; /* the reference's own: itself */
    const char *reference_name;
    const struct zg_row_list *curve; /* of all engines */
    const char *ended, *metric;      /* metric NULL: there is none */
    const char *rows, *weights;      /* hashes; NULL: not known */
    int64_t n_train, n_dev, n_eval;
    double epochs, target;
};

/* The columns of an engine, those of its agreement with the reference too.  reference_row: what the
 * first engine's came to, NULL for itself. */
void zg_train_summarise(const struct zg_train_ending *ending,
                        const struct zg_train_row *reference_row, struct zg_train_row *out);

/* Prints rows [n] of one training: a table for people, all columns in every other form. */
enum zg_status zg_train_table_print(const struct zg_train_row *rows, int64_t n,
                                    enum zg_format format, struct zg_error *err);

#endif
