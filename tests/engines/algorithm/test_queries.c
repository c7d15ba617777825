/* test_queries.c - what several queries and one-sided probes ask, and what follows: queries.h, in
 * every algorithm that has them; and what is LOZO-M's, the factorised one's and MeZO's own. */
#include "engines/algorithm/algorithm.h"
#include "engines/base/philox.h"
#include "tests/support/cunit_run.h"

#include <stdio.h>
#include <string.h>

static struct zg_algorithm_choice chosen(const char *text)
{
    struct zg_algorithm_choice choice = {0};
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(zg_algorithm_parse(text, &choice, &err), ZG_OK);
    choice.seed = 7;
    return choice;
}

static struct zg_question asked(const struct zg_algorithm_choice *choice, uint64_t t)
{
    struct zg_question question;
    choice->algorithm->announce(choice, t, NULL, &question);
    return question;
}

static struct zg_answer answered(const struct zg_algorithm_choice *choice, uint64_t t,
                                 const double *loss)
{
    const struct zg_question question = asked(choice, t);
    struct zg_answer answer = {0};
    choice->algorithm->answer(choice, t, &question, loss, NULL, &answer);
    return answer;
}

static void expect_probes(const struct zg_question *q, const struct zg_probe *probes, int64_t n)
{
    CU_ASSERT_EQUAL_FATAL(q->n_probes, n);
    for (int64_t p = 0; p < n; p++) {
        CU_ASSERT_EQUAL(q->probes[p].direction, probes[p].direction);
        CU_ASSERT_EQUAL(q->probes[p].coefficient, probes[p].coefficient);
    }
}

static void test_probes(void)
{
    static const char *const names[] = {"lozo", "lozo-m", "factorised", "mezo"};
    for (int i = 0; i < 4; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s:eps=0.5+queries=3", names[i]);
        struct zg_algorithm_choice choice = chosen(text);
        struct zg_question q = asked(&choice, 9);
        CU_ASSERT_EQUAL(q.n_directions, 3);
        expect_probes(&q,
                      (const struct zg_probe[]){
                          {0, 0.5f}, {0, -0.5f}, {1, 0.5f}, {1, -0.5f}, {2, 0.5f}, {2, -0.5f}},
                      6);
        strcat(text, "+sides=one");
        choice = chosen(text);
        q = asked(&choice, 9);
        expect_probes(&q, (const struct zg_probe[]){{0, 0.5f}, {0, 0}, {1, 0.5f}, {2, 0.5f}}, 4);
        CU_ASSERT_EQUAL(zg_question_n_probed(&q), 3);
        for (int64_t j = 0; j < 3; j++) {
            const uint64_t first = zg_seed_derive(7, 9);
            CU_ASSERT_EQUAL(q.directions[j].seed_u,
                            j == 0 ? first : zg_seed_derive(first, (uint64_t)j));
            CU_ASSERT_EQUAL(q.directions[j].seed_v, q.directions[0].seed_v);
            CU_ASSERT_EQUAL(q.directions[j].rank, q.directions[0].rank);
        }
        struct zg_engine_limits limits = {0};
        zg_algorithm_needs(&choice, &limits);
        CU_ASSERT_EQUAL(limits.max_probes, 4);
        CU_ASSERT_EQUAL(limits.max_directions, 3);
    }
}

/* The first query is the step of one query: the same seeds. */
static void test_own_v(void)
{
    const struct zg_algorithm_choice own = chosen("lozo:nu=4+queries=3+basis=own");
    const struct zg_algorithm_choice one = chosen("lozo:nu=4");
    for (uint64_t t = 0; t < 6; t++) {
        const struct zg_question q = asked(&own, t), alone = asked(&one, t);
        CU_ASSERT_EQUAL(q.directions[0].seed_v, alone.directions[0].seed_v);
        CU_ASSERT_EQUAL(q.directions[0].seed_u, alone.directions[0].seed_u);
        for (int64_t j = 1; j < 3; j++)
            CU_ASSERT_EQUAL(q.directions[j].seed_v,
                            zg_seed_derive(q.directions[0].seed_v, (uint64_t)j));
    }
    struct zg_engine_limits limits = {0};
    zg_algorithm_needs(&own, &limits);
    CU_ASSERT_EQUAL(limits.features, ZG_FEATURE_BIT(ZG_F_OWN_V));
    limits.features = 0;
    const struct zg_algorithm_choice single = chosen("lozo:basis=own"); /* one V is one V */
    zg_algorithm_needs(&single, &limits);
    CU_ASSERT_EQUAL(limits.features, 0);
    struct zg_question q = asked(&own, 2);
    zg_question_redraw(&q, 11, 12);
    CU_ASSERT_EQUAL(q.directions[0].seed_v, 12);
    CU_ASSERT_EQUAL(q.directions[2].seed_v, zg_seed_derive(12, 2));
}

/* Losses and coefficients that binary holds exactly. */
static void test_answers(void)
{
    /* two sides: c = dL / (2 eps) = 2, -4; half of each, times lr */
    const struct zg_algorithm_choice two = chosen("lozo:eps=0.25+lr=0.5+queries=2+wd=0.25");
    struct zg_answer a = answered(&two, 9, (const double[]){3, 2, 1, 3});
    CU_ASSERT_EQUAL(a.n_gradients, 2);
    CU_ASSERT(a.gradient[0] == 2 && a.gradient[1] == -4);
    CU_ASSERT_EQUAL(a.n_updates, 2);
    CU_ASSERT(a.updates[0].direction == 0 && a.updates[0].coefficient == 0.5f);
    CU_ASSERT(a.updates[1].direction == 1 && a.updates[1].coefficient == -1.0f);
    CU_ASSERT_EQUAL(a.weight_decay, 0.125f);
    CU_ASSERT(!a.has_momentum);
    /* one side: all against the clean loss, which is the second; c = dL / eps = 4, 8, -4 */
    const struct zg_algorithm_choice one = chosen("mezo:eps=0.25+lr=1+queries=3+sides=one");
    a = answered(&one, 9, (const double[]){3, 2, 4, 1});
    CU_ASSERT(a.gradient[0] == 4 && a.gradient[1] == 8 && a.gradient[2] == -4);
    CU_ASSERT_EQUAL(a.updates[2].coefficient, (float)(-4.0 / 3));
    /* the rate is that of the step, of the decay too */
    const struct zg_algorithm_choice late =
        chosen("factorised:eps=0.25+lr=1+wd=1+schedule=linear+horizon=4");
    a = answered(&late, 2, (const double[]){3, 2});
    CU_ASSERT_EQUAL(a.updates[0].coefficient, 1.0f);
    CU_ASSERT_EQUAL(a.weight_decay, 0.5f);
}

/* Each query's update has a direction of its own V and another U where V is redrawn. */
static void test_official(void)
{
    const struct zg_algorithm_choice choice =
        chosen("lozo:nu=3+queries=2+basis=own+direction=official");
    const double loss[] = {3, 2, 1, 3};
    for (uint64_t t = 0; t < 7; t++) {
        const struct zg_question q = asked(&choice, t);
        const struct zg_answer a = answered(&choice, t, loss);
        CU_ASSERT_EQUAL(q.n_directions, t % 3 == 0 ? 4 : 2);
        CU_ASSERT_EQUAL(zg_question_n_probed(&q), 2);
        for (int64_t i = 0; i < 2; i++) {
            const struct zg_direction *const probed = &q.directions[i],
                                             *const updated = &q.directions[a.updates[i].direction];
            CU_ASSERT_EQUAL(updated->seed_v, probed->seed_v);
            CU_ASSERT_EQUAL(updated->seed_u != probed->seed_u, t % 3 == 0);
        }
        CU_ASSERT_NOT_EQUAL(q.directions[a.updates[0].direction].seed_u,
                            q.directions[a.updates[1].direction].seed_u);
    }
    struct zg_engine_limits limits = {0};
    zg_algorithm_needs(&choice, &limits);
    CU_ASSERT_EQUAL(limits.max_directions, 4);
    const struct zg_algorithm_choice most = chosen("lozo:queries=32+direction=official");
    CU_ASSERT_EQUAL(asked(&most, 0).n_directions, ZG_MAX_DIRECTIONS);
    CU_ASSERT_EQUAL(asked(&most, 0).n_probes, 64);
}

/* c = 2: M = c U at first, then beta and 1 - beta. */
static void test_momentum(void)
{
    const struct zg_algorithm_choice choice =
        chosen("lozo-m:eps=0.25+lr=0.5+beta=0.75+wd=0.25+warmup=2");
    const double loss[] = {3, 2};
    struct zg_answer a = answered(&choice, 0, loss);
    CU_ASSERT(a.has_momentum);
    CU_ASSERT_EQUAL(a.momentum.keep, 0);
    CU_ASSERT_EQUAL(a.momentum.rate, 0); /* of the warm-up */
    CU_ASSERT_EQUAL(a.updates[0].coefficient, 2.0f);
    a = answered(&choice, 9, loss);
    CU_ASSERT_EQUAL(a.momentum.keep, 0.75f);
    CU_ASSERT_EQUAL(a.momentum.rate, 0.5f);
    CU_ASSERT_EQUAL(a.updates[0].coefficient, 0.5f);
    CU_ASSERT_EQUAL(a.weight_decay, 0.125f);
    struct zg_engine_limits limits = {0};
    CU_ASSERT_EQUAL(zg_algorithm_needs(&choice, &limits), 1u << ZG_DIRECTION_LOWRANK);
    CU_ASSERT_EQUAL(limits.features, ZG_FEATURE_BIT(ZG_F_MOMENTUM) | ZG_FEATURE_BIT(ZG_F_DECAY));
    CU_ASSERT_EQUAL(zg_algorithm_period(&choice), 50);
}

static void test_directions(void)
{
    struct zg_algorithm_choice factorised = chosen("factorised"), mezo = chosen("mezo");
    struct zg_engine_limits limits = {0};
    CU_ASSERT_EQUAL(zg_algorithm_needs(&factorised, &limits), 1u << ZG_DIRECTION_FACTORISED);
    CU_ASSERT_EQUAL(limits.max_rank, 128);
    CU_ASSERT_EQUAL(limits.features, 0);
    CU_ASSERT_EQUAL(zg_algorithm_period(&factorised), 1);
    const struct zg_question q = asked(&factorised, 3), next = asked(&factorised, 4);
    CU_ASSERT_EQUAL(q.directions[0].kind, ZG_DIRECTION_FACTORISED);
    CU_ASSERT_NOT_EQUAL(q.directions[0].seed_u, next.directions[0].seed_u);
    CU_ASSERT_NOT_EQUAL(q.directions[0].seed_v, next.directions[0].seed_v);
    CU_ASSERT_DOUBLE_EQUAL((double)q.directions[0].scale, 0.08838834764831845, 1e-8); /* 128^-1/2 */
    limits.max_rank = 0;
    CU_ASSERT_EQUAL(zg_algorithm_needs(&mezo, &limits), 1u << ZG_DIRECTION_DENSE);
    CU_ASSERT_EQUAL(limits.max_rank, 1); /* which an engine asks for in any case */
    CU_ASSERT_EQUAL(zg_algorithm_period(&mezo), INT64_MAX);
    mezo.scope = ZG_SCOPE_FULL;
    const struct zg_question z = asked(&mezo, 3);
    CU_ASSERT(z.directions[0].kind == ZG_DIRECTION_DENSE && z.directions[0].scale == 1);
    CU_ASSERT(z.directions[0].scope == ZG_SCOPE_FULL);
    CU_ASSERT_EQUAL(z.directions[0].seed_u, zg_seed_derive(7, 3));
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"probes of several queries, two- and one-sided", test_probes},
        {"queries of their own V", test_own_v},
        {"gradients and updates", test_answers},
        {"the official update of several queries", test_official},
        {"momentum", test_momentum},
        {"directions of the factorised and of MeZO", test_directions},
        {NULL, NULL},
    };
    return zg_test_run("algorithm/queries", tests);
}
