/* test_generated.c - texts of a scripted engine, up to a line end, held to their rows' answers. */
#include "harness/bench/generated.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/cunit_run.h"
#include "tests/support/temp_dir.h"

static char dir[64];

static const char rows[] = "{\"q\": \"what is it?\", \"a\": [\"Blue whale\", \"whales\"]}\n"
                           "{\"q\": \"which colour?\", \"a\": [\"blue\"]}\n"
                           "{\"q\": \"who?\", \"a\": [\"no answer\"]}\n";

/* The same text whatever the prompt, a token a round. */
static struct zg_tokens script;
static int64_t n_rounds;
static int64_t largest_batch;

static enum zg_status scripted_score(struct zg_engine_state *state, const struct zg_batch *batch,
                                     const struct zg_probe *probes, int64_t n_probes,
                                     struct zg_scores *out, struct zg_error *err)
{
    (void)state;
    (void)probes;
    (void)n_probes;
    if (n_rounds == script.n)
        return zg_fail(err, ZG_ENV, "the script is over");
    out->loss[0] = 1;
    for (int64_t e = 0; e < batch->n_examples; e++)
        out->next_token[e] = script.ids[n_rounds];
    largest_batch = batch->n_examples > largest_batch ? batch->n_examples : largest_batch;
    n_rounds++;
    return ZG_OK;
}

static const struct zg_engine scripted = {.name = "scripted", .score = scripted_score};

/* A task of those rows, of that metric; n_generated 0: it generates nothing. */
static void open_data(struct zg_data *data, struct zg_model **model, const char *metric,
                      int n_generated)
{
    const struct zg_model_shape shape = {.n_layers = 1,
                                         .d_model = 8,
                                         .n_heads = 1,
                                         .d_ffn = 8,
                                         .n_vocab = 2000,
                                         .n_positions = 64,
                                         .tied_head = true};
    char task[512], judged[64] = "";
    if (n_generated > 0)
        snprintf(judged, sizeof judged, ", \"metric\": \"%s\", \"generate\": %d", metric,
                 n_generated);
    snprintf(task, sizeof task,
             "{\"name\": \"qa\", \"data\": {\"dev\": \"d.jsonl\"}, \"fields\": {\"first\": "
             "\"a[0]\", \"all\": \"a[]\"}, \"template\": \"{q} Answer:\", \"options\": [\" "
             "{first}\\n\"], \"answers\": \"all\", \"loss\": \"lm\"%s}",
             judged);
    write_temp_file(dir, "t.json", task, strlen(task));
    struct zg_error err = {0};
    *data = (struct zg_data){0};
    enum zg_status status = zg_model_open_shape(model, "small", &shape, 1, &err);
    if (!status)
        status = zg_tokenizer_open_embedded(&data->tokenizer, &err);
    char path[128];
    snprintf(path, sizeof path, "%s/t.json", dir);
    const struct zg_dataset_request request = {.task = path,
                                               .split = ZG_SPLIT_DEV,
                                               .tokenizer = data->tokenizer,
                                               .max_length = shape.n_positions,
                                               .n_vocab = shape.n_vocab};
    if (!status)
        status = zg_dataset_open(&data->dataset, &request, &err);
    if (status)
        printf("\n    %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(status, ZG_OK);
    data->model = *model;
}

static void set_script(const struct zg_data *data, const char *text)
{
    script.n = n_rounds = largest_batch = 0;
    CU_ASSERT_EQUAL(
        zg_tokenizer_encode(data->tokenizer, text, (int64_t)strlen(text), &script, NULL), ZG_OK);
}

/* "blue whale" and the answers: 1; one word of two; not "no answer". */
static void check_metric(const char *metric, double want)
{
    static const int64_t ids[] = {2, 0, 1};
    struct zg_data data;
    struct zg_model *model = NULL;
    struct zg_generated g;
    double sum = 10;
    open_data(&data, &model, metric, 40);
    CU_ASSERT_EQUAL_FATAL(zg_generated_open(&g, &data, 1000, NULL), ZG_OK);

    struct zg_engine_limits limits = {0};
    CU_ASSERT_EQUAL(zg_generated_limits(&g, ids, 3, 2, &limits, NULL), ZG_OK);
    CU_ASSERT_EQUAL(limits.max_examples, 2);
    CU_ASSERT_TRUE(limits.max_length > 40 && limits.max_length <= 64);

    set_script(&data, " the Blue whale\n and more");
    CU_ASSERT_EQUAL(zg_generated_score(&g, &scripted, NULL, ids, 3, &sum, NULL), ZG_OK);
    CU_ASSERT_DOUBLE_EQUAL(sum, 10 + want, 1e-12);
    CU_ASSERT_EQUAL(largest_batch, 3);
    const int64_t n_used = n_rounds;
    set_script(&data, " the Blue whale\n");
    CU_ASSERT_EQUAL(n_used, script.n);
    zg_data_close(&data);
    zg_model_close(&model);
}

static void test_metrics(void)
{
    check_metric("f1", 1 + 2.0 / 3);
    check_metric("exact_match", 1);
}

/* At most the task's tokens: of " the Blue whale" the first two words or fewer. */
static void test_length(void)
{
    static const int64_t ids[] = {0};
    struct zg_data data;
    struct zg_model *model = NULL;
    struct zg_generated g;
    double sum = 0;
    open_data(&data, &model, "f1", 1);
    CU_ASSERT_EQUAL_FATAL(zg_generated_open(&g, &data, 1000, NULL), ZG_OK);
    set_script(&data, " the Blue whale");
    CU_ASSERT_EQUAL(zg_generated_score(&g, &scripted, NULL, ids, 1, &sum, NULL), ZG_OK);
    CU_ASSERT_EQUAL(n_rounds, 1);
    CU_ASSERT_EQUAL(sum, 0);
    zg_data_close(&data);
    zg_model_close(&model);
}

static void test_refused(void)
{
    static const int64_t ids[] = {0};
    struct zg_data data;
    struct zg_model *model = NULL;
    struct zg_generated g;
    struct zg_error err = {0};
    double sum = 0;
    open_data(&data, &model, "", 0);
    CU_ASSERT_EQUAL(zg_generated_open(&g, &data, 1000, &err), ZG_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "'qa' generates no text"));
    zg_data_close(&data);
    zg_model_close(&model);

    open_data(&data, &model, "f1", 40);
    zg_error_clear(&err);
    CU_ASSERT_EQUAL_FATAL(zg_generated_open(&g, &data, 1000, NULL), ZG_OK);
    script.n = n_rounds = 0;
    CU_ASSERT_EQUAL(zg_generated_score(&g, &scripted, NULL, ids, 1, &sum, &err), ZG_ENV);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "the script is over"));
    CU_ASSERT_EQUAL(sum, 0);
    zg_data_close(&data);
    zg_model_close(&model);
}

int main(void)
{
    make_temp_dir(dir);
    write_temp_file(dir, "d.jsonl", rows, sizeof rows - 1);
    static const struct zg_test tests[] = {{"metrics", test_metrics},
                                           {"length", test_length},
                                           {"refused", test_refused},
                                           {NULL, NULL}};
    const int failed = zg_test_run("generated", tests);
    zg_tokens_free(&script);
    remove_temp_dir(dir);
    return failed;
}
