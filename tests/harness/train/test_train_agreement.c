/* test_train_agreement.c - signs, differences and times of two engines that take the same steps. */
#include "harness/train/agreement.h"

#include <math.h>

#include "tests/support/cunit_run.h"

enum { MOST = 1000 };

static struct zg_train_step reference_steps[MOST], other_steps[MOST];
static struct zg_train_history reference, other;
static struct zg_train_agreement with;

/* Alternating signs of c; every fourth step has high signal. */
static void make(int64_t n_reference, int64_t n_other)
{
    reference = (struct zg_train_history){reference_steps, n_reference};
    other = (struct zg_train_history){other_steps, n_other};
    for (int64_t i = 0; i < MOST; i++) {
        const double half = (i % 2 ? -1 : 1) * (i % 4 == 0 ? 0.003 : 0.0001);
        reference_steps[i] = other_steps[i] = (struct zg_train_step){.loss_plus = 1 + half,
                                                                     .loss_minus = 1 - half,
                                                                     .c = 1000 * half,
                                                                     .wall_s = 0.5,
                                                                     .rows = (uint64_t)i,
                                                                     .n_forwards = 2};
    }
}

static void the_same(void)
{
    make(100, 80);
    zg_train_agree(&reference, &other, &with);
    CU_ASSERT(with.same_rows && with.n_steps == 80 && with.sign_match == 1);
    CU_ASSERT(with.n_high_signal == 20 && with.sign_match_high_signal == 1);
    CU_ASSERT(with.c_error == 0 && with.loss_difference_max == 0 && with.loss_difference_last == 0);
    CU_ASSERT(with.speedup.median == 1 && with.speedup.low == 1 && with.speedup.high == 1);
}

static void signs_and_differences(void)
{
    make(100, 100);
    other_steps[1].c *= -1; /* of low signal */
    other_steps[4].c *= -1; /* of high */
    other_steps[7].c = 0;   /* no sign is another sign */
    other_steps[10].loss_minus += 0.25;
    other_steps[99].loss_plus -= 0.125;
    zg_train_agree(&reference, &other, &with);
    CU_ASSERT_DOUBLE_EQUAL(with.sign_match, 0.97, 1e-12);
    CU_ASSERT_EQUAL(with.n_high_signal, 25);
    CU_ASSERT_DOUBLE_EQUAL(with.sign_match_high_signal, 0.96, 1e-12);
    CU_ASSERT_EQUAL(with.loss_difference_max, 0.25);
    CU_ASSERT_EQUAL(with.loss_difference_last, 0.125);
    /* differences 0.2, 6 and 0.1; of the reference 25 times 3 and 75 times 0.1 */
    CU_ASSERT_DOUBLE_EQUAL(with.c_error, sqrt((0.04 + 36 + 0.01) / (25 * 9 + 75 * 0.01)), 1e-12);
}

/* The bound itself is high. */
static void high_signal_begins_at_its_bound(void)
{
    make(2, 2);
    reference_steps[0].loss_plus = ZG_TRAIN_HIGH_SIGNAL;
    reference_steps[0].loss_minus = 0;
    reference_steps[1].loss_plus = nextafter(ZG_TRAIN_HIGH_SIGNAL, 0);
    reference_steps[1].loss_minus = 0;
    zg_train_agree(&reference, &other, &with);
    CU_ASSERT_EQUAL(with.n_high_signal, 1);
}

static void other_rows_are_not_compared(void)
{
    make(100, 100);
    other_steps[99].rows++;
    zg_train_agree(&reference, &other, &with);
    CU_ASSERT(!with.same_rows && with.n_steps == 0 && isnan(with.sign_match));
    CU_ASSERT(isnan(with.sign_match_high_signal) && isnan(with.c_error));
    CU_ASSERT(isnan(with.loss_difference_max) && isnan(with.loss_difference_last));
    CU_ASSERT(isnan(with.speedup.median) && isnan(with.speedup.low));
    other.n = 99; /* what both have are the same */
    zg_train_agree(&reference, &other, &with);
    CU_ASSERT(with.same_rows && with.n_steps == 99);
}

/* A median of blocks: what disturbs one of them does not count, nor does the first step. */
static void speedup(void)
{
    make(401, 401);
    for (int64_t i = 0; i < 401; i++)
        other_steps[i].wall_s = 0.125;
    other_steps[0].wall_s = 1e6;
    for (int64_t i = 11; i < 21; i++)
        other_steps[i].wall_s = 100;
    zg_train_agree(&reference, &other, &with);
    CU_ASSERT_EQUAL(with.speedup.n, ZG_TRAIN_BLOCKS);
    CU_ASSERT_DOUBLE_EQUAL(with.speedup.median, 4, 1e-12);
    CU_ASSERT(with.speedup.has_interval);
    make(20, 20); /* one block: once */
    zg_train_agree(&reference, &other, &with);
    CU_ASSERT(with.speedup.n == 1 && with.speedup.median == 1 && !with.speedup.has_interval);
}

static void hardly_any_steps(void)
{
    make(0, 10);
    zg_train_agree(&reference, &other, &with);
    CU_ASSERT(with.same_rows && with.n_steps == 0 && isnan(with.sign_match));
    make(1, 1);
    zg_train_agree(&reference, &other, &with);
    CU_ASSERT(with.n_steps == 1 && with.sign_match == 1 && isnan(with.speedup.median));
}

static void a_nan_is_no_agreement(void)
{
    make(100, 100);
    other_steps[50].loss_plus = NAN;
    other_steps[50].c = NAN;
    zg_train_agree(&reference, &other, &with);
    CU_ASSERT(with.sign_match < 1 && isnan(with.loss_difference_max) && isnan(with.c_error));
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"the same", the_same},
        {"signs and differences", signs_and_differences},
        {"high signal begins at its bound", high_signal_begins_at_its_bound},
        {"other rows are not compared", other_rows_are_not_compared},
        {"speed-up", speedup},
        {"hardly any steps", hardly_any_steps},
        {"a NaN is no agreement", a_nan_is_no_agreement},
        {0}};
    return zg_test_run("train agreement", tests);
}
