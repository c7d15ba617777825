/* template.c - cuts a template into literals and columns in one pass: a doubled brace goes into the
 * literal, a single one ends it; a column's filters are what stands behind its bars. */
#include "workloads/template.h"

#include <stdlib.h>
#include <string.h>

#include "engines/base/nearest.h"
#include "workloads/text.h"

struct parser {
    struct zg_task_template *out;
    const char *file, *key; /* for messages */
    struct zg_error *err;
};

static enum zg_status no_memory(struct zg_error *err)
{
    return zg_fail(err, ZG_ENV, "no memory for a template");
}

static enum zg_status append_part(struct zg_task_template *t, const char *text, int64_t n,
                                  bool is_column, struct zg_error *err)
{
    struct zg_task_part *parts = realloc(t->parts, (size_t)(t->n_parts + 1) * sizeof *parts);
    if (parts)
        t->parts = parts;
    char *copy = n > 0 ? strndup(text, (size_t)n) : strdup("");
    if (!parts || !copy) {
        free(copy);
        return no_memory(err);
    }
    t->parts[t->n_parts++] = (struct zg_task_part){.text = copy, .is_column = is_column};
    return ZG_OK;
}

static enum zg_status flush_literal(struct zg_task_template *t, struct zg_text *literal,
                                    struct zg_error *err)
{
    const enum zg_status status =
        literal->n > 0 ? append_part(t, literal->bytes, literal->n, false, err) : ZG_OK;
    literal->n = 0;
    return status;
}

/* "name" or "name:column", the last part's next filter. */
static enum zg_status append_filter(const struct parser *p, struct zg_slice text)
{
    struct zg_task_part *const part = &p->out->parts[p->out->n_parts - 1];
    const char *const colon = text.n > 0 ? memchr(text.bytes, ':', (size_t)text.n) : NULL;
    const struct zg_slice name = {text.bytes, colon ? colon - text.bytes : text.n};
    const int64_t n_column = colon ? text.n - name.n - 1 : 0;
    enum zg_filter kind;
    if (!zg_filter_find(&kind, name)) {
        char typed[41] = "";
        memcpy(typed, name.bytes, name.n < 40 ? (size_t)name.n : 40);
        return zg_fail(p->err, ZG_INPUT, "%s: \"%s\": unknown filter '%s' of {%s}; there are %s%s",
                       p->file, p->key, typed, part->text, zg_filter_names(),
                       zg_nearest_word(typed, zg_filter_names()).hint);
    }
    if (zg_filter_takes_column(kind) != (n_column > 0) || (colon && n_column == 0))
        return zg_fail(p->err, ZG_INPUT,
                       zg_filter_takes_column(kind)
                           ? "%s: \"%s\": filter '%s' of {%s} takes a column, like %s:COLUMN"
                           : "%s: \"%s\": filter '%s' of {%s} takes no column, it is %s alone",
                       p->file, p->key, zg_filter_name(kind), part->text, zg_filter_name(kind));
    struct zg_task_filter *const filters =
        realloc(part->filters, (size_t)(part->n_filters + 1) * sizeof *filters);
    if (!filters)
        return no_memory(p->err);
    part->filters = filters;
    char *const column = colon ? strndup(colon + 1, (size_t)n_column) : NULL;
    if (colon && !column)
        return no_memory(p->err);
    filters[part->n_filters++] = (struct zg_task_filter){kind, column};
    return ZG_OK;
}

/* text[n] is what stands between braces. */
static enum zg_status append_column(const struct parser *p, const char *text, size_t n)
{
    const char *const end = text + n;
    const char *bar = memchr(text, '|', n);
    const int64_t n_name = bar ? bar - text : (int64_t)n;
    if (n_name == 0)
        return zg_fail(p->err, ZG_INPUT, "%s: \"%s\": {%.*s} names no column before its filters",
                       p->file, p->key, (int)(n < 40 ? n : 40), text);
    enum zg_status status = append_part(p->out, text, n_name, true, p->err);
    while (!status && bar) {
        const char *const begin = bar + 1;
        bar = memchr(begin, '|', (size_t)(end - begin));
        status = append_filter(p, (struct zg_slice){begin, (bar ? bar : end) - begin});
    }
    return status;
}

enum zg_status zg_template_parse(struct zg_task_template *out, const char *text, const char *file,
                                 const char *key, struct zg_error *err)
{
    const struct parser p = {out, file, key, err};
    *out = (struct zg_task_template){0};
    enum zg_status status = ZG_OK;
    struct zg_text literal = {0};
    for (const char *c = text; *c && !status;) {
        if ((c[0] == '{' || c[0] == '}') && c[1] == c[0]) {
            status = zg_text_append(&literal, c, 1, err);
            c += 2;
        } else if (*c == '}') {
            status =
                zg_fail(err, ZG_INPUT, "%s: \"%s\": a } that closes nothing; write }} for a brace",
                        file, key);
        } else if (*c == '{') {
            const size_t n = strcspn(c + 1, "{}");
            if (n == 0 || c[1 + n] != '}') {
                status =
                    zg_fail(err, ZG_INPUT,
                            "%s: \"%s\": a { must open {column}; write {{ for a brace", file, key);
                break;
            }
            status = flush_literal(out, &literal, err);
            if (!status)
                status = append_column(&p, c + 1, n);
            c += n + 2;
        } else {
            const size_t n = strcspn(c, "{}");
            status = zg_text_append(&literal, c, (int64_t)n, err);
            c += n;
        }
    }
    if (!status)
        status = flush_literal(out, &literal, err);
    zg_text_free(&literal);
    return status;
}

enum zg_status zg_template_of_column(struct zg_task_template *out, const char *column,
                                     struct zg_error *err)
{
    *out = (struct zg_task_template){0};
    return append_part(out, column, (int64_t)strlen(column), true, err);
}

void zg_template_free(struct zg_task_template *t)
{
    for (int64_t i = 0; i < t->n_parts; i++) {
        struct zg_task_part *const part = &t->parts[i];
        for (int64_t f = 0; f < part->n_filters; f++)
            free(part->filters[f].column);
        free(part->filters);
        free(part->text);
    }
    free(t->parts);
    *t = (struct zg_task_template){0};
}
