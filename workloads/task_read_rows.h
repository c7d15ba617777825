/*
 * task_read_rows.h - the keys of a task that say where its rows are and what they have.
 */
#ifndef ZG_WORKLOADS_TASK_READ_ROWS_H
#define ZG_WORKLOADS_TASK_READ_ROWS_H

#include "workloads/task_json.h"

/* "data", "format", "delimiter", "quote", "rows", "fields" and "words".  ZG_INPUT: what is none of
 * what they take. */
enum zg_status zg_task_read_rows(const struct zg_task_reader *r, json_t *root, const char *dir);

#endif
