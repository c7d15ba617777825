/*
 * grow.h - an array that grows by an item at a time.
 *
 *     if (!zg_grow(&rows, n, sizeof *rows))
 *         return zg_fail(err, ZG_ENV, "no memory for a row");
 *     rows[n++] = row;
 */
#ifndef ZG_HARNESS_GROW_H
#define ZG_HARNESS_GROW_H

#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"

/* Room for one more item behind n of `size` bytes: *array, a pointer to items, is malloc'ed or NULL
 * where n is 0.  False: no memory, and all is as it was. */
static inline bool zg_grow(void *array, int64_t n, size_t size)
{
    int64_t n_bytes;
    void *items;
    if (n & (n - 1)) /* the room is 1, 2, 4, 8, ... items: it is full at these only */
        return true;
    if (!zg_size_mul(n ? 2 * n : 1, (int64_t)size, &n_bytes))
        return false;
    memcpy(&items, array, sizeof items);
    items = realloc(items, (size_t)n_bytes);
    if (items)
        memcpy(array, &items, sizeof items);
    return items != NULL;
}

#endif
