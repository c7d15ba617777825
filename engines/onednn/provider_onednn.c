/* provider_onednn.c - the provider (runtime/provider.h) on oneDNN: opening, and the table of its
 * members. */
#include "engines/onednn/provider_onednn.h"

#include <stdlib.h>

#include "engines/base/arena.h"
#include "engines/base/size.h"
#include "engines/onednn/onednn.h"

static void provider_close(struct zg_provider_state **state)
{
    if (!state || !*state)
        return;
    struct zg_provider_state *s = *state;
    void *const buffers[] = {s->zeros.data, s->factor.data, s->x.data,
                             s->sums.data,  s->rows.data,   s->scales};
    zg_dnnl_close(&s->dnnl);
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        zg_buffer_free(buffers[i]);
    free(s);
    *state = NULL;
}

/* What each dtype asks of the library, and the sizes that follow. */
static enum zg_status dtypes_open(struct zg_provider_state *state, struct zg_error *err)
{
    const uint32_t dtypes = state->options.dtypes;
    enum zg_status status = ZG_OK;
    for (int dtype = ZG_BF16; !status && dtype < ZG_N_DTYPES; dtype++)
        if (dtypes & 1u << dtype)
            status = zg_dnnl_require(&state->dnnl, (enum zg_dtype)dtype, err);
    if (!status && dtypes & 1u << ZG_INT8)
        status = zg_onednn_int8_choose(state, err);
    const bool split = dtypes & 1u << ZG_INT8 && state->int8 == ZG_INT8_SPLIT;
    const int64_t rows = zg_max64(1, zg_min64(state->options.max_rows, ZG_VIEW_ROWS));
    state->view_rows = split ? zg_min64(2 * rows, ZG_VIEW_ROWS) : rows;
    if (!status)
        status = zg_buffer_alloc((void **)&state->scales, state->view_rows, sizeof *state->scales,
                                 "oneDNN scratch", err);
    return status;
}

static enum zg_status provider_open(struct zg_provider_state **out,
                                    const struct zg_provider_options *options, struct zg_error *err)
{
    *out = NULL;
    for (int dtype = 0; dtype < ZG_N_DTYPES; dtype++)
        if (options->dtypes & ~zg_provider_onednn.dtypes & 1u << dtype)
            return zg_fail(err, ZG_USAGE, "onednn computes in fp32, bf16 and int8, not in %s",
                           zg_dtype_name((enum zg_dtype)dtype));
    struct zg_provider_state *state = calloc(1, sizeof *state);
    if (!state)
        return zg_fail(err, ZG_ENV, "no memory for the oneDNN provider");
    state->options = *options;
    enum zg_isa isa = ZG_ISA_PORTABLE;
    enum zg_status status = zg_cpu_isa_choose(&isa, err);
    state->narrow = zg_narrow_choose(isa);
    if (!status)
        status = zg_runtime_kernels_choose(&state->kernels, err);
    if (!status)
        status = zg_dnnl_open(&state->dnnl, options->n_threads, err);
    if (!status)
        status = dtypes_open(state, err);
    if (status)
        provider_close(&state);
    *out = state;
    return status;
}

const struct zg_provider zg_provider_onednn = {
    .name = "onednn",
    .dtypes = 1u << ZG_FP32 | 1u << ZG_BF16 | 1u << ZG_INT8,
    .can_pack = true,
    .open = provider_open,
    .close = provider_close,
    .pack = zg_onednn_pack,
    .unpack = zg_onednn_unpack,
    .set_extra = zg_onednn_set_extra,
    .gemm = zg_onednn_gemm,
    .keep_columns = zg_onednn_keep_columns,
    .add_lowrank = zg_onednn_add_lowrank,
    .read = zg_onednn_read,
    .gemm_rowmajor = zg_onednn_gemm_rowmajor,
    .panel_bytes = zg_onednn_panel_bytes,
};
