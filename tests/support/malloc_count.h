/*
 * malloc_count.h - counts the calls of the process's allocator, libraries included.
 *
 * A program that links malloc_count.c gets its own malloc, calloc, realloc, free, aligned
 * allocators and mmap, which the dynamic linker gives to every shared library too.  Not for
 * sanitizer builds, which bring theirs.
 */
#ifndef ZG_TESTS_MALLOC_COUNT_H
#define ZG_TESTS_MALLOC_COUNT_H

#include <stdbool.h>
#include <stdint.h>

/* False where this build cannot count: sanitizers, or no glibc. */
bool zg_malloc_count_works(void);
/* Calls since the program began, of all threads: from the program's own code, and from it and all
 * libraries. */
int64_t zg_malloc_count_own(void);
int64_t zg_malloc_count_all(void);

#endif
