/* test_batch.c - what a batch of a seed promises: the same always, full, nothing twice in an epoch,
 * near uniform. */
#include "workloads/batch.h"

#include <math.h>

#include "tests/workloads/support.h"

static struct zg_dataset *open_embedded(int64_t limit)
{
    struct zg_tokenizer *tokenizer = NULL;
    struct zg_dataset *dataset = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_tokenizer_open_embedded(&tokenizer, NULL), ZG_OK);
    const struct zg_dataset_request request = {.task = "embedded",
                                               .limit = limit,
                                               .tokenizer = tokenizer,
                                               .max_length = 2048,
                                               .n_vocab = 50272};
    CU_ASSERT_EQUAL_FATAL(zg_dataset_open(&dataset, &request, NULL), ZG_OK);
    zg_tokenizer_close(&tokenizer);
    CU_ASSERT_EQUAL_FATAL(zg_dataset_n_examples(dataset), limit);
    return dataset;
}

/* Draws a batch and finds the numbers of its examples in the dataset, by their stems. */
static struct zg_batch draw_indices(struct zg_batcher *batcher, const struct zg_dataset *dataset,
                                    int64_t step, int64_t *index)
{
    struct zg_batch batch;
    zg_batcher_draw(batcher, step, &batch);
    for (int64_t i = 0; i < batch.n_examples; i++) {
        index[i] = 0;
        while (index[i] < zg_dataset_n_examples(dataset) &&
               zg_dataset_examples(dataset)[index[i]].stem != batch.examples[i].stem)
            index[i]++;
    }
    return batch;
}

static void test_epochs(void)
{
    enum { N = 100, BATCH = 16, PER_EPOCH = N / BATCH };
    struct zg_dataset *dataset = open_embedded(N);
    struct zg_batcher *batcher = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_batcher_open(&batcher, dataset, BATCH, 7, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_batcher_steps_per_epoch(batcher), PER_EPOCH);
    int64_t first_epoch[PER_EPOCH * BATCH];
    for (int64_t epoch = 0; epoch < 20; epoch++) {
        int seen[N] = {0};
        int n_same = 0;
        for (int64_t k = 0; k < PER_EPOCH; k++) {
            int64_t index[BATCH];
            const struct zg_batch batch =
                draw_indices(batcher, dataset, epoch * PER_EPOCH + k, index);
            CU_ASSERT_EQUAL(batch.n_examples, BATCH);
            CU_ASSERT_EQUAL(batch.loss, ZG_LOSS_CLASSIFICATION);
            CU_ASSERT_EQUAL(batch.pad_id, ZG_TOKEN_PAD);
            for (int64_t i = 0; i < BATCH; i++) {
                CU_ASSERT_TRUE_FATAL(index[i] >= 0 && index[i] < N);
                CU_ASSERT_EQUAL(seen[index[i]]++, 0);
                CU_ASSERT_EQUAL(batch.examples[i].gold,
                                zg_dataset_examples(dataset)[index[i]].gold);
                if (epoch == 0)
                    first_epoch[k * BATCH + i] = index[i];
                n_same += first_epoch[k * BATCH + i] == index[i];
            }
        }
        /* one place in N agrees on average between two permutations; 20 would be a repeated epoch
         * */
        CU_ASSERT_TRUE(epoch == 0 || n_same < 20);
    }
    zg_batcher_close(&batcher);
    CU_ASSERT_PTR_NULL(batcher);
    zg_dataset_close(&dataset);
}

/* Any order of asking, another batcher, the same batches; another seed, others. */
static void test_pure_function(void)
{
    enum { N = 64, BATCH = 8, STEPS = 40 };
    struct zg_dataset *dataset = open_embedded(N);
    struct zg_batcher *forward = NULL, *backward = NULL, *other = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_batcher_open(&forward, dataset, BATCH, 1, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_batcher_open(&backward, dataset, BATCH, 1, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_batcher_open(&other, dataset, BATCH, 2, NULL), ZG_OK);
    int64_t index[STEPS][BATCH];
    int n_same = 0;
    for (int64_t t = 0; t < STEPS; t++)
        draw_indices(forward, dataset, t, index[t]);
    for (int64_t t = STEPS - 1; t >= 0; t--) {
        int64_t again[BATCH], others[BATCH];
        draw_indices(backward, dataset, t, again);
        draw_indices(other, dataset, t, others);
        CU_ASSERT_EQUAL(memcmp(again, index[t], sizeof again), 0);
        for (int64_t i = 0; i < BATCH; i++)
            n_same += others[i] == index[t][i];
    }
    /* of 320 places 5 agree by chance, with a deviation of about 2.2 */
    CU_ASSERT_TRUE(n_same < 20);
    zg_batcher_close(&forward);
    zg_batcher_close(&backward);
    zg_batcher_close(&other);
    zg_dataset_close(&dataset);
}

/* How often example i stands at place p of an epoch, over 4000 epochs of 10: chi square with 81
 * degrees of freedom (a doubly stochastic table), mean 81, deviation sqrt(162) = 12.7; six
 * deviations up is 157. */
static void test_uniform(void)
{
    enum { N = 10, EPOCHS = 4000 };
    struct zg_dataset *dataset = open_embedded(N);
    struct zg_batcher *batcher = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_batcher_open(&batcher, dataset, N, 3, NULL), ZG_OK);
    int64_t count[N][N] = {{0}};
    for (int64_t epoch = 0; epoch < EPOCHS; epoch++) {
        int64_t index[N];
        draw_indices(batcher, dataset, epoch, index);
        for (int64_t p = 0; p < N; p++)
            count[index[p]][p]++;
    }
    double chi = 0.0;
    const double expected = (double)EPOCHS / N;
    for (int i = 0; i < N; i++)
        for (int p = 0; p < N; p++)
            chi += ((double)count[i][p] - expected) * ((double)count[i][p] - expected) / expected;
    CU_ASSERT_TRUE(chi < 157.0);
    CU_ASSERT_TRUE(chi > 20.0); /* too even is no chance either */
    zg_batcher_close(&batcher);
    zg_dataset_close(&dataset);
}

/* Made by a Python program written from the text of batch.h, zo.h and philox.h. */
static void test_known_batches(void)
{
    static const int64_t want[3][4] = {{1, 4, 2, 5}, {6, 7, 3, 8}, {5, 0, 3, 8}};
    struct zg_dataset *dataset = open_embedded(10);
    struct zg_batcher *batcher = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_batcher_open(&batcher, dataset, 4, 42, NULL), ZG_OK);
    for (int64_t t = 0; t < 3; t++) {
        int64_t index[4];
        draw_indices(batcher, dataset, t, index);
        CU_ASSERT_EQUAL(memcmp(index, want[t], sizeof index), 0);
    }
    zg_batcher_close(&batcher);
    zg_dataset_close(&dataset);
}

static void test_limits(void)
{
    struct zg_dataset *dataset = open_embedded(10);
    struct zg_batcher *batcher = NULL;
    static const int64_t bad[] = {0, -1, 11, INT64_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct zg_error err = {0};
        check_failure(zg_batcher_open(&batcher, dataset, bad[i], 1, &err), ZG_USAGE, &err,
                      "give 1 .. 10");
        CU_ASSERT_PTR_NULL(batcher);
    }
    CU_ASSERT_EQUAL_FATAL(zg_batcher_open(&batcher, dataset, 3, 1, NULL), ZG_OK);
    zg_batcher_close(&batcher);
    zg_batcher_close(&batcher);
    zg_batcher_close(NULL);
    zg_dataset_close(&dataset);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"epochs", test_epochs},   {"a pure function of seed and step", test_pure_function},
        {"uniform", test_uniform}, {"known batches", test_known_batches},
        {"limits", test_limits},   {NULL, NULL},
    };
    return zg_test_run("batch", tests);
}
