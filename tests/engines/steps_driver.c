/*
 * steps_driver.c - runs an engine on a model directory and a batch in JSON, and prints its numbers:
 * what an independent implementation (scripts/check_pytorch.py) is compared with.
 *
 *     steps_driver MODEL_DIR BATCH.json ENGINE STEPS SEED ALGORITHM
 *
 * BATCH.json is {"loss": "classification" or "lm",
 *                 "examples": [{"stem": [ids], "options": [[ids], ...], "gold": 0}, ...]}
 *
 * Output, as CSV without a header:
 *
 *     score,example,option,value       clean option scores, before the steps
 *     loss,value                       clean loss, before the steps
 *     step,t,loss_plus,loss_minus,projected_gradient
 *     weight,tensor,row,col,value      after them, the four corners of each 2-D tensor
 */
#include "engines/algorithm/step.h"
#include "engines/zo.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SKIPPED = 77, MAX_EXAMPLES = 64, MAX_OPTIONS = 16, MAX_TOKENS = 4096 };

struct batch {
    struct zg_batch batch;
    struct zg_example examples[MAX_EXAMPLES];
    struct zg_option options[MAX_EXAMPLES][MAX_OPTIONS];
    int32_t tokens[MAX_TOKENS];
    int64_t n_tokens, n_options;
};

static const int32_t *take_tokens(struct batch *b, const json_t *list, int64_t *n)
{
    const int32_t *begin = b->tokens + b->n_tokens;
    size_t i;
    json_t *token;
    json_array_foreach(list, i, token) if (b->n_tokens < MAX_TOKENS) b->tokens[b->n_tokens++] =
        (int32_t)json_integer_value(token);
    *n = (int64_t)json_array_size(list);
    return begin;
}

static bool read_batch(struct batch *b, const char *path)
{
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error), *example, *option;
    if (!root) {
        fprintf(stderr, "%s: %s\n", path, error.text);
        return false;
    }
    const char *loss = json_string_value(json_object_get(root, "loss"));
    b->batch = (struct zg_batch){b->examples, 0, ZG_LOSS_CLASSIFICATION, 1};
    if (loss && strcmp(loss, "lm") == 0)
        b->batch.loss = ZG_LOSS_LM;
    size_t e, o;
    json_array_foreach(json_object_get(root, "examples"), e, example)
    {
        const json_t *options = json_object_get(example, "options");
        if (e >= MAX_EXAMPLES || json_array_size(options) > MAX_OPTIONS)
            break;
        struct zg_example *to = &b->examples[b->batch.n_examples++];
        to->stem = take_tokens(b, json_object_get(example, "stem"), &to->n_stem);
        json_array_foreach(options, o, option) b->options[e][o].tokens =
            take_tokens(b, option, &b->options[e][o].n_tokens);
        to->options = b->options[e];
        to->n_options = (int64_t)json_array_size(options);
        to->gold = json_integer_value(json_object_get(example, "gold"));
        b->n_options += to->n_options;
    }
    json_decref(root);
    return b->batch.n_examples > 0;
}

static enum zg_status print_scores(const struct zg_engine *engine, struct zg_engine_state *state,
                                   const struct batch *b, struct zg_error *err)
{
    static double score[MAX_EXAMPLES * MAX_OPTIONS];
    const struct zg_direction d = {.rank = 1, .scale = 1};
    const struct zg_probe clean = {0, 0};
    double loss = 0;
    struct zg_scores out = {.loss = &loss, .option_score = score};
    enum zg_status status = engine->begin(state, &d, 1, err);
    status = status ? status : engine->score(state, &b->batch, &clean, 1, &out, err);
    const double *s = score;
    for (int64_t e = 0; !status && e < b->batch.n_examples; e++)
        for (int64_t o = 0; o < b->examples[e].n_options; o++)
            printf("score,%d,%d,%.17g\n", (int)e, (int)o, *s++);
    if (!status)
        printf("loss,%.17g\n", loss);
    return status;
}

static enum zg_status print_weights(const struct zg_engine *engine, struct zg_engine_state *state,
                                    const struct zg_model_shape *shape, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (int32_t id = 0; !status && id < zg_tensor_end(shape->n_layers); id++) {
        int64_t n_rows, n_cols;
        if (!zg_model_tensor_size(shape, id, &n_rows, &n_cols) || n_cols == 1)
            continue;
        float *row = calloc((size_t)n_cols, sizeof *row);
        for (int64_t i = 0; row && !status && i < n_rows; i += n_rows - 1) {
            status = engine->read(state, id, i, 1, row, n_cols, err);
            for (int64_t j = 0; !status && j < n_cols; j += n_cols - 1)
                printf("weight,%d,%d,%d,%.9g\n", (int)id, (int)i, (int)j, (double)row[j]);
        }
        free(row);
    }
    return status;
}

static enum zg_status run(const struct zg_engine *engine, const char *model_dir,
                          const struct batch *b, const struct zg_algorithm_choice *algorithm,
                          uint64_t n_steps, struct zg_error *err)
{
    struct zg_model *model = NULL;
    struct zg_engine_state *state = NULL;
    struct zg_engine_options options = zg_engine_options_default(engine);
    options.n_threads = 2;
    zg_algorithm_needs(algorithm, &options.limits);
    zg_engine_limits_include(&options.limits, &b->batch);
    enum zg_status status = zg_model_open(&model, model_dir, 0, err);
    status = status ? status : engine->open(&state, model, &options, err);
    status = status ? status : print_scores(engine, state, b, err);
    for (uint64_t t = 0; !status && t < n_steps; t++) {
        struct zg_step s;
        status = zg_step_run(algorithm, engine, state, t, &b->batch, NULL, &s, err);
        if (!status)
            printf("step,%d,%.17g,%.17g,%.17g\n", (int)t, s.loss[0], s.loss[1],
                   s.answer.gradient[0]);
    }
    status = status ? status : print_weights(engine, state, zg_model_shape(model), err);
    engine->close(&state);
    zg_model_close(&model);
    return status;
}

int main(int argc, char **argv)
{
    static struct batch batch;
    if (argc != 7 || !read_batch(&batch, argv[2])) {
        fprintf(stderr, "usage: steps_driver MODEL_DIR BATCH.json ENGINE STEPS SEED ALGORITHM\n");
        return EXIT_FAILURE;
    }
    const struct zg_engine *engine = zg_engine_find(argv[3]);
    if (!engine || engine->missing) {
        fprintf(stderr, "engine %s is not in this build\n", argv[3]);
        return SKIPPED;
    }
    struct zg_error err = {0};
    struct zg_algorithm_choice algorithm;
    enum zg_status status = zg_algorithm_parse(argv[6], &algorithm, &err);
    if (!status) {
        algorithm.seed = strtoull(argv[5], NULL, 10);
        status = run(engine, argv[1], &batch, &algorithm, strtoull(argv[4], NULL, 10), &err);
    }
    if (status) {
        fprintf(stderr, "%s\n", err.text);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
