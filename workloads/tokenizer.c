/*
 * tokenizer.c - encodes text: cuts it into words (PCRE2), maps their bytes to tokens, merges
 * (bpe.c). Reading vocab.json and merges.txt is vocab.c's part.
 */
#include "workloads/tokenizer.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "workloads/tokenizer_tables.h"

/* GPT-2's pattern.  Its \s is Unicode White_Space, written out because PCRE2's \s also takes
 * U+180E, which left White_Space with Unicode 6.3.  Some branch matches at every character, hence
 * ANCHORED: the words follow each other without gaps. */
#define SPACE "\\t-\\r\\x{85}\\p{Z}"
static const char pattern[] = "'s|'t|'re|'ve|'m|'ll|'d"
                              "| ?\\p{L}+| ?\\p{N}+| ?[^" SPACE "\\p{L}\\p{N}]+"
                              "|[" SPACE "]+(?![^" SPACE "])|[" SPACE "]+";

/* One text; word positions are int32_t. */
#define MAX_TEXT_BYTES (INT64_C(1) << 30)

enum zg_status zg_tokenizer_compile(struct zg_tokenizer *tokenizer, struct zg_error *err)
{
    int code;
    PCRE2_SIZE offset;
    tokenizer->words = pcre2_compile((PCRE2_SPTR)pattern, sizeof pattern - 1,
                                     PCRE2_UTF | PCRE2_UCP | PCRE2_ANCHORED, &code, &offset, NULL);
    if (!tokenizer->words) {
        unsigned char text[128];
        pcre2_get_error_message(code, text, sizeof text);
        return zg_fail(err, ZG_ENV, "PCRE2 lacks what the word pattern needs: %s", (char *)text);
    }
    /* Without JIT (refused by a hardened kernel, say) matching is slower and gives the same. */
    (void)pcre2_jit_compile(tokenizer->words, PCRE2_JIT_COMPLETE);
    return ZG_OK;
}

void zg_tokenizer_close(struct zg_tokenizer **tokenizer)
{
    if (!tokenizer || !*tokenizer)
        return;
    zg_bpe_close(&(*tokenizer)->bpe);
    pcre2_code_free((*tokenizer)->words);
    free((*tokenizer)->texts);
    free((*tokenizer)->text_at);
    free((*tokenizer)->name);
    free(*tokenizer);
    *tokenizer = NULL;
}

int64_t zg_tokenizer_n_vocab(const struct zg_tokenizer *tokenizer)
{
    return tokenizer->n_vocab;
}

uint64_t zg_tokenizer_fingerprint(const struct zg_tokenizer *tokenizer)
{
    const uint64_t prints[] = {tokenizer->vocab_print, tokenizer->merges_print};
    return XXH3_64bits(prints, sizeof prints);
}

static enum zg_status tokens_reserve(struct zg_tokens *tokens, int64_t n_more, struct zg_error *err)
{
    const int64_t needed = tokens->n + n_more;
    if (needed <= tokens->capacity)
        return ZG_OK;
    const int64_t doubled = 2 * tokens->capacity;
    const int64_t capacity = needed > doubled ? needed : doubled;
    int32_t *ids = realloc(tokens->ids, (size_t)capacity * sizeof *ids);
    if (!ids)
        return zg_fail(err, ZG_ENV, "no memory for %lld tokens", (long long)capacity);
    tokens->ids = ids;
    tokens->capacity = capacity;
    return ZG_OK;
}

enum zg_status zg_tokens_append(struct zg_tokens *tokens, int32_t id, struct zg_error *err)
{
    const enum zg_status status = tokens_reserve(tokens, 1, err);
    if (!status)
        tokens->ids[tokens->n++] = id;
    return status;
}

void zg_tokens_free(struct zg_tokens *tokens)
{
    free(tokens->ids);
    *tokens = (struct zg_tokens){0};
}

static enum zg_status match_failure(int code, const pcre2_match_data *match, struct zg_error *err)
{
    unsigned char text[128];
    pcre2_get_error_message(code, text, sizeof text);
    if (code <= PCRE2_ERROR_UTF8_ERR1 && code >= PCRE2_ERROR_UTF8_ERR21)
        return zg_fail(err, ZG_INPUT, "invalid UTF-8 at byte %zu of the text: %s",
                       (size_t)pcre2_get_startchar((pcre2_match_data *)match), (char *)text);
    return zg_fail(err, ZG_ENV, "PCRE2 cannot cut the text into words: %s", (char *)text);
}

/* Appends the tokens of text[begin..end), one word. */
static enum zg_status encode_word(const struct zg_tokenizer *tokenizer, const char *text,
                                  int64_t begin, int64_t end, struct zg_bpe_scratch *scratch,
                                  struct zg_tokens *out, struct zg_error *err)
{
    enum zg_status status = tokens_reserve(out, end - begin, err);
    if (status)
        return status;
    int32_t *ids = out->ids + out->n;
    for (int64_t i = begin; i < end; i++) {
        const unsigned char byte = (unsigned char)text[i];
        ids[i - begin] = tokenizer->byte_id[byte];
        if (tokenizer->byte_id[byte] < 0)
            return zg_fail(err, ZG_INPUT, "byte 0x%02x at byte %lld of the text has no token in %s",
                           byte, (long long)i, tokenizer->name);
    }
    int64_t n = end - begin;
    status = zg_bpe_merge(&tokenizer->bpe, ids, &n, scratch, err);
    if (!status)
        out->n += n;
    return status;
}

enum zg_status zg_tokenizer_encode(const struct zg_tokenizer *tokenizer, const char *text,
                                   int64_t n_bytes, struct zg_tokens *out, struct zg_error *err)
{
    if (n_bytes > MAX_TEXT_BYTES)
        return zg_fail(err, ZG_INPUT, "a text of %lld bytes: at most %lld are encoded at once",
                       (long long)n_bytes, (long long)MAX_TEXT_BYTES);
    enum zg_status status = ZG_OK;
    struct zg_bpe_scratch scratch = {0};
    const int64_t n_before = out->n;
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    if (!match)
        return zg_fail(err, ZG_ENV, "no memory to encode a text");
    uint32_t options = 0; /* the first call checks all of the text for UTF-8 */
    for (int64_t begin = 0; begin < n_bytes && !status;) {
        const int code = pcre2_match(tokenizer->words, (PCRE2_SPTR)text, (PCRE2_SIZE)n_bytes,
                                     (PCRE2_SIZE)begin, options, match, NULL);
        options = PCRE2_NO_UTF_CHECK;
        if (code < 0) {
            status = match_failure(code, match, err);
            break;
        }
        const int64_t end = (int64_t)pcre2_get_ovector_pointer(match)[1];
        status = encode_word(tokenizer, text, begin, end, &scratch, out, err);
        begin = end;
    }
    if (status)
        out->n = n_before;
    pcre2_match_data_free(match);
    zg_bpe_scratch_free(&scratch);
    return status;
}
