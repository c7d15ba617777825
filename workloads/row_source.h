/*
 * row_source.h - the rows of a task's data file, whatever form it has: delimited text
 * (csv_source.h) or JSON (json_source.h).
 *
 *     struct zg_row_source *rows = NULL;
 *     int64_t label;
 *     bool more = true;
 *     enum zg_status status = zg_row_source_open(&rows, task, ZG_SPLIT_TRAIN, &err);
 *     if (!status)
 *         status = zg_row_source_bind(rows, "label", &label, &err);
 *     while (!status && !(status = zg_row_source_next(rows, &more, &err)) && more)
 *         status = zg_row_source_text(rows, label, &text, &err);
 *     zg_row_source_close(&rows);
 *
 * A name is an entry of the task's "fields", or a column, or a path.  It is bound once; columns of
 * delimited text are looked up then, paths in each row.
 */
#ifndef ZG_WORKLOADS_ROW_SOURCE_H
#define ZG_WORKLOADS_ROW_SOURCE_H

#include "workloads/json_source.h"
#include "workloads/task.h"

struct zg_row_source;

/* The task is borrowed until close.  What the two sources refuse; ZG_INPUT: a path that is none. */
enum zg_status zg_row_source_open(struct zg_row_source **out, const struct zg_task *task,
                                  enum zg_split split, struct zg_error *err);
/* NULL and a pointer to NULL are fine. */
void zg_row_source_close(struct zg_row_source **rows);

/* *field stands for the name from now on.  ZG_INPUT: delimited text without such a column. */
enum zg_status zg_row_source_bind(struct zg_row_source *rows, const char *name, int64_t *field,
                                  struct zg_error *err);

/* Goes to the next row; *more is false after the last. */
enum zg_status zg_row_source_next(struct zg_row_source *rows, bool *more, struct zg_error *err);

/* Of the row that next() went to; texts are valid until the next call of next().  Errors say what
 * is wrong, and leave it to the caller to say where. */

const char *zg_row_source_where(const struct zg_row_source *rows); /* "train.tsv:3", for messages */
enum zg_status zg_row_source_text(struct zg_row_source *rows, int64_t field, struct zg_slice *out,
                                  struct zg_error *err);
/* A list of texts; of delimited text the one of its column. */
enum zg_status zg_row_source_texts(struct zg_row_source *rows, int64_t field, struct zg_slices *out,
                                   struct zg_error *err);
/* The parts of `text` that the list of spans tells; delimited text has none: ZG_INPUT. */
enum zg_status zg_row_source_spans(struct zg_row_source *rows, int64_t field, struct zg_slice text,
                                   struct zg_slices *out, struct zg_error *err);

/* XXH3 of the rows that were read, and of the columns' names, whatever ends a line. */
uint64_t zg_row_source_print(const struct zg_row_source *rows);

#endif
