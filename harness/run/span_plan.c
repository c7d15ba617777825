/* span_plan.c - how long a sample is and how long the sampling may take, from the check's times of
 * a step: all contenders take the same steps, so the slowest decides. */
#include <math.h>

#include "engines/base/size.h"
#include "harness/run/measure_work.h"
#include "harness/timing/sampler.h"

/* Steps of a sample where --blocks came without a time to fill, and the most for the sake of more
 * batches. */
enum { USUAL_STEPS = 4, MOST_STEPS = 64 };

/* Of a gate's pilot, whose samples nobody judges. */
#define GATE_PILOT_WARMUP_S 0.3

enum zg_status zg_measure_check_banks(const struct zg_session *session, struct zg_error *err)
{
    const int64_t n_steps = zg_max64(1, session->request->policy.steps);
    for (int64_t i = 0; i < session->n_cases; i++) {
        const struct zg_session_case *const of = &session->cases[i];
        const int64_t period = zg_algorithm_period(&of->c.algorithm);
        for (int64_t e = 0; e < session->engines.n_items; e++)
            if (zg_entry_keeps_bank(&of->entries[e]) && period <= n_steps &&
                !zg_algorithm_option(of->c.algorithm.algorithm, "nu"))
                return zg_fail(err, ZG_USAGE,
                               "--algorithm %s: draws V anew every %lld steps, and engine %s keeps "
                               "a bank, which grows at every redraw; it has no bank in fp32",
                               of->c.algorithm.algorithm->name, (long long)period,
                               of->entries[e].item->label);
            else if (zg_entry_keeps_bank(&of->entries[e]) && period <= n_steps)
                return zg_fail(err, ZG_USAGE,
                               "--nu %lld: must exceed the %lld --steps of a sample, for engine %s "
                               "keeps a bank, which grows at every redraw of V",
                               (long long)period, (long long)n_steps, of->entries[e].item->label);
    }
    return ZG_OK;
}

bool zg_measure_keeps_bank(const struct zg_measure_work *w)
{
    for (int64_t s = 0; s < w->n_subjects; s++)
        if (zg_entry_keeps_bank(&w->of->entries[w->subjects[s]]))
            return true;
    return false;
}

/* A step of every subject, one after the other. */
static double round_s(const struct zg_measure_work *w)
{
    double sum_s = 0;
    for (int64_t s = 0; s < w->n_subjects; s++)
        sum_s += w->trials[w->subjects[s]].mean_step_s;
    return fmax(sum_s, 1e-9);
}

/* The bursts beside the samples of a block. */
static double bursts_s(const struct zg_measure_work *w)
{
    return (double)w->n_subjects * zg_peak_fma_now_s(w->m->peak);
}

/* Rounds that warm-up and pilot take, of single steps, and the blocks that a plan must have room
 * for: six, and half as many again because a guess from five steps may be low. */
enum { WARM_ROUNDS = 6, ROOMY_BLOCKS = 9 };

/* The shortest span whose harness costs stay under 0.1 %. */
static int64_t least_steps(const struct zg_measure_work *w, double min_span_s)
{
    double fastest_s = INFINITY;
    for (int64_t s = 0; s < w->n_subjects; s++)
        fastest_s = fmin(fastest_s, w->trials[w->subjects[s]].fastest_step_s);
    return (int64_t)fmin(fmax(ceil(min_span_s / fmax(fastest_s, 1e-9)), 1), 1e6);
}

/* All contenders take spans of the same number of steps, so that a block holds the same batches for
 * each: as many as leave room for the blocks of an interval in the time. */
static int64_t steps_per_span(const struct zg_measure_work *w, int64_t least)
{
    const struct zg_policy *const policy = &w->m->session->request->policy;
    const double limit_s = zg_policy_max_time_s(policy);
    if (policy->steps > 0)
        return policy->steps;
    const double n_blocks = (double)zg_max64(ROOMY_BLOCKS, policy->blocks);
    double n = USUAL_STEPS;
    if (limit_s > 0)
        n = ((limit_s - n_blocks * bursts_s(w)) / round_s(w) - WARM_ROUNDS * (double)least) /
            n_blocks;
    const int64_t n_steps = zg_max64(least, (int64_t)fmin(fmax(floor(n), 1), MOST_STEPS));
    return zg_measure_keeps_bank(w)
               ? zg_min64(n_steps, zg_algorithm_period(&w->bench.c.algorithm) - 1)
               : n_steps;
}

/* A limit that nobody asked for must not cost the interval, which needs six blocks. */
static double max_time_s(const struct zg_measure_work *w, int64_t n_steps, int64_t n_warmup_steps)
{
    const struct zg_policy *const policy = &w->m->session->request->policy;
    const double limit_s = zg_policy_max_time_s(policy);
    if (policy->max_time_s >= 0 || limit_s <= 0)
        return limit_s;
    const double n = (double)(WARM_ROUNDS * n_warmup_steps + ROOMY_BLOCKS * n_steps);
    return fmax(limit_s, n * round_s(w) + ROOMY_BLOCKS * bursts_s(w));
}

int64_t zg_measure_own_steps(const struct zg_measure_work *w, int64_t s)
{
    const struct zg_session *const session = w->m->session;
    const int64_t index = w->of - session->cases;
    return session->gate.n > 0
               ? session->gate.steps[index * session->engines.n_items + w->subjects[s]]
               : 0;
}

int64_t zg_measure_span_steps(const struct zg_measure_work *w)
{
    int64_t most = zg_gate_child_samples(&w->m->session->gate) ? MOST_STEPS : 0;
    for (int64_t s = 0; s < w->n_subjects && w->m->session->gate.n > 0; s++)
        most = zg_max64(s ? most : 1, zg_measure_own_steps(w, s));
    if (most > 0)
        return most;
    const struct zg_sampler_policy usual = zg_sampler_policy_default();
    return steps_per_span(w, least_steps(w, usual.min_span_s));
}

/* Dozens of processes do this, and what they do besides samples is lost to a gate: every subject
 * warms up by short spans of its own, and no longer than its warm-up lasts. */
static struct zg_sampler_policy gate_policy(const struct zg_measure_work *w,
                                            struct zg_sampler_policy p)
{
    const struct zg_gate_child *const gate = &w->m->session->gate;
    p.blocks = zg_max64(p.blocks, 1);
    p.no_pilot = true;
    p.max_warmup_s =
        gate->work == ZG_GATE_CHILD_PILOT ? GATE_PILOT_WARMUP_S : fmax(gate->warmup_s, 1e-9);
    return p;
}

struct zg_sampler_policy zg_measure_span_policy(const struct zg_measure_work *w)
{
    const struct zg_policy *const policy = &w->m->session->request->policy;
    struct zg_sampler_policy p = zg_sampler_policy_default();
    p.seed = w->bench.c.seed;
    p.blocks = zg_policy_blocks(policy);
    if (zg_gate_child_samples(&w->m->session->gate))
        return gate_policy(w, p);
    /* the check has warmed every engine, and a plan that is given needs no pilot; nor has valgrind
     * anything to warm */
    if ((policy->brief || zg_counters_use_valgrind(w->m->counters)) && p.blocks > 0)
        p.warmup_blocks = 1;
    p.steps = w->n_steps;
    p.warmup_steps = zg_min64(w->n_steps, least_steps(w, p.min_span_s));
    p.width = zg_policy_width_percent(policy) / 100;
    p.min_time_s = policy->min_time_s;
    p.max_time_s = max_time_s(w, p.steps, p.warmup_steps);
    p.beside_s = zg_peak_fma_now_s(w->m->peak);
    if (w->plan.n_blocks > 0) {
        p.blocks = w->plan.n_blocks;
        p.first_block = w->n_blocks_before;
    }
    return p;
}
