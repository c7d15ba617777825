/*
 * batch.c - the batch as the official collator lays it out, and the losses as the official wrapper
 * forms them.
 *
 * Sources, line by line, are in README.md.
 */
#include "engines/naive/naive.h"

#include "engines/base/arena.h"
#include "engines/base/size.h"

#include <math.h>
#include <string.h>

enum zg_status zg_naive_batch_open(struct zg_naive_batch *batch,
                                   const struct zg_engine_limits *limits, struct zg_error *err)
{
    *batch = (struct zg_naive_batch){0};
    void *token = NULL, *label = NULL, *n_real = NULL, *n_option = NULL, *stem_end = NULL;
    enum zg_status status =
        zg_buffer_alloc(&token, limits->max_padded_tokens, sizeof(int32_t), "tokens", err);
    if (!status)
        status = zg_buffer_alloc(&label, limits->max_padded_tokens, sizeof(int32_t), "labels", err);
    if (!status)
        status = zg_buffer_alloc(&n_real, limits->max_options, sizeof(int64_t), "lengths", err);
    if (!status)
        status = zg_buffer_alloc(&n_option, limits->max_options, sizeof(int64_t), "lengths", err);
    if (!status)
        status = zg_buffer_alloc(&stem_end, limits->max_examples, sizeof(int64_t), "stems", err);
    batch->token = token;
    batch->label = label;
    batch->n_real = n_real;
    batch->n_option = n_option;
    batch->stem_end = stem_end;
    return status;
}

void zg_naive_batch_close(struct zg_naive_batch *batch)
{
    zg_buffer_free(batch->token);
    zg_buffer_free(batch->label);
    zg_buffer_free(batch->n_real);
    zg_buffer_free(batch->n_option);
    zg_buffer_free(batch->stem_end);
    *batch = (struct zg_naive_batch){0};
}

/* Label t is the token at t + 1 where that token is the option's: the shift of an LM loss. */
static void expand_option(struct zg_naive_batch *b, int64_t s, const struct zg_example *example,
                          const struct zg_option *option, int32_t pad_id)
{
    int32_t *token = b->token + s * b->length, *label = b->label + s * b->length;
    const int64_t n_real = example->n_stem + option->n_tokens, n_pad = b->length - n_real;
    const int64_t begin = n_pad + example->n_stem;
    for (int64_t t = 0; t < n_pad; t++)
        token[t] = pad_id;
    memcpy(token + n_pad, example->stem, (size_t)example->n_stem * sizeof *token);
    memcpy(token + begin, option->tokens, (size_t)option->n_tokens * sizeof *token);
    for (int64_t t = 0; t < b->length; t++)
        label[t] = t + 1 >= begin && t + 1 < b->length ? token[t + 1] : -1;
    b->n_real[s] = n_real;
    b->n_option[s] = option->n_tokens;
}

void zg_naive_batch_expand(struct zg_naive_batch *batch, const struct zg_batch *source,
                           bool all_options)
{
    batch->gold_only = source->loss == ZG_LOSS_LM && !all_options;
    batch->n_sequences = 0;
    batch->n_examples = source->n_examples;
    batch->length = 0;
    /* The first pass finds the length of every sequence, the second writes them. */
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t e = 0; e < source->n_examples; e++) {
            const struct zg_example *example = &source->examples[e];
            const int64_t first = batch->n_sequences;
            for (int64_t o = 0; o < example->n_options; o++) {
                const struct zg_option *option = &example->options[o];
                if (batch->gold_only && o != example->gold)
                    continue;
                if (pass == 0)
                    batch->length = zg_max64(batch->length, example->n_stem + option->n_tokens);
                else
                    expand_option(batch, batch->n_sequences++, example, option, source->pad_id);
            }
            if (pass == 1)
                batch->stem_end[e] = (first + 1) * batch->length - batch->n_option[first] - 1;
        }
        if (pass == 0)
            batch->length = zg_round_up(batch->length, 8);
    }
}

static double cross_entropy(const double *score, int64_t n, int64_t gold)
{
    double largest = score[0], total = 0;
    for (int64_t o = 1; o < n; o++)
        largest = score[o] > largest ? score[o] : largest;
    for (int64_t o = 0; o < n; o++)
        total += exp(score[o] - largest);
    return largest + log(total) - score[gold];
}

double zg_naive_batch_loss(const struct zg_naive_batch *batch, const struct zg_batch *source,
                           const double *log_p, double *score, double *example_loss)
{
    const int64_t T = batch->length;
    for (int64_t s = 0; s < batch->n_sequences; s++) {
        double sum =
            0; /* the labels of the option are the last but one positions of its sequence */
        for (int64_t t = T - 1 - batch->n_option[s]; t < T - 1; t++)
            sum += log_p[s * T + t];
        score[s] = sum / (double)batch->n_option[s];
    }
    double total = 0, n_total = 0;
    int64_t first = 0;
    for (int64_t e = 0; e < source->n_examples; e++) {
        const struct zg_example *example = &source->examples[e];
        const int64_t gold = batch->gold_only ? e : first + example->gold;
        const bool lm = source->loss == ZG_LOSS_LM;
        const double loss =
            lm ? -score[gold] : cross_entropy(score + first, example->n_options, example->gold);
        const double weight = lm ? (double)batch->n_option[gold] : 1;
        if (example_loss)
            example_loss[e] = loss;
        total += weight * loss;
        n_total += weight;
        first += example->n_options;
    }
    return total / n_total;
}
