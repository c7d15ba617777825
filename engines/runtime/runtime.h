/*
 * runtime.h - the inference-style runtime: every member of the ZO interface, on top of a kernel
 * provider.
 *
 * An engine is this runtime and one provider; its folder holds the provider, the declaration, and
 * an open() that calls zg_runtime_open().  Nothing that two engines share lives in an engine's
 * folder.
 */
#ifndef ZG_RUNTIME_RUNTIME_H
#define ZG_RUNTIME_RUNTIME_H

#include "engines/runtime/provider.h"
#include "engines/zo.h"

/* Mechanisms of the runtime on any provider, but `packed`, which a provider with its own layout
 * adds. */
#define ZG_RUNTIME_MECHANISMS                                                                      \
    (ZG_MECHANISM_BIT(ZG_M_ADAPTER) | ZG_MECHANISM_BIT(ZG_M_PAIRED) |                              \
     ZG_MECHANISM_BIT(ZG_M_RAGGED) | ZG_MECHANISM_BIT(ZG_M_TRIE) | ZG_MECHANISM_BIT(ZG_M_SCORED) | \
     ZG_MECHANISM_BIT(ZG_M_CANCEL) | ZG_MECHANISM_BIT(ZG_M_LAST) | ZG_MECHANISM_BIT(ZG_M_COMMON) | \
     ZG_MECHANISM_BIT(ZG_M_LAZY) | ZG_MECHANISM_BIT(ZG_M_BANK) | ZG_MECHANISM_BIT(ZG_M_CENTRED))

/* Features of the runtime on any provider. */
#define ZG_RUNTIME_FEATURES (ZG_FEATURE_BIT(ZG_F_OWN_V) | ZG_FEATURE_BIT(ZG_F_MOMENTUM))

/* The members of struct zg_engine; `engine` is the declaration, for checking options. */
enum zg_status zg_runtime_open(struct zg_engine_state **out, const struct zg_engine *engine,
                               const struct zg_provider *provider, const struct zg_model *model,
                               const struct zg_engine_options *options, struct zg_error *err);
enum zg_status zg_runtime_begin(struct zg_engine_state *state,
                                const struct zg_direction *directions, int64_t n,
                                struct zg_error *err);
enum zg_status zg_runtime_score(struct zg_engine_state *state, const struct zg_batch *batch,
                                const struct zg_probe *probes, int64_t n_probes,
                                struct zg_scores *out, struct zg_error *err);
enum zg_status zg_runtime_apply(struct zg_engine_state *state, const struct zg_update *updates,
                                int64_t n, float weight_decay, struct zg_error *err);
enum zg_status zg_runtime_apply_momentum(struct zg_engine_state *state,
                                         const struct zg_update *updates, int64_t n,
                                         struct zg_momentum momentum, float weight_decay,
                                         struct zg_error *err);
enum zg_status zg_runtime_retrace(struct zg_engine_state *state, const struct zg_probe *probes,
                                  int64_t n_probes, struct zg_error *err);
enum zg_status zg_runtime_read(struct zg_engine_state *state, int32_t tensor, int64_t row_begin,
                               int64_t n_rows, float *dst, int64_t ld, struct zg_error *err);
void zg_runtime_cost(const struct zg_engine_state *state, struct zg_cost *out);
void zg_runtime_close(struct zg_engine_state **state);

#endif
