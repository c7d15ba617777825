/*
 * runtime.c - the members of the ZO interface for the inference-style runtime: what they check, and
 * whom they ask.  open sizes every buffer.
 */
#include "engines/runtime/runtime.h"

#include <stdlib.h>
#include <string.h>

#include "engines/base/arena.h"
#include "engines/base/size.h"
#include "engines/interface/direction.h"
#include "engines/interface/momentum.h"
#include "engines/runtime/adapter.h"
#include "engines/runtime/attention.h"
#include "engines/runtime/bank.h"
#include "engines/runtime/calibrate.h"
#include "engines/runtime/logits.h"
#include "engines/runtime/mechanisms.h"
#include "engines/runtime/momentum.h"
#include "engines/runtime/score.h"
#include "engines/runtime/tables.h"
#include "engines/runtime/vectors.h"
#include "engines/runtime/weights.h"

/* Columns of the vocabulary per slice: a slice of logits of a usual batch stays in L2. */
#define SLICE 2048

/* ---- open ----------------------------------------------------------------------------------- */

/* Limits multiply into sizes; keeping each below 2^31 keeps every product of two and a float inside
 * int64_t, and zg_buffer_alloc() checks the rest. */
static enum zg_status check_limits(const struct zg_engine_limits *limits, struct zg_error *err)
{
    const int64_t values[] = {limits->max_examples,      limits->max_options,
                              limits->max_option_tokens, limits->max_tokens,
                              limits->max_padded_tokens, limits->max_length,
                              limits->max_probes,        limits->max_directions,
                              limits->max_rank,          limits->max_bank};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (values[i] > INT32_MAX)
            return zg_fail(err, ZG_USAGE, "a limit of %lld is beyond what fits in memory",
                           (long long)values[i]);
    const bool own_v = (limits->features & ZG_FEATURE_BIT(ZG_F_OWN_V)) != 0;
    int64_t n_columns = (own_v ? limits->max_directions : 1) * (limits->max_bank + 1);
    if (!zg_size_mul(limits->max_rank, limits->max_directions + n_columns, &n_columns) ||
        n_columns > INT32_MAX)
        return zg_fail(err, ZG_USAGE,
                       "%lld directions and a bank of %lld are too many columns at rank %lld",
                       (long long)limits->max_directions, (long long)limits->max_bank,
                       (long long)limits->max_rank);
    int64_t rows = 0;
    if (!zg_size_mul(limits->max_probes, zg_max64(limits->max_tokens, limits->max_padded_tokens),
                     &rows) ||
        rows > INT32_MAX)
        return zg_fail(err, ZG_USAGE, "%lld probes of %lld tokens are too many rows for one pass",
                       (long long)limits->max_probes,
                       (long long)zg_max64(limits->max_tokens, limits->max_padded_tokens));
    return ZG_OK;
}

/* add_lowrank() writes fp32 panels only: any other must never be written. */
static enum zg_status check_dtypes(const struct zg_engine_options *options, struct zg_error *err)
{
    const enum zg_dtype low = options->dtype != ZG_FP32 ? options->dtype : options->dtype_d;
    if (low == ZG_FP32 || options->mechanisms & ZG_MECHANISM_BIT(ZG_M_BANK))
        return ZG_OK;
    return zg_fail(err, ZG_USAGE,
                   "dtype %s needs mechanism 'bank': weights below fp32 are never written",
                   zg_dtype_name(low));
}

static struct zg_batch_plan_rules plan_rules(const struct zg_engine_state *s)
{
    return (struct zg_batch_plan_rules){
        .trie = zg_has(s, ZG_M_TRIE),
        .ragged = zg_has(s, ZG_M_RAGGED),
        .scored = zg_has(s, ZG_M_SCORED),
        .cancel = zg_has(s, ZG_M_CANCEL),
    };
}

static enum zg_status open_plans(struct zg_engine_state *s, struct zg_error *err)
{
    const struct zg_batch_plan_rules rules = plan_rules(s);
    s->useful_apart = !(rules.trie && rules.scored && rules.cancel);
    const enum zg_status status = zg_batch_plan_open(&s->plan, &s->options.limits, &rules, err);
    return status ? status : zg_useful_open(&s->useful, &s->options.limits, err);
}

/* Strides of all activations; the panels are told before they are packed. */
static void set_strides(struct zg_engine_state *s)
{
    const int64_t d = s->shape.d_model, extra = zg_adapter_max_extra(s), pad = ZG_KERNEL_PAD;
    s->act.x.ld = s->act.scored.ld = zg_round_up(d, pad);
    s->act.h.ld = zg_round_up(d + ZG_MAX_GROUPS * extra, pad);
    s->act.wide.ld =
        zg_round_up(zg_max64(zg_round_up(2 * d, pad) + d, s->shape.d_ffn + extra), pad);
    s->act.t.ld = zg_round_up(ZG_MAX_GROUPS * zg_bank_max_v(s) * s->options.limits.max_rank, pad);
    s->act.slice.ld = zg_min64(SLICE, zg_round_up(s->shape.n_vocab, pad));
}

static enum zg_status open_activations(struct zg_engine_state *s, struct zg_error *err)
{
    const struct zg_engine_limits *limits = &s->options.limits;
    const struct zg_batch_plan_rules rules = plan_rules(s);
    const int64_t n_probes = zg_has(s, ZG_M_PAIRED) ? limits->max_probes : 1;
    const int64_t rows = n_probes * zg_batch_plan_max_rows(limits, &rules);
    const int64_t scored = n_probes * zg_batch_plan_max_scored(limits, &rules);
    const size_t size = sizeof(float);
    enum zg_status status = ZG_OK;
    s->act.x.data = zg_state_take(s, rows * s->act.x.ld, size, "activations", &status, err);
    s->act.h.data = zg_state_take(s, rows * s->act.h.ld, size, "activations", &status, err);
    s->act.wide.data = zg_state_take(s, rows * s->act.wide.ld, size, "activations", &status, err);
    s->act.scored.data =
        zg_state_take(s, scored * s->act.scored.ld, size, "activations", &status, err);
    s->act.t.data = zg_state_take(s, rows * s->act.t.ld, size, "activations", &status, err);
    s->act.slice.data = zg_state_take(s, scored * s->act.slice.ld, size, "logits", &status, err);
    s->act.logit =
        zg_state_take(s, n_probes * limits->max_option_tokens, size, "logits", &status, err);
    s->act.max = zg_state_take(s, scored, sizeof *s->act.max, "log-sum-exps", &status, err);
    s->act.sum = zg_state_take(s, scored, sizeof *s->act.sum, "log-sum-exps", &status, err);
    const int64_t examples = n_probes * limits->max_examples;
    s->act.next_logit = zg_state_take(s, examples, size, "logits", &status, err);
    s->act.next_token =
        zg_state_take(s, examples, sizeof *s->act.next_token, "tokens", &status, err);

    if (zg_has(s, ZG_M_CENTRED)) {
        s->paired = zg_state_take(s, n_probes, sizeof *s->paired, "probes", &status, err);
        s->slot_probes = zg_state_take(s, n_probes, sizeof *s->slot_probes, "probes", &status, err);
    }

    /* A thread's scratch holds what attention gathers, or a stripe of V, or a row's scaled t. */
    s->scratch.max_keys =
        zg_round_up(zg_max64(zg_round_up(limits->max_length, ZG_PLAN_PAD), 1), ZG_KERNEL_PAD);
    s->scratch.thread_floats = zg_round_up(
        zg_max64(zg_attention_scratch(s), ZG_STRIPE * limits->max_rank), 16 * ZG_KERNEL_PAD);
    s->scratch.data = zg_state_take(s, s->options.n_threads * s->scratch.thread_floats, size,
                                    "scratch", &status, err);
    if (!status) /* lanes past head_dim are multiplied by nothing, but must be finite */
        memset(s->scratch.data, 0,
               (size_t)(s->options.n_threads * s->scratch.thread_floats) * size);
    return status;
}

static enum zg_status open_provider(struct zg_engine_state *s, struct zg_error *err)
{
    const struct zg_engine_limits *limits = &s->options.limits;
    const struct zg_batch_plan_rules rules = plan_rules(s);
    const struct zg_provider_options options = {
        .dtypes = 1u << s->options.dtype | 1u << s->options.dtype_d,
        .n_threads = s->options.n_threads,
        .max_rows = zg_max64(1, (zg_has(s, ZG_M_PAIRED) ? limits->max_probes : 1) *
                                    zg_batch_plan_max_rows(limits, &rules)),
        .max_in = zg_model_max_cols(&s->shape),
        .max_extra = zg_adapter_max_extra(s),
        .packed = s->provider->can_pack && zg_has(s, ZG_M_PACKED),
    };
    return s->provider->open(&s->provider_state, &options, err);
}

enum zg_status zg_runtime_open(struct zg_engine_state **out, const struct zg_engine *engine,
                               const struct zg_provider *provider, const struct zg_model *model,
                               const struct zg_engine_options *options, struct zg_error *err)
{
    struct zg_engine_state *s = NULL;
    *out = NULL;
    enum zg_status status = zg_engine_options_check(engine, options, err);
    if (!status)
        status = zg_mechanisms_check(options->mechanisms, err);
    if (!status)
        status = check_dtypes(options, err);
    if (!status)
        status = check_limits(&options->limits, err);
    if (status)
        return status;
    s = calloc(1, sizeof *s);
    if (!s)
        return zg_fail(err, ZG_ENV, "no memory for engine %s", engine->name);
    s->engine = engine;
    s->provider = provider;
    s->model = model;
    s->shape = *zg_model_shape(model);
    s->options = *options;
    set_strides(s);
    status = zg_runtime_kernels_choose(&s->kernels, err);
    if (!status)
        status = open_plans(s, err);
    if (!status)
        status = open_provider(s, err);
    if (!status)
        status = zg_weights_open(s, err);
    if (!status)
        status = zg_adapter_open(s, err);
    if (!status)
        status = zg_tables_open(s, err);
    if (!status)
        status = zg_vectors_open(s, err);
    if (!status)
        status = zg_logits_open(s, err);
    status = zg_momentum_open(s, err);
    if (!status)
        status = open_activations(s, err);
    if (!status)
        status = zg_calibrate_run(s, err);
    s->options.settings = NULL; /* borrowed during open */
    s->options.n_settings = 0;
    if (status)
        zg_runtime_close(&s);
    *out = s;
    return status;
}

void zg_runtime_close(struct zg_engine_state **state)
{
    if (!state || !*state)
        return;
    struct zg_engine_state *s = *state;
    zg_weights_close(s);
    if (s->provider_state)
        s->provider->close(&s->provider_state);
    zg_batch_plan_close(&s->plan);
    zg_useful_close(&s->useful);
    for (int64_t i = 0; i < s->n_owned; i++)
        zg_buffer_free(s->owned[i]);
    free(s);
    *state = NULL;
}

/* ---- steps ---------------------------------------------------------------------------------- */

enum zg_status zg_runtime_begin(struct zg_engine_state *s, const struct zg_direction *directions,
                                int64_t n, struct zg_error *err)
{
    const enum zg_status status =
        zg_directions_check(s->engine, &s->options.limits, &s->shape, directions, n, err);
    if (status)
        return status;
    for (int64_t i = 0; i < n; i++)
        if (directions[i].scope == ZG_SCOPE_FULL && !zg_is_open_for_full(s))
            return zg_fail(err, ZG_USAGE,
                           "direction %lld: scope full; engine %s was opened for scope linear",
                           (long long)i, s->engine->name);
    s->meter.cost = (struct zg_cost){0};
    return zg_adapter_begin(s, directions, n, err);
}

enum zg_status zg_runtime_score(struct zg_engine_state *s, const struct zg_batch *batch,
                                const struct zg_probe *probes, int64_t n_probes,
                                struct zg_scores *out, struct zg_error *err)
{
    zg_phase_start(s, ZG_PHASE_PLAN);
    const enum zg_status status = zg_batch_check(batch, probes, n_probes, s->lowrank.n_directions,
                                                 &s->options.limits, &s->shape, err);
    if (status)
        return status;
    zg_score_run(s, batch, probes, n_probes, out);
    return ZG_OK;
}

static enum zg_status check_decay(const struct zg_engine_state *s, float weight_decay,
                                  struct zg_error *err)
{
    if (weight_decay == 0.0f)
        return ZG_OK;
    return zg_fail(err, ZG_USAGE,
                   "weight decay %g: engine %s takes 0 only, its updates stay low-rank",
                   (double)weight_decay, s->engine->name);
}

enum zg_status zg_runtime_apply(struct zg_engine_state *s, const struct zg_update *updates,
                                int64_t n, float weight_decay, struct zg_error *err)
{
    const enum zg_status status = check_decay(s, weight_decay, err);
    if (status)
        return status;
    for (int64_t i = 0; i < n; i++)
        if (updates[i].direction < 0 || updates[i].direction >= s->lowrank.n_directions)
            return zg_fail(err, ZG_USAGE, "update %lld: direction %d of %lld announced",
                           (long long)i, (int)updates[i].direction,
                           (long long)s->lowrank.n_directions);
    zg_adapter_apply(s, updates, n);
    zg_phase_start(s, ZG_PHASE_OTHER);
    return ZG_OK;
}

enum zg_status zg_runtime_apply_momentum(struct zg_engine_state *s, const struct zg_update *updates,
                                         int64_t n, struct zg_momentum momentum, float weight_decay,
                                         struct zg_error *err)
{
    enum zg_status status = check_decay(s, weight_decay, err);
    if (!status)
        status =
            zg_momentum_check(&s->options.limits, s->lowrank.directions, s->lowrank.n_directions,
                              updates, n, momentum.keep == 0.0f ? 0 : s->lowrank.m_rank, err);
    if (status)
        return status;
    zg_momentum_update(s, updates, n, momentum.keep);
    zg_adapter_apply_m(s, momentum.rate);
    zg_phase_start(s, ZG_PHASE_OTHER);
    return ZG_OK;
}

enum zg_status zg_runtime_retrace(struct zg_engine_state *s, const struct zg_probe *probes,
                                  int64_t n_probes, struct zg_error *err)
{
    for (int64_t p = 0; p < n_probes; p++)
        if (probes[p].direction < 0 || probes[p].direction >= s->lowrank.n_directions)
            return zg_fail(err, ZG_USAGE, "probe %lld: direction %d of %lld announced",
                           (long long)p, (int)probes[p].direction,
                           (long long)s->lowrank.n_directions);
    if (!zg_has(s, ZG_M_ADAPTER))
        zg_score_retrace(s, probes, n_probes);
    return ZG_OK;
}

void zg_runtime_cost(const struct zg_engine_state *s, struct zg_cost *out)
{
    *out = s->meter.cost;
}

/* Rows of what is no panel. */
static void read_other(const struct zg_engine_state *s, int32_t tensor, int64_t row_begin,
                       int64_t n_rows, float *dst, int64_t ld)
{
    const struct zg_table *table = zg_tables_find(s, tensor);
    const float *vector = table ? NULL : zg_vectors_find(s, tensor);
    for (int64_t i = 0; i < n_rows; i++) {
        const int64_t row = row_begin + i;
        if (table) {
            memcpy(dst + i * ld, table->data + row * table->n_cols,
                   (size_t)table->n_cols * sizeof *dst);
            zg_tables_add_kept(s, table, row, dst + i * ld);
        } else {
            dst[i * ld] = vector[row];
        }
    }
}

enum zg_status zg_runtime_read(struct zg_engine_state *s, int32_t tensor, int64_t row_begin,
                               int64_t n_rows, float *dst, int64_t ld, struct zg_error *err)
{
    int64_t tensor_rows, n_cols, group = 0;
    if (!zg_model_tensor_size(&s->shape, tensor, &tensor_rows, &n_cols))
        return zg_fail(err, ZG_USAGE, "tensor %d does not exist in this model", (int)tensor);
    if (row_begin < 0 || n_rows < 0 || row_begin > tensor_rows ||
        n_rows > tensor_rows - row_begin || ld < n_cols)
        return zg_fail(err, ZG_USAGE,
                       "tensor %d: rows %lld to %lld of %lld, stride %lld of %lld columns",
                       (int)tensor, (long long)row_begin, (long long)row_begin + (long long)n_rows,
                       (long long)tensor_rows, (long long)ld, (long long)n_cols);
    const struct zg_linear *linear = zg_weights_find(s, tensor, &group);
    if (!linear) {
        read_other(s, tensor, row_begin, n_rows, dst, ld);
        return ZG_OK;
    }
    s->provider->read(s->provider_state, linear->panel, group, row_begin, n_rows, dst, ld);
    zg_bank_add(s, linear, group, row_begin, n_rows, dst, ld);
    return ZG_OK;
}
