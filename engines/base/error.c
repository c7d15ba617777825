/* error.c - the status and message of engines/error.h. */
#include "engines/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engines/base/printable.h"

void zg_error_clear(struct zg_error *err)
{
    if (err) {
        err->status = ZG_OK;
        err->text[0] = '\0';
    }
}

enum { MOST_RAW = 8192 }; /* a path or two of the longest */

/* The end of the text, of at most `room` bytes once it is written. */
static const char *last_of(const char *text, size_t room)
{
    char piece[ZG_PRINTABLE_PIECE];
    size_t rest = zg_printable(NULL, 0, text);
    while (rest > room)
        rest -= zg_printable_next(&text, piece);
    return text;
}

/* A message is one line of UTF-8 whatever a file name or a cell holds.  Of one that is too long the
 * middle goes: a path is at the start, and at the end what is wrong with it. */
static void set_text(struct zg_error *err, const char *raw)
{
    static const char gap[] = " ... ";
    const size_t size = sizeof err->text, half = size / 2;
    if (zg_printable(err->text, size, raw) < size)
        return;
    zg_printable(err->text, half, raw);
    const size_t used = strlen(err->text);
    snprintf(err->text + used, size - used, "%s", gap);
    zg_printable(err->text + used + sizeof gap - 1, size - used - sizeof gap + 1,
                 last_of(raw, size - half - sizeof gap));
}

enum zg_status zg_fail(struct zg_error *err, enum zg_status status, const char *format, ...)
{
    if (err && err->status == ZG_OK) {
        char raw[MOST_RAW];
        va_list args;
        va_start(args, format);
        vsnprintf(raw, sizeof raw, format, args);
        va_end(args);
        set_text(err, raw);
        err->status = status;
    }
    return status;
}

enum zg_status zg_fail_within(struct zg_error *err, enum zg_status status, const char *format, ...)
{
    if (!err)
        return status;
    char raw[MOST_RAW];
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(raw, sizeof raw - sizeof err->text - 2, format, args);
    va_end(args);
    const size_t used = n < 0 ? 0 : strlen(raw);
    snprintf(raw + used, sizeof raw - used, ": %s", err->text);
    set_text(err, raw);
    return status;
}
