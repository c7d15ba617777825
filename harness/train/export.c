/* export.c - tensors in the order of their ids, a config, and what is copied. */
#include "harness/train/export.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/base/json_memory.h"
#include "engines/base/size.h"
#include "harness/base/file_out.h"
#include "harness/train/new_dir.h"
#include "harness/train/safetensors_out.h"

/* What other readers want besides, where the model came with it. */
static const char *const companions[] = {"vocab.json",
                                         "merges.txt",
                                         "tokenizer.json",
                                         "tokenizer_config.json",
                                         "special_tokens_map.json",
                                         "added_tokens.json",
                                         "generation_config.json",
                                         "LICENSE",
                                         NULL};

/* Beside the weights: a config, a tokenizer. */
static const int64_t other_bytes = INT64_C(16) << 20;

/* ---- tensors --------------------------------------------------------------------------------- */

/* Of every tensor that is stored: a tied head is not. */
static enum zg_status list_tensors(const struct zg_model_shape *shape, struct zg_tensor_out **out,
                                   int64_t *n, struct zg_error *err)
{
    const int32_t end = zg_tensor_end(shape->n_layers);
    struct zg_tensor_out *const tensors = calloc((size_t)end, sizeof *tensors);
    *out = tensors;
    *n = 0;
    if (!tensors)
        return zg_fail(err, ZG_ENV, "no memory for a table of %d tensors", (int)end);
    for (int32_t id = 0; id < end; id++) {
        struct zg_tensor_out *const tensor = &tensors[*n];
        const struct zg_tensor *const line = zg_tensor_at(shape, id);
        if (!line || !zg_model_tensor_size(shape, id, &tensor->n_rows, &tensor->n_cols) ||
            zg_tensor_owner(shape, id) != id)
            continue;
        tensor->id = id;
        tensor->is_vector = line->cols == ZG_EXTENT_ONE;
        zg_model_tensor_name(shape, id, tensor->name, sizeof tensor->name);
        ++*n;
    }
    return ZG_OK;
}

static enum zg_status read_rows(void *context, const struct zg_tensor_out *tensor, int64_t row,
                                int64_t n, float *values, struct zg_error *err)
{
    const struct zg_export_work *const work = context;
    return work->engine->read(work->state, tensor->id, row, n, values, tensor->n_cols, err);
}

/* ---- config.json ----------------------------------------------------------------------------- */

static const char *torch_dtype(enum zg_dtype dtype)
{
    return dtype == ZG_FP32 ? "float32" : dtype == ZG_FP16 ? "float16" : "bfloat16";
}

/* Of a shape that has no file: OPTConfig's members; token ids as OPT has them. */
static json_t *config_of_shape(const struct zg_model_shape *shape)
{
    return json_pack(
        "{s:[s], s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:b, s:b, s:f, s:f, s:i, "
        "s:i, s:i}",
        "architectures", "OPTForCausalLM", "model_type", "opt", "activation_function", "relu",
        "hidden_size", (json_int_t)shape->d_model, "word_embed_proj_dim",
        (json_int_t)shape->d_model, "num_hidden_layers", (json_int_t)shape->n_layers,
        "num_attention_heads", (json_int_t)shape->n_heads, "ffn_dim", (json_int_t)shape->d_ffn,
        "vocab_size", (json_int_t)shape->n_vocab, "max_position_embeddings",
        (json_int_t)shape->n_positions, "do_layer_norm_before", 1, "enable_bias", 1,
        "layer_norm_elementwise_affine", 1, "tie_word_embeddings", shape->tied_head, "dropout", 0.1,
        "attention_dropout", 0.0, "bos_token_id", 2, "eos_token_id", 2, "pad_token_id", 1);
}

static enum zg_status config_of_file(const char *source, json_t **out, struct zg_error *err)
{
    char path[4352];
    json_error_t why;
    snprintf(path, sizeof path, "%s/config.json", source);
    *out = zg_json_read_file(path, &why);
    if (!*out && zg_json_memory_failed())
        return zg_fail(err, ZG_ENV, "no memory for %s", path);
    if (!json_is_object(*out))
        return zg_fail(err, ZG_INPUT, "%s: %s", path,
                       *out ? "a config is a JSON object" : why.text);
    return ZG_OK;
}

/* The config is the model's own, but for the type of the weights. */
static enum zg_status write_config(const struct zg_export_work *work, const char *source,
                                   const char *dir, struct zg_error *err)
{
    json_t *json = NULL;
    enum zg_status status = ZG_OK;
    if (source)
        status = config_of_file(source, &json, err);
    else
        json = config_of_shape(zg_model_shape(work->model));
    if (!status) {
        json_object_set_new(json, "torch_dtype", json_string(torch_dtype(work->dtype)));
        if (json_object_get(json, "dtype")) /* its newer name */
            json_object_set_new(json, "dtype", json_string(torch_dtype(work->dtype)));
        char *const text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
        status = text && !zg_json_memory_failed()
                     ? zg_file_replace(dir, "config.json", text, strlen(text), err)
                     : zg_fail(err, ZG_ENV, "no memory for config.json");
        free(text);
    }
    json_decref(json);
    return status;
}

/* ---- what is copied -------------------------------------------------------------------------- */

static enum zg_status copy_into(FILE *from, const char *path, const char *dir, const char *name,
                                struct zg_error *err)
{
    char bytes[65536];
    size_t n;
    struct zg_file_out file;
    enum zg_status status = zg_file_begin(&file, dir, name, err);
    if (status)
        return status;
    while (!status && (n = fread(bytes, 1, sizeof bytes, from)) > 0)
        status = zg_file_write(file.fd, file.path, bytes, n, err);
    if (!status && ferror(from))
        status = zg_fail(err, ZG_ENV, "%s: cannot read: %s", path, strerror(errno));
    if (!status)
        return zg_file_commit(&file, err);
    zg_file_drop(&file);
    return status;
}

static enum zg_status copy_companions(const char *source, const char *dir, struct zg_exported *out,
                                      struct zg_error *err)
{
    char path[4352];
    enum zg_status status = ZG_OK;
    for (int i = 0; companions[i] && !status; i++) {
        snprintf(path, sizeof path, "%s/%s", source, companions[i]);
        FILE *const from = fopen(path, "rb");
        if (!from && errno == ENOENT)
            continue;
        if (!from)
            return zg_fail(err, ZG_ENV, "%s: cannot read: %s", path, strerror(errno));
        status = copy_into(from, path, dir, companions[i], err);
        fclose(from);
        const size_t n = strlen(out->copied);
        snprintf(out->copied + n, sizeof out->copied - n, "%s%s", n ? ", " : "", companions[i]);
    }
    return status;
}

/* ---- all of it ------------------------------------------------------------------------------- */

enum zg_status zg_export_write(const struct zg_export_work *work, struct zg_exported *out,
                               struct zg_error *err)
{
    const struct zg_model_shape *const shape = zg_model_shape(work->model);
    const char *const source = zg_model_directory(work->model);
    struct zg_new_dir dir = {0};
    struct zg_tensor_out *tensors = NULL;
    struct zg_safetensors_out file = {.dtype = work->dtype,
                                      .max_file_bytes = work->max_file_bytes,
                                      .rows = read_rows,
                                      .context = (void *)work};
    *out = (struct zg_exported){0};
    if (zg_shape_n_resident(shape) < shape->n_layers)
        return zg_fail(err, ZG_USAGE,
                       "--layers-resident %lld: layers that repeat are no model of their own and "
                       "cannot be exported",
                       (long long)zg_shape_n_resident(shape));
    enum zg_status status = list_tensors(shape, &tensors, &file.n, err);
    file.tensors = tensors;
    out->n_tensors = file.n;
    out->n_bytes = status ? 0 : zg_safetensors_out_bytes(&file);
    out->n_files = status ? 0 : zg_safetensors_out_n_files(&file);
    if (!status)
        status = zg_new_dir_open(&dir, "--out", work->out, out->n_bytes + other_bytes, err);
    if (!status)
        status = write_config(work, source, dir.filling, err);
    if (!status && source)
        status = copy_companions(source, dir.filling, out, err);
    if (!status)
        status = zg_safetensors_out_write(&file, dir.filling, err);
    if (!status)
        status = zg_new_dir_commit(&dir, err);
    zg_new_dir_drop(&dir);
    free(tensors);
    return status;
}
