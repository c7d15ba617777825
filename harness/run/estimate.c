/*
 * estimate.c - FLOPs of the loop's step over what a thread usually reaches, and rough shares of it
 * for the other engines; nothing is measured.
 */
#include "harness/run/estimate.h"

#include <math.h>
#include <string.h>

#include "engines/base/size.h"
#include "harness/run/measure.h"

/* SST-2's rows in OPT's tokens, padded to the longest of a batch, for each of two options. */
enum { PADDED_TOKENS = 48, N_OPTIONS = 2 };

/* Most steps of a pilot, and of both looks at phases. */
enum { PILOT_STEPS = 6, PHASE_STEPS = 10 };

#define RUNTIME_SHARE 0.15 /* of the loop's time */
#define START_S       4.0  /* peaks, data, files */
#define WEIGHTS_A_S   1e8  /* that are made and packed */

/* What a thread reaches in fp32 products. */
static double thread_flops(enum zg_isa isa)
{
    return isa >= ZG_ISA_AVX512 ? 100e9 : isa == ZG_ISA_AVX2 ? 60e9 : 4e9;
}

/* That of the model, if it is open; else what its name says.  Any other counts as OPT-125M. */
static const struct zg_model_shape *shape_of(const struct zg_session *session, const char *model)
{
    const struct zg_model_shape *shape = NULL, *usual = NULL;
    const char *name;
    for (int64_t i = 0; i < session->models.n; i++)
        if (strcmp(session->models.items[i].name, model) == 0)
            return zg_model_shape(session->models.items[i].model);
    for (int64_t i = 0; (name = zg_model_shape_name(i, &shape)); i++) {
        if (strcmp(name, model) == 0)
            return shape;
        if (strcmp(name, "opt-125m") == 0)
            usual = shape;
    }
    return usual;
}

/* The loop's fp32 step. */
static double loop_s(const struct zg_session *session, const struct zg_model_shape *shape,
                     const struct zg_case *c)
{
    struct zg_question question;
    zg_case_question(c, &question);
    const double n_weights = (double)(zg_model_n_params(shape) - shape->n_vocab * shape->d_model);
    const double n_tokens = (double)(c->batch * PADDED_TOKENS * N_OPTIONS * question.n_probes);
    return 2.0 * n_weights * n_tokens / (thread_flops(session->isa) * (double)session->n_threads);
}

/* Of that, an engine's step.  bf16 saves the loop less than the runtime: not all of its time is
 * products. */
static double share_of_loop(const struct zg_entry *entry, enum zg_isa isa)
{
    const struct zg_engine_options *const options = &entry->options;
    const bool fast = isa >= ZG_ISA_AVX512BF16;
    const bool is_loop = !(options->mechanisms & ZG_MECHANISM_BIT(ZG_M_RAGGED));
    const double faster = !fast                       ? 1
                          : options->dtype == ZG_BF16 ? 0.55
                          : options->dtype == ZG_INT8 ? 0.3
                                                      : 1;
    return is_loop ? 0.1 + 0.9 * faster : RUNTIME_SHARE * faster;
}

/* Warm-up and blocks; a round is a step of every engine. */
static double sampling_s(const struct zg_policy *policy, int64_t n_steps, double round_s)
{
    const int64_t n_blocks = zg_policy_blocks(policy);
    if (n_blocks == 0) /* the time that is given, or what an interval needs */
        return fmax(zg_policy_max_time_s(policy), (double)(PILOT_STEPS + 9 * n_steps) * round_s);
    const int64_t n_warm = policy->brief ? 1 : PILOT_STEPS;
    const double s = (double)(n_warm + n_blocks * n_steps) * round_s;
    return policy->max_time_s > 0 ? fmin(policy->max_time_s, s) : s;
}

double zg_estimate_s(const struct zg_session *session, int64_t index)
{
    const struct zg_entry *const entries = session->cases[index].entries;
    const struct zg_case *const c = &session->cases[index].c;
    const struct zg_policy *const policy = &session->request->policy;
    const struct zg_model_shape *const shape = shape_of(session, c->model);
    const double step_s = loop_s(session, shape, c);
    double timed = 0, probed = 0; /* in steps of the loop */
    for (int64_t i = 0; i < session->engines.n_items; i++) {
        const double share = share_of_loop(&entries[i], session->isa);
        timed += share;
        if (zg_entry_is_low(&entries[i]))
            probed += share + RUNTIME_SHARE; /* and its reference */
    }
    const int64_t n_steps = policy->steps > 0 ? policy->steps : policy->blocks > 0 ? 4 : 1;
    const int64_t n_beside = (policy->brief ? ZG_BRIEF_TRIAL_STEPS : ZG_RUN_TRIAL_STEPS) +
                             zg_min64(2 * n_steps, PHASE_STEPS);
    const double examples = (double)zg_min64(policy->fidelity_batch, c->batch) / (double)c->batch;
    const double opening_s =
        (double)(session->engines.n_items * zg_model_n_params(shape)) / WEIGHTS_A_S;
    return START_S + opening_s + (double)n_beside * timed * step_s +
           sampling_s(policy, n_steps, timed * step_s) +
           (double)policy->fidelity * examples * probed * step_s;
}
