/*
 * dataset.h - a task's rows as tokenised examples (example.h), encoded like the official ZO
 * scripts.
 *
 *     struct zg_dataset *dataset = NULL;
 *     const struct zg_dataset_request request = {.task = "embedded", .split = ZG_SPLIT_TRAIN,
 *         .objective = ZG_OBJECTIVE_TASK, .bos = ZG_BOS_OFFICIAL, .tokenizer = tokenizer,
 *         .max_length = shape->n_positions, .n_vocab = shape->n_vocab};
 *     if (!zg_dataset_open(&dataset, &request, &err))
 *         for (int64_t i = 0; i < zg_dataset_n_examples(dataset); i++)
 *             use(&zg_dataset_examples(dataset)[i]);
 *     zg_dataset_close(&dataset);
 *
 * Encoding (MeZO and LOZO large_models, utils.py):
 *
 *     prompt      the filled template, spaces stripped at both ends
 *     full_o      filled template + option o, spaces stripped at both ends
 *     option_len  tokens(full_o) - tokens(prompt)
 *     sequence    BOS + tokens of full_o without leading white space
 *     scored      the sequence's last option_len tokens
 *
 * An example has one stem, so all options of a row must agree on what precedes the scored tokens. 
 * Where a merge reaches across the boundary the stem is whatever the full texts have there, still
 * the same for all; where they differ, or an option adds no token, the row is refused (ZG_INPUT):
 * nothing else would score the official tokens.
 *
 * A sequence over max_length is refused, or, with ZG_TRUNCATE_LEFT, cut as the official code does:
 * BOS and the last tokens stay.  As the options of a row share their stem, it is cut to what the
 * longest of them leaves; the official code cuts each sequence alone, which is the same where the
 * options are of one length.  A task that generates (zg_dataset_max_new_tokens) keeps room for it.
 *
 * Immutable after open: any number of threads may read.
 */
#ifndef ZG_WORKLOADS_DATASET_H
#define ZG_WORKLOADS_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"
#include "engines/example.h"
#include "workloads/task.h"
#include "workloads/tokenizer.h"

enum zg_objective {
    /* the task's options and its loss */
    ZG_OBJECTIVE_TASK,
    /* mean token NLL over the whole prompt, labels unread: the stem is BOS and the one option is
     * the prompt; without BOS the prompt's first token is the stem */
    ZG_OBJECTIVE_LM_PROMPT,
};
const char *zg_objective_name(enum zg_objective objective); /* "task", "lm-prompt" */

#define ZG_BOS_OFFICIAL INT32_C(0)  /* <s>: what the official ZO code sets for OPT */
#define ZG_BOS_STOCK    INT32_C(2)  /* </s>: what the stock OPT tokenizer starts with */
#define ZG_BOS_NONE     INT32_C(-1) /* sequences start with the text */

enum zg_truncate {
    ZG_TRUNCATE_REFUSE, /* a row that is too long is an error: nothing is lost in silence */
    ZG_TRUNCATE_LEFT,   /* its beginning is dropped but for BOS, and the row counted */
};
const char *zg_truncate_name(enum zg_truncate truncate); /* "refuse", "left" */

/* "official", "stock", "none", or a token id.  ZG_USAGE: anything else. */
enum zg_status zg_bos_parse(int32_t *out, const char *text, struct zg_error *err);

struct zg_dataset_request {
    const char *task;     /* built-in name or task file, as zg_task_open() */
    const char *data_dir; /* NULL: beside the task file */
    enum zg_split split;
    int64_t limit; /* the first `limit` rows; 0: all */
    enum zg_objective objective;
    int32_t bos;                          /* a token id or ZG_BOS_NONE */
    const struct zg_tokenizer *tokenizer; /* borrowed during open only */
    int64_t max_length;                   /* the model's longest sequence, in tokens */
    int64_t n_vocab;                      /* rows of the model's token embedding */
    enum zg_truncate truncate;
    /* Row ids, ascending and each once: only these rows become examples; NULL: all.  Borrowed
     * during open.  Not with a limit. */
    const int64_t *rows; /* [n_rows] */
    int64_t n_rows;
};

struct zg_dataset;

/* Rows of a task's data file, none of them encoded: what a choice of rows is drawn from.  The
 * errors of reading them. */
enum zg_status zg_dataset_count_rows(const struct zg_task *task, enum zg_split split, int64_t *n,
                                     struct zg_error *err);

/* ZG_USAGE: unknown task, negative limit, a BOS outside the vocabulary, a row id that the data does
 * not have. ZG_INPUT, naming file and line: whatever task.h and csv_source.h refuse, a missing
 * column or file, a label that is not among the options, a sequence over max_length (unless it is
 * cut), a token id >= n_vocab, text that cannot be encoded. On failure *out is NULL. */
enum zg_status zg_dataset_open(struct zg_dataset **out, const struct zg_dataset_request *request,
                               struct zg_error *err);
/* The same for a task that is open already; request->task and data_dir are not read. */
enum zg_status zg_dataset_open_task(struct zg_dataset **out, const struct zg_task *task,
                                    const struct zg_dataset_request *request, struct zg_error *err);
/* NULL and a pointer to NULL are fine. */
void zg_dataset_close(struct zg_dataset **dataset);

const char *zg_dataset_task_name(const struct zg_dataset *dataset);

/* What two datasets must share to be made of the same, wherever their files lie (XXH3). */
struct zg_fingerprints {
    uint64_t data;      /* the cells of the header and of the rows that were read, whatever ends a
                           line */
    uint64_t task;      /* zg_task's */
    uint64_t tokenizer; /* tokenizer.h's */
};
const struct zg_fingerprints *zg_dataset_fingerprints(const struct zg_dataset *dataset);
int64_t zg_dataset_n_examples(const struct zg_dataset *dataset); /* >= 1 */
const struct zg_example *
zg_dataset_examples(const struct zg_dataset *dataset); /* [n_examples], in the data's order */
enum zg_loss zg_dataset_loss(const struct zg_dataset *dataset);

/* Of example i, 0 <= i < n_examples: */

/* its row id, the order number of its row in the data file, from 0; ascending in i */
int64_t zg_dataset_row(const struct zg_dataset *dataset, int64_t i);
/* the example of a row id; -1: none is */
int64_t zg_dataset_find_row(const struct zg_dataset *dataset, int64_t row);
/* is the option right?  The gold one is; where a row has several right answers, others are too */
bool zg_dataset_right(const struct zg_dataset *dataset, int64_t i, int64_t option);
/* texts of its right answers, [*n], in the data's order; NULL and 0 where the task has no "answers"
 * (or the objective reads none).  What is generated is held to them; its prompt is the example's
 * stem. */
const char *const *zg_dataset_answers(const struct zg_dataset *dataset, int64_t i, int64_t *n);

/* Examples whose stem was cut (ZG_TRUNCATE_LEFT). */
int64_t zg_dataset_n_truncated(const struct zg_dataset *dataset);
/* The task's (task.h). */
enum zg_task_metric zg_dataset_metric(const struct zg_dataset *dataset);
struct zg_task_sizes zg_dataset_sizes(const struct zg_dataset *dataset);
int64_t zg_dataset_max_new_tokens(const struct zg_dataset *dataset);

/* Examples begin .. begin + n - 1 in the data's order as a batch that borrows from the dataset; the
 * range must lie inside. */
struct zg_batch zg_dataset_slice(const struct zg_dataset *dataset, int64_t begin, int64_t n);

/* Lengths of stem + gold option, in tokens, BOS included. */
struct zg_dataset_stats {
    int64_t n_examples;
    double mean_tokens;
    int64_t p50_tokens; /* the smallest length that at least 50 % of the examples do not exceed */
    int64_t p95_tokens;
    int64_t max_tokens;
};
/* ZG_ENV: no memory for sorting. */
enum zg_status zg_dataset_stats(const struct zg_dataset *dataset, struct zg_dataset_stats *out,
                                struct zg_error *err);

#endif
