/* text_buffer.c - appends to a string; its room doubles, so a long table takes few allocations. */
#include "harness/base/text_buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *zg_text_buffer_room(struct zg_text_buffer *text, size_t n)
{
    if (text->failed || n > SIZE_MAX / 4 - text->n) {
        text->failed = true;
        return NULL;
    }
    if (text->n + n <= text->capacity)
        return text->data + text->n;
    const size_t capacity = 2 * (text->n + n) + 256;
    char *const data = realloc(text->data, capacity);
    text->failed = !data;
    if (!data)
        return NULL;
    text->data = data;
    text->capacity = capacity;
    return text->data + text->n;
}

void zg_text_buffer_append(struct zg_text_buffer *text, const char *bytes, size_t n)
{
    if (n && zg_text_buffer_room(text, n)) {
        memcpy(text->data + text->n, bytes, n);
        text->n += n;
    }
}

void zg_text_buffer_string(struct zg_text_buffer *text, const char *string)
{
    zg_text_buffer_append(text, string, strlen(string));
}

void zg_text_buffer_repeat(struct zg_text_buffer *text, char c, int64_t n)
{
    if (n > 0 && zg_text_buffer_room(text, (size_t)n)) {
        memset(text->data + text->n, c, (size_t)n);
        text->n += (size_t)n;
    }
}

void zg_text_buffer_printf(struct zg_text_buffer *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || !zg_text_buffer_room(text, (size_t)n + 1)) {
        text->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf(text->data + text->n, (size_t)n + 1, format, args);
    va_end(args);
    text->n += (size_t)n;
}

void zg_text_buffer_free(struct zg_text_buffer *text)
{
    free(text->data);
    *text = (struct zg_text_buffer){0};
}
