/* test_passes.c - engines/algorithm/passes.c against a scripted engine: where a batch is cut, and
 * what becomes of the losses and arrays of its passes. */
#include "engines/algorithm/passes.h"
#include "tests/support/cunit_run.h"

#include <math.h>
#include <string.h>

enum { MAX_CALLS = 16 };

/* Its loss of an example is the stem's first token, under probe p times 100^p; an option's score
 * is the option's first token likewise. */
struct zg_engine_state {
    int64_t n_calls, n_examples[MAX_CALLS];
    int64_t fail_at; /* the call that fails; -1: none */
};

static double token_under(int32_t token, int64_t p)
{
    return (double)token * pow(100, (double)p);
}

static enum zg_status scripted_score(struct zg_engine_state *s, const struct zg_batch *batch,
                                     const struct zg_probe *probes, int64_t n_probes,
                                     struct zg_scores *out, struct zg_error *err)
{
    (void)probes;
    if (s->n_calls == s->fail_at)
        return zg_fail(err, ZG_USAGE, "scripted");
    if (s->n_calls < MAX_CALLS)
        s->n_examples[s->n_calls] = batch->n_examples;
    s->n_calls++;
    int64_t n_options = 0, option;
    for (int64_t e = 0; e < batch->n_examples; e++)
        n_options += batch->examples[e].n_options;
    for (int64_t p = 0; p < n_probes; p++) {
        double sum = 0, weights = 0;
        option = 0;
        for (int64_t e = 0; e < batch->n_examples; e++) {
            const struct zg_example *const example = &batch->examples[e];
            const double loss = token_under(example->stem[0], p);
            const double weight =
                batch->loss == ZG_LOSS_LM ? (double)example->options[example->gold].n_tokens : 1;
            sum += weight * loss;
            weights += weight;
            if (out->example_loss)
                out->example_loss[p * batch->n_examples + e] = loss;
            for (int64_t o = 0; o < example->n_options; o++, option++)
                if (out->option_score)
                    out->option_score[p * n_options + option] =
                        token_under(example->options[o].tokens[0], p);
        }
        out->loss[p] = sum / weights;
    }
    return ZG_OK;
}

static const struct zg_engine scripted = {.name = "scripted", .score = scripted_score};
static const struct zg_probe probes[] = {{0, 1}, {0, -1}};

/* Rows: 2 options of 4 + 1, 4 + 2 = 11; 1 of 6 + 3 = 9; 3 of 2 + 1 = 9; 1 of 20 + 5 = 25; again the
 * first. */
static const int32_t tokens[32] = {0};
static const int32_t stems[5][20] = {{1}, {2}, {3}, {4}, {5}};
static const int32_t words[8][5] = {{11}, {12}, {13}, {14}, {15}, {16}, {17}, {18}};
static const struct zg_option options0[] = {{words[0], 1}, {words[1], 2}};
static const struct zg_option options1[] = {{words[2], 3}};
static const struct zg_option options2[] = {{words[3], 1}, {words[4], 1}, {words[5], 1}};
static const struct zg_option options3[] = {{words[6], 5}};
static const struct zg_option options4[] = {{words[7], 1}, {tokens, 2}};
static const struct zg_example examples[] = {{stems[0], 4, options0, 2, 1},
                                             {stems[1], 6, options1, 1, 0},
                                             {stems[2], 2, options2, 3, 2},
                                             {stems[3], 20, options3, 1, 0},
                                             {stems[4], 4, options4, 2, 0}};
static const struct zg_batch classes = {examples, 5, ZG_LOSS_CLASSIFICATION, 1};
static const struct zg_batch language = {examples, 5, ZG_LOSS_LM, 1};

static void test_cuts(void)
{
    static const struct {
        int64_t max_rows, n, sizes[5];
    } known[] = {
        {0, 1, {5}},
        {65, 1, {5}},
        {64, 2, {4, 1}},
        {54, 2, {4, 1}},
        {53, 2, {3, 2}},
        {29, 3, {3, 1, 1}},
        {28, 4, {2, 1, 1, 1}},
        {19, 4, {1, 2, 1, 1}},
        {17, 5, {1, 1, 1, 1, 1}},
        {1, 5, {1, 1, 1, 1, 1}}, /* longer than a pass: alone */
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        int64_t at = 0;
        CU_ASSERT_EQUAL(zg_passes_count(&classes, known[i].max_rows), known[i].n);
        for (int64_t pass = 0; pass < known[i].n; pass++) {
            const struct zg_batch one = zg_pass_at(&classes, at, known[i].max_rows);
            CU_ASSERT_EQUAL(one.n_examples, known[i].sizes[pass]);
            CU_ASSERT_PTR_EQUAL(one.examples, examples + at);
            CU_ASSERT_EQUAL(one.pad_id, 1);
            at += one.n_examples;
        }
        CU_ASSERT_EQUAL(at, 5);
    }
    const struct zg_batch empty = {examples, 0, ZG_LOSS_CLASSIFICATION, 1};
    CU_ASSERT_EQUAL(zg_passes_count(&empty, 8), 0);
}

static void test_limits(void)
{
    struct zg_engine_limits limits = {0}, one = {0}, any = {0};
    zg_passes_include(&limits, &classes, 29);
    CU_ASSERT_EQUAL(limits.max_examples, 3);
    CU_ASSERT_EQUAL(limits.max_options, 6);
    CU_ASSERT_EQUAL(limits.max_tokens, 29);
    CU_ASSERT_EQUAL(limits.max_option_tokens, 9);
    CU_ASSERT_EQUAL(limits.max_length, 25);
    CU_ASSERT_EQUAL(limits.max_padded_tokens, 6 * 16);
    zg_passes_include(&one, &classes, 0);
    CU_ASSERT_EQUAL(one.max_examples, 5);
    CU_ASSERT_EQUAL(one.max_tokens, 65);
    any = one;
    zg_passes_cap(&any, 25, 0);
    CU_ASSERT_EQUAL(memcmp(&any, &one, sizeof any), 0);
    zg_passes_cap(&any, 25, 8); /* the longest example decides */
    CU_ASSERT_EQUAL(any.max_tokens, 25);
    CU_ASSERT(any.max_options >= limits.max_options);
    any = one;
    zg_passes_cap(&any, 25, 29);
    CU_ASSERT(any.max_tokens == 29 && any.max_examples >= 3 && any.max_options >= 6 &&
              any.max_option_tokens >= 9 && any.max_padded_tokens >= 6 * 16);
}

/* Classification counts examples, a language model gold tokens: 2, 3, 1, 5, 1. */
static void test_losses(void)
{
    static const int64_t rows[] = {0, 54, 29, 28, 1};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double loss[2];
        struct zg_engine_state s = {.fail_at = -1};
        CU_ASSERT_EQUAL(zg_passes_loss(&scripted, &s, &classes, rows[i], probes, 2, loss, NULL),
                        ZG_OK);
        CU_ASSERT_DOUBLE_EQUAL(loss[0], 3, 1e-12);
        CU_ASSERT_DOUBLE_EQUAL(loss[1], 300, 1e-10);
        CU_ASSERT_EQUAL(s.n_calls, zg_passes_count(&classes, rows[i]));
        CU_ASSERT_EQUAL(zg_passes_loss(&scripted, &s, &language, rows[i], probes, 2, loss, NULL),
                        ZG_OK);
        CU_ASSERT_DOUBLE_EQUAL(loss[0], (2 * 1 + 3 * 2 + 1 * 3 + 5 * 4 + 1 * 5) / 12.0, 1e-12);
    }
}

static void test_arrays(void)
{
    static const int64_t rows[] = {0, 54, 29, 28, 1};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double loss[2], example_loss[2 * 5], option_score[2 * 9];
        struct zg_engine_state s = {.fail_at = -1};
        struct zg_engine_limits limits = {.max_probes = 2};
        struct zg_passes room;
        struct zg_scores scores = {
            .loss = loss, .example_loss = example_loss, .option_score = option_score};
        zg_passes_include(&limits, &classes, rows[i]);
        CU_ASSERT_EQUAL_FATAL(zg_passes_open(&room, &limits, NULL), ZG_OK);
        CU_ASSERT_EQUAL(
            zg_passes_score(&room, &scripted, &s, &classes, rows[i], probes, 2, &scores, NULL),
            ZG_OK);
        for (int64_t p = 0; p < 2; p++) {
            CU_ASSERT_DOUBLE_EQUAL(loss[p], token_under(3, p), 1e-10);
            for (int64_t e = 0; e < 5; e++)
                CU_ASSERT_EQUAL(example_loss[p * 5 + e], token_under((int32_t)e + 1, p));
            for (int64_t o = 0; o < 9; o++)
                CU_ASSERT_EQUAL(option_score[p * 9 + o],
                                token_under(o < 8 ? (int32_t)o + 11 : 0, p));
        }
        scores = (struct zg_scores){.loss = loss}; /* what is not asked for is not touched */
        CU_ASSERT_EQUAL(
            zg_passes_score(&room, &scripted, &s, &classes, rows[i], probes, 2, &scores, NULL),
            ZG_OK);
        zg_passes_close(&room);
        zg_passes_close(&room);
    }
}

static void test_failures(void)
{
    double loss[2], example_loss[10];
    struct zg_error err = {0};
    struct zg_engine_state s = {.fail_at = 2};
    CU_ASSERT_EQUAL(zg_passes_loss(&scripted, &s, &classes, 1, probes, 2, loss, &err), ZG_USAGE);
    CU_ASSERT_STRING_EQUAL(err.text, "scripted");
    CU_ASSERT_EQUAL(s.n_calls, 2);
    struct zg_passes room;
    struct zg_scores scores = {.loss = loss, .example_loss = example_loss};
    const struct zg_engine_limits small = {.max_probes = 2, .max_examples = 1, .max_options = 9};
    CU_ASSERT_EQUAL_FATAL(zg_passes_open(&room, &small, NULL), ZG_OK);
    s = (struct zg_engine_state){.fail_at = -1};
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_passes_score(&room, &scripted, &s, &classes, 29, probes, 2, &scores, &err),
                    ZG_USAGE);
    zg_test_expect_words(err.text, "a pass of 2 probes, 3 examples and 6 options");
    zg_passes_close(&room);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"a batch is cut between examples, as late as it goes", test_cuts},
        {"limits cover the largest pass", test_limits},
        {"losses of passes make those of the batch", test_losses},
        {"arrays are filled through", test_arrays},
        {"what fails, and what does not fit the room", test_failures},
        {NULL, NULL},
    };
    return zg_test_run("passes", tests);
}
