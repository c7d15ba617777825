/*
 * status_line.c - writes the line over the last one, padded with spaces, at most ten times a
 * second.
 */
#include "harness/base/status_line.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "harness/base/clock.h"

enum { MAX_COLUMNS = 79 }; /* a wrapped line cannot be taken back */
static const int64_t min_interval_ns = 100000000;

void zg_status_line_open(struct zg_status_line *line, bool quiet)
{
    *line = (struct zg_status_line){.on = !quiet && isatty(STDERR_FILENO) == 1};
}

void zg_status_line_show(struct zg_status_line *line, bool now, const char *format, ...)
{
    if (!line->on)
        return;
    const int64_t now_ns = zg_clock_wall_ns();
    if (!now && line->last_ns && now_ns - line->last_ns < min_interval_ns)
        return;
    line->last_ns = now_ns;
    char text[MAX_COLUMNS + 1];
    va_list arguments;
    const int before = snprintf(text, sizeof text, "%s", line->before);
    va_start(arguments, format);
    vsnprintf(text + before, sizeof text - (size_t)before, format, arguments);
    va_end(arguments);
    const int n = fprintf(stderr, "\r%s", text) - 1;
    fprintf(stderr, "%*s", line->shown > n ? line->shown - n : 0, "");
    fflush(stderr);
    line->shown = n;
}

void zg_status_line_clear(struct zg_status_line *line)
{
    if (line->on && line->shown > 0)
        fprintf(stderr, "\r%*s\r", line->shown, "");
    line->shown = 0;
}

const char *zg_duration_show(double seconds, char *text, int64_t size)
{
    if (!isfinite(seconds) || seconds > 1e9) {
        snprintf(text, (size_t)size, "?");
        return text;
    }
    const long s = lround(fmax(seconds, 0));
    if (s >= 3600)
        snprintf(text, (size_t)size, "%ld h %02ld min", s / 3600, s / 60 % 60);
    else if (s >= 60)
        snprintf(text, (size_t)size, "%ld min %02ld s", s / 60, s % 60);
    else
        snprintf(text, (size_t)size, "%ld s", s);
    return text;
}
