/* safetensors_out.c - header, data in pieces, index. */
#include "harness/train/safetensors_out.h"

#include <endian.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/float_bits.h"
#include "engines/base/json_memory.h"
#include "engines/base/narrow.h"
#include "engines/base/size.h"
#include "harness/base/file_out.h"
#include "harness/base/signals.h"

/* Values that are read, converted and written at a time, at least a row. */
enum { PIECE = 1 << 18 };

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "safetensors are little-endian");

/* ---- conversion ------------------------------------------------------------------------------ */

uint16_t zg_store_fp16(float x)
{
    const uint32_t bits = zg_bits_of_float(x), magnitude = bits & 0x7fffffffu;
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000u);
    if (magnitude >= 0x47800000u) /* 65536 and more, infinity; NaN is not asked */
        return sign | 0x7c00u;
    if (magnitude < 0x38800000u) /* below 2^-14: units of 2^-24, which are those of [0.5, 1) */
        return (uint16_t)(sign | (zg_bits_of_float(zg_float_of_bits(magnitude) + 0.5f) -
                                  zg_bits_of_float(0.5f)));
    const uint32_t odd = magnitude >> 13 & 1u; /* half-way cases go to the even one */
    return (uint16_t)(sign | ((magnitude - (112u << 23) + 0xfffu + odd) >> 13));
}

/* Into bytes; false: a value is not finite, before or after. */
static bool convert(enum zg_dtype dtype, const float *values, int64_t n, void *bytes)
{
    uint16_t *const low = bytes;
    const uint16_t infinite = dtype == ZG_BF16 ? 0x7f80u : 0x7c00u;
    bool finite = true;
    for (int64_t i = 0; i < n; i++)
        finite &= isfinite(values[i]) != 0;
    if (dtype == ZG_FP32)
        memcpy(bytes, values, (size_t)n * sizeof *values);
    else if (dtype == ZG_BF16)
        zg_narrow_at(0)->bf16(values, n, low);
    else
        for (int64_t i = 0; i < n; i++)
            low[i] = zg_store_fp16(values[i]);
    for (int64_t i = 0; i < n && dtype != ZG_FP32; i++)
        finite &= (low[i] & infinite) != infinite;
    return finite;
}

/* ---- which tensors go where ------------------------------------------------------------------ */

static bool tensor_bytes(const struct zg_safetensors_out *out, int64_t i, int64_t *n)
{
    return zg_size_mul(out->tensors[i].n_rows, out->tensors[i].n_cols, n) &&
           zg_size_mul(*n, zg_dtype_bytes(out->dtype), n);
}

int64_t zg_safetensors_out_bytes(const struct zg_safetensors_out *out)
{
    int64_t sum = 0, n;
    for (int64_t i = 0; i < out->n; i++)
        if (!tensor_bytes(out, i, &n) || !zg_size_add(sum, n, &sum))
            return -1;
    return sum;
}

/* One past the last tensor of the file that begins with tensor `first`; *n_bytes of data. */
static int64_t file_end(const struct zg_safetensors_out *out, int64_t first, int64_t *n_bytes)
{
    int64_t i = first, n;
    *n_bytes = 0;
    for (; i < out->n && tensor_bytes(out, i, &n); i++) {
        if (i > first && *n_bytes + n > out->max_file_bytes)
            break;
        *n_bytes += n;
    }
    return i;
}

int64_t zg_safetensors_out_n_files(const struct zg_safetensors_out *out)
{
    int64_t n_files = 0, n_bytes;
    for (int64_t first = 0; first < out->n; n_files++)
        first = file_end(out, first, &n_bytes);
    return n_files;
}

static void file_name(int64_t index, int64_t n_files, char name[64])
{
    if (n_files == 1)
        snprintf(name, 64, "model.safetensors");
    else
        snprintf(name, 64, "model-%05" PRId64 "-of-%05" PRId64 ".safetensors", index + 1, n_files);
}

/* ---- a file ---------------------------------------------------------------------------------- */

static const char *dtype_text(enum zg_dtype dtype)
{
    return dtype == ZG_FP32 ? "F32" : dtype == ZG_FP16 ? "F16" : "BF16";
}

static json_t *shape_json(const struct zg_tensor_out *tensor)
{
    return tensor->is_vector
               ? json_pack("[I]", (json_int_t)tensor->n_rows)
               : json_pack("[I, I]", (json_int_t)tensor->n_rows, (json_int_t)tensor->n_cols);
}

/* The header's text, which the caller frees; NULL: no memory. */
static char *header_text(const struct zg_safetensors_out *out, int64_t first, int64_t end)
{
    json_t *const json = json_pack("{s:{s:s}}", "__metadata__", "format", "pt");
    int64_t at = 0, n = 0;
    for (int64_t i = first; i < end && tensor_bytes(out, i, &n); i++, at += n)
        json_object_set_new(json, out->tensors[i].name,
                            json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype_text(out->dtype),
                                      "shape", shape_json(&out->tensors[i]), "data_offsets",
                                      (json_int_t)at, (json_int_t)(at + n)));
    char *const text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (!zg_json_memory_failed())
        return text;
    free(text);
    return NULL;
}

static enum zg_status write_header(const struct zg_safetensors_out *out, int64_t first, int64_t end,
                                   const struct zg_file_out *file, struct zg_error *err)
{
    static const char blanks[8] = "       ";
    char *const text = header_text(out, first, end);
    if (!text)
        return zg_fail(err, ZG_ENV, "no memory for the header of %s", file->path);
    const size_t n = strlen(text), n_padded = (n + 7) / 8 * 8;
    const uint64_t length = htole64((uint64_t)n_padded);
    enum zg_status status = zg_file_write(file->fd, file->path, &length, sizeof length, err);
    if (!status)
        status = zg_file_write(file->fd, file->path, text, n, err);
    if (!status)
        status = zg_file_write(file->fd, file->path, blanks, n_padded - n, err);
    free(text);
    return status;
}

struct room {
    float *values;
    void *bytes;
};

static enum zg_status write_tensor(const struct zg_safetensors_out *out,
                                   const struct zg_tensor_out *tensor,
                                   const struct zg_file_out *file, const struct room *room,
                                   struct zg_error *err)
{
    const int64_t most = zg_max64(1, PIECE / tensor->n_cols);
    for (int64_t row = 0; row < tensor->n_rows; row += most) {
        const int64_t n = zg_min64(most, tensor->n_rows - row), n_values = n * tensor->n_cols;
        if (zg_signals_caught())
            return zg_fail(err, ZG_ENV, "interrupted; nothing is written");
        enum zg_status status = out->rows(out->context, tensor, row, n, room->values, err);
        if (status)
            return status;
        if (!convert(out->dtype, room->values, n_values, room->bytes))
            return zg_fail(err, ZG_CHECK,
                           "%s: a weight in rows %" PRId64 " to %" PRId64
                           " is no finite number in %s; nothing is written",
                           tensor->name, row, row + n - 1, zg_dtype_name(out->dtype));
        status = zg_file_write(file->fd, file->path, room->bytes,
                               (size_t)(n_values * zg_dtype_bytes(out->dtype)), err);
        if (status)
            return status;
    }
    return ZG_OK;
}

static enum zg_status write_file(const struct zg_safetensors_out *out, const char *dir,
                                 const char *name, int64_t first, int64_t end,
                                 const struct room *room, struct zg_error *err)
{
    struct zg_file_out file;
    enum zg_status status = zg_file_begin(&file, dir, name, err);
    if (status)
        return status;
    status = write_header(out, first, end, &file, err);
    for (int64_t i = first; i < end && !status; i++)
        status = write_tensor(out, &out->tensors[i], &file, room, err);
    if (!status)
        return zg_file_commit(&file, err);
    zg_file_drop(&file);
    return status;
}

/* ---- all files ------------------------------------------------------------------------------- */

static enum zg_status write_index(const struct zg_safetensors_out *out, const char *dir,
                                  int64_t n_files, struct zg_error *err)
{
    char name[64];
    int64_t index = 0, n_bytes;
    json_t *const map = json_object();
    json_t *const json = json_pack("{s:{s:I}, s:o}", "metadata", "total_size",
                                   (json_int_t)zg_safetensors_out_bytes(out), "weight_map", map);
    for (int64_t first = 0; first < out->n; index++) {
        const int64_t end = file_end(out, first, &n_bytes);
        file_name(index, n_files, name);
        for (; first < end; first++)
            json_object_set_new(map, out->tensors[first].name, json_string(name));
    }
    char *const text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    enum zg_status status =
        text && !zg_json_memory_failed()
            ? zg_file_replace(dir, "model.safetensors.index.json", text, strlen(text), err)
            : zg_fail(err, ZG_ENV, "no memory for the index of the files");
    free(text);
    return status;
}

enum zg_status zg_safetensors_out_write(const struct zg_safetensors_out *out, const char *dir,
                                        struct zg_error *err)
{
    int64_t n_most = PIECE, n_bytes;
    for (int64_t i = 0; i < out->n; i++)
        n_most = zg_max64(n_most, out->tensors[i].n_cols);
    const struct room room = {.values = malloc((size_t)n_most * sizeof(float)),
                              .bytes = malloc((size_t)n_most * sizeof(float))};
    enum zg_status status = ZG_OK;
    if (!room.values || !room.bytes || zg_safetensors_out_bytes(out) < 0)
        status = zg_fail(err, ZG_ENV, "no memory to write the weights");
    const int64_t n_files = status ? 0 : zg_safetensors_out_n_files(out);
    for (int64_t index = 0, first = 0; index < n_files && !status; index++) {
        char name[64];
        const int64_t end = file_end(out, first, &n_bytes);
        file_name(index, n_files, name);
        status = write_file(out, dir, name, first, end, &room, err);
        first = end;
    }
    if (!status && n_files > 1)
        status = write_index(out, dir, n_files, err);
    free(room.values);
    free(room.bytes);
    return status;
}
