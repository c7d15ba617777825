/*
 * json_memory.h - JSON read and written by jansson where memory may run out.
 *
 * Of a document that did not fit jansson says the same as of one that is wrong, and an object that
 * could not grow is just one without that key: a meta.json that lacks what it should tell, or good
 * input called bad.  So what it allocates is watched.
 *
 * Worse, its reader (2.14, and still 2.15.1: akheron/jansson#362) does not ask whether the text of
 * a token found room: it goes on with a character less, misses the closing quote, and reads and
 * writes past the end.  So documents are read with the functions below, which leave the reader for
 * good where memory fails, by longjmp(); what it had allocated is lost, and the process should end.
 */
#ifndef ZG_BASE_JSON_MEMORY_H
#define ZG_BASE_JSON_MEMORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Before anything else uses jansson; without it the two below are jansson's own. */
void zg_json_memory_watch(void);

/* Has an allocation failed since?  What came after is not to be trusted. */
bool zg_json_memory_failed(void);
/* One failed that jansson did not make, of a text that was to go into a document; nothing where
 * nobody watches. */
void zg_json_memory_fail(void);

/* As json_loadb() and json_load_file(): NULL and why, also where memory fails.  No key twice; a
 * UTF-8 mark at the start is skipped. */
json_t *zg_json_read(const char *bytes, size_t n_bytes, json_error_t *error);
json_t *zg_json_read_file(const char *path, json_error_t *error);

#endif
