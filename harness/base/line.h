/*
 * line.h - notes and warnings, one printable line each whatever a name in them holds.
 */
#ifndef ZG_HARNESS_LINE_H
#define ZG_HARNESS_LINE_H

#include <stdio.h>

/* Prints the text (engines/base/printable.h) and ends the line. */
void zg_line_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
