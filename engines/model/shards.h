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

/* Opens model.safetensors, or model.safetensors.index.json and every shard that it names, in
 * directory `path`. ZG_INPUT: there is neither, a name in the index leaves the directory, a file
 * is malformed. */
enum zg_status zg_shards_open(struct zg_shards *out, const char *path, struct zg_error *err);
void zg_shards_close(struct zg_shards *shards);

/* Calls visit() for each tensor of the model: every one of a single file, or what the index
 * names and where it says. Stops at the first status that is not ZG_OK and returns it. */
typedef enum zg_status zg_shards_visit_fn(void *context, const struct zg_shard *shard,
                                          const struct zg_safetensor *tensor, struct zg_error *err);
enum zg_status zg_shards_visit(const struct zg_shards *shards, zg_shards_visit_fn *visit,
                               void *context, struct zg_error *err);

/* DIRECTORY/NAME, owned by the caller.  ZG_ENV: no memory. */
enum zg_status zg_model_path_join(char **out, const char *directory, const char *name,
                                  struct zg_error *err);

#endif
