/* test_prompt.c - stem and scored tokens: rules on a small vocabulary, and the official prompts
 * where they lie. */
#include "workloads/prompt.h"

#include <jansson.h>
#include <stdlib.h>

#include "tests/workloads/support.h"
#include "workloads/dataset.h"

static struct zg_slice slice(const char *text)
{
    return (struct zg_slice){text, (int64_t)strlen(text)};
}

/* Words a and b, blank, colon, line feed; "::" and ":a" merge, so that options can melt into the
 * prompt. */
static struct zg_tokenizer *open_small(void)
{
    static const char vocab[] =
        "{\"<s>\": 0, \"a\": 1, \"b\": 2, \"\\u0120\": 3, \":\": 4, \"\\u0120a\": 5,"
        " \"\\u0120b\": 6, \"::\": 7, \"\\u010a\": 8, \"\\u010a\\u010a\": 9, \"!\": 10, \":!\": "
        "11}";
    static const char merges[] = "\u0120 a\n\u0120 b\n: :\n\u010a \u010a\n: !\n";
    const struct zg_tokenizer_source source = {"V", vocab,  (int64_t)strlen(vocab),
                                               "M", merges, (int64_t)strlen(merges)};
    struct zg_tokenizer *tokenizer = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_tokenizer_open_memory(&tokenizer, &source, NULL), ZG_OK);
    return tokenizer;
}

static void check_tokens(const struct zg_prompt *p, int64_t n_stem, const int32_t *want, int64_t n)
{
    CU_ASSERT_EQUAL(p->n_stem, n_stem);
    CU_ASSERT_EQUAL_FATAL(p->tokens.n, n);
    CU_ASSERT_EQUAL(memcmp(p->tokens.ids, want, (size_t)n * sizeof *want), 0);
}

static void test_rules(void)
{
    struct zg_tokenizer *tokenizer = open_small();
    struct zg_prompt p = {0};
    struct zg_error err = {0};
    struct zg_prompt_rules rules = {
        .tokenizer = tokenizer, .bos = 0, .max_length = 100, .n_vocab = 12};

    /* one token each, then two and one */
    const struct zg_slice plain[] = {slice(" a"), slice(" b")};
    CU_ASSERT_EQUAL(zg_prompt_encode(&p, &rules, slice("  b "), plain, 2, &err), ZG_OK);
    /* the prompt's own trailing blank is in the full text: "b  a" */
    check_tokens(&p, 2, (const int32_t[]){0, 2, 3, 5, 3, 6}, 6);
    CU_ASSERT_EQUAL(zg_prompt_encode(&p, &rules, slice("b"), plain, 2, &err), ZG_OK);
    check_tokens(&p, 2, (const int32_t[]){0, 2, 5, 6}, 4);
    const struct zg_slice uneven[] = {slice(" a a"), slice(" b ")};
    CU_ASSERT_EQUAL(zg_prompt_encode(&p, &rules, slice("b"), uneven, 2, &err), ZG_OK);
    check_tokens(&p, 2, (const int32_t[]){0, 2, 5, 5, 6}, 5);
    CU_ASSERT_TRUE(p.n_option_tokens[0] == 2 && p.n_option_tokens[1] == 1);

    /* leading line ends go, trailing ones of an option count */
    const struct zg_slice lines[] = {slice(" a\n"), slice(" b\n")};
    CU_ASSERT_EQUAL(zg_prompt_encode(&p, &rules, slice("\nb"), lines, 2, &err), ZG_OK);
    check_tokens(&p, 2, (const int32_t[]){0, 2, 5, 8, 6, 8}, 6);

    /* no BOS */
    rules.bos = ZG_BOS_NONE;
    CU_ASSERT_EQUAL(zg_prompt_encode(&p, &rules, slice("b"), plain, 2, &err), ZG_OK);
    check_tokens(&p, 1, (const int32_t[]){2, 5, 6}, 3);
    check_failure(zg_prompt_encode(&p, &rules, slice(""), plain, 2, &err), ZG_INPUT, &err,
                  "nothing stands before");
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_prompt_encode_lm(&p, &rules, slice("b a"), &err), ZG_OK);
    check_tokens(&p, 1, (const int32_t[]){2, 5}, 2);
    check_failure(zg_prompt_encode_lm(&p, &rules, slice("b"), &err), ZG_INPUT, &err, "needs two");
    zg_error_clear(&err);
    rules.bos = 0;
    CU_ASSERT_EQUAL(zg_prompt_encode_lm(&p, &rules, slice(" b a "), &err), ZG_OK);
    check_tokens(&p, 1, (const int32_t[]){0, 2, 5}, 3);
    check_failure(zg_prompt_encode_lm(&p, &rules, slice(" "), &err), ZG_INPUT, &err, "needs two");

    zg_prompt_free(&p);
    zg_tokenizer_close(&tokenizer);
}

static void test_merges_across_the_boundary(void)
{
    struct zg_tokenizer *tokenizer = open_small();
    struct zg_prompt p = {0};
    struct zg_error err = {0};
    const struct zg_prompt_rules rules = {
        .tokenizer = tokenizer, .bos = 0, .max_length = 100, .n_vocab = 12};
    /* b: = 2 4, b:: = 2 7, b::a = 2 7 1: the last token is scored, and what precedes it is :: in
     * both options */
    const struct zg_slice same[] = {slice(":a"), slice(":b")};
    CU_ASSERT_EQUAL(zg_prompt_encode(&p, &rules, slice("b:"), same, 2, &err), ZG_OK);
    check_tokens(&p, 3, (const int32_t[]){0, 2, 7, 1, 2}, 5);
    /* b:: adds no token to b: */
    const struct zg_slice melted[] = {slice(" a"), slice(":")};
    check_failure(zg_prompt_encode(&p, &rules, slice("b:"), melted, 2, &err), ZG_INPUT, &err,
                  "option 1 adds no token");
    zg_error_clear(&err);
    const struct zg_slice differ[] = {slice("!a"), slice(":a")};
    check_failure(zg_prompt_encode(&p, &rules, slice("b:"), differ, 2, &err), ZG_INPUT, &err,
                  "different tokens before");
    zg_prompt_free(&p);
    zg_tokenizer_close(&tokenizer);
}

static void test_limits(void)
{
    struct zg_tokenizer *tokenizer = open_small();
    struct zg_prompt p = {0};
    struct zg_error err = {0};
    const struct zg_slice options[] = {slice(" a"), slice(" b")};
    const struct zg_prompt_rules
        shortest = {.tokenizer = tokenizer, .bos = 0, .max_length = 3, .n_vocab = 12},
        too_short = {.tokenizer = tokenizer, .bos = 0, .max_length = 2, .n_vocab = 12},
        few_ids = {.tokenizer = tokenizer, .bos = 0, .max_length = 3, .n_vocab = 6};
    CU_ASSERT_EQUAL(zg_prompt_encode(&p, &shortest, slice("b"), options, 2, &err), ZG_OK);
    check_failure(zg_prompt_encode(&p, &too_short, slice("b"), options, 2, &err), ZG_INPUT, &err,
                  "3 tokens, the model takes at most 2");
    zg_error_clear(&err);
    check_failure(zg_prompt_encode(&p, &few_ids, slice("b"), options, 2, &err), ZG_INPUT, &err,
                  "token id 6");
    zg_prompt_free(&p);
    zg_tokenizer_close(&tokenizer);
}

/* What is too long is cut behind BOS, alike for all options; what is left is never less than BOS,
 * or than one token. */
static void test_cut(void)
{
    struct zg_tokenizer *tokenizer = open_small();
    struct zg_prompt p = {0};
    struct zg_error err = {0};
    const struct zg_slice options[] = {slice(" a"), slice(" b b")};
    struct zg_prompt_rules rules = {
        .tokenizer = tokenizer, .bos = 0, .max_length = 6, .n_vocab = 12, .cut = true};
    /* a a b: = 1 5 6 4, options 5 and 6 6: the longest sequence has 7 tokens */
    CU_ASSERT_EQUAL(zg_prompt_encode(&p, &rules, slice("a a b:"), options, 2, &err), ZG_OK);
    check_tokens(&p, 4, (const int32_t[]){0, 5, 6, 4, 5, 6, 6}, 7);
    CU_ASSERT_TRUE(p.was_cut);
    rules.max_length = 7;
    CU_ASSERT_EQUAL(zg_prompt_encode(&p, &rules, slice("a a b:"), options, 2, &err), ZG_OK);
    check_tokens(&p, 5, (const int32_t[]){0, 1, 5, 6, 4, 5, 6, 6}, 8);
    CU_ASSERT_FALSE(p.was_cut);
    rules.n_kept_free = 4; /* BOS and the longest option */
    CU_ASSERT_EQUAL(zg_prompt_encode(&p, &rules, slice("a a b:"), options, 2, &err), ZG_OK);
    check_tokens(&p, 1, (const int32_t[]){0, 5, 6, 6}, 4);
    rules.n_kept_free = 5;
    check_failure(zg_prompt_encode(&p, &rules, slice("a a b:"), options, 2, &err), ZG_INPUT, &err,
                  "an option of 2 tokens leaves no room for a prompt, the model takes at most 2");
    zg_error_clear(&err);
    rules.cut = false;
    check_failure(zg_prompt_encode(&p, &rules, slice("a a b:"), options, 2, &err), ZG_INPUT, &err,
                  "takes at most 7 less 5 to generate; --truncate left");
    zg_error_clear(&err);
    rules = (struct zg_prompt_rules){
        .tokenizer = tokenizer, .bos = ZG_BOS_NONE, .max_length = 3, .n_vocab = 12, .cut = true};
    CU_ASSERT_EQUAL(zg_prompt_encode(&p, &rules, slice("a a b:"), options, 2, &err), ZG_OK);
    check_tokens(&p, 1, (const int32_t[]){4, 5, 6, 6}, 4);
    rules.max_length = 2;
    check_failure(zg_prompt_encode(&p, &rules, slice("a a b:"), options, 2, &err), ZG_INPUT, &err,
                  "leaves no room");
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_prompt_encode_lm(&p, &rules, slice("a a b:"), &err), ZG_OK);
    check_tokens(&p, 1, (const int32_t[]){6, 4}, 2);
    rules.bos = 0;
    rules.max_length = 3;
    CU_ASSERT_EQUAL(zg_prompt_encode_lm(&p, &rules, slice("a a b:"), &err), ZG_OK);
    check_tokens(&p, 1, (const int32_t[]){0, 6, 4}, 3);
    CU_ASSERT_TRUE(p.was_cut);
    zg_prompt_free(&p);
    zg_tokenizer_close(&tokenizer);
}

/* One official prompt: every option's stem + scored tokens must be the official ids, split at
 * option_len. */
static void check_official(struct zg_prompt *p, const struct zg_prompt_rules *rules,
                           const json_t *row)
{
    const json_t *options = json_object_get(row, "options"),
                 *lens = json_object_get(row, "option_len"), *ids = json_object_get(row, "ids");
    const char *prompt = json_string_value(json_object_get(row, "prompt"));
    const size_t n = json_array_size(options), n_prompt = strlen(prompt);
    struct zg_slice *tails = calloc(n, sizeof *tails);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tails);
    for (size_t o = 0; o < n; o++) {
        const char *full = json_string_value(json_array_get(options, o));
        CU_ASSERT_EQUAL_FATAL(strncmp(full, prompt, n_prompt), 0);
        tails[o] = slice(full + n_prompt);
    }
    struct zg_error err = {0};
    const enum zg_status status =
        zg_prompt_encode(p, rules, slice(prompt), tails, (int64_t)n, &err);
    if (status)
        printf("\n    %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(status, ZG_OK);
    const int32_t *next = p->tokens.ids + p->n_stem;
    for (size_t o = 0; o < n; o++) {
        const json_t *want = json_array_get(ids, o);
        CU_ASSERT_EQUAL(p->n_option_tokens[o], json_integer_value(json_array_get(lens, o)));
        CU_ASSERT_EQUAL_FATAL(p->n_stem + p->n_option_tokens[o], (int64_t)json_array_size(want));
        int same = 1;
        for (int64_t i = 0; i < p->n_stem + p->n_option_tokens[o]; i++)
            same &= (i < p->n_stem ? p->tokens.ids[i] : next[i - p->n_stem]) ==
                    json_integer_value(json_array_get(want, (size_t)i));
        CU_ASSERT_TRUE(same);
        next += p->n_option_tokens[o];
    }
    free(tails);
}

static void test_official_prompts(void)
{
    const char *found = zg_test_data("opt-tokenizer/vocab.json");
    if (!found)
        return;
    char dir[4096];
    snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(found, '/') - found), found);
    struct zg_tokenizer *tokenizer = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_tokenizer_open(&tokenizer, dir, NULL), ZG_OK);
    FILE *file = fopen(zg_test_data("templates/golden_prompts.jsonl"), "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    const struct zg_prompt_rules rules = {
        .tokenizer = tokenizer, .bos = ZG_BOS_OFFICIAL, .max_length = 2048, .n_vocab = 50272};
    struct zg_prompt p = {0};
    char *line = NULL;
    size_t capacity = 0;
    int n_prompts = 0;
    while (getline(&line, &capacity, file) > 0) {
        json_t *row = json_loads(line, 0, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(row);
        check_official(&p, &rules, row);
        json_decref(row);
        n_prompts++;
    }
    CU_ASSERT_EQUAL(n_prompts, 50);
    free(line);
    fclose(file);
    zg_prompt_free(&p);
    zg_tokenizer_close(&tokenizer);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"stem and scored tokens", test_rules},
        {"merges across the boundary", test_merges_across_the_boundary},
        {"limits of the model", test_limits},
        {"cut from the left", test_cut},
        {"the official prompts", test_official_prompts},
        {NULL, NULL},
    };
    return zg_test_run("prompt", tests);
}
