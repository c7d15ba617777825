/* prompt.c - encodes the text with each option as a whole, as a tokenizer would see it, and takes
 * its last tokens as the option's: as many as it has more than the text alone.  What stands before
 * them must be the same for all options of a row, for it is kept once. */
#include "workloads/prompt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/plural.h"
#include "engines/base/size.h"

void zg_prompt_free(struct zg_prompt *prompt)
{
    zg_tokens_free(&prompt->tokens);
    zg_tokens_free(&prompt->sequence);
    zg_text_free(&prompt->full);
    free(prompt->n_option_tokens);
    *prompt = (struct zg_prompt){0};
}

static enum zg_status reserve_options(struct zg_prompt *out, int64_t n, struct zg_error *err)
{
    if (n > out->capacity) {
        int64_t *grown = realloc(out->n_option_tokens, (size_t)n * sizeof *grown);
        if (!grown)
            return zg_fail(err, ZG_ENV, "no memory for %lld options", (long long)n);
        out->n_option_tokens = grown;
        out->capacity = n;
    }
    out->tokens.n = 0;
    out->n_stem = 0;
    out->n_options = n;
    out->was_cut = false;
    return ZG_OK;
}

static int64_t room(const struct zg_prompt_rules *rules)
{
    return rules->max_length - rules->n_kept_free;
}

static enum zg_status fail_length(const struct zg_prompt_rules *rules, int64_t n,
                                  struct zg_error *err)
{
    char free_tokens[64] = "";
    if (rules->n_kept_free > 0)
        snprintf(free_tokens, sizeof free_tokens, " less %lld to generate",
                 (long long)rules->n_kept_free);
    return zg_fail(
        err, ZG_INPUT,
        "a sequence of %lld tokens, the model takes at most %lld%s; --truncate left drops "
        "its beginning",
        (long long)n, (long long)rules->max_length, free_tokens);
}

/* out->sequence = BOS + tokens of the text, checked against the model. */
static enum zg_status encode_sequence(struct zg_prompt *out, const struct zg_prompt_rules *rules,
                                      struct zg_slice text, struct zg_error *err)
{
    struct zg_tokens *sequence = &out->sequence;
    sequence->n = 0;
    enum zg_status status = rules->bos >= 0 ? zg_tokens_append(sequence, rules->bos, err) : ZG_OK;
    if (!status)
        status = zg_tokenizer_encode(rules->tokenizer, text.bytes, text.n, sequence, err);
    if (status)
        return status;
    if (sequence->n > room(rules) && !rules->cut)
        return fail_length(rules, sequence->n, err);
    for (int64_t i = 0; i < sequence->n; i++)
        if (sequence->ids[i] >= rules->n_vocab)
            return zg_fail(err, ZG_INPUT,
                           "token id %d, but the model's vocabulary has %lld: this tokenizer is "
                           "not the model's",
                           sequence->ids[i], (long long)rules->n_vocab);
    return ZG_OK;
}

static enum zg_status append(struct zg_tokens *to, const int32_t *ids, int64_t n,
                             struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < n && !status; i++)
        status = zg_tokens_append(to, ids[i], err);
    return status;
}

/* Takes over out->sequence, whose last n_scored tokens are option o. */
static enum zg_status take_option(struct zg_prompt *out, int64_t o, int64_t n_scored,
                                  struct zg_error *err)
{
    const int64_t n_stem = out->sequence.n - n_scored;
    if (n_scored < 1)
        return zg_fail(err, ZG_INPUT,
                       "option %lld adds no token to the prompt, so there is nothing to score",
                       (long long)o);
    if (n_stem < 1)
        return zg_fail(err, ZG_INPUT,
                       "nothing stands before option %lld: it needs a prompt or a BOS token",
                       (long long)o);
    enum zg_status status = ZG_OK;
    if (o == 0) {
        out->n_stem = n_stem;
        status = append(&out->tokens, out->sequence.ids, n_stem, err);
    } else if (n_stem != out->n_stem ||
               memcmp(out->tokens.ids, out->sequence.ids, (size_t)n_stem * sizeof(int32_t)) != 0) {
        return zg_fail(
            err, ZG_INPUT,
            "options 0 and %lld have different tokens before the scored ones, because a token "
            "reaches from "
            "the template into an option; end the template, or begin the options, with a blank",
            (long long)o);
    }
    out->n_option_tokens[o] = n_scored;
    return status ? status : append(&out->tokens, out->sequence.ids + n_stem, n_scored, err);
}

static enum zg_status count_tokens(struct zg_prompt *out, const struct zg_prompt_rules *rules,
                                   struct zg_slice text, int64_t *n, struct zg_error *err)
{
    out->sequence.n = 0;
    const enum zg_status status =
        zg_tokenizer_encode(rules->tokenizer, text.bytes, text.n, &out->sequence, err);
    *n = out->sequence.n;
    return status;
}

static enum zg_status encode_option(struct zg_prompt *out, const struct zg_prompt_rules *rules,
                                    struct zg_slice text, struct zg_slice option, int64_t o,
                                    int64_t n_prompt_tokens, struct zg_error *err)
{
    out->full.n = 0;
    enum zg_status status = zg_text_append(&out->full, text.bytes, text.n, err);
    if (!status)
        status = zg_text_append(&out->full, option.bytes, option.n, err);
    if (status)
        return status;
    const struct zg_slice full =
        zg_slice_strip_blanks((struct zg_slice){out->full.bytes, out->full.n});
    const struct zg_slice trimmed = zg_slice_strip_left(full);
    const int64_t n_bos = rules->bos >= 0;
    int64_t n_full = 0;
    /* The official code counts before it drops leading line ends. */
    if (trimmed.n != full.n)
        status = count_tokens(out, rules, full, &n_full, err);
    if (!status)
        status = encode_sequence(out, rules, trimmed, err);
    if (trimmed.n == full.n)
        n_full = out->sequence.n - n_bos;
    return status ? status : take_option(out, o, n_full - n_prompt_tokens, err);
}

/* Drops ids behind BOS until n_long, the stem with the longest option, fits.  The options stay
 * whole: a row that keeps nothing before them is refused. */
static enum zg_status cut_stem(struct zg_prompt *out, const struct zg_prompt_rules *rules,
                               int64_t n_long, struct zg_error *err)
{
    const int64_t n_bos = rules->bos >= 0, n_cut = n_long - room(rules);
    if (n_cut <= 0)
        return ZG_OK;
    if (out->n_stem - n_cut < zg_max64(n_bos, 1))
        return zg_fail(
            err, ZG_INPUT,
            "an option of %lld tokens leaves no room for a prompt, the model takes at most "
            "%lld",
            (long long)(n_long - out->n_stem), (long long)room(rules));
    int32_t *const ids = out->tokens.ids;
    memmove(ids + n_bos, ids + n_bos + n_cut,
            (size_t)(out->tokens.n - n_bos - n_cut) * sizeof *ids);
    out->tokens.n -= n_cut;
    out->n_stem -= n_cut;
    out->was_cut = true;
    return ZG_OK;
}

enum zg_status zg_prompt_encode(struct zg_prompt *out, const struct zg_prompt_rules *rules,
                                struct zg_slice text, const struct zg_slice *options,
                                int64_t n_options, struct zg_error *err)
{
    enum zg_status status = reserve_options(out, n_options, err);
    int64_t n_prompt_tokens = 0;
    if (!status)
        status = count_tokens(out, rules, zg_slice_strip_blanks(text), &n_prompt_tokens, err);
    for (int64_t o = 0; o < n_options && !status; o++)
        status = encode_option(out, rules, text, options[o], o, n_prompt_tokens, err);
    int64_t n_longest = 0;
    for (int64_t o = 0; o < n_options && !status; o++)
        n_longest = zg_max64(n_longest, out->n_option_tokens[o]);
    return status ? status : cut_stem(out, rules, out->n_stem + n_longest, err);
}

enum zg_status zg_prompt_encode_lm(struct zg_prompt *out, const struct zg_prompt_rules *rules,
                                   struct zg_slice text, struct zg_error *err)
{
    enum zg_status status = reserve_options(out, 1, err);
    if (!status)
        status = encode_sequence(out, rules, zg_slice_strip_left(zg_slice_strip_blanks(text)), err);
    if (!status && out->sequence.n < 2)
        return zg_fail(err, ZG_INPUT,
                       "a prompt of %lld token%s, BOS included: a language-model loss needs two",
                       (long long)out->sequence.n, zg_plural(out->sequence.n));
    const int64_t n_bos = rules->bos >= 0, n_cut = out->sequence.n - room(rules);
    if (!status && n_cut > 0) { /* the sequence is all of the prompt */
        int32_t *const ids = out->sequence.ids;
        out->sequence.n -= n_cut;
        memmove(ids + n_bos, ids + n_bos + n_cut, (size_t)(out->sequence.n - n_bos) * sizeof *ids);
        out->was_cut = true;
    }
    return status ? status : take_option(out, 0, out->sequence.n - 1, err);
}
