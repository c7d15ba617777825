/*
 * locate.h - finds every tensor of a shape among those that files hold, whatever wrapper named
 * them, and judges what is left over.
 */
#ifndef ZG_MODEL_LOCATE_H
#define ZG_MODEL_LOCATE_H

#include "engines/model/shards.h"

struct zg_located {
    const struct zg_shard *shard; /* NULL: not found */
    const char *name;             /* as stored */
    const unsigned char *bytes;   /* perhaps unaligned: a header may have any length */
    int64_t n_elements;
    enum zg_dtype dtype;
};

/* Fills tensors[zg_tensor_end(n_layers)].  *warning and *note: a sentence each about tensors that
 * are left over, for the caller to free, or NULL: the first where they may matter, the second where
 * they are known not to (buffers, masks).
 *
 * A prefix that a wrapper gave to every name ("module.", "_orig_mod.") is dropped.  Of a tied model
 * the head serves as the embedding where that is not stored, and must equal it where both are.
 * ZG_INPUT: a tensor is missing (the message shows what is there), twice there, of a wrong shape or
 * type; a layer past the config's number, a head that differs from the embedding that it is tied
 * to, an adapter's tensor.  ZG_ENV: no memory. */
enum zg_status zg_tensors_locate(struct zg_located *tensors, const struct zg_model_shape *shape,
                                 const struct zg_shards *shards, const char *path, char **warning,
                                 char **note, struct zg_error *err);

/* Elements begin .. begin + n - 1, as they are stored, as fp32. */
void zg_located_read(const struct zg_located *tensor, int64_t begin, int64_t n, float *dst);

#endif
