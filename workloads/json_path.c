/* json_path.c - cuts a path into steps, from left to right. */
#include "workloads/json_path.h"

#include <stdlib.h>
#include <string.h>

static enum zg_status append(struct zg_json_path *path, const char *key, size_t n_key,
                             int64_t index, struct zg_error *err)
{
    struct zg_json_step *const steps =
        realloc(path->steps, (size_t)(path->n_steps + 1) * sizeof *steps);
    if (steps)
        path->steps = steps;
    char *const copy = key ? strndup(key, n_key) : NULL;
    if (!steps || (key && !copy)) {
        free(copy);
        return zg_fail(err, ZG_ENV, "no memory for the path '%.80s'", path->text);
    }
    path->n_each += !key && index == ZG_JSON_EACH;
    steps[path->n_steps++] = (struct zg_json_step){copy, index};
    return ZG_OK;
}

/* "[]" or "[12]" at *at, which moves behind it. */
static enum zg_status take_bracket(struct zg_json_path *path, const char **at, struct zg_error *err)
{
    const char *const digits = *at + 1;
    const size_t n = strspn(digits, "0123456789");
    if (n > 9 || digits[n] != ']')
        return zg_fail(err, ZG_INPUT,
                       "path '%.80s': a [ begins an item of a list, [0], or every item, []",
                       path->text);
    *at = digits + n + 1;
    return append(path, NULL, 0, n > 0 ? strtoll(digits, NULL, 10) : ZG_JSON_EACH, err);
}

enum zg_status zg_json_path_parse(struct zg_json_path *out, const char *text, struct zg_error *err)
{
    *out = (struct zg_json_path){.text = strdup(text)};
    if (!out->text)
        return zg_fail(err, ZG_ENV, "no memory for the path '%.80s'", text);
    if (strcmp(text, ".") == 0)
        return ZG_OK;
    enum zg_status status = ZG_OK;
    const char *at = text;
    for (bool first = true; !status && (first || *at); first = false) {
        if (*at == '[') {
            status = take_bracket(out, &at, err);
            continue;
        }
        if (!first && *at++ != '.')
            return zg_fail(err, ZG_INPUT, "path '%.80s': after a ] comes . or [", text);
        const size_t n = strcspn(at, ".[");
        if (n == 0)
            return zg_fail(err, ZG_INPUT, "path '%.80s': a key is empty", text);
        status = append(out, at, n, 0, err);
        at += n;
    }
    return status;
}

void zg_json_path_free(struct zg_json_path *path)
{
    for (int64_t i = 0; i < path->n_steps; i++)
        free(path->steps[i].key);
    free(path->steps);
    free(path->text);
    *path = (struct zg_json_path){0};
}
