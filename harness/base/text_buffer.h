/*
 * text_buffer.h - a string that grows, for rows and tables.  A failed allocation is kept in
 * `failed`; later calls do nothing, so that a caller checks once, at the end.
 */
#ifndef ZG_HARNESS_TEXT_BUFFER_H
#define ZG_HARNESS_TEXT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zg_text_buffer {
    char *data; /* [n], not terminated */
    size_t n;
    size_t capacity;
    bool failed;
};

void zg_text_buffer_append(struct zg_text_buffer *text, const char *bytes, size_t n);
void zg_text_buffer_string(struct zg_text_buffer *text, const char *string);
void zg_text_buffer_repeat(struct zg_text_buffer *text, char c, int64_t n);
void zg_text_buffer_printf(struct zg_text_buffer *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Room for n more bytes, which the caller writes and then adds to `n`; NULL: no memory. */
char *zg_text_buffer_room(struct zg_text_buffer *text, size_t n);
void zg_text_buffer_free(struct zg_text_buffer *text);

#endif
