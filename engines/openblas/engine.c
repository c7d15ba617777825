/*
 * engine.c - engine `openblas`: the inference-style runtime on OpenBLAS, that is, what a
 * vendor-style BLAS gives.
 *
 * OpenBLAS packs its operands in every call, so the mechanism `packed` is not among the engine's.
 */
#include "engines/openblas/provider_openblas.h"
#include "engines/runtime/runtime.h"

static enum zg_status engine_open(struct zg_engine_state **out, const struct zg_model *model,
                                  const struct zg_engine_options *options, struct zg_error *err);

#ifdef ZOGAP_HAVE_OPENBLAS
#define MISSING NULL
#else
#define MISSING "OpenBLAS (libopenblas-openmp-dev; configure with -DZOGAP_WITH_OPENBLAS=ON)"
#endif

const struct zg_engine zg_engine_openblas = {
    .name = "openblas",
    .summary = "inference-style runtime on OpenBLAS",
    .interface_version = ZG_INTERFACE_VERSION,
    .missing = MISSING,
    .dtypes = 1u << ZG_FP32,
    .mechanisms = ZG_RUNTIME_MECHANISMS,
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

static enum zg_status engine_open(struct zg_engine_state **out, const struct zg_model *model,
                                  const struct zg_engine_options *options, struct zg_error *err)
{
    return zg_runtime_open(out, &zg_engine_openblas, &zg_provider_openblas, model, options, err);
}
