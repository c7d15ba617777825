/* tokenizer_tables.h - inside of a tokenizer, shared by its two files: tokenizer.c and vocab.c. */
#ifndef ZG_WORKLOADS_TOKENIZER_TABLES_H
#define ZG_WORKLOADS_TOKENIZER_TABLES_H

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
    pcre2_code *words; /* the pattern that cuts text into words */
};

/* Compiles the word pattern. */
enum zg_status zg_tokenizer_compile(struct zg_tokenizer *tokenizer, struct zg_error *err);

#endif
