/*
 * plan.h - how long a training goes on, and at which of its steps something is written down or
 * evaluated.
 *
 * A training ends after a number of steps, or where an engine has used up its own time or its own
 * forwards: equal steps, equal wall time and equal forwards are three different comparisons, and
 * none of them stands for another (README.md).
 */
#ifndef ZG_TRAIN_PLAN_H
#define ZG_TRAIN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"
#include "harness/request/request.h"

/* What ends it. */
enum zg_train_limit { ZG_TRAIN_STEPS, ZG_TRAIN_TIME, ZG_TRAIN_FORWARDS };

struct zg_train_plan {
    enum zg_train_limit limit;
    int64_t n_steps;    /* 0: as many as the limit allows */
    double time_s;      /* ZG_TRAIN_TIME: of one engine's steps */
    int64_t n_forwards; /* ZG_TRAIN_FORWARDS: of one engine, one a probe of a training batch */
    int64_t eval_every; /* steps */
    int64_t log_every;
};

/* What an engine has used so far. */
struct zg_train_used {
    int64_t n_steps, n_forwards;
    double wall_s;
};

/* From the request; an epoch has so many steps, and `usual_steps` holds where nothing is asked for.
 * A count of forwards becomes a count of steps, as each has n_probes.  ZG_USAGE: two limits at
 * once; fewer forwards than one step has; too many steps. */
enum zg_status zg_train_plan_make(struct zg_train_plan *out, const struct zg_train_request *request,
                                  int64_t steps_per_epoch, int64_t n_probes, int64_t usual_steps,
                                  struct zg_error *err);

/* Has an engine that used this much done all of it?  One whose time runs out ends after the step
 * that it runs out in: at least one step, and over by less than one. */
bool zg_train_plan_is_done(const struct zg_train_plan *plan, const struct zg_train_used *used);

/* Is there a row of curve.csv, an evaluation, after so many steps?  `is_last`: none follow. */
bool zg_train_plan_logs(const struct zg_train_plan *plan, int64_t n_steps, bool is_last);
bool zg_train_plan_evaluates(const struct zg_train_plan *plan, int64_t n_steps, bool is_last);

/* How much of it an engine has done, 0 to 1. */
double zg_train_plan_share(const struct zg_train_plan *plan, const struct zg_train_used *used);

/* "steps", "time", "forwards" */
const char *zg_train_limit_name(enum zg_train_limit limit);

#endif
