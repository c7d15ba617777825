/* characters.h - a tokenizer of one token a character, so that tests read token ids as text. */
#ifndef ZG_TESTS_WORKLOADS_CHARACTERS_H
#define ZG_TESTS_WORKLOADS_CHARACTERS_H

#include <stdio.h>
#include <string.h>

#include "tests/support/cunit_run.h"
#include "workloads/tokenizer.h"

/* Printable ASCII: id = 4 + code - 32: blank is 4, 'a' is 69; line feed is above
 * them. */
enum { CHARACTERS_N_VOCAB = 100, CHARACTERS_LF = 99 };

static inline int32_t character_id(char c)
{
    return c == '\n' ? CHARACTERS_LF : c == '^' ? ZG_TOKEN_BOS : (int32_t)(4 + c - ' ');
}

static inline struct zg_tokenizer *open_character_tokenizer(void)
{
    char vocab[2048] = "{\"\\u0120\": 4, \"\\u010a\": 99";
    for (int c = '!'; c <= '~'; c++)
        sprintf(vocab + strlen(vocab), c == '"' || c == '\\' ? ", \"\\%c\": %d" : ", \"%c\": %d", c,
                4 + c - ' ');
    strcat(vocab, "}");
    const struct zg_tokenizer_source source = {"V", vocab, (int64_t)strlen(vocab), "M", "", 0};
    struct zg_tokenizer *tokenizer = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_tokenizer_open_memory(&tokenizer, &source, NULL), ZG_OK);
    return tokenizer;
}

/* The tokens are those of the text, ^ for BOS. */
static inline void check_characters(const int32_t *got, int64_t n, const char *want)
{
    int same = n == (int64_t)strlen(want);
    for (int64_t i = 0; i < n && same; i++)
        same = got[i] == character_id(want[i]);
    CU_ASSERT_TRUE(same);
    if (same)
        return;
    printf("\n    wanted '%s'\n    got    '", want);
    for (int64_t i = 0; i < n; i++)
        putchar(got[i] == CHARACTERS_LF ? '\n' : got[i] == ZG_TOKEN_BOS ? '^' : got[i] - 4 + ' ');
    puts("'");
}

#endif
