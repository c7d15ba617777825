/*
 * json_memory.h - has jansson run out of memory?
 *
 * Of a document that did not fit it says the same as of one that is wrong, and an object that could
 * not grow is just one without that key: a meta.json that lacks what it should tell, or good input
 * called bad.  So what it allocates is watched.
 */
#ifndef ZG_HARNESS_JSON_MEMORY_H
#define ZG_HARNESS_JSON_MEMORY_H

#include <stdbool.h>

/* Before anything else uses jansson. */
void zg_json_memory_watch(void);

/* Has an allocation failed since?  What came after is not to be trusted. */
bool zg_json_memory_failed(void);

#endif
