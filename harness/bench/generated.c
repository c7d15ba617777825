/* generated.c - stems go to the generator, its tokens to the tokenizer, the text to the metric. */
#include "harness/bench/generated.h"

#include <stdlib.h>

#include "engines/base/size.h"
#include "workloads/answer.h"

bool zg_generated_of(const struct zg_dataset *dataset)
{
    int64_t n_answers = 0;
    return zg_dataset_max_new_tokens(dataset) > 0 &&
           zg_dataset_answers(dataset, 0, &n_answers) != NULL && n_answers > 0;
}

enum zg_status zg_generated_open(struct zg_generated *out, const struct zg_data *data,
                                 int64_t max_tokens, struct zg_error *err)
{
    *out = (struct zg_generated){.data = data, .stop = {ZG_TOKEN_EOS}};
    out->request =
        (struct zg_generation_request){.max_new_tokens = zg_dataset_max_new_tokens(data->dataset),
                                       .n_positions = zg_model_shape(data->model)->n_positions,
                                       .n_stop = 1,
                                       .pad_id = ZG_TOKEN_PAD,
                                       .max_tokens = max_tokens};
    if (!zg_generated_of(data->dataset))
        return zg_fail(err, ZG_USAGE, "task '%s' generates no text",
                       zg_dataset_task_name(data->dataset));
    struct zg_tokens line_end = {0};
    const enum zg_status status = zg_tokenizer_encode(data->tokenizer, "\n", 1, &line_end, err);
    if (!status)
        out->stop[out->request.n_stop++] = line_end.ids[0];
    zg_tokens_free(&line_end);
    return status;
}

static struct zg_generation_prompt *prompts_of(const struct zg_generated *g, const int64_t *rows,
                                               int64_t n, struct zg_error *err)
{
    const struct zg_dataset *const dataset = g->data->dataset;
    struct zg_generation_prompt *const prompts = calloc((size_t)zg_max64(n, 1), sizeof *prompts);
    if (!prompts) {
        (void)zg_fail(err, ZG_ENV, "no memory for %lld prompts", (long long)n);
        return NULL;
    }
    for (int64_t i = 0; i < n; i++) {
        const struct zg_example *const example =
            &zg_dataset_examples(dataset)[zg_dataset_find_row(dataset, rows[i])];
        prompts[i] = (struct zg_generation_prompt){example->stem, example->n_stem};
    }
    return prompts;
}

/* The request with its stop tokens, which move with the struct. */
static struct zg_generation_request request_of(const struct zg_generated *g)
{
    struct zg_generation_request request = g->request;
    request.stop = g->stop;
    return request;
}

enum zg_status zg_generated_limits(const struct zg_generated *g, const int64_t *rows, int64_t n,
                                   int64_t batch, struct zg_engine_limits *limits,
                                   struct zg_error *err)
{
    const struct zg_generation_request request = request_of(g);
    struct zg_generation_prompt *const prompts = prompts_of(g, rows, n, err);
    if (!prompts)
        return ZG_ENV;
    for (int64_t begin = 0; begin < n; begin += batch)
        zg_generation_limits(&request, prompts + begin, zg_min64(batch, n - begin), limits);
    free(prompts);
    return ZG_OK;
}

/* The metric of one text. */
static enum zg_status judge(const struct zg_generated *g, int64_t row, const int32_t *tokens,
                            int64_t n_tokens, struct zg_text *text, double *sum,
                            struct zg_error *err)
{
    const struct zg_dataset *const dataset = g->data->dataset;
    int64_t n_answers = 0;
    const char *const *const answers =
        zg_dataset_answers(dataset, zg_dataset_find_row(dataset, row), &n_answers);
    double value = 0;
    text->n = 0;
    enum zg_status status = zg_tokenizer_decode(g->data->tokenizer, tokens, n_tokens, text, err);
    const struct zg_slice prediction = {text->bytes, text->n};
    if (!status && n_answers > 0) /* a row without a right answer has no hit */
        status = zg_dataset_metric(dataset) == ZG_TASK_EXACT_MATCH
                     ? zg_answer_match(&value, prediction, answers, n_answers, err)
                     : zg_answer_f1(&value, prediction, answers, n_answers, err);
    *sum += value;
    return status;
}

enum zg_status zg_generated_score(const struct zg_generated *g, const struct zg_engine *engine,
                                  struct zg_engine_state *state, const int64_t *rows, int64_t n,
                                  double *sum, struct zg_error *err)
{
    const struct zg_generation_request request = request_of(g);
    struct zg_generation texts = {0};
    struct zg_text text = {0};
    struct zg_generation_prompt *const prompts = prompts_of(g, rows, n, err);
    if (!prompts)
        return ZG_ENV;
    enum zg_status status = zg_generation_run(&texts, &request, engine, state, prompts, n, err);
    for (int64_t i = 0; i < n && !status; i++)
        status =
            judge(g, rows[i], texts.tokens + i * texts.stride, texts.n_tokens[i], &text, sum, err);
    zg_generation_free(&texts);
    zg_text_free(&text);
    free(prompts);
    return status;
}
