/* weights.c - all tensors of the model in one buffer of fp32, read in parallel. */
#include "engines/naive/naive.h"

#include "engines/base/arena.h"
#include "engines/base/size.h"

/* Rows read at a time: enough for a thread, first touch by the thread that will write them in
 * perturb.c. */
static void read_tensor(const struct zg_naive_weights *w, const struct zg_model *model, int32_t id,
                        int64_t n_threads)
{
    int64_t n_rows = 0, n_cols = 0;
    (void)zg_model_tensor_size(&w->shape, id, &n_rows, &n_cols);
    float *values = w->values + w->offset[id];
    const int64_t chunk = n_cols == 1 ? 1024 : 1;
#pragma omp parallel for num_threads((int)n_threads) schedule(static)
    for (int64_t row = 0; row < zg_ceil_div(n_rows, chunk); row++)
        zg_model_read(model, id, row * chunk, zg_min64(chunk, n_rows - row * chunk),
                      values + row * chunk * n_cols, n_cols);
}

/* q, k and v stand together, weights and biases, so that one product serves the three. */
static const enum zg_tensor_kind layer_order[ZG_N_TENSOR_KINDS] = {
    ZG_T_Q_WEIGHT,     ZG_T_K_WEIGHT,   ZG_T_V_WEIGHT,     ZG_T_Q_BIAS,
    ZG_T_K_BIAS,       ZG_T_V_BIAS,     ZG_T_OUT_WEIGHT,   ZG_T_OUT_BIAS,
    ZG_T_FC1_WEIGHT,   ZG_T_FC1_BIAS,   ZG_T_FC2_WEIGHT,   ZG_T_FC2_BIAS,
    ZG_T_NORM1_WEIGHT, ZG_T_NORM1_BIAS, ZG_T_NORM2_WEIGHT, ZG_T_NORM2_BIAS};

static bool place(struct zg_naive_weights *w, int32_t id)
{
    int64_t n_rows, n_cols, n;
    w->offset[id] = -1;
    if (!zg_model_tensor_size(&w->shape, id, &n_rows, &n_cols) ||
        (id == ZG_T_HEAD && w->shape.tied_head))
        return true;
    w->offset[id] = w->n_values;
    return zg_size_mul(n_rows, n_cols, &n) && zg_size_add(w->n_values, n, &w->n_values);
}

enum zg_status zg_naive_weights_open(struct zg_naive_weights *weights, const struct zg_model *model,
                                     int64_t n_threads, struct zg_error *err)
{
    *weights = (struct zg_naive_weights){.shape = *zg_model_shape(model)};
    const int64_t n_resident = zg_shape_n_resident(&weights->shape);
    weights->n_tensors = zg_tensor_end(n_resident);
    void *offset = NULL, *values = NULL;
    enum zg_status status = zg_buffer_alloc(&offset, weights->n_tensors, sizeof *weights->offset,
                                            "the tensor table", err);
    if (status)
        return status;
    weights->offset = offset;
    bool fits = true;
    for (int32_t id = 0; id < 16; id++)
        fits = fits && place(weights, id);
    for (int64_t l = 0; l < n_resident; l++)
        for (int k = 0; k < ZG_N_TENSOR_KINDS; k++)
            fits = fits && place(weights, zg_tensor_layer(l, layer_order[k]));
    status = fits ? zg_buffer_alloc(&values, weights->n_values, sizeof *weights->values,
                                    "the weights", err)
                  : zg_fail(err, ZG_ENV, "the model has too many weights to count");
    if (status) {
        zg_naive_weights_close(weights);
        return status;
    }
    weights->values = values;
    for (int32_t id = 0; id < weights->n_tensors; id++)
        if (weights->offset[id] >= 0)
            read_tensor(weights, model, id, n_threads);
    return ZG_OK;
}

void zg_naive_weights_close(struct zg_naive_weights *weights)
{
    zg_buffer_free(weights->values);
    zg_buffer_free(weights->offset);
    weights->values = NULL;
    weights->offset = NULL;
}

float *zg_naive_tensor(const struct zg_naive_weights *weights, int32_t id)
{
    if (id == ZG_T_HEAD && weights->shape.tied_head)
        id = ZG_T_EMBED_TOKENS;
    return weights->values + weights->offset[id];
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
