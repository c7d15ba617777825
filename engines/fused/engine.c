/* engine.c - engine `fused`: the inference-style runtime on zogap's own kernels. */
#include "engines/fused/provider_fused.h"
#include "engines/runtime/runtime.h"

extern const struct zg_engine zg_engine_fused;

static enum zg_status engine_open(struct zg_engine_state **out, const struct zg_model *model,
                                  const struct zg_engine_options *options, struct zg_error *err)
{
    return zg_runtime_open(out, &zg_engine_fused, &zg_provider_fused, model, options, err);
}

const struct zg_engine zg_engine_fused = {
    .name = "fused",
    .summary =
        "inference-style runtime on own kernels: packed strips, adapters and epilogues inside",
    .interface_version = ZG_INTERFACE_VERSION,
    .dtypes = 1u << ZG_FP32 | 1u << ZG_BF16 | 1u << ZG_INT8,
    .mechanisms = ZG_RUNTIME_MECHANISMS | ZG_MECHANISM_BIT(ZG_M_PACKED),
    .direction_kinds = 1u << ZG_DIRECTION_LOWRANK | 1u << ZG_DIRECTION_FACTORISED,
    .scopes = ZG_SCOPE_BIT(ZG_SCOPE_LINEAR) | ZG_SCOPE_BIT(ZG_SCOPE_FULL),
    .features = ZG_RUNTIME_FEATURES,
    .role = ZG_ROLE_RUNTIME,
    .open = engine_open,
    .begin = zg_runtime_begin,
    .score = zg_runtime_score,
    .apply = zg_runtime_apply,
    .apply_momentum = zg_runtime_apply_momentum,
    .retrace = zg_runtime_retrace,
    .read = zg_runtime_read,
    .cost = zg_runtime_cost,
    .close = zg_runtime_close,
};
