/*
 * gate_plan.c - from the pilots to steps, samples and blocks: gate_trial.h.
 *
 * Processes differ more than the steps of one do, so the time is better spent on many of them; but
 * what a process does besides its samples (opening, warm-up) is lost.  So samples are as long as
 * makes them most of the gate's time, and no longer; and every engine has a like share of them,
 * however fast it is, for a short sample is one that a single interrupt spoils.
 */
#include <math.h>
#include <stdlib.h>

#include "engines/algorithm/algorithm.h"
#include "engines/base/size.h"
#include "harness/base/clock.h"
#include "harness/gate/gate_trial.h"

/* More blocks than these are a machine that should be looked at instead. */
enum { MOST_BLOCKS = 200, MOST_STEPS = 64 };

/* What a gate's time should have room for: fewer blocks have wide intervals. */
enum { WISHED_BLOCKS = 12, FIRST_LOOK = 8 };
/* No more than these for the sake of the share in samples. */
enum { MOST_FOR_SHARE = 24 };

/* A sample at least so long: what a tick or an interrupt takes is then below a per cent or two, and
 * the median of several leaves it out. */
#define LEAST_SPAN_S 0.02
/* An engine's samples of a process together. */
#define LEAST_SLICE_S 0.1
/* Of the gate's time in samples. */
#define WISHED_SHARE 0.76
/* Of a process's samples: more would not be short. */
#define WARMUP_SHARE 0.2

/* ---- pilots ---------------------------------------------------------------------------------- */

static enum zg_status read_pilot(struct zg_gate_pilot *out, const struct zg_result_reader *set,
                                 double process_s, struct zg_error *err)
{
    double spans_s = 0;
    out->knows = json_is_string(json_object_get(set->meta.json, "gate_child"));
    out->step_s = calloc((size_t)set->n_cases, sizeof *out->step_s);
    if (!out->step_s)
        return zg_fail(err, ZG_ENV, "no memory for %lld cases", (long long)set->n_cases);
    out->least_nu = INT64_MAX;
    for (int64_t i = 0; i < set->n_cases; i++) {
        const struct zg_result_case *const c = &set->cases[i];
        struct zg_algorithm_choice choice;
        if (c->id.algorithm && !zg_algorithm_parse(c->id.algorithm, &choice, NULL))
            out->least_nu = zg_min64(out->least_nu, zg_algorithm_period(&choice));
        if (c->n == 0 || !(c->wall_s[0] > 0))
            return zg_fail(err, ZG_ENV, "nothing measured: engine %.100s was not timed",
                           c->id.engine);
        out->step_s[out->n++] = c->wall_s[0];
        spans_s += c->wall_s[0] * (double)c->steps[0];
    }
    /* a run that knows of no gate looks at phases for as many steps again */
    out->rest_s = fmax(process_s - (out->knows ? 1 : 2) * spans_s, 1e-3);
    return ZG_OK;
}

enum zg_status zg_gate_take_pilot(struct zg_gate_trial *t, enum zg_gate_side side,
                                  struct zg_error *err)
{
    struct zg_result_reader *set = NULL;
    zg_status_line_show(&t->line, true, "pilot of the %s", zg_gate_side_names[side]);
    const int64_t begin_ns = zg_clock_wall_ns();
    enum zg_status status = zg_gate_run(t, side, "pilot", true, &set, err);
    if (status)
        return status;
    status = read_pilot(&t->pilots[side], set, zg_ns_to_s(zg_clock_wall_ns() - begin_ns), err);
    if (status)
        zg_fail_within(err, status, "%s build", zg_gate_side_names[side]);
    zg_result_reader_close(&set);
    return status;
}

void zg_gate_plan_close(struct zg_gate_trial *t)
{
    free(t->plan.steps);
    t->plan.steps = NULL;
    for (int side = 0; side < 2; side++) {
        free(t->pilots[side].step_s);
        t->pilots[side].step_s = NULL;
    }
}

/* ---- the time -------------------------------------------------------------------------------- */

double zg_gate_elapsed_s(const struct zg_gate_trial *t)
{
    return zg_ns_to_s(zg_clock_wall_ns() - t->begin_ns);
}

/* Of the whole gate; INFINITY: --blocks says how much is enough. */
static double time_s(const struct zg_gate_trial *t)
{
    const struct zg_policy *const policy = t->builds->policy;
    return policy->max_time_s >= 0 ? policy->max_time_s
           : policy->blocks > 0    ? INFINITY
                                   : ZG_GATE_MAX_TIME_S;
}

static double left_s(const struct zg_gate_trial *t)
{
    return fmax(time_s(t) - zg_gate_elapsed_s(t), 0);
}

int64_t zg_gate_blocks_in(double in_s, double block_s, int64_t least)
{
    const double n = floor(in_s / block_s);
    if (n < (double)least)
        return 0;
    return (int64_t)fmin(n, MOST_BLOCKS);
}

static enum zg_status fail_no_room(const struct zg_gate_trial *t, int64_t n_cases, double spent_s,
                                   double block_s, struct zg_error *err)
{
    const int64_t least = zg_judge_least_blocks(n_cases);
    return zg_fail(err, ZG_ENV,
                   "--max-time %g: a block takes %.3g s and %lld case%s need%s %lld blocks; "
                   "must be at least %.0f",
                   time_s(t), block_s, (long long)n_cases, n_cases == 1 ? "" : "s",
                   n_cases == 1 ? "s" : "", (long long)least,
                   ceil(spent_s + (double)least * block_s * 1.1));
}

/* ---- steps and samples ----------------------------------------------------------------------- */

/* Of both pilots, where both are there. */
static double step_s_of(const struct zg_gate_trial *t, int64_t i)
{
    const struct zg_gate_pilot *const old = &t->pilots[0], *const new = &t->pilots[1];
    return new->n == old->n ? (old->step_s[i] + new->step_s[i]) / 2 : old->step_s[i];
}

static double rest_s_of(const struct zg_gate_trial *t)
{
    return fmax(t->pilots[0].rest_s, t->pilots[1].rest_s);
}

static double slowest_s(const struct zg_gate_trial *t)
{
    double slowest = 0;
    for (int64_t i = 0; i < t->pilots[0].n; i++)
        slowest = fmax(slowest, step_s_of(t, i));
    return slowest;
}

/* Both processes of a block in which each engine samples for slice_s, or for a step. */
static double block_s_of(const struct zg_gate_trial *t, double slice_s)
{
    double sum_s = rest_s_of(t);
    for (int64_t i = 0; i < t->pilots[0].n; i++)
        sum_s += fmax(step_s_of(t, i), slice_s);
    return 2 * sum_s;
}

/* How long each engine samples in a process. */
static double choose_slice_s(const struct zg_gate_trial *t)
{
    const double left = left_s(t);
    /* what is spent already has no samples, either, and is borne by the processes to come */
    const double idle_s = rest_s_of(t) + zg_gate_elapsed_s(t) / (2 * WISHED_BLOCKS);
    double slice_s =
        fmax(WISHED_SHARE / (1 - WISHED_SHARE) * idle_s / (double)t->pilots[0].n, LEAST_SLICE_S);
    while (slice_s > LEAST_SPAN_S &&
           zg_gate_blocks_in(left, block_s_of(t, slice_s), 0) < WISHED_BLOCKS)
        slice_s *= 0.8;
    const double slowest = slowest_s(t);
    if (slowest > slice_s && zg_gate_blocks_in(left, block_s_of(t, slowest), 0) >= WISHED_BLOCKS)
        slice_s = slowest;
    return slice_s;
}

static enum zg_status plan_own_steps(struct zg_gate_trial *t, double slice_s, struct zg_error *err)
{
    struct zg_gate_plan *const plan = &t->plan;
    const struct zg_gate_pilot *const pilot = &t->pilots[0];
    const int64_t asked = t->builds->policy->steps;
    free(plan->steps);
    plan->steps = calloc((size_t)pilot->n, sizeof *plan->steps);
    plan->n = plan->steps ? pilot->n : 0;
    if (!plan->steps)
        return zg_fail(err, ZG_ENV, "no memory for steps");
    const double span_s =
        fmax(slowest_s(t) * (double)zg_max64(asked, 1), LEAST_SPAN_S); /* of the slowest */
    plan->n_spans = (int64_t)fmin(fmax(floor(slice_s / span_s), 1), ZG_GATE_MOST_SPANS);
    plan->n_spans -= plan->n_spans % 2 == 0; /* an odd number has a middle one */
    plan->samples_s = 0;
    for (int64_t i = 0; i < pilot->n; i++) {
        const double wished = round(slice_s / (double)plan->n_spans / step_s_of(t, i));
        int64_t n = asked > 0 ? asked : (int64_t)fmin(fmax(wished, 1), 1e9);
        if (asked == 0 && n > pilot->least_nu) /* as many redraws of V in every sample */
            n = (n + pilot->least_nu / 2) / pilot->least_nu * pilot->least_nu;
        plan->steps[i] = n;
        plan->samples_s += (double)(n * plan->n_spans) * step_s_of(t, i);
    }
    return ZG_OK;
}

/* For a build that knows but one number of steps for all.  Fewer than the least --nu, for a bank is
 * not redrawn in a sample. */
static void plan_common_steps(struct zg_gate_trial *t, double slice_s)
{
    struct zg_gate_plan *const plan = &t->plan;
    const struct zg_gate_pilot *const pilot = &t->pilots[0];
    double round_s = 0, fastest_s = INFINITY;
    for (int64_t i = 0; i < pilot->n; i++) {
        round_s += step_s_of(t, i);
        fastest_s = fmin(fastest_s, step_s_of(t, i));
    }
    const double least = fmin(fmax(ceil(LEAST_SPAN_S / fastest_s), 1), 1e6);
    const double wished = floor(slice_s * (double)pilot->n / round_s);
    plan->n_steps = (int64_t)fmin(fmax(wished, least), fmax(least, MOST_STEPS));
    plan->n_steps = zg_max64(1, zg_min64(plan->n_steps, pilot->least_nu - 1));
    if (t->builds->policy->steps > 0)
        plan->n_steps = t->builds->policy->steps;
    plan->n_spans = 1;
    plan->samples_s = (double)plan->n_steps * round_s;
}

enum zg_status zg_gate_make_plan(struct zg_gate_trial *t, struct zg_error *err)
{
    struct zg_gate_plan *const plan = &t->plan;
    const struct zg_policy *const policy = t->builds->policy;
    const struct zg_gate_pilot *const old = &t->pilots[0], *const new = &t->pilots[1];
    const int64_t least = zg_judge_least_blocks(old->n);
    enum zg_status status = ZG_OK;
    if (policy->blocks > 0 && policy->blocks < least)
        return zg_fail(err, ZG_USAGE, "--blocks %lld: must be at least %lld to judge %lld cases",
                       (long long)policy->blocks, (long long)least, (long long)old->n);
    const double slice_s = choose_slice_s(t);
    plan->by_steps = old->knows && (new->n == 0 || (new->knows &&new->n == old->n));
    if (plan->by_steps)
        status = plan_own_steps(t, slice_s, err);
    else
        plan_common_steps(t, slice_s);
    if (status)
        return status;
    plan->warmup_s = WARMUP_SHARE * plan->samples_s;
    plan->block_s = 2 * (rest_s_of(t) + plan->samples_s);
    plan->n_blocks =
        policy->blocks > 0 ? policy->blocks : zg_gate_blocks_in(left_s(t), plan->block_s, least);
    if (plan->n_blocks == 0 && policy->max_time_s >= 0)
        return fail_no_room(t, old->n, zg_gate_elapsed_s(t), plan->block_s, err);
    plan->n_blocks = zg_max64(plan->n_blocks, least); /* a limit that nobody asked for costs none */
    return ZG_OK;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

enum zg_status zg_gate_plan_blocks(struct zg_gate_trial *t, double block_s, struct zg_error *err)
{
    const struct zg_policy *const policy = t->builds->policy;
    const int64_t n_cases = t->gate->n_cases, least = zg_judge_least_blocks(n_cases);
    t->plan.block_s = block_s;
    if (policy->blocks > 0)
        return ZG_OK;
    t->plan.n_blocks = zg_gate_blocks_in(left_s(t) + block_s, block_s, least); /* one is done */
    if (t->plan.n_blocks == 0 && policy->max_time_s >= 0)
        return fail_no_room(t, n_cases, zg_gate_elapsed_s(t) - block_s, block_s, err);
    t->plan.n_blocks = zg_max64(t->plan.n_blocks, least);
    return ZG_OK;
}

bool zg_gate_is_late(const struct zg_gate_trial *t, int64_t n)
{
    return t->builds->policy->blocks == 0 && n >= zg_judge_least_blocks(t->gate->n_cases) &&
           t->plan.block_s > left_s(t);
}

int64_t zg_gate_first_look(const struct zg_gate_trial *t)
{
    const int64_t n = zg_max64(FIRST_LOOK, zg_judge_least_blocks(t->gate->n_cases));
    return t->builds->policy->blocks == 0 && t->plan.n_blocks > n ? n : 0;
}

/* The least number of blocks with which the wished share of the gate's time is in samples.  Neither
 * this nor what it hangs on knows anything of the ratios. */
static double blocks_of_share(const struct zg_gate_trial *t, int64_t n)
{
    double samples_s = 0;
    for (int64_t i = 0; i < t->gate->n_cases; i++)
        samples_s += t->gate->cases[i].samples_s / (double)n;
    const double before_s = zg_gate_elapsed_s(t) - (double)n * t->plan.block_s;
    const double gain_s = samples_s - WISHED_SHARE * t->plan.block_s; /* of a block */
    return gain_s > 0 ? ceil(WISHED_SHARE * before_s / gain_s) : INFINITY;
}

enum zg_status zg_gate_look(struct zg_gate_trial *t, struct zg_error *err)
{
    struct zg_gate *const gate = t->gate;
    const int64_t n = gate->cases[0].n[0], most = t->plan.n_blocks;
    const double threshold = log(1 + gate->threshold);
    double spread = 0;
    for (int64_t i = 0; i < gate->n_cases; i++) {
        const struct zg_gate_case *const c = &gate->cases[i];
        spread = fmax(spread, zg_judge_spread(c->values[0], c->values[1], n));
    }
    const double wanted = fmax(zg_judge_blocks_for(spread, threshold, gate->n_cases),
                               fmin(blocks_of_share(t, n), MOST_FOR_SHARE));
    const double reached = zg_judge_half_width(spread, (double)most, gate->n_cases);
    if (reached <= ZG_GATE_HOPELESS * threshold) {
        t->plan.n_blocks = (int64_t)fmin(fmax(wanted, (double)n), (double)most);
        return ZG_OK;
    }
    char whole[32];
    const double needed = zg_judge_blocks_for(spread, 2 * threshold, gate->n_cases);
    t->plan.n_blocks = n;
    return zg_gate_warn(gate, err,
                        "stopped after %lld blocks: the %lld that there is time for would leave "
                        "intervals of +-%.2g %%, too wide for a threshold of %g %%; some %.3g "
                        "blocks, --max-time %.0f (%s), would do on a machine like this",
                        (long long)n, (long long)most, 100 * (exp(reached) - 1),
                        100 * gate->threshold, needed, ceil(needed * t->plan.block_s),
                        zg_duration_show(needed * t->plan.block_s, whole, sizeof whole));
}
