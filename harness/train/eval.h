/*
 * eval.h - how good the weights are now: the clean loss of a part's rows, and the task's metric of
 * what the model chooses among their options, or generates after their stems.
 *
 * It must leave no trace: the directions that are announced for it are those of the step that comes
 * next, so that an engine folds old updates where it would have folded them anyway, and a training
 * that evaluates more often takes the same steps, bit for bit.
 */
#ifndef ZG_TRAIN_EVAL_H
#define ZG_TRAIN_EVAL_H

#include "engines/algorithm/passes.h"
#include "harness/bench/bench.h"
#include "harness/train/data.h"

struct zg_train_score {
    double loss;   /* mean over examples, of a language model's loss over tokens */
    double metric; /* NaN: there is nothing to choose */
    double wall_s;
};

/* Room for evaluating. */
struct zg_train_eval {
    const struct zg_train_data *data;
    struct zg_passes passes;
    int64_t max_options;       /* of a slice of a batch */
    double *example_loss;      /* [batch] */
    double *option_score;      /* [max_options] */
    struct zg_choice *choices; /* [rows of the larger part] */
};

enum zg_status zg_train_eval_open(struct zg_train_eval *out, const struct zg_train_data *data,
                                  struct zg_error *err);
void zg_train_eval_close(struct zg_train_eval *eval);

/* Evaluates a contender whose next step is `step` on the part's rows, at least one.  *interrupted:
 * a signal came, and nothing is scored.  ZG_CHECK: a loss that is not finite. */
enum zg_status zg_train_evaluate(struct zg_train_eval *eval, struct zg_contender *contender,
                                 const struct zg_algorithm_choice *choice, uint64_t step,
                                 const struct zg_train_part *part, struct zg_train_score *out,
                                 bool *interrupted, struct zg_error *err);

#endif
