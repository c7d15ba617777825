/* json.c - values that jansson has no call for: a number that may be none, a text that may hold
 * anything, the time. */
#include "harness/base/json.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "engines/base/json_memory.h"
#include "engines/base/printable.h"

json_t *zg_json_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *zg_json_text(const char *text)
{
    char *const copy = zg_printable_copy(text);
    if (!copy && text)
        zg_json_memory_fail();
    json_t *const value = copy ? json_string(copy) : NULL;
    free(copy);
    return value || text ? value : json_null();
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
