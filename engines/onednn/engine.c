/* engine.c - engine `onednn`: the inference-style runtime on oneDNN's matmul. */
#include "engines/runtime/runtime.h"

extern const struct zg_engine zg_engine_onednn;

#ifdef ZOGAP_HAVE_ONEDNN
#include "engines/onednn/provider_onednn.h"

#define MISSING NULL

static enum zg_status engine_open(struct zg_engine_state **out, const struct zg_model *model,
                                  const struct zg_engine_options *options, struct zg_error *err)
{
    return zg_runtime_open(out, &zg_engine_onednn, &zg_provider_onednn, model, options, err);
}
#else
#define MISSING "oneDNN: install libdnnl-dev and configure with -DZOGAP_WITH_ONEDNN=ON"

static enum zg_status engine_open(struct zg_engine_state **out, const struct zg_model *model,
                                  const struct zg_engine_options *options, struct zg_error *err)
{
    (void)model;
    (void)options;
    *out = NULL;
    return zg_fail(err, ZG_ENV, "engine onednn is not in this build: %s", MISSING);
}
#endif

const struct zg_engine zg_engine_onednn = {
    .name = "onednn",
    .summary = "inference-style runtime on oneDNN, weights packed once, post-ops",
    .interface_version = ZG_INTERFACE_VERSION,
    .missing = MISSING,
    .dtypes = 1u << ZG_FP32 | 1u << ZG_BF16 | 1u << ZG_INT8,
    .mechanisms = ZG_RUNTIME_MECHANISMS | ZG_MECHANISM_BIT(ZG_M_PACKED),
    .direction_kinds = 1u << ZG_DIRECTION_LOWRANK | 1u << ZG_DIRECTION_FACTORISED,
    .scopes = ZG_SCOPE_BIT(ZG_SCOPE_LINEAR) | ZG_SCOPE_BIT(ZG_SCOPE_FULL),
    .features = ZG_RUNTIME_FEATURES,
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
