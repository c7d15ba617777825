/*
 * json.h - values that go into meta.json and its like: each a new reference, NULL only where there
 * is no memory.
 */
#ifndef ZG_HARNESS_JSON_H
#define ZG_HARNESS_JSON_H

#include <jansson.h>

/* A number, or null where it is NaN or infinite. */
json_t *zg_json_real(double value);

/* Text, null for NULL; printable.h escapes what is none. */
json_t *zg_json_text(const char *text);

/* Now, as "2026-01-31T23:59:59Z". */
json_t *zg_json_utc_now(void);

#endif
