/*
 * metric.h - how good the options are that a model chose.
 *
 *     choices[i] = (struct zg_choice){.chosen = zg_metric_choose(score, n_options),
 *                                     .gold = example->gold};
 *     choices[i].hit = zg_dataset_right(dataset, i, choices[i].chosen);
 *     ...
 *     printf("%.3f\n", zg_metric_accuracy(choices, n));
 *
 * Pure functions, as the official scripts compute them (MeZO large_models, run.py and metrics.py).
 * Texts that a model generated are answer.h's.
 */
#ifndef ZG_WORKLOADS_METRIC_H
#define ZG_WORKLOADS_METRIC_H

#include <stdbool.h>
#include <stdint.h>

/* The index of the largest of score [n], n >= 1; the first wins ties.  A NaN is never larger. */
int64_t zg_metric_choose(const double *score, int64_t n);

struct zg_choice { /* what became of one example */
    int64_t chosen, gold;
    bool hit; /* chosen is gold, or one of several right options */
};

/* Share of hits; NaN where n is 0. */
double zg_metric_accuracy(const struct zg_choice *choices, int64_t n);

/* F1 of a class is 2 TP / (2 TP + FP + FN), where `chosen` is predicted and `gold` is true.  Their
 * mean over the classes below n_classes that were chosen or are gold somewhere, as scikit-learn's
 * f1_score(average="macro") and SuperGLUE's CB have it; NaN where n is 0.  `hit` is not read. */
double zg_metric_macro_f1(const struct zg_choice *choices, int64_t n, int64_t n_classes);

#endif
