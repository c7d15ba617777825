/*
 * safetensors.h - the table of contents of a safetensors file, from a buffer; knows nothing of
 * models.
 *
 *     [ 8 bytes: header length N, little-endian ][ N bytes: JSON ][ data ]
 *     JSON: { "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]},
 *             "__metadata__": {...} }
 *
 * Everything that the header claims is checked against the buffer's size, and against the format's
 * rule that the tensors cover the data without overlap or hole, so that a reader may follow any
 * entry blindly.
 */
#ifndef ZG_MODEL_SAFETENSORS_H
#define ZG_MODEL_SAFETENSORS_H

#include <stdint.h>

#include "engines/model.h"

#define ZG_SAFETENSORS_MAX_HEADER  (INT64_C(16) << 20) /* bytes */
#define ZG_SAFETENSORS_MAX_TENSORS INT64_C(65536)
#define ZG_SAFETENSORS_MAX_DIMS    8

struct zg_safetensor {
    const char *name;  /* borrowed from the table */
    const char *dtype; /* as spelled in the file: "F32", "F16", "BF16", "I64", ... */
    int64_t dims[ZG_SAFETENSORS_MAX_DIMS];
    int64_t n_dims;
    int64_t begin;   /* bytes from the start of the buffer; begin + n_bytes <= its size */
    int64_t n_bytes; /* the product of dims and the item size, where the dtype is known */
};

struct zg_safetensors {
    struct zg_safetensor *tensors; /* [n_tensors], ascending by name */
    int64_t n_tensors;
    void *json; /* owns the strings */
};

/* Reads the header of a file that lies in bytes[size], size >= 0; `what` names it in messages.  The
 * buffer may go away after. */
enum zg_status zg_safetensors_parse(struct zg_safetensors *out, const void *bytes, int64_t size,
                                    const char *what, struct zg_error *err);
void zg_safetensors_free(struct zg_safetensors *table);

/* The tensor of that name, or NULL. */
const struct zg_safetensor *zg_safetensors_find(const struct zg_safetensors *table,
                                                const char *name);

#endif
