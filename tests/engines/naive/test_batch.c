/* test_batch.c - the collator's layout, cell by cell, and the losses from given log-
 * probabilities. */
#include "engines/naive/naive.h"
#include "tests/support/cunit_run.h"

#include <math.h>

enum { PAD = 99 };
static const int32_t stem0[] = {0, 7, 8}, stem1[] = {0, 5}, a[] = {20}, b[] = {21, 22};
static const struct zg_option options[] = {{a, 1}, {b, 2}};
static const struct zg_example examples[] = {{stem0, 3, options, 2, 1}, {stem1, 2, options, 1, 0}};

static void open_batch(struct zg_naive_batch *batch, const struct zg_batch *source)
{
    struct zg_engine_limits limits = {0};
    zg_engine_limits_include(&limits, source);
    CU_ASSERT_EQUAL(limits.max_options, 3);
    CU_ASSERT_EQUAL(limits.max_option_tokens, 4);
    CU_ASSERT_EQUAL(limits.max_tokens, 4 + 5 + 3);
    CU_ASSERT_EQUAL(limits.max_padded_tokens, 3 * 8);
    CU_ASSERT_EQUAL(limits.max_length, 5);
    CU_ASSERT_EQUAL_FATAL(zg_naive_batch_open(batch, &limits, NULL), ZG_OK);
}

static void test_layout(void)
{
    const struct zg_batch source = {examples, 2, ZG_LOSS_CLASSIFICATION, PAD};
    const int32_t token[3][8] = {{PAD, PAD, PAD, PAD, 0, 7, 8, 20},
                                 {PAD, PAD, PAD, 0, 7, 8, 21, 22},
                                 {PAD, PAD, PAD, PAD, PAD, 0, 5, 20}};
    const int32_t label[3][8] = {{-1, -1, -1, -1, -1, -1, 20, -1},
                                 {-1, -1, -1, -1, -1, 21, 22, -1},
                                 {-1, -1, -1, -1, -1, -1, 20, -1}};
    struct zg_naive_batch batch;
    open_batch(&batch, &source);
    zg_naive_batch_expand(&batch, &source, false);
    CU_ASSERT_EQUAL(batch.n_sequences, 3);
    CU_ASSERT_EQUAL(batch.length, 8);
    for (int s = 0; s < 3; s++)
        for (int t = 0; t < 8; t++) {
            CU_ASSERT_EQUAL(batch.token[s * 8 + t], token[s][t]);
            CU_ASSERT_EQUAL(batch.label[s * 8 + t], label[s][t]);
        }
    zg_naive_batch_close(&batch);
}

/* log p = -s - t / 8 at position t of sequence s, all exact: means -0.75, -1.6875 and -2.75. */
static void test_losses(void)
{
    double log_p[24], score[3], example_loss[2];
    for (int i = 0; i < 24; i++)
        log_p[i] = -(i / 8) - (i % 8) / 8.0;
    struct zg_batch source = {examples, 2, ZG_LOSS_CLASSIFICATION, PAD};
    struct zg_naive_batch batch;
    open_batch(&batch, &source);
    zg_naive_batch_expand(&batch, &source, false);
    const double loss = zg_naive_batch_loss(&batch, &source, log_p, score, example_loss);
    CU_ASSERT_EQUAL(score[0], -0.75);
    CU_ASSERT_EQUAL(score[1], -1.6875);
    CU_ASSERT_EQUAL(score[2], -2.75);
    const double gold_is_worse = log(1 + exp(-0.75 + 1.6875));
    CU_ASSERT_DOUBLE_EQUAL(example_loss[0], gold_is_worse, 1e-15);
    CU_ASSERT_EQUAL(example_loss[1], 0); /* one option: certain */
    CU_ASSERT_DOUBLE_EQUAL(loss, gold_is_worse / 2, 1e-15);

    /* LM: the gold options' tokens alone, two of the first example and one of the second */
    source.loss = ZG_LOSS_LM;
    zg_naive_batch_expand(&batch, &source, false);
    CU_ASSERT_EQUAL(batch.n_sequences, 2);
    CU_ASSERT_EQUAL(batch.token[7], 22);
    CU_ASSERT_EQUAL(zg_naive_batch_loss(&batch, &source, log_p, score, example_loss),
                    (0.625 + 0.75 + 1.75) / 3);
    CU_ASSERT_EQUAL(example_loss[0], 0.6875);
    zg_naive_batch_expand(&batch, &source, true); /* scores of all options are wanted */
    CU_ASSERT_EQUAL(batch.n_sequences, 3);
    CU_ASSERT_EQUAL(zg_naive_batch_loss(&batch, &source, log_p, score, NULL),
                    (1.625 + 1.75 + 2.75) / 3);
    zg_naive_batch_close(&batch);
}

int main(void)
{
    const struct zg_test tests[] = {
        {"layout", test_layout},
        {"losses", test_losses},
        {NULL, NULL},
    };
    return zg_test_run("naive batch", tests);
}
