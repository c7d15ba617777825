/*
 * status_line.h - one line of progress on the standard error, where that is a terminal; nothing
 * anywhere else.
 *
 * Plain text and a carriage return: no colour, so NO_COLOR has nothing to switch off.
 */
#ifndef ZG_HARNESS_STATUS_LINE_H
#define ZG_HARNESS_STATUS_LINE_H

#include <stdbool.h>
#include <stdint.h>

struct zg_status_line {
    bool on;
    int shown; /* characters on the line */
    int64_t last_ns;
    char before[64]; /* what every line begins with: "case 2 of 4: " */
};

void zg_status_line_open(struct zg_status_line *line, bool quiet);
/* Replaces the line; at most ten times a second unless `now`. */
void zg_status_line_show(struct zg_status_line *line, bool now, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void zg_status_line_clear(struct zg_status_line *line);

/* "1 h 02 min", "3 min 20 s", "45 s" into text[size]. */
const char *zg_duration_show(double seconds, char *text, int64_t size);

#endif
