/* tokenizer_tables.h - inside of a tokenizer: what tokenizer.c encodes with, and how the readers of
 * its files (vocab.c, tokenizer_json.c) fill it. */
#ifndef ZG_WORKLOADS_TOKENIZER_TABLES_H
#define ZG_WORKLOADS_TOKENIZER_TABLES_H

#include <jansson.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdint.h>

#include "workloads/bpe.h"
#include "workloads/tokenizer.h"

struct zg_tokenizer {
    char *name;           /* of the vocabulary, for messages */
    int32_t byte_id[256]; /* -1: the vocabulary has no such byte */
    struct zg_bpe bpe;
    int64_t n_vocab;
    uint64_t vocab_print, merges_print; /* zg_tokenizer_fingerprint() is of both */
    pcre2_code *words;                  /* the pattern that cuts text into words */
    char *texts;                        /* the bytes of every token, one after another */
    uint32_t *text_at;                  /* [n_vocab + 1] where each id's begin */
};

/* Compiles the word pattern. */
enum zg_status zg_tokenizer_compile(struct zg_tokenizer *tokenizer, struct zg_error *err);

#define ZG_TOKENIZER_MAX_FILE_BYTES (INT64_C(64) << 20)

/* GPT-2's byte-to-unicode alphabet (vocab_text.c): printable Latin-1 stands for itself, the other
 * 68 bytes, in order, are U+0100 and up, so that no token holds a blank or a control character. */
void zg_vocab_alphabet(int code[256]);
/* What each id decodes to (vocab_text.c); the ids have been checked. */
enum zg_status zg_vocab_texts(struct zg_tokenizer *tokenizer, json_t *vocab, struct zg_error *err);

/* Takes the ids of the vocabulary, an object of token to id; borrowed. */
enum zg_status zg_vocab_take(struct zg_tokenizer *tokenizer, json_t *vocab, struct zg_error *err);
/* Takes a merge, the line "LEFT RIGHT" [n], ended by a NUL, which it cuts up; messages begin with
 * WHERE:LINE_NUMBER. */
enum zg_status zg_vocab_merge(struct zg_tokenizer *tokenizer, const json_t *vocab, char *line,
                              size_t n, int32_t rank, const char *where, int64_t line_number,
                              struct zg_error *err);

/* tokenizer.json of Hugging Face's tokenizers, from memory (tokenizer_json.c). */
enum zg_status zg_tokenizer_open_json(struct zg_tokenizer **out, const char *name,
                                      const char *bytes, int64_t n_bytes, struct zg_error *err);

#endif
