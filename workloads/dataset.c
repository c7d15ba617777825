/* dataset.c - loads a task row by row: fields (csv_source.c) -> filled templates (task.c) -> tokens
 * (prompt.c) -> examples, whose tokens and options lie in arrays of the whole dataset. */
#include "workloads/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "engines/base/nearest.h"
#include "engines/base/size.h"
#include "workloads/csv_source.h"
#include "workloads/prompt.h"
#include "workloads/text.h"

struct zg_dataset {
    char *task_name;
    enum zg_loss loss;
    struct zg_fingerprints prints;
    struct zg_example *examples; /* [n_examples] */
    struct zg_option *options;   /* of all examples, one after another */
    struct zg_tokens tokens;     /* of all examples: stem, options, stem, options, ... */
    int64_t n_examples, n_options;
    int64_t example_capacity, option_capacity;
};

/* What reading a row needs; columns are looked up once. */
struct loader {
    struct zg_dataset *dataset;
    const struct zg_task *task;
    const struct zg_dataset_request *request;
    struct zg_csv_source *source;
    struct zg_prompt_rules rules;
    int64_t *prompt_columns;  /* [prompt.n_parts]; -1: a literal */
    int64_t **option_columns; /* [n_options][parts] */
    int64_t label_column;     /* -1: one option, and it is gold */
    struct zg_text text;      /* the filled template */
    struct zg_text *option_text;
    struct zg_slice *options;
    struct zg_prompt prompt;
    struct zg_error *err;
};

static enum zg_status no_memory(const struct loader *l)
{
    return zg_fail(l->err, ZG_ENV, "task '%s': no memory for its data", l->task->name);
}

/* Names the columns that there are, as far as the line goes, and the nearest. */
static enum zg_status fail_column(const struct loader *l, const char *name)
{
    char known[256] = "";
    size_t n = 0;
    bool is_full = false;
    const int64_t n_columns = zg_csv_source_n_columns(l->source);
    struct zg_nearest nearest = zg_nearest_begin(name);
    for (int64_t i = 0; i < n_columns; i++) {
        const char *const column = zg_csv_source_column(l->source, i);
        zg_nearest_try(&nearest, column, strlen(column));
        is_full |= n + strlen(column) + 10 > sizeof known; /* quotes, comma, room for the dots */
        if (!is_full)
            n += (size_t)snprintf(known + n, sizeof known - n, "%s'%s'", i ? ", " : "", column);
    }
    return zg_fail(l->err, ZG_INPUT,
                   "%s: task '%s' needs column '%.80s', the header has %lld: %s%s%s",
                   zg_csv_source_name(l->source), l->task->name, name, (long long)n_columns, known,
                   is_full ? " ..." : "", zg_nearest_hint(&nearest));
}

static enum zg_status find_column(const struct loader *l, const char *name, int64_t *column)
{
    *column = zg_csv_source_find(l->source, name);
    return *column >= 0 ? ZG_OK : fail_column(l, name);
}

static enum zg_status bind(const struct loader *l, const struct zg_task_template *t,
                           int64_t **columns)
{
    *columns = malloc((size_t)(t->n_parts + 1) * sizeof **columns);
    if (!*columns)
        return no_memory(l);
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < t->n_parts && !status; i++) {
        (*columns)[i] = -1;
        if (t->parts[i].is_column)
            status = find_column(l, t->parts[i].text, &(*columns)[i]);
    }
    return status;
}

static enum zg_status fill(const struct loader *l, const struct zg_task_template *t,
                           const int64_t *columns, const struct zg_csv_row *row,
                           struct zg_text *out)
{
    enum zg_status status = ZG_OK;
    out->n = 0;
    for (int64_t i = 0; i < t->n_parts && !status; i++) {
        struct zg_slice part = {t->parts[i].text, 0};
        if (columns[i] < 0) {
            part.n = (int64_t)strlen(part.bytes);
        } else {
            part = (struct zg_slice){row->fields[columns[i]].text, row->fields[columns[i]].n_bytes};
            if (l->task->strip)
                part = zg_slice_strip(part);
        }
        status = zg_text_append(out, part.bytes, part.n, l->err);
    }
    return status;
}

static bool same(struct zg_slice a, struct zg_slice b)
{
    return a.n == b.n && memcmp(a.bytes, b.bytes, (size_t)a.n) == 0;
}

/* The cell as a plain number 0 .. n - 1, else -1. */
static int64_t parse_index(struct zg_slice cell, int64_t n)
{
    int64_t value = 0;
    if (cell.n < 1 || cell.n > 9)
        return -1;
    for (int64_t i = 0; i < cell.n; i++) {
        if (cell.bytes[i] < '0' || cell.bytes[i] > '9')
            return -1;
        value = 10 * value + (cell.bytes[i] - '0');
    }
    return value < n ? value : -1;
}

/* "labels" alone decides where it is given; else the cell is an option's text or its index. */
static enum zg_status find_gold(const struct loader *l, const struct zg_csv_row *row, int64_t *gold)
{
    *gold = 0;
    if (l->label_column < 0)
        return ZG_OK;
    const struct zg_task *task = l->task;
    const struct zg_csv_field *field = &row->fields[l->label_column];
    const struct zg_slice cell = zg_slice_strip((struct zg_slice){field->text, field->n_bytes});
    for (int64_t i = 0; i < task->n_labels; i++) {
        const struct zg_slice text = {task->labels[i].text, (int64_t)strlen(task->labels[i].text)};
        if (same(zg_slice_strip(text), cell)) {
            *gold = task->labels[i].option;
            return ZG_OK;
        }
    }
    if (task->n_labels > 0) {
        struct zg_nearest nearest = zg_nearest_begin(field->text);
        for (int64_t i = 0; i < task->n_labels; i++)
            zg_nearest_try(&nearest, task->labels[i].text, strlen(task->labels[i].text));
        return zg_fail(l->err, ZG_INPUT, "label '%.80s' is not among the keys of \"labels\"%s",
                       field->text, zg_nearest_hint(&nearest));
    }

    int64_t by_text = -1;
    const int64_t by_index = parse_index(cell, task->n_options);
    for (int64_t o = 0; o < task->n_options; o++)
        if (same(zg_slice_strip(l->options[o]), cell)) {
            if (by_text >= 0)
                return zg_fail(l->err, ZG_INPUT,
                               "label '%.80s' is the text of options %lld and %lld", field->text,
                               (long long)by_text, (long long)o);
            by_text = o;
        }
    if (by_text >= 0 && by_index >= 0 && by_text != by_index)
        return zg_fail(
            l->err, ZG_INPUT,
            "label '%.80s' is the text of option %lld and the index of another: give \"labels\"",
            field->text, (long long)by_text);
    *gold = by_text >= 0 ? by_text : by_index;
    if (*gold < 0)
        return zg_fail(l->err, ZG_INPUT,
                       "label '%.80s' is not among the options: give an option's text or 0 .. %lld",
                       field->text, (long long)task->n_options - 1);
    return ZG_OK;
}

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
    void *examples =
        grow(d->examples, d->n_examples + 1, &d->example_capacity, sizeof *d->examples);
    if (!examples)
        return no_memory(l);
    d->examples = examples;
    void *options =
        grow(d->options, d->n_options + n_new_options, &d->option_capacity, sizeof *d->options);
    if (!options)
        return no_memory(l);
    d->options = options;
    return ZG_OK;
}

/* Appends l->prompt.  Token pointers are set when all rows are there: the arrays still move. */
static enum zg_status append_example(struct loader *l, int64_t gold)
{
    struct zg_dataset *d = l->dataset;
    const struct zg_prompt *p = &l->prompt;
    enum zg_status status = make_room(l, p->n_options);
    for (int64_t i = 0; i < p->tokens.n && !status; i++)
        status = zg_tokens_append(&d->tokens, p->tokens.ids[i], l->err);
    if (status)
        return status;
    for (int64_t o = 0; o < p->n_options; o++)
        d->options[d->n_options++] = (struct zg_option){.n_tokens = p->n_option_tokens[o]};
    d->examples[d->n_examples++] =
        (struct zg_example){.n_stem = p->n_stem, .n_options = p->n_options, .gold = gold};
    return ZG_OK;
}

static uint64_t hash_cell(const char *text, int64_t n_bytes, uint64_t print)
{
    return XXH3_64bits_withSeed(text, (size_t)n_bytes, print);
}

static enum zg_status load_row(struct loader *l, const struct zg_csv_row *row)
{
    const struct zg_task *task = l->task;
    uint64_t *const print = &l->dataset->prints.data;
    int64_t gold = 0;
    for (int64_t i = 0; i < row->n_fields; i++)
        *print = hash_cell(row->fields[i].text, row->fields[i].n_bytes, *print);
    enum zg_status status = fill(l, &task->prompt, l->prompt_columns, row, &l->text);
    const struct zg_slice text = {l->text.bytes, l->text.n};
    if (l->request->objective == ZG_OBJECTIVE_LM_PROMPT) {
        if (!status)
            status = zg_prompt_encode_lm(&l->prompt, &l->rules, text, l->err);
    } else {
        for (int64_t o = 0; o < task->n_options && !status; o++) {
            status = fill(l, &task->options[o], l->option_columns[o], row, &l->option_text[o]);
            l->options[o] = (struct zg_slice){l->option_text[o].bytes, l->option_text[o].n};
        }
        if (!status)
            status = find_gold(l, row, &gold);
        if (!status)
            status =
                zg_prompt_encode(&l->prompt, &l->rules, text, l->options, task->n_options, l->err);
    }
    if (status)
        return zg_fail_within(l->err, status, "%s:%lld", zg_csv_source_name(l->source),
                              (long long)row->line);
    return append_example(l, gold);
}

static enum zg_status bind_all(struct loader *l)
{
    const struct zg_task *task = l->task;
    const size_t n = (size_t)task->n_options;
    l->option_columns = calloc(n, sizeof *l->option_columns);
    l->option_text = calloc(n, sizeof *l->option_text);
    l->options = calloc(n, sizeof *l->options);
    if (!l->option_columns || !l->option_text || !l->options)
        return no_memory(l);
    enum zg_status status = bind(l, &task->prompt, &l->prompt_columns);
    l->label_column = -1;
    if (l->request->objective == ZG_OBJECTIVE_LM_PROMPT)
        return status;
    for (int64_t o = 0; o < task->n_options && !status; o++)
        status = bind(l, &task->options[o], &l->option_columns[o]);
    if (!status && task->label)
        status = find_column(l, task->label, &l->label_column);
    return status;
}

static void set_pointers(struct zg_dataset *d)
{
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
}

static enum zg_status load(struct loader *l)
{
    const struct zg_task_data *data = &l->task->data[l->request->split];
    enum zg_status status;
    if (data->bytes)
        status = zg_csv_source_open_memory(&l->source, data->path, data->bytes, data->n_bytes,
                                           &l->task->format, l->err);
    else
        status = zg_csv_source_open(&l->source, data->path, &l->task->format, l->err);
    if (!status)
        status = bind_all(l);
    for (int64_t i = 0; !status && i < zg_csv_source_n_columns(l->source); i++) {
        const char *const name = zg_csv_source_column(l->source, i);
        l->dataset->prints.data = hash_cell(name, (int64_t)strlen(name), l->dataset->prints.data);
    }
    const int64_t limit = l->request->limit > 0 ? l->request->limit : INT64_MAX;
    while (!status && l->dataset->n_examples < limit) {
        struct zg_csv_row row;
        status = zg_csv_source_next(l->source, &row, l->err);
        if (status || row.n_fields == 0)
            break;
        status = load_row(l, &row);
    }
    if (!status)
        set_pointers(l->dataset);
    return status;
}

static void free_loader(struct loader *l)
{
    for (int64_t o = 0; o < l->task->n_options; o++) {
        if (l->option_columns)
            free(l->option_columns[o]);
        if (l->option_text)
            zg_text_free(&l->option_text[o]);
    }
    free(l->option_columns);
    free(l->option_text);
    free(l->options);
    free(l->prompt_columns);
    zg_text_free(&l->text);
    zg_prompt_free(&l->prompt);
    zg_csv_source_close(&l->source);
}

static enum zg_status check_request(const struct zg_task *task,
                                    const struct zg_dataset_request *request, struct zg_error *err)
{
    if (request->limit < 0)
        return zg_fail(err, ZG_USAGE, "a limit of %lld rows: give 1 or more, or 0 for all",
                       (long long)request->limit);
    if (request->bos >= 0 && request->bos >= request->n_vocab)
        return zg_fail(err, ZG_USAGE, "BOS token %d: the model's vocabulary has %lld", request->bos,
                       (long long)request->n_vocab);
    if (!task->data[request->split].path)
        return zg_fail(err, ZG_USAGE, "task '%s' has no split '%s'", task->name,
                       zg_split_name(request->split));
    return ZG_OK;
}

enum zg_status zg_dataset_open_task(struct zg_dataset **out, const struct zg_task *task,
                                    const struct zg_dataset_request *request, struct zg_error *err)
{
    *out = NULL;
    enum zg_status status = check_request(task, request, err);
    if (status)
        return status;
    struct zg_dataset *dataset = calloc(1, sizeof *dataset);
    struct loader loader = {.dataset = dataset,
                            .task = task,
                            .request = request,
                            .rules = {.tokenizer = request->tokenizer,
                                      .bos = request->bos,
                                      .max_length = request->max_length,
                                      .n_vocab = request->n_vocab},
                            .err = err};
    if (!dataset || !(dataset->task_name = strdup(task->name)))
        status = no_memory(&loader);
    else
        status = load(&loader);
    free_loader(&loader);
    if (status) {
        zg_dataset_close(&dataset);
        return status;
    }
    dataset->prints.task = task->fingerprint;
    dataset->prints.tokenizer = zg_tokenizer_fingerprint(request->tokenizer);
    dataset->loss = request->objective == ZG_OBJECTIVE_LM_PROMPT ? ZG_LOSS_LM : task->loss;
    *out = dataset;
    return ZG_OK;
}

enum zg_status zg_dataset_open(struct zg_dataset **out, const struct zg_dataset_request *request,
                               struct zg_error *err)
{
    *out = NULL;
    struct zg_task *task = NULL;
    enum zg_status status = zg_task_open(&task, request->task, request->data_dir, err);
    if (!status)
        status = zg_dataset_open_task(out, task, request, err);
    zg_task_close(&task);
    return status;
}

void zg_dataset_close(struct zg_dataset **dataset)
{
    if (!dataset || !*dataset)
        return;
    struct zg_dataset *d = *dataset;
    free(d->task_name);
    free(d->examples);
    free(d->options);
    zg_tokens_free(&d->tokens);
    free(d);
    *dataset = NULL;
}

const char *zg_dataset_task_name(const struct zg_dataset *dataset)
{
    return dataset->task_name;
}

const struct zg_fingerprints *zg_dataset_fingerprints(const struct zg_dataset *dataset)
{
    return &dataset->prints;
}

int64_t zg_dataset_n_examples(const struct zg_dataset *dataset)
{
    return dataset->n_examples;
}

const struct zg_example *zg_dataset_examples(const struct zg_dataset *dataset)
{
    return dataset->examples;
}

enum zg_loss zg_dataset_loss(const struct zg_dataset *dataset)
{
    return dataset->loss;
}

struct zg_batch zg_dataset_slice(const struct zg_dataset *dataset, int64_t begin, int64_t n)
{
    return (struct zg_batch){dataset->examples + begin, n, dataset->loss, ZG_TOKEN_PAD};
}

static int compare_lengths(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

enum zg_status zg_dataset_stats(const struct zg_dataset *dataset, struct zg_dataset_stats *out,
                                struct zg_error *err)
{
    const int64_t n = dataset->n_examples;
    int64_t *lengths = malloc((size_t)n * sizeof *lengths);
    if (!lengths)
        return zg_fail(err, ZG_ENV, "no memory to sort %lld lengths", (long long)n);
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const struct zg_example *example = &dataset->examples[i];
        lengths[i] = example->n_stem + example->options[example->gold].n_tokens;
        sum += lengths[i];
    }
    qsort(lengths, (size_t)n, sizeof *lengths, compare_lengths);
    /* the smallest length with at least q * n lengths at or below it stands at index ceil(q * n) -
     * 1 */
    *out = (struct zg_dataset_stats){.n_examples = n,
                                     .mean_tokens = (double)sum / (double)n,
                                     .p50_tokens = lengths[(n + 1) / 2 - 1],
                                     .p95_tokens = lengths[(95 * n + 99) / 100 - 1],
                                     .max_tokens = lengths[n - 1]};
    free(lengths);
    return ZG_OK;
}

const char *zg_objective_name(enum zg_objective objective)
{
    return objective == ZG_OBJECTIVE_TASK ? "task" : "lm-prompt";
}

enum zg_status zg_bos_parse(int32_t *out, const char *text, struct zg_error *err)
{
    static const struct {
        const char *name;
        int32_t id;
    } named[] = {{"official", ZG_BOS_OFFICIAL}, {"stock", ZG_BOS_STOCK}, {"none", ZG_BOS_NONE}};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcmp(text, named[i].name) == 0) {
            *out = named[i].id;
            return ZG_OK;
        }
    const int64_t id = parse_index((struct zg_slice){text, (int64_t)strlen(text)}, INT32_MAX);
    if (id < 0)
        return zg_fail(err, ZG_USAGE, "BOS '%s' is unknown: official, stock, none, or a token id%s",
                       text, zg_nearest_word(text, "official stock none").hint);
    *out = (int32_t)id;
    return ZG_OK;
}
