/* test_lozo.c - what LoZO announces and answers, alone.  Numbers against the reference are in
 * tests/engines/conformance_steps.c, on every engine. */
#include "engines/algorithm/algorithm.h"
#include "engines/base/philox.h"
#include "tests/support/cunit_run.h"

static struct zg_algorithm_choice chosen(const char *text)
{
    struct zg_algorithm_choice choice = {0};
    CU_ASSERT_EQUAL_FATAL(zg_algorithm_parse(text, &choice, NULL), ZG_OK);
    choice.seed = 7;
    return choice;
}

static struct zg_question asked(const struct zg_algorithm_choice *choice, uint64_t t)
{
    struct zg_question question;
    choice->algorithm->announce(choice, t, NULL, &question);
    return question;
}

static void test_seeds(void)
{
    const struct zg_algorithm_choice lozo = chosen("lozo:nu=5");
    struct zg_algorithm_choice other = lozo;
    other.seed++;
    for (uint64_t t = 0; t < 20; t++) {
        const struct zg_question q = asked(&lozo, t), next = asked(&lozo, t + 1);
        const struct zg_question apart = asked(&other, t);
        CU_ASSERT_EQUAL(q.directions[0].seed_u, zg_seed_derive(7, t));
        CU_ASSERT_EQUAL(q.directions[0].seed_v, zg_seed_derive(7, t / 5));
        CU_ASSERT_NOT_EQUAL(q.directions[0].seed_u, next.directions[0].seed_u);
        CU_ASSERT_NOT_EQUAL(q.directions[0].seed_u, apart.directions[0].seed_u);
        CU_ASSERT_NOT_EQUAL(q.directions[0].seed_v, apart.directions[0].seed_v);
        /* V changes after steps 4, 9, 14, ... and only there */
        const bool changes = q.directions[0].seed_v != next.directions[0].seed_v;
        CU_ASSERT_EQUAL(changes, t % 5 == 4);
    }
}

static void test_question(void)
{
    struct zg_algorithm_choice lozo = chosen("lozo:rank=4+eps=0.25");
    struct zg_question q = asked(&lozo, 6);
    CU_ASSERT_EQUAL(q.n_directions, 1);
    CU_ASSERT_EQUAL(q.directions[0].kind, ZG_DIRECTION_LOWRANK);
    CU_ASSERT_EQUAL(q.directions[0].scope, ZG_SCOPE_LINEAR);
    CU_ASSERT_EQUAL(q.directions[0].rank, 4);
    CU_ASSERT_EQUAL(q.directions[0].scale, 1.0f);
    CU_ASSERT_EQUAL(q.n_probes, 2);
    CU_ASSERT_EQUAL(q.probes[0].coefficient, 0.25f);
    CU_ASSERT_EQUAL(q.probes[1].coefficient, -0.25f);
    CU_ASSERT_EQUAL(zg_question_n_probed(&q), 1);
    CU_ASSERT(q.directions[0].layers.begin == 0 && q.directions[0].layers.end == 0);
    lozo = chosen("lozo:first-layer=3+layers=2");
    q = asked(&lozo, 6);
    CU_ASSERT(q.directions[0].layers.begin == 3 && q.directions[0].layers.end == 5);
    lozo = chosen("lozo:first-layer=3");
    q = asked(&lozo, 6);
    CU_ASSERT(q.directions[0].layers.begin == 3 && q.directions[0].layers.end == 0);
    lozo = chosen("lozo:rank=4+direction-scale=rms");
    lozo.scope = ZG_SCOPE_FULL;
    q = asked(&lozo, 0);
    CU_ASSERT_EQUAL(q.directions[0].scale, 0.5f);
    CU_ASSERT_EQUAL(q.directions[0].scope, ZG_SCOPE_FULL);
}

/* L+ = 3, L- = 2, eps = 1/4: c = 2, and lr c = 1, all exact in binary. */
static void test_answer(void)
{
    const struct zg_algorithm_choice lozo = chosen("lozo:eps=0.25+lr=0.5");
    const struct zg_question q = asked(&lozo, 6);
    struct zg_answer a = {0};
    lozo.algorithm->answer(&lozo, 6, &q, (const double[]){3, 2}, NULL, &a);
    CU_ASSERT_EQUAL(a.n_gradients, 1);
    CU_ASSERT_EQUAL(a.gradient[0], 2);
    CU_ASSERT_EQUAL(a.n_updates, 1);
    CU_ASSERT_EQUAL(a.updates[0].direction, 0);
    CU_ASSERT_EQUAL(a.updates[0].coefficient, 1.0f);
    CU_ASSERT_EQUAL(a.weight_decay, 0.0f);
}

/* The probe's U and the update's are the same, but on the steps that redraw V. */
static void test_official(void)
{
    const struct zg_algorithm_choice lozo = chosen("lozo:nu=5+direction=official");
    for (uint64_t t = 0; t < 11; t++) {
        const struct zg_question q = asked(&lozo, t);
        struct zg_answer a = {0};
        lozo.algorithm->answer(&lozo, t, &q, (const double[]){3, 2}, NULL, &a);
        const bool redraws = t % 5 == 0;
        CU_ASSERT_EQUAL(q.n_directions, redraws ? 2 : 1);
        CU_ASSERT_EQUAL(q.probes[0].direction, 0);
        CU_ASSERT_EQUAL(q.probes[1].direction, 0);
        CU_ASSERT_EQUAL(zg_question_n_probed(&q), 1);
        const struct zg_direction *const updated = &q.directions[a.updates[0].direction];
        const uint64_t u = zg_seed_derive(7, t);
        CU_ASSERT_EQUAL(updated->seed_u, redraws ? zg_seed_derive(u, 1) : u);
        CU_ASSERT_EQUAL(updated->seed_v, q.directions[0].seed_v);
        CU_ASSERT_EQUAL(updated->rank, q.directions[0].rank);
    }
}

static void test_needs(void)
{
    const struct zg_algorithm_choice correct = chosen("lozo:rank=3");
    const struct zg_algorithm_choice official = chosen("lozo:rank=3+direction=official");
    struct zg_engine_limits limits = {.max_rank = 2, .max_probes = 9};
    CU_ASSERT_EQUAL(zg_algorithm_needs(&correct, &limits), 1u << ZG_DIRECTION_LOWRANK);
    CU_ASSERT_EQUAL(limits.max_probes, 9);
    CU_ASSERT_EQUAL(limits.max_directions, 2);
    CU_ASSERT_EQUAL(limits.max_rank, 3);
    zg_algorithm_needs(&official, &limits);
    CU_ASSERT_EQUAL(limits.max_directions, 2);
    CU_ASSERT_EQUAL(zg_algorithm_period(&correct), 50);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"seeds of U and V", test_seeds},
        {"the question", test_question},
        {"the answer", test_answer},
        {"the official update", test_official},
        {"what an engine must have room for", test_needs},
        {NULL, NULL},
    };
    return zg_test_run("algorithm/lozo", tests);
}
