/* variables.c - walks the process's environment along the table of environment_table.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* environ, dl_iterate_phdr(), memrchr() */
#endif
#include "harness/machine/variables.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "engines/base/json_memory.h"
#include "harness/base/json.h"
#include "harness/machine/environment_table.h"

#define TAKEN_OUT "ZOGAP_TAKEN_OUT" /* {"NAME": "value", ...} */

/* ---- who reads ------------------------------------------------------------------------------- */

static int find_library(struct dl_phdr_info *library, size_t size, void *stem)
{
    (void)size;
    const char *const slash = strrchr(library->dlpi_name, '/');
    return strncmp(slash ? slash + 1 : library->dlpi_name, stem, strlen(stem)) == 0;
}

static bool is_loaded(const char *stem)
{
    return dl_iterate_phdr(find_library, (void *)(uintptr_t)stem) != 0;
}

static bool is_there(enum zg_variable_reader reader)
{
    switch (reader) {
    case ZG_READER_GOMP:
        return is_loaded("libgomp");
    case ZG_READER_KMP:
        return is_loaded("libomp") || is_loaded("libiomp5");
    case ZG_READER_ONEDNN:
#ifndef ZOGAP_HAVE_ONEDNN
        return false;
#endif
        return true;
    case ZG_READER_OPENBLAS:
#ifndef ZOGAP_HAVE_OPENBLAS
        return false;
#endif
        return true;
    case ZG_READER_MKL:
        return is_loaded("libmkl");
    case ZG_READER_MALLOC:
        return is_loaded("libjemalloc") || is_loaded("libtcmalloc") || is_loaded("libmimalloc");
    case ZG_READER_HWLOC:
#ifndef ZOGAP_HAVE_HWLOC
        return false;
#endif
        return true;
    case ZG_READER_PAPI:
#ifndef ZOGAP_HAVE_PAPI
        return false;
#endif
        return true;
    default:
        return true;
    }
}

/* ---- values ---------------------------------------------------------------------------------- */

enum { NAME_SIZE = 128, VALUE_SIZE = 2048 }; /* longer values are cut: no entry wants memory */

/* Lists of paths are joined by any of these. */
#define SEPARATORS ":;, "

/* "/home/me/a.so:b/c.so" -> "a.so:c.so" */
static void without_directories(const char *value, char text[VALUE_SIZE])
{
    size_t used = 0;
    for (const char *at = value; *at && used + 2 < VALUE_SIZE;) {
        const size_t n = strcspn(at, SEPARATORS);
        size_t end = n;
        while (end > 1 && at[end - 1] == '/')
            end--;
        const char *const slash = end > 1 ? memrchr(at, '/', end) : NULL;
        const char *const from = slash ? slash + 1 : at;
        const size_t n_kept = (size_t)(at + end - from), room = VALUE_SIZE - 2 - used;
        memcpy(text + used, from, n_kept < room ? n_kept : room);
        used += n_kept < room ? n_kept : room;
        at += n;
        if (*at)
            text[used++] = *at++;
    }
    text[used] = '\0';
}

struct path_search {
    const char *directories; /* of LD_LIBRARY_PATH */
    char *found;             /* [VALUE_SIZE] */
};

static int add_if_from_path(struct dl_phdr_info *library, size_t size, void *context)
{
    (void)size;
    struct path_search *const search = context;
    const char *const path = library->dlpi_name, *const slash = strrchr(path, '/');
    for (const char *at = search->directories; slash && *at;) {
        size_t n = strcspn(at, ":;");
        const char *const next = at + n + (at[n] != '\0');
        while (n > 1 && at[n - 1] == '/')
            n--;
        if (n == (size_t)(slash - path) && !strncmp(at, path, n)) {
            const size_t used = strlen(search->found);
            snprintf(search->found + used, VALUE_SIZE - used, "%s%s", used ? "," : "", slash + 1);
            break;
        }
        at = next;
    }
    return 0;
}

/* The libraries that came from LD_LIBRARY_PATH; "": none, and it changed nothing. */
static void from_library_path(const char *directories, char text[VALUE_SIZE])
{
    struct path_search search = {directories, text};
    text[0] = '\0';
    dl_iterate_phdr(add_if_from_path, &search);
}

static bool is_one_of(const char *list, const char *value)
{
    for (const char *at = list; at && *at;) {
        const size_t n = strcspn(at, "|");
        if (strlen(value) == n && !strncasecmp(at, value, n))
            return true;
        at += n + (at[n] == '|');
    }
    return false;
}

/* ---- what is set ----------------------------------------------------------------------------- */

/* Paths for whoever builds with a library, which clusters set; not read when it runs. */
static bool is_for_builds(const char *name)
{
    static const char *const ends[] = {"_ROOT", "_HOME",    "_DIR",  "_LIB",
                                       "_INC",  "_INCLUDE", "_PATH", "_VERSION"};
    const size_t n = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (n > strlen(ends[i]) && !strcmp(name + n - strlen(ends[i]), ends[i]))
            return true;
    return false;
}

/* Calls back with each variable of the table that is set to something that has an effect. */
static void walk(void (*visit)(const char *name, const char *value, const struct zg_variable *of,
                               void *context),
                 void *context)
{
    for (char **entry = environ; entry && *entry; entry++) {
        const size_t n = strcspn(*entry, "=");
        char name[NAME_SIZE];
        if (n >= sizeof name || (*entry)[n] != '=')
            continue;
        memcpy(name, *entry, n);
        name[n] = '\0';
        const char *const value = *entry + n + 1;
        const struct zg_variable *const of = zg_variable_find(name);
        if (of && *value && is_there(of->reader) && !is_one_of(of->harmless, value) &&
            !(of->action == ZG_VARIABLE_UNKNOWN && is_for_builds(name)))
            visit(name, value, of, context);
    }
}

static void set_value(json_t *object, const char *name, const char *value)
{
    char text[VALUE_SIZE];
    if (strcmp(name, "LD_LIBRARY_PATH") == 0)
        from_library_path(value, text);
    else
        without_directories(value, text);
    json_t *const key = zg_json_text(name); /* of bytes that a key may have */
    if (*text && json_is_string(key))
        json_object_set_new(object, json_string_value(key), zg_json_text(text));
    json_decref(key);
}

/* ---- taking out ------------------------------------------------------------------------------ */

/* Anybody may have set the variable: of texts alone. */
static json_t *taken_out(void)
{
    const char *const text = getenv(TAKEN_OUT), *name;
    json_error_t error;
    json_t *const all = text ? zg_json_read(text, strlen(text), &error) : NULL;
    json_t *const object = json_object(), *value;
    json_object_foreach(all, name, value)
    {
        const struct zg_variable *const of = zg_variable_find(name);
        if (of && of->action == ZG_VARIABLE_TAKEN_OUT && json_is_string(value))
            json_object_set(object, name, value);
    }
    json_decref(all);
    return object;
}

static void note_taken_out(const char *name, const char *value, const struct zg_variable *of,
                           void *object)
{
    if (of->action == ZG_VARIABLE_TAKEN_OUT)
        set_value(object, name, value);
}

void zg_variables_take_out(void)
{
    json_t *const object = taken_out();
    const char *name;
    json_t *value;
    walk(note_taken_out, object);
    json_object_foreach(object, name, value) unsetenv(name);
    char *const text = json_object_size(object) > 0 ? json_dumps(object, JSON_COMPACT) : NULL;
    if (text)
        setenv(TAKEN_OUT, text, 1);
    free(text);
    json_decref(object);
}

bool zg_variables_were_taken_out(void)
{
    json_t *const object = taken_out();
    const bool any = json_object_size(object) > 0;
    json_decref(object);
    return any;
}

/* ---- recording ------------------------------------------------------------------------------- */

struct record {
    json_t *in_effect, *kernels;
};

static void record(const char *name, const char *value, const struct zg_variable *of, void *context)
{
    const struct record *const to = context;
    if (of->action == ZG_VARIABLE_KERNELS)
        set_value(to->kernels, name, value);
    else if (of->action == ZG_VARIABLE_WARNED || of->action == ZG_VARIABLE_UNKNOWN)
        set_value(to->in_effect, name, value);
}

void zg_variables_record(json_t *process)
{
    struct record to = {json_object(), json_object()};
    walk(record, &to);
    json_object_set_new(process, "environment", to.in_effect);
    json_object_set_new(process, "environment_kernels", to.kernels);
    json_object_set_new(process, "environment_taken_out", taken_out());
}

static void record_all(const char *name, const char *value, const struct zg_variable *of,
                       void *object)
{
    if (of->action != ZG_VARIABLE_OWN)
        set_value(object, name, value);
}

json_t *zg_variables_all(void)
{
    json_t *const object = json_object();
    walk(record_all, object);
    return object;
}

/* ---- warning --------------------------------------------------------------------------------- */

enum { SHOWN = 80 }; /* bytes of a value in a sentence */

static void add_sentence(json_t *warnings, const char *name, const json_t *value, const char *what,
                         const char *effect)
{
    char text[512];
    snprintf(text, sizeof text, "%s=%.*s%s: %s", name, SHOWN, json_string_value(value), what,
             effect);
    json_array_append_new(warnings, zg_json_text(text));
}

void zg_variables_warn(const json_t *process, json_t *warnings)
{
    const char *name;
    json_t *value;
    char unknown[512] = "";
    json_object_foreach(json_object_get(process, "environment"), name, value)
    {
        const struct zg_variable *const of = zg_variable_find(name);
        const size_t n = strlen(unknown);
        if (of && of->effect)
            add_sentence(warnings, name, value, "", of->effect);
        else
            snprintf(unknown + n, sizeof unknown - n, "%s%s=%.*s", n ? ", " : "", name, SHOWN,
                     json_string_value(value));
    }
    if (unknown[0]) {
        char text[640];
        snprintf(text, sizeof text, "%s: zogap does not know what it changes; unset it", unknown);
        json_array_append_new(warnings, zg_json_text(text));
    }
    json_object_foreach(json_object_get(process, "environment_taken_out"), name, value)
    {
        const struct zg_variable *const of = zg_variable_find(name);
        add_sentence(warnings, name, value, " was taken out of the environment",
                     of && of->effect ? of->effect : "");
    }
}
