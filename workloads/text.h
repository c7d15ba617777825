/* text.h - a growing string, and white space as Python's str methods see it. */
#ifndef ZG_WORKLOADS_TEXT_H
#define ZG_WORKLOADS_TEXT_H

#include <stdint.h>

#include "engines/error.h"

struct zg_text { /* all zero is empty */
    char *bytes; /* [n], not ended by a NUL */
    int64_t n;
    int64_t capacity;
};
enum zg_status zg_text_append(struct zg_text *text, const char *bytes, int64_t n,
                              struct zg_error *err);
void zg_text_free(struct zg_text *text);

struct zg_slice { /* a part of somebody's string */
    const char *bytes;
    int64_t n;
};

/* str.strip(" ") */
struct zg_slice zg_slice_strip_blanks(struct zg_slice s);
/* str.lstrip(), str.rstrip() and str.strip(): Unicode white space, U+001C..U+001F included, in
 * UTF-8.  Bytes that are no UTF-8 stay. */
struct zg_slice zg_slice_strip_left(struct zg_slice s);
struct zg_slice zg_slice_strip_right(struct zg_slice s);
struct zg_slice zg_slice_strip(struct zg_slice s);
/* Bytes of the white space character at the start, 0: there is none. */
int64_t zg_slice_space(struct zg_slice s);

#endif
