/* fidelity.c - scores the same probes in an engine and in something more exact. */
#include "tests/engines/fidelity.h"

#include "engines/base/philox.h"
#include "tests/support/reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const float eps = 1e-3f;

static void *take(int64_t n, size_t size)
{
    void *p = calloc((size_t)n, size);
    if (!p) {
        fprintf(stderr, "fidelity: no memory\n");
        abort();
    }
    return p;
}

/* ---- sets ------------------------------------------------------------------------------ */

void zg_fidelity_open_random(struct zg_fidelity_set *set, const struct zg_model *model,
                             int64_t n_examples)
{
    *set = (struct zg_fidelity_set){.model = model};
    for (int64_t i = 0; i < ZG_FIDELITY_PAIRS; i++) {
        set->random[i] =
            zg_fixture_random_open((uint64_t)i, n_examples, zg_model_shape(model)->n_vocab);
        set->batches[i] = set->random[i]->batch;
    }
}

void zg_fidelity_open_text(struct zg_fidelity_set *set, const struct zg_model *model,
                           const int32_t *text, int64_t n_text, int64_t n_examples,
                           int64_t n_window)
{
    const int64_t n = ZG_FIDELITY_PAIRS * n_examples;
    *set = (struct zg_fidelity_set){.model = model,
                                    .examples = take(n, sizeof *set->examples),
                                    .options = take(n, sizeof *set->options)};
    uint32_t *word = take(n, sizeof *word);
    zg_philox_words(5, 0, ZG_STREAM_DATA, 0, n, word);
    for (int64_t i = 0; i < n; i++) {
        const int32_t *window = text + word[i] % (uint32_t)(n_text - n_window);
        set->options[i] = (struct zg_option){window + 1, n_window - 1};
        set->examples[i] = (struct zg_example){window, 1, &set->options[i], 1, 0};
    }
    for (int64_t i = 0; i < ZG_FIDELITY_PAIRS; i++)
        set->batches[i] =
            (struct zg_batch){set->examples + i * n_examples, n_examples, ZG_LOSS_LM, 1};
    free(word);
}

void zg_fidelity_close(struct zg_fidelity_set *set)
{
    for (int64_t i = 0; i < ZG_FIDELITY_PAIRS; i++)
        zg_fixture_random_close(&set->random[i]);
    free(set->examples);
    free(set->options);
    *set = (struct zg_fidelity_set){0};
}

/* ---- L+ - L- --------------------------------------------------------------------------- */

static struct zg_direction direction_of(int64_t pair)
{
    return (struct zg_direction){.kind = ZG_DIRECTION_LOWRANK,
                                 .scope = ZG_SCOPE_LINEAR,
                                 .rank = 2,
                                 .scale = 1.0f,
                                 .seed_u = 1000 + (uint64_t)pair,
                                 .seed_v = 7 + (uint64_t)pair / 50};
}

struct zg_engine_options zg_fidelity_options(const struct zg_fidelity_set *set,
                                             const struct zg_engine *engine, enum zg_dtype dtype,
                                             enum zg_dtype dtype_d)
{
    struct zg_engine_options o = zg_engine_options_default(engine);
    o.dtype = dtype;
    o.dtype_d = dtype_d;
    o.mechanisms = zg_engine_default_mechanisms(engine, dtype, dtype_d);
    o.n_threads = 1;
    static const struct zg_engine_setting onednn = {"gemm", "onednn"};
    if (strcmp(engine->name, "naive") == 0 && dtype != ZG_FP32) { /* what it has below fp32 */
        o.settings = &onednn;
        o.n_settings = 1;
    }
    for (int64_t i = 0; i < ZG_FIDELITY_PAIRS; i++)
        zg_engine_limits_include(&o.limits, &set->batches[i]);
    return o;
}

enum zg_status zg_fidelity_engine(const struct zg_fidelity_set *set, const struct zg_engine *engine,
                                  const struct zg_engine_options *options, int64_t n, double *delta,
                                  struct zg_error *err)
{
    struct zg_engine_state *state = NULL;
    enum zg_status status = engine->open(&state, set->model, options, err);
    for (int64_t i = 0; !status && i < n; i++) {
        const struct zg_direction direction = direction_of(i);
        const struct zg_probe probes[] = {{0, +eps}, {0, -eps}};
        double loss[2];
        struct zg_scores scores = {.loss = loss};
        status = engine->begin(state, &direction, 1, err);
        if (!status)
            status = engine->score(state, &set->batches[i], probes, 2, &scores, err);
        delta[i] = loss[0] - loss[1];
    }
    engine->close(&state);
    return status;
}

void zg_fidelity_reference(const struct zg_fidelity_set *set, int64_t n, double *delta)
{
#pragma omp parallel num_threads(2)
    {
        struct zg_reference *reference = NULL;
        zg_reference_open(&reference, set->model, NULL);
#pragma omp for schedule(dynamic)
        for (int64_t i = 0; i < n; i++) {
            const struct zg_direction direction = direction_of(i);
            zg_reference_add(reference, &direction, (double)eps);
            delta[i] = zg_reference_score(reference, &set->batches[i], NULL, NULL);
            zg_reference_add(reference, &direction, -2 * (double)eps);
            delta[i] -= zg_reference_score(reference, &set->batches[i], NULL, NULL);
            zg_reference_add(reference, &direction, (double)eps);
        }
        zg_reference_close(&reference);
    }
}

/* ---- the comparison -------------------------------------------------------------------- */

struct zg_fidelity zg_fidelity_compare(const double *delta, const double *truth, int64_t n)
{
    const double large = 0.005;
    double error = 0, size = 0;
    int64_t n_equal = 0, n_equal_large = 0, n_large = 0;
    for (int64_t i = 0; i < n; i++) {
        const bool equal = delta[i] * truth[i] > 0, is_large = fabs(truth[i]) >= large;
        error += (delta[i] - truth[i]) * (delta[i] - truth[i]);
        size += truth[i] * truth[i];
        n_equal += equal;
        n_large += is_large;
        n_equal_large += equal && is_large;
    }
    return (struct zg_fidelity){.rms = sqrt(error / size),
                                .sign = (double)n_equal / (double)n,
                                .sign_large =
                                    n_large ? (double)n_equal_large / (double)n_large : 1.0,
                                .n_large = n_large};
}
