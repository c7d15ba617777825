/*
 * prompt.h - one filled template and its options as token sequences; the rules are in dataset.h.
 */
#ifndef ZG_WORKLOADS_PROMPT_H
#define ZG_WORKLOADS_PROMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"
#include "workloads/text.h"
#include "workloads/tokenizer.h"

struct zg_prompt { /* one row's tokens; all zero is empty, and it is reused from row to row */
    struct zg_tokens tokens; /* the stem, then the scored tokens of each option */
    int64_t n_stem;
    int64_t *n_option_tokens; /* [n_options] */
    int64_t n_options, capacity;
    bool was_cut;              /* the stem lost tokens behind BOS */
    struct zg_text full;       /* scratch */
    struct zg_tokens sequence; /* scratch */
};
void zg_prompt_free(struct zg_prompt *prompt);

struct zg_prompt_rules {
    const struct zg_tokenizer *tokenizer;
    int32_t bos; /* a token id, or negative: none */
    int64_t max_length;
    int64_t n_vocab;
    int64_t n_kept_free; /* of max_length, for tokens that are generated behind the prompt */
    bool cut;            /* the beginning of what is too long, instead of refusing it */
};

/* The task objective: `text` is the filled template, untouched, options [n_options] what follows
 * it. */
enum zg_status zg_prompt_encode(struct zg_prompt *out, const struct zg_prompt_rules *rules,
                                struct zg_slice text, const struct zg_slice *options,
                                int64_t n_options, struct zg_error *err);
/* The language-model objective over the text itself: one option. */
enum zg_status zg_prompt_encode_lm(struct zg_prompt *out, const struct zg_prompt_rules *rules,
                                   struct zg_slice text, struct zg_error *err);

#endif
