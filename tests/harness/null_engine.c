/* null_engine.c - an engine that takes its losses and times from a script. */
#include "tests/harness/null_engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/philox.h"
#include "harness/base/clock.h"

/* Numeric settings, in the order of struct script's array. */
enum number {
    LOSS,
    SLOPE,
    STEP_US,
    JITTER_US,
    SEED,
    DRIFT_US,
    WARM_US,
    IS_NAN,
    WEIGHT,
    LOW_SLOPE,
    N_NUMBERS
};

struct zg_engine_state {
    double number[N_NUMBERS];
    const char *fail;             /* the call that fails, or "" */
    const struct zg_model *model; /* NULL: any tensor will do */
    int64_t n_scores;
    void (*on_phase)(void *context, enum zg_phase phase);
    void *on_phase_context;
};

static const struct zg_engine_setting_doc docs[N_NUMBERS + 2] = {
    [LOSS] = {.key = "loss", .choices = "number", .default_value = "2.0"},
    [SLOPE] = {.key = "slope", .choices = "number", .default_value = "1.0"},
    [STEP_US] = {.key = "step_us", .choices = "number", .default_value = "0"},
    [JITTER_US] = {.key = "jitter_us", .choices = "number", .default_value = "0"},
    [SEED] = {.key = "seed", .choices = "number", .default_value = "1"},
    [DRIFT_US] = {.key = "drift_us", .choices = "number", .default_value = "0"},
    [WARM_US] = {.key = "warm_us", .choices = "number", .default_value = "0"},
    [IS_NAN] = {.key = "nan", .choices = "0|1", .default_value = "0"},
    [WEIGHT] = {.key = "weight", .choices = "number", .default_value = "0.5"},
    [LOW_SLOPE] = {.key = "low_slope", .choices = "number", .default_value = "0"},
    [N_NUMBERS] = {.key = "fail",
                   .choices = "none|open|begin|score|apply|read",
                   .default_value = "none"},
    [N_NUMBERS + 1] = {.key = NULL},
};

static const char *const failures[] = {"open", "begin", "score", "apply", "read"};

/* The call's name if it is scripted to fail. */
static enum zg_status scripted(const struct zg_engine_state *state, const char *call,
                               struct zg_error *err)
{
    return strcmp(state->fail, call)
               ? ZG_OK
               : zg_fail(err, ZG_ENV, "null engine: %s fails as scripted", call);
}

static enum zg_status read_settings(struct zg_engine_state *state,
                                    const struct zg_engine_options *options, struct zg_error *err)
{
    state->fail = "";
    for (int i = 0; i < N_NUMBERS; i++)
        state->number[i] = strtod(docs[i].default_value, NULL);
    for (int64_t s = 0; s < options->n_settings; s++) {
        const char *const key = options->settings[s].key, *const value = options->settings[s].value;
        bool known = false;
        for (int i = 0; i < N_NUMBERS; i++) {
            if (!strcmp(key, docs[i].key)) {
                char *end;
                state->number[i] = strtod(value, &end);
                known = end != value && !*end;
            }
        }
        known |= !strcmp(key, "fail") && !strcmp(value, "none");
        for (size_t i = 0; !strcmp(key, "fail") && i < sizeof failures / sizeof *failures; i++) {
            if (!strcmp(value, failures[i])) {
                state->fail = failures[i];
                known = true;
            }
        }
        if (!known)
            return zg_fail(err, ZG_USAGE, "null engine: %s=%s makes no sense", key, value);
    }
    return ZG_OK;
}

static enum zg_status null_open(struct zg_engine_state **out, const struct zg_model *model,
                                const struct zg_engine_options *options, struct zg_error *err)
{
    *out = NULL;
    struct zg_engine_state *state = calloc(1, sizeof *state);
    if (!state)
        return zg_fail(err, ZG_ENV, "null engine: no memory");
    state->model = model;
    state->on_phase = options->on_phase;
    state->on_phase_context = options->on_phase_context;
    enum zg_status status = read_settings(state, options, err);
    if (options->dtype != ZG_FP32 || options->dtype_d != ZG_FP32)
        state->number[SLOPE] += state->number[LOW_SLOPE];
    if (!status)
        status = scripted(state, "open", err);
    if (status)
        zg_engine_null.close(&state);
    *out = state;
    return status;
}

static enum zg_status null_begin(struct zg_engine_state *state,
                                 const struct zg_direction *directions, int64_t n,
                                 struct zg_error *err)
{
    (void)directions;
    (void)n;
    return scripted(state, "begin", err);
}

static void mark(const struct zg_engine_state *state, enum zg_phase phase)
{
    if (state->on_phase)
        state->on_phase(state->on_phase_context, phase);
}

/* Spins, because a sleep's length is the scheduler's. */
static void burn(double us)
{
    const int64_t end = zg_clock_wall_ns() + (int64_t)(us * 1e3);
    while (zg_clock_wall_ns() < end) {
    }
}

static enum zg_status null_score(struct zg_engine_state *state, const struct zg_batch *batch,
                                 const struct zg_probe *probes, int64_t n_probes,
                                 struct zg_scores *out, struct zg_error *err)
{
    const double *const v = state->number;
    const int64_t step = state->n_scores++;
    const uint64_t word = zg_seed_derive((uint64_t)v[SEED], (uint64_t)step) >> 11;
    mark(state, ZG_PHASE_HEAD);
    burn(v[STEP_US] + v[JITTER_US] * (double)word * 0x1p-53 + v[DRIFT_US] * (double)step +
         (step ? 0 : v[WARM_US]));
    mark(state, ZG_PHASE_OTHER);
    int64_t n_options = 0;
    for (int64_t e = 0; e < batch->n_examples; e++)
        n_options += batch->examples[e].n_options;
    for (int64_t p = 0; p < n_probes; p++) {
        const double loss =
            v[IS_NAN] != 0 ? NAN : v[LOSS] + v[SLOPE] * (double)probes[p].coefficient;
        out->loss[p] = loss;
        for (int64_t e = 0; out->example_loss && e < batch->n_examples; e++)
            out->example_loss[p * batch->n_examples + e] = loss;
        for (int64_t e = 0; out->next_token && e < batch->n_examples; e++)
            out->next_token[p * batch->n_examples + e] = 0;
        for (int64_t o = 0; out->option_score && o < n_options; o++)
            out->option_score[p * n_options + o] = -loss;
    }
    return scripted(state, "score", err);
}

static enum zg_status null_apply(struct zg_engine_state *state, const struct zg_update *updates,
                                 int64_t n, float weight_decay, struct zg_error *err)
{
    (void)updates;
    (void)n;
    (void)weight_decay;
    return scripted(state, "apply", err);
}

static enum zg_status null_read(struct zg_engine_state *state, int32_t tensor, int64_t row_begin,
                                int64_t n_rows, float *dst, int64_t ld, struct zg_error *err)
{
    int64_t n_rows_of_tensor = 0, n_cols = 0;
    if (state->model &&
        (!zg_model_tensor_size(zg_model_shape(state->model), tensor, &n_rows_of_tensor, &n_cols) ||
         row_begin + n_rows > n_rows_of_tensor))
        return zg_fail(err, ZG_USAGE, "null engine: the model has no such rows");
    for (int64_t i = 0; i < n_rows * ld; i++)
        dst[i] = (float)state->number[WEIGHT];
    return scripted(state, "read", err);
}

static void null_cost(const struct zg_engine_state *state, struct zg_cost *out)
{
    (void)state;
    *out = (struct zg_cost){
        .useful_flops = 1e6, .executed_flops = 2e6, .phase_flops[ZG_PHASE_HEAD] = 2e6, .n_rows = 1};
}

static void null_close(struct zg_engine_state **state)
{
    if (state) {
        free(*state);
        *state = NULL;
    }
}

const struct zg_engine zg_engine_null = {
    .name = "null",
    .summary = "computes nothing: scripted losses and times, to test the harness",
    .interface_version = ZG_INTERFACE_VERSION,
    .dtypes = (1u << ZG_N_DTYPES) - 1,
    .mechanisms = (1u << ZG_N_MECHANISMS) - 1,
    .direction_kinds = 0xf,
    .scopes = 0x3,
    .settings = docs,
    .open = null_open,
    .begin = null_begin,
    .score = null_score,
    .apply = null_apply,
    .read = null_read,
    .cost = null_cost,
    .close = null_close,
};
