/*
 * tokenizer.h - byte-level BPE as GPT-2 and OPT use it: text -> token ids, equal to the reference
 * tokenizers.
 *
 *     struct zg_tokenizer *tokenizer = NULL;
 *     struct zg_tokens tokens = {0};
 *     if (!zg_tokenizer_open(&tokenizer, "opt-125m", &err) &&       // vocab.json, merges.txt
 *         !zg_tokenizer_encode(tokenizer, " great", 6, &tokens, &err))
 *         printf("%d\n", tokens.ids[0]);                            // 372 with OPT's files
 *     zg_tokens_free(&tokens);
 *     zg_tokenizer_close(&tokenizer);
 *
 * What encode() does: PCRE2 (UTF, UCP) cuts the text into words by GPT-2's pattern; a word's bytes
 * become tokens; then, again and again, the adjacent pair that stands first in merges.txt is merged
 * wherever it occurs in the word, left to right. No beginning-of-sequence token is added, and no
 * special token is recognised in text: `</s>` is five characters.
 *
 * The time is O(n log n) in the bytes of the text, also for hostile text such as one word of many
 * megabytes.
 *
 * Threads: after open, any number of threads may encode with one tokenizer.
 */
#ifndef ZG_WORKLOADS_TOKENIZER_H
#define ZG_WORKLOADS_TOKENIZER_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"
#include "workloads/text.h"

struct zg_tokenizer;

/* Special tokens of the OPT layout; their ids are a convention of the models, not something
 * encode() emits. */
enum {
    ZG_TOKEN_BOS = 0, /* <s> */
    ZG_TOKEN_PAD = 1, /* <pad> */
    ZG_TOKEN_EOS = 2, /* </s> */
    ZG_TOKEN_UNK = 3, /* <unk> */
};

/* Reads DIR/vocab.json and DIR/merges.txt, or where one of them is missing DIR/tokenizer.json.
 *
 * vocab.json: one object, token -> id.  merges.txt: an optional first line `#version...`, then one
 * pair a line.  Tokens are written in GPT-2's byte-to-unicode alphabet.  A vocabulary need not have
 * all 256 bytes (a character-level model has few, and an empty merges.txt): text with a byte that
 * has no token is then refused.
 *
 * tokenizer.json: a byte-level BPE that cuts words by GPT-2's pattern, as transformers saves a fast
 * GPT-2 or OPT tokenizer.  What would give other ids is refused by name: another model, a
 * normalizer, another pre-tokenizer, added tokens that are no special ones.
 *
 * ZG_INPUT: a file is missing, over 64 MiB, malformed, has duplicate keys, a negative, repeated or
 * huge id (2^24 and more), or a merge whose parts or result are not in the vocabulary.  ZG_ENV: no
 * memory.  On failure *out is NULL. */
enum zg_status zg_tokenizer_open(struct zg_tokenizer **out, const char *dir, struct zg_error *err);
enum zg_status zg_tokenizer_open_files(struct zg_tokenizer **out, const char *vocab_path,
                                       const char *merges_path, struct zg_error *err);

struct zg_tokenizer_source { /* the same from memory; borrowed during open only */
    const char *vocab_name;  /* for messages */
    const char *vocab;       /* [n_vocab_bytes] */
    int64_t n_vocab_bytes;
    const char *merges_name;
    const char *merges; /* [n_merges_bytes] */
    int64_t n_merges_bytes;
};
enum zg_status zg_tokenizer_open_memory(struct zg_tokenizer **out,
                                        const struct zg_tokenizer_source *source,
                                        struct zg_error *err);

/* The tokenizer inside the binary, trained on the embedded task: no file is read. */
enum zg_status zg_tokenizer_open_embedded(struct zg_tokenizer **out, struct zg_error *err);

/* NULL and a pointer to NULL are fine. */
void zg_tokenizer_close(struct zg_tokenizer **tokenizer);

/* One more than the largest id: what the model's vocabulary must at least be. */
int64_t zg_tokenizer_n_vocab(const struct zg_tokenizer *tokenizer);

/* One number (XXH3) of the tokens with their ids and of the merges in their order, whichever files
 * they were read from: two tokenizers that have it in common cut any text alike. */
uint64_t zg_tokenizer_fingerprint(const struct zg_tokenizer *tokenizer);

struct zg_tokens { /* a growing list; all zero is empty */
    int32_t *ids;
    int64_t n;
    int64_t capacity;
};
enum zg_status zg_tokens_append(struct zg_tokens *tokens, int32_t id,
                                struct zg_error *err); /* ZG_ENV: no memory */
void zg_tokens_free(struct zg_tokens *tokens);

/* Appends the tokens of text[n_bytes] to *out; NUL bytes are text like any other.
 * ZG_INPUT: invalid UTF-8 (the message has the byte offset), or a byte without a token; *out then
 * keeps its former content. ZG_ENV: no memory. */
enum zg_status zg_tokenizer_encode(const struct zg_tokenizer *tokenizer, const char *text,
                                   int64_t n_bytes, struct zg_tokens *out, struct zg_error *err);

/* Appends what ids [n] stand for to *out: the bytes of each, where a character may begin in one
 * token and end in the next.  Special tokens of the OPT layout and ids without a token stand for
 * nothing.  ZG_ENV: no memory. */
enum zg_status zg_tokenizer_decode(const struct zg_tokenizer *tokenizer, const int32_t *ids,
                                   int64_t n, struct zg_text *out, struct zg_error *err);

#endif
