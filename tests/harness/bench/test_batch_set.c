/* test_batch_set.c - batch_set.h: the batches chosen are those most like all, whatever their
 * number.  Linked with -Wl,--wrap=zg_useful_flops, which may find no memory. */
#include "harness/bench/batch_set.h"

#include <math.h>

#include "tests/support/cunit_run.h"

enum { N_BATCHES = 8, MOST_TOKENS = 64 };

static const struct zg_model_shape shape = {.n_layers = 1,
                                            .d_model = 8,
                                            .n_heads = 1,
                                            .d_ffn = 16,
                                            .n_vocab = 100,
                                            .n_positions = MOST_TOKENS + 8,
                                            .tied_head = true};

static int n_counts, fails_at; /* fails_at 0: none */

double __real_zg_useful_flops(const struct zg_model_shape *of, const struct zg_batch *batch,
                              const struct zg_probe *probes, int64_t n_probes,
                              const struct zg_direction *directions);
double __wrap_zg_useful_flops(const struct zg_model_shape *of, const struct zg_batch *batch,
                              const struct zg_probe *probes, int64_t n_probes,
                              const struct zg_direction *directions);
double __wrap_zg_useful_flops(const struct zg_model_shape *of, const struct zg_batch *batch,
                              const struct zg_probe *probes, int64_t n_probes,
                              const struct zg_direction *directions)
{
    return ++n_counts == fails_at ? NAN
                                  : __real_zg_useful_flops(of, batch, probes, n_probes, directions);
}

/* Batches of one example with a stem of the given length. */
static struct zg_batch_set choose(const int64_t *lengths, int64_t n_steps, enum zg_status expected)
{
    static int32_t stem[MOST_TOKENS];
    static const int32_t token = 7;
    static const struct zg_option options[] = {{&token, 1}, {&token, 1}};
    struct zg_example examples[N_BATCHES];
    struct zg_bench bench = {
        .c = {.batch = 1, .algorithm = zg_algorithm_default(zg_algorithm_at(0))},
        .data = {.batch = 1, .n_batches = N_BATCHES}};
    struct zg_batch_set set = {.first = -1};
    struct zg_model *model = NULL;
    for (int64_t i = 0; i < N_BATCHES; i++)
        examples[i] = (struct zg_example){stem, lengths[i], options, 2, 0};
    bench.data.examples = examples;
    CU_ASSERT_EQUAL_FATAL(zg_model_open_shape(&model, "batches", &shape, 1, NULL), ZG_OK);
    bench.data.model = model;
    CU_ASSERT_EQUAL(zg_batch_set_choose(&bench, n_steps, &set, NULL), expected);
    zg_model_close(&model);
    return set;
}

/* Two options of a stem and one token, padded to a multiple of 8: 16 tokens up to a stem of 7, 32
 * up to 15, 64 up to 31. */
static void test_nearest(void)
{
    const int64_t lengths[N_BATCHES] = {7, 7, 31, 31, 7, 15, 31, 7};
    const struct zg_batch_set one = choose(lengths, 1, ZG_OK), two = choose(lengths, 2, ZG_OK);
    /* mean of all: (4 * 16 + 32 + 3 * 64) / 8 = 36; one batch of 32 is nearest */
    CU_ASSERT_EQUAL(one.first, 5);
    CU_ASSERT_EQUAL(one.n, 1);
    CU_ASSERT_DOUBLE_EQUAL(one.padded_tokens, 32, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(one.padded_tokens_all, 36, 1e-12);
    /* neighbours: means of 16, 40, 64, 40, 24, 48, 40; 40 is nearest, the first of equals stays */
    CU_ASSERT_EQUAL(two.first, 1);
    CU_ASSERT_EQUAL(two.n, 2);
    CU_ASSERT_DOUBLE_EQUAL(two.padded_tokens, 40, 1e-12);
    CU_ASSERT_TRUE(two.useful_flops > 0 && two.useful_flops_all > 0);
}

static void test_all(void)
{
    const int64_t lengths[N_BATCHES] = {7, 8, 31, 2, 7, 15, 3, 7};
    for (int64_t n = N_BATCHES; n < N_BATCHES + 3; n++) {
        const struct zg_batch_set set = choose(lengths, n, ZG_OK);
        CU_ASSERT_EQUAL(set.first, 0);
        CU_ASSERT_EQUAL(set.n, N_BATCHES);
        CU_ASSERT_DOUBLE_EQUAL(set.useful_flops, set.useful_flops_all, 1e-6);
    }
}

/* Without the count of one batch the set would be another, and so would the times. */
static void test_no_memory(void)
{
    const int64_t lengths[N_BATCHES] = {7, 7, 31, 31, 7, 15, 31, 7};
    for (n_counts = 0, fails_at = 1; fails_at <= N_BATCHES; n_counts = 0, fails_at++)
        choose(lengths, 1, ZG_ENV);
    fails_at = 0;
}

int main(void)
{
    static const struct zg_test tests[] = {{"the nearest to the mean", test_nearest},
                                           {"no more than there are", test_all},
                                           {"no memory", test_no_memory},
                                           {NULL, NULL}};
    return zg_test_run("harness/batch_set", tests);
}
