/* parse.c - strict numbers from text. */
#include "engines/base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* 2^53: the integers that a double, and so a table's min and max, holds exactly. */
#define MAX_EXACT 9007199254740992.0

/* strtoll() and strtod() skip blanks and take a plus, hexadecimals, nan: what nobody means. */
static bool begins_as_number(const char *text)
{
    return isdigit((unsigned char)text[text[0] == '-' || text[0] == '.']) ||
           (text[0] == '-' && text[1] == '.');
}

enum zg_status zg_parse_int(const char *what, const char *text, int64_t min, int64_t max,
                            int64_t *out, struct zg_error *err)
{
    char *end = NULL;
    errno = 0;
    const long long value = begins_as_number(text) ? strtoll(text, &end, 10) : 0;
    const bool is_number = end && end != text && *end == '\0' && errno == 0;
    if (is_number && value >= min && value <= max) {
        *out = value;
        return ZG_OK;
    }
    if (max < (int64_t)MAX_EXACT)
        return zg_fail(err, ZG_USAGE, "%s %s: must be an integer from %lld to %lld", what,
                       *text ? text : "\"\"", (long long)min, (long long)max);
    return zg_fail(err, ZG_USAGE, "%s %s: must be an integer of at least %lld", what,
                   *text ? text : "\"\"", (long long)min);
}

enum zg_status zg_parse_real(const char *what, const char *text, double *out, struct zg_error *err)
{
    char *end = NULL;
    errno = 0; /* ERANGE: too large, or so small that it is rounded to 0 or nearly */
    const double value = begins_as_number(text) ? strtod(text, &end) : 0;
    if (!end || end == text || *end != '\0' || errno != 0 || strpbrk(text, "xX"))
        return zg_fail(err, ZG_USAGE, "%s %s: must be a finite number, like 0.001 or 1e-3", what,
                       *text ? text : "\"\"");
    *out = value;
    return ZG_OK;
}
