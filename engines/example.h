/*
 * example.h - tokenised examples and batches: the only thing a workload hands to the rest of the
 * house.
 *
 * An example is a stem and k options; each option continues the stem.  SST-2:
 *
 *     stem     <s> a gripping film . It was
 *     options  " terrible" | " great"            gold = 1
 *
 * Plain data, no functions: whoever made the arrays owns them; a batch borrows its examples.
 */
#ifndef ZG_ENGINES_EXAMPLE_H
#define ZG_ENGINES_EXAMPLE_H

#include <stdint.h>

#include "engines/api.h"

ZG_PUBLIC_BEGIN

struct zg_option {
    const int32_t *tokens; /* [n_tokens] */
    int64_t n_tokens;      /* >= 1 */
};

struct zg_example {
    const int32_t *stem;             /* [n_stem], beginning-of-sequence token included */
    int64_t n_stem;                  /* >= 1 */
    const struct zg_option *options; /* [n_options] */
    int64_t n_options;               /* >= 1 */
    int64_t gold;                    /* index of the right option, 0 <= gold < n_options */
};

enum zg_loss {
    /* score_o = mean over option o's tokens of log p(token | prefix); loss = mean over examples of
     * the cross entropy of softmax(scores) with the gold option as target. */
    ZG_LOSS_CLASSIFICATION,
    /* loss = mean, over all tokens of all gold options of the batch, of -log p(token | prefix).
     * A language-model prompt is an example with stem = <s> and one option, the prompt. */
    ZG_LOSS_LM,
};

struct zg_batch {
    const struct zg_example *examples; /* [n_examples] */
    int64_t n_examples;                /* >= 1 */
    enum zg_loss loss;
    int32_t pad_id; /* what a padding engine fills rows with; must not change a loss */
};

ZG_PUBLIC_END

#endif
