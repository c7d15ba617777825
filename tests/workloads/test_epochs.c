/* test_epochs.c - every row once an epoch, a short batch at its end, the same for whoever asks; and
 * what rows hash to. */
#include "workloads/epochs.h"

#include <string.h>

#include "tests/workloads/support.h"
#include "workloads/rows.h"

static struct zg_epochs *open_epochs(int64_t n, int64_t batch, uint64_t seed)
{
    int64_t rows[1000];
    struct zg_epochs *epochs = NULL;
    for (int64_t i = 0; i < n; i++)
        rows[i] = 5000 + 3 * i; /* ids, not places */
    CU_ASSERT_EQUAL_FATAL(zg_epochs_open(&epochs, rows, n, batch, seed, NULL), ZG_OK);
    return epochs;
}

/* The official 62 batches of 16 and one of 8, and sizes that divide. */
static void test_every_row_once(void)
{
    static const struct {
        int64_t n, batch, n_steps, last;
    } cases[] = {{1000, 16, 63, 8}, {64, 16, 4, 16}, {7, 7, 1, 7}, {7, 1, 7, 1}, {7, 6, 2, 1}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct zg_epochs *epochs = open_epochs(cases[c].n, cases[c].batch, 3);
        CU_ASSERT_EQUAL_FATAL(zg_epochs_n_steps(epochs), cases[c].n_steps);
        for (int64_t epoch = 0; epoch < 3; epoch++) {
            int seen[1000] = {0};
            for (int64_t k = 0; k < cases[c].n_steps; k++) {
                const int64_t *rows;
                const int64_t n = zg_epochs_draw(epochs, epoch * cases[c].n_steps + k, &rows);
                CU_ASSERT_EQUAL(n, k + 1 < cases[c].n_steps ? cases[c].batch : cases[c].last);
                for (int64_t i = 0; i < n; i++) {
                    const int64_t place = (rows[i] - 5000) / 3;
                    CU_ASSERT_TRUE_FATAL(place >= 0 && place < cases[c].n);
                    CU_ASSERT_EQUAL(rows[i], 5000 + 3 * place);
                    CU_ASSERT_EQUAL(seen[place]++, 0);
                }
            }
        }
        zg_epochs_close(&epochs);
        CU_ASSERT_PTR_NULL(epochs);
    }
}

/* Any order of asking gives the same rows; another seed or epoch others. */
static void test_pure_function(void)
{
    enum { N = 50, BATCH = 8, PER_EPOCH = 7, STEPS = 30 };
    struct zg_epochs *forward = open_epochs(N, BATCH, 1), *backward = open_epochs(N, BATCH, 1);
    struct zg_epochs *other = open_epochs(N, BATCH, 2);
    uint64_t hash[STEPS];
    const int64_t *rows;
    for (int64_t t = 0; t < STEPS; t++) {
        const int64_t n = zg_epochs_draw(forward, t, &rows);
        hash[t] = zg_rows_hash(rows, n);
        for (int64_t s = 0; s < t; s++)
            CU_ASSERT_NOT_EQUAL(hash[s], hash[t]);
    }
    for (int64_t t = STEPS - 1; t >= 0; t--) {
        int64_t n = zg_epochs_draw(backward, t, &rows);
        CU_ASSERT_EQUAL(zg_rows_hash(rows, n), hash[t]);
        n = zg_epochs_draw(other, t, &rows);
        CU_ASSERT_NOT_EQUAL(zg_rows_hash(rows, n), hash[t]);
    }
    zg_epochs_close(&forward);
    zg_epochs_close(&backward);
    zg_epochs_close(&other);
}

/* The order is that of batch.h, whose numbers a Python program made: 10 rows, seed 42, batches of
 * 4. */
static void test_known_order(void)
{
    static const int64_t want[] = {1, 4, 2, 5, 6, 7, 3, 8};
    struct zg_epochs *epochs = open_epochs(10, 4, 42);
    for (int64_t t = 0; t < 2; t++) {
        const int64_t *rows;
        CU_ASSERT_EQUAL(zg_epochs_draw(epochs, t, &rows), 4);
        for (int64_t i = 0; i < 4; i++)
            CU_ASSERT_EQUAL(rows[i], 5000 + 3 * want[4 * t + i]);
    }
    zg_epochs_close(&epochs);
}

static void test_refused(void)
{
    static const int64_t bad[] = {0, -1, 4, INT64_MAX}, rows[] = {1, 2, 3};
    struct zg_epochs *epochs = NULL;
    struct zg_error err = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        zg_error_clear(&err);
        check_failure(zg_epochs_open(&epochs, rows, 3, bad[i], 1, &err), ZG_USAGE, &err,
                      "3 train, give 1 .. 3");
        CU_ASSERT_PTR_NULL(epochs);
    }
    zg_error_clear(&err);
    check_failure(zg_epochs_open(&epochs, rows, INT64_C(1) << 32, 16, 1, &err), ZG_INPUT, &err,
                  "4294967296 rows train, at most 2^32 - 1");
    zg_epochs_close(&epochs);
    zg_epochs_close(NULL);
}

/* Order, number and value of the rows count. */
static void test_hash(void)
{
    static const int64_t rows[] = {1, 2, 3}, turned[] = {2, 1, 3},
                         wide[] = {1, INT64_C(1) << 40, 3};
    CU_ASSERT_EQUAL(zg_rows_hash(rows, 3), zg_rows_hash((const int64_t[]){1, 2, 3}, 3));
    CU_ASSERT_NOT_EQUAL(zg_rows_hash(rows, 3), zg_rows_hash(rows, 2));
    CU_ASSERT_NOT_EQUAL(zg_rows_hash(rows, 3), zg_rows_hash(turned, 3));
    CU_ASSERT_NOT_EQUAL(zg_rows_hash(rows, 3), zg_rows_hash(wide, 3));
    CU_ASSERT_EQUAL(zg_rows_hash(NULL, 0), 0);
    const uint64_t a = zg_rows_hash(rows, 2), b = zg_rows_hash(rows + 2, 1);
    CU_ASSERT_NOT_EQUAL(zg_rows_chain(zg_rows_chain(0, a), b),
                        zg_rows_chain(zg_rows_chain(0, b), a));
    /* of one row it is XXH3 of its eight bytes, here all zero */
    CU_ASSERT_EQUAL(zg_rows_hash((const int64_t[]){0}, 1), UINT64_C(0xc77b3abb6f87acd9));
}

/* Rows 7 and 457 of the embedded task, and the second stem of a dataset of these two alone. */
static void test_batch(void)
{
    static const int64_t chosen[] = {7, 457}, rows[] = {457, 7, 457};
    struct zg_tokenizer *tokenizer = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_tokenizer_open_embedded(&tokenizer, NULL), ZG_OK);
    struct zg_dataset_request request = {
        .task = "embedded", .tokenizer = tokenizer, .max_length = 2048, .n_vocab = 50272};
    for (int alone = 0; alone < 2; alone++) {
        struct zg_dataset *dataset = NULL;
        struct zg_example examples[3];
        request.rows = alone ? chosen : NULL;
        request.n_rows = alone ? 2 : 0;
        CU_ASSERT_EQUAL_FATAL(zg_dataset_open(&dataset, &request, NULL), ZG_OK);
        const struct zg_example *all = zg_dataset_examples(dataset);
        const struct zg_batch batch = zg_rows_batch(dataset, rows, 3, examples);
        CU_ASSERT_EQUAL(batch.n_examples, 3);
        CU_ASSERT_EQUAL(batch.loss, ZG_LOSS_CLASSIFICATION);
        CU_ASSERT_EQUAL(batch.pad_id, ZG_TOKEN_PAD);
        CU_ASSERT_PTR_EQUAL(batch.examples[0].stem, all[alone ? 1 : 457].stem);
        CU_ASSERT_PTR_EQUAL(batch.examples[1].stem, all[alone ? 0 : 7].stem);
        CU_ASSERT_PTR_EQUAL(batch.examples[2].stem, all[alone ? 1 : 457].stem);
        zg_dataset_close(&dataset);
    }
    zg_tokenizer_close(&tokenizer);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"every row once an epoch", test_every_row_once},
        {"a pure function of seed and step", test_pure_function},
        {"a known order", test_known_order},
        {"what is refused", test_refused},
        {"hashes", test_hash},
        {"a batch of rows", test_batch},
        {NULL, NULL},
    };
    return zg_test_run("epochs", tests);
}
