/*
 * case.h - a case is what is computed: model, task, algorithm and their numbers.  A list given to a
 * case option makes a sweep, the product of all lists.
 *
 * How it is measured is policy.h, by which engines is engine_list.h.
 */
#ifndef ZG_HARNESS_CASE_H
#define ZG_HARNESS_CASE_H

#include "engines/algorithm/algorithm.h"
#include "harness/request/options.h"
#include "workloads/dataset.h"

struct zg_case {
    const char *model;     /* shape name or directory */
    const char *tokenizer; /* directory, NULL: the model's, else the embedded one */
    const char *task;      /* name or FILE.json */
    const char *data;      /* directory, NULL: beside the task */
    /* what rows call model and task, whatever path was typed; NULL: as typed */
    const char *model_name, *task_name;
    int objective, scope, split, truncate;
    struct zg_algorithm_choice algorithm;   /* its options; steps take zg_case_algorithm() */
    char algorithm_text[ZG_ALGORITHM_TEXT]; /* the same as rows have it */
    enum zg_dtype dtype, dtype_d;           /* of the means and of the half differences: zo.h */
    int64_t layers_resident;                /* distinct layers, repeated up to the depth; 0: all */
    int32_t bos;                            /* token id or ZG_BOS_NONE */
    int64_t batch, limit;                   /* limit 0: all rows */
    int64_t max_rows;                       /* tokens of a pass; 0: as memory allows (fit.h) */
    uint64_t seed;
};

/* Ends with a row without a name; fields of struct zg_case. */
extern const struct zg_flag zg_case_flags[];

/* The algorithm as a step takes it, with the case's scope and seed. */
struct zg_algorithm_choice zg_case_algorithm(const struct zg_case *c);
/* What its first step asks. */
void zg_case_question(const struct zg_case *c, struct zg_question *out);

/* ---- sweeps ---------------------------------------------------------------------------------- */

enum { ZG_MAX_AXES = 24, ZG_MAX_CASES = 10000 };

struct zg_axis {
    const struct zg_flag *flag;
    struct zg_words values; /* as typed */
    struct zg_case *parsed; /* [values.n_words], of each the option's own fields alone */
};

struct zg_sweep {
    struct zg_axis axes[ZG_MAX_AXES]; /* in order of first use: the last one varies fastest */
    int64_t n_axes;
    bool one_case; /* the command takes no lists */
};

/* Parses the value or list of a case option; the last use of an option wins.  ZG_USAGE: a value
 * that the option does not take, or two that mean the same. */
enum zg_status zg_sweep_add(struct zg_sweep *sweep, const struct zg_flag *flag, const char *value,
                            struct zg_error *err);
void zg_sweep_close(struct zg_sweep *sweep);

int64_t zg_sweep_n_cases(const struct zg_sweep *sweep);
/* Case number `index`, put together from what was parsed; borrowed strings included, valid until
 * the sweep is closed.  ZG_USAGE: an algorithm's text and a short form of its options that
 * disagree. */
enum zg_status zg_sweep_case(const struct zg_sweep *sweep, int64_t index, struct zg_case *out,
                             struct zg_error *err);

#endif
