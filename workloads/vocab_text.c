/* vocab_text.c - from ids back to bytes: a token's characters, each a byte of GPT-2's alphabet. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/tokenizer_tables.h"

enum { N_CODES = 256 + 68 }; /* of the alphabet */

void zg_vocab_alphabet(int code[256])
{
    int n_others = 0;
    for (int byte = 0; byte < 256; byte++) {
        const bool printable =
            (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
        code[byte] = printable ? byte : 256 + n_others++;
    }
}

/* The code of the UTF-8 character (jansson lets no other text in) at *c, which moves past it. */
static int next_code(const unsigned char **c)
{
    const unsigned char first = *(*c)++;
    int code = first < 0x80   ? first
               : first < 0xe0 ? first & 0x1f
               : first < 0xf0 ? first & 0x0f
                              : first & 0x07;
    for (; (**c & 0xc0) == 0x80; (*c)++)
        code = code << 6 | (**c & 0x3f);
    return code;
}

static bool is_special(const char *token)
{
    static const char *const special[] = {"<s>", "<pad>", "</s>", "<unk>"};
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (strcmp(token, special[i]) == 0)
            return true;
    return false;
}

/* Bytes of a token to `out`, unless that is NULL; returns how many.  A character that is none of
 * the alphabet's stays as it is. */
static uint32_t write_token(const char *token, const int byte_of[N_CODES], char *out)
{
    uint32_t n = 0;
    if (is_special(token))
        return 0;
    for (const unsigned char *c = (const unsigned char *)token, *begin; *c;) {
        begin = c;
        const int code = next_code(&c);
        if (code < N_CODES && byte_of[code] >= 0) {
            if (out)
                out[n] = (char)byte_of[code];
            n++;
        } else {
            if (out)
                memcpy(out + n, begin, (size_t)(c - begin));
            n += (uint32_t)(c - begin);
        }
    }
    return n;
}

enum zg_status zg_vocab_texts(struct zg_tokenizer *tokenizer, json_t *vocab, struct zg_error *err)
{
    int code[256], byte_of[N_CODES];
    zg_vocab_alphabet(code);
    memset(byte_of, -1, sizeof byte_of);
    for (int byte = 0; byte < 256; byte++)
        byte_of[code[byte]] = byte;

    const char *token;
    json_t *value;
    uint32_t *const at = calloc((size_t)tokenizer->n_vocab + 1, sizeof *at);
    tokenizer->text_at = at;
    if (at) {
        json_object_foreach(vocab, token, value) at[json_integer_value(value) + 1] =
            write_token(token, byte_of, NULL);
        for (int64_t id = 0; id < tokenizer->n_vocab; id++)
            at[id + 1] += at[id];
        tokenizer->texts = malloc((size_t)at[tokenizer->n_vocab] + 1);
    }
    if (!tokenizer->texts)
        return zg_fail(err, ZG_ENV, "%s: no memory for its tokens", tokenizer->name);
    json_object_foreach(vocab, token, value)
        write_token(token, byte_of, tokenizer->texts + at[json_integer_value(value)]);
    return ZG_OK;
}

enum zg_status zg_tokenizer_decode(const struct zg_tokenizer *tokenizer, const int32_t *ids,
                                   int64_t n, struct zg_text *out, struct zg_error *err)
{
    const uint32_t *const at = tokenizer->text_at;
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < n && !status; i++)
        if (ids[i] >= 0 && ids[i] < tokenizer->n_vocab)
            status = zg_text_append(out, tokenizer->texts + at[ids[i]],
                                    (int64_t)(at[ids[i] + 1] - at[ids[i]]), err);
    return status;
}
