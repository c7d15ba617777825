/* json_memory.c - see json_memory.h. */
#include "harness/json_memory.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdlib.h>

/* jansson's allocator is one for the process, and so is this. */
static atomic_bool failed;

static void *watched_malloc(size_t size)
{
    void *const p = malloc(size);
    if (!p)
        atomic_store(&failed, true);
    return p;
}

void zg_json_memory_watch(void)
{
    json_set_alloc_funcs(watched_malloc, free);
}

bool zg_json_memory_failed(void)
{
    return atomic_load(&failed);
}
