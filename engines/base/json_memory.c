/* json_memory.c - gives jansson a malloc() that remembers its failures, and that leaves a reader
 * where it fails, by a longjmp() to where reading began. */
#include "engines/base/json_memory.h"

#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* jansson's allocator is one for the process, and so is this. */
static atomic_bool failed;

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
}

bool zg_json_memory_failed(void)
{
    return atomic_load(&failed);
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
    json_t *const json = path ? json_load_file(path, JSON_REJECT_DUPLICATES, error)
                              : json_loadb(bytes, n_bytes, JSON_REJECT_DUPLICATES, error);
    way_out = NULL;
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
