/*
 * source.h - inside of a model: the shape, and a source of elements below it (synthetic.c,
 * directory.c).
 */
#ifndef ZG_MODEL_SOURCE_H
#define ZG_MODEL_SOURCE_H

#include "engines/model.h"

struct zg_model_source {
    /* Elements begin .. begin + n - 1 of the tensor in row-major order, inside the tensor; any
     * thread. */
    void (*read)(const void *state, int32_t id, int64_t begin, int64_t n, float *dst);
    void (*release)(const void *state); /* NULL: holds nothing */
    /* Is what is read still what was opened?  NULL: nothing can change it. */
    enum zg_status (*check)(const void *state, struct zg_error *err);
    void (*close)(void *state);
};

struct zg_model {
    struct zg_model_shape shape;
    const struct zg_model_source *source;
    void *state; /* owned, the source's own */
    enum zg_dtype stored_dtype;
    bool synthetic;
    char *name;           /* owned */
    char *directory;      /* owned, or NULL: of zg_model_directory() */
    char *warning, *note; /* owned, or NULL: of zg_model_warning() and zg_model_note() */
    /* Of a model whose weights were all read as it was opened. */
    bool has_fingerprint;
    uint64_t fingerprint;
};

/* ZG_INPUT: the shape is not one that a model can have; `what` names where it came from. */
enum zg_status zg_model_shape_check(const struct zg_model_shape *shape, const char *what,
                                    struct zg_error *err);

/* Makes a model around a source, and takes `state` over in any case.  The head of a tied model
 * reads as the embedding. */
enum zg_status zg_model_make(struct zg_model **out, const char *name,
                             const struct zg_model_shape *shape,
                             const struct zg_model_source *source, void *state,
                             enum zg_dtype stored_dtype, struct zg_error *err);

/* Elements begin .. begin + n - 1 of a tensor. */
void zg_model_read_elements(const struct zg_model *model, int32_t id, int64_t begin, int64_t n,
                            float *dst);

/* The fingerprint, read anew; *finite: no value is NaN or infinite. */
uint64_t zg_model_fingerprint_read(const struct zg_model *model, bool *finite);

/* Opens a Hugging Face directory (directory.c). */
enum zg_status zg_model_open_directory(struct zg_model **out, const char *path,
                                       struct zg_error *err);

/* The directory of a model that comes with zogap (shipped.c), for the caller to free.  ZG_ENV: it
 * is not where this program or library was installed or built. */
enum zg_status zg_model_find_shipped(char **out, const char *name, struct zg_error *err);

extern const struct zg_model_source zg_synthetic_source;

#endif
