/*
 * training.h - a training as the files of this room see it, each of which has one part of its way:
 *
 *     prepare.c   everything opened and checked, before a file is written
 *     going_on.c  what --resume takes from a directory
 *     loop.c      the steps, and the rows of the curve between them
 *     finish.c    what is written and told at the end
 *     train.c     one after the other
 */
#ifndef ZG_TRAIN_TRAINING_H
#define ZG_TRAIN_TRAINING_H

#include <jansson.h>

#include "harness/bench/bench.h"
#include "harness/machine/machine.h"
#include "harness/run/session.h"
#include "harness/store/directory.h"
#include "harness/train/curve.h"
#include "harness/train/data.h"
#include "harness/train/eval.h"
#include "harness/train/history.h"
#include "harness/train/plan.h"
#include "harness/train/record.h"

struct zg_train_engine {
    struct zg_contender *contender;
    struct zg_train_history history;
    struct zg_train_used used;
    struct zg_train_record record; /* its steps on disk */
    uint64_t rows;                 /* hash of all rows drawn so far */
    const char *ended;             /* by what; NULL: it goes on */
    struct zg_train_score dev;     /* the last evaluation, NaN before the first */
    bool has_weights;
    uint64_t weights; /* hash of them after the last step */
};

/* What each engine came to, and the texts that its row points to: made at the end, when memory may
 * be short. */
struct zg_train_endings {
    struct zg_train_row rows[ZG_MAX_ENGINES];
    char hashes[ZG_MAX_ENGINES][2][17];
};

struct zg_training {
    const struct zg_request *request;
    struct zg_session session;
    struct zg_train_data data;
    struct zg_bench bench; /* borrows the data of the training rows */
    struct zg_train_plan plan;
    struct zg_algorithm_choice choice;
    struct zg_train_eval eval;
    struct zg_result_dir dir;
    json_t *meta;
    struct zg_machine_watch before;
    struct zg_train_curve curve;
    struct zg_train_engine engines[ZG_MAX_ENGINES];
    int64_t n_engines;
    int64_t n_before;  /* steps that every engine has from a training that was cut off */
    bool all_there;    /* --resume, and nothing was left to do */
    bool begun;        /* meta.json says that it is running */
    bool interrupted;  /* by a signal, inside an evaluation or between two steps */
    int64_t begin_ns;  /* of the steps that are no replay, */
    double share_then; /* and how much was done by then */
    char note[512];    /* what was cut off; "": nothing */
    char plot_note[1200];
    struct zg_train_endings endings;
};

/* ---- prepare.c ------------------------------------------------------------------------------- */

/* All that can be known to be wrong before anything is written: options, machine, files, rows, how
 * long.  The meta.json-to-be is made too. */
enum zg_status zg_training_check(struct zg_training *t, struct zg_error *err);
/* Opens the directory, what it holds of a training to go on with, its files and the engines. */
enum zg_status zg_training_open(struct zg_training *t, struct zg_error *err);
/* Before the first step or row that is new: meta.json says that it is running.  What is gone on
 * with stays as it was until then, for its files may turn out to be another training's. */
enum zg_status zg_training_begin(struct zg_training *t, struct zg_error *err);
void zg_training_close(struct zg_training *t);

/* ---- going_on.c ------------------------------------------------------------------------------ */

/* Holds what is asked against the directory's meta.json, and takes over what stays.  ZG_USAGE,
 * ZG_INPUT: it is another training.  Where there is none it warns, and all begins anew. */
enum zg_status zg_training_take_meta(struct zg_training *t, struct zg_error *err);
/* Where --max-rows is not given it follows from the memory that is free; a training that goes on
 * keeps the one that it began with, for passes round their sums. */
void zg_training_take_max_rows(struct zg_training *t);
/* After the records are open: how far all engines are, and whether anything is left to do. */
enum zg_status zg_training_take_steps(struct zg_training *t, struct zg_error *err);

/* ---- loop.c ---------------------------------------------------------------------------------- */

/* Trains until every engine is done or a signal comes. */
enum zg_status zg_training_loop(struct zg_training *t, struct zg_error *err);

/* ---- finish.c -------------------------------------------------------------------------------- */

/* Writes train.csv, the plots and the last meta.json, prints, and says how it ended; `status` and
 * *err are the loop's. */
enum zg_status zg_training_finish(struct zg_training *t, enum zg_status status,
                                  struct zg_error *err);
/* Of a training that was whole already. */
enum zg_status zg_training_tell_all_there(struct zg_training *t, struct zg_error *err);

#endif
