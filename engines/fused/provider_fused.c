/* provider_fused.c - the provider (runtime/provider.h) on zogap's own kernels: opening, and the
 * table of its members. */
#include "engines/fused/provider_fused.h"

#include <stdlib.h>

#include "engines/base/arena.h"
#include "engines/fused/fused.h"

/* Half of L2 for a block of x: the other half holds a strip and the next.  Never more than 640 KiB,
 * where the weights are read rarely enough. */
#define MAX_X_BYTES (INT64_C(640) << 10)

static void close_state(struct zg_provider_state **state)
{
    if (!state || !*state)
        return;
    zg_buffer_free((*state)->queues);
    zg_buffer_free((*state)->scratch);
    zg_buffer_free((*state)->x);
    zg_buffer_free((*state)->x_scale);
    zg_buffer_free((*state)->x_row);
    zg_buffer_free((*state)->x_extra);
    free(*state);
    *state = NULL;
}

/* The strip that each thread packs in every call; whole cache lines keep the parts aligned. */
static enum zg_status alloc_scratch(struct zg_provider_state *state, struct zg_error *err)
{
    int64_t nr = 0;
    for (int dtype = 0; dtype < ZG_N_DTYPES; dtype++)
        if (state->kernels[dtype])
            nr = zg_max64(nr, state->kernels[dtype]->nr);
    state->scratch_size = zg_round_up((ZG_K_BLOCK + ZG_MAX_KEPT + state->max_extra) * nr, 16);
    return zg_buffer_alloc((void **)&state->scratch, state->n_threads * state->scratch_size,
                           (int64_t)sizeof *state->scratch, "strips packed in each call", err);
}

/* Rows of x in the widest form that a panel of these dtypes may want. */
static enum zg_status alloc_x(struct zg_provider_state *state, uint32_t dtypes,
                              struct zg_error *err)
{
    int64_t row_size = 0, more_rows = 0;
    for (int dtype = 0; dtype < ZG_N_DTYPES; dtype++)
        if (dtype != ZG_FP32 && dtypes & 1u << dtype && state->kernels[dtype]) {
            const int64_t n_words = zg_ceil_div(state->max_in, zg_word_size((enum zg_dtype)dtype));
            row_size = zg_max64(row_size, zg_fused_x_ld(state->kernels[dtype], n_words));
            more_rows = zg_max64(more_rows, state->kernels[dtype]->x_rows - 1);
        }
    if (row_size == 0)
        return ZG_OK;
    state->x_row_size = zg_round_up(state->max_in, 16);
    enum zg_status status =
        zg_buffer_alloc((void **)&state->x, (state->max_rows + more_rows) * row_size,
                        (int64_t)sizeof *state->x, "rounded rows", err);
    if (status == ZG_OK)
        status = zg_buffer_alloc((void **)&state->x_scale, state->max_rows,
                                 (int64_t)sizeof *state->x_scale, "scales of rows", err);
    if (status == ZG_OK)
        status = zg_buffer_alloc((void **)&state->x_row, state->n_threads * 2 * state->x_row_size,
                                 (int64_t)sizeof *state->x_row, "rows being rounded", err);
    return status;
}

/* On the best kernels of `isa`, but on `chosen` in its dtype where it is not NULL. */
static enum zg_status open_with(struct zg_provider_state **out,
                                const struct zg_provider_options *options, enum zg_isa isa,
                                const struct zg_kernels *chosen, struct zg_error *err)
{
    *out = NULL;
    struct zg_provider_state *state = calloc(1, sizeof *state);
    if (!state)
        return zg_fail(err, ZG_ENV, "fused: no memory for the provider's state");
    for (int dtype = 0; dtype < ZG_N_DTYPES; dtype++)
        state->kernels[dtype] = zg_kernels_choose((enum zg_dtype)dtype, isa);
    if (chosen)
        state->kernels[chosen->dtype] = chosen;
    state->narrow = zg_narrow_choose(isa);
    state->n_threads = options->n_threads;
    state->max_rows = options->max_rows;
    state->max_in = options->max_in;
    state->max_extra = options->max_extra;
    state->packed = options->packed;
    state->x_bytes = zg_min64(zg_cpu_l2_bytes() / 2, MAX_X_BYTES);
    enum zg_status status = zg_buffer_alloc((void **)&state->queues, state->n_threads,
                                            (int64_t)sizeof *state->queues, "queues of work", err);
    if (status == ZG_OK && !state->packed)
        status = alloc_scratch(state, err);
    if (status == ZG_OK)
        status = alloc_x(state, options->dtypes, err);
    if (status == ZG_OK)
        *out = state;
    else
        close_state(&state);
    return status;
}

enum zg_status zg_fused_open_on(struct zg_provider_state **out,
                                const struct zg_provider_options *options,
                                const struct zg_kernels *kernels, struct zg_error *err)
{
    return open_with(out, options, kernels->isa, kernels, err);
}

static enum zg_status open_state(struct zg_provider_state **out,
                                 const struct zg_provider_options *options, struct zg_error *err)
{
    *out = NULL;
    enum zg_isa isa;
    const enum zg_status status = zg_cpu_isa_choose(&isa, err);
    if (status != ZG_OK)
        return status;
    for (int dtype = 0; dtype < ZG_N_DTYPES; dtype++)
        if (options->dtypes & ~zg_provider_fused.dtypes & 1u << dtype)
            return zg_fail(err, ZG_USAGE,
                           "fused has no %s kernels; it takes --dtype fp32, bf16 or int8",
                           zg_dtype_name((enum zg_dtype)dtype));
    return open_with(out, options, isa, NULL, err);
}

const struct zg_provider zg_provider_fused = {
    .name = "fused",
    .dtypes = 1u << ZG_FP32 | 1u << ZG_BF16 | 1u << ZG_INT8,
    .can_pack = true,
    .open = open_state,
    .close = close_state,
    .pack = zg_fused_pack,
    .unpack = zg_fused_unpack,
    .set_extra = zg_fused_set_extra,
    .gemm = zg_fused_gemm,
    .keep_columns = zg_fused_keep_columns,
    .add_lowrank = zg_fused_add_lowrank,
    .read = zg_fused_read,
    .gemm_rowmajor = zg_fused_gemm_rowmajor,
    .panel_bytes = zg_fused_panel_bytes,
};
