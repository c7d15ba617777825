/*
 * directory.c - a Hugging Face directory as a source of weights: locates every tensor of the shape
 * in the mapped files, checks it, and converts elements as they are read.
 *
 * Files and their tables are shards.c's; config.json is config.c's.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/base/convert.h"
#include "engines/base/size.h"
#include "engines/model/config.h"
#include "engines/model/shards.h"
#include "engines/model/source.h"

struct located {
    const struct zg_shard *shard; /* NULL: not found */
    const unsigned char *bytes;   /* perhaps unaligned: a header may have any length */
    int64_t begin;                /* of the bytes, in the file */
    int64_t n_elements;
    enum zg_dtype dtype;
};

struct directory {
    struct zg_model_shape shape;
    struct zg_shards shards;
    struct located *tensors; /* [n_ids] */
    int32_t n_ids;
};

static int64_t item_bytes(enum zg_dtype dtype)
{
    return dtype == ZG_FP32 ? 4 : 2;
}

/* ---- the source ---- */

static void read_halves(const unsigned char *bytes, enum zg_dtype dtype, int64_t n, float *dst)
{
    enum { CHUNK = 512 };
    uint16_t halves[CHUNK];
    for (int64_t at = 0; at < n; at += CHUNK) {
        const int64_t m = zg_min64(CHUNK, n - at);
        memcpy(halves, bytes + 2 * at, (size_t)m * 2);
        if (dtype == ZG_BF16)
            for (int64_t i = 0; i < m; i++)
                dst[at + i] = zg_float_of_bf16(halves[i]);
        else
            for (int64_t i = 0; i < m; i++)
                dst[at + i] = zg_float_of_fp16(halves[i]);
    }
}

static void read_elements(const void *state, int32_t id, int64_t begin, int64_t n, float *dst)
{
    const struct directory *const d = state;
    const struct located *const tensor = &d->tensors[id];
    const unsigned char *const bytes = tensor->bytes + begin * item_bytes(tensor->dtype);
    if (n == 0)
        return;
    if (tensor->dtype == ZG_FP32)
        memcpy(dst, bytes, (size_t)n * sizeof *dst);
    else
        read_halves(bytes, tensor->dtype, n, dst);
}

static void release_pages(const void *state)
{
    const struct directory *const d = state;
    for (int64_t i = 0; i < d->shards.n_shards; i++)
        zg_mapping_release(&d->shards.shards[i].file, 0, d->shards.shards[i].file.size);
}

static void close_directory(void *state)
{
    struct directory *const d = state;
    zg_shards_close(&d->shards);
    free(d->tensors);
    free(d);
}

static const struct zg_model_source source = {
    .read = read_elements, .release = release_pages, .close = close_directory};

/* ---- locating tensors ---- */

static enum zg_status check_stored_shape(const struct zg_shard *shard,
                                         const struct zg_safetensor *tensor, int64_t rows,
                                         int64_t cols, struct zg_error *err)
{
    const bool vector = cols == 1;
    if (vector ? tensor->n_dims == 1 && tensor->dims[0] == rows
               : tensor->n_dims == 2 && tensor->dims[0] == rows && tensor->dims[1] == cols)
        return ZG_OK;
    const int64_t first = tensor->n_dims > 0 ? tensor->dims[0] : 0,
                  second = tensor->n_dims > 1 ? tensor->dims[1] : 0;
    if (vector)
        return zg_fail(err, ZG_INPUT,
                       "%s: tensor %.200s has %" PRId64 " dimensions and %" PRId64
                       " elements in the first; config.json asks for [%" PRId64 "]",
                       shard->path, tensor->name, tensor->n_dims, first, rows);
    return zg_fail(err, ZG_INPUT,
                   "%s: tensor %.200s has %" PRId64 " dimensions, the first two [%" PRId64
                   ", %" PRId64 "]; config.json asks for [%" PRId64 ", %" PRId64 "]",
                   shard->path, tensor->name, tensor->n_dims, first, second, rows, cols);
}

static bool find_dtype(const char *name, enum zg_dtype *out)
{
    static const struct {
        const char *name;
        enum zg_dtype dtype;
    } dtypes[] = {{"F32", ZG_FP32}, {"F16", ZG_FP16}, {"BF16", ZG_BF16}};
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++)
        if (strcmp(name, dtypes[i].name) == 0) {
            *out = dtypes[i].dtype;
            return true;
        }
    return false;
}

static enum zg_status locate(void *context, const struct zg_shard *shard,
                             const struct zg_safetensor *tensor, struct zg_error *err)
{
    struct directory *const d = context;
    const int32_t id = zg_model_tensor_find(&d->shape, tensor->name);
    int64_t rows, cols;
    /* What the model has no use for: fairseq's `decoder.version`, a copy of a tied head. */
    if (!zg_model_tensor_size(&d->shape, id, &rows, &cols) || zg_tensor_owner(&d->shape, id) != id)
        return ZG_OK;
    struct located *const out = &d->tensors[id];
    if (out->shard)
        return zg_fail(
            err, ZG_INPUT,
            "%s: tensor %.200s is there twice (with and without a prefix, or as two names)",
            shard->path, tensor->name);
    enum zg_dtype dtype;
    if (!find_dtype(tensor->dtype, &dtype))
        return zg_fail(err, ZG_INPUT,
                       "%s: tensor %.200s is %.20s; weights must be F32, F16 or BF16", shard->path,
                       tensor->name, tensor->dtype);
    const enum zg_status status = check_stored_shape(shard, tensor, rows, cols, err);
    *out = (struct located){shard, shard->file.bytes + tensor->begin, tensor->begin, rows * cols,
                            dtype};
    return status;
}

static enum zg_status check_complete(const struct directory *d, const char *path,
                                     struct zg_error *err)
{
    for (int32_t id = 0; id < d->n_ids; id++) {
        int64_t rows, cols;
        char name[128];
        if (d->tensors[id].shard || zg_tensor_owner(&d->shape, id) != id ||
            !zg_model_tensor_size(&d->shape, id, &rows, &cols))
            continue;
        zg_model_tensor_name(&d->shape, id, name, sizeof name);
        return zg_fail(err, ZG_INPUT, "%s: the weights lack tensor %s%s", path, name,
                       id == ZG_T_HEAD ? " (config.json says tie_word_embeddings false)" : "");
    }
    return ZG_OK;
}

/* ---- NaN and infinity ---- */

/* The first element of begin .. end - 1 that is not finite, or `end`.  All three types keep the
 * exponent on top, and it is all ones for NaN and infinity alone. */
static int64_t first_not_finite(const struct located *tensor, int64_t begin, int64_t end)
{
    enum { CHUNK = 2048 };
    float values[CHUNK];
    for (int64_t at = begin; at < end; at += CHUNK) {
        const int64_t n = zg_min64(CHUNK, end - at);
        const unsigned char *const bytes = tensor->bytes + at * item_bytes(tensor->dtype);
        if (tensor->dtype == ZG_FP32)
            memcpy(values, bytes, (size_t)n * sizeof values[0]);
        else
            read_halves(bytes, tensor->dtype, n, values);
        uint32_t largest = 0;
        for (int64_t i = 0; i < n; i++) {
            const uint32_t magnitude = zg_bits_of_float(values[i]) & 0x7fffffffu;
            largest = largest > magnitude ? largest : magnitude;
        }
        for (int64_t i = 0; largest >= 0x7f800000u && i < n; i++)
            if ((zg_bits_of_float(values[i]) & 0x7fffffffu) >= 0x7f800000u)
                return at + i;
    }
    return end;
}

/* Names the first weight that is not finite. */
static enum zg_status fail_not_finite(const struct directory *d, struct zg_error *err)
{
    for (int32_t id = 0; id < d->n_ids; id++) {
        const struct located *const tensor = &d->tensors[id];
        const int64_t first =
            tensor->shard ? first_not_finite(tensor, 0, tensor->n_elements) : tensor->n_elements;
        char name[128];
        int64_t rows, cols;
        if (first == tensor->n_elements)
            continue;
        zg_model_tensor_size(&d->shape, id, &rows, &cols);
        zg_model_tensor_name(&d->shape, id, name, sizeof name);
        return zg_fail(err, ZG_INPUT,
                       "%s: tensor %s, row %" PRId64 ", column %" PRId64
                       ": the weight is NaN or infinite",
                       tensor->shard->path, name, first / cols, first % cols);
    }
    return zg_fail(err, ZG_INPUT, "the weights changed while they were read");
}

/* ---- open ---- */

/* Reads every weight once, in parallel, for its fingerprint and to see that it is finite; pages go
 * again, so that opening does not fill memory. */
static enum zg_status read_once(struct zg_model **model, struct zg_error *err)
{
    bool finite;
    (*model)->fingerprint = zg_model_fingerprint_read(*model, &finite);
    (*model)->has_fingerprint = true;
    if (finite)
        return ZG_OK;
    const enum zg_status status = fail_not_finite((*model)->state, err);
    zg_model_close(model);
    return status;
}

static enum zg_status read_config(struct zg_model_shape *out, const char *directory,
                                  struct zg_error *err)
{
    char *path;
    struct zg_mapping file = {0};
    enum zg_status status = zg_model_path_join(&path, directory, "config.json", err);
    if (status == ZG_OK && access(path, F_OK) != 0)
        status =
            zg_fail(err, ZG_INPUT,
                    "%s: no config.json; a model directory holds config.json and model.safetensors",
                    directory);
    if (status == ZG_OK)
        status = zg_mapping_open(&file, path, err);
    if (status == ZG_OK)
        status =
            zg_config_parse(out, file.bytes ? (const void *)file.bytes : "", file.size, path, err);
    zg_mapping_close(&file);
    free(path);
    return status;
}

enum zg_status zg_model_open_directory(struct zg_model **out, const char *path,
                                       struct zg_error *err)
{
    *out = NULL;
    struct directory *const d = calloc(1, sizeof *d);
    if (!d)
        return zg_fail(err, ZG_ENV, "%s: no memory", path);
    enum zg_status status = read_config(&d->shape, path, err);
    if (status == ZG_OK)
        status = zg_shards_open(&d->shards, path, err);
    if (status != ZG_OK)
        goto done;
    d->n_ids = zg_tensor_end(d->shape.n_layers);
    d->tensors = calloc((size_t)d->n_ids, sizeof *d->tensors);
    if (!d->tensors) {
        status = zg_fail(err, ZG_ENV, "%s: no memory", path);
        goto done;
    }
    status = zg_shards_visit(&d->shards, locate, d, err);
    if (status == ZG_OK)
        status = check_complete(d, path, err);
done:
    if (status != ZG_OK) {
        close_directory(d);
        return status;
    }
    status =
        zg_model_make(out, path, &d->shape, &source, d, d->tensors[ZG_T_EMBED_TOKENS].dtype, err);
    return status ? status : read_once(out, err);
}
