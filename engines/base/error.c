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

/* A message is one line whatever a file name or a cell holds. */
static void flatten(char *text)
{
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
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
