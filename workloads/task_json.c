/* task_json.c - strings and keys of a task's JSON object, with the file named in every error. */
#include "workloads/task_json.h"

#include <string.h>

#include "engines/base/nearest.h"

enum zg_status zg_task_no_memory(const struct zg_task_reader *r)
{
    return zg_fail(r->err, ZG_ENV, "%s: no memory for the task", r->file);
}

enum zg_status zg_task_read_string(const struct zg_task_reader *r, const json_t *object,
                                   const char *key, const char *fallback, const char **out)
{
    const json_t *value = json_object_get(object, key);
    *out = fallback;
    if (!value && fallback)
        return ZG_OK;
    if (!value)
        return zg_fail(r->err, ZG_INPUT, "%s: \"%s\" is missing", r->file, key);
    if (!json_is_string(value))
        return zg_fail(r->err, ZG_INPUT, "%s: \"%s\" must be a string", r->file, key);
    *out = json_string_value(value);
    return ZG_OK;
}

enum zg_status zg_task_read_name(const struct zg_task_reader *r, const json_t *object,
                                 const char *key, char **out)
{
    const char *text;
    const enum zg_status status = zg_task_read_string(r, object, key, "", &text);
    if (status || !json_object_get(object, key))
        return status;
    if (!*text)
        return zg_fail(r->err, ZG_INPUT, "%s: \"%s\" is empty", r->file, key);
    *out = strdup(text);
    return *out ? ZG_OK : zg_task_no_memory(r);
}

enum zg_status zg_task_check_keys(const struct zg_task_reader *r, json_t *object, const char *what,
                                  const char *known)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        const size_t n = strlen(key);
        const char *at = known;
        bool found = false;
        for (; !found && *at; at += strspn(at, ", ")) {
            const size_t n_word = strcspn(at, ", ");
            found = n == n_word && memcmp(at, key, n) == 0 && strcmp(key, "and") != 0;
            at += n_word;
        }
        if (!found)
            return zg_fail(r->err, ZG_INPUT, "%s: unknown key \"%.80s\"; %s %s%s", r->file, key,
                           what, known, zg_nearest_word(key, known).hint);
    }
    return ZG_OK;
}
