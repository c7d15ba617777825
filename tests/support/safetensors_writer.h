/*
 * safetensors_writer.h - writes safetensors files and whole Hugging Face OPT directories for tests,
 * into temporary directories that they make and remove themselves.
 *
 *     char *dir = zg_temp_directory_make();
 *     const struct zg_write_options options = {.dtype = ZG_FP16, .prefix = true, .n_shards = 2};
 *     CU_ASSERT(zg_write_model(dir, model, &options));
 *     ...
 *     zg_temp_directory_remove(&dir);
 */
#ifndef ZG_TESTS_SAFETENSORS_WRITER_H
#define ZG_TESTS_SAFETENSORS_WRITER_H

#include "engines/model.h"

/* A fresh directory below TMPDIR or /tmp, owned by the caller; NULL if none can be made. */
char *zg_temp_directory_make(void);
/* Removes it with all that it holds, frees the name and sets it to NULL. */
void zg_temp_directory_remove(char **directory);

/* Writes n bytes to DIRECTORY/NAME.  All writers return false where the file cannot be written. */
bool zg_write_file(const char *directory, const char *name, const void *bytes, size_t n);
bool zg_write_text(const char *directory, const char *name, const char *text);

/* A safetensors file of any header, right or wrong, and `n_data` data bytes. */
bool zg_write_safetensors_raw(const char *directory, const char *name, const char *header,
                              const void *data, size_t n_data);

struct zg_written_tensor {
    const char *name;
    enum zg_dtype dtype; /* ZG_FP32, ZG_FP16 or ZG_BF16: values are rounded to it, to even */
    int64_t n_rows;
    int64_t n_cols;      /* 1 writes a vector */
    const float *values; /* [n_rows][n_cols] */
};
bool zg_write_safetensors(const char *directory, const char *name,
                          const struct zg_written_tensor *tensors, int64_t n);

struct zg_write_options {
    enum zg_dtype dtype;
    bool prefix;    /* "model.decoder..." or "decoder..." */
    bool head_copy; /* writes lm_head.weight also where the head is tied, as some checkpoints do */
    int64_t n_shards; /* 0 or 1: model.safetensors; more: an index and its shards */
    float gain;       /* every matrix is multiplied by it; 0 leaves them as they are */
    /* Planted outliers: so many channels of both norms of every layer, at most d_model, become 20
     * times as large, and the columns that meet them in q, k, v and fc1 a 20th: the same function,
     * in activations as large models have them. */
    int64_t n_outliers;
};

/* config.json and weights of a model, tied or not as the model is. */
bool zg_write_model(const char *directory, const struct zg_model *model,
                    const struct zg_write_options *options);
/* config.json alone; `extra` is put before the closing brace (", \"key\": value") and may be
 * NULL. */
bool zg_write_config(const char *directory, const struct zg_model_shape *shape, const char *extra);

uint16_t zg_fp16_of_float(float value);
uint16_t zg_bf16_of_float(float value);

#endif
