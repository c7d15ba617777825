/*
 * task_json.h - what the files share that take a task's JSON object apart.
 */
#ifndef ZG_WORKLOADS_TASK_JSON_H
#define ZG_WORKLOADS_TASK_JSON_H

#include <jansson.h>

#include "workloads/task_form.h"

struct zg_task_reader {
    struct zg_task *task;
    const char *file; /* for messages */
    struct zg_error *err;
};

enum zg_status zg_task_no_memory(const struct zg_task_reader *r);

/* The string at `key`; `fallback` where it is absent, ZG_INPUT where there is no fallback. */
enum zg_status zg_task_read_string(const struct zg_task_reader *r, const json_t *object,
                                   const char *key, const char *fallback, const char **out);
/* A copy of the string at `key`, which must not be empty; NULL where it is absent. */
enum zg_status zg_task_read_name(const struct zg_task_reader *r, const json_t *object,
                                 const char *key, char **out);
/* Takes an object's keys, of which each must be one of the words of `known`; `what` begins the
 * message: "a task has". */
enum zg_status zg_task_check_keys(const struct zg_task_reader *r, json_t *object, const char *what,
                                  const char *known);

#endif
