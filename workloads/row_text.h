/*
 * row_text.h - the texts of a row: its prompt, its options, which of them are right.
 * dataset_load.c makes tokens of them.
 */
#ifndef ZG_WORKLOADS_ROW_TEXT_H
#define ZG_WORKLOADS_ROW_TEXT_H

#include "workloads/row_source.h"

struct zg_row_form; /* a template whose names are looked up once */

struct zg_row_text {
    /* of the row that was read last: */
    struct zg_slice prompt;
    struct zg_slices options;    /* empty where the prompt alone is read */
    int64_t gold;                /* among the options */
    struct zg_slices answers;    /* texts that are right, empty where the task has no "answers" */
    struct zg_slices candidates; /* the options' own texts, of "options_each" */

    /* row_text.c's */
    const struct zg_task *task;
    struct zg_row_source *rows;
    struct zg_row_form *forms; /* [n_forms]: of the prompt, then of the options */
    int64_t n_forms;
    int64_t label, right, list, list_text; /* fields; -1: the task has none */
    struct zg_text text;                   /* the filled prompt */
    struct zg_text filtered;               /* one part of it */
    struct zg_text *option_text;           /* [n_option_text] */
    int64_t n_option_text;
    struct zg_error *err;
};

/* Looks up what the task names in its rows; prompt_only: no option and no label is read.  Task and
 * rows are borrowed until close.  ZG_INPUT: a column that is missing, a path that is none.
 * Whatever happens, zg_row_text_close() frees what *out has. */
enum zg_status zg_row_text_open(struct zg_row_text *out, const struct zg_task *task,
                                struct zg_row_source *rows, bool prompt_only, struct zg_error *err);
void zg_row_text_close(struct zg_row_text *row);

/* Reads the row that the source is at; what it makes is valid until the source goes on.  ZG_INPUT,
 * with the row's place: what is missing or no text, a filter's refusal, a label that no option has,
 * no right answer among a row's own options. */
enum zg_status zg_row_text_read(struct zg_row_text *row, struct zg_error *err);

/* Is the option right?  The gold one is, and each of a row's own that is among the answers. */
bool zg_row_text_right(const struct zg_row_text *row, int64_t option);

#endif
