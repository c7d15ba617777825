/* test_algorithm_text.c - an algorithm from its text and back, what is refused, and an option's
 * value. */
#include "engines/algorithm/algorithm.h"
#include "tests/support/cunit_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void test_registry(void)
{
    CU_ASSERT_PTR_NULL(zg_algorithm_find("adam"));
    CU_ASSERT_PTR_NULL(zg_algorithm_at(-1));
    const struct zg_algorithm *algorithm;
    int64_t n = 0;
    for (; (algorithm = zg_algorithm_at(n)); n++) {
        CU_ASSERT_PTR_EQUAL(zg_algorithm_find(algorithm->name), algorithm);
        /* what others ask of any algorithm */
        CU_ASSERT_PTR_NOT_NULL(zg_algorithm_option(algorithm, "eps"));
        CU_ASSERT_PTR_NOT_NULL(zg_algorithm_option(algorithm, "lr"));
        int64_t n_options = 0;
        while (algorithm->options[n_options].key)
            n_options++;
        CU_ASSERT(n_options <= ZG_MAX_ALGORITHM_OPTIONS);
        CU_ASSERT_STRING_EQUAL(zg_algorithm_default(algorithm).algorithm->name, algorithm->name);
    }
    CU_ASSERT(n >= 1);
    CU_ASSERT_STRING_EQUAL(zg_algorithm_at(0)->name, "lozo");
}

/* A short form's value, parsed for the first algorithm that has the option, is copied into
 * another. */
static void test_keys_agree(void)
{
    const struct zg_algorithm *a, *b;
    for (int64_t i = 0; (a = zg_algorithm_at(i)); i++)
        for (int64_t j = 0; (b = zg_algorithm_at(j)); j++)
            for (const struct zg_algorithm_option *x = a->options; x->key; x++) {
                const struct zg_algorithm_option *const y = zg_algorithm_option(b, x->key);
                if (!y)
                    continue;
                CU_ASSERT_EQUAL(x->kind, y->kind);
                CU_ASSERT_EQUAL(x->min, y->min);
                CU_ASSERT_EQUAL(x->max, y->max);
                CU_ASSERT_EQUAL(x->above_min, y->above_min);
                for (int64_t w = 0; x->words && x->words[w]; w++)
                    CU_ASSERT(y->words[w] && strcmp(x->words[w], y->words[w]) == 0);
            }
}

static void test_take(void)
{
    struct zg_algorithm_choice to = {0}, from = {0};
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_algorithm_parse("lozo:rank=3", &to, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_algorithm_parse("lozo:rank=4+eps=0.5", &from, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_algorithm_take(&to, "eps", "--eps", &from, &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_algorithm_real(&to, "eps"), 0.5);
    CU_ASSERT_EQUAL(zg_algorithm_take(&to, "rank", "--rank", &from, &err), ZG_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "--rank 4: --algorithm says otherwise, lozo:rank=3"));
    CU_ASSERT_EQUAL(zg_algorithm_integer(&to, "rank", 0), 3);
    CU_ASSERT_EQUAL(zg_algorithm_parse("lozo:rank=3", &from, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_algorithm_take(&to, "rank", "--rank", &from, &err), ZG_OK);
}

/* Canonical texts, and other ways to say them. */
static void test_texts(void)
{
    static const char *const texts[][2] = {
        {"lozo", "lozo:rank=2+nu=50+eps=0.001+lr=1e-06"},
        {"lozo:lr=1e-6+rank=4", "lozo:rank=4+nu=50+eps=0.001+lr=1e-06"},
        {"lozo:direction=correct", "lozo:rank=2+nu=50+eps=0.001+lr=1e-06"},
        {"lozo:direction-scale=rms+direction=official+nu=1",
         "lozo:rank=2+nu=1+eps=0.001+lr=1e-06+direction=official+direction-scale=rms"},
        /* a plus of a number cuts nothing; nine digits count */
        {"lozo:lr=1e+06+eps=0.5", "lozo:rank=2+nu=50+eps=0.5+lr=1000000"},
        {"lozo:lr=2e+20+eps=0.12345678912", "lozo:rank=2+nu=50+eps=0.123456789+lr=2e+20"},
        {"lozo:nu=9223372036854775807+lr=0", "lozo:rank=2+nu=9223372036854775807+eps=0.001+lr=0"},
        {"lozo:lr=-0", "lozo:rank=2+nu=50+eps=0.001+lr=0"},
        /* what all share, behind each one's own */
        {"lozo:queries=4+sides=one+basis=own+wd=0.1",
         "lozo:rank=2+nu=50+eps=0.001+lr=1e-06+basis=own+sides=one+queries=4+wd=0.1"},
        {"lozo:schedule=cosine+warmup=100+horizon=20000",
         "lozo:rank=2+nu=50+eps=0.001+lr=1e-06+schedule=cosine+warmup=100+horizon=20000"},
        {"lozo:layers=1+first-layer=3",
         "lozo:rank=2+nu=50+eps=0.001+lr=1e-06+first-layer=3+layers=1"},
        {"lozo:queries=1+sides=two+basis=shared+wd=0+schedule=constant+warmup=0+horizon=0",
         "lozo:rank=2+nu=50+eps=0.001+lr=1e-06"},
        {"lozo-m", "lozo-m:rank=2+nu=50+eps=0.001+lr=1e-06+beta=0.9"},
        {"lozo-m:beta=0+nu=7", "lozo-m:rank=2+nu=7+eps=0.001+lr=1e-06+beta=0"},
        {"factorised:rank=256", "factorised:rank=256+eps=0.001+lr=1e-06"},
        {"mezo:sides=one", "mezo:eps=0.001+lr=1e-06+sides=one"},
        /* the longest */
        {"lozo:rank=16384+nu=9223372036854775807+eps=1.23456789e-05+lr=1.23456789e-10+direction="
         "official+direction-scale=rms+basis=own+"
         "first-layer=4096+layers=4096+sides=one+queries=32+wd=1.23456789e-10+schedule="
         "cosine+warmup=9223372036854775806+horizon=9223372036854775807",
         "lozo:rank=16384+nu=9223372036854775807+eps=1.23456789e-05+lr=1.23456789e-10+direction="
         "official+direction-scale=rms+basis=own+"
         "first-layer=4096+layers=4096+sides=one+queries=32+wd=1.23456789e-10+schedule="
         "cosine+warmup=9223372036854775806+horizon=9223372036854775807"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct zg_algorithm_choice choice = {0}, again = {0};
        struct zg_error err = {0};
        char text[ZG_ALGORITHM_TEXT], twice[ZG_ALGORITHM_TEXT];
        if (zg_algorithm_parse(texts[i][0], &choice, &err) != ZG_OK)
            printf("%s: %s\n", texts[i][0], err.text);
        CU_ASSERT_PTR_NOT_NULL_FATAL(choice.algorithm);
        CU_ASSERT_STRING_EQUAL(zg_algorithm_text(&choice, text), texts[i][1]);
        CU_ASSERT_EQUAL_FATAL(zg_algorithm_parse(text, &again, NULL), ZG_OK);
        CU_ASSERT_STRING_EQUAL(zg_algorithm_text(&again, twice), text);
        CU_ASSERT_EQUAL(memcmp(again.values, choice.values, sizeof choice.values), 0);
    }
}

static void test_refusals(void)
{
    static const char *const bad[][2] = {
        {"", "unknown algorithm ''; this build knows lozo"},
        {"adam:lr=1", "unknown algorithm 'adam'"},
        {"lozo:", "'' must be KEY=VALUE"},
        {"lozo:rank", "'rank' must be KEY=VALUE"},
        {"lozo:rank=", "'rank=' must be KEY=VALUE"},
        {"lozo:=2", "'=2' must be KEY=VALUE"},
        {"lozo:rank=2+", "'' must be KEY=VALUE"},
        {"lozo:beta=0.9", "beta: is no option of algorithm lozo, which has rank, nu, eps, lr,"},
        {"loz", "this build knows lozo, lozo-m, factorised, mezo; did you mean 'lozo'"},
        {"lozo:rank=2+nu=5+rank=2", "rank: is given twice"},
        {"lozo:rank=0", "rank 0: must be an integer from 1 to 16384"},
        {"lozo:rank=2.5", "rank 2.5: must be an integer"},
        {"lozo:nu=0", "nu 0: must be an integer of at least 1"},
        {"lozo:eps=0", "eps 0: must be a number above 0"},
        {"lozo:eps=nan", "eps nan: must be a finite number"},
        {"lozo:eps=1e-60", "eps 1e-60: must be a number that fp32 holds"},
        {"lozo:lr=-1", "lr -1: must be a number of at least 0"},
        {"lozo:lr=1e60", "lr 1e60: must be a number that fp32 holds"},
        {"lozo:direction=wrong", "direction wrong: must be one of correct|official"},
        {"lozo:queries=0", "queries 0: must be an integer from 1 to 32"},
        {"lozo:queries=33", "queries 33: must be an integer from 1 to 32"},
        {"lozo:sides=both", "sides both: must be one of two|one"},
        {"lozo:basis=mine", "basis mine: must be one of shared|own"},
        {"lozo:wd=-0.1", "wd -0.1: must be a number of at least 0"},
        {"lozo:schedule=step", "schedule step: must be one of constant|linear|cosine"},
        {"lozo:warmup=-1", "warmup -1: must be an integer"},
        {"lozo:warmup=20+horizon=20", "warmup 20: must be below horizon 20"},
        {"lozo-m:beta=1", "beta 1: must be a number of at most 0.9999"},
        {"lozo-m:direction=official", "direction: is no option of algorithm lozo-m"},
        {"mezo:rank=2", "rank: is no option of algorithm mezo, which has eps, lr, first-layer"},
        {"factorised:nu=5", "nu: is no option of algorithm factorised, which has rank, eps, lr"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct zg_algorithm_choice choice = {.seed = 5};
        struct zg_error err = {0};
        CU_ASSERT_EQUAL(zg_algorithm_parse(bad[i][0], &choice, &err), ZG_USAGE);
        zg_test_expect_words(err.text, bad[i][1]);
        CU_ASSERT(choice.algorithm == NULL && choice.seed == 5);
    }
    char longest[2 * ZG_ALGORITHM_TEXT];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    struct zg_algorithm_choice choice;
    CU_ASSERT_EQUAL(zg_algorithm_parse(longest, &choice, NULL), ZG_USAGE);
}

static void test_values(void)
{
    struct zg_algorithm_choice choice;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(zg_algorithm_parse("lozo:nu=9+direction=official", &choice, NULL), ZG_OK);
    CU_ASSERT_TRUE(zg_algorithm_gives(&choice, "nu"));
    CU_ASSERT_FALSE(zg_algorithm_gives(&choice, "rank"));
    CU_ASSERT_FALSE(zg_algorithm_gives(&choice, "beta"));
    CU_ASSERT_EQUAL(zg_algorithm_integer(&choice, "nu", -1), 9);
    CU_ASSERT_EQUAL(zg_algorithm_period(&choice), 9);
    CU_ASSERT_EQUAL(zg_algorithm_real(&choice, "eps"), 1e-3);
    CU_ASSERT_STRING_EQUAL(zg_algorithm_word(&choice, "direction"), "official");
    char text[ZG_ALGORITHM_VALUE];
    CU_ASSERT_STRING_EQUAL(zg_algorithm_value(&choice, "nu", text), "9");
    CU_ASSERT_STRING_EQUAL(zg_algorithm_value(&choice, "lr", text), "1e-06");
    CU_ASSERT_STRING_EQUAL(zg_algorithm_value(&choice, "direction", text), "official");
    CU_ASSERT_STRING_EQUAL(zg_algorithm_value(&choice, "beta", text), "");
    /* no such option, or of another kind */
    CU_ASSERT_EQUAL(zg_algorithm_integer(&choice, "eps", -1), -1);
    CU_ASSERT(isnan(zg_algorithm_real(&choice, "beta")));
    CU_ASSERT_PTR_NULL(zg_algorithm_word(&choice, "rank"));
    zg_algorithm_set_period(&choice, INT64_MAX);
    zg_algorithm_set_real(&choice, "lr", 1.0 / 3);
    zg_algorithm_set_real(&choice, "beta", 1);
    CU_ASSERT_EQUAL(zg_algorithm_period(&choice), INT64_MAX);
    CU_ASSERT_EQUAL(zg_algorithm_real(&choice, "lr"), 1.0 / 3);
    CU_ASSERT_EQUAL(zg_algorithm_set(&choice, "rank", NULL, "8", NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_algorithm_integer(&choice, "rank", -1), 8);
    CU_ASSERT_EQUAL(zg_algorithm_set(&choice, "rank", "--rank", "0", &err), ZG_USAGE);
    zg_test_expect_words(err.text, "--rank 0: must be an integer from 1 to 16384");
    CU_ASSERT_EQUAL(zg_algorithm_integer(&choice, "rank", -1), 8);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"the registry", test_registry},
        {"a key is the same everywhere", test_keys_agree},
        {"an option of another choice", test_take},
        {"from text and back", test_texts},
        {"what makes no sense is refused", test_refusals},
        {"values of options", test_values},
        {NULL, NULL},
    };
    return zg_test_run("algorithm/text", tests);
}
