/* line.c - puts a line together in memory, for what is to be escaped is known only then. */
#define _GNU_SOURCE /* vasprintf */
#include "harness/base/line.h"

#include <stdarg.h>
#include <stdlib.h>

#include "engines/base/printable.h"

void zg_line_print(FILE *out, const char *format, ...)
{
    char *text = NULL;
    va_list values;
    va_start(values, format);
    const int n = vasprintf(&text, format, values);
    va_end(values);
    char *const line = n < 0 ? NULL : zg_printable_copy(text);
    fprintf(out, "%s\n", line ? line : "note: no memory for a line of text");
    free(line);
    if (n >= 0)
        free(text);
}
