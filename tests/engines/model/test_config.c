/* test_config.c - config.json, good and hostile. */
#include "engines/model/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/cunit_run.h"

#define BASE                                                                                       \
    "\"model_type\": \"opt\", \"num_hidden_layers\": 2, \"hidden_size\": 12, "                     \
    "\"num_attention_heads\": 3, "                                                                 \
    "\"ffn_dim\": 20, \"vocab_size\": 30, \"max_position_embeddings\": 9"

/* Parses a copy that ends where the text does, so that ASan sees a read past it. */
static enum zg_status parse(const char *text, struct zg_model_shape *shape, struct zg_error *err)
{
    const size_t n = strlen(text);
    char *copy = malloc(n + !n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    memcpy(copy, text, n);
    const enum zg_status status = zg_config_parse(shape, copy, (int64_t)n, "dir/config.json", err);
    free(copy);
    return status;
}

static void test_good(void)
{
    static const struct {
        const char *text;
        bool tied;
    } good[] = {
        {"{" BASE "}", true},
        {"{" BASE ", \"tie_word_embeddings\": false}", false},
        {"{" BASE
         ", \"word_embed_proj_dim\": 12, \"activation_function\": \"relu\", \"enable_bias\": true, "
         "\"do_layer_norm_before\": true, \"layer_norm_elementwise_affine\": true, "
         "\"_remove_final_layer_norm\": false}",
         true},
        {" {" BASE
         ", \"word_embed_proj_dim\": null, \"bos_token_id\": null, \"other\": [1, {\"x\": 2.5}]}\n",
         true},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct zg_model_shape s;
        struct zg_error err = {0};
        CU_ASSERT_EQUAL(parse(good[i].text, &s, &err), ZG_OK);
        CU_ASSERT(s.n_layers == 2 && s.d_model == 12 && s.n_heads == 3 && s.d_ffn == 20 &&
                  s.n_vocab == 30 && s.n_positions == 9 && s.tied_head == good[i].tied);
    }
}

static void test_bad(void)
{
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"", "not valid JSON"},
        {"{" BASE, "not valid JSON"},
        {"{" BASE "} x", "not valid JSON"},
        {"[1]", "dir/config.json: a list; a config is an object"},
        {"\n[1,\n}", "dir/config.json:3: not valid JSON"},
        {"{\"model_type\": {}}", "model_type is an object; it must be \"opt\""},
        {"{\"model_type\": []}", "model_type is a list; it must be"},
        {"{\"model_type\": 7.5}", "model_type is a fraction; it must be"},
        {"{\"model_type\": true}", "model_type is true; it must be"},
        {"{\"model_type\": false}", "model_type is false; it must be"},
        {"{\"model_type\": null}", "model_type is null; it must be"},
        {"{" BASE ", \"_remove_final_layer_norm\": \"no\"}",
         "_remove_final_layer_norm is a string"},
        {"{" BASE ", \"word_embed_proj_dim\": 13}",
         "word_embed_proj_dim is 13, hidden_size 12; zogap runs models without"},
        {"{" BASE ", \"vocab_size\": 31}", "duplicate"},
        {"{}", "model_type is missing"},
        {"{\"model_type\": \"gpt2\"}", "\"gpt2\""},
        {"{\"model_type\": 7}", "model_type is an integer"},
        {"{\"model_type\": \"opt\"}", "num_hidden_layers is missing"},
        {"{" BASE ", \"do_layer_norm_before\": false}", "pre-norm"},
        {"{" BASE ", \"do_layer_norm_before\": \"yes\"}", "must be true or false"},
        {"{" BASE ", \"enable_bias\": false}", "biases"},
        {"{" BASE ", \"layer_norm_elementwise_affine\": false}", "gain"},
        {"{" BASE ", \"_remove_final_layer_norm\": true}", "final norm"},
        {"{" BASE ", \"activation_function\": \"gelu\"}", "\"gelu\""},
        {"{" BASE ", \"activation_function\": null}", "null"},
        {"{" BASE ", \"word_embed_proj_dim\": 6}", "word_embed_proj_dim is 6"},
        {"{" BASE ", \"word_embed_proj_dim\": 12.0}", "a fraction"},
        {"{" BASE ", \"tie_word_embeddings\": 1}", "tie_word_embeddings is an integer"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct zg_model_shape s;
        struct zg_error err = {0};
        CU_ASSERT_EQUAL(parse(bad[i].text, &s, &err), ZG_INPUT);
        zg_test_expect_words(err.text, bad[i].words);
        CU_ASSERT(strncmp(err.text, "dir/config.json", 15) == 0);
    }
}

/* Each required integer in turn: missing, of another type, out of range. */
static void test_integers(void)
{
    static const char *const keys[] = {"num_hidden_layers",   "hidden_size",
                                       "num_attention_heads", "ffn_dim",
                                       "vocab_size",          "max_position_embeddings"};
    static const char *const values[] = {NULL,
                                         "\"12\"",
                                         "12.5",
                                         "null",
                                         "true",
                                         "[12]",
                                         "0",
                                         "-1",
                                         "9223372036854775807",
                                         "99999999999999999999"};
    for (size_t k = 0; k < 6; k++)
        for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
            char text[512];
            size_t n = (size_t)snprintf(text, sizeof text, "{\"model_type\": \"opt\"");
            for (size_t i = 0; i < 6; i++)
                if (i != k)
                    n += (size_t)snprintf(text + n, sizeof text - n, ", \"%s\": 12", keys[i]);
                else if (values[v])
                    n += (size_t)snprintf(text + n, sizeof text - n, ", \"%s\": %s", keys[i],
                                          values[v]);
            snprintf(text + n, sizeof text - n, "}");
            struct zg_model_shape s;
            struct zg_error err = {0};
            CU_ASSERT_EQUAL(parse(text, &s, &err), ZG_INPUT);
            CU_ASSERT(err.text[0] != '\0');
        }
}

static void test_size(void)
{
    const size_t n = (size_t)ZG_CONFIG_MAX_BYTES + 1;
    char *text = malloc(n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, ' ', n);
    struct zg_model_shape s;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_config_parse(&s, text, (int64_t)n, "big", &err), ZG_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "not read"));
    CU_ASSERT(s.n_layers == 0 && s.d_model == 0 && !s.tied_head);
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_config_parse(&s, text, (int64_t)n - 1, "just", &err), ZG_INPUT);
    zg_test_expect_words(err.text, "just:1: not valid JSON"); /* it was read */
    zg_error_clear(&err);
    memcpy(text, "{" BASE "}", strlen("{" BASE "}"));
    CU_ASSERT_EQUAL(zg_config_parse(&s, text, (int64_t)n - 1, "just", &err), ZG_OK);
    memset(text, '[', n); /* depth, below the size limit */
    CU_ASSERT_EQUAL(zg_config_parse(&s, text, (int64_t)n - 1, "deep", NULL), ZG_INPUT);
    free(text);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"good", test_good},           {"bad", test_bad}, {"every integer", test_integers},
        {"size and depth", test_size}, {NULL, NULL},
    };
    return zg_test_run("config", tests);
}
