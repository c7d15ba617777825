/* json.c - values that jansson has no call for: a number that may be none, a text that may hold
 * anything, the time. */
#include "harness/base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

json_t *zg_json_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *zg_json_text(const char *text)
{
    json_t *value = json_string(text);
    if (value || !text)
        return value ? value : json_null();
    char *const copy = strdup(text);
    for (char *c = copy; c && *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    value = copy ? json_string(copy) : NULL;
    free(copy);
    return value;
}

json_t *zg_json_utc_now(void)
{
    const time_t now = time(NULL);
    struct tm utc;
    char text[32];
    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return json_string(text);
}
