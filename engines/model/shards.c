/* shards.c - opens one file, or the index and each file that it names, once.  The index is not
 * trusted: a shard lies beside it, and what the shards themselves hold counts. */
#include "engines/model/shards.h"

#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/base/file_kind.h"
#include "engines/base/json_memory.h"

#define SINGLE_FILE     "model.safetensors"
#define INDEX_FILE      "model.safetensors.index.json"
#define MAX_INDEX_BYTES (INT64_C(16) << 20)
#define MAX_SHARDS      1024

enum zg_status zg_model_path_join(char **out, const char *directory, const char *name,
                                  struct zg_error *err)
{
    const size_t n = strlen(directory) + strlen(name) + 2;
    *out = malloc(n);
    if (!*out)
        return zg_fail(err, ZG_ENV, "%s/%s: no memory", directory, name);
    snprintf(*out, n, "%s/%s", directory, name);
    return ZG_OK;
}

bool zg_model_has_file(const char *directory, const char *name)
{
    char path[PATH_MAX]; /* a longer one cannot be opened either */
    const int n = snprintf(path, sizeof path, "%s/%s", directory, name);
    return n >= 0 && (size_t)n < sizeof path && access(path, F_OK) == 0;
}

static enum zg_status open_shard(struct zg_shard *out, const char *directory, const char *name,
                                 struct zg_error *err)
{
    *out = (struct zg_shard){0};
    enum zg_status status = zg_model_path_join(&out->path, directory, name, err);
    if (status == ZG_OK)
        status = zg_mapping_open(&out->file, out->path, err);
    if (status == ZG_OK)
        status = zg_safetensors_parse(&out->table, out->file.bytes, out->file.size, out->path, err);
    return status;
}

/* A shard is a plain file name beside the index; anything else could read a file that the user
 * did not mean. */
static bool is_shard_name(const char *name)
{
    static const char suffix[] = ".safetensors";
    const size_t n = strlen(name), n_suffix = sizeof suffix - 1;
    return n > n_suffix && n < 256 && name[0] != '.' && !strpbrk(name, "/\\") &&
           !strstr(name, "..") && strcmp(name + n - n_suffix, suffix) == 0;
}

/* The shard of that file name, NULL if it is not open yet. */
static const struct zg_shard *find_shard(const struct zg_shards *shards, const char *name)
{
    for (int64_t i = 0; i < shards->n_shards; i++)
        if (strcmp(strrchr(shards->shards[i].path, '/') + 1, name) == 0)
            return &shards->shards[i];
    return NULL;
}

static enum zg_status open_named_shards(struct zg_shards *out, const char *directory,
                                        const char *index_path, struct zg_error *err)
{
    json_t *const map = json_object_get(out->index, "weight_map");
    const char *tensor;
    json_t *file;
    if (!json_is_object(map) || json_object_size(map) > (size_t)ZG_SAFETENSORS_MAX_TENSORS)
        return zg_fail(err, ZG_INPUT,
                       "%s: weight_map must be an object of at most %" PRId64 " tensors",
                       index_path, ZG_SAFETENSORS_MAX_TENSORS);
    out->shards = calloc(MAX_SHARDS, sizeof *out->shards);
    if (!out->shards)
        return zg_fail(err, ZG_ENV, "%s: no memory", index_path);
    json_object_foreach(map, tensor, file)
    {
        const char *const name = json_string_value(file); /* NULL if it is no string */
        if (!name || !is_shard_name(name))
            return zg_fail(
                err, ZG_INPUT,
                "%s: tensor %.200s: file \"%.100s\" must be a plain *.safetensors name in the "
                "same directory",
                index_path, tensor, name ? name : "(not a string)");
        /* Where a tensor is needed of a file that is missing, locate.c says so. */
        if (find_shard(out, name) || !zg_model_has_file(directory, name))
            continue;
        if (out->n_shards == MAX_SHARDS)
            return zg_fail(err, ZG_INPUT, "%s: more than %d shards", index_path, MAX_SHARDS);
        const enum zg_status status =
            open_shard(&out->shards[out->n_shards++], directory, name, err);
        if (status != ZG_OK)
            return status;
    }
    return ZG_OK;
}

static enum zg_status open_index(struct zg_shards *out, const char *directory, struct zg_error *err)
{
    char *path = NULL;
    struct zg_mapping file = {0};
    json_error_t json_error;
    enum zg_status status = zg_model_path_join(&path, directory, INDEX_FILE, err);
    if (status == ZG_OK)
        status = zg_mapping_open(&file, path, err);
    if (status != ZG_OK)
        goto done;
    if (file.size > MAX_INDEX_BYTES) {
        status = zg_fail(err, ZG_INPUT,
                         "%s: %" PRId64 " bytes; an index of over %" PRId64 " is not read", path,
                         file.size, MAX_INDEX_BYTES);
        goto done;
    }
    status = zg_file_expect_text(file.bytes, (size_t)file.size, path, err);
    if (status != ZG_OK)
        goto done;
    out->index =
        zg_json_read(file.bytes ? (const char *)file.bytes : "", (size_t)file.size, &json_error);
    if (!out->index) {
        status = zg_fail(err, ZG_INPUT, "%s:%d: not valid JSON: %s", path, json_error.line,
                         json_error.text);
        goto done;
    }
    status = open_named_shards(out, directory, path, err);
done:
    zg_mapping_close(&file);
    free(path);
    return status;
}

static enum zg_status no_weights(const char *directory, struct zg_error *err)
{
    static const struct {
        const char *file, *kind;
    } others[] = {
        {"pytorch_model.bin", "a PyTorch pickle"},
        {"pytorch_model.bin.index.json", "a PyTorch pickle"},
        {"tf_model.h5", "of TensorFlow"},
        {"flax_model.msgpack", "of Flax"},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (zg_model_has_file(directory, others[i].file))
            return zg_fail(err, ZG_INPUT,
                           "%s: the weights are %s (%s); zogap reads safetensors only: convert "
                           "them with transformers' save_pretrained(..., safe_serialization=True)",
                           directory, others[i].kind, others[i].file);
    return zg_fail(err, ZG_INPUT, "%s: neither " SINGLE_FILE " nor " INDEX_FILE " is there",
                   directory);
}

enum zg_status zg_shards_open(struct zg_shards *out, const char *path, struct zg_error *err)
{
    *out = (struct zg_shards){0};
    enum zg_status status = ZG_OK;
    if (zg_model_has_file(path, SINGLE_FILE)) {
        out->shards = calloc(1, sizeof *out->shards);
        if (!out->shards)
            return zg_fail(err, ZG_ENV, "%s: no memory", path);
        out->n_shards = 1;
        status = open_shard(&out->shards[0], path, SINGLE_FILE, err);
    } else if (zg_model_has_file(path, INDEX_FILE)) {
        status = open_index(out, path, err);
    } else {
        status = no_weights(path, err);
    }
    if (status != ZG_OK)
        zg_shards_close(out);
    return status;
}

void zg_shards_close(struct zg_shards *shards)
{
    for (int64_t i = 0; i < shards->n_shards; i++) {
        zg_safetensors_free(&shards->shards[i].table);
        zg_mapping_close(&shards->shards[i].file);
        free(shards->shards[i].path);
    }
    free(shards->shards);
    json_decref(shards->index);
    *shards = (struct zg_shards){0};
}

const char *zg_shards_indexed(const struct zg_shards *shards, const char *tensor)
{
    const json_t *const map = json_object_get(shards->index, "weight_map");
    return json_string_value(json_object_get(map, tensor));
}

bool zg_shards_has(const struct zg_shards *shards, const char *name)
{
    return find_shard(shards, name) != NULL;
}
