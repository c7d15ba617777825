/* conformance.c - the rig of conformance.h: an engine beside the reference. */
#include "tests/engines/conformance.h"

#include "engines/base/size.h"
#include "engines/interface/direction.h"
#include "tests/support/fixtures.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct zg_conformance *zg_conformance_subject;

bool zg_rig_expect(bool condition, const char *format, ...)
{
    if (!condition) {
        va_list args;
        va_start(args, format);
        printf("\n    ");
        vprintf(format, args);
        va_end(args);
    }
    CU_ASSERT(condition);
    return condition;
}

static bool rig_open(struct zg_rig *rig, const struct zg_model_shape *shape, uint32_t mechanisms,
                     int64_t n_threads, uint32_t scopes, const struct zg_algorithm_choice *choice)
{
    const struct zg_conformance *subject = zg_conformance_subject;
    struct zg_error err = {0};
    *rig = (struct zg_rig){.engine = subject->engine};
    rig->options = zg_engine_options_default(subject->engine);
    rig->options.dtype = rig->options.dtype_d = subject->dtype;
    rig->options.n_threads = n_threads;
    rig->options.mechanisms = mechanisms;
    rig->options.settings = subject->settings;
    rig->options.n_settings = subject->n_settings;
    rig->options.limits.max_probes = 5;
    rig->options.limits.max_directions = 3;
    rig->options.limits.max_rank = 5;
    rig->options.limits.max_bank = 12; /* eleven steps, and zg_rig_sharpen() */
    rig->options.limits.scopes = scopes;
    if (choice)
        (void)zg_algorithm_needs(choice, &rig->options.limits);
    const struct zg_batch *batch;
    for (int64_t i = 0; (batch = zg_fixture_batch(i, NULL)); i++)
        zg_engine_limits_include(&rig->options.limits, batch);
    enum zg_status status = zg_model_open_shape(&rig->model, "rig", shape, 7, &err);
    if (!status && subject->n_resident > 0)
        status =
            zg_model_alias_layers(rig->model, zg_min64(subject->n_resident, shape->n_layers), &err);
    if (!status) {
        rig->shape = *zg_model_shape(rig->model);
        status = rig->engine->open(&rig->state, rig->model, &rig->options, &err);
    }
    if (!status)
        status = zg_reference_open(&rig->reference, rig->model, &err);
    if (!zg_rig_expect(status == ZG_OK, "open: %s", err.text)) {
        zg_rig_close(rig);
        return false;
    }
    return true;
}

bool zg_rig_open(struct zg_rig *rig, const struct zg_model_shape *shape, uint32_t mechanisms,
                 int64_t n_threads)
{
    return rig_open(rig, shape, mechanisms, n_threads, 0, NULL);
}

bool zg_rig_open_for(struct zg_rig *rig, const struct zg_model_shape *shape, uint32_t mechanisms,
                     int64_t n_threads, uint32_t scopes)
{
    return rig_open(rig, shape, mechanisms, n_threads, scopes, NULL);
}

bool zg_rig_open_algorithm(struct zg_rig *rig, const struct zg_model_shape *shape,
                           uint32_t mechanisms, int64_t n_threads,
                           const struct zg_algorithm_choice *choice)
{
    return rig_open(rig, shape, mechanisms, n_threads, 0, choice);
}

void zg_rig_close(struct zg_rig *rig)
{
    rig->engine->close(&rig->state);
    zg_reference_close(&rig->reference);
    zg_model_close(&rig->model);
}

struct zg_direction zg_rig_direction(uint64_t seed_u, uint64_t seed_v, int64_t rank)
{
    return (struct zg_direction){.kind = ZG_DIRECTION_LOWRANK,
                                 .scope = ZG_SCOPE_LINEAR,
                                 .rank = rank,
                                 .scale = 1.0f,
                                 .seed_u = seed_u,
                                 .seed_v = seed_v};
}

void zg_rig_sharpen(struct zg_rig *rig)
{
    struct zg_error err = {0};
    const float amount = 0.1f;
    const struct zg_direction direction = zg_rig_direction(900, 901, 4);
    const struct zg_update update = {0, -amount};
    enum zg_status status = rig->engine->begin(rig->state, &direction, 1, &err);
    if (!status)
        status = rig->engine->apply(rig->state, &update, 1, 0.0f, &err);
    zg_rig_expect(status == ZG_OK, "sharpen: %s", err.text);
    zg_reference_add(rig->reference, &direction, (double)amount);
    rig->n_writes += zg_rig_writes(rig);
}

bool zg_rig_writes(const struct zg_rig *rig)
{
    return !(rig->options.mechanisms & ZG_MECHANISM_BIT(ZG_M_ADAPTER));
}

double zg_rig_unit(const struct zg_rig *rig)
{
    static const double unit[ZG_N_DTYPES] = {0x1p-24, 0x1p-9, 0x1p-12, 0x1p-8};
    return unit[rig->options.dtype];
}

/* Each write of weights rounds them, and they drift.  After a comparison the reference
 * takes the engine's, so that the next one starts from equal weights. */
static void follow(struct zg_rig *rig)
{
    for (int32_t id = 0; id < zg_tensor_end(zg_shape_n_resident(&rig->shape)); id++) {
        int64_t n_rows, n_cols;
        if (!zg_model_tensor_size(&rig->shape, id, &n_rows, &n_cols))
            continue;
        float *row = calloc((size_t)n_cols, sizeof *row);
        for (int64_t i = 0; i < n_rows; i++) {
            const enum zg_status status =
                rig->engine->read(rig->state, id, i, 1, row, n_cols, NULL);
            zg_rig_expect(status == ZG_OK, "read: status %d", (int)status);
            zg_reference_set(rig->reference, id, i, row);
        }
        free(row);
    }
    rig->n_writes = 0;
}

/*
 * How far rounding may move a loss.  u is the unit roundoff.  A sum of k random terms in some order
 * differs from the exact one by about 0.4 u sqrt(k) of its size (its partial sums are a random
 * walk, each rounded).  A layer chains 6 products and 2 norms, the head is one more product: 8
 * layers + 2 independent errors, each passed on by what follows. So one standard deviation of a
 * score of size |s| is about 0.4 u sqrt(k) sqrt(8 layers + 2) (1 + |s|), and 2 in the place of 0.4
 * allows five of them, as thousands of numbers are compared.  Visits of the same resident
 * layer repeat the errors of its weights, which add up: n visits count as n^2.  A wrong mask,
 * position or head costs 1e-3 and more.
 *
 * Each time that a loop wrote W (conformance.h, n_writes) is one more rounding of about 0.4 u in
 * the number's own size.  Below fp32 the sums are fp32 still: in the place of k roundings each
 * number of a product has that of x and that of W.
 */
double zg_rig_tolerance(const struct zg_rig *rig, double value)
{
    const bool low = rig->options.dtype != ZG_FP32;
    const int64_t k = rig->n_writes + (low ? 2 : zg_max64(rig->shape.d_ffn, rig->shape.d_model));
    const double n_visits =
        (double)zg_ceil_div(rig->shape.n_layers, zg_shape_n_resident(&rig->shape));
    const double errors = 8 * (double)rig->shape.n_layers * n_visits + 2;
    return 2 * zg_rig_unit(rig) * sqrt((double)k) * sqrt(errors) * (1 + fabs(value));
}

/* One probe's numbers. */
static bool compare_probe(const struct zg_rig *rig, const char *what, const struct zg_batch *batch,
                          int64_t probe, const struct zg_scores *got, double want_loss,
                          const double *want_example, const double *want_score)
{
    const int64_t n_options = zg_fixture_n_options(batch);
    bool equal = true;
    const double loss = got->loss[probe];
    equal &=
        zg_rig_expect(fabs(loss - want_loss) <= zg_rig_tolerance(rig, want_loss),
                      "%s, probe %d: loss %.9g, reference %.9g", what, (int)probe, loss, want_loss);
    for (int64_t e = 0; equal && e < batch->n_examples; e++) {
        const double x = got->example_loss[probe * batch->n_examples + e];
        equal &= zg_rig_expect(fabs(x - want_example[e]) <= zg_rig_tolerance(rig, want_example[e]),
                               "%s, probe %d: example %d's loss %.9g, reference %.9g", what,
                               (int)probe, (int)e, x, want_example[e]);
    }
    for (int64_t o = 0; equal && o < n_options; o++) {
        const double x = got->option_score[probe * n_options + o];
        equal &= zg_rig_expect(fabs(x - want_score[o]) <= zg_rig_tolerance(rig, want_score[o]),
                               "%s, probe %d: option %d's score %.9g, reference %.9g", what,
                               (int)probe, (int)o, x, want_score[o]);
    }
    return equal;
}

bool zg_rig_compare(struct zg_rig *rig, const char *what, const struct zg_batch *batch,
                    const struct zg_direction *directions, int64_t n_directions,
                    const struct zg_probe *probes, int64_t n_probes)
{
    struct zg_error err = {0};
    const int64_t n_options = zg_fixture_n_options(batch);
    const size_t n = (size_t)(n_probes * (1 + batch->n_examples + n_options));
    double *values = calloc(n, sizeof *values), *want_example = NULL, *want_score = NULL;
    /* Twice: with option scores, and with losses alone, where an engine may leave out the
     * normaliser. */
    double *losses = calloc((size_t)n_probes, sizeof *losses);
    want_example = calloc((size_t)batch->n_examples, sizeof *want_example);
    want_score = calloc((size_t)n_options, sizeof *want_score);
    struct zg_scores full = {.loss = values,
                             .example_loss = values + n_probes,
                             .option_score = values + n_probes + n_probes * batch->n_examples};
    struct zg_scores alone = {.loss = losses};
    enum zg_status status = rig->engine->begin(rig->state, directions, n_directions, &err);
    if (!status)
        status = rig->engine->score(rig->state, batch, probes, n_probes, &full, &err);
    if (!status)
        status = rig->engine->score(rig->state, batch, probes, n_probes, &alone, &err);
    bool equal = zg_rig_expect(status == ZG_OK, "%s: %s", what, err.text);
    if (zg_rig_writes(rig)) /* to and from each probe, twice */
        rig->n_writes += 4 * n_probes;
    for (int64_t p = 0; equal && p < n_probes; p++) {
        const struct zg_direction *d = &directions[probes[p].direction];
        zg_reference_add(rig->reference, d, (double)probes[p].coefficient);
        const double want = zg_reference_score(rig->reference, batch, want_example, want_score);
        zg_reference_add(rig->reference, d, -(double)probes[p].coefficient);
        equal = compare_probe(rig, what, batch, p, &full, want, want_example, want_score) &&
                zg_rig_expect(fabs(losses[p] - want) <= zg_rig_tolerance(rig, want),
                              "%s, probe %d: loss without scores %.9g, reference %.9g", what,
                              (int)p, losses[p], want);
    }
    if (zg_rig_writes(rig))
        follow(rig);
    free(values);
    free(losses);
    free(want_example);
    free(want_score);
    return equal;
}

double zg_rig_weight_difference(struct zg_rig *rig, double *scale)
{
    double difference = 0, largest = 0;
    for (int32_t id = 0; id < zg_tensor_end(rig->shape.n_layers); id++) {
        int64_t n_rows, n_cols;
        if (!zg_model_tensor_size(&rig->shape, id, &n_rows, &n_cols))
            continue;
        const int64_t ld = n_cols + 3; /* a stride of its own: read() must honour it */
        float *w = calloc((size_t)(n_rows * ld), sizeof *w);
        struct zg_error err = {0};
        const enum zg_status status = rig->engine->read(rig->state, id, 0, n_rows, w, ld, &err);
        zg_rig_expect(status == ZG_OK, "read: %s", err.text);
        for (int64_t i = 0; i < n_rows; i++)
            for (int64_t j = 0; j < n_cols; j++) {
                const double want = zg_reference_weight(rig->reference, id, i, j);
                difference = fmax(difference, fabs((double)w[i * ld + j] - want));
                largest = fmax(largest, fabs(want));
            }
        free(w);
    }
    if (scale)
        *scale = largest;
    return difference;
}

int zg_conformance_run(const struct zg_conformance *subject)
{
    zg_conformance_subject = subject;
    const struct zg_test *groups[] = {zg_conformance_scores,     zg_conformance_next,
                                      zg_conformance_steps,      zg_conformance_full,
                                      zg_conformance_algorithms, zg_conformance_passes,
                                      zg_conformance_contract};
    struct zg_test all[64];
    size_t n = 0;
    for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++)
        for (const struct zg_test *t = groups[g]; t->name && n + 1 < sizeof all / sizeof all[0];
             t++)
            all[n++] = *t;
    all[n] = (struct zg_test){NULL, NULL};
    return zg_test_run(subject->engine->name, all);
}
