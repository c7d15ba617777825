/*
 * directory.c - a Hugging Face directory as a source of weights: its tensors, found in the mapped
 * files by locate.c, are converted element by element as they are read.
 *
 * Files and their tables are shards.c's; config.json is config.c's.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/file_kind.h"
#include "engines/base/float_bits.h"
#include "engines/base/size.h"
#include "engines/model/config.h"
#include "engines/model/locate.h"
#include "engines/model/source.h"

struct directory {
    struct zg_model_shape shape;
    struct zg_shards shards;
    struct zg_located *tensors; /* [n_ids] */
    int32_t n_ids;
};

/* ---- the source ---- */

static void read_elements(const void *state, int32_t id, int64_t begin, int64_t n, float *dst)
{
    const struct directory *const d = state;
    zg_located_read(&d->tensors[id], begin, n, dst);
}

static void release_pages(const void *state)
{
    const struct directory *const d = state;
    for (int64_t i = 0; i < d->shards.n_shards; i++)
        zg_mapping_release(&d->shards.shards[i].file, 0, d->shards.shards[i].file.size);
}

static enum zg_status check_files(const void *state, struct zg_error *err)
{
    const struct directory *const d = state;
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < d->shards.n_shards && status == ZG_OK; i++)
        status = zg_mapping_check(&d->shards.shards[i].file, err);
    return status;
}

static void close_directory(void *state)
{
    struct directory *const d = state;
    zg_shards_close(&d->shards);
    free(d->tensors);
    free(d);
}

static const struct zg_model_source source = {.read = read_elements,
                                              .release = release_pages,
                                              .check = check_files,
                                              .close = close_directory};

/* ---- NaN and infinity ---- */

/* The first element of begin .. end - 1 that is not finite, or `end`.  All three types keep the
 * exponent on top, and it is all ones for NaN and infinity alone. */
static int64_t first_not_finite(const struct zg_located *tensor, int64_t begin, int64_t end)
{
    enum { CHUNK = 2048 };
    float values[CHUNK];
    for (int64_t at = begin; at < end; at += CHUNK) {
        const int64_t n = zg_min64(CHUNK, end - at);
        zg_located_read(tensor, at, n, values);
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
        const struct zg_located *const tensor = &d->tensors[id];
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
    enum zg_status status = zg_model_check(*model, err);
    if (status == ZG_OK && finite)
        return ZG_OK;
    if (status == ZG_OK)
        status = fail_not_finite((*model)->state, err);
    zg_model_close(model);
    return status;
}

static enum zg_status read_config(struct zg_model_shape *out, const char *directory,
                                  struct zg_error *err)
{
    char *path;
    struct zg_mapping file = {0};
    enum zg_status status = zg_model_path_join(&path, directory, "config.json", err);
    if (status == ZG_OK && !zg_model_has_file(directory, "config.json"))
        status =
            zg_fail(err, ZG_INPUT,
                    "%s: no config.json; a model directory holds config.json and model.safetensors",
                    directory);
    if (status == ZG_OK)
        status = zg_mapping_open(&file, path, err);
    if (status == ZG_OK)
        status = zg_file_expect_text(file.bytes, (size_t)file.size, path, err);
    if (status == ZG_OK)
        status =
            zg_config_parse(out, file.bytes ? (const void *)file.bytes : "", file.size, path, err);
    zg_mapping_close(&file);
    free(path);
    return status;
}

/* transformers would apply it as it loads the directory. */
static enum zg_status check_no_adapter(const char *path, struct zg_error *err)
{
    static const char *const files[] = {"adapter_config.json", "adapter_model.safetensors",
                                        "adapter_model.bin"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (zg_model_has_file(path, files[i]))
            return zg_fail(err, ZG_INPUT,
                           "%s: %s is there: an adapter, which zogap does not apply; merge it into "
                           "the weights (PEFT: merge_and_unload), or move it away",
                           path, files[i]);
    return ZG_OK;
}

enum zg_status zg_model_open_directory(struct zg_model **out, const char *path,
                                       struct zg_error *err)
{
    *out = NULL;
    char *warning = NULL, *note = NULL;
    struct directory *const d = calloc(1, sizeof *d);
    if (!d)
        return zg_fail(err, ZG_ENV, "%s: no memory", path);
    enum zg_status status = read_config(&d->shape, path, err);
    if (status == ZG_OK)
        status = check_no_adapter(path, err);
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
    status = zg_tensors_locate(d->tensors, &d->shape, &d->shards, path, &warning, &note, err);
done:
    if (status != ZG_OK)
        close_directory(d);
    else
        status = zg_model_make(out, path, &d->shape, &source, d,
                               d->tensors[ZG_T_EMBED_TOKENS].dtype, err);
    if (status != ZG_OK) {
        free(warning);
        free(note);
        return status;
    }
    (*out)->warning = warning;
    (*out)->note = note;
    (*out)->directory = strdup(path);
    if (!(*out)->directory) {
        zg_model_close(out);
        return zg_fail(err, ZG_ENV, "%s: no memory", path);
    }
    return read_once(out, err);
}
