/* test_tokenizer.c - vocab.c, bpe.c, tokenizer.c on vocab.json and merges.txt, good and hostile.
 * tokenizer.json is test_tokenizer_json.c's. */
#include <stdlib.h>

#include "tests/support/temp_dir.h"
#include "tests/workloads/small_tokenizer.h"
#include "tests/workloads/support.h"
#include "workloads/tokenizer.h"

static void test_words_and_merges(void)
{
    static const struct {
        const char *text, *ids;
    } cases[] = {
        {"", ""},
        {"ab", "10"},
        {" ab", "12"}, /* (blank a), then (blank-a b): (a b) has no a left */
        {"abab", "10 10"},
        {"a's", "1 13"}, /* 's is a word */
        {"1a", "6 1"},   /* digits and letters part, so (1 a) never merges */
        {"!1", "7 6"},
        {"111", "14 6"}, /* left to right */
        {"!!!", "15 7"},
        {"  a", "3 11"}, /* two blanks: the last goes with the word */
        {"   ", "16 3"},
        {"a  ", "1 16"},
        {" !", "18"},
        {"\n\na", "9 9 1"}, /* \s+(?!\S) leaves the last one to its own word */
        {"\n\n", "19"},
        {"a\t", "1 8"},
        {"ss's", "5 5 13"},
        {"<s>", "byte 0x3c at byte 0 of the text has no token in V"}, /* no special token in text */
        {"abz", "byte 0x7a at byte 2 of the text has no token in V"},
        {"a\xc3\xa9", "byte 0xc3 at byte 1 of the text has no token in V"},
        {"ab\xff", "invalid UTF-8 at byte 2 of the text"},
        {"a\xed\xa0\x80", "invalid UTF-8 at byte 1 of the text"}, /* a surrogate */
    };
    struct zg_tokenizer *tokenizer = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(open_text(&tokenizer, small_vocab, small_merges, &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_tokenizer_n_vocab(tokenizer), 22);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[1024];
        encode_to(tokenizer, cases[i].text, got, sizeof got);
        const char *want = cases[i].ids;
        /* PCRE2's own words follow the offset of invalid UTF-8 */
        const int same =
            want[0] == 'i' ? strncmp(got, want, strlen(want)) == 0 : strcmp(got, want) == 0;
        if (!same)
            printf("\n    '%s': wanted %s, got %s\n", cases[i].text, want, got);
        CU_ASSERT_TRUE(same);
    }
    zg_tokenizer_close(&tokenizer);
    CU_ASSERT_PTR_NULL(tokenizer);
    zg_tokenizer_close(&tokenizer);
    zg_tokenizer_close(NULL);
}

/* A failed encode leaves the list as it was; a good one appends. */
static void test_append(void)
{
    struct zg_tokenizer *tokenizer = NULL;
    struct zg_tokens tokens = {0};
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(open_text(&tokenizer, small_vocab, small_merges, &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_tokens_append(&tokens, ZG_TOKEN_BOS, &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_tokenizer_encode(tokenizer, "ab", 2, &tokens, &err), ZG_OK);
    CU_ASSERT_EQUAL(tokens.n, 2);
    check_failure(zg_tokenizer_encode(tokenizer, "ab abz", 6, &tokens, &err), ZG_INPUT, &err,
                  "0x7a");
    CU_ASSERT_EQUAL(tokens.n, 2);
    zg_error_clear(&err);
    check_failure(zg_tokenizer_encode(tokenizer, "a\0b", 3, &tokens, &err), ZG_INPUT, &err,
                  "0x00 at byte 1");
    CU_ASSERT_TRUE(tokens.n == 2 && tokens.ids[0] == 0 && tokens.ids[1] == 10);
    zg_error_clear(&err);
    check_failure(zg_tokenizer_encode(tokenizer, "ab", (INT64_C(1) << 30) + 1, &tokens, &err),
                  ZG_INPUT, &err, "a text of 1073741825 bytes: at most 1073741824 are encoded");
    zg_tokens_free(&tokens);
    zg_tokenizer_close(&tokenizer);
}

/* GPT-2's alphabet, all 256 bytes, each with its value as id: printable ASCII and Latin-1 stand for
 * themselves, blank and what is below for U+0100 .. U+0120, 127 .. 160 for U+0121 .. U+0142, 173
 * for U+0143.  Encoded: each byte that UTF-8 has, in two texts. */
static void test_alphabet(void)
{
    char vocab[8192] = "{";
    for (int b = 0; b < 256; b++) {
        const int code = b <= 32                ? 0x100 + b
                         : b >= 127 && b <= 160 ? 0x121 + (b - 127)
                         : b == 173             ? 0x143
                                                : b;
        sprintf(vocab + strlen(vocab), "%s\"\\u%04x\": %d", b ? ", " : "", code, b);
    }
    strcat(vocab, "}");
    struct zg_tokenizer *tokenizer = NULL;
    struct zg_tokens tokens = {0};
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(open_text(&tokenizer, vocab, "", &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_tokenizer_n_vocab(tokenizer), 256);
    char text[4096];
    int64_t n = 0;
    for (int b = 0; b < 128; b++)
        text[n++] = (char)b;
    for (int b = 0x80; b < 0xc0; b++) { /* behind the first byte of two, three and four */
        text[n++] = (char)0xc3;
        text[n++] = (char)b;
    }
    for (int b = 0xc2; b < 0xf5; b++) {
        const int more = b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
        text[n++] = (char)b;
        text[n++] = (char)(b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80);
        for (int i = 1; i < more; i++)
            text[n++] = (char)0x80;
    }
    CU_ASSERT_EQUAL_FATAL(zg_tokenizer_encode(tokenizer, text, n, &tokens, &err), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(tokens.n, n);
    int64_t n_wrong = 0;
    for (int64_t i = 0; i < n; i++)
        n_wrong += tokens.ids[i] != (unsigned char)text[i];
    CU_ASSERT_EQUAL(n_wrong, 0);
    zg_tokens_free(&tokens);
    zg_tokenizer_close(&tokenizer);
}

/* Just as large as may be: ids, files.  Line ends of either kind, ids of 0 anywhere. */
static void test_just_allowed(void)
{
    static const struct {
        const char *vocab, *merges, *text, *ids;
    } cases[] = {
        {"{\"a\": 16777215}", "", "a", "16777215"},
        {"{\"ab\": 0, \"a\": 1, \"b\": 2}", "a b\r\n", "ab", "0"},
        {"{\"ab\": 1, \"a\": 0, \"b\": 2}", "\r\na b", "ab", "1"},
        {"{\"ab\": 1, \"a\": 2, \"b\": 0}", "\n\n\ra b\n", NULL, "M:3: token '\\ra' is not in V"},
        {"{\"ab\": 1, \"a\": 2, \"b\": 0}", "a b\n", "abb", "1 0"},
        {"{\"ab\": 1, \"a\": 2, \"b\": 0}", "#version\na b", "ab", "1"},
        {"{\"ab\": 1, \"a\": 2, \"b\": 0}", "a b\n#version: 0.2\n", NULL,
         "M:2: token '#version:' is not in V"},
        {"{\"ab\": 1, \"a\": 2, \"b\": 0}", "#versio n\n", NULL,
         "M:1: token '#versio' is not in V"},
        {"{\"ab\": 1, \"a\": 2, \"b\": 0}", "x b\n", NULL, "M:1: token 'x' is not in V"},
        {"{\"ab\": 1, \"a\": 2, \"b\": 0}", "a b\n c\n", NULL,
         "M:2: ' c' is not two tokens with a blank between"},
        {"{\"ab\": 1, \"a\": 2, \"b\": 0}", "a b\nab\n", NULL, "M:2: 'ab' is not two tokens"},
    };
    struct zg_tokenizer *tokenizer = NULL;
    struct zg_error err = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[64];
        const enum zg_status status = open_text(&tokenizer, cases[i].vocab, cases[i].merges, &err);
        CU_ASSERT_EQUAL(status, cases[i].text ? ZG_OK : ZG_INPUT);
        if (status) {
            zg_test_expect_words(err.text, cases[i].ids);
            zg_error_clear(&err);
            continue;
        }
        encode_to(tokenizer, cases[i].text, got, sizeof got);
        CU_ASSERT_STRING_EQUAL(got, cases[i].ids);
        zg_tokenizer_close(&tokenizer);
    }
    enum { MOST = 64 << 20 };
    char *const lines = malloc(MOST + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(lines);
    memset(lines, ' ', MOST + 1);
    for (int more = 0; more <= 1; more++) {
        const struct zg_tokenizer_source large_vocab = {"V", lines, MOST + more, "M", "", 0},
                                         large_merges = {"V", "{\"a\": 0}", 8,
                                                         "M", lines,        MOST + more};
        memcpy(lines, "{\"a\": 0}", 8);
        CU_ASSERT_EQUAL(zg_tokenizer_open_memory(&tokenizer, &large_vocab, &err),
                        more ? ZG_INPUT : ZG_OK);
        zg_tokenizer_close(&tokenizer);
        if (more)
            zg_test_expect_words(err.text, "V, M: at most 67108864 bytes each are read");
        zg_error_clear(&err);
        memset(lines, ' ', 8);
        CU_ASSERT_EQUAL(zg_tokenizer_open_memory(&tokenizer, &large_merges, &err), ZG_INPUT);
        zg_test_expect_words(err.text, more ? "V, M: at most 67108864" : "M:1: ");
        zg_error_clear(&err);
    }
    free(lines);
}

/* A character-level model: no merges at all. */
static void test_characters_only(void)
{
    struct zg_tokenizer *tokenizer = NULL;
    struct zg_error err = {0};
    char got[64];
    CU_ASSERT_EQUAL_FATAL(
        open_text(&tokenizer, "{\"\\u010a\": 0, \"\\u0120\": 1, \"a\": 2, \"b\": 3}", "", &err),
        ZG_OK);
    encode_to(tokenizer, "ab a\n", got, sizeof got);
    CU_ASSERT_STRING_EQUAL(got, "2 3 1 2 0");
    zg_tokenizer_close(&tokenizer);
}

static void test_hostile_files(void)
{
    static const struct {
        const char *vocab, *merges, *message;
    } cases[] = {
        {"", "", "V:1: "},
        {"[1]", "", "one object"},
        {"{}", "", "no token"},
        {"{\"a\": 0", "", "V:1: "},
        {"{\"a\": 0, \"a\": 1}", "", "duplicate"},
        {"{\"a\": \"0\"}", "", "'a' is not an integer"},
        {"{\"a\": 1.5}", "", "'a' is not an integer"},
        {"{\"a\": -1}", "", "has id -1"},
        {"{\"a\": 16777216}", "", "token 'a' has id 16777216, an id is 0 .. 16777215"},
        {"{\"a\": 99999999999999999999}", "", "V:1: "},
        {"{\"a\": 3, \"b\": 3}", "", "two tokens have id 3"},
        {"{\"a\\u0000\": 3}", "", "V:1: "},
        {"{\"a\": 0}", "#version: 0.2\na\n", "M:2: 'a' is not two tokens"},
        {"{\"a\": 0}", "a a a\n", "M:1: 'a a a' is not two tokens"},
        {"{\"a\": 0}", " a\n", "M:1: "},
        {"{\"a\": 0, \" a\": 1}", "a  a\n", "M:1: 'a  a' is not two tokens"},
        {"{\"a\": 0}", "a \n", "M:1: "},
        {"{\"a\": 0}", "a b\n", "M:1: token 'b' is not in V"},
        {"{\"a\": 0, \"b\": 1}", "a b\n", "M:1: the merged token 'ab' is not in V"},
        {"{\"a\": 0, \"b\": 1, \"ab\": 2}", "a b\na b",
         "M:2: the pair that makes 'ab' is there twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zg_tokenizer *tokenizer = NULL;
        struct zg_error err = {0};
        check_failure(open_text(&tokenizer, cases[i].vocab, cases[i].merges, &err), ZG_INPUT, &err,
                      cases[i].message);
        CU_ASSERT_PTR_NULL(tokenizer);
    }
    const struct zg_tokenizer_source nul = {"V", "{\"a\": 0}", 8, "M", "a\0a", 3};
    struct zg_tokenizer *tokenizer = NULL;
    struct zg_error err = {0};
    check_failure(zg_tokenizer_open_memory(&tokenizer, &nul, &err), ZG_INPUT, &err,
                  "M:1: a NUL byte");
}

static void test_files(void)
{
    char dir[64];
    make_temp_dir(dir);
    struct zg_tokenizer *tokenizer = NULL;
    struct zg_error err = {0};
    check_failure(zg_tokenizer_open(&tokenizer, dir, &err), ZG_INPUT, &err,
                  "vocab.json and merges.txt are missing");
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "--tokenizer DIR"));
    write_temp_file(dir, "vocab.json", "{\"a\": 0}\n", 9);
    zg_error_clear(&err);
    check_failure(zg_tokenizer_open(&tokenizer, dir, &err), ZG_INPUT, &err,
                  "merges.txt is missing beside vocab.json");
    write_temp_file(dir, "merges.txt", "\r\n\n", 3);
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_tokenizer_open(&tokenizer, dir, &err), ZG_OK);
    zg_tokenizer_close(&tokenizer);
    /* A mark at the start of either is skipped; another kind of file is named. */
    write_temp_file(dir, "vocab.json", "\xef\xbb\xbf{\"a\": 0, \"aa\": 1}", 20);
    write_temp_file(dir, "merges.txt", "\xef\xbb\xbf#version: 0.2\na a\n", 21);
    CU_ASSERT_EQUAL(zg_tokenizer_open(&tokenizer, dir, &err), ZG_OK);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    zg_tokenizer_close(&tokenizer);
    write_temp_file(dir, "merges.txt",
                    "\xff\xfe"
                    "a\0",
                    4);
    check_failure(zg_tokenizer_open(&tokenizer, dir, &err), ZG_INPUT, &err,
                  "merges.txt: this is UTF-16");
    zg_error_clear(&err);
    check_failure(zg_tokenizer_open_files(&tokenizer, dir, temp_path(dir, "merges.txt"), &err),
                  ZG_INPUT, &err, "not a regular file");
    remove_temp_dir(dir);
}

/* What lies there in place of the two files is named. */
static void test_other_files(void)
{
    static const struct {
        const char *file, *words;
    } cases[] = {
        {"encoder.json", "rename both"},
        {"vocab.bpe", "old name of merges.txt"},
        {"vocab.txt", "WordPiece"},
        {"tokenizer.model", "SentencePiece"},
        {"spiece.model", "SentencePiece"},
        {"merges.txt", "vocab.json is missing beside"},
        {"tokenizer.json", "tokenizer.json: no \"model\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char dir[64];
        make_temp_dir(dir);
        struct zg_tokenizer *tokenizer = NULL;
        struct zg_error err = {0};
        write_temp_file(dir, cases[i].file, "{}", 2);
        check_failure(zg_tokenizer_open(&tokenizer, dir, &err), ZG_INPUT, &err, cases[i].words);
        CU_ASSERT_PTR_NULL(tokenizer);
        remove_temp_dir(dir);
    }
}

/* Of what encodes, not of how a file is written. */
static void test_fingerprint(void)
{
    static const char same[] = "{\"b\": 1, \"ab\": 2,\n \"a\": 0, \"ba\": 3}";
    static const struct {
        const char *vocab, *merges;
        bool alike;
    } others[] = {
        {"{\"a\": 0, \"b\": 1, \"ab\": 2, \"ba\": 3}", "a b\nb a\n", true},
        {same, "#version: 0.2\na b\r\n\nb a", true},
        {same, "b a\na b\n", false},
        {same, "a b\n", false},
        {"{\"a\": 1, \"b\": 0, \"ab\": 2, \"ba\": 3}", "a b\nb a\n", false},
        {"{\"a\": 0, \"b\": 1, \"ab\": 2, \"ba\": 3, \"c\": 4}", "a b\nb a\n", false},
    };
    struct zg_tokenizer *first = NULL, *other = NULL;
    CU_ASSERT_EQUAL_FATAL(open_text(&first, same, "a b\nb a\n", NULL), ZG_OK);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        CU_ASSERT_EQUAL_FATAL(open_text(&other, others[i].vocab, others[i].merges, NULL), ZG_OK);
        CU_ASSERT_EQUAL(zg_tokenizer_fingerprint(first) == zg_tokenizer_fingerprint(other),
                        others[i].alike);
        zg_tokenizer_close(&other);
    }
    zg_tokenizer_close(&first);
}

/* Words of 4 MiB of each kind: a quadratic merge, or a pattern that backtracks, would take hours
 * here. */
static void test_long_words(void)
{
    enum { N = 4 << 20 };
    struct zg_tokenizer *tokenizer = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(zg_tokenizer_open_embedded(&tokenizer, &err), ZG_OK);
    char *text = malloc(N);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    static const char *const fills[] = {"a", "ab", "the", " ", "1", "!", " \n", "'s", "a ", "!'"};
    for (size_t f = 0; f < sizeof fills / sizeof *fills; f++) {
        const size_t period = strlen(fills[f]);
        for (size_t i = 0; i < N; i++)
            text[i] = fills[f][i % period];
        struct zg_tokens tokens = {0};
        CU_ASSERT_EQUAL(zg_tokenizer_encode(tokenizer, text, N, &tokens, &err), ZG_OK);
        CU_ASSERT_TRUE(tokens.n > 0 && tokens.n <= N);
        zg_tokens_free(&tokens);
    }
    free(text);
    zg_tokenizer_close(&tokenizer);
}

/* Every byte, halves of characters, what stands for nothing. */
static void test_decode(void)
{
    static const char vocab[] =
        "{\"<s>\": 0, \"<pad>\": 1, \"</s>\": 2, \"<unk>\": 3, \"\\u0120the\": 4, \"\\u010a\": 5,"
        " \"\u00c3\": 6, \"\u00a9\": 7, \"\\u4e2dx\": 9, \"\\u0143\": 10, \"\\u0144\": 11,"
        " \"\\ud83d\\ude00\": 12, \"<s>x\": 13}";
    static const struct {
        int32_t ids[8];
        int64_t n;
        const char *want;
    } cases[] = {
        {{4, 5}, 2, " the\n"},
        {{6, 7}, 2, "\xc3\xa9"}, /* one character in two tokens */
        {{7}, 1, "\xa9"},
        {{0, 4, 1, 2, 3}, 5, " the"},                  /* special tokens */
        {{8, -1, 14, INT32_MAX, 5}, 5, "\n"},          /* no tokens */
        {{9, 12}, 2, "\xe4\xb8\xadx\xf0\x9f\x98\x80"}, /* none of the alphabet */
        {{10}, 1, "\xad"},                             /* its last letter, and the next one */
        {{11}, 1, "\xc5\x84"},
        {{13}, 1, "<s>x"},
        {{0}, 0, ""},
    };
    struct zg_tokenizer *tokenizer = NULL;
    CU_ASSERT_EQUAL_FATAL(open_text(&tokenizer, vocab, "", NULL), ZG_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zg_text text = {0};
        CU_ASSERT_EQUAL(zg_text_append(&text, "=", 1, NULL), ZG_OK);
        CU_ASSERT_EQUAL(zg_tokenizer_decode(tokenizer, cases[i].ids, cases[i].n, &text, NULL),
                        ZG_OK);
        CU_ASSERT_EQUAL_FATAL(text.n, 1 + (int64_t)strlen(cases[i].want));
        CU_ASSERT_EQUAL(memcmp(text.bytes + 1, cases[i].want, strlen(cases[i].want)), 0);
        zg_text_free(&text);
    }
    zg_tokenizer_close(&tokenizer);

    CU_ASSERT_EQUAL_FATAL(zg_tokenizer_open_embedded(&tokenizer, NULL), ZG_OK);
    char all[256];
    struct zg_tokens tokens = {0};
    struct zg_text text = {0};
    for (int i = 0; i < 128; i++)
        all[i] = (char)i;
    CU_ASSERT_EQUAL(zg_tokenizer_encode(tokenizer, all, 128, &tokens, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_tokenizer_decode(tokenizer, tokens.ids, tokens.n, &text, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(text.n, 128);
    CU_ASSERT_EQUAL(memcmp(text.bytes, all, 128), 0);
    zg_tokens_free(&tokens);
    zg_text_free(&text);
    zg_tokenizer_close(&tokenizer);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"the alphabet", test_alphabet},
        {"just allowed", test_just_allowed},
        {"words and merges", test_words_and_merges},
        {"ids decode to bytes", test_decode},
        {"encode appends or leaves the list alone", test_append},
        {"characters only", test_characters_only},
        {"hostile vocab.json and merges.txt", test_hostile_files},
        {"files", test_files},
        {"a directory without them", test_other_files},
        {"fingerprints", test_fingerprint},
        {"words of 4 MiB", test_long_words},
        {0}};
    return zg_test_run("tokenizer", tests);
}
