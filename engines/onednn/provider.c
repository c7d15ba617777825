/* provider.c - the table of engines/runtime/provider.h, and the state behind it. */
#include "engines/onednn/provider.h"

#include <stdlib.h>

#include "engines/base/arena.h"
#include "engines/onednn/panel.h"

static void provider_close(struct zg_provider_state **state)
{
    if (!state || !*state)
        return;
    zg_dnnl_close(&(*state)->dnnl);
    zg_buffer_free((*state)->zeros);
    zg_buffer_free((*state)->factor);
    free(*state);
    *state = NULL;
}

static enum zg_status provider_open(struct zg_provider_state **out,
                                    const struct zg_provider_options *options, struct zg_error *err)
{
    *out = NULL;
    for (int dtype = 0; dtype < ZG_N_DTYPES; dtype++)
        if (options->dtypes & ~zg_provider_onednn.dtypes & 1u << dtype)
            return zg_fail(err, ZG_USAGE, "onednn computes in fp32, not in %s",
                           zg_dtype_name((enum zg_dtype)dtype));
    struct zg_provider_state *state = calloc(1, sizeof *state);
    if (!state)
        return zg_fail(err, ZG_ENV, "no memory for the oneDNN provider");
    state->options = *options;
    enum zg_status status = zg_runtime_kernels_choose(&state->kernels, err);
    if (!status)
        status = zg_dnnl_open(&state->dnnl, options->n_threads, options->max_rows, err);
    if (status)
        provider_close(&state);
    *out = state;
    return status;
}

const struct zg_provider zg_provider_onednn = {
    .name = "onednn",
    .dtypes = 1u << ZG_FP32,
    .can_pack = true,
    .open = provider_open,
    .close = provider_close,
    .pack = zg_onednn_pack,
    .unpack = zg_onednn_unpack,
    .set_extra = zg_onednn_set_extra,
    .gemm = zg_onednn_gemm,
    .add_lowrank = zg_onednn_add_lowrank,
    .read = zg_onednn_read,
    .gemm_rowmajor = zg_onednn_gemm_rowmajor,
    .panel_bytes = zg_onednn_panel_bytes,
};
