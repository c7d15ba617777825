/* fixtures.c - small models and batches: plain tables first, the random batch last. */
#include "tests/support/fixtures.h"

#include "engines/base/philox.h"
#include "engines/base/size.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- shapes ---------------------------------------------------------------------------- */

static const struct {
    const char *name;
    struct zg_model_shape shape;
} shapes[] = {
    /*        layers  d  heads ffn vocab positions tied, all distinct, family */
    {"tiny", {1, 16, 2, 32, 101, 64, true, 0, ZG_FAMILY_OPT}},
    {"odd", {2, 24, 3, 40, 103, 64, true, 0, ZG_FAMILY_OPT}},
    {"untied", {2, 40, 2, 72, 211, 70, false, 0, ZG_FAMILY_OPT}},
    {"three layers", {3, 64, 4, 256, 523, 64, true, 0, ZG_FAMILY_OPT}},
    {"head of 64", {2, 128, 2, 392, 1009, 128, false, 0, ZG_FAMILY_OPT}},
};

const struct zg_model_shape *zg_fixture_shape(int64_t index, const char **name)
{
    if (index < 0 || index >= (int64_t)(sizeof shapes / sizeof shapes[0]))
        return NULL;
    if (name)
        *name = shapes[index].name;
    return &shapes[index].shape;
}

/* ---- batches: tokens below 101, sequences of at most 64 -------------------------------- */

#define TOKENS(...)                                                                                \
    (const int32_t[]){__VA_ARGS__}, sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)
#define OPTION(...)                                                                                \
    {                                                                                              \
        TOKENS(__VA_ARGS__)                                                                        \
    }
#define OPTIONS(...)                                                                               \
    (const struct zg_option[]){__VA_ARGS__},                                                       \
        sizeof((struct zg_option[]){__VA_ARGS__}) / sizeof(struct zg_option)
#define EXAMPLES(...)                                                                              \
    (const struct zg_example[]){__VA_ARGS__},                                                      \
        sizeof((struct zg_example[]){__VA_ARGS__}) / sizeof(struct zg_example)

/* clang-format off */
#define TEN(a) a, a + 3, a + 1, a + 7, a + 2, a, a + 9, a + 4, a + 8, a + 6
#define BAD_OR_GOOD OPTIONS(OPTION(20), OPTION(21))
#define LONG_STEM 0, TEN(10), TEN(25), TEN(31), TEN(47)

static const struct {
    const char *name;
    struct zg_batch batch;
} batches[] = {
    {"one-token options", {EXAMPLES(
        {TOKENS(0, 7, 8, 9, 60, 61), BAD_OR_GOOD, 1},
        {TOKENS(0, 11, 60, 61), BAD_OR_GOOD, 0},
        {TOKENS(0, 30, 31, 32, 33, 34, 35, 36, 37, 60, 61), BAD_OR_GOOD, 1}),
        ZG_LOSS_CLASSIFICATION, 1}},
    {"options of many tokens", {EXAMPLES(
        {TOKENS(0, 5, 6), OPTIONS(OPTION(40, 41, 42), OPTION(40, 43), OPTION(44)), 1},
        {TOKENS(0, 5, 6, 9, 9), OPTIONS(OPTION(50, 51, 52, 53, 54, 55, 56), OPTION(50, 51)), 0}),
        ZG_LOSS_CLASSIFICATION, 1}},
    {"different option counts", {EXAMPLES(
        {TOKENS(0, 12, 13), OPTIONS(OPTION(70), OPTION(71), OPTION(72), OPTION(73)), 3},
        {TOKENS(0, 14), OPTIONS(OPTION(70, 71)), 0},
        {TOKENS(0, 15, 16, 17, 18), OPTIONS(OPTION(80), OPTION(81, 82, 83)), 1}),
        ZG_LOSS_CLASSIFICATION, 1}},
    {"shared and equal examples", {EXAMPLES(
        {TOKENS(0, 5, 6, 7, 8), BAD_OR_GOOD, 0},
        {TOKENS(0, 5, 6, 7, 8), BAD_OR_GOOD, 1},   /* the same stem and options, another gold */
        {TOKENS(0, 5, 6, 7, 8), BAD_OR_GOOD, 0},   /* the first again */
        {TOKENS(0, 5, 6, 9), BAD_OR_GOOD, 1},      /* splits after three tokens */
        {TOKENS(0, 5, 6), OPTIONS(OPTION(7, 8), OPTION(7, 8, 20)), 1}, /* along other stems */
        {TOKENS(0, 5, 6, 7, 8), OPTIONS(OPTION(22), OPTION(22)), 0}),  /* two equal options */
        ZG_LOSS_CLASSIFICATION, 1}},
    {"stems that part late", {EXAMPLES(
        {TOKENS(0, 5, 6, 7, 8, 9, 60, 61), BAD_OR_GOOD, 0},
        {TOKENS(0, 5, 6, 7, 8, 9, 30, 31, 60, 61), BAD_OR_GOOD, 1},     /* after six tokens */
        {TOKENS(0, 5, 6, 7, 8, 9, 30, 31, 33, 60, 61), BAD_OR_GOOD, 0}, /* after eight, there */
        {TOKENS(0, 5, 6, 7, 8, 40, 60, 61), BAD_OR_GOOD, 1},            /* five, then alike */
        {TOKENS(0, 5, 6, 7, 50), OPTIONS(OPTION(8, 9), OPTION(60, 61)), 1}), /* after four */
        ZG_LOSS_CLASSIFICATION, 1}},
    {"options that are prefixes", {EXAMPLES(
        {TOKENS(0, 90),
         OPTIONS(OPTION(91), OPTION(91, 92), OPTION(91, 92, 93), OPTION(91, 94)), 2}),
        ZG_LOSS_CLASSIFICATION, 1}},
    {"stem of one token", {EXAMPLES(
        {TOKENS(0), BAD_OR_GOOD, 1},
        {TOKENS(0), OPTIONS(OPTION(33, 34), OPTION(35)), 0},
        {TOKENS(2), BAD_OR_GOOD, 0}),              /* no common start at all */
        ZG_LOSS_CLASSIFICATION, 1}},
    {"one example, one option", {EXAMPLES(
        {TOKENS(0, 3, 4), OPTIONS(OPTION(5)), 0}),
        ZG_LOSS_CLASSIFICATION, 1}},
    {"long and short", {EXAMPLES(
        {TOKENS(LONG_STEM, TEN(58), 60, 61), BAD_OR_GOOD, 1},
        {TOKENS(0, 60, 61), BAD_OR_GOOD, 1},
        {TOKENS(LONG_STEM, 60, 61), BAD_OR_GOOD, 0},
        {TOKENS(0, TEN(25), 60, 61), BAD_OR_GOOD, 0},
        {TOKENS(LONG_STEM), OPTIONS(OPTION(TEN(62)), OPTION(TEN(62), TEN(3)), OPTION(66)), 1}),
        ZG_LOSS_CLASSIFICATION, 1}},
    {"padding token in the text", {EXAMPLES(
        {TOKENS(0, 1, 1, 9, 1), OPTIONS(OPTION(1), OPTION(21)), 1},
        {TOKENS(1, 1), OPTIONS(OPTION(1, 1), OPTION(1)), 0}),
        ZG_LOSS_CLASSIFICATION, 1}},
    {"language model, gold answers", {EXAMPLES(
        {TOKENS(0, 5, 6), OPTIONS(OPTION(40, 41, 42), OPTION(43)), 0},
        {TOKENS(0, 5, 6), OPTIONS(OPTION(43), OPTION(44, 45, 46, 47, 48)), 1},
        {TOKENS(0, 8), OPTIONS(OPTION(40)), 0}),
        ZG_LOSS_LM, 1}},
    {"language model, prompts", {EXAMPLES(
        {TOKENS(0), OPTIONS(OPTION(7, 8, 9, 60, 61)), 0},
        {TOKENS(0), OPTIONS(OPTION(TEN(11), 60, 61)), 0},
        {TOKENS(0), OPTIONS(OPTION(7, 8, 60, 61)), 0}),
        ZG_LOSS_LM, 1}},
};
/* clang-format on */

const struct zg_batch *zg_fixture_batch(int64_t index, const char **name)
{
    if (index < 0 || index >= (int64_t)(sizeof batches / sizeof batches[0]))
        return NULL;
    if (name)
        *name = batches[index].name;
    return &batches[index].batch;
}

const struct zg_batch *zg_fixture_batch_find(const char *name)
{
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++)
        if (strcmp(batches[i].name, name) == 0)
            return &batches[i].batch;
    return NULL;
}

int64_t zg_fixture_n_options(const struct zg_batch *batch)
{
    int64_t n = 0;
    for (int64_t e = 0; e < batch->n_examples; e++)
        n += batch->examples[e].n_options;
    return n;
}

/* ---- random batches of SST-2's lengths ------------------------------------------------- */

enum { MAX_LENGTH = 68, MIN_LENGTH = 4 };

static int64_t draw_length(float normal)
{
    /* log-normal: median 12; the 95 % point, 1.645 sigma up, is 35 */
    const double sigma = log(35.0 / 12.0) / 1.645;
    const int64_t length = (int64_t)lround(12.0 * exp(sigma * (double)normal));
    return zg_min64(zg_max64(length, MIN_LENGTH), MAX_LENGTH);
}

struct zg_fixture_random *zg_fixture_random_open(uint64_t seed, int64_t n_examples, int64_t n_vocab)
{
    struct zg_fixture_random *r = calloc(1, sizeof *r);
    float *normal = calloc((size_t)n_examples, sizeof *normal);
    uint32_t *word = calloc((size_t)n_examples * MAX_LENGTH, sizeof *word);
    if (r) {
        r->examples = calloc((size_t)n_examples, sizeof *r->examples);
        r->tokens = calloc((size_t)n_examples * MAX_LENGTH, sizeof *r->tokens);
    }
    if (!r || !normal || !word || !r->examples || !r->tokens) {
        fprintf(stderr, "fixtures: no memory\n");
        abort();
    }
    zg_philox_normal(seed, 0, ZG_STREAM_DATA, 0, n_examples, normal);
    zg_philox_words(seed, 1, ZG_STREAM_DATA, 0, n_examples * MAX_LENGTH, word);
    for (int o = 0; o < 2; o++) {
        r->option_tokens[o] = 10 + o;
        r->options[o] = (struct zg_option){&r->option_tokens[o], 1};
    }
    for (int64_t e = 0; e < n_examples; e++) {
        int32_t *stem = r->tokens + e * MAX_LENGTH;
        const uint32_t *w = word + e * MAX_LENGTH;
        const int64_t n_stem = draw_length(normal[e]) - 1;
        stem[0] = 0;
        for (int64_t t = 1; t < n_stem - 2; t++)
            stem[t] = (int32_t)(16 + w[t] % (uint32_t)(n_vocab - 16));
        stem[n_stem - 2] = 12; /* " It was" */
        stem[n_stem - 1] = 13;
        r->examples[e] = (struct zg_example){stem, n_stem, r->options, 2, w[0] & 1};
    }
    r->batch = (struct zg_batch){r->examples, n_examples, ZG_LOSS_CLASSIFICATION, 1};
    free(normal);
    free(word);
    return r;
}

void zg_fixture_random_close(struct zg_fixture_random **random)
{
    if (!random || !*random)
        return;
    free((*random)->examples);
    free((*random)->tokens);
    free(*random);
    *random = NULL;
}
