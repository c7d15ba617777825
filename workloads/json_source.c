/*
 * json_source.c - rows out of records (json_records.h), texts out of rows.
 *
 * A row's place is a chain of objects, from the record to the innermost: the rows' path is walked
 * from one [] to the next, and each [] has a list with a position in it.
 */
#include "workloads/json_source.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/nearest.h"
#include "workloads/json_records.h"

#define MAX_DEPTH 8 /* [] of a rows' path */

struct level { /* one [] of the rows' path */
    const json_t *list;
    size_t at;
};

struct zg_json_source {
    struct zg_json_records *records;
    const struct zg_json_path *rows; /* [n_rows] */
    int64_t n_rows;

    const struct zg_json_path *path;    /* rows' path of this record; NULL: none is begun */
    struct level levels[MAX_DEPTH];     /* [path->n_each] */
    const json_t *chain[MAX_DEPTH + 1]; /* [path->n_each + 1]: the record .. the row's object */

    char **owned; /* [n_owned]: texts of numbers of this row */
    int64_t n_owned;
    char where[1024];
    size_t n_where;
    int64_t n_made; /* rows so far */
    enum zg_status failed;
};

void zg_slices_free(struct zg_slices *slices)
{
    free(slices->items);
    *slices = (struct zg_slices){0};
}

enum zg_status zg_slices_append(struct zg_slices *slices, struct zg_slice item,
                                struct zg_error *err)
{
    if (slices->n == slices->capacity) {
        const int64_t capacity = slices->capacity ? 2 * slices->capacity : 16;
        struct zg_slice *const grown =
            realloc(slices->items, (size_t)capacity * sizeof *slices->items);
        if (!grown)
            return zg_fail(err, ZG_ENV, "no memory for a list of texts");
        slices->items = grown;
        slices->capacity = capacity;
    }
    slices->items[slices->n++] = item;
    return ZG_OK;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void append_where(struct zg_json_source *source, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void append_where(struct zg_json_source *source, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const size_t room = sizeof source->where - source->n_where;
    const int n = vsnprintf(source->where + source->n_where, room, format, arguments);
    va_end(arguments);
    source->n_where += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

/* Writes source->where, with the first n positions of the rows' path. */
static void set_where(struct zg_json_source *source, int64_t n)
{
    source->n_where = 0;
    append_where(source, "%s", zg_json_records_place(source->records));
    const char *before = ": ";
    int64_t each = 0;
    for (int64_t i = 0; source->path && i < source->path->n_steps && each < n; i++) {
        const struct zg_json_step *const step = &source->path->steps[i];
        if (step->key)
            append_where(source, "%s%s", before, step->key);
        else if (step->index == ZG_JSON_EACH)
            append_where(source, "[%zu]", source->levels[each++].at);
        else
            append_where(source, "[%lld]", (long long)step->index);
        before = ".";
    }
}

static bool is_each(const struct zg_json_step *step)
{
    return !step->key && step->index == ZG_JSON_EACH;
}

static const json_t *step_into(const json_t *value, const struct zg_json_step *step)
{
    if (step->key)
        return json_object_get(value, step->key);
    return json_array_get(value, (size_t)step->index);
}

/* The list of the level's [], from the level's object; its position is at the start. */
static enum zg_status enter(struct zg_json_source *source, int64_t level, struct zg_error *err)
{
    const struct zg_json_path *const path = source->path;
    const json_t *value = source->chain[level];
    int64_t i = 0, each = 0;
    while (each < level) /* to the step behind the []s before */
        each += is_each(&path->steps[i++]);
    for (; !is_each(&path->steps[i]); i++)
        value = step_into(value, &path->steps[i]);
    source->levels[level] = (struct level){value, 0};
    if (json_is_array(value))
        return ZG_OK;
    set_where(source, level);
    return zg_fail(err, ZG_INPUT, "%s: \"rows\" are at '%s', and there %s", source->where,
                   path->text, value ? "is no list" : "is nothing");
}

/* From the position of levels[level] to the next row, over lists that are at their end.  False in
 * *more: the record has no further one. */
static enum zg_status settle(struct zg_json_source *source, int64_t level, bool *more,
                             struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    *more = false;
    while (!status && level >= 0) {
        const struct level *const l = &source->levels[level];
        if (l->at >= json_array_size(l->list)) {
            if (--level >= 0)
                source->levels[level].at++;
            continue;
        }
        const json_t *const item = json_array_get(l->list, l->at);
        source->chain[++level] = item;
        if (!json_is_object(item)) {
            set_where(source, level);
            return zg_fail(err, ZG_INPUT, "%s: a row must be a JSON object", source->where);
        }
        if (level == source->path->n_each) {
            *more = true;
            return ZG_OK;
        }
        status = enter(source, level, err);
    }
    return status;
}

static const struct zg_json_path whole = {.text = (char *)"."};

static enum zg_status choose_path(struct zg_json_source *source, const json_t *record,
                                  struct zg_error *err)
{
    source->path = source->n_rows > 0 ? NULL : &whole;
    for (int64_t i = 0; i < source->n_rows && !source->path; i++) {
        const struct zg_json_path *const path = &source->rows[i];
        if (path->n_steps == 0 ||
            (path->steps[0].key && json_object_get(record, path->steps[0].key)))
            source->path = path;
    }
    source->chain[0] = record;
    set_where(source, 0);
    return source->path ? ZG_OK
                        : zg_fail(err, ZG_INPUT, "%s: \"rows\" are at '%s', and there is nothing",
                                  source->where, source->rows[0].text);
}

static enum zg_status next_row(struct zg_json_source *source, bool *more, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    *more = false;
    if (source->path && source->path->n_each > 0) {
        const int64_t last = source->path->n_each - 1;
        source->levels[last].at++;
        status = settle(source, last, more, err);
    }
    while (!status && !*more) {
        const json_t *record;
        source->path = NULL;
        status = zg_json_records_next(source->records, &record, err);
        if (status || !record)
            return status;
        status = choose_path(source, record, err);
        *more = !status && source->path->n_each == 0;
        if (!status && !*more) {
            status = enter(source, 0, err);
            if (!status)
                status = settle(source, 0, more, err);
        }
    }
    if (!status)
        set_where(source, source->path->n_each);
    return status;
}

static void free_owned(struct zg_json_source *source)
{
    for (int64_t i = 0; i < source->n_owned; i++)
        free(source->owned[i]);
    source->n_owned = 0;
}

enum zg_status zg_json_source_next(struct zg_json_source *source, bool *more, struct zg_error *err)
{
    *more = false;
    if (source->failed)
        return zg_fail(err, source->failed, "%s: reading it has failed before",
                       zg_json_records_name(source->records));
    free_owned(source);
    enum zg_status status = next_row(source, more, err);
    if (!status && !*more && source->n_made == 0)
        status = zg_fail(err, ZG_INPUT, "%s: no row", zg_json_records_name(source->records));
    source->n_made += *more;
    source->failed = status;
    return status;
}

const char *zg_json_source_where(const struct zg_json_source *source)
{
    return source->where;
}

uint64_t zg_json_source_print(const struct zg_json_source *source)
{
    return zg_json_records_print(source->records);
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* The value of a path's first key, in the row's object or in one around it, and the steps that are
 * left.  A key of the path's whole text goes before. */
static const json_t *look_up(const struct zg_json_source *source, const struct zg_json_path *path,
                             int64_t *step)
{
    *step = 1;
    if (!source->path)
        return NULL;
    for (int64_t i = source->path->n_each; i >= 0; i--) {
        const json_t *value = json_object_get(source->chain[i], path->text);
        if (value) {
            *step = path->n_steps;
            return value;
        }
        value = path->n_steps > 0 && path->steps[0].key
                    ? json_object_get(source->chain[i], path->steps[0].key)
                    : NULL;
        if (value)
            return value;
    }
    return NULL;
}

bool zg_json_source_has(const struct zg_json_source *source, const struct zg_json_path *path)
{
    int64_t step;
    const json_t *value = look_up(source, path, &step);
    for (; value && step < path->n_steps; step++) {
        if (!is_each(&path->steps[step])) {
            value = step_into(value, &path->steps[step]);
            continue;
        }
        if (!json_is_array(value) || json_array_size(value) == 0)
            return json_is_array(value);
        value = json_array_get(value, 0); /* as the first item is, so are all */
    }
    return value != NULL;
}

static enum zg_status fail_missing(const struct zg_json_source *source,
                                   const struct zg_json_path *path, struct zg_error *err)
{
    const char *key;
    json_t *value;
    const char *const first = path->n_steps > 0 && path->steps[0].key ? path->steps[0].key : "";
    struct zg_nearest nearest = zg_nearest_begin(first);
    for (int64_t i = 0; source->path && i <= source->path->n_each; i++)
        json_object_foreach((json_t *)source->chain[i], key, value)
            zg_nearest_try(&nearest, key, strlen(key));
    return zg_fail(err, ZG_INPUT, "the row has no '%.80s'%s", path->text,
                   zg_nearest_hint(&nearest));
}

/* A string's own bytes; of a number, true and false a text that lives as long as the row. */
static enum zg_status take_text(struct zg_json_source *source, const struct zg_json_path *path,
                                const json_t *value, struct zg_slice *out, struct zg_error *err)
{
    if (json_is_string(value)) {
        *out = (struct zg_slice){json_string_value(value), (int64_t)json_string_length(value)};
        return ZG_OK;
    }
    if (json_is_boolean(value)) {
        const char *const word = json_is_true(value) ? "true" : "false";
        *out = (struct zg_slice){word, (int64_t)strlen(word)};
        return ZG_OK;
    }
    if (!json_is_number(value))
        return zg_fail(err, ZG_INPUT, "'%.80s' is %s, it must be a text, a number or a boolean",
                       path->text,
                       json_is_null(value)    ? "null"
                       : json_is_array(value) ? "a list"
                                              : "an object");
    char **const owned =
        realloc(source->owned, (size_t)(source->n_owned + 1) * sizeof *source->owned);
    if (owned)
        source->owned = owned;
    char *const text = owned ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    if (!text)
        return zg_fail(err, ZG_ENV, "no memory for a number");
    source->owned[source->n_owned++] = text;
    *out = (struct zg_slice){text, (int64_t)strlen(text)};
    return ZG_OK;
}

enum zg_status zg_json_source_text(struct zg_json_source *source, const struct zg_json_path *path,
                                   struct zg_slice *out, struct zg_error *err)
{
    int64_t step;
    *out = (struct zg_slice){"", 0};
    if (path->n_each > 0)
        return zg_fail(err, ZG_INPUT, "'%.80s' is a list, and one text is needed: [0]", path->text);
    const json_t *value = look_up(source, path, &step);
    for (; value && step < path->n_steps; step++)
        value = step_into(value, &path->steps[step]);
    return value ? take_text(source, path, value, out, err) : fail_missing(source, path, err);
}

/* Calls `take` with every value at a path. */
struct visit {
    struct zg_json_source *source;
    const struct zg_json_path *path;
    struct zg_slice text; /* of spans */
    struct zg_slices *out;
    struct zg_error *err;
};

static enum zg_status visit_each(const struct visit *v, const json_t *value, int64_t step,
                                 enum zg_status (*take)(const struct visit *v, const json_t *value))
{
    const struct zg_json_path *const path = v->path;
    for (; value && step < path->n_steps && !is_each(&path->steps[step]); step++)
        value = step_into(value, &path->steps[step]);
    if (!value)
        return fail_missing(v->source, path, v->err);
    if (step == path->n_steps)
        return v->out->n < ZG_JSON_MAX_ITEMS
                   ? take(v, value)
                   : zg_fail(v->err, ZG_INPUT, "'%.80s' has more than %lld items", path->text,
                             (long long)ZG_JSON_MAX_ITEMS);
    if (!json_is_array(value))
        return zg_fail(v->err, ZG_INPUT, "'%.80s' is no list", path->text);
    enum zg_status status = ZG_OK;
    for (size_t i = 0; i < json_array_size(value) && !status; i++)
        status = visit_each(v, json_array_get(value, i), step + 1, take);
    return status;
}

static enum zg_status take_item(const struct visit *v, const json_t *value)
{
    struct zg_slice text = {"", 0};
    const enum zg_status status = take_text(v->source, v->path, value, &text, v->err);
    return status ? status : zg_slices_append(v->out, text, v->err);
}

enum zg_status zg_json_source_texts(struct zg_json_source *source, const struct zg_json_path *path,
                                    struct zg_slices *out, struct zg_error *err)
{
    const struct visit v = {.source = source, .path = path, .out = out, .err = err};
    int64_t step;
    out->n = 0;
    const json_t *const value = look_up(source, path, &step);
    return visit_each(&v, value, step, take_item);
}

/* Where the character of that number begins, at most behind the last; -1: there are fewer. */
static int64_t offset_of(struct zg_slice text, int64_t number)
{
    int64_t at = 0;
    for (; number > 0 && at < text.n; number--)
        do
            at++;
        while (at < text.n && ((unsigned char)text.bytes[at] & 0xc0) == 0x80);
    return number > 0 ? -1 : at;
}

static enum zg_status take_span(const struct visit *v, const json_t *value)
{
    const json_t *const start = json_object_get(value, "start"), *const end =
                                                                     json_object_get(value, "end");
    const int64_t first = json_is_integer(start) ? json_integer_value(start) : -1,
                  last = json_is_integer(end) ? json_integer_value(end) : -1;
    const bool is_span = first >= 0 && last >= first && last < v->text.n;
    const int64_t from = is_span ? offset_of(v->text, first) : -1,
                  to = is_span ? offset_of(v->text, last + 1) : -1;
    if (to < 0)
        return zg_fail(v->err, ZG_INPUT,
                       "'%.80s' needs \"start\" and \"end\", characters of the text, from 0",
                       v->path->text);
    return zg_slices_append(v->out, (struct zg_slice){v->text.bytes + from, to - from}, v->err);
}

enum zg_status zg_json_source_spans(struct zg_json_source *source, const struct zg_json_path *path,
                                    struct zg_slice text, struct zg_slices *out,
                                    struct zg_error *err)
{
    const struct visit v = {.source = source, .path = path, .text = text, .out = out, .err = err};
    int64_t step;
    out->n = 0;
    const json_t *const value = look_up(source, path, &step);
    return visit_each(&v, value, step, take_span);
}

/* ---- opening --------------------------------------------------------------------------------- */

static enum zg_status check_rows(const struct zg_json_source *source, struct zg_error *err)
{
    for (int64_t i = 0; i < source->n_rows; i++) {
        const struct zg_json_path *const path = &source->rows[i];
        if (path->n_each > MAX_DEPTH ||
            (path->n_steps > 0 &&
             (!path->steps[0].key || !is_each(&path->steps[path->n_steps - 1]))))
            return zg_fail(err, ZG_INPUT,
                           "%s: \"rows\" '%.80s' must begin with a key, end in [] and have 1 to %d "
                           "of them, or be .",
                           source->where, path->text, MAX_DEPTH);
    }
    return ZG_OK;
}

enum zg_status zg_json_source_open_memory(struct zg_json_source **out, const char *name,
                                          const char *bytes, int64_t n_bytes, bool lines,
                                          const struct zg_json_path *rows, int64_t n_rows,
                                          struct zg_error *err)
{
    struct zg_json_source *source = calloc(1, sizeof *source);
    enum zg_status status =
        source ? zg_json_records_open(&source->records, name, bytes, n_bytes, lines, err)
               : zg_fail(err, ZG_ENV, "%s: no memory to read it", name);
    if (!status) {
        source->rows = rows;
        source->n_rows = n_rows;
        set_where(source, 0);
        status = check_rows(source, err);
    }
    if (status)
        zg_json_source_close(&source);
    *out = source;
    return status;
}

enum zg_status zg_json_source_open(struct zg_json_source **out, const char *path, bool lines,
                                   const struct zg_json_path *rows, int64_t n_rows,
                                   struct zg_error *err)
{
    return zg_json_source_open_memory(out, path, NULL, 0, lines, rows, n_rows, err);
}

void zg_json_source_close(struct zg_json_source **source)
{
    if (!source || !*source)
        return;
    struct zg_json_source *s = *source;
    free_owned(s);
    free(s->owned);
    zg_json_records_close(&s->records);
    free(s);
    *source = NULL;
}
