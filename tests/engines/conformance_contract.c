/* conformance_contract.c - the rest of zo.h: declaration, limits, NaN, memory, phases, cost,
 * close. */
#include "tests/engines/conformance.h"

#include "engines/base/size.h"
#include "tests/support/fixtures.h"
#include "tests/support/malloc_count.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct zg_probe pair[] = {{0, 1e-2f}, {0, -1e-2f}};

static bool open_rig(struct zg_rig *rig, int64_t shape)
{
    return zg_rig_open(rig, zg_fixture_shape(shape, NULL), zg_conformance_subject->mechanisms,
                       zg_conformance_subject->n_threads);
}

static void test_declaration(void)
{
    const struct zg_engine *e = zg_conformance_subject->engine;
    CU_ASSERT_PTR_EQUAL(zg_engine_find(e->name), e);
    CU_ASSERT(e->summary && e->summary[0]);
    CU_ASSERT_EQUAL(e->interface_version, ZG_INTERFACE_VERSION);
    CU_ASSERT(e->dtypes != 0 && e->dtypes < 1u << ZG_N_DTYPES);
    CU_ASSERT(e->mechanisms < 1u << ZG_N_MECHANISMS);
    CU_ASSERT(e->direction_kinds & 1u << ZG_DIRECTION_LOWRANK);
    CU_ASSERT(e->scopes & 1u << ZG_SCOPE_LINEAR);
    CU_ASSERT(e->features < 1u << ZG_N_FEATURES);
    CU_ASSERT_EQUAL(!!(e->features & ZG_FEATURE_BIT(ZG_F_MOMENTUM)), e->apply_momentum != NULL);
    CU_ASSERT(e->open && e->begin && e->score && e->apply && e->read && e->cost && e->close);
    const struct zg_engine_options none = {0};
    for (const struct zg_engine_setting_doc *s = e->settings; s && s->key; s++) {
        CU_ASSERT(s->summary && s->choices);
        const char *value = zg_engine_setting_value(e, &none, s->key);
        CU_ASSERT(value && strstr(s->choices, value));
    }
}

static void test_bad_options(void)
{
    const struct zg_engine *e = zg_conformance_subject->engine;
    struct zg_model *model = NULL;
    struct zg_engine_state *state = NULL;
    const struct zg_engine_setting unknown = {"no-such-setting", "1"};
    struct zg_engine_options bad[5];
    for (int i = 0; i < 5; i++)
        bad[i] = zg_engine_options_default(e);
    bad[0].n_threads = 0;
    bad[1].dtype = ZG_FP16; /* no engine computes in it */
    bad[2].settings = &unknown;
    bad[2].n_settings = 1;
    bad[3].mechanisms = 1u << 31;
    bad[4].limits.features = 1u << 31;
    CU_ASSERT_FATAL(!zg_model_open_shape(&model, "tiny", zg_fixture_shape(0, NULL), 7, NULL));
    for (int i = 0; i < 5; i++) {
        struct zg_error err = {0};
        CU_ASSERT_EQUAL(e->open(&state, model, &bad[i], &err), ZG_USAGE);
        CU_ASSERT(err.text[0] && !state);
        e->close(&state);
    }
    zg_model_close(&model);
}

static void expect_usage(enum zg_status status, const struct zg_error *err, const char *what)
{
    zg_rig_expect(status == ZG_USAGE && err->text[0], "%s: status %d, '%s'", what, (int)status,
                  err->text);
}

/* Each thing that is one too large is refused, and the engine goes on working. */
static void test_limits(void)
{
    struct zg_rig rig;
    if (!open_rig(&rig, 4))
        return;
    const struct zg_engine *e = rig.engine;
    const struct zg_batch *batch = zg_fixture_batch_find("one-token options");
    const struct zg_direction d = zg_rig_direction(1, 2, 2);
    struct zg_direction many[4] = {d, d, d, d}, wide = d, none = d, other_v[2] = {d, d};
    wide.rank = 6;
    none.rank = 0;
    other_v[1].seed_v++;
    double loss[6];
    struct zg_scores out = {.loss = loss};
    struct zg_probe probes[6] = {{0, 0}};
    struct zg_error err[8] = {{0}};
    expect_usage(e->begin(rig.state, many, 4, &err[0]), &err[0], "4 directions of 3");
    expect_usage(e->begin(rig.state, &wide, 1, &err[1]), &err[1], "rank 6 of 5");
    expect_usage(e->begin(rig.state, &none, 1, &err[2]), &err[2], "rank 0");
    expect_usage(e->begin(rig.state, other_v, 2, &err[3]), &err[3], "two V in one step");
    CU_ASSERT_EQUAL(e->begin(rig.state, &d, 1, NULL), ZG_OK);
    expect_usage(e->score(rig.state, batch, probes, 6, &out, &err[4]), &err[4], "6 probes of 5");
    probes[0].direction = 1;
    expect_usage(e->score(rig.state, batch, probes, 1, &out, &err[5]), &err[5],
                 "a direction that was not announced");
    struct zg_fixture_random *big = zg_fixture_random_open(3, 64, rig.shape.n_vocab);
    expect_usage(e->score(rig.state, &big->batch, pair, 2, &out, &err[6]), &err[6], "64 examples");
    zg_fixture_random_close(&big);
    const struct zg_update update = {1, 0.1f};
    expect_usage(e->apply(rig.state, &update, 1, 0, &err[7]), &err[7], "an unknown update");
    zg_rig_compare(&rig, "after the refusals", batch, &d, 1, pair, 2);
    zg_rig_close(&rig);
}

/* Tokens and lengths that the model does not have are bad input. */
static void test_bad_batches(void)
{
    struct zg_rig rig;
    if (!open_rig(&rig, 1))
        return;
    const int32_t stem[] = {0, 5}, beyond[] = {(int32_t)rig.shape.n_vocab}, negative[] = {-1},
                  good[] = {6};
    const struct zg_option options[][1] = {
        {{beyond, 1}}, {{negative, 1}}, {{good, 0}}, {{good, 1}}};
    const struct zg_direction d = zg_rig_direction(1, 2, 2);
    double loss[2];
    struct zg_scores out = {.loss = loss};
    CU_ASSERT_EQUAL(rig.engine->begin(rig.state, &d, 1, NULL), ZG_OK);
    for (int i = 0; i < 4; i++) {
        struct zg_error err = {0};
        const struct zg_example example = {stem, 2, options[i], 1,
                                           i == 3 ? 1 : 0}; /* 3: a gold of none */
        const struct zg_batch batch = {&example, 1, ZG_LOSS_CLASSIFICATION, 1};
        const enum zg_status status = rig.engine->score(rig.state, &batch, pair, 2, &out, &err);
        zg_rig_expect(status == ZG_INPUT && err.text[0], "bad batch %d: status %d", i, (int)status);
    }
    zg_rig_close(&rig);
}

/* Weights beyond fp32 give losses that are NaN, never a plausible number. */
static void test_nan(void)
{
    const float coefficients[] = {INFINITY, NAN, 3e38f};
    for (int i = 0; i < 3; i++) {
        struct zg_rig rig;
        if (!open_rig(&rig, 1))
            return;
        const struct zg_direction d = zg_rig_direction(1, 2, 2);
        const struct zg_update update = {0, coefficients[i]};
        double loss[2] = {0, 0};
        struct zg_scores out = {.loss = loss};
        struct zg_error err = {0};
        enum zg_status status = rig.engine->begin(rig.state, &d, 1, &err);
        status = status ? status : rig.engine->apply(rig.state, &update, 1, 0, &err);
        status = status ? status : rig.engine->begin(rig.state, &d, 1, &err);
        status = status ? status
                        : rig.engine->score(rig.state, zg_fixture_batch_find("long and short"),
                                            pair, 2, &out, &err);
        zg_rig_expect(status == ZG_OK && isnan(loss[0]) && isnan(loss[1]),
                      "update by %g: status %d, losses %g and %g", (double)coefficients[i],
                      (int)status, loss[0], loss[1]);
        zg_rig_close(&rig);
    }
}

/* begin, score and apply allocate nothing, in the first step and in later ones, folds included.  A
 * library that allocates in each call is excused by name; the engine's own code never is. */
static void test_memory(void)
{
    if (!zg_malloc_count_works()) {
        printf("skipped: this build cannot count allocations ");
        return;
    }
    struct zg_rig rig;
    if (!open_rig(&rig, 3))
        return;
    double loss[2];
    struct zg_scores out = {.loss = loss};
    struct zg_error err = {0};
    enum zg_status status = ZG_OK;
    const int64_t own = zg_malloc_count_own(), all = zg_malloc_count_all();
    for (uint64_t step = 0; !status && step < 4; step++) {
        const struct zg_direction d = zg_rig_direction(step, step / 2, 2);
        const struct zg_update update = {0, 1e-3f};
        status = rig.engine->begin(rig.state, &d, 1, &err);
        const struct zg_batch *batch = zg_fixture_batch((int64_t)step, NULL);
        status = status ? status : rig.engine->score(rig.state, batch, pair, 2, &out, &err);
        status = status ? status : rig.engine->apply(rig.state, &update, 1, 0, &err);
    }
    const int64_t n_own = zg_malloc_count_own() - own, n_all = zg_malloc_count_all() - all;
    zg_rig_expect(status == ZG_OK, "%s", err.text);
    zg_rig_expect(n_own == 0, "the engine allocates %lld times in 4 steps", (long long)n_own);
    if (zg_conformance_subject->library_allocates)
        printf("its library: %lld allocations in 4 steps ", (long long)n_all);
    else
        zg_rig_expect(n_all == 0, "%lld allocations in 4 steps", (long long)n_all);
    zg_rig_close(&rig);
}

/* score() leaves the weights: exactly, where no weight is written; else to the rounding of the
 * loop's writes: each of +c, -2c, +c, rounds once by at most u (|w| + c |D|), |D| <= 36 r. */
static void test_score_is_pure(void)
{
    struct zg_rig rig;
    if (!open_rig(&rig, 2))
        return;
    const bool writes = zg_rig_writes(&rig);
    rig.n_writes += writes ? 2 * 3 : 0;
    double scale = 0;
    const double at_open = zg_rig_weight_difference(&rig, &scale);
    CU_ASSERT(rig.options.dtype != ZG_FP32 || at_open == 0);
    const struct zg_direction d = zg_rig_direction(1, 2, 2);
    double loss[4];
    struct zg_scores first = {.loss = loss}, second = {.loss = loss + 2};
    const struct zg_batch *batch = zg_fixture_batch_find("options of many tokens");
    CU_ASSERT_EQUAL(rig.engine->begin(rig.state, &d, 1, NULL), ZG_OK);
    CU_ASSERT_EQUAL(rig.engine->score(rig.state, batch, pair, 2, &first, NULL), ZG_OK);
    CU_ASSERT_EQUAL(rig.engine->score(rig.state, batch, pair, 2, &second, NULL), ZG_OK);
    const double after = zg_rig_weight_difference(&rig, NULL);
    const double allowed =
        writes ? at_open + 2 * 3 * zg_rig_unit(&rig) * (scale + 1e-2 * 36 * 2) : at_open;
    zg_rig_expect(after <= allowed, "weights differ by %.3g after two scores, allowed %.3g", after,
                  allowed);
    for (int i = 0; i < 2; i++)
        zg_rig_expect(writes ? fabs(loss[i] - loss[i + 2]) < zg_rig_tolerance(&rig, loss[i])
                             : loss[i] == loss[i + 2],
                      "the same probe again: %.17g, then %.17g", loss[i], loss[i + 2]);
    zg_rig_close(&rig);
}

struct phase_log {
    pthread_t thread;
    int64_t n_calls;
    bool good;
};

static void on_phase(void *context, enum zg_phase phase)
{
    struct phase_log *log = context;
    log->n_calls++;
    log->good &= pthread_equal(log->thread, pthread_self()) && phase >= 0 && phase < ZG_N_PHASES;
}

static void test_phases_and_cost(void)
{
    const struct zg_conformance *subject = zg_conformance_subject;
    const struct zg_engine *e = subject->engine;
    const struct zg_model_shape *shape = zg_fixture_shape(3, NULL);
    const struct zg_batch *batch = zg_fixture_batch_find("long and short");
    struct phase_log log = {pthread_self(), 0, true};
    struct zg_engine_options o = zg_engine_options_default(e);
    o.dtype = o.dtype_d = subject->dtype;
    o.n_threads = subject->n_threads;
    o.mechanisms = subject->mechanisms;
    o.settings = subject->settings;
    o.n_settings = subject->n_settings;
    o.on_phase = on_phase;
    o.on_phase_context = &log;
    zg_engine_limits_include(&o.limits, batch);
    struct zg_model *model = NULL;
    struct zg_engine_state *state = NULL;
    struct zg_error err = {0};
    double loss[2];
    struct zg_scores out = {.loss = loss};
    struct zg_cost cost = {0};
    const struct zg_direction d = zg_rig_direction(1, 2, 2);
    enum zg_status status = zg_model_open_shape(&model, "cost", shape, 7, &err);
    status = status ? status : e->open(&state, model, &o, &err);
    for (int step = 0; !status && step < 2; step++) {
        status = e->begin(state, &d, 1, &err);
        status = status ? status : e->score(state, batch, pair, 2, &out, &err);
    }
    if (zg_rig_expect(status == ZG_OK, "%s", err.text)) {
        e->cost(state, &cost);
        const double useful = zg_useful_flops(shape, batch, pair, 2, &d);
        CU_ASSERT_DOUBLE_EQUAL(cost.useful_flops, useful, 1e-9 * useful);
        CU_ASSERT(cost.executed_flops > 0);
        CU_ASSERT(cost.n_rows > 0);
        double sum = 0;
        for (int p = 0; p < ZG_N_PHASES; p++) {
            CU_ASSERT(cost.phase_flops[p] >= 0 && cost.phase_bytes[p] >= 0);
            sum += cost.phase_flops[p];
        }
        CU_ASSERT_DOUBLE_EQUAL(sum, cost.executed_flops, 1e-9 * sum);
        CU_ASSERT(log.good && log.n_calls > 0);
    }
    e->close(&state);
    zg_model_close(&model);
}

static void test_close(void)
{
    const struct zg_engine *e = zg_conformance_subject->engine;
    e->close(NULL);
    struct zg_engine_state *state = NULL;
    e->close(&state);
    struct zg_rig rig;
    if (open_rig(&rig, 0)) {
        e->close(&rig.state);
        CU_ASSERT_PTR_NULL(rig.state);
        zg_rig_close(&rig);
    }
}

const struct zg_test zg_conformance_contract[] = {
    {"declaration", test_declaration},
    {"bad options are refused", test_bad_options},
    {"beyond the limits is refused", test_limits},
    {"bad batches are refused", test_bad_batches},
    {"infinite weights give NaN", test_nan},
    {"a step allocates nothing", test_memory},
    {"score leaves the weights", test_score_is_pure},
    {"phases and cost", test_phases_and_cost},
    {"close", test_close},
    {NULL, NULL},
};
