/*
 * arena.h - aligned memory: single large buffers, and an arena that is sized once and reset every
 * step.
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

struct zg_arena {
    unsigned char *base;
    int64_t capacity; /* bytes */
    int64_t used;
};

enum zg_status zg_arena_open(struct zg_arena *arena, int64_t capacity, const char *what,
                             struct zg_error *err);
void zg_arena_close(struct zg_arena *arena);
static inline void zg_arena_reset(struct zg_arena *arena)
{
    arena->used = 0;
}

/* 64-byte aligned; asserts that open() asked for enough, because sizes were checked there. */
void *zg_arena_take(struct zg_arena *arena, int64_t n_items, int64_t item_size);

#endif
