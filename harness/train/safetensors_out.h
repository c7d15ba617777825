/*
 * safetensors_out.h - writes safetensors files, tensor by tensor, one or several of them (shards)
 * with an index; knows nothing of models.
 *
 *     [ 8 bytes: header length ][ JSON, blanks up to a multiple of 8 ][ data ]
 *
 * Tensors lie in the order of the list without a hole, as the format wants; the header has
 * "__metadata__": {"format": "pt"}, without which PyTorch's readers refuse a file.  More than one
 * file's worth goes to model-00001-of-0000N.safetensors and so on, cut between tensors, and
 * model.safetensors.index.json says where each is.
 */
#ifndef ZG_TRAIN_SAFETENSORS_OUT_H
#define ZG_TRAIN_SAFETENSORS_OUT_H

#include "engines/model.h"

struct zg_tensor_out {
    int32_t id; /* the reader's */
    char name[128];
    int64_t n_rows, n_cols;
    bool is_vector; /* of one dimension: [n_rows] */
};

/* Rows row .. row + n - 1 of a tensor to values[n][n_cols]. */
typedef enum zg_status zg_tensor_rows(void *context, const struct zg_tensor_out *tensor,
                                      int64_t row, int64_t n, float *values, struct zg_error *err);

struct zg_safetensors_out {
    const struct zg_tensor_out *tensors; /* [n] */
    int64_t n;
    enum zg_dtype dtype;    /* ZG_FP32, ZG_FP16, ZG_BF16 */
    int64_t max_file_bytes; /* of data; a larger tensor has a file to itself */
    zg_tensor_rows *rows;
    void *context;
};

/* Bytes of all tensors' data; -1: too many to count. */
int64_t zg_safetensors_out_bytes(const struct zg_safetensors_out *out);
int64_t zg_safetensors_out_n_files(const struct zg_safetensors_out *out);

/* Writes the files into a directory, each whole or not at all.  fp32 goes to fp16 and bf16 rounded
 * to nearest even.  ZG_CHECK: a value is NaN, infinite or too large for the dtype; the message
 * names the tensor.  ZG_ENV: the disk, no memory, interrupted. */
enum zg_status zg_safetensors_out_write(const struct zg_safetensors_out *out, const char *dir,
                                        struct zg_error *err);

/* To nearest even; above 65504 infinity. */
uint16_t zg_store_fp16(float x);

#endif
