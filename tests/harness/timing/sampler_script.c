/* sampler_script.c - subjects whose times are scripted, on a clock that they alone move. */
#include "tests/harness/timing/sampler_script.h"

#include <math.h>

#include "engines/base/philox.h"
#include "tests/support/cunit_run.h"

/* exp(0.01 * Cauchy), the Cauchy deviate cut at 100. */
static double heavy_factor(uint64_t seed, int64_t i)
{
    uint32_t word;
    zg_philox_words(seed, 0, ZG_STREAM_DATA, i, 1, &word);
    const double cauchy = tan(3.14159265358979 * (((double)word + 0.5) * 0x1p-32 - 0.5));
    return exp(0.01 * fmax(-100, fmin(100, cauchy)));
}

enum zg_status run_script(void *context, int64_t n_steps, struct zg_error *err)
{
    struct script *const s = context;
    const int64_t extra = s->n_spans < 8 ? s->extra_ns[s->n_spans] : 0;
    const int64_t spread = s->n_spans % 2 ? s->spread_ns : 0;
    const double factor = s->seed ? heavy_factor(s->seed, s->n_spans) : 1;
    s->world->now_ns += n_steps * (int64_t)((double)(s->step_ns + extra + spread) * factor);
    s->n_spans++;
    return s->n_spans == s->fail_at ? zg_fail(err, ZG_ENV, "scripted failure") : ZG_OK;
}

static int64_t scripted_now(void *context)
{
    return ((struct world *)context)->now_ns;
}

static enum zg_status keep_sample(void *context, const struct zg_sample *sample,
                                  struct zg_error *err)
{
    struct world *const w = context;
    w->samples[w->n_samples++] = *sample;
    w->now_ns += w->beside_ns;
    if (w->n_samples == w->stop_after)
        w->stop = 1;
    return w->n_samples == w->fail_after ? zg_fail(err, ZG_ENV, "disk full") : ZG_OK;
}

static enum zg_status keep_plan(void *context, const struct zg_sampler_report *report,
                                struct zg_error *err)
{
    struct world *const w = context;
    w->n_plans++;
    w->n_planned = report->n_blocks_planned;
    CU_ASSERT_EQUAL(w->n_samples, 0);
    return w->refuse_plan ? zg_fail(err, ZG_ENV, "disk full") : ZG_OK;
}

static void keep_progress(void *context, const struct zg_progress *progress)
{
    struct world *const w = context;
    w->n_progress++;
    w->last_left_s = progress->left_s;
    CU_ASSERT(progress->warming ? isnan(progress->left_s) : progress->left_s >= 0);
}

struct zg_sampler_policy policy_of(struct world *world)
{
    struct zg_sampler_policy policy = zg_sampler_policy_default();
    policy.seed = 42;
    policy.stop = &world->stop;
    policy.on_plan = keep_plan;
    policy.on_sample = keep_sample;
    policy.on_progress = keep_progress;
    policy.context = world;
    policy.now_ns = scripted_now;
    policy.now_context = world;
    return policy;
}
