/*
 * export.h - the weights of an engine as a Hugging Face directory: config.json, model.safetensors
 * or its shards with their index, and the tokenizer's files of the model that the training began
 * with.
 */
#ifndef ZG_TRAIN_EXPORT_H
#define ZG_TRAIN_EXPORT_H

#include "engines/zo.h"

#define ZG_EXPORT_FILE_MIB 2048 /* of one file at most, where nobody says otherwise */

struct zg_export_work {
    const struct zg_engine *engine;
    struct zg_engine_state *state;
    const struct zg_model *model; /* shape, and the directory of what is copied */
    enum zg_dtype dtype;          /* ZG_FP32, ZG_FP16, ZG_BF16 */
    int64_t max_file_bytes;
    const char *out; /* the directory-to-be */
};

struct zg_exported {
    int64_t n_bytes, n_files; /* of weights */
    int64_t n_tensors;
    char copied[256]; /* the other files, "vocab.json, merges.txt"; "": none */
};

/* Writes the directory, whole or not at all.  ZG_USAGE: it is there already; layers that repeat.
 * ZG_CHECK: a weight is no finite number in the dtype.  ZG_INPUT: config.json of the model.
 * ZG_ENV: the disk, no memory, interrupted. */
enum zg_status zg_export_write(const struct zg_export_work *work, struct zg_exported *out,
                               struct zg_error *err);

#endif
