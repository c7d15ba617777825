/*
 * synthetic.c - weights that are a function of (seed, tensor, element): 0.02 z, norm gains 1 + 0.02
 * z.
 *
 * Nothing is stored: an engine that packs weights into its own layout generates each row once, in
 * the thread that will use it.  0.02 is OPT's own init_std.
 */
#include <stdlib.h>
#include <string.h>

#include "engines/base/philox.h"
#include "engines/model/source.h"

#define INIT_STD 0.02f

/* OPT's published shapes (arXiv:2205.01068, table 1; vocabulary and positions of the released
 * checkpoints). OPT-350M is missing because it is post-norm.  opt-mini is our own, with room for
 * the embedded vocabulary alone: small enough for valgrind, which emulates a fused multiply-add in
 * a microsecond. */
static const struct {
    const char *name;
    struct zg_model_shape shape;
} shapes[] = {
    /* name       layers  d     heads  ffn    vocab  positions  tied, all distinct, family */
    {"opt-mini", {2, 128, 4, 512, 2912, 512, true, 0, ZG_FAMILY_OPT}},
    {"opt-125m", {12, 768, 12, 3072, 50272, 2048, true, 0, ZG_FAMILY_OPT}},
    {"opt-1.3b", {24, 2048, 32, 8192, 50272, 2048, true, 0, ZG_FAMILY_OPT}},
    {"opt-2.7b", {32, 2560, 32, 10240, 50272, 2048, true, 0, ZG_FAMILY_OPT}},
    {"opt-6.7b", {32, 4096, 32, 16384, 50272, 2048, true, 0, ZG_FAMILY_OPT}},
    {"opt-13b", {40, 5120, 40, 20480, 50272, 2048, true, 0, ZG_FAMILY_OPT}},
    {"opt-30b", {48, 7168, 56, 28672, 50272, 2048, true, 0, ZG_FAMILY_OPT}},
};

const char *zg_model_shape_name(int64_t index, const struct zg_model_shape **shape)
{
    if (index < 0 || index >= (int64_t)(sizeof shapes / sizeof shapes[0]))
        return NULL;
    if (shape)
        *shape = &shapes[index].shape;
    return shapes[index].name;
}

struct drawn {
    struct zg_model_shape shape;
    uint64_t seed;
};

static void read(const void *state, int32_t id, int64_t begin, int64_t n, float *dst)
{
    const struct drawn *const drawn = state;
    const float mean = zg_tensor_at(&drawn->shape, id)->is_norm ? 1.0f : 0.0f;
    zg_philox_normal(drawn->seed, id, ZG_STREAM_WEIGHTS, begin, n, dst);
    for (int64_t i = 0; i < n; i++)
        dst[i] = mean + INIT_STD * dst[i];
}

const struct zg_model_source zg_synthetic_source = {.read = read, .close = free};

enum zg_status zg_model_open_shape(struct zg_model **out, const char *name,
                                   const struct zg_model_shape *shape, uint64_t seed,
                                   struct zg_error *err)
{
    *out = NULL;
    enum zg_status status = zg_model_shape_check(shape, name, err);
    if (status != ZG_OK)
        return status;
    struct drawn *drawn = malloc(sizeof *drawn);
    if (!drawn)
        return zg_fail(err, ZG_ENV, "model %s: no memory", name);
    *drawn = (struct drawn){*shape, seed};
    status = zg_model_make(out, name, shape, &zg_synthetic_source, drawn, ZG_FP32, err);
    if (status == ZG_OK)
        (*out)->synthetic = true;
    return status;
}
