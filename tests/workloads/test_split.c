/* test_split.c - the official rows of SST-2, and what becomes of files with fewer rows than a split
 * wants. */
#include "workloads/split.h"

#include <stdlib.h>

#include "tests/workloads/support.h"

/* The numbers of a file, one a line, equal rows [n]. */
static void check_file(const char *name, const int64_t *rows, int64_t n)
{
    const char *path = zg_test_data(name);
    if (!path)
        return;
    FILE *file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    int64_t n_same = 0;
    long long number;
    for (int64_t i = 0; fscanf(file, "%lld", &number) == 1; i++)
        n_same += i < n && rows[i] == number;
    CU_ASSERT_EQUAL(n_same, n);
    CU_ASSERT_TRUE(feof(file));
    fclose(file);
}

/* MeZO's and LOZO's own lists for seed 0: 1000 + 500 of 67,349 rows, 872 of 872. */
static void test_official(void)
{
    static const int64_t first[] = {43787, 16159, 59015, 5108, 67052},
                         last[] = {27381, 39942, 48120};
    static const int64_t eval[] = {372, 676, 548, 293, 382};
    const struct zg_protocol_request request = {67349, 872, 1000, 500, 1000, 0};
    struct zg_protocol rows;
    CU_ASSERT_EQUAL_FATAL(zg_split_protocol(&rows, &request, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(rows.n_train, 1000);
    CU_ASSERT_EQUAL_FATAL(rows.n_dev, 500);
    CU_ASSERT_EQUAL_FATAL(rows.n_eval, 872);
    CU_ASSERT_FALSE(rows.eval_in_train_file);
    CU_ASSERT_STRING_EQUAL(rows.note, "eval 872 of 1000 rows: its file has 872");
    CU_ASSERT_EQUAL(memcmp(rows.train, first, sizeof first), 0);
    CU_ASSERT_EQUAL(memcmp(rows.dev + 497, last, sizeof last), 0);
    CU_ASSERT_EQUAL(memcmp(rows.eval, eval, sizeof eval), 0);
    int64_t both[1500];
    memcpy(both, rows.train, 1000 * sizeof *both);
    memcpy(both + 1000, rows.dev, 500 * sizeof *both);
    check_file("sst2/mezo_seed0_train1000_dev500_idx.txt", both, 1500);
    check_file("sst2/mezo_seed0_eval_idx.txt", rows.eval, 872);
    zg_protocol_free(&rows);
    CU_ASSERT_PTR_NULL(rows.train);
    zg_protocol_free(&rows);
}

/* Parts do not overlap, and lie in their file. */
static void check_parts(const struct zg_protocol *rows, int64_t n, int64_t m)
{
    int *seen = calloc((size_t)n, sizeof *seen), *seen_eval = calloc((size_t)m + 1, sizeof *seen);
    CU_ASSERT_TRUE_FATAL(seen && seen_eval);
    for (int64_t i = 0; i < rows->n_train; i++)
        CU_ASSERT_TRUE(rows->train[i] >= 0 && rows->train[i] < n && !seen[rows->train[i]]++);
    for (int64_t i = 0; i < rows->n_dev; i++)
        CU_ASSERT_TRUE(rows->dev[i] >= 0 && rows->dev[i] < n && !seen[rows->dev[i]]++);
    int *const of_eval = rows->eval_in_train_file ? seen : seen_eval;
    for (int64_t i = 0; i < rows->n_eval; i++)
        CU_ASSERT_TRUE(rows->eval[i] >= 0 && rows->eval[i] < (rows->eval_in_train_file ? n : m) &&
                       !of_eval[rows->eval[i]]++);
    free(seen);
    free(seen_eval);
}

static void test_sizes(void)
{
    static const struct {
        struct zg_protocol_request request;
        int64_t train, dev, eval;
        const char *note;
    } cases[] = {
        /* as many as asked for: nothing to tell */
        {{1500, 1000, 1000, 500, 1000, 7}, 1000, 500, 1000, ""},
        {{2500, 0, 1000, 500, 1000, 7}, 1000, 500, 1000, ""},
        {{10, 5, 10, 0, 0, 7}, 10, 0, 0, ""},
        /* CB, COPA, WSC as the official scripts have them */
        {{250, 57, 1000, 100, 1000, 0},
         150,
         100,
         57,
         "train 150 of 1000 rows, dev 100 of 100: the training file has 250; eval 57 of 1000 rows: "
         "its file has 57"},
        {{400, 100, 1000, 100, 100, 0},
         300,
         100,
         100,
         "train 300 of 1000 rows, dev 100 of 100: the training file has 400"},
        {{554, 104, 1000, 500, 104, 0},
         54,
         500,
         104,
         "train 54 of 1000 rows, dev 500 of 500: the training file has 554"},
        {{501, 9, 1000, 500, 9, 0},
         1,
         500,
         9,
         "train 1 of 1000 rows, dev 500 of 500: the training file has 501"},
        /* where they would leave none: the embedded task, and the smallest there is */
        {{458, 114, 1000, 500, 114, 0},
         306,
         152,
         114,
         "train 306 of 1000 rows, dev 152 of 500: the training file has 458"},
        {{500, 114, 1000, 500, 114, 0},
         334,
         166,
         114,
         "train 334 of 1000 rows, dev 166 of 500: the training file has 500"},
        {{2, 1, 1000, 500, 1, 0},
         1,
         1,
         1,
         "train 1 of 1000 rows, dev 1 of 500: the training file has 2"},
        {{3, 1, 1, 500, 1, 0}, 1, 2, 1, "train 1 of 1 rows, dev 2 of 500: the training file has 3"},
        {{5, 1, 10, 0, 1, 0}, 5, 0, 1, "train 5 of 10 rows, dev 0 of 0: the training file has 5"},
        /* one file */
        {{1000, 0, 1000, 500, 1000, 0},
         400,
         200,
         400,
         "train 400 of 1000 rows, dev 200 of 500, eval 400 of 1000: the one file has 1000"},
        {{2499, 0, 1000, 500, 1000, 0},
         1000,
         499,
         999,
         "train 1000 of 1000 rows, dev 499 of 500, eval 999 of 1000: the one file has 2499"},
        {{3, 0, 1, 100, 100, 0},
         1,
         1,
         1,
         "train 1 of 1 rows, dev 1 of 100, eval 1 of 100: the one file has 3"},
        {{3, 0, 1, 1000, 1, 0}, 1, 1, 1, "train 1 of 1 rows, dev 1 of 1000: the one file has 3"},
        {{3, 0, 1, 1, 1000, 0}, 1, 1, 1, "eval 1 of 1000 rows: the one file has 3"},
        {{1999, 0, 1000, 0, 1000, 0}, 1000, 0, 999, "eval 999 of 1000 rows: the one file has 1999"},
        {{3, 0, 1, 2, 1, 0}, 1, 1, 1, "train 1 of 1 rows, dev 1 of 2: the one file has 3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zg_protocol rows;
        const struct zg_protocol_request *request = &cases[i].request;
        CU_ASSERT_EQUAL_FATAL(zg_split_protocol(&rows, request, NULL), ZG_OK);
        const bool good = rows.n_train == cases[i].train && rows.n_dev == cases[i].dev &&
                          rows.n_eval == cases[i].eval && !strcmp(rows.note, cases[i].note);
        if (!good)
            printf("\n    case %d: %d %d %d '%s'\n", (int)i, (int)rows.n_train, (int)rows.n_dev,
                   (int)rows.n_eval, rows.note);
        CU_ASSERT_TRUE(good);
        CU_ASSERT_EQUAL(rows.eval_in_train_file, request->n_dev_rows == 0);
        check_parts(&rows, request->n_train_rows, request->n_dev_rows);
        zg_protocol_free(&rows);
    }
}

/* One file: train, dev and eval follow each other in its permutation. */
static void test_one_file(void)
{
    static const int64_t want[] = {2, 8, 4, 9, 1, 6, 7, 3, 0, 5}; /* numpy's, seed 0 */
    const struct zg_protocol_request request = {10, 0, 5, 2, 3, 0};
    struct zg_protocol rows;
    CU_ASSERT_EQUAL_FATAL(zg_split_protocol(&rows, &request, NULL), ZG_OK);
    CU_ASSERT_EQUAL(memcmp(rows.train, want, 5 * sizeof *want), 0);
    CU_ASSERT_EQUAL(memcmp(rows.dev, want + 5, 2 * sizeof *want), 0);
    CU_ASSERT_EQUAL(memcmp(rows.eval, want + 7, 3 * sizeof *want), 0);
    zg_protocol_free(&rows);
}

static void test_refused(void)
{
    static const struct {
        struct zg_protocol_request request;
        enum zg_status status;
        const char *part;
    } cases[] = {
        {{10, 5, 0, 1, 1, 0}, ZG_USAGE, "0 train rows, give 1"},
        {{10, 5, 1, -1, 1, 0}, ZG_USAGE, "-1 dev rows, give 0"},
        {{10, 5, 1, 1, -1, 0}, ZG_USAGE, "-1 eval rows, give 0"},
        {{10, 5, INT64_C(1) << 31, 1, 1, 0}, ZG_USAGE, "2147483648 train rows"},
        {{10, 5, 1, 1, INT64_MAX, 0}, ZG_USAGE, "eval rows"},
        {{10, 5, 1, 1, 1, UINT64_C(1) << 32}, ZG_USAGE, "seed 4294967296 of the rows"},
        {{0, 5, 1, 1, 1, 0}, ZG_INPUT, "cannot be split"},
        {{5, -1, 1, 1, 1, 0}, ZG_INPUT, "cannot be split"},
        {{INT64_C(1) << 31, 0, 1, 1, 1, 0}, ZG_INPUT, "cannot be split"},
        {{1, INT64_C(1) << 31, 1, 1, 1, 0}, ZG_INPUT, "cannot be split"},
        {{1, 5, 1000, 500, 5, 0}, ZG_INPUT, "1 row cannot be parted into train, dev:"},
        {{2, 0, 1000, 500, 5, 0}, ZG_INPUT, "2 rows cannot be parted into train, dev and eval:"},
        {{1, 0, 1000, 500, 0, 0}, ZG_INPUT, "1 row cannot be parted into train, dev:"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zg_protocol rows;
        struct zg_error err = {0};
        check_failure(zg_split_protocol(&rows, &cases[i].request, &err), cases[i].status, &err,
                      cases[i].part);
        CU_ASSERT_PTR_NULL(rows.train);
        zg_protocol_free(&rows);
    }
    const struct zg_protocol_request largest = {3, 2, INT32_MAX, INT32_MAX, INT32_MAX, UINT32_MAX};
    struct zg_protocol rows;
    CU_ASSERT_EQUAL(zg_split_protocol(&rows, &largest, NULL), ZG_OK);
    zg_protocol_free(&rows);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"the official rows", test_official},
        {"sizes and notes", test_sizes},
        {"one file", test_one_file},
        {"what is refused", test_refused},
        {NULL, NULL},
    };
    return zg_test_run("split", tests);
}
