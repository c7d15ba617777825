/* json_memory.c - gives jansson a malloc() that remembers its failures, and that leaves a reader
 * where it fails, by a longjmp() to where reading began. */
#include "engines/base/json_memory.h"

#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "engines/base/file_kind.h"

/* jansson's allocator is one for the process, and so is this. */
static atomic_bool failed;

static bool watching; /* set before there are threads */

/* Where to go when memory fails inside the reader; NULL outside of it. */
static _Thread_local jmp_buf *way_out;

static void *watched_malloc(size_t size)
{
    void *const p = malloc(size);
    if (p)
        return p;
    atomic_store(&failed, true);
    if (way_out)
        longjmp(*way_out, 1);
    return NULL;
}

void zg_json_memory_watch(void)
{
    json_set_alloc_funcs(watched_malloc, free);
    watching = true;
}

bool zg_json_memory_failed(void)
{
    return atomic_load(&failed);
}

void zg_json_memory_fail(void)
{
    if (watching)
        atomic_store(&failed, true);
}

/* As json_load_file(), but what another kind of file is, is said, and a mark is skipped. */
static json_t *load_file(const char *path, json_error_t *error)
{
    unsigned char start[ZG_FILE_KIND_BYTES];
    FILE *const file = fopen(path, "rbe");
    if (!file)
        return json_load_file(path, JSON_REJECT_DUPLICATES, error); /* says why */
    const size_t n = fread(start, 1, sizeof start, file);
    const char *const kind = zg_file_kind(start, n);
    json_t *json = NULL;
    if (kind) {
        *error = (json_error_t){.line = 1};
        snprintf(error->text, sizeof error->text, "this is %s", kind);
    } else if (fseek(file, (long)zg_utf8_mark(start, n), SEEK_SET) != 0) {
        json = json_load_file(path, JSON_REJECT_DUPLICATES, error); /* a pipe; nothing seeks it */
    } else {
        json = json_loadf(file, JSON_REJECT_DUPLICATES, error);
    }
    fclose(file);
    return json;
}

/* Bytes, or a file by its path: the other is NULL. */
static json_t *read_json(const char *bytes, size_t n_bytes, const char *path, json_error_t *error)
{
    jmp_buf here;
    if (setjmp(here)) {
        way_out = NULL;
        *error = (json_error_t){.line = 1};
        snprintf(error->text, sizeof error->text, "no memory");
        return NULL;
    }
    way_out = &here;
    const size_t mark = path ? 0 : zg_utf8_mark(bytes, n_bytes);
    json_t *const json =
        path ? load_file(path, error)
             : json_loadb(bytes + mark, n_bytes - mark, JSON_REJECT_DUPLICATES, error);
    way_out = NULL;
    if (!json && json_error_code(error) == json_error_end_of_input_expected)
        snprintf(error->text, sizeof error->text,
                 "text after the value's end; one JSON value is read, not JSON lines");
    return json;
}

json_t *zg_json_read(const char *bytes, size_t n_bytes, json_error_t *error)
{
    return read_json(bytes, n_bytes, NULL, error);
}

json_t *zg_json_read_file(const char *path, json_error_t *error)
{
    return read_json(NULL, 0, path, error);
}
