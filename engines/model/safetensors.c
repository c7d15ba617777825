/* safetensors.c - parses a safetensors header (jansson) and checks every claim of it. */
#include "engines/model/safetensors.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/file_kind.h"
#include "engines/base/json_memory.h"
#include "engines/base/size.h"

static const struct {
    const char *name;
    int64_t item_bytes;
} dtypes[] = {
    {"F64", 8}, {"F32", 4}, {"F16", 2},     {"BF16", 2},    {"I64", 8},
    {"I32", 4}, {"I16", 2}, {"I8", 1},      {"U64", 8},     {"U32", 4},
    {"U16", 2}, {"U8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"BOOL", 1},
};

struct parse { /* what every check needs for its message */
    const char *what;
    int64_t data_begin, data_bytes;
    struct zg_error *err;
};

/* A name comes from the file and may be long; the message must keep its end. */
#define NAME "%.200s"

/* A list of at most max integers >= 0. */
static bool read_integers(const json_t *list, int64_t max, int64_t *out, int64_t *n)
{
    if (!json_is_array(list) || json_array_size(list) > (size_t)max)
        return false;
    *n = (int64_t)json_array_size(list);
    for (int64_t i = 0; i < *n; i++) {
        const json_t *item = json_array_get(list, (size_t)i);
        if (!json_is_integer(item) || json_integer_value(item) < 0)
            return false;
        out[i] = json_integer_value(item);
    }
    return true;
}

/* The bytes that dtype and shape ask for; those that there are, where the dtype is not ours to
 * judge.  False: the product overflows. */
static bool expected_bytes(const struct zg_safetensor *tensor, int64_t *bytes)
{
    *bytes = 0;
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++)
        if (strcmp(tensor->dtype, dtypes[i].name) == 0)
            *bytes = dtypes[i].item_bytes;
    if (*bytes == 0) {
        *bytes = tensor->n_bytes;
        return true;
    }
    for (int64_t i = 0; i < tensor->n_dims; i++)
        if (!zg_size_mul(*bytes, tensor->dims[i], bytes))
            return false;
    return true;
}

static enum zg_status parse_tensor(const struct parse *p, const char *name, const json_t *entry,
                                   struct zg_safetensor *out)
{
    *out = (struct zg_safetensor){.name = name};
    if (!json_is_object(entry))
        return zg_fail(p->err, ZG_INPUT, "%s: tensor " NAME ": its header entry is not an object",
                       p->what, name);
    const json_t *dtype = json_object_get(entry, "dtype");
    if (!json_is_string(dtype))
        return zg_fail(p->err, ZG_INPUT, "%s: tensor " NAME ": dtype must be a string", p->what,
                       name);
    out->dtype = json_string_value(dtype);
    if (!read_integers(json_object_get(entry, "shape"), ZG_SAFETENSORS_MAX_DIMS, out->dims,
                       &out->n_dims))
        return zg_fail(p->err, ZG_INPUT,
                       "%s: tensor " NAME ": shape must be a list of at most %d integers >= 0",
                       p->what, name, ZG_SAFETENSORS_MAX_DIMS);
    int64_t offsets[2], n_offsets = 0;
    if (!read_integers(json_object_get(entry, "data_offsets"), 2, offsets, &n_offsets) ||
        n_offsets != 2 || offsets[0] > offsets[1])
        return zg_fail(p->err, ZG_INPUT,
                       "%s: tensor " NAME ": data_offsets must be two integers, 0 <= begin <= end",
                       p->what, name);
    if (offsets[1] > p->data_bytes)
        return zg_fail(p->err, ZG_INPUT,
                       "%s: tensor " NAME ": data ends at byte %" PRId64
                       ", but the file holds %" PRId64 " data bytes (truncated?)",
                       p->what, name, offsets[1], p->data_bytes);
    out->begin = p->data_begin + offsets[0];
    out->n_bytes = offsets[1] - offsets[0];
    int64_t expected;
    if (!expected_bytes(out, &expected))
        return zg_fail(p->err, ZG_INPUT, "%s: tensor " NAME ": the product of its shape overflows",
                       p->what, name);
    if (expected != out->n_bytes)
        return zg_fail(p->err, ZG_INPUT,
                       "%s: tensor " NAME ": shape and dtype %.20s ask for %" PRId64
                       " bytes, data_offsets give %" PRId64,
                       p->what, name, out->dtype, expected, out->n_bytes);
    return ZG_OK;
}

static int by_begin(const void *a, const void *b)
{
    const struct zg_safetensor *x = a, *y = b;
    const int order = zg_compare64(x->begin, y->begin);
    return order ? order : zg_compare64(x->n_bytes, y->n_bytes);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct zg_safetensor *)a)->name, ((const struct zg_safetensor *)b)->name);
}

/* The tensors, in order of their data, follow one another from the data's first byte to its
 * last. */
static enum zg_status check_cover(const struct parse *p, const struct zg_safetensors *table)
{
    int64_t at = p->data_begin;
    for (int64_t i = 0; i < table->n_tensors; i++) {
        const struct zg_safetensor *tensor = &table->tensors[i];
        if (tensor->begin < at)
            return zg_fail(p->err, ZG_INPUT, "%s: tensors " NAME " and " NAME " overlap", p->what,
                           tensor[-1].name, tensor->name);
        if (tensor->begin > at)
            return zg_fail(p->err, ZG_INPUT,
                           "%s: %" PRId64 " bytes before the data of tensor " NAME
                           " belong to none",
                           p->what, tensor->begin - at, tensor->name);
        at += tensor->n_bytes;
    }
    const int64_t rest = p->data_begin + p->data_bytes - at;
    if (rest != 0)
        return zg_fail(p->err, ZG_INPUT, "%s: the last %" PRId64 " bytes belong to no tensor",
                       p->what, rest);
    return ZG_OK;
}

static enum zg_status check_metadata(const struct parse *p, const json_t *metadata)
{
    bool good = json_is_object(metadata);
    const char *key;
    const json_t *value;
    json_object_foreach((json_t *)(uintptr_t)metadata, key, value) good =
        good && json_is_string(value);
    if (!good)
        return zg_fail(p->err, ZG_INPUT, "%s: __metadata__ must be an object of strings", p->what);
    return ZG_OK;
}

static enum zg_status parse_entries(const struct parse *p, struct zg_safetensors *out)
{
    json_t *const header = out->json;
    const char *name;
    json_t *entry;
    if (!json_is_object(header))
        return zg_fail(p->err, ZG_INPUT, "%s: the header is not a JSON object", p->what);
    const int64_t n = (int64_t)json_object_size(header);
    if (n > ZG_SAFETENSORS_MAX_TENSORS)
        return zg_fail(p->err, ZG_INPUT,
                       "%s: the header names %" PRId64 " tensors; at most %" PRId64 " are read",
                       p->what, n, ZG_SAFETENSORS_MAX_TENSORS);
    out->tensors = calloc((size_t)n + 1, sizeof *out->tensors);
    if (!out->tensors)
        return zg_fail(p->err, ZG_ENV, "%s: no memory for the header", p->what);
    json_object_foreach(header, name, entry)
    {
        enum zg_status status;
        if (strcmp(name, "__metadata__") == 0)
            status = check_metadata(p, entry);
        else
            status = parse_tensor(p, name, entry, &out->tensors[out->n_tensors++]);
        if (status != ZG_OK)
            return status;
    }
    qsort(out->tensors, (size_t)out->n_tensors, sizeof *out->tensors, by_begin);
    const enum zg_status status = check_cover(p, out);
    qsort(out->tensors, (size_t)out->n_tensors, sizeof *out->tensors, by_name);
    return status;
}

static int64_t read_length(const unsigned char *bytes)
{
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | bytes[i];
    return length > INT64_MAX ? INT64_MAX : (int64_t)length;
}

/* A good file may begin like one of another kind, by its length; so this is asked after a failure
 * alone. */
static enum zg_status fail_kind(const char *what, const void *bytes, int64_t size,
                                struct zg_error *err)
{
    return zg_file_expect_text(bytes, (size_t)size, what, err);
}

enum zg_status zg_safetensors_parse(struct zg_safetensors *out, const void *bytes, int64_t size,
                                    const char *what, struct zg_error *err)
{
    *out = (struct zg_safetensors){0};
    const int64_t length = size < 8 ? INT64_MAX : read_length(bytes);
    if (length > size - 8 && fail_kind(what, bytes, size, err))
        return ZG_INPUT;
    if (size < 8)
        return zg_fail(err, ZG_INPUT, "%s: %" PRId64 " bytes are too few for a safetensors file",
                       what, size);
    if (length > ZG_SAFETENSORS_MAX_HEADER)
        return zg_fail(err, ZG_INPUT,
                       "%s: a header of %" PRId64 " bytes is over the limit of %" PRId64
                       " (is this a safetensors file?)",
                       what, length, ZG_SAFETENSORS_MAX_HEADER);
    if (length > size - 8)
        return zg_fail(err, ZG_INPUT,
                       "%s: a header of %" PRId64 " bytes does not fit in a file of %" PRId64
                       " (truncated?)",
                       what, length, size);
    const struct parse p = {what, 8 + length, size - 8 - length, err};
    json_error_t json_error;
    out->json = zg_json_read((const char *)bytes + 8, (size_t)length, &json_error);
    if (!out->json && fail_kind(what, bytes, size, err))
        return ZG_INPUT;
    if (!out->json)
        return zg_fail(err, ZG_INPUT, "%s: the header is not valid JSON: %s, at byte %d", what,
                       json_error.text, json_error.position);
    const enum zg_status status = parse_entries(&p, out);
    if (status != ZG_OK)
        zg_safetensors_free(out);
    return status;
}

void zg_safetensors_free(struct zg_safetensors *table)
{
    if (!table)
        return;
    free(table->tensors);
    json_decref(table->json);
    *table = (struct zg_safetensors){0};
}

const struct zg_safetensor *zg_safetensors_find(const struct zg_safetensors *table,
                                                const char *name)
{
    const struct zg_safetensor key = {.name = name};
    if (table->n_tensors == 0)
        return NULL;
    return bsearch(&key, table->tensors, (size_t)table->n_tensors, sizeof key, by_name);
}
