/* estimate.c - see estimate.h. */
#include "harness/estimate.h"

#include <math.h>
#include <string.h>

#include "engines/base/size.h"
#include "harness/measure.h"

/* SST-2's rows in OPT's tokens, padded to the longest of a batch, for each of two options. */
enum { PADDED_TOKENS = 48, N_OPTIONS = 2, N_PROBES = 2 };

/* Most steps of a pilot, and of both looks at phases. */
enum { PILOT_STEPS = 6, PHASE_STEPS = 10 };

#define RUNTIME_SHARE 0.15 /* of the loop's time */
#define START_S       4.0  /* peaks, data, files */

/* What a thread reaches in fp32 products. */
static double thread_flops(enum zg_isa isa)
{
    return isa >= ZG_ISA_AVX512 ? 100e9 : isa == ZG_ISA_AVX2 ? 60e9 : 4e9;
}

static const struct zg_model_shape *shape_named(const char *wanted)
{
    const struct zg_model_shape *shape = NULL;
    const char *name;
    for (int64_t i = 0; (name = zg_model_shape_name(i, &shape)); i++)
        if (strcmp(name, wanted) == 0)
            return shape;
    return NULL;
}

/* Of the loop's fp32 step.  bf16 saves the loop less than the runtime: not all of its time is
 * products. */
static double share_of_loop(const struct zg_engine_options *options, enum zg_isa isa)
{
    const bool fast = isa >= ZG_ISA_AVX512BF16;
    const bool is_loop = !(options->mechanisms & ZG_MECHANISM_BIT(ZG_M_RAGGED));
    const double faster = !fast                       ? 1
                          : options->dtype == ZG_BF16 ? 0.55
                          : options->dtype == ZG_INT8 ? 0.3
                                                      : 1;
    return is_loop ? 0.1 + 0.9 * faster : RUNTIME_SHARE * faster;
}

double zg_estimate_s(const struct zg_session *session, const struct zg_case *c)
{
    const struct zg_policy *const policy = &session->request->policy;
    const struct zg_model_shape *const known = shape_named(c->model), *const shape =
                                                                          known ? known
                                                                                : shape_named(
                                                                                      "opt-125m");
    const double all = (double)zg_model_n_params(shape);
    const double linear = all - (double)(shape->n_vocab * shape->d_model);
    double engines = 0, probed = 0;
    for (int64_t i = 0; i < session->engines.n_items; i++) {
        const struct zg_engine_options options =
            zg_engine_item_options(&session->engines.items[i], c->dtype, c->dtype_d, 1);
        const double share = share_of_loop(&options, session->isa);
        engines += share;
        if (options.dtype != ZG_FP32 || options.dtype_d != ZG_FP32)
            probed += share + RUNTIME_SHARE; /* and its reference */
    }
    const double loop_s = 2.0 * linear * PADDED_TOKENS * N_OPTIONS * N_PROBES * (double)c->batch /
                          (thread_flops(session->isa) * (double)session->n_threads);
    const double round_s = engines * loop_s, limit_s = zg_policy_max_time_s(policy);
    const int64_t per_sample = policy->steps > 0 ? policy->steps : policy->blocks > 0 ? 4 : 1;
    const int64_t n_check = policy->brief ? ZG_BRIEF_TRIAL_STEPS : ZG_RUN_TRIAL_STEPS;
    const int64_t n_blocks = policy->blocks > 0 ? policy->blocks : policy->brief ? 6 : 0;
    const int64_t n_warm = policy->brief && n_blocks > 0 ? 1 : PILOT_STEPS;
    double sampling_s = (double)(n_warm + n_blocks * per_sample) * round_s;
    if (n_blocks == 0) /* the time that is given, or what an interval needs */
        sampling_s = fmax(limit_s, (double)(n_warm + 9 * per_sample) * round_s);
    else if (policy->max_time_s > 0)
        sampling_s = fmin(limit_s, sampling_s);
    const double examples = (double)zg_min64(policy->fidelity_batch, c->batch) / (double)c->batch;
    return START_S + (double)session->engines.n_items * all / 100e6 +
           (double)(n_check + zg_min64(2 * per_sample, PHASE_STEPS)) * round_s + sampling_s +
           (double)policy->fidelity * examples * probed * loop_s;
}
