/*
 * template.h - prompt templates: "{sentence} It was".  `{column}` stands for a column's text,
 * `{column|filter|filter:column}` for what filters (filter.h) make of it, `{{` and `}}` for braces.
 */
#ifndef ZG_WORKLOADS_TEMPLATE_H
#define ZG_WORKLOADS_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"
#include "workloads/filter.h"

struct zg_task_filter {
    enum zg_filter kind;
    char *column; /* name of the column that is its argument; NULL: it takes none */
};

/* A template, cut up: literal text, or the text of a column. */
struct zg_task_part {
    char *text; /* the literal, escapes resolved, or the column's name */
    bool is_column;
    struct zg_task_filter *filters; /* [n_filters], applied in this order */
    int64_t n_filters;
};
struct zg_task_template {
    struct zg_task_part *parts; /* [n_parts] */
    int64_t n_parts;
};

/* Cuts `text` up into *out.  ZG_INPUT, naming file and key: a brace that is not closed, closes
 * nothing, or holds no name; an unknown filter, or one without its column.  Whatever happens,
 * zg_template_free() frees *out. */
enum zg_status zg_template_parse(struct zg_task_template *out, const char *text, const char *file,
                                 const char *key, struct zg_error *err);
/* The template "{column}", whatever characters the name has, without filters. */
enum zg_status zg_template_of_column(struct zg_task_template *out, const char *column,
                                     struct zg_error *err);
void zg_template_free(struct zg_task_template *t);

#endif
