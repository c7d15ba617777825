/* weights.c - all tensors of the model in one buffer a dtype, read in parallel. */
#include "engines/naive/naive.h"

#include <assert.h>
#include <omp.h>

#include "engines/base/arena.h"
#include "engines/base/size.h"

bool zg_naive_is_low(const struct zg_naive_weights *weights, int32_t id)
{
    const struct zg_tensor *const tensor = zg_tensor_at(&weights->shape, id);
    return weights->dtype == ZG_BF16 && (tensor->is_linear || tensor->is_table);
}

/* Rows read at a time: enough for a thread, first touch by the thread that will write them in
 * perturb.c.  `rows` has a row of the widest tensor a thread, where bf16 is made of it. */
static void read_tensor(const struct zg_naive_weights *w, const struct zg_model *model, int32_t id,
                        int64_t n_threads, const struct zg_narrow *narrow, float *rows)
{
    int64_t n_rows = 0, n_cols = 0;
    (void)zg_model_tensor_size(&w->shape, id, &n_rows, &n_cols);
    const bool low = zg_naive_is_low(w, id);
    const int64_t chunk = n_cols == 1 ? 1024 : 1;
#pragma omp parallel for num_threads((int)n_threads) schedule(static)
    for (int64_t row = 0; row < zg_ceil_div(n_rows, chunk); row++) {
        const int64_t begin = row * chunk, n = zg_min64(chunk, n_rows - begin);
        float *dst =
            low ? rows + omp_get_thread_num() * n_cols : w->values + w->offset[id] + begin * n_cols;
        zg_model_read(model, id, begin, n, dst, n_cols);
        if (low)
            narrow->bf16(dst, n * n_cols, w->low + w->offset[id] + begin * n_cols);
    }
}

/* A tensor that has its place keeps it. */
static bool place(struct zg_naive_weights *w, int32_t id)
{
    int64_t n_rows, n_cols, n;
    if (w->offset[id] >= 0 || !zg_model_tensor_size(&w->shape, id, &n_rows, &n_cols) ||
        zg_tensor_owner(&w->shape, id) != id)
        return true;
    int64_t *const total = zg_naive_is_low(w, id) ? &w->n_low : &w->n_values;
    w->offset[id] = *total;
    return zg_size_mul(n_rows, n_cols, &n) && zg_size_add(*total, n, total);
}

/* q, k and v stand together, weights and biases, so that one product serves the three. */
static bool place_qkv(struct zg_naive_weights *w, int64_t layer)
{
    const int32_t ids[] = {zg_tensor_layer(layer, ZG_T_Q_WEIGHT),
                           zg_tensor_layer(layer, ZG_T_K_WEIGHT),
                           zg_tensor_layer(layer, ZG_T_V_WEIGHT)};
    bool fits = true;
    for (int i = 0; i < 3; i++)
        fits = fits && place(w, ids[i]);
    for (int i = 0; i < 3; i++)
        fits = fits && place(w, zg_tensor_bias(&w->shape, ids[i]));
    return fits;
}

/* Where each tensor lies. */
static enum zg_status place_all(struct zg_naive_weights *w, struct zg_error *err)
{
    bool fits = true;
    for (int32_t id = 0; id < w->n_tensors; id++)
        w->offset[id] = -1;
    for (int32_t id = 0; id < w->n_tensors; id++) {
        const int64_t layer = zg_tensor_layer_of(id);
        if (layer >= 0 && id == zg_tensor_layer(layer, ZG_T_Q_WEIGHT))
            fits = fits && place_qkv(w, layer);
        fits = fits && place(w, id);
    }
    return fits ? ZG_OK : zg_fail(err, ZG_ENV, "the model has too many weights to count");
}

enum zg_status zg_naive_weights_open(struct zg_naive_weights *weights, const struct zg_model *model,
                                     enum zg_dtype dtype, int64_t n_threads,
                                     const struct zg_narrow *narrow, struct zg_error *err)
{
    *weights = (struct zg_naive_weights){.shape = *zg_model_shape(model), .dtype = dtype};
    struct zg_naive_weights *const w = weights;
    w->n_tensors = zg_tensor_end(zg_shape_n_resident(&w->shape));
    const int64_t widest = zg_model_max_cols(&w->shape);
    void *offset = NULL, *values = NULL, *low = NULL, *rows = NULL;
    enum zg_status status =
        zg_buffer_alloc(&offset, w->n_tensors, sizeof *w->offset, "the tensor table", err);
    w->offset = offset;
    if (!status)
        status = place_all(w, err);
    if (!status)
        status = zg_buffer_alloc(&values, w->n_values, sizeof *w->values, "the weights", err);
    w->values = values;
    if (!status)
        status = zg_buffer_alloc(&low, w->n_low, sizeof *w->low, "the weights", err);
    w->low = low;
    if (!status)
        status = zg_buffer_alloc(&rows, n_threads, widest * (int64_t)sizeof(float),
                                 "the rows that are being read", err);
    for (int32_t id = 0; !status && id < w->n_tensors; id++)
        if (w->offset[id] >= 0)
            read_tensor(w, model, id, n_threads, narrow, rows);
    zg_buffer_free(rows);
    if (status)
        zg_naive_weights_close(w);
    return status;
}

void zg_naive_weights_close(struct zg_naive_weights *weights)
{
    zg_buffer_free(weights->values);
    zg_buffer_free(weights->low);
    zg_buffer_free(weights->offset);
    weights->values = NULL;
    weights->low = NULL;
    weights->offset = NULL;
}

static int64_t offset_of(const struct zg_naive_weights *weights, int32_t id)
{
    return weights->offset[zg_tensor_owner(&weights->shape, id)];
}

float *zg_naive_tensor(const struct zg_naive_weights *weights, int32_t id)
{
    assert(!zg_naive_is_low(weights, id));
    return weights->values + offset_of(weights, id);
}

float *zg_naive_bias(const struct zg_naive_weights *weights, int32_t id)
{
    return zg_naive_tensor(weights, zg_tensor_bias(&weights->shape, id));
}

uint16_t *zg_naive_tensor_low(const struct zg_naive_weights *weights, int32_t id)
{
    assert(zg_naive_is_low(weights, id));
    return weights->low + offset_of(weights, id);
}

const void *zg_naive_matrix(const struct zg_naive_weights *weights, int32_t id)
{
    return zg_naive_is_low(weights, id) ? (const void *)zg_naive_tensor_low(weights, id)
                                        : zg_naive_tensor(weights, id);
}

int64_t zg_naive_v_columns(const struct zg_naive_weights *weights, int64_t *offset)
{
    int64_t total = 0;
    for (int32_t id = 0; id < weights->n_tensors; id++) {
        int64_t n_rows, n_cols;
        if (offset)
            offset[id] = total;
        if (weights->offset[id] >= 0 &&
            zg_model_tensor_size(&weights->shape, id, &n_rows, &n_cols) && n_cols > 1)
            total += zg_round_up(n_cols, 16); /* below the weights' number, which was counted */
    }
    return total;
}
