/* test_train_summary.c - what a row of train.csv says of steps and evaluations that are known. */
#include "harness/train/summary.h"

#include <math.h>
#include <stdlib.h>

#include "tests/support/cunit_run.h"

enum { N_STEPS = 40 };

static struct zg_train_step steps[2][N_STEPS];
static struct zg_train_history histories[2];
static struct zg_row_list curve;
static const struct zg_case_row ids[] = {{.engine = "naive"}, {.engine = "fused"}};

static void add(int e, int64_t step, const char *split, double loss, double metric)
{
    struct zg_curve_row row;
    zg_row_clear(&zg_schema_curve, &row);
    row.id = ids[e];
    row.step = step;
    row.forwards = 2 * step;
    row.wall_s = (e ? 1 : 4) * (double)step;
    row.eval_split = split;
    row.eval_loss = loss;
    row.eval_metric = metric;
    CU_ASSERT_EQUAL_FATAL(zg_row_list_add(&curve, &row, NULL), ZG_OK);
}

static void make(void)
{
    zg_row_list_close(&curve);
    curve.schema = &zg_schema_curve;
    for (int e = 0; e < 2; e++) {
        for (int64_t i = 0; i < N_STEPS; i++)
            steps[e][i] = (struct zg_train_step){.loss_plus = 0.5,
                                                 .loss_minus = 0.25,
                                                 .c = 1,
                                                 .wall_s = e ? 1 : 4,
                                                 .rows = (uint64_t)i,
                                                 .n_forwards = 2};
        histories[e] = (struct zg_train_history){steps[e], N_STEPS};
        add(e, 0, "dev", 0.7, 0.5);
        add(e, 5, NULL, NAN, NAN);
        add(e, 10, "dev", 0.5, 0.8);
        add(e, 20, "dev", 0.4, 0.9);
        add(e, 30, "dev", 0.4, 0.9); /* of equal ones the first is the best */
        add(e, N_STEPS, "dev", 0.6, 0.7);
        add(e, N_STEPS, "eval", 0.65, 0.75);
    }
}

static struct zg_train_row row_of(int e, const char *metric, const struct zg_train_row *first)
{
    const struct zg_train_ending ending = {.id = &ids[e],
                                           .history = &histories[e],
                                           .reference = &histories[0],
                                           .reference_name = "naive",
                                           .curve = &curve,
                                           .ended = "steps",
                                           .metric = metric,
                                           .rows = "r",
                                           .n_train = 100,
                                           .n_dev = 50,
                                           .n_eval = 20,
                                           .epochs = 1.5,
                                           .target = 0.8};
    struct zg_train_row row;
    zg_train_summarise(&ending, first, &row);
    return row;
}

static void one_engine(void)
{
    make();
    const struct zg_train_row row = row_of(0, "accuracy", NULL);
    CU_ASSERT(row.steps == N_STEPS && row.forwards == 2 * N_STEPS && row.wall_s == 4 * N_STEPS);
    CU_ASSERT(row.wall_s_per_step == 4 && row.epochs == 1.5);
    CU_ASSERT(row.dev_loss_first == 0.7 && row.dev_metric_first == 0.5);
    CU_ASSERT(row.dev_loss_last == 0.6 && row.dev_metric_last == 0.7);
    CU_ASSERT(row.dev_loss_best == 0.4 && row.dev_loss_best_step == 20);
    CU_ASSERT(row.dev_metric_best == 0.9 && row.dev_metric_best_step == 20);
    CU_ASSERT(row.eval_loss == 0.65 && row.eval_metric == 0.75);
    CU_ASSERT(row.target == 0.8 && row.target_step == 10 && row.target_wall_s == 40);
    CU_ASSERT_EQUAL(row.target_forwards, 20);
    CU_ASSERT(!row.reference && isnan(row.speedup) && isnan(row.sign_match));
    CU_ASSERT(row.compared_steps == ZG_NO_INTEGER && !row.weights_xxh3);
}

static void the_second_against_the_first(void)
{
    make();
    const struct zg_train_row first = row_of(0, "accuracy", NULL),
                              row = row_of(1, "accuracy", &first);
    CU_ASSERT_STRING_EQUAL(row.reference, "naive");
    CU_ASSERT(row.speedup == 4 && row.target_speedup == 4 && row.compared_steps == N_STEPS);
    CU_ASSERT(row.sign_match == 1 && row.high_signal_steps == N_STEPS);
    steps[1][3].rows = 99;
    const struct zg_train_row other = row_of(1, "accuracy", &first);
    CU_ASSERT(!other.reference && isnan(other.speedup) && isnan(other.target_speedup));
    CU_ASSERT(other.compared_steps == ZG_NO_INTEGER && other.dev_loss_best == 0.4);
}

static void without_a_metric(void)
{
    make();
    for (int64_t i = 0; i < curve.n; i++)
        ((struct zg_curve_row *)curve.rows)[i].eval_metric = NAN;
    const struct zg_train_row row = row_of(0, NULL, NULL);
    CU_ASSERT(!row.metric && isnan(row.target) && row.target_step == ZG_NO_INTEGER);
    CU_ASSERT(isnan(row.dev_metric_best) && row.dev_metric_best_step == ZG_NO_INTEGER);
    CU_ASSERT(row.dev_loss_best == 0.4 && row.dev_loss_best_step == 20);
}

static void never_the_target(void)
{
    make();
    for (int64_t i = 0; i < curve.n; i++)
        ((struct zg_curve_row *)curve.rows)[i].eval_metric = 0.5;
    const struct zg_train_row row = row_of(0, "accuracy", NULL);
    CU_ASSERT(row.target == 0.8 && row.target_step == ZG_NO_INTEGER && isnan(row.target_wall_s));
    zg_row_list_close(&curve);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"one engine", one_engine},
        {"the second against the first", the_second_against_the_first},
        {"without a metric", without_a_metric},
        {"never the target", never_the_target},
        {0}};
    return zg_test_run("train summary", tests);
}
