/*
 * shards.h - the safetensors files of a directory: which there are, mapped, with their tables of
 * contents.
 */
#ifndef ZG_MODEL_SHARDS_H
#define ZG_MODEL_SHARDS_H

#include "engines/model/mapping.h"
#include "engines/model/safetensors.h"

struct zg_shard {
    char *path; /* owned */
    struct zg_mapping file;
    struct zg_safetensors table;
};

struct zg_shards {
    struct zg_shard *shards; /* [n_shards] */
    int64_t n_shards;
    void *index; /* the parsed index of a sharded model, or NULL */
};

/* Opens model.safetensors, or model.safetensors.index.json and every shard that it names and that
 * is there, in directory `path`: an index may list more than a model needs.  ZG_INPUT: there is
 * neither, a name in the index leaves the directory, a file is malformed or of another kind. */
enum zg_status zg_shards_open(struct zg_shards *out, const char *path, struct zg_error *err);
void zg_shards_close(struct zg_shards *shards);

/* The file that the index has the tensor in; NULL: it has no such tensor, or there is no index. */
const char *zg_shards_indexed(const struct zg_shards *shards, const char *tensor);
/* Is the file of that name open? */
bool zg_shards_has(const struct zg_shards *shards, const char *name);

/* Is DIRECTORY/NAME there?  Allocates nothing: no memory is not no file. */
bool zg_model_has_file(const char *directory, const char *name);

/* DIRECTORY/NAME, owned by the caller.  ZG_ENV: no memory. */
enum zg_status zg_model_path_join(char **out, const char *directory, const char *name,
                                  struct zg_error *err);

#endif
