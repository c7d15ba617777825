/*
 * answer.h - how good a text is that a model generated: SQuAD's normalisation, F1 of words, exact
 * match.
 *
 * Pure functions, as MeZO's large_models/metrics.py (em, f1), whose normalisation is that of
 * SQuAD v1.1's evaluate-v1.1.py.
 */
#ifndef ZG_WORKLOADS_ANSWER_H
#define ZG_WORKLOADS_ANSWER_H

#include <stdint.h>

#include "engines/error.h"
#include "workloads/text.h"

/* The normalised text, appended to *out: lower case, no ASCII punctuation, no word "a", "an" or
 * "the", white space (Unicode's) single and none at the ends.
 *
 * Lower case is Unicode's simple mapping of letters, and as Python has them U+0130 (two
 * characters) and the final sigma.  What is no UTF-8 counts as U+FFFD, as Python decodes it.
 * ZG_ENV: no memory; *out then keeps its former content. */
enum zg_status zg_answer_normalise(struct zg_text *out, struct zg_slice text, struct zg_error *err);

/* F1 of the words that prediction and answer have in common, each as often as in both, once they
 * are normalised; the largest over answers [n], n >= 1.  Nothing in common is 0, two empty texts
 * too.  Where the first answer is "CANNOTANSWER" or "no answer": 1 where both are equal once
 * normalised, else 0.  ZG_ENV: no memory. */
enum zg_status zg_answer_f1(double *out, struct zg_slice prediction, const char *const *answers,
                            int64_t n, struct zg_error *err);

/* 1 where the prediction equals one of answers [n] once both are normalised (two empty texts do),
 * else 0.  ZG_ENV: no memory. */
enum zg_status zg_answer_match(double *out, struct zg_slice prediction, const char *const *answers,
                               int64_t n, struct zg_error *err);

#endif
