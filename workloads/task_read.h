/*
 * task_read.h - a task out of its JSON object.
 */
#ifndef ZG_WORKLOADS_TASK_READ_H
#define ZG_WORKLOADS_TASK_READ_H

#include "workloads/task_json.h"

/* Fills r->task, which is empty, with all that the object says; `dir` is where its data lies.  What
 * it then has is freed with it, whatever happens.  ZG_INPUT: an unknown key, or a value that it
 * cannot have.  Removes keys from the object. */
enum zg_status zg_task_read(const struct zg_task_reader *r, json_t *root, const char *dir);

#endif
