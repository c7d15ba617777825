/* test_step.c - what the step driver asks of an engine, against a scripted one, and that the
 * interface carries more than LoZO: many probes, a memory, weight decay. */
#include "engines/algorithm/step.h"
#include "engines/base/philox.h"
#include "tests/support/cunit_run.h"

#include <math.h>
#include <string.h>

/* An engine that returns scripted losses and records what it was asked. */
struct zg_engine_state {
    double losses[ZG_MAX_PROBES];
    struct zg_direction directions[ZG_MAX_DIRECTIONS];
    struct zg_probe probes[ZG_MAX_PROBES];
    struct zg_update updates[ZG_MAX_DIRECTIONS];
    int64_t n_directions, n_probes, n_updates;
    int n_begin, n_score, n_apply, n_momentum;
    float weight_decay;
    struct zg_momentum momentum;
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
    memcpy(s->updates, updates, (size_t)n * sizeof *updates);
    s->n_updates = n;
    s->weight_decay = weight_decay;
    s->n_apply++;
    return ZG_OK;
}

static enum zg_status fake_apply_momentum(struct zg_engine_state *s,
                                          const struct zg_update *updates, int64_t n,
                                          struct zg_momentum momentum, float weight_decay,
                                          struct zg_error *err)
{
    s->momentum = momentum;
    s->n_momentum++;
    return fake_apply(s, updates, n, weight_decay, err);
}

static const struct zg_engine fake = {.name = "fake",
                                      .begin = fake_begin,
                                      .score = fake_score,
                                      .apply = fake_apply,
                                      .apply_momentum = fake_apply_momentum};
static const struct zg_batch batch = {0};

static struct zg_algorithm_choice chosen(const char *text)
{
    struct zg_algorithm_choice choice = {0};
    CU_ASSERT_EQUAL_FATAL(zg_algorithm_parse(text, &choice, NULL), ZG_OK);
    choice.seed = 7;
    return choice;
}

/* L+ = 3, L- = 2, eps = 1/4: c = 2, and lr c = 1, all exact in binary. */
static void test_step(void)
{
    const struct zg_algorithm_choice lozo = chosen("lozo:eps=0.25+lr=0.5");
    struct zg_engine_state s = {.losses = {3, 2}};
    struct zg_step step;
    CU_ASSERT_EQUAL(zg_step_run(&lozo, &fake, &s, 6, &batch, NULL, &step, NULL), ZG_OK);
    CU_ASSERT(s.n_begin == 1 && s.n_score == 1 && s.n_apply == 1);
    CU_ASSERT(s.n_directions == 1 && s.n_probes == 2 && s.n_updates == 1);
    CU_ASSERT_EQUAL(s.directions[0].seed_u, zg_seed_derive(7, 6));
    CU_ASSERT_EQUAL(s.probes[1].coefficient, -0.25f);
    CU_ASSERT_EQUAL(s.updates[0].coefficient, 1.0f);
    CU_ASSERT_EQUAL(s.weight_decay, 0.0f);
    CU_ASSERT_EQUAL(step.question.directions[0].seed_u, zg_seed_derive(7, 6));
    CU_ASSERT(step.loss[0] == 3 && step.loss[1] == 2);
    CU_ASSERT_EQUAL(step.answer.gradient[0], 2);
}

/* An answer with momentum goes to the engine's other member; an engine without it says so. */
static void test_momentum(void)
{
    const struct zg_algorithm_choice choice = chosen("lozo-m:eps=0.25+lr=0.5+beta=0.75+wd=0.5");
    struct zg_engine_state s = {.losses = {3, 2}};
    struct zg_step step;
    CU_ASSERT_EQUAL(zg_step_run(&choice, &fake, &s, 6, &batch, NULL, &step, NULL), ZG_OK);
    CU_ASSERT(s.n_apply == 1 && s.n_momentum == 1);
    CU_ASSERT(s.momentum.keep == 0.75f && s.momentum.rate == 0.5f);
    CU_ASSERT_EQUAL(s.updates[0].coefficient, 0.5f);
    CU_ASSERT_EQUAL(s.weight_decay, 0.25f);
    struct zg_engine without = fake;
    struct zg_error err = {0};
    without.apply_momentum = NULL;
    CU_ASSERT_EQUAL(zg_step_run(&choice, &without, &s, 7, &batch, NULL, &step, &err), ZG_USAGE);
    CU_ASSERT_STRING_EQUAL(err.text, "engine fake has no momentum");
    CU_ASSERT_EQUAL(s.n_apply, 1);
}

/* No update is made from a loss that is not a number, and the message has the losses. */
static void test_not_finite(void)
{
    static const double bad[][2] = {{NAN, 2}, {3, NAN}, {INFINITY, 2}, {3, -INFINITY}};
    const struct zg_algorithm_choice lozo = chosen("lozo");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct zg_engine_state s = {.losses = {bad[i][0], bad[i][1]}};
        struct zg_step step;
        struct zg_error err = {0};
        CU_ASSERT_EQUAL(zg_step_run(&lozo, &fake, &s, 3, &batch, NULL, &step, &err), ZG_CHECK);
        CU_ASSERT_EQUAL(s.n_apply, 0);
        if (i == 1)
            zg_test_expect_words(err.text, "step 3: the losses are 3 and nan; no update is made");
    }
}

static void test_engine_fails(void)
{
    const struct zg_algorithm_choice lozo = chosen("lozo");
    struct zg_engine_state s = {.losses = {3, 2}};
    struct zg_step step;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_step_run(&lozo, &fake, &s, 0, NULL, NULL, &step, &err), ZG_USAGE);
    CU_ASSERT_STRING_EQUAL(err.text, "no batch");
    CU_ASSERT_EQUAL(s.n_apply, 0);
}

/* ---- another algorithm ----------------------------------------------------------------------- */

/* Evolution strategies' form: a clean probe and one-sided ones, each along a direction of its own;
 * the gradient has momentum, the weights decay, and the last direction is the update's alone. */
enum { N_SIDES = 20, EPS = 0, LR = 1 };

static const struct zg_algorithm_option es_options[] = {
    [EPS] = {.key = "eps", .kind = ZG_ALGORITHM_REAL, .is_main = true, .fallback = 0.5},
    [LR] = {.key = "lr", .kind = ZG_ALGORITHM_REAL, .is_main = true, .fallback = 0.25},
    {.key = NULL},
};

static uint32_t es_needs(const struct zg_algorithm_choice *choice, struct zg_engine_limits *limits)
{
    (void)choice;
    limits->max_probes = N_SIDES + 1;
    limits->max_directions = N_SIDES + 1;
    return 1u << ZG_DIRECTION_RADEMACHER;
}

static int64_t es_n_memory(const struct zg_algorithm_choice *choice)
{
    (void)choice;
    return 1;
}

static void es_announce(const struct zg_algorithm_choice *choice, uint64_t t, const double *memory,
                        struct zg_question *out)
{
    (void)memory;
    out->n_directions = out->n_probes = N_SIDES + 1;
    for (int32_t j = 0; j <= N_SIDES; j++)
        out->directions[j] = (struct zg_direction){.kind = ZG_DIRECTION_RADEMACHER,
                                                   .scope = choice->scope,
                                                   .scale = 1,
                                                   .seed_u = 1000 * t + (uint64_t)j,
                                                   .seed_v = 9};
    out->probes[0] = (struct zg_probe){0, 0};
    for (int32_t j = 0; j < N_SIDES; j++)
        out->probes[j + 1] = (struct zg_probe){j, (float)choice->values[EPS].real};
}

static void es_answer(const struct zg_algorithm_choice *choice, uint64_t t,
                      const struct zg_question *question, const double *loss, double *memory,
                      struct zg_answer *out)
{
    (void)t;
    double sum = 0;
    out->n_gradients = N_SIDES;
    for (int j = 0; j < N_SIDES; j++)
        sum += out->gradient[j] = (loss[j + 1] - loss[0]) / choice->values[EPS].real;
    memory[0] = 0.5 * memory[0] + sum;
    out->n_updates = 1;
    out->updates[0] = (struct zg_update){(int32_t)question->n_directions - 1,
                                         (float)(choice->values[LR].real * memory[0])};
    out->weight_decay = 0.125f;
}

static const struct zg_algorithm es = {.name = "es",
                                       .options = es_options,
                                       .needs = es_needs,
                                       .n_memory = es_n_memory,
                                       .announce = es_announce,
                                       .answer = es_answer};

/* Each side's loss is 1 above the clean one, so a gradient is 2, their sum 40, and with momentum
 * 40, 60, 70. */
static void test_many_probes(void)
{
    const struct zg_algorithm_choice choice = zg_algorithm_default(&es);
    struct zg_engine_limits limits = {0};
    CU_ASSERT_EQUAL(zg_algorithm_needs(&choice, &limits), 1u << ZG_DIRECTION_RADEMACHER);
    CU_ASSERT_EQUAL(choice.algorithm->n_memory(&choice), 1);
    CU_ASSERT_EQUAL(zg_algorithm_period(&choice), INT64_MAX);
    double memory[1] = {0};
    struct zg_engine_state s = {.losses = {2}};
    for (int p = 1; p <= N_SIDES; p++)
        s.losses[p] = 3;
    static const float expected[] = {10, 15, 17.5f};
    struct zg_step step;
    for (uint64_t t = 0; t < 3; t++) {
        CU_ASSERT_EQUAL(zg_step_run(&choice, &fake, &s, t, &batch, memory, &step, NULL), ZG_OK);
        CU_ASSERT_EQUAL(s.n_directions, limits.max_directions);
        CU_ASSERT_EQUAL(s.n_probes, limits.max_probes);
        CU_ASSERT_EQUAL(s.n_updates, 1);
        CU_ASSERT_EQUAL(s.updates[0].direction, N_SIDES);
        CU_ASSERT_EQUAL(s.updates[0].coefficient, expected[t]);
        CU_ASSERT_EQUAL(s.weight_decay, 0.125f);
        CU_ASSERT_EQUAL(step.answer.gradient[N_SIDES - 1], 2);
    }
    s.losses[7] = NAN;
    CU_ASSERT_EQUAL(zg_step_run(&choice, &fake, &s, 3, &batch, memory, &step, NULL), ZG_CHECK);
    CU_ASSERT_EQUAL(memory[0], 70);
}

/* The same probes along other directions, and nothing that only an update would need. */
static void test_redraw(void)
{
    const struct zg_algorithm_choice choice = zg_algorithm_default(&es);
    struct zg_question question;
    struct zg_engine_state s = {0};
    double loss[ZG_MAX_PROBES];
    es.announce(&choice, 0, NULL, &question);
    CU_ASSERT_EQUAL(zg_question_n_probed(&question), N_SIDES);
    zg_question_redraw(&question, 11, 12);
    CU_ASSERT_EQUAL(zg_question_ask(&question, &fake, &s, &batch, 0, loss, NULL), ZG_OK);
    CU_ASSERT(s.n_begin == 1 && s.n_score == 1 && s.n_apply == 0);
    CU_ASSERT_EQUAL(s.n_directions, N_SIDES);
    CU_ASSERT_EQUAL(s.n_probes, N_SIDES + 1);
    CU_ASSERT_EQUAL(s.directions[0].seed_u, 11);
    CU_ASSERT_EQUAL(s.directions[3].seed_u, zg_seed_derive(11, 3));
    for (int j = 0; j < N_SIDES; j++)
        CU_ASSERT_EQUAL(s.directions[j].seed_v, 12);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"a step", test_step},
        {"a step with momentum", test_momentum},
        {"losses that are not finite", test_not_finite},
        {"an engine that fails", test_engine_fails},
        {"many probes, a memory, weight decay", test_many_probes},
        {"a question along other directions", test_redraw},
        {NULL, NULL},
    };
    return zg_test_run("algorithm/step", tests);
}
