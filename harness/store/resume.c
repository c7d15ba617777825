/* resume.c - may a run be gone on with?  What meta.json says of it is held against what is asked
 * now and where, and what differs is named. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/json_memory.h"
#include "harness/base/identity.h"
#include "harness/rows/case_row.h"
#include "harness/store/alike.h"
#include "harness/store/meta.h"

enum { SHOWN = 120 };

struct resume {
    const json_t *old, *meta;
    char path[1200];
    struct zg_error *err;
};

/* ---- where it runs --------------------------------------------------------------------------- */

static const char *cpu_name(const json_t *meta)
{
    const json_t *const cpu = json_object_get(json_object_get(meta, "machine"), "cpu");
    const char *const name = json_string_value(json_object_get(cpu, "name"));
    return name ? name : "an unknown processor";
}

static json_int_t n_threads(const json_t *meta)
{
    return json_integer_value(json_object_get(json_object_get(meta, "pins"), "n_threads"));
}

/* Half of the samples from elsewhere would be a mixture that nothing shows. */
static enum zg_status check_place(const struct resume *r)
{
    char text[300];
    if (strcmp(cpu_name(r->old), cpu_name(r->meta)) != 0 || n_threads(r->old) != n_threads(r->meta))
        return zg_fail(r->err, ZG_INPUT,
                       "--resume: %s is of %s, threads %lld; this is %s, threads %lld: go on where "
                       "it began, or give another --out",
                       r->path, cpu_name(r->old), (long long)n_threads(r->old), cpu_name(r->meta),
                       (long long)n_threads(r->meta));
    if (zg_alike_differences(r->old, r->meta, ZG_ALIKE_ALL & ~(unsigned)ZG_ALIKE_POLICY, text,
                             sizeof text) > 0)
        return zg_fail(r->err, ZG_INPUT,
                       "--resume: %s was measured otherwise, then and now: %s; go on as it began, "
                       "or give another --out",
                       r->path, text);
    return ZG_OK;
}

/* ---- what is asked --------------------------------------------------------------------------- */

/* "2,4" of a list of texts. */
static const char *show_list(const json_t *list, char text[SHOWN])
{
    size_t i, n = 0;
    json_t *item;
    snprintf(text, SHOWN, "none");
    json_array_foreach(list, i, item)
    {
        const char *const word = json_string_value(item);
        if (n < SHOWN)
            n += (size_t)snprintf(text + n, SHOWN - n, "%s%s", n ? "," : "", word ? word : "?");
    }
    return text;
}

/* The option of a column: row_limit is --limit. */
static const char *option_of(const char *column, char text[64])
{
    snprintf(text, 64, "--%s", strcmp(column, "row_limit") == 0 ? "limit" : column);
    for (char *c = text; *c; c++)
        *c = *c == '_' ? '-' : *c;
    return text;
}

/* Where both have one algorithm its options are told, else the lists. */
static void add_column(char *text, size_t size, const char *column, const json_t *a,
                       const json_t *b)
{
    char x[SHOWN], y[SHOWN], name[64];
    const size_t n = strlen(text);
    if (strcmp(column, "algorithm") == 0 && json_array_size(a) == 1 && json_array_size(b) == 1) {
        const struct zg_case_row then = {.algorithm = json_string_value(json_array_get(a, 0))};
        const struct zg_case_row now = {.algorithm = json_string_value(json_array_get(b, 0))};
        snprintf(text + n, size - n, "%s", n ? ", " : "");
        zg_case_row_differences(&then, &now, NULL, text + strlen(text), size - strlen(text));
        return;
    }
    zg_difference_add(text, size, option_of(column, name), show_list(a, x), show_list(b, y));
}

static void add_list(char *text, size_t size, const char *name, const json_t *a, const json_t *b)
{
    char x[SHOWN], y[SHOWN];
    if (!json_equal(a, b))
        zg_difference_add(text, size, name, show_list(a, x), show_list(b, y));
}

static void add_tags(char *text, size_t size, const json_t *a, const json_t *b)
{
    char name[SHOWN];
    const char *key;
    json_t *value;
    for (int pass = 0; pass < 2; pass++)
        json_object_foreach((json_t *)(pass ? b : a), key, value)
        {
            const char *const x = json_string_value(json_object_get(a, key)),
                              *const y = json_string_value(json_object_get(b, key));
            snprintf(name, sizeof name, "--tag %.100s=", key);
            if (pass == 0 || !x)
                zg_difference_add(text, size, name, x ? x : "none", y ? y : "none");
        }
}

/* What the words of the command line mean, for the same may be said in other words. */
static enum zg_status check_asked(const struct resume *r)
{
    const json_t *const a = json_object_get(r->old, "asked"), *const b =
                                                                  json_object_get(r->meta, "asked");
    char text[320];
    const char *column;
    json_t *value;
    zg_alike_differences(r->old, r->meta, ZG_ALIKE_POLICY, text, sizeof text);
    add_list(text, sizeof text, "--engines", json_object_get(a, "engines"),
             json_object_get(b, "engines"));
    json_object_foreach(json_object_get(b, "cases"), column, value)
    {
        const json_t *const old = json_object_get(json_object_get(a, "cases"), column);
        if (strcmp(column, "threads") != 0 && !json_equal(old, value))
            add_column(text, sizeof text, column, old, value);
    }
    add_list(text, sizeof text, "the order of lists", json_object_get(a, "sweep"),
             json_object_get(b, "sweep"));
    add_tags(text, sizeof text, json_object_get(r->old, "tags"), json_object_get(r->meta, "tags"));
    if (!text[0])
        return ZG_OK;
    return zg_fail(r->err, ZG_USAGE,
                   "--resume: %s is of another command_line, then and now: %s; give the same "
                   "options, or another --out",
                   r->path, text);
}

/* ---- which files ----------------------------------------------------------------------------- */

static enum zg_status check_prints(const struct resume *r, const json_t *prints)
{
    static const char *const whats[] = {"model", "data", "task", "tokenizer"};
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(r->old, "cases"), i, entry)
    {
        const json_int_t index = json_integer_value(json_object_get(entry, "index"));
        const json_t *const then = json_object_get(entry, "fingerprints_xxh3"),
                            *const now = json_array_get(prints, (size_t)index);
        for (int w = 0; w < 4; w++) {
            const char *const x = json_string_value(json_object_get(then, whats[w])),
                              *const y = json_string_value(json_object_get(now, whats[w]));
            if (x && y && strcmp(x, y) != 0)
                return zg_fail(r->err, ZG_INPUT,
                               "--resume: %s: case %lld was measured on another %s, fingerprint %s "
                               "then and %s now; give the same files, or another --out",
                               r->path, (long long)index + 1, whats[w], x, y);
        }
    }
    return ZG_OK;
}

/* ---- all ------------------------------------------------------------------------------------- */

/* What stays as the first part of the run had it. */
static void take_over(json_t *meta, const json_t *old)
{
    static const char *const kept[] = {"run_id", "started_utc", "cases", "sessions"};
    for (int i = 0; i < 4; i++) {
        json_t *const value = json_object_get(old, kept[i]);
        if (value)
            json_object_set(meta, kept[i], value);
    }
    if (json_is_string(json_object_get(meta, "run_id")))
        zg_run_id_take(json_string_value(json_object_get(meta, "run_id")));
}

enum zg_status zg_meta_resume(json_t *meta, const json_t *prints, const char *dir,
                              bool *was_complete, struct zg_error *err)
{
    struct resume r = {.meta = meta, .err = err};
    json_error_t error;
    snprintf(r.path, sizeof r.path, "%s/meta.json", dir);
    json_t *const old = zg_json_read_file(r.path, &error);
    if (!old)
        return zg_fail(err, ZG_INPUT, "--resume: %s: %s", r.path, error.text);
    r.old = old;
    const json_int_t schema = json_integer_value(json_object_get(old, "schema_version"));
    const char *const status_word = json_string_value(json_object_get(old, "status"));
    *was_complete = status_word && strcmp(status_word, "complete") == 0;
    enum zg_status status = ZG_OK;
    if (schema != ZG_SCHEMA_VERSION)
        status = zg_fail(err, ZG_USAGE,
                         "--resume: %s has schema_version %lld; this zogap writes version %d",
                         r.path, (long long)schema, ZG_SCHEMA_VERSION);
    else if (!json_object_get(old, "asked"))
        status = zg_fail(err, ZG_INPUT,
                         "--resume: %s was written by an older zogap, or is of no run; give "
                         "another --out",
                         r.path);
    if (!status)
        status = check_place(&r);
    if (!status)
        status = check_asked(&r);
    if (!status)
        status = check_prints(&r, prints);
    if (!status)
        take_over(meta, old);
    json_decref(old);
    return status;
}
