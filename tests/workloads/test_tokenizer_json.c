/* test_tokenizer_json.c - tokenizer_json.c: tokenizer.json, good and hostile, is the pair of files
 * that it stands for; and the vectors of OPT's tokenizer, where they lie. */
#include <jansson.h>
#include <stdlib.h>

#include "tests/support/temp_dir.h"
#include "tests/workloads/small_tokenizer.h"
#include "tests/workloads/support.h"
#include "workloads/tokenizer.h"

/* Of vocab.json and the lines of merges.txt: merges as strings or as pairs. */
static json_t *make_json(const char *vocab, const char *merges, bool pairs)
{
    json_t *const list = json_array();
    for (const char *line = merges; *line;) {
        const size_t n = strcspn(line, "\n");
        if (n > 0 && strncmp(line, "#version", 8) != 0) {
            const char *const blank = memchr(line, ' ', n);
            const size_t n_left = (size_t)(blank - line);
            json_array_append_new(
                list, pairs ? json_pack("[s%, s%]", line, n_left, blank + 1, n - n_left - 1)
                            : json_pack("s%", line, n));
        }
        line += n + (line[n] == '\n');
    }
    json_t *const root =
        json_pack("{s:n, s:{s:s, s:b}, s:[{s:s, s:b}], s:{s:s, s:n, s:o, s:o}}", "normalizer",
                  "pre_tokenizer", "type", "ByteLevel", "add_prefix_space", 0, "added_tokens",
                  "content", "<s>", "special", 1, "model", "type", "BPE", "dropout", "vocab",
                  json_loads(vocab, 0, NULL), "merges", list);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    return root;
}

static enum zg_status open_json(struct zg_tokenizer **out, const json_t *root, struct zg_error *err)
{
    char dir[64];
    make_temp_dir(dir);
    char *const text = json_dumps(root, 0);
    write_temp_file(dir, "tokenizer.json", text, strlen(text));
    const enum zg_status status = zg_tokenizer_open(out, dir, err);
    free(text);
    remove_temp_dir(dir);
    return status;
}

static void test_json_is_the_pair(void)
{
    static const char *const texts[] = {"ab abab a's 1a", "!1 11 '\t\n\n  ab", ""};
    for (int pairs = 0; pairs < 2; pairs++) {
        struct zg_tokenizer *one = NULL, *two = NULL;
        struct zg_error err = {0};
        json_t *const root = make_json(small_vocab, small_merges, pairs);
        CU_ASSERT_EQUAL_FATAL(open_json(&one, root, &err), ZG_OK);
        CU_ASSERT_EQUAL_FATAL(open_text(&two, small_vocab, small_merges, &err), ZG_OK);
        CU_ASSERT_EQUAL(zg_tokenizer_n_vocab(one), zg_tokenizer_n_vocab(two));
        CU_ASSERT_EQUAL(zg_tokenizer_fingerprint(one), zg_tokenizer_fingerprint(two));
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
            char got[256], want[256];
            encode_to(one, texts[i], got, sizeof got);
            encode_to(two, texts[i], want, sizeof want);
            CU_ASSERT_STRING_EQUAL(got, want);
        }
        json_decref(root);
        zg_tokenizer_close(&one);
        zg_tokenizer_close(&two);
    }
}

static void test_hostile_json(void)
{
    static const struct {
        const char *part, *json, *message;
    } cases[] = {
        {"model", "null", "no \"model\""},
        {"model", "{\"type\": \"WordPiece\", \"vocab\": {}}", "model.type is WordPiece"},
        {"model", "{\"type\": \"Unigram\", \"vocab\": []}", "model.type is Unigram"},
        {"model", "{\"type\": \"BPE\", \"vocab\": {\"a\": 0}}", "model.merges must be a list"},
        {"model", "{\"vocab\": {\"a\": 0}}", "model.type is without a type"},
        {"model", "{\"vocab\": [], \"merges\": []}", "one object"},
        {"model", "{\"vocab\": {\"a\": 0, \"b\": 0}, \"merges\": []}", "two tokens have id 0"},
        {"model", "{\"vocab\": {\"a\": 0}, \"merges\": [\"a a\"]}", "model.merges:0: "},
        {"model", "{\"vocab\": {\"a\": 0}, \"merges\": [3]}", "model.merges:0: must be two"},
        {"model", "{\"vocab\": {\"a\": 0, \"aa\": 1}, \"merges\": [\"a a\", []]}",
         "tokenizer.json: model.merges:1: must be two tokens, in a list or with a blank between"},
        {"model", "{\"vocab\": {\"a\": 0, \"aa\": 1}, \"merges\": [\"a a\", \"a a\"]}",
         "model.merges:1: the pair that makes 'aa' is there twice"},
        {"model", "{\"vocab\": {\"a\": 0}, \"merges\": [[\"a\", \"a\", \"a\"]]}", "must be two"},
        {"model", "{\"vocab\": {\"a\": 0}, \"merges\": [[\"a\", 1]]}", "must be two tokens"},
        {"model", "{\"vocab\": {\"a\": 0}, \"merges\": [[1, \"a\"]]}", "must be two tokens"},
        {"model", "{\"vocab\": {\"a\": 0}, \"merges\": {}}", "model.merges must be a list"},
        {"model", "{\"vocab\": {}, \"merges\": [], \"byte_fallback\": 1}", "byte_fallback is set"},
        {"model", "{\"vocab\": {}, \"merges\": [], \"dropout\": {}}", "model.dropout is set"},
        {"model", "3", "no \"model\""},
        {"normalizer", "{\"normalizers\": [{}]}", "normalizer is without a type"},
        {"normalizer", "{\"type\": \"Sequence\", \"normalizers\": {}}", "normalizer is Sequence"},
        {"pre_tokenizer", "{\"type\": \"Sequence\", \"pretokenizers\": []}",
         "pre_tokenizer is Sequence"},
        {"pre_tokenizer", "{\"type\": \"Split\", \"pretokenizers\": [{\"type\": \"ByteLevel\"}]}",
         "pre_tokenizer is Split"},
        {"added_tokens", "[{\"content\": \"a\", \"special\": true}, {\"special\": false}]",
         "added token '?' is no special token"},
        {"added_tokens", "[{\"content\": \"ab\"}]", "added token 'ab'"},
        {"model", "{\"vocab\": {\"a\": 0}, \"merges\": [[\"a\"]]}", "must be two tokens"},
        {"model", "{\"vocab\": {}, \"merges\": [], \"dropout\": 0.1}", "model.dropout is set"},
        {"model", "{\"vocab\": {}, \"merges\": [], \"byte_fallback\": true}", "byte_fallback"},
        {"model", "{\"vocab\": {}, \"merges\": [], \"ignore_merges\": true}", "ignore_merges"},
        {"model", "{\"vocab\": {}, \"merges\": [], \"end_of_word_suffix\": \"</w>\"}",
         "end_of_word_suffix"},
        {"model", "{\"vocab\": {}, \"merges\": [], \"continuing_subword_prefix\": \"##\"}",
         "continuing_subword_prefix"},
        {"normalizer", "{\"type\": \"NFC\"}", "normalizer is NFC"},
        {"normalizer", "{\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"NFC\"}]}",
         "normalizer is Sequence"},
        {"pre_tokenizer", "null", "pre_tokenizer is null"},
        {"pre_tokenizer", "{\"type\": \"Metaspace\"}", "pre_tokenizer is Metaspace"},
        {"pre_tokenizer",
         "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Split\"},"
         " {\"type\": \"ByteLevel\"}]}",
         "pre_tokenizer is Sequence"},
        {"pre_tokenizer", "{\"type\": \"ByteLevel\", \"add_prefix_space\": true}",
         "add_prefix_space is true"},
        {"pre_tokenizer", "{\"type\": \"ByteLevel\", \"use_regex\": false}", "use_regex is false"},
        {"added_tokens", "[{\"content\": \"ab\", \"special\": false}]", "added token 'ab'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zg_tokenizer *tokenizer = NULL;
        struct zg_error err = {0};
        json_t *const root = make_json(small_vocab, small_merges, false);
        json_object_set_new(root, cases[i].part, json_loads(cases[i].json, JSON_DECODE_ANY, NULL));
        check_failure(open_json(&tokenizer, root, &err), ZG_INPUT, &err, cases[i].message);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "tokenizer.json"));
        CU_ASSERT_PTR_NULL(tokenizer);
        json_decref(root);
    }
}

/* Parts that may be written in another way, or not at all. */
static void test_json_spellings(void)
{
    static const struct {
        const char *part, *json;
    } cases[] = {
        {"normalizer", "{\"type\": \"Sequence\", \"normalizers\": []}"},
        {"pre_tokenizer",
         "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"ByteLevel\"}]}"},
        {"model", "{\"vocab\": {\"a\": 1}, \"merges\": [], \"dropout\": 0.0,"
                  " \"end_of_word_suffix\": \"\", \"fuse_unk\": true, \"unk_token\": \"<unk>\"}"},
        {"post_processor", "{\"type\": \"TemplateProcessing\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zg_tokenizer *tokenizer = NULL;
        struct zg_error err = {0};
        char got[16];
        json_t *const root = make_json(small_vocab, small_merges, false);
        json_object_set_new(root, cases[i].part, json_loads(cases[i].json, 0, NULL));
        CU_ASSERT_EQUAL(open_json(&tokenizer, root, &err), ZG_OK);
        CU_ASSERT_STRING_EQUAL(err.text, "");
        if (tokenizer) {
            encode_to(tokenizer, "a", got, sizeof got);
            CU_ASSERT_STRING_EQUAL(got, "1");
        }
        json_decref(root);
        zg_tokenizer_close(&tokenizer);
    }
}

static void expect_opt_vectors(const struct zg_tokenizer *tokenizer)
{
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_tokenizer_n_vocab(tokenizer), 50265);

    FILE *file = fopen(zg_test_data("opt-tokenizer/golden.jsonl"), "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    char *line = NULL;
    size_t capacity = 0;
    int n_vectors = 0;
    struct zg_tokens tokens = {0};
    struct zg_text decoded = {0};
    while (getline(&line, &capacity, file) > 0) {
        json_t *vector = json_loads(line, JSON_ALLOW_NUL, NULL);
        const json_t *text = json_object_get(vector, "text"), *ids = json_object_get(vector, "ids");
        CU_ASSERT_TRUE_FATAL(json_is_string(text) && json_is_array(ids));
        tokens.n = 0;
        zg_error_clear(&err);
        CU_ASSERT_EQUAL(zg_tokenizer_encode(tokenizer, json_string_value(text),
                                            (int64_t)json_string_length(text), &tokens, &err),
                        ZG_OK);
        int same = tokens.n == (int64_t)json_array_size(ids);
        for (int64_t i = 0; same && i < tokens.n; i++)
            same = tokens.ids[i] == json_integer_value(json_array_get(ids, (size_t)i));
        if (!same)
            printf("\n    vector %d differs: %.100s\n", n_vectors, line);
        CU_ASSERT_TRUE(same);
        decoded.n = 0;
        CU_ASSERT_EQUAL(zg_tokenizer_decode(tokenizer, tokens.ids, tokens.n, &decoded, &err),
                        ZG_OK);
        CU_ASSERT_EQUAL_FATAL(decoded.n, (int64_t)json_string_length(text));
        CU_ASSERT_TRUE(decoded.n == 0 ||
                       !memcmp(decoded.bytes, json_string_value(text), (size_t)decoded.n));
        json_decref(vector);
        n_vectors++;
    }
    CU_ASSERT_EQUAL(n_vectors, 103);
    free(line);
    fclose(file);
    zg_text_free(&decoded);
    zg_tokens_free(&tokens);
}

/* The two files, and a tokenizer.json made of them. */
static void test_opt_vectors(void)
{
    const char *vocab = zg_test_data("opt-tokenizer/vocab.json");
    if (!vocab)
        return;
    char dir[4096];
    snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(vocab, '/') - vocab), vocab);
    struct zg_tokenizer *tokenizer = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(zg_tokenizer_open(&tokenizer, dir, &err), ZG_OK);
    expect_opt_vectors(tokenizer);
    zg_tokenizer_close(&tokenizer);

    char *const vocab_text = read_temp_file(dir, "vocab.json"), *const merges_text = read_temp_file(
                                                                    dir, "merges.txt");
    for (int pairs = 0; pairs < 2; pairs++) {
        json_t *const root = make_json(vocab_text, merges_text, pairs);
        CU_ASSERT_EQUAL_FATAL(open_json(&tokenizer, root, &err), ZG_OK);
        expect_opt_vectors(tokenizer);
        zg_tokenizer_close(&tokenizer);
        json_decref(root);
    }
    free(vocab_text);
    free(merges_text);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"tokenizer.json gives the ids of the pair", test_json_is_the_pair},
        {"tokenizer.json, hostile or of another kind", test_hostile_json},
        {"tokenizer.json, other spellings", test_json_spellings},
        {"OPT's 103 vectors", test_opt_vectors},
        {0}};
    return zg_test_run("tokenizer, JSON", tests);
}
