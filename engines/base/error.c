/* error.c - the status and message of engines/error.h. */
#include "engines/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void zg_error_clear(struct zg_error *err)
{
    if (err) {
        err->status = ZG_OK;
        err->text[0] = '\0';
    }
}

/* Bytes of the UTF-8 sequence at c; 0: it is none. */
static int sequence(const unsigned char *c)
{
    const int n = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
    if (c[0] > 0xf4 || (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
        (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
        return 0;
    for (int i = 1; i < n; i++) /* the NUL at the end is no part of a sequence */
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

/* A message is one line of UTF-8 whatever a file name or a cell holds, and wherever it was cut. */
static void flatten(char *text)
{
    for (char *c = text; *c;) {
        const int n = sequence((const unsigned char *)c);
        if (n == 0 || (unsigned char)*c < ' ' || *c == 127)
            *c = '?';
        c += n > 1 ? n : 1;
    }
}

enum zg_status zg_fail(struct zg_error *err, enum zg_status status, const char *format, ...)
{
    if (err && err->status == ZG_OK) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
        flatten(err->text);
        err->status = status;
    }
    return status;
}

enum zg_status zg_fail_within(struct zg_error *err, enum zg_status status, const char *format, ...)
{
    if (!err)
        return status;
    char prefix[256], text[sizeof err->text];
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    memcpy(text, err->text, sizeof text);
    const int n = snprintf(err->text, sizeof err->text, "%s: ", prefix);
    const size_t used = n < 0 ? 0 : (size_t)n;
    if (used < sizeof err->text)
        snprintf(err->text + used, sizeof err->text - used, "%.*s",
                 (int)(sizeof err->text - used - 1), text);
    flatten(err->text);
    return status;
}
