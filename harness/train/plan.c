/* plan.c - limits from what was asked for, and what they say of a step. */
#include "harness/train/plan.h"

#include <math.h>

#include "engines/base/size.h"

/* A curve has some hundred points and some twenty evaluations where nobody says otherwise. */
enum { ROWS = 200, EVALUATIONS = 20 };

static enum zg_status check_one_limit(const struct zg_train_request *request, struct zg_error *err)
{
    const struct {
        bool given;
        const char *name;
    } limits[] = {{request->steps > 0, "--steps"},
                  {request->epochs > 0, "--epochs"},
                  {request->budget_time_s > 0, "--budget-time"},
                  {request->budget_forwards > 0, "--budget-forwards"}};
    const char *first = NULL;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (!limits[i].given)
            continue;
        if (first)
            return zg_fail(err, ZG_USAGE, "%s and %s: a training ends by one of them", first,
                           limits[i].name);
        first = limits[i].name;
    }
    return ZG_OK;
}

static enum zg_status limit_of(struct zg_train_plan *out, const struct zg_train_request *request,
                               int64_t steps_per_epoch, int64_t n_probes, int64_t usual_steps,
                               struct zg_error *err)
{
    out->limit = ZG_TRAIN_STEPS;
    out->n_steps = request->steps > 0 ? request->steps : usual_steps;
    if (request->epochs > 0 && !zg_size_mul(request->epochs, steps_per_epoch, &out->n_steps))
        return zg_fail(err, ZG_USAGE, "--epochs %lld: of %lld steps each are too many",
                       (long long)request->epochs, (long long)steps_per_epoch);
    if (request->budget_time_s > 0) {
        out->limit = ZG_TRAIN_TIME;
        out->time_s = request->budget_time_s;
        out->n_steps = 0;
    }
    if (request->budget_forwards > 0) {
        out->limit = ZG_TRAIN_FORWARDS;
        out->n_forwards = request->budget_forwards;
        out->n_steps = request->budget_forwards / n_probes;
        if (out->n_steps == 0)
            return zg_fail(err, ZG_USAGE,
                           "--budget-forwards %lld: a step of this algorithm has %lld forwards",
                           (long long)request->budget_forwards, (long long)n_probes);
    }
    return ZG_OK;
}

/* A twentieth of the steps, say, as a round number: 1, 2 or 5 times a power of ten. */
static int64_t round_share(int64_t n_steps, int64_t n_parts)
{
    static const int64_t factors[] = {2, 5, 10};
    int64_t unit = 1, best = 1;
    while (unit <= n_steps / n_parts) {
        best = unit;
        for (int i = 0; i < 3 && factors[i] * unit <= n_steps / n_parts; i++)
            best = factors[i] * unit;
        unit *= 10;
    }
    return best;
}

enum zg_status zg_train_plan_make(struct zg_train_plan *out, const struct zg_train_request *request,
                                  int64_t steps_per_epoch, int64_t n_probes, int64_t usual_steps,
                                  struct zg_error *err)
{
    *out = (struct zg_train_plan){0};
    enum zg_status status = check_one_limit(request, err);
    if (!status)
        status = limit_of(out, request, steps_per_epoch, n_probes, usual_steps, err);
    if (status)
        return status;
    const int64_t n_steps = out->n_steps > 0 ? out->n_steps : usual_steps;
    out->eval_every =
        request->eval_every > 0 ? request->eval_every : round_share(n_steps, EVALUATIONS);
    out->log_every = request->log_every > 0 ? request->log_every : round_share(n_steps, ROWS);
    return ZG_OK;
}

bool zg_train_plan_is_done(const struct zg_train_plan *plan, const struct zg_train_used *used)
{
    if (plan->limit == ZG_TRAIN_TIME)
        return used->n_steps > 0 && used->wall_s >= plan->time_s;
    return used->n_steps >= plan->n_steps;
}

bool zg_train_plan_evaluates(const struct zg_train_plan *plan, int64_t n_steps, bool is_last)
{
    return n_steps % plan->eval_every == 0 || is_last;
}

bool zg_train_plan_logs(const struct zg_train_plan *plan, int64_t n_steps, bool is_last)
{
    return n_steps % plan->log_every == 0 || zg_train_plan_evaluates(plan, n_steps, is_last);
}

double zg_train_plan_share(const struct zg_train_plan *plan, const struct zg_train_used *used)
{
    const double share = plan->limit == ZG_TRAIN_TIME
                             ? used->wall_s / plan->time_s
                             : (double)used->n_steps / (double)plan->n_steps;
    return fmin(fmax(share, 0), 1);
}

const char *zg_train_limit_name(enum zg_train_limit limit)
{
    static const char *const names[] = {"steps", "time", "forwards"};
    return names[limit];
}
