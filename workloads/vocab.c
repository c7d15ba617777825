/* vocab.c - a vocabulary and merges become the tables that tokenizer.c uses: from vocab.json
 * (jansson) and merges.txt here, from one file in tokenizer_json.c.  Which files a directory has is
 * tokenizer_dir.c's. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "engines/base/json_memory.h"
#include "workloads/embedded/embedded.h"
#include "workloads/file.h"
#include "workloads/tokenizer_tables.h"

#define MAX_ID ((json_int_t)1 << 24)

/* A code below U+0800 as UTF-8. */
static void write_code(int code, char text[3])
{
    if (code < 128) {
        text[0] = (char)code;
        text[1] = '\0';
    } else {
        text[0] = (char)(0xc0 | code >> 6);
        text[1] = (char)(0x80 | (code & 0x3f));
        text[2] = '\0';
    }
}

static int32_t find_id(const json_t *vocab, const char *token)
{
    const json_t *id = json_object_get(vocab, token);
    return id ? (int32_t)json_integer_value(id) : -1;
}

/* Every value an id of its own in [0, MAX_ID); the fingerprint of them all. */
static enum zg_status check_ids(struct zg_tokenizer *tokenizer, json_t *vocab, struct zg_error *err)
{
    const char *token;
    json_t *value;
    json_int_t largest = -1;
    json_object_foreach(vocab, token, value)
    {
        if (!json_is_integer(value))
            return zg_fail(err, ZG_INPUT, "%s: the id of token '%s' is not an integer",
                           tokenizer->name, token);
        const json_int_t id = json_integer_value(value);
        if (id < 0 || id >= MAX_ID)
            return zg_fail(err, ZG_INPUT, "%s: token '%s' has id %lld, an id is 0 .. %lld",
                           tokenizer->name, token, (long long)id, (long long)MAX_ID - 1);
        if (id > largest)
            largest = id;
    }
    if (largest < 0)
        return zg_fail(err, ZG_INPUT, "%s: no token in it", tokenizer->name);
    tokenizer->n_vocab = (int64_t)largest + 1;

    enum zg_status status = ZG_OK;
    unsigned char *seen = calloc((size_t)tokenizer->n_vocab, 1);
    if (!seen)
        return zg_fail(err, ZG_ENV, "%s: no memory for %lld ids", tokenizer->name,
                       (long long)tokenizer->n_vocab);
    json_object_foreach(vocab, token, value)
    {
        const json_int_t id = json_integer_value(value);
        if (seen[id]) {
            status = zg_fail(err, ZG_INPUT, "%s: two tokens have id %lld, the second is '%s'",
                             tokenizer->name, (long long)id, token);
            break;
        }
        seen[id] = 1;
        /* a sum, for an object has its members in any order */
        tokenizer->vocab_print += XXH3_64bits_withSeed(token, strlen(token), (XXH64_hash_t)id);
    }
    free(seen);
    return status;
}

enum zg_status zg_vocab_take(struct zg_tokenizer *tokenizer, json_t *vocab, struct zg_error *err)
{
    if (!json_is_object(vocab))
        return zg_fail(err, ZG_INPUT, "%s: must be one object, token to id", tokenizer->name);
    int code[256];
    const enum zg_status status = check_ids(tokenizer, vocab, err);
    zg_vocab_alphabet(code);
    for (int byte = 0; byte < 256; byte++) {
        char text[3];
        write_code(code[byte], text);
        tokenizer->byte_id[byte] = find_id(vocab, text);
    }
    return status ? status : zg_vocab_texts(tokenizer, vocab, err);
}

static enum zg_status read_vocab(struct zg_tokenizer *tokenizer, json_t **vocab, const char *bytes,
                                 int64_t n_bytes, struct zg_error *err)
{
    json_error_t error;
    *vocab = zg_json_read(bytes, (size_t)n_bytes, &error);
    if (!*vocab)
        return zg_fail(err, ZG_INPUT, "%s:%d: %s", tokenizer->name, error.line, error.text);
    return zg_vocab_take(tokenizer, *vocab, err);
}

enum zg_status zg_vocab_merge(struct zg_tokenizer *tokenizer, const json_t *vocab, char *line,
                              size_t n, int32_t rank, const char *where, int64_t line_number,
                              struct zg_error *err)
{
    char *space = memchr(line, ' ', n);
    if (!space || space == line || space == line + n - 1 ||
        memchr(space + 1, ' ', (size_t)(line + n - space - 1)))
        return zg_fail(err, ZG_INPUT, "%s:%lld: '%.80s' is not two tokens with a blank between",
                       where, (long long)line_number, line);
    *space = '\0';
    const int32_t left = find_id(vocab, line), right = find_id(vocab, space + 1);
    if (left < 0 || right < 0)
        return zg_fail(err, ZG_INPUT, "%s:%lld: token '%.80s' is not in %s", where,
                       (long long)line_number, left < 0 ? line : space + 1, tokenizer->name);
    memmove(space, space + 1, (size_t)(line + n - space)); /* the NUL comes along */
    const int32_t merged = find_id(vocab, line);
    if (merged < 0)
        return zg_fail(err, ZG_INPUT, "%s:%lld: the merged token '%.80s' is not in %s", where,
                       (long long)line_number, line, tokenizer->name);
    if (!zg_bpe_add(&tokenizer->bpe, left, right, rank, merged))
        return zg_fail(err, ZG_INPUT, "%s:%lld: the pair that makes '%.80s' is there twice", where,
                       (long long)line_number, line);
    const int32_t merge[] = {left, right};
    tokenizer->merges_print = XXH3_64bits_withSeed(merge, sizeof merge, tokenizer->merges_print);
    return ZG_OK;
}

/* text [n_bytes], ended by a NUL, which it cuts up. */
static enum zg_status read_merges(struct zg_tokenizer *tokenizer, const json_t *vocab, char *text,
                                  int64_t n_bytes, const char *where, struct zg_error *err)
{
    char *const end = text + n_bytes;
    int64_t n_lines = 1;
    for (const char *c = text; c < end; c++)
        n_lines += *c == '\n';
    enum zg_status status = zg_bpe_open(&tokenizer->bpe, n_lines, err);
    int64_t line_number = 0;
    int32_t rank = 0;
    for (char *line = text, *next; line < end && !status; line = next) {
        char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop)
            stop = end;
        next = stop + 1;
        line_number++;
        if (stop > line && stop[-1] == '\r')
            stop--;
        *stop = '\0';
        const size_t n = (size_t)(stop - line);
        if (memchr(line, '\0', n))
            status =
                zg_fail(err, ZG_INPUT, "%s:%lld: a NUL byte in it", where, (long long)line_number);
        else if (n == 0 || (line_number == 1 && strncmp(line, "#version", 8) == 0))
            continue;
        else
            status = zg_vocab_merge(tokenizer, vocab, line, n, rank++, where, line_number, err);
    }
    return status;
}

enum zg_status zg_tokenizer_open_memory(struct zg_tokenizer **out,
                                        const struct zg_tokenizer_source *source,
                                        struct zg_error *err)
{
    *out = NULL;
    enum zg_status status = ZG_OK;
    json_t *vocab = NULL;
    char *merges = NULL;
    struct zg_tokenizer *tokenizer = calloc(1, sizeof *tokenizer);
    if (tokenizer)
        tokenizer->name = strdup(source->vocab_name);
    if (source->n_vocab_bytes > ZG_TOKENIZER_MAX_FILE_BYTES ||
        source->n_merges_bytes > ZG_TOKENIZER_MAX_FILE_BYTES) {
        status =
            zg_fail(err, ZG_INPUT, "%s, %s: at most %lld bytes each are read", source->vocab_name,
                    source->merges_name, (long long)ZG_TOKENIZER_MAX_FILE_BYTES);
        goto done;
    }
    merges = malloc((size_t)source->n_merges_bytes + 1);
    if (!tokenizer || !tokenizer->name || !merges) {
        status = zg_fail(err, ZG_ENV, "%s: no memory for the tokenizer", source->vocab_name);
        goto done;
    }
    if (source->n_merges_bytes > 0)
        memcpy(merges, source->merges, (size_t)source->n_merges_bytes);
    merges[source->n_merges_bytes] = '\0';

    status = read_vocab(tokenizer, &vocab, source->vocab, source->n_vocab_bytes, err);
    if (!status)
        status =
            read_merges(tokenizer, vocab, merges, source->n_merges_bytes, source->merges_name, err);
    if (!status)
        status = zg_tokenizer_compile(tokenizer, err);
    if (!status) {
        *out = tokenizer;
        tokenizer = NULL;
    }
done:
    json_decref(vocab);
    free(merges);
    zg_tokenizer_close(&tokenizer);
    return status;
}

enum zg_status zg_tokenizer_open_files(struct zg_tokenizer **out, const char *vocab_path,
                                       const char *merges_path, struct zg_error *err)
{
    *out = NULL;
    char *vocab = NULL, *merges = NULL;
    struct zg_tokenizer_source source = {.vocab_name = vocab_path, .merges_name = merges_path};
    enum zg_status status =
        zg_file_read(&vocab, &source.n_vocab_bytes, vocab_path, ZG_TOKENIZER_MAX_FILE_BYTES, err);
    if (!status)
        status = zg_file_read(&merges, &source.n_merges_bytes, merges_path,
                              ZG_TOKENIZER_MAX_FILE_BYTES, err);
    source.vocab = vocab;
    source.merges = merges;
    if (!status)
        status = zg_tokenizer_open_memory(out, &source, err);
    free(vocab);
    free(merges);
    return status;
}

enum zg_status zg_tokenizer_open_embedded(struct zg_tokenizer **out, struct zg_error *err)
{
    const struct zg_embedded_file *vocab = &zg_embedded_vocab, *merges = &zg_embedded_merges;
    const struct zg_tokenizer_source source = {.vocab_name = vocab->name,
                                               .vocab = vocab->bytes,
                                               .n_vocab_bytes = vocab->n_bytes,
                                               .merges_name = merges->name,
                                               .merges = merges->bytes,
                                               .n_merges_bytes = merges->n_bytes};
    return zg_tokenizer_open_memory(out, &source, err);
}
