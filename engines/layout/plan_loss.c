/*
 * plan_loss.c - from logits and log-sum-exps of a plan's queries to the losses of its batch
 * (example.h), in double.
 */
#include <math.h>

#include "engines/layout/plan.h"

/* Sum over the option's tokens of log p(token | prefix); without the normaliser where
 * it cancels. */
static double option_sum(const struct zg_batch_plan *plan, int64_t option, bool cancels,
                         const float *logit, const double *lse)
{
    double sum = 0.0;
    for (int64_t t = plan->option_begin[option]; t < plan->option_begin[option + 1]; t++) {
        const int32_t q = plan->option_query[t];
        sum += (double)logit[q];
        if (!cancels)
            sum -= lse[plan->normalised_index[plan->queries[q].scored]];
    }
    return sum;
}

static double option_mean(const struct zg_batch_plan *plan, int64_t option, bool cancels,
                          const float *logit, const double *lse)
{
    const int64_t n = plan->option_begin[option + 1] - plan->option_begin[option];
    return option_sum(plan, option, cancels, logit, lse) / (double)n;
}

/* Cross entropy of softmax(option scores) with the gold option; two passes over the few options. */
static double classification_loss(const struct zg_batch_plan *plan,
                                  const struct zg_example *example, int64_t first, bool cancels,
                                  const float *logit, const double *lse)
{
    double max = -INFINITY, sum = 0.0;
    for (int64_t o = 0; o < example->n_options; o++)
        max = fmax(max, option_mean(plan, first + o, cancels, logit, lse));
    for (int64_t o = 0; o < example->n_options; o++)
        sum += exp(option_mean(plan, first + o, cancels, logit, lse) - max);
    return max + log(sum) - option_mean(plan, first + example->gold, cancels, logit, lse);
}

double zg_batch_plan_loss(const struct zg_batch_plan *plan, const struct zg_batch *batch,
                          const float *logit, const double *lse, double *example_loss,
                          double *option_score)
{
    double total = 0.0;
    int64_t first = 0, n_tokens = 0;
    for (int64_t e = 0; e < batch->n_examples; e++) {
        const struct zg_example *example = &batch->examples[e];
        const bool cancels = plan->example_cancels[e];
        if (option_score)
            for (int64_t o = first; o < first + example->n_options; o++)
                option_score[o] = option_mean(plan, o, cancels, logit, lse);
        double loss;
        if (batch->loss == ZG_LOSS_CLASSIFICATION) {
            loss = classification_loss(plan, example, first, cancels, logit, lse);
            total += loss;
        } else {
            const double nll = -option_sum(plan, first + example->gold, cancels, logit, lse);
            const int64_t n = example->options[example->gold].n_tokens;
            loss = nll / (double)n;
            total += nll;
            n_tokens += n;
        }
        if (example_loss)
            example_loss[e] = loss;
        first += example->n_options;
    }
    return total / (double)(batch->loss == ZG_LOSS_CLASSIFICATION ? batch->n_examples : n_tokens);
}
