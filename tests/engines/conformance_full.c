/* conformance_full.c - directions of scope full: losses, whole steps and weights, where embeddings,
 * head, positions, biases and norms move too; and of scope linear those that leave layers alone. */
#include "tests/engines/conformance.h"

#include "engines/algorithm/step.h"
#include "tests/support/fixtures.h"
#include "tests/support/malloc_count.h"

#include <math.h>
#include <stdio.h>

/* Clean, both signs, a second direction under the same V, one sign alone. */
static const struct zg_probe many_probes[] = {
    {0, 1e-2f}, {0, -1e-2f}, {0, 0.0f}, {1, 2e-2f}, {2, -3e-2f}};
/* Two pairs, one inside the other and its minus first: what mechanism `centred` takes. */
static const struct zg_probe pairs[] = {{2, -3e-2f}, {0, 1e-2f}, {0, -1e-2f}, {2, 3e-2f}};

static struct zg_direction full(uint64_t seed_u, uint64_t seed_v, int64_t rank)
{
    struct zg_direction direction = zg_rig_direction(seed_u, seed_v, rank);
    direction.scope = ZG_SCOPE_FULL;
    direction.scale = 0.7f;
    return direction;
}

static bool open_full(struct zg_rig *rig, const struct zg_model_shape *shape, uint32_t mechanisms,
                      int64_t n_threads)
{
    return zg_rig_open_for(rig, shape, mechanisms, n_threads, ZG_SCOPE_BIT(ZG_SCOPE_FULL));
}

static void update_by(struct zg_rig *rig, const struct zg_direction *direction, float amount)
{
    struct zg_error err = {0};
    const struct zg_update update = {0, -amount};
    enum zg_status status = rig->engine->begin(rig->state, direction, 1, &err);
    status = status ? status : rig->engine->apply(rig->state, &update, 1, 0.0f, &err);
    zg_rig_expect(status == ZG_OK, "update: %s", err.text);
    zg_reference_add(rig->reference, direction, (double)amount);
    rig->n_writes += zg_rig_writes(rig);
}

/* As zg_rig_sharpen(), of all tensors: what is pending then is of embedding and head too. */
static void sharpen(struct zg_rig *rig)
{
    const struct zg_direction direction = full(900, 901, 4);
    update_by(rig, &direction, 0.1f);
}

/* Every batch, or those of `names`; the rank's directions share V. */
static bool compare(struct zg_rig *rig, const char *what, const char *const *names, int64_t rank,
                    const struct zg_probe *probes, int64_t n_probes)
{
    const struct zg_direction directions[] = {full(11, 5, rank), full(12, 5, rank),
                                              full(13, 5, rank)};
    const struct zg_batch *batch;
    const char *name;
    for (int64_t i = 0; (batch = zg_fixture_batch(i, &name)); i++) {
        char where[320];
        if (names && !names[i])
            break;
        if (names)
            batch = zg_fixture_batch_find(name = names[i]);
        snprintf(where, sizeof where, "full, %s, %s", what, name);
        if (!zg_rig_compare(rig, where, batch, directions, 3, probes, n_probes))
            return false; /* one message says enough */
    }
    return true;
}

static void test_losses(void)
{
    const struct zg_model_shape *shape;
    const char *name;
    for (int64_t i = 0; (shape = zg_fixture_shape(i, &name)); i++) {
        struct zg_rig rig;
        if (!open_full(&rig, shape, zg_conformance_subject->mechanisms, 1 + i % 3))
            continue;
        compare(&rig, name, NULL, 1 + i, many_probes, 5);
        /* A loop that rounds W where it writes: norms and tables of a sharpened model pass that on
         * by more than zg_rig_tolerance() knows of. */
        if (rig.options.dtype == ZG_FP32 || !zg_rig_writes(&rig)) {
            sharpen(&rig);
            compare(&rig, name, NULL, 1 + i, many_probes, 5); /* the update is folded or kept */
        }
        zg_rig_close(&rig);
    }
}

/* What is pending under the V that is probed with. */
static void test_pending(void)
{
    for (int64_t i = 1; i <= 2; i++) { /* tied, untied */
        struct zg_rig rig;
        if (!open_full(&rig, zg_fixture_shape(i, NULL), zg_conformance_subject->mechanisms,
                       zg_conformance_subject->n_threads))
            return;
        const struct zg_direction direction = full(31, 5, 3);
        update_by(&rig, &direction, 0.05f);
        update_by(&rig, &direction, 0.05f);
        compare(&rig, "pending", NULL, 3, many_probes, 5);
        zg_rig_close(&rig);
    }
}

static bool has_centred(void)
{
    return (zg_conformance_subject->engine->mechanisms & ZG_MECHANISM_BIT(ZG_M_CENTRED)) != 0;
}

static void test_pairs(void)
{
    const uint32_t centred = ZG_MECHANISM_BIT(ZG_M_CENTRED);
    const struct zg_model_shape *shape;
    const char *name;
    for (int64_t i = 0; has_centred() && (shape = zg_fixture_shape(i, &name)); i++) {
        struct zg_rig rig;
        if (!open_full(&rig, shape, zg_conformance_subject->mechanisms | centred, 1 + i % 3))
            continue;
        if (i != 1)
            sharpen(&rig);
        compare(&rig, name, NULL, 1 + i, i % 2 ? pairs : pairs + 1, i % 2 ? 4 : 2);
        if (i == 2)
            compare(&rig, "unpaired", NULL, 2, many_probes, 5);
        zg_rig_close(&rig);
    }
}

/* The mechanisms without this one and without those that need it. */
static uint32_t without(uint32_t mechanisms, enum zg_mechanism m)
{
    mechanisms &= ~ZG_MECHANISM_BIT(m);
    for (int pass = 0; pass < ZG_N_MECHANISMS; pass++)
        for (int n = 0; n < ZG_N_MECHANISMS; n++)
            if (zg_mechanism_needs((enum zg_mechanism)n) & ~mechanisms)
                mechanisms &= ~ZG_MECHANISM_BIT((unsigned)n);
    return mechanisms;
}

static bool compare_mechanisms(uint32_t mechanisms, const char *what)
{
    static const char *const names[] = {"one-token options", "stems that part late",
                                        "shared and equal examples", "language model, gold answers",
                                        NULL};
    struct zg_rig rig;
    bool equal = true;
    for (int64_t i = 0; i <= 2 && equal; i += 2) { /* tied, untied */
        equal = open_full(&rig, zg_fixture_shape(i, NULL), mechanisms, 1);
        if (!equal)
            break;
        sharpen(&rig);
        equal = compare(&rig, what, names, 2, pairs, 4) &&
                compare(&rig, what, names, 2, many_probes, 3);
        zg_rig_close(&rig);
    }
    return equal;
}

/* All mechanisms, all without one each (and without what needs it), and none; those that a dtype
 * needs stay. */
static void test_mechanisms(void)
{
    const uint32_t declared = zg_conformance_subject->engine->mechanisms;
    const bool low = zg_conformance_subject->dtype != ZG_FP32;
    const uint32_t least =
        low ? zg_conformance_subject->mechanisms & ZG_MECHANISM_BIT(ZG_M_BANK) : 0;
    bool equal = compare_mechanisms(declared, "all mechanisms");
    for (int m = 0; m < ZG_N_MECHANISMS && equal; m++) {
        const uint32_t fewer = without(declared, (enum zg_mechanism)m);
        if (declared & ZG_MECHANISM_BIT((unsigned)m) && (fewer & least) == least)
            equal = compare_mechanisms(fewer, zg_mechanism_name((enum zg_mechanism)m));
    }
    if (equal && !least)
        compare_mechanisms(0, "no mechanism");
}

/* One direction of each scope in a step, with clean probes between; then updates of either, and of
 * both, under one V and the next: linear ones leave what is pending of the others alone. */
static void test_mixed(void)
{
    struct zg_rig rig;
    if (!open_full(&rig, zg_fixture_shape(1, NULL), zg_conformance_subject->mechanisms,
                   zg_conformance_subject->n_threads))
        return;
    const struct zg_batch *batch = zg_fixture_batch_find("options of many tokens");
    const struct zg_probe probes[] = {{0, 1e-2f}, {1, -1e-2f}, {0, 0}, {1, 1e-2f}, {0, -1e-2f}};
    static const struct zg_probe linear_alone[] = {{0, 1e-2f}, {0, -1e-2f}};
    for (uint64_t step = 0; step < 6; step++) {
        struct zg_direction d[] = {zg_rig_direction(40 + step, step / 3, 2),
                                   full(50 + step, step / 3, 2)};
        const struct zg_update updates[] = {{0, 0.02f}, {1, -0.03f}};
        struct zg_error err = {0};
        zg_rig_compare(&rig, "mixed scopes", batch, d, 2, probes, 5);
        zg_rig_compare(&rig, "linear beside full", batch, d, 2, linear_alone, 2);
        const uint64_t first = step % 3 == 2 ? 0 : step % 3 == 0 ? 0 : 1;
        const int64_t n = step % 3 == 2 ? 2 : 1;
        const enum zg_status status = rig.engine->apply(rig.state, updates + first, n, 0, &err);
        zg_rig_expect(status == ZG_OK, "apply: %s", err.text);
        for (int64_t i = 0; i < n; i++)
            zg_reference_add(rig.reference, &d[updates[first + (uint64_t)i].direction],
                             -(double)updates[first + (uint64_t)i].coefficient);
        rig.n_writes += zg_rig_writes(&rig) ? n : 0;
    }
    double scale = 0;
    const double difference = zg_rig_weight_difference(&rig, &scale);
    zg_rig_expect(difference <= (8 + 4 * 12) * zg_rig_unit(&rig) * scale,
                  "weights differ by %.3g of %.3g", difference, scale);
    zg_rig_close(&rig);
}

enum { N_STEPS = 8 };

/* As run_steps() of conformance_steps.c, which explains the bounds. */
static void run_steps(const char *text, uint32_t mechanisms, int64_t shape)
{
    struct zg_algorithm_choice lozo = {0};
    CU_ASSERT_EQUAL_FATAL(zg_algorithm_parse(text, &lozo, NULL), ZG_OK);
    const double eps = 1e-2, lr = 5e-4, rank = 2;
    zg_algorithm_set_real(&lozo, "eps", eps);
    zg_algorithm_set_real(&lozo, "lr", lr);
    lozo.seed = 17;
    lozo.scope = ZG_SCOPE_FULL;
    static const char *const batches[] = {"long and short", "one-token options",
                                          "language model, gold answers"};
    struct zg_rig rig;
    if (!open_full(&rig, zg_fixture_shape(shape, NULL), mechanisms,
                   zg_conformance_subject->n_threads))
        return;
    zg_rig_sharpen(&rig);
    double moved = 0, allowed = 0;
    for (uint64_t step = 0; step < N_STEPS; step++) {
        struct zg_error err = {0};
        struct zg_step got;
        const struct zg_batch *batch = zg_fixture_batch_find(batches[step % 3]);
        const enum zg_status status =
            zg_step_run(&lozo, rig.engine, rig.state, step, batch, NULL, &got, &err);
        if (!zg_rig_expect(status == ZG_OK, "full %s, step %d: %s", text, (int)step, err.text))
            break;
        const struct zg_direction *d = &got.question.directions[0];
        double loss[2];
        for (int p = 0; p < 2; p++) {
            zg_reference_add(rig.reference, d, p == 0 ? eps : -eps);
            loss[p] = zg_reference_score(rig.reference, batch, NULL, NULL);
            zg_reference_add(rig.reference, d, p == 0 ? -eps : eps);
        }
        const double want = (loss[0] - loss[1]) / (2 * eps);
        zg_reference_add(rig.reference, d, -lr * want);
        rig.n_writes += zg_rig_writes(&rig) ? 5 : 0;
        const double tolerance = zg_rig_tolerance(&rig, fmax(loss[0], loss[1])) / eps;
        zg_rig_expect(fabs(got.answer.gradient[0] - want) <= tolerance,
                      "full %s, step %d: projected gradient %.9g, reference %.9g +- %.2g", text,
                      (int)step, got.answer.gradient[0], want, tolerance);
        moved += pow(want * lr, 2) * rank;
        allowed += tolerance * lr * 25;
    }
    double scale = 0;
    const double difference = zg_rig_weight_difference(&rig, &scale);
    allowed += 5 * N_STEPS * zg_rig_unit(&rig) * scale;
    zg_rig_expect(difference <= allowed, "full %s: weights differ by %.3g, allowed %.3g", text,
                  difference, allowed);
    zg_rig_expect(sqrt(moved) > 5 * allowed || rig.options.dtype != ZG_FP32,
                  "full %s: weights moved by %.3g only, allowed %.3g", text, sqrt(moved), allowed);
    zg_rig_close(&rig);
}

/* V redrawn in each step and in every third: folded, and banked where the engine has a bank. */
static void test_steps(void)
{
    const uint32_t bank = ZG_MECHANISM_BIT(ZG_M_BANK);
    const uint32_t in_use = zg_conformance_subject->mechanisms & ~bank;
    const uint32_t kept = in_use | (zg_conformance_subject->engine->mechanisms & bank);
    static const char *const texts[] = {"lozo:nu=1", "lozo:nu=3"};
    for (int64_t i = 0; i < 2; i++) {
        if (zg_conformance_subject->dtype == ZG_FP32)
            run_steps(texts[i], in_use, 1 + i);
        if (kept & bank)
            run_steps(texts[i], kept, 2 - i);
    }
}

static void test_memory(void)
{
    if (!zg_malloc_count_works()) {
        printf("skipped: this build cannot count allocations ");
        return;
    }
    struct zg_rig rig;
    if (!open_full(&rig, zg_fixture_shape(3, NULL), zg_conformance_subject->mechanisms,
                   zg_conformance_subject->n_threads))
        return;
    double loss[2];
    struct zg_scores out = {.loss = loss};
    struct zg_error err = {0};
    enum zg_status status = ZG_OK;
    const int64_t own = zg_malloc_count_own();
    for (uint64_t step = 0; !status && step < 4; step++) {
        const struct zg_direction d = full(step, step / 2, 2);
        const struct zg_update update = {0, 1e-3f};
        const struct zg_batch *batch = zg_fixture_batch((int64_t)step, NULL);
        status = rig.engine->begin(rig.state, &d, 1, &err);
        status = status ? status : rig.engine->score(rig.state, batch, pairs + 1, 2, &out, &err);
        status = status ? status : rig.engine->apply(rig.state, &update, 1, 0, &err);
    }
    const int64_t n_own = zg_malloc_count_own() - own;
    zg_rig_expect(status == ZG_OK, "%s", err.text);
    zg_rig_expect(n_own == 0, "the engine allocates %lld times in 4 steps", (long long)n_own);
    zg_rig_close(&rig);
}

/* Useful FLOPs are the same in all engines; what is executed adds up. */
static void test_cost(void)
{
    struct zg_rig rig;
    if (!open_full(&rig, zg_fixture_shape(2, NULL), zg_conformance_subject->mechanisms, 1))
        return;
    const struct zg_batch *batch = zg_fixture_batch_find("long and short");
    const struct zg_direction d = full(1, 2, 2), linear = zg_rig_direction(1, 2, 2);
    double loss[2], sum = 0;
    struct zg_scores out = {.loss = loss};
    struct zg_cost cost = {0};
    CU_ASSERT_EQUAL(rig.engine->begin(rig.state, &d, 1, NULL), ZG_OK);
    CU_ASSERT_EQUAL(rig.engine->score(rig.state, batch, pairs + 1, 2, &out, NULL), ZG_OK);
    rig.engine->cost(rig.state, &cost);
    const double useful = zg_useful_flops(&rig.shape, batch, pairs + 1, 2, &d);
    CU_ASSERT(useful > zg_useful_flops(&rig.shape, batch, pairs + 1, 2, &linear));
    CU_ASSERT_DOUBLE_EQUAL(cost.useful_flops, useful, 1e-9 * useful);
    CU_ASSERT(cost.executed_flops >= useful);
    for (int p = 0; p < ZG_N_PHASES; p++)
        sum += cost.phase_flops[p];
    CU_ASSERT_DOUBLE_EQUAL(sum, cost.executed_flops, 1e-9 * sum);
    zg_rig_close(&rig);
}

/* An engine that was not told of scope full takes it, or refuses it in words and goes on. */
static void test_unannounced(void)
{
    struct zg_rig rig;
    if (!zg_rig_open(&rig, zg_fixture_shape(1, NULL), zg_conformance_subject->mechanisms, 1))
        return;
    const struct zg_direction d = full(1, 2, 2), linear = zg_rig_direction(1, 2, 2);
    const struct zg_batch *batch = zg_fixture_batch_find("one-token options");
    struct zg_error err = {0};
    const enum zg_status status = rig.engine->begin(rig.state, &d, 1, &err);
    zg_rig_expect(status == ZG_OK || (status == ZG_USAGE && err.text[0]), "status %d", (int)status);
    if (status == ZG_OK)
        zg_rig_compare(&rig, "full, unannounced", batch, &d, 1, pairs + 1, 2);
    zg_rig_compare(&rig, "linear after it", batch, &linear, 1, pairs + 1, 2);
    zg_rig_close(&rig);
}

/* ---- layers ---------------------------------------------------------------------------------- */

/* Of three layers the first, the middle one, the last two: losses of both signs, centred where that
 * is to be had, and weights after updates of each in turn under one V, which is folded or kept. */
static void test_layers(void)
{
    static const struct zg_layer_range ranges[] = {{0, 1}, {1, 2}, {1, 0}, {2, 3}};
    const struct zg_probe probes[] = {{0, 1e-2f}, {1, 2e-2f}, {0, -1e-2f}, {1, -2e-2f}, {0, 0}};
    const uint32_t centred =
        zg_conformance_subject->engine->mechanisms & ZG_MECHANISM_BIT(ZG_M_CENTRED);
    struct zg_rig rig;
    if (zg_conformance_subject->n_resident > 0 ||
        !zg_rig_open(&rig, zg_fixture_shape(3, NULL), zg_conformance_subject->mechanisms | centred,
                     zg_conformance_subject->n_threads))
        return;
    zg_rig_sharpen(&rig);
    for (size_t i = 0; i < 2 * sizeof ranges / sizeof ranges[0]; i++) {
        struct zg_direction d[] = {zg_rig_direction(60 + i, i / 4, 2),
                                   zg_rig_direction(80 + i, i / 4, 2)};
        const struct zg_update update = {1, 0.02f};
        struct zg_error err = {0};
        d[0].layers = d[1].layers = ranges[i % 4];
        zg_rig_compare(&rig, "layers", zg_fixture_batch_find("one-token options"), d, 2, probes, 4);
        zg_rig_compare(&rig, "layers", zg_fixture_batch_find("long and short"), d, 2, probes, 5);
        const enum zg_status status = rig.engine->apply(rig.state, &update, 1, 0, &err);
        zg_rig_expect(status == ZG_OK, "apply: %s", err.text);
        zg_reference_add(rig.reference, &d[1], -(double)update.coefficient);
        rig.n_writes += zg_rig_writes(&rig);
    }
    double scale = 0;
    const double difference = zg_rig_weight_difference(&rig, &scale);
    zg_rig_expect(difference <= (8 + 4 * 16) * zg_rig_unit(&rig) * scale,
                  "weights differ by %.3g of %.3g", difference, scale);
    zg_rig_close(&rig);
}

const struct zg_test zg_conformance_full[] = {
    {"scope full: losses on every shape and batch", test_losses},
    {"scope full: pending updates of the V in use", test_pending},
    {"scope full: pairs on every shape and batch", test_pairs},
    {"scope full: each mechanism on and off", test_mechanisms},
    {"scope full: beside linear directions", test_mixed},
    {"scope full: eight LoZO steps across redraws of V", test_steps},
    {"scope full: a step allocates nothing", test_memory},
    {"scope full: cost", test_cost},
    {"scope full: an engine that was not opened for it", test_unannounced},
    {"scope linear: some layers alone", test_layers},
    {NULL, NULL},
};
