/* parse.c - strict numbers from text. */
#include "engines/base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* 2^53: the integers that a double, and so a table's min and max, holds exactly. */
#define MAX_EXACT 9007199254740992.0

enum zg_status zg_parse_int(const char *what, const char *text, int64_t min, int64_t max,
                            int64_t *out, struct zg_error *err)
{
    char *end = NULL;
    errno = 0;
    const long long value = isspace((unsigned char)text[0]) ? 0 : strtoll(text, &end, 10);
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
    const double value = isspace((unsigned char)text[0]) ? 0 : strtod(text, &end);
    if (!end || end == text || *end != '\0' || !isfinite(value))
        return zg_fail(err, ZG_USAGE, "%s %s: must be a finite number, like 0.001 or 1e-3", what,
                       *text ? text : "\"\"");
    *out = value;
    return ZG_OK;
}
