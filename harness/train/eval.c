/* eval.c - the rows in slices of a batch each, under the clean probe. */
#include "harness/train/eval.h"

#include <math.h>
#include <stdlib.h>

#include "engines/base/size.h"
#include "harness/base/clock.h"
#include "harness/base/signals.h"

static void find_most_options(struct zg_train_eval *eval, const struct zg_train_part *part)
{
    const int64_t size = eval->data->batch;
    for (int64_t begin = 0; begin < part->n; begin += size) {
        int64_t n = 0;
        for (int64_t i = begin; i < zg_min64(begin + size, part->n); i++)
            n += part->examples[i].n_options;
        eval->max_options = zg_max64(eval->max_options, n);
    }
}

enum zg_status zg_train_eval_open(struct zg_train_eval *out, const struct zg_train_data *data,
                                  struct zg_error *err)
{
    const size_t n = (size_t)zg_max64(1, zg_max64(data->dev.n, data->eval.n));
    *out = (struct zg_train_eval){.data = data};
    find_most_options(out, &data->dev);
    find_most_options(out, &data->eval);
    out->example_loss = calloc((size_t)data->batch, sizeof *out->example_loss);
    out->option_score = calloc((size_t)out->max_options + 1, sizeof *out->option_score);
    out->choices = calloc(n, sizeof *out->choices);
    enum zg_status status =
        out->example_loss && out->option_score && out->choices
            ? ZG_OK
            : zg_fail(err, ZG_ENV, "no memory to evaluate %lld rows", (long long)n);
    if (!status)
        status = zg_passes_open(&out->passes, &data->limits, err);
    if (status)
        zg_train_eval_close(out);
    return status;
}

void zg_train_eval_close(struct zg_train_eval *eval)
{
    zg_passes_close(&eval->passes);
    free(eval->example_loss);
    free(eval->option_score);
    free(eval->choices);
    *eval = (struct zg_train_eval){0};
}

/* What an example counts in the mean: of a language model's loss, the tokens of its answer. */
static double weight_of(const struct zg_example *example, enum zg_loss loss)
{
    return loss == ZG_LOSS_LM ? (double)example->options[example->gold].n_tokens : 1;
}

struct sums {
    double loss, weight;
    double texts; /* the metric of each text that was generated */
};

static bool is_right(const struct zg_train_part *part, int64_t i, int64_t option)
{
    const struct zg_dataset *const dataset = part->data->dataset;
    return zg_dataset_right(dataset, zg_dataset_find_row(dataset, part->rows[i]), option);
}

static enum zg_status score_slice(struct zg_train_eval *eval, struct zg_contender *contender,
                                  const struct zg_train_part *part, int64_t begin, int64_t n,
                                  struct sums *sums, struct zg_error *err)
{
    static const struct zg_probe clean = {0, 0.0f};
    const struct zg_batch batch = zg_train_part_slice(part, begin, n);
    double loss;
    struct zg_scores scores = {
        .loss = &loss, .example_loss = eval->example_loss, .option_score = eval->option_score};
    const enum zg_status status =
        zg_passes_score(&eval->passes, contender->item->engine, contender->state, &batch,
                        eval->data->max_rows, &clean, 1, &scores, err);
    if (status)
        return status;
    const double *score = eval->option_score;
    for (int64_t i = 0; i < n; i++) {
        const struct zg_example *const example = &batch.examples[i];
        const double weight = weight_of(example, batch.loss);
        const int64_t chosen = zg_metric_choose(score, example->n_options);
        eval->choices[begin + i] = (struct zg_choice){
            .chosen = chosen, .gold = example->gold, .hit = is_right(part, begin + i, chosen)};
        sums->loss += weight * eval->example_loss[i];
        sums->weight += weight;
        score += example->n_options;
    }
    if (!part->texts.data)
        return ZG_OK;
    return zg_generated_score(&part->texts, contender->item->engine, contender->state,
                              part->rows + begin, n, &sums->texts, err);
}

static enum zg_status announce(struct zg_contender *contender,
                               const struct zg_algorithm_choice *choice, uint64_t step,
                               struct zg_error *err)
{
    struct zg_question question;
    choice->algorithm->announce(choice, step, contender->memory, &question);
    return contender->item->engine->begin(contender->state, question.directions,
                                          question.n_directions, err);
}

static double metric_of(const struct zg_train_eval *eval, const struct zg_train_part *part,
                        const struct sums *sums)
{
    const int64_t n = part->n;
    if (part->texts.data)
        return sums->texts / (double)n;
    if (!eval->data->has_metric)
        return NAN;
    return eval->data->metric == ZG_TASK_MACRO_F1
               ? zg_metric_macro_f1(eval->choices, n, eval->max_options)
               : zg_metric_accuracy(eval->choices, n);
}

enum zg_status zg_train_evaluate(struct zg_train_eval *eval, struct zg_contender *contender,
                                 const struct zg_algorithm_choice *choice, uint64_t step,
                                 const struct zg_train_part *part, struct zg_train_score *out,
                                 bool *interrupted, struct zg_error *err)
{
    const int64_t begin_ns = zg_clock_wall_ns(), size = eval->data->batch;
    struct sums sums = {0};
    *interrupted = false;
    enum zg_status status = announce(contender, choice, step, err);
    for (int64_t begin = 0; begin < part->n && !status; begin += size) {
        if ((*interrupted = zg_signals_caught() != 0))
            return ZG_OK;
        status =
            score_slice(eval, contender, part, begin, zg_min64(size, part->n - begin), &sums, err);
    }
    if (status)
        return status;
    *out = (struct zg_train_score){.loss = sums.loss / sums.weight,
                                   .metric = metric_of(eval, part, &sums),
                                   .wall_s = zg_ns_to_s(zg_clock_wall_ns() - begin_ns)};
    if (isfinite(out->loss))
        return ZG_OK;
    return zg_fail(err, ZG_CHECK, "step %llu: the %s loss is %g", (unsigned long long)step,
                   part->name, out->loss);
}
