/*
 * fuzz_task_json.c - task files, and the rows under them, on arbitrary bytes.
 *
 * Up to the first NUL the input is a task file; what follows it stands for the data file of either
 * split. A dataset that opens must hold: every example has a stem, options, a gold one among them,
 * and ids of the vocabulary.
 */
#include <stdlib.h>
#include <string.h>

#include "workloads/dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct zg_tokenizer *tokenizer; /* opened once: libFuzzer calls from one thread */

static void check_dataset(const struct zg_dataset *dataset, int64_t n_vocab)
{
    if (zg_dataset_n_examples(dataset) < 1)
        abort();
    for (int64_t i = 0; i < zg_dataset_n_examples(dataset); i++) {
        const struct zg_example *e = &zg_dataset_examples(dataset)[i];
        if (e->n_stem < 1 || e->n_options < 1 || e->gold < 0 || e->gold >= e->n_options)
            abort();
        for (int64_t o = 0; o < e->n_options; o++)
            for (int64_t t = 0; t < e->options[o].n_tokens; t++)
                if (e->options[o].tokens[t] < 0 || e->options[o].tokens[t] >= n_vocab)
                    abort();
    }
}

static void open_rows(struct zg_task *task, const char *rows, size_t n_rows,
                      enum zg_objective objective)
{
    for (int split = 0; split < ZG_N_SPLITS; split++) {
        task->data[split].bytes = rows;
        task->data[split].n_bytes = (int64_t)n_rows;
        struct zg_dataset *dataset = NULL;
        struct zg_error err = {0};
        const struct zg_dataset_request request = {.split = (enum zg_split)split,
                                                   .objective = objective,
                                                   .tokenizer = tokenizer,
                                                   .max_length = 100,
                                                   .n_vocab = zg_tokenizer_n_vocab(tokenizer)};
        const enum zg_status status = zg_dataset_open_task(&dataset, task, &request, &err);
        if ((status == ZG_OK) != (dataset != NULL) || (status == ZG_OK) != (err.text[0] == '\0'))
            abort();
        if (dataset)
            check_dataset(dataset, request.n_vocab);
        zg_dataset_close(&dataset);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!tokenizer && zg_tokenizer_open_embedded(&tokenizer, NULL))
        abort();
    const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
    const size_t n_json = nul ? (size_t)(nul - data) : size;
    struct zg_task *task = NULL;
    struct zg_error err = {0};
    const enum zg_status status =
        zg_task_open_memory(&task, "T", (const char *)data, (int64_t)n_json, "dir", &err);
    if ((status == ZG_OK) != (task != NULL) || (status == ZG_OK) != (err.text[0] == '\0') ||
        (status && status != ZG_INPUT))
        abort();
    if (task && nul) {
        open_rows(task, (const char *)nul + 1, size - n_json - 1, ZG_OBJECTIVE_TASK);
        open_rows(task, (const char *)nul + 1, size - n_json - 1, ZG_OBJECTIVE_LM_PROMPT);
    }
    zg_task_close(&task);
    return 0;
}
