/*
 * history.h - what each step of an engine came to, kept in memory: 48 bytes a step, so that engines
 * can be held against each other, whichever of them have been gone on with from a file.
 */
#ifndef ZG_TRAIN_HISTORY_H
#define ZG_TRAIN_HISTORY_H

#include <stdint.h>

#include "engines/algorithm/step.h"
#include "engines/error.h"

struct zg_train_step {
    double loss_plus, loss_minus; /* at the first two probes */
    double c;                     /* along the first direction */
    double wall_s;                /* of this step alone */
    uint64_t rows;                /* XXH3 of its row ids */
    int64_t n_forwards;
};

struct zg_train_history {        /* all zero: empty */
    struct zg_train_step *steps; /* [n] */
    int64_t n;
};

/* What a step asked and what came of it, as the history keeps it.  c is NaN where a loss is not
 * finite. */
struct zg_train_step zg_train_step_of(const struct zg_step *step, uint64_t rows, double wall_s);

/* ZG_ENV: no memory. */
enum zg_status zg_train_history_add(struct zg_train_history *history,
                                    const struct zg_train_step *step, struct zg_error *err);
void zg_train_history_close(struct zg_train_history *history);

#endif
