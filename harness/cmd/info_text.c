/* info_text.c - goes over the document of `zogap info`, a section after the other: info_text.h. */
#include "harness/cmd/info_text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/page.h"

enum { KEY_COLUMNS = 20, NAME_COLUMNS = 10 };

/* ---- values ---------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *const text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void put_value(FILE *out, const json_t *value)
{
    if (json_is_string(value))
        fputs(json_string_value(value), out);
    else if (json_is_integer(value))
        fprintf(out, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        fprintf(out, "%g", json_real_value(value));
    else if (json_is_boolean(value))
        fputs(json_is_true(value) ? "yes" : "no", out);
    else
        fputs("-", out);
}

static bool is_nothing(const json_t *value)
{
    return (json_is_string(value) && !*json_string_value(value)) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0);
}

/* "a: 1, b: x" of an object, "x y z" of an array of texts, cut by semicolons of one of objects;
 * nested ones the same way, objects in parentheses. */
static void put_inline(FILE *out, const json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;
    int n = 0;
    if (json_is_object(value)) {
        json_object_foreach((json_t *)value, key, item)
        {
            if (is_nothing(item))
                continue;
            fprintf(out, "%s%s: %s", n++ ? ", " : "", key, json_is_object(item) ? "(" : "");
            put_inline(out, item);
            fputs(json_is_object(item) ? ")" : "", out);
        }
    } else if (json_is_array(value)) {
        json_array_foreach(value, i, item)
        {
            fputs(i == 0 ? "" : json_is_object(item) ? "; " : " ", out);
            put_inline(out, item);
        }
    } else {
        put_value(out, value);
    }
}

/* "L1: 2 of 48 KiB; L2: 2 of 2 MiB" */
static void put_caches(FILE *out, const json_t *caches)
{
    size_t i;
    json_t *cache;
    json_array_foreach(caches, i, cache)
    {
        const json_int_t bytes = json_integer_value(json_object_get(cache, "bytes"));
        fprintf(out, "%sL%lld: ", i ? "; " : "",
                (long long)json_integer_value(json_object_get(cache, "level")));
        put_value(out, json_object_get(cache, "n"));
        fprintf(out, " of %g %s", (double)bytes / (bytes < 1 << 20 ? 1 << 10 : 1 << 20),
                bytes < 1 << 20 ? "KiB" : "MiB");
    }
}

/* "0 on cpu 0 (core 0, package 0, numa_node 0)": one a worker; what is not as asked is told. */
static void put_workers(FILE *out, const json_t *workers)
{
    size_t i;
    json_t *worker;
    json_array_foreach(workers, i, worker)
    {
        const json_t *const read = json_object_get(worker, "cpu_read");
        fputs(i ? "; " : "", out);
        put_value(out, json_object_get(worker, "thread"));
        fputs(" on cpu ", out);
        put_value(out, read);
        if (!json_equal(read, json_object_get(worker, "cpu_asked"))) {
            fputs(", asked for ", out);
            put_value(out, json_object_get(worker, "cpu_asked"));
        }
        fputs(" (core ", out);
        put_value(out, json_object_get(worker, "core"));
        fputs(")", out);
        if (!json_is_true(json_object_get(worker, "denormals_flushed")))
            fputs(" without flushing denormals", out);
    }
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* A line whose later lines stand below its `indent`-th column. */
__attribute__((format(printf, 2, 3))) static void print_line(int64_t indent, const char *format,
                                                             ...)
{
    char *text = NULL;
    size_t size;
    FILE *const out = open_memstream(&text, &size);
    if (!out)
        return;
    va_list arguments;
    va_start(arguments, format);
    vfprintf(out, format, arguments);
    va_end(arguments);
    if (fclose(out) == 0)
        zg_page_put(stdout, indent, text);
    free(text);
}

/* The value into a new text, which the caller frees; NULL: no memory, or it is empty. */
static char *text_made(void (*put)(FILE *, const json_t *), const json_t *value)
{
    char *text = NULL;
    size_t size;
    FILE *const out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    put(out, value);
    if (fclose(out) == 0 && *text)
        return text;
    free(text);
    return NULL;
}

static void print_entry(const char *key, const json_t *value, void (*put)(FILE *, const json_t *))
{
    char *const text = text_made(put, value);
    if (text)
        print_line(KEY_COLUMNS + 3, "  %-*s %s", KEY_COLUMNS, key, text);
    free(text);
}

static void print_section(const char *title, const json_t *section)
{
    const char *key;
    json_t *item;
    puts(title);
    json_object_foreach((json_t *)section, key, item)
    {
        json_t *const caches = json_object_get(item, "caches");
        if (strcmp(key, "workers") == 0) {
            print_entry(key, item, put_workers);
        } else if (caches) {
            json_t *const others = json_copy(item);
            json_object_del(others, "caches");
            print_entry(key, others, put_inline);
            print_entry("caches", caches, put_caches);
            json_decref(others);
        } else {
            print_entry(key, item, put_inline);
        }
    }
}

/* ---- sections -------------------------------------------------------------------------------- */

/* Options of an engine or of an algorithm, as one would type them. */
static void print_options(const char *name, const json_t *options, const char *values)
{
    size_t i;
    json_t *option;
    json_array_foreach(options, i, option)
        print_line(NAME_COLUMNS + 7, "  %-*s   %s:%s=%s (default %s): %s", NAME_COLUMNS, "", name,
                   text_of(option, "key"), text_of(option, values), text_of(option, "default"),
                   text_of(option, "summary"));
}

static void print_engines(const json_t *engines)
{
    size_t i;
    json_t *engine;
    puts("engines");
    json_array_foreach(engines, i, engine)
    {
        char *const dtypes = text_made(put_inline, json_object_get(engine, "dtypes"));
        char *const mechanisms = text_made(put_inline, json_object_get(engine, "mechanisms"));
        print_line(NAME_COLUMNS + 3, "  %-*s %s", NAME_COLUMNS, text_of(engine, "name"),
                   text_of(engine, "summary"));
        if (!json_is_true(json_object_get(engine, "available")))
            print_line(NAME_COLUMNS + 7, "  %-*s   missing: %s", NAME_COLUMNS, "",
                       text_of(engine, "missing"));
        print_line(NAME_COLUMNS + 7, "  %-*s   dtypes: %s%s%s", NAME_COLUMNS, "",
                   dtypes ? dtypes : "-", mechanisms ? "; mechanisms: " : "",
                   mechanisms ? mechanisms : "");
        free(dtypes);
        free(mechanisms);
        const char *dtype;
        json_t *reason;
        json_object_foreach(json_object_get(engine, "dtypes_missing"), dtype, reason)
            print_line(NAME_COLUMNS + 7, "  %-*s   %s is missing: %s", NAME_COLUMNS, "", dtype,
                       json_string_value(reason));
        print_options(text_of(engine, "name"), json_object_get(engine, "settings"), "choices");
    }
}

static void print_algorithms(const json_t *algorithms)
{
    size_t i;
    json_t *algorithm;
    puts("algorithms");
    json_array_foreach(algorithms, i, algorithm)
    {
        print_line(NAME_COLUMNS + 3, "  %-*s %s", NAME_COLUMNS, text_of(algorithm, "name"),
                   text_of(algorithm, "summary"));
        print_options(text_of(algorithm, "name"), json_object_get(algorithm, "options"), "values");
    }
}

static void print_models(const json_t *models)
{
    size_t i;
    json_t *model;
    puts("model shapes (synthetic weights)");
    json_array_foreach(models, i, model)
    {
        const double n_params = (double)json_integer_value(json_object_get(model, "n_params"));
        printf("  %-*s %lld layers, d %lld, %.2f %c parameters\n", NAME_COLUMNS,
               text_of(model, "name"),
               (long long)json_integer_value(json_object_get(model, "n_layers")),
               (long long)json_integer_value(json_object_get(model, "d_model")),
               n_params < 1e8 ? n_params / 1e6 : n_params / 1e9, n_params < 1e8 ? 'M' : 'G');
    }
}

static void print_shipped(const json_t *models)
{
    size_t i;
    json_t *model;
    puts("models that come with zogap (trained)");
    json_array_foreach(models, i, model)
    {
        if (json_object_get(model, "missing"))
            print_line(NAME_COLUMNS + 3, "  %-*s missing: %s", NAME_COLUMNS, text_of(model, "name"),
                       text_of(model, "missing"));
        else
            print_line(NAME_COLUMNS + 3, "  %-*s %.2f M parameters, %s", NAME_COLUMNS,
                       text_of(model, "name"),
                       (double)json_integer_value(json_object_get(model, "n_params")) / 1e6,
                       text_of(model, "directory"));
    }
}

/* Events that count, then those that do not, all of one reason together. */
static void print_counters(const json_t *counters)
{
    json_t *const groups = json_object(); /* a reason, "" of those that count: an array of names */
    const char *reason;
    json_t *event, *names;
    size_t i;
    json_array_foreach(json_object_get(counters, "events"), i, event)
    {
        const bool counting = json_is_true(json_object_get(event, "counting"));
        const char *const key = counting ? "" : text_of(event, "reason");
        if (!json_object_get(groups, key))
            json_object_set_new(groups, key, json_array());
        json_array_append(json_object_get(groups, key), json_object_get(event, "name"));
    }
    puts("counters (--events default)");
    if ((names = json_object_get(groups, "")))
        print_entry("available", names, put_inline);
    json_object_foreach(groups, reason, names) if (*reason)
    {
        print_entry("no", names, put_inline);
        print_line(KEY_COLUMNS + 3, "  %-*s %s", KEY_COLUMNS, "  because", reason);
    }
    json_decref(groups);
}

void zg_info_print(const json_t *info)
{
    size_t i;
    json_t *warning;
    const json_t *const build = json_object_get(info, "zogap");
    const json_t *const warnings = json_object_get(info, "warnings");
    printf("zogap %s (%s)\n", text_of(build, "version"), text_of(build, "git"));
    print_engines(json_object_get(info, "engines"));
    print_algorithms(json_object_get(info, "algorithms"));
    print_section("kernels", json_object_get(info, "kernels"));
    print_section("machine", json_object_get(info, "machine"));
    print_section("pins", json_object_get(info, "pins"));
    print_counters(json_object_get(info, "counters"));
    print_section("libraries", json_object_get(info, "libraries"));
    print_section("environment", json_object_get(info, "environment"));
    print_models(json_object_get(info, "models"));
    print_shipped(json_object_get(info, "models_shipped"));
    char *const tasks = text_made(put_inline, json_object_get(info, "tasks"));
    puts("tasks");
    print_line(2, "  %s", tasks ? tasks : "-");
    free(tasks);
    puts("warnings");
    json_array_foreach(warnings, i, warning) print_line(4, "  %s", json_string_value(warning));
    if (json_array_size(warnings) == 0)
        puts("  none");
}
