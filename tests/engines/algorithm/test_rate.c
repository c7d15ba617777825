/* test_rate.c - learning rates of steps, and effective ones, against numbers worked out by hand. */
#include "engines/algorithm/algorithm.h"
#include "tests/support/cunit_run.h"

#include <math.h>

static struct zg_algorithm_choice chosen(const char *text)
{
    struct zg_algorithm_choice choice = {0};
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(zg_algorithm_parse(text, &choice, &err), ZG_OK);
    return choice;
}

/* lr is 2, so that factors are halves of what is listed; eps 1/4. */
static void test_schedules(void)
{
    static const struct {
        const char *text;
        double lr[12];
    } known[] = {
        {"lozo:lr=2", {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}},
        {"lozo:lr=2+warmup=4", {0, 0.5, 1, 1.5, 2, 2, 2, 2, 2, 2, 2, 2}},
        {"lozo:lr=2+schedule=linear+horizon=8",
         {2, 1.75, 1.5, 1.25, 1, 0.75, 0.5, 0.25, 0, 0, 0, 0}},
        {"mezo:lr=2+schedule=linear+warmup=2+horizon=10",
         {0, 1, 2, 1.75, 1.5, 1.25, 1, 0.75, 0.5, 0.25, 0, 0}},
        /* (1 + cos(pi t / 6)): sqrt(3)/2 at a twelfth of the circle */
        {"lozo-m:lr=2+schedule=cosine+horizon=6",
         {2, 1.8660254037844387, 1.5, 1, 0.5, 0.1339745962155614, 0, 0, 0, 0, 0, 0}},
        {"factorised:lr=2+schedule=cosine+warmup=2+horizon=4",
         {0, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0}},
        /* nobody has set the run's horizon */
        {"lozo:lr=2+schedule=cosine+warmup=1", {0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const struct zg_algorithm_choice choice = chosen(known[i].text);
        for (uint64_t t = 0; t < 12; t++)
            CU_ASSERT_DOUBLE_EQUAL(zg_algorithm_lr(&choice, t), known[i].lr[t], 1e-15);
    }
}

static void test_horizon(void)
{
    struct zg_algorithm_choice open = chosen("lozo:lr=1+schedule=linear");
    struct zg_algorithm_choice said = chosen("lozo:lr=1+schedule=linear+horizon=4");
    zg_algorithm_set_horizon(&open, 10);
    zg_algorithm_set_horizon(&said, 10);
    CU_ASSERT_DOUBLE_EQUAL(zg_algorithm_lr(&open, 5), 0.5, 1e-15);
    CU_ASSERT_EQUAL(zg_algorithm_lr(&said, 5), 0);
    zg_algorithm_hold_lr(&said);
    for (uint64_t t = 0; t < 20; t++)
        CU_ASSERT_EQUAL(zg_algorithm_lr(&said, t), 1);
    /* a constant rate has no use for one */
    struct zg_algorithm_choice constant = chosen("lozo:lr=1+warmup=2");
    zg_algorithm_set_horizon(&constant, 3);
    CU_ASSERT_EQUAL(zg_algorithm_lr(&constant, 9), 1);
}

/* lr sigma / (d q). */
static void test_effective(void)
{
    static const struct {
        const char *text;
        double distance, effective;
    } known[] = {
        {"mezo:lr=1+eps=0.25", 0.5, 2},
        {"mezo:lr=1+eps=0.25+sides=one", 0.25, 4},
        {"mezo:lr=1+eps=0.25+queries=4", 0.5, 0.5},
        {"mezo:lr=1+eps=0.25+sides=one+queries=2", 0.25, 2},
        {"lozo:lr=1+eps=0.25+rank=4", 0.5, 4},
        {"lozo:lr=1+eps=0.25+rank=4+direction-scale=rms", 0.5, 2},
        {"lozo:lr=1+eps=0.25+rank=9+queries=3+basis=own", 0.5, 2},
        {"lozo:lr=1+eps=0.25+rank=4+direction=official", 0.5, 4}, /* of its second direction too */
        {"lozo-m:lr=1+eps=0.25+rank=4", 0.5, 4},                  /* over all steps to come */
        {"lozo-m:lr=1+eps=0.25+rank=4+beta=0.5+sides=one", 0.25, 8},
        {"factorised:lr=1+eps=0.25+rank=256", 0.5, 2},
        {"factorised:lr=1+eps=0.25+rank=256+sides=one+queries=8", 0.25, 0.5},
        {"mezo:lr=1+eps=0.25+wd=0.5", 0.5, 2},
        {"mezo:lr=0+eps=0.25", 0.5, 0},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const struct zg_algorithm_choice choice = chosen(known[i].text);
        CU_ASSERT_EQUAL(zg_algorithm_distance(&choice), known[i].distance);
        CU_ASSERT_DOUBLE_EQUAL(zg_algorithm_lr_effective(&choice, 5), known[i].effective, 1e-15);
    }
    const struct zg_algorithm_choice rising = chosen("lozo:lr=1+eps=0.25+rank=4+warmup=4");
    CU_ASSERT_EQUAL(zg_algorithm_lr_effective(&rising, 0), 0);
    CU_ASSERT_DOUBLE_EQUAL(zg_algorithm_lr_effective(&rising, 1), 1, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(zg_algorithm_lr_effective(&rising, 4), 4, 1e-15);
    const struct zg_algorithm_choice usual = chosen("lozo");
    CU_ASSERT_DOUBLE_EQUAL(zg_algorithm_lr_effective(&usual, 0), 7.0710678e-4, 1e-10);
}

/* What the definition says, from the updates themselves: for a loss of 1 more at one probe they go
 * by lr_effective along D / sigma. */
static void test_effective_of_updates(void)
{
    static const char *const texts[] = {
        "lozo:rank=4+eps=0.25+lr=0.5",        "lozo:rank=4+eps=0.25+queries=3+direction-scale=rms",
        "factorised:eps=0.125+lr=0.5",        "mezo:eps=0.5+sides=one+queries=2",
        "lozo-m:rank=9+eps=0.25+lr=0.5+wd=1", "lozo:direction=official+queries=2"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct zg_algorithm_choice choice = chosen(texts[i]);
        struct zg_question q;
        struct zg_answer a = {0};
        const double loss[ZG_MAX_PROBES] = {1};
        choice.algorithm->announce(&choice, 50, NULL, &q);
        choice.algorithm->answer(&choice, 50, &q, loss, NULL, &a);
        const struct zg_direction *const d = &q.directions[a.updates[0].direction];
        const double rank = d->kind == ZG_DIRECTION_DENSE ? 1 : (double)d->rank;
        double step = (double)a.updates[0].coefficient * (double)d->scale * sqrt(rank);
        if (a.has_momentum)
            step *= (double)a.momentum.rate / (1 - (double)a.momentum.keep);
        const double want = zg_algorithm_lr_effective(&choice, 50);
        CU_ASSERT_DOUBLE_EQUAL(step, want, 1e-6 * want);
    }
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"schedules and warm-up", test_schedules},
        {"the horizon of a run, and a rate that is held", test_horizon},
        {"effective rates by hand", test_effective},
        {"effective rates of the updates themselves", test_effective_of_updates},
        {NULL, NULL},
    };
    return zg_test_run("algorithm/rate", tests);
}
