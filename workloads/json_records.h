/*
 * json_records.h - the objects of a JSON file, one after another: of JSON Lines each line's, of a
 * document itself or those of its list.  json_source.h makes rows of them, and is what to include.
 */
#ifndef ZG_WORKLOADS_JSON_RECORDS_H
#define ZG_WORKLOADS_JSON_RECORDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"

#define ZG_JSON_MAX_LINE_BYTES (INT64_C(4) << 20)
/* SQuAD's train-v1.1.json has 30 MB; a parsed document takes some times its size. */
#define ZG_JSON_MAX_BYTES (INT64_C(256) << 20)

struct zg_json_records;

/* Opens a file, or, where bytes is not NULL, bytes[n_bytes], borrowed until close, which `name`
 * stands for.  A document is read as a whole.  On failure *out is NULL. */
enum zg_status zg_json_records_open(struct zg_json_records **out, const char *name,
                                    const char *bytes, int64_t n_bytes, bool lines,
                                    struct zg_error *err);
/* NULL and a pointer to NULL are fine. */
void zg_json_records_close(struct zg_json_records **records);

/* The next object, valid until the next call; NULL at the end. */
enum zg_status zg_json_records_next(struct zg_json_records *records, const json_t **out,
                                    struct zg_error *err);

/* Where that object stands: "val.jsonl:3", "dev.json", "rows.json: [2]". */
const char *zg_json_records_place(const struct zg_json_records *records);
const char *zg_json_records_name(const struct zg_json_records *records);
/* XXH3 of what was read. */
uint64_t zg_json_records_print(const struct zg_json_records *records);

#endif
