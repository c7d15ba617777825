/* test_metric.c - choices and their metrics, counted by hand. */
#include "workloads/metric.h"

#include <math.h>

#include "tests/support/cunit_run.h"

static void test_choose(void)
{
    CU_ASSERT_EQUAL(zg_metric_choose((const double[]){-1}, 1), 0);
    CU_ASSERT_EQUAL(zg_metric_choose((const double[]){-2, -1, -3}, 3), 1);
    CU_ASSERT_EQUAL(zg_metric_choose((const double[]){-2, -1, -1}, 3), 1); /* first wins ties */
    CU_ASSERT_EQUAL(zg_metric_choose((const double[]){0, 0}, 2), 0);
    CU_ASSERT_EQUAL(zg_metric_choose((const double[]){-3, -2, -1}, 3), 2);
    CU_ASSERT_EQUAL(zg_metric_choose((const double[]){-INFINITY, -9}, 2), 1);
    CU_ASSERT_EQUAL(zg_metric_choose((const double[]){NAN, -9, -10}, 3), 1);
    CU_ASSERT_EQUAL(zg_metric_choose((const double[]){-9, NAN}, 2), 0);
    CU_ASSERT_EQUAL(zg_metric_choose((const double[]){NAN, NAN}, 2), 0);
}

static void test_accuracy(void)
{
    /* the second one chose another right option than the gold one */
    static const struct zg_choice choices[] = {
        {0, 0, true}, {2, 1, true}, {1, 0, false}, {1, 1, true}};
    CU_ASSERT_EQUAL(zg_metric_accuracy(choices, 4), 0.75);
    CU_ASSERT_EQUAL(zg_metric_accuracy(choices + 2, 1), 0);
    CU_ASSERT_EQUAL(zg_metric_accuracy(choices, 1), 1);
    CU_ASSERT_TRUE(isnan(zg_metric_accuracy(choices, 0)));
}

static void test_macro_f1(void)
{
    /* class 0: TP 2, FP 1, FN 0: 4/5; class 1: TP 1, FP 0, FN 2: 2/4; class 2: TP 1, FP 1, FN 0:
     * 2/3 */
    static const struct zg_choice choices[] = {{0, 0, true}, {0, 0, true},  {0, 1, false},
                                               {1, 1, true}, {2, 1, false}, {2, 2, true}};
    CU_ASSERT_DOUBLE_EQUAL(zg_metric_macro_f1(choices, 6, 3), (0.8 + 0.5 + 2.0 / 3) / 3, 1e-15);
    /* a class that nobody has seen does not count; one that is gold alone, or chosen alone, is 0 */
    CU_ASSERT_DOUBLE_EQUAL(zg_metric_macro_f1(choices, 6, 5), (0.8 + 0.5 + 2.0 / 3) / 3, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(zg_metric_macro_f1(choices, 3, 3), 0.4, 1e-15);
    static const struct zg_choice wrong[] = {{1, 0, false}};
    CU_ASSERT_EQUAL(zg_metric_macro_f1(wrong, 1, 2), 0);
    CU_ASSERT_EQUAL(zg_metric_macro_f1(choices, 1, 3), 1);
    CU_ASSERT_TRUE(isnan(zg_metric_macro_f1(choices, 0, 3)));
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"the chosen option", test_choose},
        {"accuracy", test_accuracy},
        {"macro F1", test_macro_f1},
        {NULL, NULL},
    };
    return zg_test_run("metric", tests);
}
