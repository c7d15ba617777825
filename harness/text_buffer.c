/* text_buffer.c - see text_buffer.h. */
#include "harness/text_buffer.h"

#include <csv.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/record.h"

/* Room for n more bytes. */
static bool reserve(struct zg_text_buffer *text, size_t n)
{
    if (text->failed || n > SIZE_MAX / 4 - text->n) {
        text->failed = true;
        return false;
    }
    if (text->n + n <= text->capacity)
        return true;
    const size_t capacity = 2 * (text->n + n) + 256;
    char *const data = realloc(text->data, capacity);
    text->failed = !data;
    if (!data)
        return false;
    text->data = data;
    text->capacity = capacity;
    return true;
}

void zg_text_buffer_append(struct zg_text_buffer *text, const char *bytes, size_t n)
{
    if (n && reserve(text, n)) {
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
    if (n > 0 && reserve(text, (size_t)n)) {
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
    if (n < 0 || !reserve(text, (size_t)n + 1)) {
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

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 127;
}

void zg_text_buffer_csv_text(struct zg_text_buffer *text, const char *value)
{
    const size_t n = value ? strlen(value) : 0;
    if (!n)
        return;
    const bool quote = value[0] == ' ' || value[n - 1] == ' ' || strpbrk(value, ",\"") != NULL;
    const size_t begin = text->n;
    if (!quote) {
        zg_text_buffer_append(text, value, n);
    } else {
        const size_t need = csv_write(NULL, 0, value, n);
        if (!reserve(text, need))
            return;
        csv_write(text->data + begin, need, value, n);
        text->n += need;
    }
    for (size_t i = begin; i < text->n; i++)
        if (is_control(text->data[i]))
            text->data[i] = '?';
}

void zg_text_buffer_csv_integer(struct zg_text_buffer *text, int64_t value)
{
    if (value != ZG_NO_INTEGER)
        zg_text_buffer_printf(text, "%lld", (long long)value);
}

void zg_text_buffer_csv_real(struct zg_text_buffer *text, double value)
{
    if (isfinite(value))
        zg_text_buffer_printf(text, "%.9g", value);
}
