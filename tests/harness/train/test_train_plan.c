/* test_train_plan.c - limits from what was asked for; which steps have rows and evaluations. */
#include "harness/train/plan.h"

#include <string.h>

#include "tests/support/cunit_run.h"

enum { PER_EPOCH = 63, N_PROBES = 2, USUAL = 20000 };

static struct zg_train_plan plan_of(struct zg_train_request request)
{
    struct zg_train_plan plan;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(zg_train_plan_make(&plan, &request, PER_EPOCH, N_PROBES, USUAL, &err),
                          ZG_OK);
    return plan;
}

static void refused(struct zg_train_request request, const char *words)
{
    struct zg_train_plan plan;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_train_plan_make(&plan, &request, PER_EPOCH, N_PROBES, USUAL, &err),
                    ZG_USAGE);
    zg_test_expect_words(err.text, words);
}

static bool is_done(const struct zg_train_plan *plan, int64_t n_steps, double wall_s)
{
    const struct zg_train_used used = {n_steps, N_PROBES * n_steps, wall_s};
    return zg_train_plan_is_done(plan, &used);
}

static void limits(void)
{
    const struct zg_train_plan usual = plan_of((struct zg_train_request){0});
    CU_ASSERT(usual.limit == ZG_TRAIN_STEPS && usual.n_steps == USUAL);
    const struct zg_train_plan steps = plan_of((struct zg_train_request){.steps = 7});
    CU_ASSERT(!is_done(&steps, 0, 1e9) && !is_done(&steps, 6, 1e9) && is_done(&steps, 7, 0));
    const struct zg_train_plan epochs = plan_of((struct zg_train_request){.epochs = 3});
    CU_ASSERT_EQUAL(epochs.n_steps, 3 * PER_EPOCH);
    const struct zg_train_plan time = plan_of((struct zg_train_request){.budget_time_s = 2});
    CU_ASSERT(time.limit == ZG_TRAIN_TIME && time.n_steps == 0);
    CU_ASSERT(!is_done(&time, 0, 2)); /* a step at least */
    CU_ASSERT(!is_done(&time, 1000, 1.999) && is_done(&time, 1, 2) && is_done(&time, 9, 2.5));
    const struct zg_train_plan forwards = plan_of((struct zg_train_request){.budget_forwards = 9});
    CU_ASSERT(forwards.limit == ZG_TRAIN_FORWARDS && forwards.n_steps == 4); /* 8 of 9 */
    CU_ASSERT(!is_done(&forwards, 3, 0) && is_done(&forwards, 4, 0));
    CU_ASSERT_STRING_EQUAL(zg_train_limit_name(ZG_TRAIN_STEPS), "steps");
    CU_ASSERT_STRING_EQUAL(zg_train_limit_name(ZG_TRAIN_TIME), "time");
    CU_ASSERT_STRING_EQUAL(zg_train_limit_name(ZG_TRAIN_FORWARDS), "forwards");
}

static void what_is_refused(void)
{
    refused((struct zg_train_request){.steps = 1, .epochs = 1}, "--steps and --epochs");
    refused((struct zg_train_request){.steps = 1, .budget_time_s = 1}, "--steps and --budget-time");
    refused((struct zg_train_request){.epochs = 1, .budget_forwards = 4},
            "--epochs and --budget-forwards");
    refused((struct zg_train_request){.budget_time_s = 1, .budget_forwards = 4},
            "--budget-time and --budget-forwards");
    refused((struct zg_train_request){.budget_forwards = 1}, "a step of this algorithm has 2");
    refused((struct zg_train_request){.epochs = INT64_MAX / 2}, "are too many");
}

static void rows_and_evaluations(void)
{
    const struct zg_train_plan plan =
        plan_of((struct zg_train_request){.steps = 25, .eval_every = 10, .log_every = 4});
    for (int64_t n = 0; n <= 25; n++) {
        const bool last = n == 25;
        CU_ASSERT_EQUAL(zg_train_plan_evaluates(&plan, n, last), n % 10 == 0 || last);
        CU_ASSERT_EQUAL(zg_train_plan_logs(&plan, n, last), n % 4 == 0 || n % 10 == 0 || last);
    }
}

/* Round numbers; never none. */
static void how_often_by_itself(void)
{
    static const struct {
        int64_t steps, eval, log;
    } cases[] = {{1, 1, 1},    {19, 1, 1},   {20, 1, 1},    {40, 2, 1},      {100, 5, 1},
                 {399, 10, 1}, {400, 20, 2}, {1000, 50, 5}, {3000, 100, 10}, {20000, 1000, 100}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct zg_train_plan plan =
            plan_of((struct zg_train_request){.steps = cases[i].steps});
        CU_ASSERT_EQUAL(plan.eval_every, cases[i].eval);
        CU_ASSERT_EQUAL(plan.log_every, cases[i].log);
    }
    const struct zg_train_plan time = plan_of((struct zg_train_request){.budget_time_s = 1});
    CU_ASSERT(time.eval_every == 1000 && time.log_every == 100);
}

static void shares(void)
{
    const struct zg_train_plan steps = plan_of((struct zg_train_request){.steps = 10});
    const struct zg_train_plan time = plan_of((struct zg_train_request){.budget_time_s = 4});
    CU_ASSERT_EQUAL(zg_train_plan_share(&steps, &(struct zg_train_used){5, 10, 1}), 0.5);
    CU_ASSERT_EQUAL(zg_train_plan_share(&time, &(struct zg_train_used){5, 10, 1}), 0.25);
    CU_ASSERT_EQUAL(zg_train_plan_share(&time, &(struct zg_train_used){5, 10, 9}), 1);
}

int main(void)
{
    static const struct zg_test tests[] = {{"limits", limits},
                                           {"what is refused", what_is_refused},
                                           {"rows and evaluations", rows_and_evaluations},
                                           {"how often by itself", how_often_by_itself},
                                           {"shares", shares},
                                           {0}};
    return zg_test_run("train plan", tests);
}
