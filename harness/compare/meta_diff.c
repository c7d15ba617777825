/*
 * meta_diff.c - takes the facts that are compared out of each meta.json and walks all of them side
 * by side; where a value differs there is a row.
 */
#define _GNU_SOURCE /* asprintf */
#include "harness/compare/meta_diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/compare/compare.h"

struct diff {
    struct zg_table *table;
    int64_t n; /* sets */
    int64_t n_rows;
    bool failed;
};

/* ---- what is compared ------------------------------------------------------------------------ */

/* An object of these keys, null where `from` has none. */
static json_t *pick(const json_t *from, const char *const keys[])
{
    json_t *const facts = json_object();
    for (int i = 0; keys[i]; i++) {
        json_t *const value = json_object_get(from, keys[i]);
        json_object_set_new(facts, keys[i], value ? json_incref(value) : json_null());
    }
    return facts;
}

/* The cpus of the workers in one list: one line, on a large machine too. */
static json_t *pin_facts(const json_t *pins)
{
    static const char *const keys[] = {"method", "n_threads", "cpus_allowed", "cores_allowed",
                                       NULL};
    json_t *const facts = pick(pins, keys);
    json_t *const cpus = json_array();
    size_t i;
    json_t *worker;
    json_array_foreach(json_object_get(pins, "workers"), i, worker)
        json_array_append(cpus, json_object_get(worker, "cpu_read"));
    json_object_set_new(facts, "cpu_read", cpus);
    return facts;
}

/* Adds a value to the text under the key, unless it is in it. */
static void add_value(json_t *facts, const char *what, const char *of, const json_t *value)
{
    const char *const text = json_string_value(value);
    char *key = NULL;
    if (!text || asprintf(&key, "%s%s%s", what, of ? " of " : "", of ? of : "") < 0)
        return;
    const char *const old = json_string_value(json_object_get(facts, key));
    if (!old)
        json_object_set_new(facts, key, json_string(text));
    else if (!strstr(old, text))
        json_object_set_new(facts, key, json_sprintf("%s, %s", old, text));
    free(key);
}

static const char *text_at(const json_t *entry, const char *group, const char *key)
{
    return json_string_value(json_object_get(json_object_get(entry, group), key));
}

static void add_mechanisms(json_t *facts, const json_t *engine)
{
    size_t i;
    json_t *name;
    json_t *const list = json_object_get(engine, "mechanisms");
    char all[256] = "";
    json_array_foreach(list, i, name)
    {
        const size_t n = strlen(all);
        snprintf(all + n, sizeof all - n, "%s%s", n ? "+" : "", json_string_value(name));
    }
    json_t *const value = json_string(all[0] ? all : "none");
    if (json_is_array(list))
        add_value(facts, "mechanisms", json_string_value(json_object_get(engine, "engine")), value);
    json_decref(value);
}

/* What the cases were made of: fingerprints by what they are of, mechanisms by engine. */
static json_t *case_facts(const json_t *cases)
{
    json_t *const facts = json_object();
    size_t i, j;
    json_t *entry, *engine;
    json_array_foreach(cases, i, entry)
    {
        const json_t *const prints = json_object_get(entry, "fingerprints_xxh3");
        const char *const model = text_at(entry, "model", "name");
        const char *const task = text_at(entry, "data", "task");
        add_value(facts, "weights", model, json_object_get(prints, "model"));
        add_value(facts, "data", task, json_object_get(prints, "data"));
        add_value(facts, "task", task, json_object_get(prints, "task"));
        add_value(facts, "tokenizer", NULL, json_object_get(prints, "tokenizer"));
        json_array_foreach(json_object_get(entry, "engines"), j, engine)
            add_mechanisms(facts, engine);
    }
    return facts;
}

/* Cases and engines that not every set has are no differences of those that it has. */
static void keep_common(json_t *const *facts, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const char *key;
        json_t *value;
        void *next;
        json_t *const cases = json_object_get(facts[i], "cases");
        json_object_foreach_safe(cases, next, key, value)
        {
            bool common = true;
            for (int64_t j = 0; j < n; j++)
                common &= json_object_get(json_object_get(facts[j], "cases"), key) != NULL;
            if (!common)
                json_object_del(cases, key);
        }
    }
}

static json_t *facts_of(const json_t *meta)
{
    static const char *const keys[] = {
        "command", "baseline",  "second_baseline", "zogap", "isa",    "machine",
        "pins",    "libraries", "environment",     "peak",  "policy", NULL};
    static const char *const peaks[] = {"fp32_gflops_all", "bf16_gflops_all", "int8_gflops_all",
                                        "read_gb_per_s_all", NULL};
    json_t *const facts = pick(meta, keys);
    json_object_set_new(facts, "pins", pin_facts(json_object_get(meta, "pins")));
    json_object_set_new(facts, "cases", case_facts(json_object_get(meta, "cases")));
    json_object_set_new(facts, "peak", pick(json_object_get(meta, "peak"), peaks));
    return facts;
}

/* ---- walking --------------------------------------------------------------------------------- */

/* Absent and null are the same: not known. */
static bool same_value(const json_t *a, const json_t *b)
{
    const bool none_a = !a || json_is_null(a), none_b = !b || json_is_null(b);
    return none_a || none_b ? none_a && none_b : json_equal(a, b);
}

/* Peaks that are near each other are noise. */
static bool is_noise(const char *path, const json_t *const *values, int64_t n)
{
    double least = 0, most = 0;
    if (strncmp(path, "peak.", 5) != 0)
        return false;
    for (int64_t i = 0; i < n; i++) {
        const double value = json_number_value(values[i]); /* 0: none */
        least = i == 0 || value < least ? value : least;
        most = i == 0 || value > most ? value : most;
    }
    return least > 0 && most <= least * (1 + ZG_META_PEAK_TOLERANCE);
}

static void add_cell(struct diff *diff, const json_t *value)
{
    if (!value || json_is_null(value) || json_is_string(value)) {
        zg_table_text(diff->table, json_string_value(value));
        return;
    }
    char *const text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
    diff->failed |= !text;
    zg_table_text(diff->table, text);
    free(text);
}

/* What is not known may be of any type. */
static bool all_are(const json_t *const *values, int64_t n, json_type type)
{
    for (int64_t i = 0; i < n; i++)
        if (values[i] && !json_is_null(values[i]) && json_typeof(values[i]) != type)
            return false;
    return true;
}

static bool has_containers(const json_t *array)
{
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item) if (json_is_object(item) || json_is_array(item)) return true;
    return false;
}

static void walk(struct diff *diff, const char *path, const json_t *const *values);

/* The value under the key in every set, or at the index where key is NULL. */
static void walk_child(struct diff *diff, const char *path, const json_t *const *values,
                       const char *key, size_t index)
{
    char *child = NULL;
    const json_t **const children = calloc((size_t)diff->n, sizeof *children);
    const int n = key ? asprintf(&child, "%s%s%s", path, *path ? "." : "", key)
                      : asprintf(&child, "%s.%zu", path, index);
    if (!children || n < 0) {
        diff->failed = true;
        child = n < 0 ? NULL : child;
    } else {
        for (int64_t i = 0; i < diff->n; i++)
            children[i] = key ? json_object_get(values[i], key) : json_array_get(values[i], index);
        walk(diff, child, children);
    }
    free(child);
    free(children);
}

static void walk_objects(struct diff *diff, const char *path, const json_t *const *values)
{
    for (int64_t i = 0; i < diff->n; i++) {
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)values[i], key, value)
        {
            bool seen = false; /* in an earlier set */
            for (int64_t j = 0; j < i && !seen; j++)
                seen = json_object_get(values[j], key) != NULL;
            if (!seen)
                walk_child(diff, path, values, key, 0);
        }
    }
}

static void walk_arrays(struct diff *diff, const char *path, const json_t *const *values)
{
    size_t most = 0;
    for (int64_t i = 0; i < diff->n; i++)
        most = json_array_size(values[i]) > most ? json_array_size(values[i]) : most;
    for (size_t i = 0; i < most; i++)
        walk_child(diff, path, values, NULL, i);
}

static void walk(struct diff *diff, const char *path, const json_t *const *values)
{
    bool same = true, containers = false;
    for (int64_t i = 0; i < diff->n; i++) {
        same = same && same_value(values[0], values[i]);
        containers = containers || has_containers(values[i]);
    }
    if (same || is_noise(path, values, diff->n))
        return;
    if (all_are(values, diff->n, JSON_OBJECT)) {
        walk_objects(diff, path, values);
    } else if (containers && all_are(values, diff->n, JSON_ARRAY)) {
        walk_arrays(diff, path, values);
    } else {
        zg_table_text(diff->table, path);
        for (int64_t i = 0; i < diff->n; i++)
            add_cell(diff, values[i]);
        diff->n_rows++;
    }
}

/* ---- the table ------------------------------------------------------------------------------- */

static enum zg_status open_table(struct diff *diff, struct zg_error *err)
{
    struct zg_heading *const headings = calloc((size_t)diff->n + 1, sizeof *headings);
    char(*const names)[32] = calloc((size_t)diff->n + 1, sizeof *names);
    enum zg_status status = ZG_OK;
    if (!headings || !names) {
        status = zg_fail(err, ZG_ENV, "no memory for a table");
        goto done;
    }
    headings[0] = (struct zg_heading){"fact", "differs"};
    for (int64_t i = 0; i < diff->n; i++) {
        snprintf(names[i], sizeof names[i], "value_%lld", (long long)i + 1);
        headings[i + 1] = (struct zg_heading){names[i], zg_compare_letter(i)};
    }
    status = zg_table_open(&diff->table, headings, diff->n + 1, err);
    if (!status)
        zg_table_set_name(diff->table, "machines");
done:
    free(headings);
    free(names);
    return status;
}

enum zg_status zg_meta_diff(struct zg_table **out, int64_t *n_rows,
                            const struct zg_result_reader *const *sets, int64_t n,
                            struct zg_error *err)
{
    struct diff diff = {.n = n};
    *out = NULL;
    *n_rows = 0;
    json_t **const facts = calloc((size_t)n, sizeof *facts);
    enum zg_status status =
        facts ? open_table(&diff, err) : zg_fail(err, ZG_ENV, "no memory for a table");
    if (status)
        goto done;
    for (int64_t i = 0; i < n; i++) {
        facts[i] = facts_of(sets[i]->meta.json);
        diff.failed |= !facts[i];
    }
    if (!diff.failed)
        keep_common(facts, n);
    if (!diff.failed)
        walk(&diff, "", (const json_t *const *)facts);
    if (diff.failed) {
        zg_table_close(&diff.table);
        status = zg_fail(err, ZG_ENV, "no memory for a table");
        goto done;
    }
    *out = diff.table;
    *n_rows = diff.n_rows;
done:
    for (int64_t i = 0; i < n && facts; i++)
        json_decref(facts[i]);
    free(facts);
    return status;
}
