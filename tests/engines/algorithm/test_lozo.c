/* test_lozo.c - LoZO's seeds and what a step asks of an engine, against a scripted one.  Numbers
 * against the reference are in tests/engines/conformance_steps.c, on every engine. */
#include "engines/algorithm/lozo.h"
#include "tests/support/cunit_run.h"

#include <math.h>
#include <string.h>

/* An engine that returns scripted losses and records what it was asked. */
struct zg_engine_state {
    double losses[2];
    struct zg_direction directions[4];
    int64_t n_directions;
    struct zg_probe probes[4];
    int64_t n_probes;
    struct zg_update update;
    int n_begin, n_score, n_apply;
    float weight_decay;
};

static enum zg_status fake_begin(struct zg_engine_state *s, const struct zg_direction *d, int64_t n,
                                 struct zg_error *err)
{
    (void)err;
    memcpy(s->directions, d, (size_t)n * sizeof *d);
    s->n_directions = n;
    s->n_begin++;
    return ZG_OK;
}

static enum zg_status fake_score(struct zg_engine_state *s, const struct zg_batch *batch,
                                 const struct zg_probe *probes, int64_t n, struct zg_scores *out,
                                 struct zg_error *err)
{
    if (!batch)
        return zg_fail(err, ZG_USAGE, "no batch");
    memcpy(s->probes, probes, (size_t)n * sizeof *probes);
    s->n_probes = n;
    for (int64_t p = 0; p < n; p++)
        out->loss[p] = s->losses[p];
    s->n_score++;
    return ZG_OK;
}

static enum zg_status fake_apply(struct zg_engine_state *s, const struct zg_update *updates,
                                 int64_t n, float weight_decay, struct zg_error *err)
{
    (void)err;
    s->n_apply += (int)n;
    s->update = updates[0];
    s->weight_decay = weight_decay;
    return ZG_OK;
}

static const struct zg_engine fake = {
    .begin = fake_begin, .score = fake_score, .apply = fake_apply};
static const struct zg_batch batch = {0};
static const struct zg_lozo_options good = {
    .rank = 4, .nu = 5, .eps = 0.25f, .lr = 0.5f, .seed = 7};

static void test_check(void)
{
    CU_ASSERT_EQUAL(zg_lozo_check(&good, NULL), ZG_OK);
    struct zg_lozo_options bad[9];
    for (int i = 0; i < 9; i++)
        bad[i] = good;
    bad[0].rank = 0;
    bad[1].nu = 0;
    bad[2].eps = 0;
    bad[3].eps = NAN;
    bad[4].eps = INFINITY;
    bad[5].lr = -1;
    bad[6].lr = NAN;
    bad[7].direction = (enum zg_lozo_direction)7;
    bad[8].scope = (enum zg_scope)7;
    for (int i = 0; i < 9; i++) {
        struct zg_error err = {0};
        CU_ASSERT_EQUAL(zg_lozo_check(&bad[i], &err), ZG_USAGE);
        CU_ASSERT(err.text[0] != '\0');
    }
    struct zg_lozo_options still = good;
    still.lr = 0; /* measuring without moving is allowed */
    CU_ASSERT_EQUAL(zg_lozo_check(&still, NULL), ZG_OK);
}

static void test_seeds(void)
{
    struct zg_lozo_options other = good;
    other.seed++;
    for (uint64_t t = 0; t < 20; t++) {
        CU_ASSERT_EQUAL(zg_lozo_seed_u(&good, t), zg_lozo_seed_u(&good, t));
        CU_ASSERT_NOT_EQUAL(zg_lozo_seed_u(&good, t), zg_lozo_seed_u(&good, t + 1));
        CU_ASSERT_NOT_EQUAL(zg_lozo_seed_u(&good, t), zg_lozo_seed_u(&other, t));
        CU_ASSERT_NOT_EQUAL(zg_lozo_seed_v(&good, t), zg_lozo_seed_v(&other, t));
        /* V changes after steps 4, 9, 14, ... and only there */
        const bool changes = zg_lozo_seed_v(&good, t) != zg_lozo_seed_v(&good, t + 1);
        CU_ASSERT_EQUAL(changes, t % 5 == 4);
        /* the official update has another U on the steps that redraw V, and only there */
        const bool differs = zg_lozo_seed_u_official(&good, t) != zg_lozo_seed_u(&good, t);
        CU_ASSERT_EQUAL(differs, t % 5 == 0);
    }
}

static struct zg_lozo_step run(const struct zg_lozo_options *o, struct zg_engine_state *state,
                               uint64_t t)
{
    struct zg_lozo_step out = {0};
    CU_ASSERT_EQUAL(zg_lozo_run_step(o, &fake, state, t, &batch, &out, NULL), ZG_OK);
    return out;
}

/* L+ = 3, L- = 2, eps = 1/4: c = 2, and lr c = 1, all exact in binary. */
static void test_step(void)
{
    struct zg_engine_state s = {.losses = {3, 2}};
    const struct zg_lozo_step out = run(&good, &s, 6);
    CU_ASSERT_EQUAL(out.loss_plus, 3);
    CU_ASSERT_EQUAL(out.loss_minus, 2);
    CU_ASSERT_EQUAL(out.projected_gradient, 2);
    CU_ASSERT_EQUAL(s.n_begin, 1);
    CU_ASSERT_EQUAL(s.n_score, 1);
    CU_ASSERT_EQUAL(s.n_apply, 1);
    CU_ASSERT_EQUAL(s.n_directions, 1);
    CU_ASSERT_EQUAL(s.directions[0].kind, ZG_DIRECTION_LOWRANK);
    CU_ASSERT_EQUAL(s.directions[0].scope, ZG_SCOPE_LINEAR);
    CU_ASSERT_EQUAL(s.directions[0].rank, 4);
    CU_ASSERT_EQUAL(s.directions[0].scale, 1.0f);
    CU_ASSERT_EQUAL(s.directions[0].seed_u, zg_lozo_seed_u(&good, 6));
    CU_ASSERT_EQUAL(s.directions[0].seed_v, zg_lozo_seed_v(&good, 6));
    CU_ASSERT_EQUAL(s.n_probes, 2);
    CU_ASSERT_EQUAL(s.probes[0].coefficient, 0.25f);
    CU_ASSERT_EQUAL(s.probes[1].coefficient, -0.25f);
    CU_ASSERT_EQUAL(s.update.direction, 0);
    CU_ASSERT_EQUAL(s.update.coefficient, 1.0f);
    CU_ASSERT_EQUAL(s.weight_decay, 0.0f);
}

static void test_rms_scale(void)
{
    struct zg_lozo_options o = good;
    struct zg_engine_state s = {.losses = {3, 2}};
    o.rms_scale = true;
    o.scope = ZG_SCOPE_FULL;
    run(&o, &s, 0);
    CU_ASSERT_EQUAL(s.directions[0].scale, 0.5f); /* rank 4 */
    CU_ASSERT_EQUAL(s.directions[0].scope, ZG_SCOPE_FULL);
}

static void test_official(void)
{
    struct zg_lozo_options o = good;
    o.direction = ZG_LOZO_OFFICIAL;
    for (uint64_t t = 0; t < 12; t++) {
        struct zg_engine_state s = {.losses = {3, 2}};
        run(&o, &s, t);
        const struct zg_direction *updated = &s.directions[s.update.direction];
        CU_ASSERT_EQUAL(s.probes[0].direction, 0);
        CU_ASSERT_EQUAL(s.probes[1].direction, 0);
        CU_ASSERT_EQUAL(s.directions[0].seed_u, zg_lozo_seed_u(&o, t));
        CU_ASSERT_EQUAL(updated->seed_u, zg_lozo_seed_u_official(&o, t));
        CU_ASSERT_EQUAL(updated->seed_v, zg_lozo_seed_v(&o, t));
        CU_ASSERT_EQUAL(s.n_directions, t % 5 == 0 ? 2 : 1);
    }
}

/* A loss that is not a number moves nothing, and is reported. */
static void test_nan(void)
{
    const double losses[][2] = {{NAN, 1}, {1, NAN}, {INFINITY, 1}, {1, -INFINITY}};
    for (int i = 0; i < 4; i++) {
        struct zg_engine_state s = {.losses = {losses[i][0], losses[i][1]}};
        struct zg_lozo_step out = {0};
        struct zg_error err = {0};
        CU_ASSERT_EQUAL(zg_lozo_run_step(&good, &fake, &s, 3, &batch, &out, &err), ZG_CHECK);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "step 3"));
        CU_ASSERT_EQUAL(s.n_apply, 0);
        CU_ASSERT(isnan(losses[i][0]) ? isnan(out.loss_plus) : out.loss_plus == losses[i][0]);
    }
}

static void test_failure(void)
{
    struct zg_engine_state s = {.losses = {3, 2}};
    struct zg_lozo_step out = {0};
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_lozo_run_step(&good, &fake, &s, 0, NULL, &out, &err), ZG_USAGE);
    CU_ASSERT_STRING_EQUAL(err.text, "no batch");
    CU_ASSERT_EQUAL(s.n_apply, 0);
}

int main(void)
{
    const struct zg_test tests[] = {
        {"options out of range are refused", test_check},
        {"seeds", test_seeds},
        {"one step", test_step},
        {"rms scale and full scope", test_rms_scale},
        {"official direction", test_official},
        {"NaN and infinite losses", test_nan},
        {"an engine's failure comes through", test_failure},
        {NULL, NULL},
    };
    return zg_test_run("lozo", tests);
}
