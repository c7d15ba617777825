/*
 * split.h - which rows train, which choose between checkpoints (dev) and which evaluate, as the
 * official protocol draws them.
 *
 *     struct zg_protocol rows;
 *     const struct zg_protocol_request request = {.n_train_rows = 67349, .n_dev_rows = 872,
 *         .train = 1000, .dev = 500, .eval = 1000, .seed = 0};
 *     if (!zg_split_protocol(&rows, &request, &err)) {
 *         use(rows.train, rows.n_train);             // rows of the training file
 *         if (rows.note[0])
 *             tell(rows.note);
 *     }
 *     zg_protocol_free(&rows);
 *
 * A row is its order number in its file, from 0.  MeZO's large_models, which LOZO and others
 * inherit (tasks.py, sample_subset and sample_train_sets; run.py):
 *
 *     P = numpy's permutation of the training file's rows under the seed (mt19937.h)
 *     train = the first `train` of P, dev = the `dev` after them
 *     eval  = the first `eval` of a permutation of the other file's rows, under the same seed
 *
 * Where the training file has fewer rows than train + dev:
 *
 *     more than dev      all are taken and dev keeps its size, as in run.py: WSC's 554 rows are 54
 *                        and 500
 *     dev or fewer       run.py would leave no row to train on; here both shrink alike, dev to
 *                        rows * dev / (train + dev) rounded down, and at least one
 *
 * Where one file has all rows, eval is what follows dev in P; of too few rows dev and eval have
 * rows * size / (train + dev + eval) rounded down, and at least one, train the rest up to its own
 * size.  Whatever is smaller than asked is told in a note.
 *
 * The seed is the rows' alone: directions have another.
 */
#ifndef ZG_WORKLOADS_SPLIT_H
#define ZG_WORKLOADS_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"

struct zg_protocol_request {
    int64_t n_train_rows;     /* of the file that has the training rows, >= 1 */
    int64_t n_dev_rows;       /* of the other file, which evaluates; 0: there is none */
    int64_t train, dev, eval; /* rows that are wanted; train >= 1, the others 0: none */
    uint64_t seed;            /* numpy's: below 2^32 */
};

struct zg_protocol {
    int64_t *train, *dev; /* [n_train], [n_dev] rows of the training file, in the order drawn */
    int64_t *eval;        /* [n_eval] rows of the other file, or of the training file */
    int64_t n_train, n_dev, n_eval;
    bool eval_in_train_file;
    char note[320]; /* "" or what is smaller than asked, and why: one line */
};

/* ZG_USAGE: a size or a seed out of its range.  ZG_INPUT: the files have too few rows for one of
 * each part that is wanted.  ZG_ENV: no memory.  On failure *out is empty. */
enum zg_status zg_split_protocol(struct zg_protocol *out, const struct zg_protocol_request *request,
                                 struct zg_error *err);
/* An empty one is fine. */
void zg_protocol_free(struct zg_protocol *rows);

#endif
