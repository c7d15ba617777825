/* meta.c - warnings, the file and its cases: what can be done to the document without knowing what
 * was measured. */
#define _GNU_SOURCE /* memmem */
#include "harness/store/meta.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/base/json_memory.h"
#include "harness/base/file_out.h"
#include "harness/base/json.h"
#include "harness/base/page.h"
#include "harness/store/sessions.h"

void zg_meta_note(json_t *meta, const char *text)
{
    json_array_append_new(json_object_get(meta, "notes"), zg_json_text(text));
}

static json_t *warnings_of(const json_t *meta, const json_t *during)
{
    json_t *const warnings = zg_machine_warnings_json(json_object_get(meta, "machine"),
                                                      json_object_get(meta, "pins"), during);
    json_t *const own =
        json_object_get(json_object_get(meta, "environment"), "warning"); /* of our libraries */
    if (json_string_length(own) > 0)
        json_array_append(warnings, own);
    json_array_extend(warnings, json_object_get(meta, "model_warnings"));
    json_array_extend(warnings, json_object_get(meta, "event_warnings"));
    return warnings;
}

static enum zg_status fail_strict(const json_t *warnings, const char *what, const char *where,
                                  struct zg_error *err)
{
    const size_t n = json_array_size(warnings);
    if (n == 0)
        return ZG_OK;
    return zg_fail(err, ZG_ENV, "--strict: %d warning%s, %s%s; %s%s", (int)n, n == 1 ? "" : "s",
                   n == 1 ? "" : "first: ", json_string_value(json_array_get(warnings, 0)), what,
                   where);
}

enum zg_status zg_meta_check_strict(const json_t *meta, const struct zg_machine_watch *before,
                                    struct zg_error *err)
{
    json_t *const load = json_pack("{s:o}", "load_1m_before", zg_json_real(before->load_1m));
    json_t *const warnings = warnings_of(meta, load);
    const enum zg_status status =
        fail_strict(warnings, "nothing is measured; `zogap info` shows all", "", err);
    json_decref(warnings);
    json_decref(load);
    return status;
}

enum zg_status zg_meta_fail_strict(const json_t *meta, const char *where, struct zg_error *err)
{
    return fail_strict(json_object_get(meta, "warnings"), "the results are in ", where, err);
}

void zg_meta_print_warnings(const json_t *meta, FILE *out)
{
    const json_t *const warnings = json_object_get(meta, "warnings");
    const size_t n = json_array_size(warnings),
                 n_told = json_array_size(json_object_get(meta, "event_warnings"));
    for (size_t i = 0; i + n_told < n; i++) /* those come last, and were told before measuring */
        zg_page_print(out, "warning: %s", json_string_value(json_array_get(warnings, i)));
}

void zg_meta_watch(json_t *meta, const struct zg_machine_watch *before)
{
    struct zg_machine_watch after;
    zg_machine_watch(&after);
    json_t *const during = zg_machine_during_json(before, &after);
    json_object_set(during, "sampling", json_object_get(meta, "sampling"));
    json_t *const warnings = warnings_of(meta, during);
    json_object_set(meta, "warnings", warnings);
    json_object_set(meta, "during", during);
    zg_sessions_update(meta, during, warnings);
    json_decref(during);
    json_decref(warnings);
}

/* A full disk takes no new file, but what a file has already can be written over: turns "running"
 * into "failed", in one write of as many bytes.  The failure is reported already. */
static void mark_failed_in_place(const char *dir)
{
    static const char running[] = "\"running\"", failed[sizeof running] = "\"failed\" ";
    static const char key[] = "\n  \"status\": ";
    char path[1200], bytes[65536];
    snprintf(path, sizeof path, "%s/meta.json", dir);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    const ssize_t n = pread(fd, bytes, sizeof bytes, 0);
    const char *const at = n > 0 ? memmem(bytes, (size_t)n, key, sizeof key - 1) : NULL;
    const char *const word = at ? at + sizeof key - 1 : NULL;
    if (word && bytes + n - word >= (ssize_t)sizeof running - 1 &&
        !memcmp(word, running, sizeof running - 1) &&
        pwrite(fd, failed, sizeof failed - 1, word - bytes) == (ssize_t)sizeof failed - 1)
        zg_file_sync(fd, path, NULL);
    close(fd);
}

enum zg_status zg_meta_write(json_t *meta, const char *dir, const char *status_word,
                             const struct zg_machine_watch *before, struct zg_error *err)
{
    json_object_set_new(meta, "status", json_string(status_word));
    json_object_set_new(meta, "interrupted", json_boolean(strcmp(status_word, "interrupted") == 0));
    json_object_set_new(meta, "finished_utc",
                        strcmp(status_word, "running") == 0 ? json_null() : zg_json_utc_now());
    zg_meta_watch(meta, before);
    char *const text = json_dumps(meta, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    const enum zg_status status =
        text && !zg_json_memory_failed()
            ? zg_file_replace(dir, "meta.json", text, strlen(text), err)
            : zg_fail(err, ZG_ENV, "%s/meta.json: no memory to write it", dir);
    free(text);
    if (status)
        mark_failed_in_place(dir);
    return status;
}

json_t *zg_meta_find_case(const json_t *meta, int64_t index)
{
    const json_t *const cases = json_object_get(meta, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *const c = json_array_get(cases, i);
        if (json_integer_value(json_object_get(c, "index")) == index)
            return c;
    }
    return NULL;
}

bool zg_meta_case_is_finished(const json_t *meta, int64_t index)
{
    return json_is_true(json_object_get(zg_meta_find_case(meta, index), "finished"));
}

void zg_meta_finish_case(json_t *meta, int64_t index)
{
    json_object_set_new(zg_meta_find_case(meta, index), "finished", json_true());
}

void zg_meta_add_case(json_t *meta, json_t *case_meta)
{
    json_t *const cases = json_object_get(meta, "cases");
    for (size_t i = json_array_size(cases); i-- > 0;)
        if (json_equal(json_object_get(json_array_get(cases, i), "index"),
                       json_object_get(case_meta, "index")))
            json_array_remove(cases, i);
    json_array_append_new(cases, case_meta);
}
