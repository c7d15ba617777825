/*
 * exact.h - copies that end where memory does: whoever reads or writes one byte past the end
 * crashes, in any build.
 */
#ifndef ZG_TESTS_EXACT_H
#define ZG_TESTS_EXACT_H

#include <stddef.h>

/* bytes[n], copied in front of a page that nobody may touch.  Aligned as n is. */
void *exact_copy(const void *bytes, size_t n);
void exact_free(void *copy, size_t n);

#endif
