/* test_null_engine.c - the null engine keeps its script, and the sampler times it through the ZO
 * interface. */
#include "tests/harness/null_engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/stats.h"
#include "harness/timing/sampler.h"
#include "tests/support/cunit_run.h"

static const int32_t stem[] = {0, 7, 8}, bad[] = {20}, good[] = {21};
static const struct zg_option options[] = {{bad, 1}, {good, 1}};
static const struct zg_example examples[] = {{stem, 3, options, 2, 1}};
static const struct zg_batch batch = {examples, 1, ZG_LOSS_CLASSIFICATION, 1};

static enum zg_status open_null(struct zg_engine_state **state,
                                const struct zg_engine_setting *settings, int64_t n,
                                struct zg_error *err)
{
    struct zg_engine_options o = zg_engine_options_default(&zg_engine_null);
    zg_engine_limits_include(&o.limits, &batch);
    o.settings = settings;
    o.n_settings = n;
    return zg_engine_null.open(state, NULL, &o, err);
}

static enum zg_status step(struct zg_engine_state *state, double loss[2], struct zg_error *err)
{
    const struct zg_direction direction = {.kind = ZG_DIRECTION_LOWRANK, .rank = 2, .scale = 1.0f};
    const struct zg_probe probes[] = {{0, 0.5f}, {0, -0.5f}};
    const struct zg_update update = {0, 0.1f};
    struct zg_scores scores = {.loss = loss};
    enum zg_status status = zg_engine_null.begin(state, &direction, 1, err);
    if (!status)
        status = zg_engine_null.score(state, &batch, probes, 2, &scores, err);
    if (!status)
        status = zg_engine_null.apply(state, &update, 1, 0.0f, err);
    return status;
}

static void losses_are_scripted(void)
{
    const struct zg_engine_setting settings[] = {
        {"loss", "3.5"}, {"slope", "2"}, {"weight", "0.25"}};
    struct zg_engine_state *state = NULL;
    double loss[2];
    float w[4] = {0};
    CU_ASSERT_EQUAL_FATAL(open_null(&state, settings, 3, NULL), ZG_OK);
    CU_ASSERT_EQUAL(step(state, loss, NULL), ZG_OK);
    CU_ASSERT_EQUAL(loss[0], 4.5);
    CU_ASSERT_EQUAL(loss[1], 2.5);
    CU_ASSERT_EQUAL(zg_engine_null.read(state, 0, 0, 2, w, 2, NULL), ZG_OK);
    CU_ASSERT_EQUAL(w[3], 0.25f);
    zg_engine_null.close(&state);
    CU_ASSERT_PTR_NULL(state);
    zg_engine_null.close(&state);
}

static void failures_are_scripted(void)
{
    static const char *const calls[] = {"open", "begin", "score", "apply"};
    for (size_t i = 0; i < 4; i++) {
        const struct zg_engine_setting setting = {"fail", calls[i]};
        struct zg_engine_state *state = NULL;
        struct zg_error err = {0};
        double loss[2];
        enum zg_status status = open_null(&state, &setting, 1, &err);
        CU_ASSERT_EQUAL(status, i == 0 ? ZG_ENV : ZG_OK);
        if (!status)
            status = step(state, loss, &err);
        CU_ASSERT_EQUAL(status, ZG_ENV);
        CU_ASSERT(strstr(err.text, calls[i]) != NULL);
        zg_engine_null.close(&state);
    }
    const struct zg_engine_setting unknown = {"speed", "1"}, nan = {"nan", "1"};
    struct zg_engine_state *state = NULL;
    double loss[2];
    CU_ASSERT_EQUAL(open_null(&state, &unknown, 1, NULL), ZG_USAGE);
    CU_ASSERT_EQUAL_FATAL(open_null(&state, &nan, 1, NULL), ZG_OK);
    CU_ASSERT_EQUAL(step(state, loss, NULL), ZG_OK);
    CU_ASSERT(isnan(loss[0]));
    zg_engine_null.close(&state);
}

struct subject {
    struct zg_engine_state *state;
    double times_s[64];
    int64_t n;
};

static enum zg_status run_steps(void *context, int64_t n_steps, struct zg_error *err)
{
    struct subject *const s = context;
    enum zg_status status = ZG_OK;
    double loss[2];
    for (int64_t i = 0; i < n_steps && !status; i++)
        status = step(s->state, loss, err);
    return status;
}

static enum zg_status keep(void *context, const struct zg_sample *sample, struct zg_error *err)
{
    (void)err;
    struct subject *const s = (struct subject *)context + sample->subject;
    s->times_s[s->n++] = sample->wall_s_per_step;
    return ZG_OK;
}

/* The real clock on engines of 400 and 100 us a step, one step a span.  Other work on the
 * machine only ever adds time, so a sample is no shorter than its script; and the best of 20
 * lies within 50 % of it, for some of 20 spans of 0.4 ms falls inside a scheduler's slice. */
static void the_sampler_times_it(void)
{
    const struct zg_engine_setting slow = {"step_us", "400"}, fast = {"step_us", "100"};
    static struct subject s[2];
    CU_ASSERT_EQUAL_FATAL(open_null(&s[0].state, &slow, 1, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(open_null(&s[1].state, &fast, 1, NULL), ZG_OK);
    const struct zg_subject subjects[2] = {{"slow", run_steps, &s[0]}, {"fast", run_steps, &s[1]}};
    struct zg_sampler_policy policy = zg_sampler_policy_default();
    policy.blocks = 20;
    policy.steps = 1;
    policy.on_sample = keep;
    policy.context = s;
    struct zg_sampler *sampler = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, subjects, 2, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_sampler_run(sampler, NULL), ZG_OK);
    for (int i = 0; i < 2; i++) {
        const double script_s = i ? 100e-6 : 400e-6;
        CU_ASSERT_EQUAL(s[i].n, 20);
        (void)zg_median(s[i].times_s, s[i].n); /* sorts */
        CU_ASSERT(s[i].times_s[0] >= script_s && s[i].times_s[0] < 1.5 * script_s);
        zg_engine_null.close(&s[i].state);
    }
    CU_ASSERT(zg_sampler_report(sampler)->inside_share < 1e-3);
    zg_sampler_close(&sampler);
}

int main(void)
{
    const struct zg_test tests[] = {{"losses are scripted", losses_are_scripted},
                                    {"failures are scripted", failures_are_scripted},
                                    {"the sampler times it", the_sampler_times_it},
                                    {0}};
    return zg_test_run("null_engine", tests);
}
