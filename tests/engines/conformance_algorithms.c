/* conformance_algorithms.c - twenty steps of each algorithm and of the options that they share,
 * across redraws of V, against the formulas in double precision; and the same bits from a replay of
 * the losses. */
#include "tests/engines/conformance.h"

#include "engines/algorithm/step.h"
#include "engines/base/size.h"
#include "engines/interface/direction.h"
#include "tests/support/fixtures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_STEPS = 20, N_REPLAYED = 9, BANK = 11 /* redraws that a rig has room for */ };

static const char *const batches[] = {"one-token options", "different option counts",
                                      "language model, gold answers"};

static struct zg_algorithm_choice chosen(const char *text, enum zg_scope scope)
{
    struct zg_algorithm_choice choice = {0};
    CU_ASSERT_EQUAL_FATAL(zg_algorithm_parse(text, &choice, NULL), ZG_OK);
    choice.seed = 17;
    choice.scope = scope;
    zg_algorithm_set_real(&choice, "eps", 5e-2);
    zg_algorithm_set_real(&choice, "lr", 2e-3);
    return choice;
}

static bool says(const struct zg_algorithm_choice *choice, const char *key, const char *word)
{
    const char *const value = zg_algorithm_word(choice, key);
    return value && strcmp(value, word) == 0;
}

/* ---- the formulas ---------------------------------------------------------------------------- */

static double rate_of(const struct zg_algorithm_choice *choice, uint64_t step)
{
    const double t = (double)step, warmup = (double)zg_algorithm_integer(choice, "warmup", 0);
    const double horizon = (double)zg_algorithm_integer(choice, "horizon", 0);
    const double lr = (double)2e-3f, left = (horizon - t) / (horizon - warmup);
    if (t < warmup)
        return lr * t / warmup;
    if (says(choice, "schedule", "linear"))
        return lr * fmax(left, 0);
    if (says(choice, "schedule", "cosine"))
        return t < horizon ? lr * 0.5 * (1 - cos(acos(-1) * left)) : 0;
    return lr;
}

static double loss_at(struct zg_reference *reference, const struct zg_direction *direction,
                      double coefficient, const struct zg_batch *batch)
{
    zg_reference_add(reference, direction, coefficient);
    const double loss = zg_reference_score(reference, batch, NULL, NULL);
    zg_reference_add(reference, direction, -coefficient);
    return loss;
}

/* The step in the reference, along the directions announced: c [queries]. */
static void reference_step(struct zg_reference *reference, const struct zg_algorithm_choice *choice,
                           const struct zg_question *question, uint64_t step,
                           const struct zg_batch *batch, double *c)
{
    const int64_t n = zg_algorithm_integer(choice, "queries", 1);
    const double eps = (double)5e-2f, lr = rate_of(choice, step);
    const double beta = zg_algorithm_real(choice, "beta");
    const bool is_first = step == 0, has_momentum = !isnan(beta);
    const double share = has_momentum && !is_first ? 1 - beta : 1;
    const bool others =
        says(choice, "direction", "official") && step % (uint64_t)zg_algorithm_period(choice) == 0;
    double mean[ZG_MAX_DIRECTIONS];
    for (int64_t i = 0; i < n; i++) {
        const struct zg_direction *const d = &question->directions[i];
        const double plus = loss_at(reference, d, eps, batch);
        c[i] = says(choice, "sides", "one")
                   ? (plus - loss_at(reference, d, 0, batch)) / eps
                   : (plus - loss_at(reference, d, -eps, batch)) / (2 * eps);
        mean[i] = share * c[i] / (double)n;
    }
    zg_reference_step(reference, question->directions + (others ? n : 0), mean, n,
                      has_momentum && !is_first ? beta : 0, lr,
                      lr * zg_algorithm_real(choice, "wd"));
}

/* ---- an engine beside them ------------------------------------------------------------------- */

/* Largest element of a direction: a factor's row of r deviates is longer than sqrt(r) + 3.6 once in
 * 1e5, a deviate larger than 5.5 once in 1e7. */
static double largest_of(const struct zg_direction *direction)
{
    const int64_t rank = zg_direction_rank(direction);
    const double row = sqrt((double)rank) + 3.6;
    return rank > 0 ? row * row * (double)direction->scale : 5.5;
}

static double deviation_of(const struct zg_direction *direction)
{
    const int64_t rank = zg_direction_rank(direction);
    return (double)direction->scale * sqrt(rank > 0 ? (double)rank : 1);
}

static uint64_t n_steps_of(const struct zg_algorithm_choice *choice, uint32_t mechanisms)
{
    const int64_t period = zg_algorithm_period(choice);
    if (!(mechanisms & ZG_MECHANISM_BIT(ZG_M_BANK)) || period > N_STEPS)
        return N_STEPS;
    return (uint64_t)zg_min64(N_STEPS, BANK * period);
}

/* As conformance_steps.c, run_steps(): a coefficient may be off by the tolerance of two losses over
 * their distance, weights by lr times that times the largest |D|, and by the roundings of their
 * writes; momentum only spreads an error over more steps. */
static void run_steps(const char *text, enum zg_scope scope)
{
    const uint32_t mechanisms = zg_conformance_subject->mechanisms;
    const struct zg_algorithm_choice choice = chosen(text, scope);
    const double distance = zg_algorithm_distance(&choice);
    struct zg_rig rig;
    if (!zg_rig_open_algorithm(&rig, zg_fixture_shape(1, NULL), mechanisms,
                               zg_conformance_subject->n_threads, &choice))
        return;
    zg_rig_sharpen(&rig);
    double moved = 0, allowed = 0;
    const uint64_t n_steps = n_steps_of(&choice, mechanisms);
    for (uint64_t step = 0; step < n_steps; step++) {
        struct zg_error err = {0};
        struct zg_step got;
        double want[ZG_MAX_DIRECTIONS], worst = 0;
        const struct zg_batch *const batch = zg_fixture_batch_find(batches[step % 3]);
        const enum zg_status status =
            zg_step_run(&choice, rig.engine, rig.state, step, batch, NULL, &got, &err);
        if (!zg_rig_expect(status == ZG_OK, "%s, step %d: %s", text, (int)step, err.text))
            break;
        reference_step(rig.reference, &choice, &got.question, step, batch, want);
        const struct zg_direction *const d = &got.question.directions[0];
        rig.n_writes += zg_rig_writes(&rig) ? 4 * got.answer.n_gradients : 0;
        for (int64_t i = 0; i < got.answer.n_gradients; i++) {
            const double tolerance = 2 * zg_rig_tolerance(&rig, got.loss[0]) / distance;
            zg_rig_expect(fabs(got.answer.gradient[i] - want[i]) <= tolerance,
                          "%s, step %d, query %d: projected gradient %.9g, reference %.9g +- %.2g",
                          text, (int)step, (int)i, got.answer.gradient[i], want[i], tolerance);
            worst = fmax(worst, tolerance);
            moved += pow(want[i] * rate_of(&choice, step) * deviation_of(d) /
                             (double)got.answer.n_gradients,
                         2);
        }
        allowed += worst * rate_of(&choice, step) * largest_of(d);
    }
    double scale = 0;
    const double difference = zg_rig_weight_difference(&rig, &scale);
    allowed += 4 * (double)n_steps * zg_rig_unit(&rig) * scale;
    zg_rig_expect(difference <= allowed, "%s, scope %d: weights differ by %.3g, allowed %.3g", text,
                  (int)scope, difference, allowed);
    moved = sqrt(moved);
    zg_rig_expect(moved > 2 * allowed || rig.options.dtype != ZG_FP32,
                  "%s: weights moved by %.3g only, allowed %.3g", text, moved, allowed);
    zg_rig_close(&rig);
}

/* Kinds and features that the engine lacks are refused by open() or begin(), in words. */
static bool engine_has(const struct zg_algorithm_choice *choice)
{
    const struct zg_engine *const e = zg_conformance_subject->engine;
    struct zg_engine_limits limits = {0};
    const uint32_t kinds = zg_algorithm_needs(choice, &limits);
    return !(kinds & ~e->direction_kinds) && !(limits.features & ~e->features);
}

static void run_if_had(const char *text, enum zg_scope scope)
{
    const struct zg_algorithm_choice choice = chosen(text, scope);
    if (engine_has(&choice) && zg_conformance_subject->engine->scopes & ZG_SCOPE_BIT(scope))
        run_steps(text, scope);
}

static void run_linear(const char *text)
{
    run_if_had(text, ZG_SCOPE_LINEAR);
}

static void run_full(const char *text)
{
    run_if_had(text, ZG_SCOPE_FULL);
}

static void test_queries(void)
{
    run_linear("lozo:nu=4+queries=2");
    run_linear("lozo:nu=7+queries=2+direction=official+basis=own");
    run_full("lozo:nu=4+queries=2+basis=own");
    run_linear("factorised:rank=4+queries=2+basis=own");
}

static void test_one_sided(void)
{
    run_linear("lozo:nu=4+sides=one+queries=3");
    run_full("lozo:nu=4+sides=one");
    run_full("mezo:sides=one+queries=2");
}

static void test_momentum(void)
{
    run_linear("lozo-m:nu=6");
    run_full("lozo-m:nu=2+beta=0.5+rank=3");
    run_linear("lozo-m:nu=5+queries=2+direction-scale=rms+sides=one");
    run_full("lozo-m:nu=7+wd=0.5");
}

static void test_schedules(void)
{
    run_linear("lozo:nu=4+schedule=linear+warmup=5+horizon=18");
    run_linear("lozo-m:nu=7+schedule=cosine+horizon=18");
}

static void test_others(void)
{
    run_linear("factorised:rank=5");
    run_full("factorised:rank=3");
    run_full("mezo");
    run_linear("mezo:wd=0.5");
    run_linear("lozo:nu=4+wd=0.5");
}

/* ---- replay ---------------------------------------------------------------------------------- */

static bool same_weights(const struct zg_rig *a, const struct zg_rig *b)
{
    for (int32_t id = 0; id < zg_tensor_end(a->shape.n_layers); id++) {
        int64_t n_rows, n_cols;
        if (!zg_model_tensor_size(&a->shape, id, &n_rows, &n_cols))
            continue;
        const size_t n = (size_t)(n_rows * n_cols);
        float *const x = calloc(2 * n, sizeof *x), *const y = x + n;
        const bool read = !a->engine->read(a->state, id, 0, n_rows, x, n_cols, NULL) &&
                          !b->engine->read(b->state, id, 0, n_rows, y, n_cols, NULL);
        const bool same = read && memcmp(x, y, n * sizeof *x) == 0;
        free(x);
        if (!same)
            return false;
    }
    return true;
}

/* Steps from their losses; `begins` times begin() before each answer, as an evaluation between
 * steps does. */
static bool replay(struct zg_rig *rig, const struct zg_algorithm_choice *choice,
                   double losses[][ZG_MAX_PROBES], int begins)
{
    enum zg_status status = ZG_OK;
    struct zg_error err = {0};
    for (uint64_t step = 0; step < N_REPLAYED && !status; step++) {
        struct zg_question question;
        struct zg_answer answer = {0};
        choice->algorithm->announce(choice, step, NULL, &question);
        for (int i = 0; i < begins && !status; i++)
            status =
                rig->engine->begin(rig->state, question.directions, question.n_directions, &err);
        choice->algorithm->answer(choice, step, &question, losses[step], NULL, &answer);
        status = status ? status : zg_answer_apply(&answer, rig->engine, rig->state, &err);
    }
    return zg_rig_expect(status == ZG_OK, "replay: %s", err.text);
}

/* A loop writes its probes into the weights, which rounds them: its replays are equal to each
 * other, those of an engine that does not to the steps themselves too. */
static void replay_steps(const char *text)
{
    static double losses[N_REPLAYED][ZG_MAX_PROBES];
    const struct zg_algorithm_choice choice = chosen(text, ZG_SCOPE_LINEAR);
    struct zg_rig rigs[3];
    bool good = true;
    int n_open = 0;
    if (!engine_has(&choice))
        return;
    while (good && n_open < 3) {
        good = zg_rig_open_algorithm(&rigs[n_open], zg_fixture_shape(1, NULL),
                                     zg_conformance_subject->mechanisms,
                                     zg_conformance_subject->n_threads, &choice);
        n_open += good;
    }
    for (uint64_t step = 0; step < N_REPLAYED && good; step++) {
        struct zg_step got;
        const struct zg_batch *const batch = zg_fixture_batch_find(batches[step % 3]);
        good = zg_rig_expect(
            !zg_step_run(&choice, rigs[0].engine, rigs[0].state, step, batch, NULL, &got, NULL),
            "%s, step %d", text, (int)step);
        memcpy(losses[step], got.loss, sizeof losses[step]);
    }
    good = good && replay(&rigs[1], &choice, losses, 1) && replay(&rigs[2], &choice, losses, 2);
    if (good) {
        zg_rig_expect(same_weights(&rigs[1], &rigs[2]), "%s: two replays differ", text);
        zg_rig_expect(zg_rig_writes(&rigs[0]) || same_weights(&rigs[0], &rigs[1]),
                      "%s: a replay differs from the steps", text);
    }
    for (int i = 0; i < n_open; i++)
        zg_rig_close(&rigs[i]);
}

static void test_replay(void)
{
    replay_steps("lozo:nu=4+queries=2");
    replay_steps("lozo-m:nu=4");
    replay_steps("lozo-m:nu=3+sides=one+queries=2+schedule=linear+horizon=8");
    replay_steps("factorised:rank=4");
    replay_steps("mezo:wd=0.1");
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void test_refused(void)
{
    struct zg_rig rig;
    struct zg_error err = {0};
    if (!zg_rig_open(&rig, zg_fixture_shape(0, NULL), zg_conformance_subject->mechanisms, 1))
        return;
    const struct zg_direction d = zg_rig_direction(1, 2, 2);
    const struct zg_update update = {0, 0.1f};
    CU_ASSERT_EQUAL(rig.engine->begin(rig.state, &d, 1, NULL), ZG_OK);
    if (rig.engine->apply_momentum) {
        CU_ASSERT_EQUAL(rig.engine->apply_momentum(rig.state, &update, 1,
                                                   (struct zg_momentum){0.5f, 1}, 0, &err),
                        ZG_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "not opened for momentum"));
    }
    struct zg_direction dense = d;
    zg_error_clear(&err);
    dense.kind = ZG_DIRECTION_DENSE;
    if (!(rig.engine->direction_kinds & 1u << ZG_DIRECTION_DENSE)) {
        CU_ASSERT_EQUAL(rig.engine->begin(rig.state, &dense, 1, &err), ZG_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no dense directions"));
    }
    zg_rig_close(&rig);
}

const struct zg_test zg_conformance_algorithms[] = {
    {"twenty steps of several queries", test_queries},
    {"of one side", test_one_sided},
    {"with momentum", test_momentum},
    {"under schedules", test_schedules},
    {"of high rank, dense, with decay", test_others},
    {"a replay of losses gives the same bits", test_replay},
    {"what an engine lacks is refused", test_refused},
    {NULL, NULL},
};
