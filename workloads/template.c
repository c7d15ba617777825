/* template.c - cuts a template into literals and columns in one pass: a doubled brace goes into the
 * literal, a single one ends it. */
#include "workloads/template.h"

#include <stdlib.h>
#include <string.h>

#include "workloads/text.h"

static enum zg_status append_part(struct zg_task_template *t, const char *text, int64_t n,
                                  bool is_column, struct zg_error *err)
{
    struct zg_task_part *parts = realloc(t->parts, (size_t)(t->n_parts + 1) * sizeof *parts);
    if (parts)
        t->parts = parts;
    char *copy = n > 0 ? strndup(text, (size_t)n) : strdup("");
    if (!parts || !copy) {
        free(copy);
        return zg_fail(err, ZG_ENV, "no memory for a template");
    }
    t->parts[t->n_parts++] = (struct zg_task_part){copy, is_column};
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

enum zg_status zg_template_parse(struct zg_task_template *out, const char *text, const char *file,
                                 const char *key, struct zg_error *err)
{
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
                status = append_part(out, c + 1, (int64_t)n, true, err);
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
    for (int64_t i = 0; i < t->n_parts; i++)
        free(t->parts[i].text);
    free(t->parts);
    *t = (struct zg_task_template){0};
}
