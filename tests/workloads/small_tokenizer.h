/* small_tokenizer.h - a tokenizer of a few words, and texts through it: what its tests share. */
#ifndef ZG_TESTS_SMALL_TOKENIZER_H
#define ZG_TESTS_SMALL_TOKENIZER_H

#include <string.h>

#include "tests/support/cunit_run.h"
#include "workloads/tokenizer.h"

static inline enum zg_status open_text(struct zg_tokenizer **out, const char *vocab,
                                       const char *merges, struct zg_error *err)
{
    const struct zg_tokenizer_source source = {"V", vocab,  (int64_t)strlen(vocab),
                                               "M", merges, (int64_t)strlen(merges)};
    return zg_tokenizer_open_memory(out, &source, err);
}

/* The ids of the text, "1 2 3". */
static inline void encode_to(const struct zg_tokenizer *tokenizer, const char *text, char *out,
                             size_t size)
{
    struct zg_tokens tokens = {0};
    struct zg_error err = {0};
    out[0] = '\0';
    if (zg_tokenizer_encode(tokenizer, text, (int64_t)strlen(text), &tokens, &err))
        snprintf(out, size, "%.*s", (int)size - 1, err.text);
    for (int64_t i = 0, used = 0; i < tokens.n; i++)
        used += snprintf(out + used, size - (size_t)used, i ? " %d" : "%d", tokens.ids[i]);
    zg_tokens_free(&tokens);
}

/* a, b, blank, ', s, t, 1, !, tab, line feed, and merges that show where words end: "a a" never
 * crosses a boundary. */
static const char small_vocab[] =
    "{\"<s>\": 0, \"a\": 1, \"b\": 2, \"\\u0120\": 3, \"'\": 4, \"s\": 5, \"1\": 6, \"!\": 7,"
    " \"\\u0109\": 8, \"\\u010a\": 9, \"ab\": 10, \"\\u0120a\": 11, \"\\u0120ab\": 12,"
    " \"'s\": 13, \"11\": 14, \"!!\": 15, \"\\u0120\\u0120\": 16, \"1a\": 17,"
    " \"\\u0120!\": 18, \"\\u010a\\u010a\": 19, \"s'\": 20, \"!1\": 21}";
static const char small_merges[] =
    "#version: 0.2\n\u0120 a\na b\n\u0120a b\n' s\n1 1\n! !\n\u0120 \u0120\n1 a\n\u0120 !\n"
    "\u010a \u010a\ns '\n! 1\n";

#endif
