/*
 * test_openblas.c - engine `openblas` where the conformance suite does not reach: ranks at which
 * adapters become products of their own, ranks so low that they ride inside the one product, and
 * thread counts.
 */
#include "engines/zo.h"
#include "tests/support/cunit_run.h"
#include "tests/support/fixtures.h"
#include "tests/support/reference.h"

#include <math.h>
#include <string.h>

extern const struct zg_engine zg_engine_openblas;
static const struct zg_engine *const engine = &zg_engine_openblas;

enum { N_STEPS = 4, N_PROBES = 3 };

struct rig {
    struct zg_model *model;
    struct zg_engine_state *state;
    struct zg_reference *reference;
};

static struct rig rig_open(const char *shape_name, int64_t max_rank, uint32_t without,
                           int64_t n_threads)
{
    struct rig r = {0};
    struct zg_error err = {0};
    const struct zg_model_shape *shape = NULL;
    const char *name = NULL;
    for (int64_t i = 0;
         (shape = zg_fixture_shape(i, &name)) != NULL && strcmp(name, shape_name) != 0;)
        i++;
    CU_ASSERT_PTR_NOT_NULL_FATAL(shape);
    struct zg_engine_options options = zg_engine_options_default(engine);
    options.mechanisms &= ~without;
    options.n_threads = n_threads;
    options.limits.max_probes = N_PROBES;
    options.limits.max_directions = 1;
    options.limits.max_rank = max_rank;
    const struct zg_batch *batch;
    for (int64_t i = 0; (batch = zg_fixture_batch(i, NULL)) != NULL; i++)
        zg_engine_limits_include(&options.limits, batch);
    CU_ASSERT_EQUAL_FATAL(zg_model_open_shape(&r.model, name, shape, 9, &err), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(engine->open(&r.state, r.model, &options, &err), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_reference_open(&r.reference, r.model, &err), ZG_OK);
    return r;
}

static void rig_close(struct rig *r)
{
    engine->close(&r->state);
    zg_reference_close(&r->reference);
    zg_model_close(&r->model);
}

/* One step of both; losses of the engine to `loss`. */
static void step(struct rig *r, int64_t t, int64_t rank, double *loss)
{
    const struct zg_batch *batch = zg_fixture_batch(t % 3, NULL);
    /* V lives for two steps.  Directions of high rank are larger: keep the probes' size the same.
     */
    const float scale = 1.0f / sqrtf((float)rank);
    const struct zg_direction direction = {.kind = rank > 8 ? ZG_DIRECTION_FACTORISED
                                                            : ZG_DIRECTION_LOWRANK,
                                           .scope = ZG_SCOPE_LINEAR,
                                           .rank = rank,
                                           .scale = scale,
                                           .seed_u = (uint64_t)t,
                                           .seed_v = (uint64_t)t / 2};
    const struct zg_probe probes[N_PROBES] = {{0, 1e-2f}, {0, -1e-2f}, {0, 0.0f}};
    const struct zg_update update = {0, 3e-3f};
    struct zg_scores scores = {.loss = loss};
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(engine->begin(r->state, &direction, 1, &err), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(engine->score(r->state, batch, probes, N_PROBES, &scores, &err), ZG_OK);
    for (int p = 0; p < N_PROBES; p++) {
        zg_reference_add(r->reference, &direction, (double)probes[p].coefficient);
        const double right = zg_reference_score(r->reference, batch, NULL, NULL);
        zg_reference_add(r->reference, &direction, -(double)probes[p].coefficient);
        /* Sums of at most 400 products in fp32 err by about sqrt(400) u = 1.2e-6, relative, of
         * activations and logits of order 1; a dozen of them in a row, and a loss moves by no more
         * than its logits: 2e-5. */
        CU_ASSERT(fabs(loss[p] - right) <= 2e-5);
    }
    CU_ASSERT_EQUAL_FATAL(engine->apply(r->state, &update, 1, 0.0f, &err), ZG_OK);
    zg_reference_add(r->reference, &direction, -(double)update.coefficient);
}

static void run(const char *shape, int64_t rank, uint32_t without)
{
    struct rig r = rig_open(shape, rank, without, 2);
    double loss[N_PROBES];
    for (int64_t t = 0; t < N_STEPS; t++)
        step(&r, t, rank, loss);
    rig_close(&r);
}

static void test_high_rank(void)
{
    run("odd", 40, 0);
    run("untied", 9, 0);
    run("head of 64", 100, 0);
    run("three layers", 33, ZG_MECHANISM_BIT(ZG_M_LAZY));
    run("three layers", 33, ZG_MECHANISM_BIT(ZG_M_COMMON) | ZG_MECHANISM_BIT(ZG_M_LAST));
}

static void test_low_rank(void)
{
    run("head of 64", 1, 0);
    run("head of 64", 1, ZG_MECHANISM_BIT(ZG_M_COMMON));
    run("head of 64", 2, ZG_MECHANISM_BIT(ZG_M_LAST) | ZG_MECHANISM_BIT(ZG_M_LAZY));
}

/* A rank below the limit leaves columns unused. */
static void test_rank_changes(void)
{
    struct rig r = rig_open("untied", 12, 0, 1);
    const int64_t ranks[] = {12, 12, 1, 1, 5, 12};
    double loss[N_PROBES];
    for (int64_t t = 0; t < 6; t++)
        step(&r, t, ranks[t], loss);
    rig_close(&r);
}

static void test_threads(void)
{
    double loss[3][N_PROBES];
    for (int64_t n = 1; n <= 3; n++) {
        struct rig r = rig_open("odd", 2, 0, n);
        step(&r, 0, 2, loss[n - 1]);
        rig_close(&r);
        for (int p = 0; p < N_PROBES;
             p++) /* OpenBLAS may cut its sums elsewhere: rounding, as above */
            CU_ASSERT(fabs(loss[n - 1][p] - loss[0][p]) <= 2e-5);
    }
}

int main(void)
{
    static const struct zg_test tests[] = {{"high ranks", test_high_rank},
                                           {"low ranks", test_low_rank},
                                           {"ranks that change", test_rank_changes},
                                           {"threads", test_threads},
                                           {NULL, NULL}};
    return zg_test_run("engines/openblas/engine", tests);
}
