/*
 * model.h - an immutable model of the OPT pre-norm family (arXiv:2205.01068), 125M to 30B.
 *
 * A model is a set of named tensors that can be read, row by row, as fp32.  It does not promise to
 * hold them in memory: synthetic weights are generated on demand, a Hugging Face directory is
 * memory-mapped. That is what lets an engine that packs weights into its own layout keep a single
 * copy of them.  Which tensors there are, and what each is, is tensors.h's.
 *
 *     struct zg_model *model = NULL;
 *     if (zg_model_open(&model, "opt-125m", 1, &err)) ...       // or a directory with config.json
 *     float row[768];
 *     // row 5 of layer 0's q
 *     zg_model_read(model, zg_tensor_layer(0, ZG_T_Q_WEIGHT), 5, 1, row, 768);
 *     zg_model_close(&model);
 *
 * Threads: after open, every function that takes a const model may be called from any number of
 * threads.
 */
#ifndef ZG_ENGINES_MODEL_H
#define ZG_ENGINES_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engines/api.h"
#include "engines/error.h"
#include "engines/tensors.h"

ZG_PUBLIC_BEGIN

enum zg_dtype { ZG_FP32, ZG_BF16, ZG_FP16, ZG_INT8, ZG_N_DTYPES };

const char *zg_dtype_name(enum zg_dtype dtype); /* "fp32", "bf16", "fp16", "int8" */
int64_t zg_dtype_bytes(enum zg_dtype dtype);    /* of a number: 4, 2, 2, 1 */

struct zg_model_shape {
    int64_t n_layers;
    int64_t d_model; /* hidden size, a multiple of n_heads */
    int64_t n_heads;
    int64_t d_ffn;       /* inner size of the ReLU MLP */
    int64_t n_vocab;     /* rows of the token embedding, and of the head */
    int64_t n_positions; /* longest sequence; the table has ZG_POSITION_OFFSET rows more */
    bool tied_head;      /* the head is the token embedding */
    /* Distinct layers: layer l is layer l % n_resident, weights, adapters and all.  0: every layer
     * is distinct.  Only resident layers have tensors.  Set by zg_model_alias_layers(). */
    int64_t n_resident;
    enum zg_family family; /* whose table (tensors.h) has the tensors */
};

static inline int64_t zg_shape_n_resident(const struct zg_model_shape *shape)
{
    return shape->n_resident > 0 ? shape->n_resident : shape->n_layers;
}

#define ZG_POSITION_OFFSET 2 /* OPT: position p reads row p + 2 of the table */
#define ZG_LAYER_NORM_EPS  1e-5f

struct zg_model;

/* Opens a model.  `name` is a shape name ("opt-125m" ... "opt-30b": synthetic weights N(0, 0.02)
 * of that shape drawn from `seed`, norm gains 1 + N(0, 0.02)), that of a model that comes with
 * zogap ("opt-tiny"), or a Hugging Face directory ("./opt-125m" where both exist): config.json and
 * model.safetensors, or model.safetensors.index.json and its shards; F32, F16 or BF16; `model.`
 * prefix or not, or one that a wrapper put before all names; head tied or not, a tied one stored
 * beside the embedding or in its place.  What is stored and not used is refused where it tells of
 * another model (layers past config.json's number, a head that differs from the embedding it is
 * tied to, adapters), else told by zg_model_warning() and zg_model_note().  Every weight is read
 * once, in parallel, for the check below and the fingerprint.  ZG_INPUT: a file is missing or
 * malformed, a tensor is
 * absent, twice there, or of a wrong shape or type, a weight is NaN or infinite.  ZG_USAGE:
 * `name` is neither known nor a directory.  ZG_ENV: no memory; a model that should have come with
 * zogap is not there.  OPT-350M (post-norm) is refused. */
enum zg_status zg_model_open(struct zg_model **out, const char *name, uint64_t seed,
                             struct zg_error *err);

/* Synthetic weights of any shape, for tests and for studies; `name` is what zg_model_name()
 * returns. */
enum zg_status zg_model_open_shape(struct zg_model **out, const char *name,
                                   const struct zg_model_shape *shape, uint64_t seed,
                                   struct zg_error *err);

/* Frees the model and sets *model to NULL.  NULL and a pointer to NULL are fine. */
void zg_model_close(struct zg_model **model);

/* Makes the model one of n_resident distinct layers that repeat up to its depth: what a machine
 * that cannot hold all layers can measure.  Call before any engine opens it.  ZG_USAGE: not in
 * 1 .. n_layers. */
enum zg_status zg_model_alias_layers(struct zg_model *model, int64_t n_resident,
                                     struct zg_error *err);

const struct zg_model_shape *zg_model_shape(const struct zg_model *model);
const char *zg_model_name(const struct zg_model *model); /* as it was given to open() */
/* Where its files are, with a tokenizer's perhaps; NULL: synthetic weights have none. */
const char *zg_model_directory(const struct zg_model *model);
/* A sentence about stored tensors that are not used, or NULL: those that may matter, and those that
 * are known not to. */
const char *zg_model_warning(const struct zg_model *model);
const char *zg_model_note(const struct zg_model *model);
bool zg_model_is_synthetic(const struct zg_model *model);
/* Of the embedding; synthetic: ZG_FP32. */
enum zg_dtype zg_model_stored_dtype(const struct zg_model *model);

/* Reads rows row_begin .. row_begin + n_rows - 1 of tensor `id` as fp32, from any thread: row i
 * goes to dst + i * ld.  ld is in floats and >= the tensor's columns.  The range must lie inside
 * the tensor. */
void zg_model_read(const struct zg_model *model, int32_t id, int64_t row_begin, int64_t n_rows,
                   float *dst, int64_t ld);

/* Tells a memory-mapped model that its pages may leave memory until somebody reads them again. */
void zg_model_release(const struct zg_model *model);

/* ZG_ENV: a file of the model was written to since it was opened, and what was read is a mixture.
 * Asked after weights were read. */
enum zg_status zg_model_check(const struct zg_model *model, struct zg_error *err);

/* The file that is mapped at an address, or NULL: for a handler of SIGBUS, which is what a reader
 * gets where the file was cut short meanwhile.  May be called in a signal handler. */
const char *zg_model_file_at(const void *address);

/* Parameters of the whole model; of the linear layers' weights alone (LoZO's scope "linear").
 * Layers that repeat count as often as they do. */
int64_t zg_model_n_params(const struct zg_model_shape *shape);
int64_t zg_model_n_linear_params(const struct zg_model_shape *shape);

/* XXH3 (64 bits) over ids, shapes and fp32 values in id order; the same on every machine and
 * thread count.  A directory has it since open(), but for layers that repeat; synthetic weights are
 * made for it. */
uint64_t zg_model_fingerprint(const struct zg_model *model);

/* Known shapes, for help and `zogap info`: NULL past the end. */
const char *zg_model_shape_name(int64_t index, const struct zg_model_shape **shape);
/* Models that come with zogap, trained: NULL past the end. */
const char *zg_model_shipped_name(int64_t index);

ZG_PUBLIC_END

#endif
