/*
 * template.h - prompt templates: "{sentence} It was".  `{column}` stands for a column's text, `{{`
 * and `}}` for braces.
 */
#ifndef ZG_WORKLOADS_TEMPLATE_H
#define ZG_WORKLOADS_TEMPLATE_H

#include "engines/error.h"
#include "workloads/task.h"

/* Cuts `text` up into *out.  ZG_INPUT, naming file and key: a brace that is not closed, closes
 * nothing, or holds no name. Whatever happens, zg_template_free() frees *out. */
enum zg_status zg_template_parse(struct zg_task_template *out, const char *text, const char *file,
                                 const char *key, struct zg_error *err);
/* The template "{column}", whatever characters the name has. */
enum zg_status zg_template_of_column(struct zg_task_template *out, const char *column,
                                     struct zg_error *err);
void zg_template_free(struct zg_task_template *t);

#endif
