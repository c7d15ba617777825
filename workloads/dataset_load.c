/*
 * dataset_load.c - loads a task row by row: texts (row_text.c) -> tokens (prompt.c) -> examples,
 * whose tokens, options and answers lie in arrays of the whole dataset.
 */
#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"
#include "workloads/dataset_store.h"
#include "workloads/prompt.h"
#include "workloads/row_text.h"

/* What reading a row needs. */
struct loader {
    struct zg_dataset *dataset;
    const struct zg_task *task;
    const struct zg_dataset_request *request;
    struct zg_row_source *rows;
    struct zg_row_text row;
    struct zg_prompt_rules rules;
    struct zg_prompt encoded;
    struct zg_error *err;
};

static enum zg_status no_memory(const struct loader *l)
{
    return zg_fail(l->err, ZG_ENV, "task '%s': no memory for its data", l->task->name);
}

/* ---- examples -------------------------------------------------------------------------------- */

/* The array with room for n_needed items, its capacity doubled; NULL, and the old one intact, where
 * there is no memory. */
static void *grow(void *array, int64_t n_needed, int64_t *capacity, size_t item_size)
{
    if (n_needed <= *capacity)
        return array;
    const int64_t wanted = zg_max64(n_needed, 2 * *capacity);
    void *grown = realloc(array, (size_t)wanted * item_size);
    if (grown)
        *capacity = wanted;
    return grown;
}

static enum zg_status make_room(const struct loader *l, int64_t n_new_options)
{
    struct zg_dataset *d = l->dataset;
    void *grown = grow(d->examples, d->n_examples + 1, &d->example_capacity, sizeof *d->examples);
    if (!grown)
        return no_memory(l);
    d->examples = grown;
    grown = grow(d->rows, d->n_examples + 1, &d->row_capacity, sizeof *d->rows);
    if (!grown)
        return no_memory(l);
    d->rows = grown;
    grown = grow(d->options, d->n_options + n_new_options, &d->option_capacity, sizeof *d->options);
    if (!grown)
        return no_memory(l);
    d->options = grown;
    if (!l->task->each.list || l->row.options.n == 0)
        return ZG_OK;
    grown = grow(d->right, d->n_options + n_new_options, &d->right_capacity, sizeof *d->right);
    if (!grown)
        return no_memory(l);
    d->right = grown;
    return ZG_OK;
}

static enum zg_status append_answers(struct loader *l)
{
    struct zg_dataset *const d = l->dataset;
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < l->row.answers.n && !status; i++) {
        const struct zg_slice answer = l->row.answers.items[i];
        status = zg_text_append(&d->answer_text, answer.bytes, answer.n, l->err);
        if (!status)
            status = zg_text_append(&d->answer_text, "", 1, l->err);
        d->n_answers += !status;
    }
    return status;
}

/* Appends l->encoded.  Pointers are set when all rows are there: the arrays still move. */
static enum zg_status append_example(struct loader *l, int64_t id)
{
    struct zg_dataset *d = l->dataset;
    const struct zg_prompt *p = &l->encoded;
    const int64_t first_answer = d->n_answers;
    enum zg_status status = make_room(l, p->n_options);
    for (int64_t i = 0; i < p->tokens.n && !status; i++)
        status = zg_tokens_append(&d->tokens, p->tokens.ids[i], l->err);
    if (!status)
        status = append_answers(l);
    if (status)
        return status;
    for (int64_t o = 0; o < p->n_options; o++) {
        if (d->right)
            d->right[d->n_options] = zg_row_text_right(&l->row, o);
        d->options[d->n_options++] = (struct zg_option){.n_tokens = p->n_option_tokens[o]};
    }
    d->rows[d->n_examples] = (struct zg_dataset_row){id, first_answer, d->n_answers - first_answer};
    d->n_truncated += p->was_cut;
    d->examples[d->n_examples++] =
        (struct zg_example){.n_stem = p->n_stem, .n_options = p->n_options, .gold = l->row.gold};
    return ZG_OK;
}

static enum zg_status load_row(struct loader *l, int64_t id)
{
    struct zg_row_text *const row = &l->row;
    enum zg_status status = zg_row_text_read(row, l->err);
    if (status)
        return status;
    status = row->options.n == 0 ? zg_prompt_encode_lm(&l->encoded, &l->rules, row->prompt, l->err)
                                 : zg_prompt_encode(&l->encoded, &l->rules, row->prompt,
                                                    row->options.items, row->options.n, l->err);
    return status ? zg_fail_within(l->err, status, "%s", zg_row_source_where(l->rows))
                  : append_example(l, id);
}

/* ---- all rows -------------------------------------------------------------------------------- */

static enum zg_status set_pointers(const struct loader *l)
{
    struct zg_dataset *const d = l->dataset;
    const int32_t *next = d->tokens.ids;
    struct zg_option *option = d->options;
    for (int64_t i = 0; i < d->n_examples; i++) {
        struct zg_example *example = &d->examples[i];
        example->stem = next;
        next += example->n_stem;
        example->options = option;
        for (int64_t o = 0; o < example->n_options; o++, option++) {
            option->tokens = next;
            next += option->n_tokens;
        }
    }
    if (d->n_answers == 0)
        return ZG_OK;
    d->answers = malloc((size_t)d->n_answers * sizeof *d->answers);
    if (!d->answers)
        return no_memory(l);
    const char *text = d->answer_text.bytes;
    for (int64_t i = 0; i < d->n_answers; i++, text += strlen(text) + 1)
        d->answers[i] = text;
    return ZG_OK;
}

/* Rows that the request names, or its first ones; where it names some, all are read, so that the
 * data's fingerprint is of the file. */
static enum zg_status load_rows(struct loader *l)
{
    const struct zg_dataset_request *const request = l->request;
    const int64_t limit = request->limit > 0 ? request->limit : INT64_MAX;
    int64_t id = 0, at = 0;
    for (bool more = true; l->dataset->n_examples < limit; id++) {
        enum zg_status status = zg_row_source_next(l->rows, &more, l->err);
        if (!status && !more)
            break;
        const bool is_wanted = !request->rows || (at < request->n_rows && request->rows[at] == id);
        at += is_wanted;
        if (!status && is_wanted)
            status = load_row(l, id);
        if (status)
            return status;
    }
    if (request->rows && at < request->n_rows)
        return zg_fail(l->err, ZG_USAGE, "task '%s': row %lld is wanted, and the data has %lld",
                       l->task->name, (long long)request->rows[at], (long long)id);
    return ZG_OK;
}

enum zg_status zg_dataset_load(struct zg_dataset *dataset, const struct zg_task *task,
                               const struct zg_dataset_request *request, struct zg_error *err)
{
    const bool is_lm = request->objective == ZG_OBJECTIVE_LM_PROMPT;
    struct loader l = {.dataset = dataset,
                       .task = task,
                       .request = request,
                       .rules = {.tokenizer = request->tokenizer,
                                 .bos = request->bos,
                                 .max_length = request->max_length,
                                 .n_kept_free = is_lm ? 0 : task->max_new_tokens,
                                 .n_vocab = request->n_vocab,
                                 .cut = request->truncate == ZG_TRUNCATE_LEFT},
                       .err = err};
    enum zg_status status = zg_row_source_open(&l.rows, task, request->split, err);
    if (!status)
        status = zg_row_text_open(&l.row, task, l.rows, is_lm, err);
    if (!status)
        status = load_rows(&l);
    if (!status)
        status = set_pointers(&l);
    if (!status)
        dataset->prints.data = zg_row_source_print(l.rows);
    zg_row_text_close(&l.row);
    zg_prompt_free(&l.encoded);
    zg_row_source_close(&l.rows);
    return status;
}

enum zg_status zg_dataset_count_rows(const struct zg_task *task, enum zg_split split, int64_t *n,
                                     struct zg_error *err)
{
    struct zg_row_source *rows = NULL;
    bool more = true;
    *n = 0;
    enum zg_status status = zg_row_source_open(&rows, task, split, err);
    while (!status && !(status = zg_row_source_next(rows, &more, err)) && more)
        ++*n;
    zg_row_source_close(&rows);
    return status;
}
