/* test_no_memory.c - each allocation on the way from files to batches fails once: one clear error,
 * nothing half made, and the next call works. */
#include <stdlib.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/temp_dir.h"
#include "tests/workloads/support.h"
#include "workloads/answer.h"
#include "workloads/batch.h"
#include "workloads/dataset.h"
#include "workloads/epochs.h"
#include "workloads/split.h"
#include "workloads/task.h"
#include "workloads/tokenizer.h"

static char dir[64];

static const char vocab[] = "{\"<s>\": 0, \"a\": 1, \"b\": 2, \"ab\": 3, \"\\u0120\": 4, \"{\": 5}";
static const char task_json[] =
    "{\"name\": \"m\", \"data\": {\"train\": \"t.csv\", \"dev\": \"/d.csv\"}, \"template\": "
    "\"{{{s} a\", \"options\": [\" a\", \" b\", \" {o}\"], \"label\": \"l\", \"labels\": {\"x\": "
    "0, "
    "\"y\": \" b\"}}";
static const char rows[] = "l,s,o\nx,ab,abab\ny,\"a b\",aa\nx,abab,bb\n";
static const char nested_json[] =
    "{\"name\": \"n\", \"data\": {\"train\": [\"x.jsonl\", \"n.jsonl\"]}, \"rows\": \"q[]\", "
    "\"fields\": {\"w\": [\"v\", \"p.w\"]}, \"words\": {\"1\": \"ab\"}, \"template\": "
    "\"{w|lower|as_in:p.w} {k|word}\", \"options_each\": {\"list\": \"p.e[]\", \"text\": "
    "\"p.w\", \"template\": \" {t|fill:option}\"}, \"answers\": \"a[]\", \"loss\": \"lm\"}";
static const char nested_rows[] =
    "{\"p\": {\"w\": \"ab b\", \"e\": [{\"start\": 3, \"end\": 3}, {\"start\": 0, \"end\": "
    "1}]}, \"k\": 1, \"q\": [{\"t\": \"a @placeholder\", \"a\": [\"b\", \"ab\"]}]}\n";
static const char json[] =
    "{\"pre_tokenizer\": {\"type\": \"ByteLevel\"}, \"model\": {\"type\": "
    "\"BPE\", \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2, \"ba\": 3, \"\\u0120\": "
    "4}, \"merges\": [\"a b\", [\"b\", \"a\"]]}}";

/* Runs `way` with each allocation failing once, then with none. */
static void sweep(enum zg_status (*way)(struct zg_error *err))
{
    for (int n = 1;; n++) {
        struct zg_error err = {0};
        fail_allocation(n);
        const enum zg_status status = way(&err);
        if (!allocation_failed()) {
            if (status)
                printf("\n    %s", err.text);
            CU_ASSERT_EQUAL(status, ZG_OK);
            CU_ASSERT(n > 1);
            return;
        }
        CU_ASSERT_EQUAL(status, ZG_ENV);
        zg_test_expect_words(err.text, "no memory");
    }
}

static enum zg_status open_pair(struct zg_error *err)
{
    struct zg_tokenizer *tokenizer = NULL;
    struct zg_tokens tokens = {0};
    enum zg_status status = zg_tokenizer_open(&tokenizer, dir, err);
    CU_ASSERT_EQUAL(tokenizer == NULL, status != ZG_OK);
    if (!status)
        status = zg_tokenizer_encode(tokenizer, "ab a", 4, &tokens, err);
    if (!status)
        status = zg_tokens_append(&tokens, 0, err);
    struct zg_text text = {0};
    if (!status)
        status = zg_tokenizer_decode(tokenizer, tokens.ids, tokens.n, &text, err);
    zg_text_free(&text);
    zg_tokens_free(&tokens);
    zg_tokenizer_close(&tokenizer);
    return status;
}

static enum zg_status open_embedded(struct zg_error *err)
{
    struct zg_tokenizer *tokenizer = NULL;
    const enum zg_status status = zg_tokenizer_open_embedded(&tokenizer, err);
    CU_ASSERT_EQUAL(tokenizer == NULL, status != ZG_OK);
    zg_tokenizer_close(&tokenizer);
    return status;
}

static enum zg_status open_task(struct zg_error *err)
{
    struct zg_task *task = NULL;
    const enum zg_status status = zg_task_open(&task, temp_path(dir, "t.json"), NULL, err);
    CU_ASSERT_EQUAL(task == NULL, status != ZG_OK);
    zg_task_close(&task);
    return status;
}

static enum zg_status open_columns(struct zg_error *err)
{
    static const char text[] = "{\"name\": \"m\", \"data\": {\"dev\": \"t\"}, \"template\": \"a\", "
                               "\"options_from\": [\"o\"], \"loss\": \"lm\"}";
    struct zg_task *task = NULL;
    const enum zg_status status = zg_task_open_memory(&task, "T", text, sizeof text - 1, ".", err);
    zg_task_close(&task);
    return status;
}

/* Opens the dataset of that task file and takes batches of n from it. */
static enum zg_status open_dataset_of(const char *name, enum zg_objective objective, int64_t n,
                                      struct zg_error *err)
{
    struct zg_tokenizer *tokenizer = NULL;
    struct zg_dataset *dataset = NULL;
    struct zg_batcher *batcher = NULL;
    struct zg_dataset_stats stats;
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    enum zg_status status = zg_tokenizer_open(&tokenizer, dir, err);
    const struct zg_dataset_request request = {.task = path,
                                               .objective = objective,
                                               .tokenizer = tokenizer,
                                               .max_length = 64,
                                               .n_vocab = 6};
    if (!status)
        status = zg_dataset_open(&dataset, &request, err);
    CU_ASSERT_EQUAL(dataset == NULL, status != ZG_OK);
    if (!status)
        status = zg_dataset_stats(dataset, &stats, err);
    if (!status)
        status = zg_batcher_open(&batcher, dataset, n, 1, err);
    CU_ASSERT_EQUAL(batcher == NULL, status != ZG_OK);
    zg_batcher_close(&batcher);
    zg_dataset_close(&dataset);
    zg_tokenizer_close(&tokenizer);
    return status;
}

static enum zg_status open_dataset(struct zg_error *err)
{
    return open_dataset_of("t.json", ZG_OBJECTIVE_TASK, 2, err);
}

static enum zg_status open_prompts(struct zg_error *err)
{
    return open_dataset_of("t.json", ZG_OBJECTIVE_LM_PROMPT, 2, err);
}

static enum zg_status open_nested(struct zg_error *err)
{
    return open_dataset_of("n.json", ZG_OBJECTIVE_TASK, 1, err);
}

static enum zg_status split_rows(struct zg_error *err)
{
    struct zg_protocol parts;
    struct zg_epochs *epochs = NULL;
    const struct zg_protocol_request request = {20, 9, 10, 5, 3, 0};
    enum zg_status status = zg_split_protocol(&parts, &request, err);
    CU_ASSERT_EQUAL(parts.train == NULL, status != ZG_OK);
    if (!status)
        status = zg_epochs_open(&epochs, parts.train, parts.n_train, 4, 0, err);
    CU_ASSERT_EQUAL(epochs == NULL, status != ZG_OK);
    zg_epochs_close(&epochs);
    zg_protocol_free(&parts);
    return status;
}

static enum zg_status compare_answers(struct zg_error *err)
{
    static const char *const answers[] = {"\xce\xa3\xce\xa3 The One", "two"};
    const char text[] = "An ONE";
    const struct zg_slice prediction = {text, sizeof text - 1};
    double f1 = 0, match = 0;
    enum zg_status status = zg_answer_f1(&f1, prediction, answers, 2, err);
    if (!status)
        status = zg_answer_match(&match, prediction, answers, 2, err);
    return status;
}

static void protocol(void)
{
    sweep(split_rows);
    sweep(compare_answers);
}

static void tokenizers(void)
{
    sweep(open_embedded);
    sweep(open_pair);
    CU_ASSERT_EQUAL(remove(temp_path(dir, "merges.txt")), 0);
    CU_ASSERT_EQUAL(remove(temp_path(dir, "vocab.json")), 0);
    write_temp_file(dir, "tokenizer.json", json, sizeof json - 1);
    sweep(open_pair);
}

static void tasks(void)
{
    sweep(open_task);
    sweep(open_columns);
}

static void datasets(void)
{
    sweep(open_dataset);
    sweep(open_prompts);
    sweep(open_nested);
}

int main(void)
{
    make_temp_dir(dir);
    write_temp_file(dir, "vocab.json", vocab, sizeof vocab - 1);
    write_temp_file(dir, "merges.txt", "a b\n", 4);
    write_temp_file(dir, "t.json", task_json, sizeof task_json - 1);
    write_temp_file(dir, "t.csv", rows, sizeof rows - 1);
    write_temp_file(dir, "n.json", nested_json, sizeof nested_json - 1);
    write_temp_file(dir, "n.jsonl", nested_rows, sizeof nested_rows - 1);
    static const struct zg_test tests[] = {{"tasks", tasks},
                                           {"datasets", datasets},
                                           {"tokenizers", tokenizers},
                                           {"splits, answers", protocol},
                                           {NULL, NULL}};
    const int failed = zg_test_run("no memory", tests);
    remove_temp_dir(dir);
    return failed;
}
