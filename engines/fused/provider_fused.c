/*
 * provider_fused.c - the provider (provider.h) on zogap's own kernels: opening, and the table of
 * its members.
 */
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
    zg_buffer_free((*state)->scratch);
    free(*state);
    *state = NULL;
}

enum zg_status zg_fused_open_on(struct zg_provider_state **out,
                                const struct zg_provider_options *options,
                                const struct zg_kernels *kernels, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    *out = NULL;
    struct zg_provider_state *state = calloc(1, sizeof *state);
    if (!state)
        return zg_fail(err, ZG_ENV, "fused: no memory for the provider's state");
    state->kernels = kernels;
    state->n_threads = options->n_threads;
    state->max_rows = options->max_rows;
    state->max_extra = options->max_extra;
    state->packed = options->packed;
    state->x_bytes = zg_min64(zg_cpu_l2_bytes() / 2, MAX_X_BYTES);
    if (!state->packed) {
        /* k_size in gemm.c is ZG_K_BLOCK at most; whole cache lines keep each thread's part
         * aligned. */
        state->scratch_size = zg_round_up((ZG_K_BLOCK + state->max_extra) * kernels->nr, 16);
        status = zg_buffer_alloc((void **)&state->scratch, state->n_threads * state->scratch_size,
                                 (int64_t)sizeof(float), "strips packed in each call", err);
    }
    if (status == ZG_OK)
        *out = state;
    else
        close_state(&state);
    return status;
}

static enum zg_status open_state(struct zg_provider_state **out,
                                 const struct zg_provider_options *options, struct zg_error *err)
{
    *out = NULL;
    enum zg_isa isa;
    const enum zg_status status = zg_cpu_isa_choose(&isa, err);
    if (status != ZG_OK)
        return status;
    const struct zg_kernels *kernels = zg_kernels_choose(ZG_FP32, isa);
    for (int dtype = 0; dtype < ZG_N_DTYPES; dtype++)
        if (options->dtypes & ~zg_provider_fused.dtypes & 1u << dtype)
            return zg_fail(err, ZG_USAGE, "fused has no %s kernels; it takes --dtype fp32",
                           zg_dtype_name((enum zg_dtype)dtype));
    return zg_fused_open_on(out, options, kernels, err);
}

const struct zg_provider zg_provider_fused = {
    .name = "fused",
    .missing = NULL,
    .dtypes = 1u << ZG_FP32,
    .can_pack = true,
    .open = open_state,
    .close = close_state,
    .pack = zg_fused_pack,
    .unpack = zg_fused_unpack,
    .set_extra = zg_fused_set_extra,
    .gemm = zg_fused_gemm,
    .add_lowrank = zg_fused_add_lowrank,
    .read = zg_fused_read,
    .gemm_rowmajor = zg_fused_gemm_rowmajor,
    .panel_bytes = zg_fused_panel_bytes,
};
