/*
 * arena.h - aligned memory: large buffers, each taken once.
 *
 * Buffers are aligned to 64 bytes; from 2 MiB on, to 2 MiB and with transparent huge pages asked
 * for.  Fresh memory is untouched, so that the thread that first writes a page decides its NUMA
 * node.
 */
#ifndef ZG_BASE_ARENA_H
#define ZG_BASE_ARENA_H

#include <stdint.h>

#include "engines/error.h"

/* n_items * item_size bytes, uninitialised.  ZG_ENV: no memory or overflow; `what` names it in
 * the message. n_items 0 gives a valid pointer.  Free with zg_buffer_free(). */
enum zg_status zg_buffer_alloc(void **out, int64_t n_items, int64_t item_size, const char *what,
                               struct zg_error *err);
void zg_buffer_free(void *buffer); /* NULL is fine */

#endif
