/*
 * json_path.h - where in a JSON object something stands: `passage.text`, `answers[0].text`,
 * `qas[].answers[]`.
 *
 * A name is a key, `.` goes into an object, `[2]` to an item of a list (from 0), `[]` to every one.
 * `.` alone is the object itself.
 */
#ifndef ZG_WORKLOADS_JSON_PATH_H
#define ZG_WORKLOADS_JSON_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"

#define ZG_JSON_EACH INT64_C(-1)

struct zg_json_step {
    char *key;     /* of an object; NULL: an item of a list */
    int64_t index; /* of the item, or ZG_JSON_EACH */
};

struct zg_json_path {
    char *text;                 /* as it was written */
    struct zg_json_step *steps; /* [n_steps]; 0: the object itself */
    int64_t n_steps;
    int64_t n_each; /* steps that are ZG_JSON_EACH */
};

/* Cuts `text` up into *out.  ZG_INPUT: an empty key, a bracket that is not closed or holds no
 * number.  Whatever happens, zg_json_path_free() frees *out. */
enum zg_status zg_json_path_parse(struct zg_json_path *out, const char *text, struct zg_error *err);
void zg_json_path_free(struct zg_json_path *path);

#endif
