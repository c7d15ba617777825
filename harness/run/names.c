/* names.c - a name for each model and task of a run: a shape's or a built-in task's own, else from
 * the real path of a directory, or from what the task's file says. */
#define _GNU_SOURCE /* asprintf */
#include "harness/run/names.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/model.h"
#include "harness/base/grow.h"
#include "workloads/task.h"

static const char *typed_of(const struct zg_names *names, const struct zg_case *c)
{
    return names->is_task ? c->task : c->model;
}

static struct zg_named *find(const struct zg_names *names, const char *typed)
{
    for (int64_t i = 0; i < names->n; i++)
        if (strcmp(names->items[i].typed, typed) == 0)
            return &names->items[i];
    return NULL;
}

/* A shape, or a model that comes with zogap. */
static bool is_known_model(const char *text)
{
    const char *name;
    for (int64_t i = 0; (name = zg_model_shape_name(i, NULL)); i++)
        if (strcmp(name, text) == 0)
            return true;
    for (int64_t i = 0; (name = zg_model_shipped_name(i)); i++)
        if (strcmp(name, text) == 0)
            return true;
    return false;
}

static bool is_builtin_task(const char *text)
{
    const char *name;
    for (int64_t i = 0; (name = zg_task_builtin(i)); i++)
        if (strcmp(name, text) == 0)
            return true;
    return false;
}

/* The last n_parts of a path; all of it where it has no more. */
static const char *tail_of(const char *path, int64_t n_parts)
{
    const char *at = path + strlen(path);
    for (; at > path; at--)
        if (at[-1] == '/' && at[0] && --n_parts == 0)
            return at;
    return path;
}

static enum zg_status no_memory(struct zg_error *err)
{
    return zg_fail(err, ZG_ENV, "no memory for the names of models and tasks");
}

/* What is missing is told where it is opened. */
static enum zg_status name_model(struct zg_named *item, struct zg_error *err)
{
    char place[PATH_MAX];
    const bool found = !is_known_model(item->typed) && realpath(item->typed, place);
    item->place = found ? strdup(place) : NULL;
    item->name = strdup(found ? tail_of(place, 1) : item->typed);
    return (found && !item->place) || !item->name ? no_memory(err) : ZG_OK;
}

static enum zg_status name_task(struct zg_named *item, const struct zg_case *c,
                                struct zg_error *err)
{
    char place[PATH_MAX];
    struct zg_task *task = NULL;
    if (is_builtin_task(c->task)) {
        item->name = strdup(c->task);
        return item->name ? ZG_OK : no_memory(err);
    }
    const enum zg_status status = zg_task_open(&task, c->task, c->data, err);
    if (status)
        return status;
    item->place = realpath(c->task, place) ? strdup(place) : NULL;
    item->name = strdup(task->name);
    zg_task_close(&task);
    return item->name ? ZG_OK : no_memory(err);
}

enum zg_status zg_names_add(struct zg_names *names, const struct zg_case *c, struct zg_error *err)
{
    if (find(names, typed_of(names, c)))
        return ZG_OK;
    if (!zg_grow(&names->items, names->n, sizeof *names->items))
        return no_memory(err);
    struct zg_named *const item = &names->items[names->n++];
    *item = (struct zg_named){.typed = typed_of(names, c)};
    return names->is_task ? name_task(item, c, err) : name_model(item, err);
}

/* ---- names in common ------------------------------------------------------------------------- */

/* The least number of parts of its path that no other place of that name ends in. */
static int64_t parts_needed(const struct zg_names *names, const struct zg_named *item)
{
    int64_t n = 1;
    for (int64_t i = 0; i < names->n; i++) {
        const struct zg_named *const other = &names->items[i];
        if (other == item || strcmp(other->name, item->name) != 0)
            continue;
        if (!other->place)
            n = n > 2 ? n : 2; /* a shape: any folder tells */
        while (other->place && tail_of(item->place, n) > item->place &&
               strcmp(tail_of(item->place, n), tail_of(other->place, n)) == 0)
            n++;
    }
    return n;
}

static enum zg_status check_unlike(const struct zg_names *names, struct zg_error *err)
{
    for (int64_t i = 0; i < names->n; i++)
        for (int64_t j = 0; j < i; j++) {
            const struct zg_named *const a = &names->items[j], *const b = &names->items[i];
            if (a->place && b->place && strcmp(a->place, b->place) == 0)
                return zg_fail(err, ZG_USAGE, "--%s: %s is listed twice, as %s",
                               names->is_task ? "task" : "model", b->typed, a->typed);
        }
    return ZG_OK;
}

enum zg_status zg_names_tell_apart(struct zg_names *names, struct zg_error *err)
{
    enum zg_status status = check_unlike(names, err);
    if (status)
        return status;
    char **const told = calloc((size_t)names->n + 1, sizeof *told);
    if (!told)
        return no_memory(err);
    for (int64_t i = 0; i < names->n && !status; i++) {
        const struct zg_named *const item = &names->items[i];
        bool is_common = false;
        for (int64_t j = 0; j < names->n; j++)
            is_common |= j != i && strcmp(names->items[j].name, item->name) == 0;
        if (!is_common || !item->place)
            continue;
        const char *const tail = tail_of(item->place, parts_needed(names, item));
        const int n = names->is_task ? asprintf(&told[i], "%s (%s)", item->name, tail)
                                     : asprintf(&told[i], "%s", tail);
        if (n < 0) {
            told[i] = NULL;
            status = no_memory(err);
        }
    }
    for (int64_t i = 0; i < names->n; i++)
        if (told[i]) {
            free(names->items[i].name);
            names->items[i].name = told[i];
        }
    free(told);
    return status;
}

const char *zg_names_of(const struct zg_names *names, const struct zg_case *c)
{
    const struct zg_named *const item = find(names, typed_of(names, c));
    return item ? item->name : typed_of(names, c);
}

void zg_names_close(struct zg_names *names)
{
    for (int64_t i = 0; i < names->n; i++) {
        free(names->items[i].place);
        free(names->items[i].name);
    }
    free(names->items);
    *names = (struct zg_names){0};
}
