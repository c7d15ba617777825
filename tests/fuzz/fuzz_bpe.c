/*
 * fuzz_bpe.c - vocab.json, merges.txt and the text to encode, one after another with a NUL between.
 *
 * Encoding must give ids of the vocabulary, not more than there are bytes, or a message and an
 * untouched list.
 */
#include <stdlib.h>
#include <string.h>

#include "workloads/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode(const struct zg_tokenizer *tokenizer, const char *text, size_t n)
{
    struct zg_tokens tokens = {0};
    struct zg_error err = {0};
    const enum zg_status status = zg_tokenizer_encode(tokenizer, text, (int64_t)n, &tokens, &err);
    if ((status == ZG_OK) != (err.text[0] == '\0') ||
        (status && (status != ZG_INPUT || tokens.n != 0)))
        abort();
    if (tokens.n > (int64_t)n || (!status && n > 0 && tokens.n == 0))
        abort();
    for (int64_t i = 0; i < tokens.n; i++)
        if (tokens.ids[i] < 0 || tokens.ids[i] >= zg_tokenizer_n_vocab(tokenizer))
            abort();
    zg_tokens_free(&tokens);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct zg_tokenizer *embedded; /* opened once: libFuzzer calls from one thread */
    if (!embedded && zg_tokenizer_open_embedded(&embedded, NULL))
        abort();
    encode(embedded, (const char *)data, size);

    const char *parts[3] = {(const char *)data, "", ""};
    size_t n[3] = {size, 0, 0};
    for (int p = 0; p < 2; p++) {
        const char *nul = n[p] ? memchr(parts[p], '\0', n[p]) : NULL;
        if (!nul)
            break;
        parts[p + 1] = nul + 1;
        n[p + 1] = n[p] - (size_t)(nul + 1 - parts[p]);
        n[p] = (size_t)(nul - parts[p]);
    }
    const struct zg_tokenizer_source source = {"V", parts[0], (int64_t)n[0],
                                               "M", parts[1], (int64_t)n[1]};
    struct zg_tokenizer *tokenizer = NULL;
    struct zg_error err = {0};
    const enum zg_status status = zg_tokenizer_open_memory(&tokenizer, &source, &err);
    if ((status == ZG_OK) != (tokenizer != NULL) || (status == ZG_OK) != (err.text[0] == '\0') ||
        (status && status != ZG_INPUT))
        abort();
    if (tokenizer)
        encode(tokenizer, parts[2], n[2]);
    zg_tokenizer_close(&tokenizer);
    return 0;
}
