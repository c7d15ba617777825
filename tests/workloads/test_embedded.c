/* test_embedded.c - the task inside the binary: size, balance, its own BPE, and SST-2's token
 * lengths. */
#include <math.h>

#include "tests/workloads/support.h"
#include "workloads/dataset.h"
#include "workloads/embedded/embedded.h"

static struct zg_dataset *open_split(enum zg_split split, const struct zg_tokenizer *tokenizer)
{
    struct zg_dataset *dataset = NULL;
    struct zg_error err = {0};
    const struct zg_dataset_request request = {.task = "embedded",
                                               .split = split,
                                               .tokenizer = tokenizer,
                                               .max_length = 128,
                                               .n_vocab = zg_tokenizer_n_vocab(tokenizer)};
    CU_ASSERT_EQUAL_FATAL(zg_dataset_open(&dataset, &request, &err), ZG_OK);
    return dataset;
}

static struct zg_tokenizer *open_tokenizer(void)
{
    struct zg_tokenizer *tokenizer = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_tokenizer_open_embedded(&tokenizer, NULL), ZG_OK);
    return tokenizer;
}

/* OPT's layout, and the template's words and the options as single tokens. */
static void test_tokenizer(void)
{
    struct zg_tokenizer *tokenizer = open_tokenizer();
    struct zg_tokens tokens = {0};
    CU_ASSERT_EQUAL(zg_tokenizer_n_vocab(tokenizer), 4 + 256 + 2650);
    static const char *const words[] = {" terrible", " great", " It", " was"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        tokens.n = 0;
        CU_ASSERT_EQUAL(
            zg_tokenizer_encode(tokenizer, words[i], (int64_t)strlen(words[i]), &tokens, NULL),
            ZG_OK);
        CU_ASSERT_EQUAL(tokens.n, 1);
        CU_ASSERT_TRUE(tokens.ids[0] > ZG_TOKEN_UNK);
    }
    /* every byte has a token, so any UTF-8 encodes */
    tokens.n = 0;
    CU_ASSERT_EQUAL(
        zg_tokenizer_encode(tokenizer, "\0\xf4\x8f\xbf\xbf\x7f\xc3\xa9", 8, &tokens, NULL), ZG_OK);
    CU_ASSERT_TRUE(tokens.n >= 4);
    zg_tokens_free(&tokens);
    zg_tokenizer_close(&tokenizer);
}

/* SST-2's training rows under OPT's tokenizer: mean 15.4, median 12, 95 % 35, longest 68; within 5
 * % each. */
static void test_lengths(void)
{
    struct zg_tokenizer *tokenizer = open_tokenizer();
    struct zg_dataset *train = open_split(ZG_SPLIT_TRAIN, tokenizer);
    struct zg_dataset_stats stats;
    CU_ASSERT_EQUAL(zg_dataset_stats(train, &stats, NULL), ZG_OK);
    printf("%lld rows, mean %.2f, p50 %lld, p95 %lld, max %lld; ", (long long)stats.n_examples,
           stats.mean_tokens, (long long)stats.p50_tokens, (long long)stats.p95_tokens,
           (long long)stats.max_tokens);
    CU_ASSERT_TRUE(stats.n_examples >= 400);
    CU_ASSERT_DOUBLE_EQUAL(stats.mean_tokens, 15.4, 0.05 * 15.4);
    CU_ASSERT_DOUBLE_EQUAL((double)stats.p50_tokens, 12.0, 0.05 * 12.0);
    CU_ASSERT_DOUBLE_EQUAL((double)stats.p95_tokens, 35.0, 0.05 * 35.0);
    CU_ASSERT_DOUBLE_EQUAL((double)stats.max_tokens, 68.0, 0.05 * 68.0);
    zg_dataset_close(&train);
    zg_tokenizer_close(&tokenizer);
}

/* Labels balance within two deviations of a coin; options are one token each; no row is there
 * twice, in either split. */
static void test_rows(void)
{
    struct zg_tokenizer *tokenizer = open_tokenizer();
    struct zg_dataset *splits[] = {open_split(ZG_SPLIT_TRAIN, tokenizer),
                                   open_split(ZG_SPLIT_DEV, tokenizer)};
    for (int s = 0; s < 2; s++) {
        const int64_t n = zg_dataset_n_examples(splits[s]);
        int64_t n_positive = 0;
        for (int64_t i = 0; i < n; i++) {
            const struct zg_example *e = &zg_dataset_examples(splits[s])[i];
            CU_ASSERT_TRUE(e->n_options == 2 && e->options[0].n_tokens == 1 &&
                           e->options[1].n_tokens == 1);
            CU_ASSERT_EQUAL(e->stem[0], ZG_TOKEN_BOS);
            n_positive += e->gold;
            for (int t = 0; t <= s; t++)
                for (int64_t k = 0; k < (t == s ? i : zg_dataset_n_examples(splits[t])); k++) {
                    const struct zg_example *other = &zg_dataset_examples(splits[t])[k];
                    CU_ASSERT_FALSE_FATAL(
                        other->n_stem == e->n_stem &&
                        memcmp(other->stem, e->stem, (size_t)e->n_stem * sizeof *e->stem) == 0);
                }
        }
        CU_ASSERT_DOUBLE_EQUAL((double)n_positive, 0.5 * (double)n, sqrt((double)n));
    }
    CU_ASSERT_TRUE(zg_dataset_n_examples(splits[1]) >= 100);
    zg_dataset_close(&splits[0]);
    zg_dataset_close(&splits[1]);
    zg_tokenizer_close(&tokenizer);
}

/* The build must have copied the files byte for byte. */
static void test_bytes(void)
{
    static const struct {
        const struct zg_embedded_file *file;
        const char *name;
    } files[] = {{&zg_embedded_train, "train.tsv"},
                 {&zg_embedded_dev, "dev.tsv"},
                 {&zg_embedded_vocab, "vocab.json"},
                 {&zg_embedded_merges, "merges.txt"}};
    for (size_t i = 0; i < 4; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/workloads/embedded/%s", ZOGAP_SOURCE_DIR, files[i].name);
        FILE *file = fopen(path, "rb");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        int64_t n = 0;
        int same = 1;
        for (int c; (c = fgetc(file)) != EOF; n++)
            same &= n < files[i].file->n_bytes && files[i].file->bytes[n] == (char)c;
        CU_ASSERT_TRUE(same);
        CU_ASSERT_EQUAL(n, files[i].file->n_bytes);
        fclose(file);
    }
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"the tokenizer", test_tokenizer},
        {"token lengths follow SST-2", test_lengths},
        {"rows", test_rows},
        {"the binary holds the files", test_bytes},
        {NULL, NULL},
    };
    return zg_test_run("embedded", tests);
}
