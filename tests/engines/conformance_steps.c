/* conformance_steps.c - whole steps: projected gradients, weights across a redraw of V, several
 * updates, decay. */
#include "tests/engines/conformance.h"

#include "engines/algorithm/step.h"
#include "engines/base/size.h"
#include "tests/support/fixtures.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N_STEPS = 11 };

/* The same step in the reference: its own losses, its own coefficient; the update goes along what
 * was announced last. */
static double reference_step(struct zg_reference *reference, const struct zg_algorithm_choice *lozo,
                             uint64_t step, const struct zg_batch *batch)
{
    struct zg_question q;
    lozo->algorithm->announce(lozo, step, NULL, &q);
    const double eps = (double)(float)zg_algorithm_real(lozo, "eps");
    const double lr = (double)(float)zg_algorithm_real(lozo, "lr");
    zg_reference_add(reference, &q.directions[0], eps);
    const double plus = zg_reference_score(reference, batch, NULL, NULL);
    zg_reference_add(reference, &q.directions[0], -2 * eps);
    const double minus = zg_reference_score(reference, batch, NULL, NULL);
    zg_reference_add(reference, &q.directions[0], eps);
    const double c = (plus - minus) / (2 * eps);
    zg_reference_add(reference, &q.directions[q.n_directions - 1], -lr * c);
    return c;
}

/* Each step's coefficient may be off by the tolerance of two losses over 2 eps.  The engine's
 * weights then may be off by lr times that times the largest |D| <= |u| |v| <= 25 scale: the norm
 * of r = 2 deviates exceeds 5 once in 3e5 draws. The fp32 weights themselves round in each of up to
 * 5 writes a step. */
static void run_steps(const char *text, uint32_t mechanisms, const char *what)
{
    struct zg_algorithm_choice lozo = {0};
    CU_ASSERT_EQUAL_FATAL(zg_algorithm_parse(text, &lozo, NULL), ZG_OK);
    lozo.seed = 17;
    zg_algorithm_set_real(&lozo, "eps", 2e-2);
    zg_algorithm_set_real(&lozo, "lr", 2e-3);
    const double lr = 2e-3, eps = 2e-2, rank = 2;
    const bool rms = strcmp(zg_algorithm_word(&lozo, "direction-scale"), "rms") == 0;
    static const char *const batches[] = {"long and short", "different option counts",
                                          "language model, gold answers"};
    struct zg_rig rig;
    if (!zg_rig_open(&rig, zg_fixture_shape(1, NULL), mechanisms,
                     zg_conformance_subject->n_threads))
        return;
    zg_rig_sharpen(&rig);
    double moved = 0, allowed = 0, largest_c = 0;
    for (uint64_t step = 0; step < N_STEPS; step++) {
        struct zg_error err = {0};
        struct zg_step got;
        const struct zg_batch *batch = zg_fixture_batch_find(batches[step % 3]);
        const enum zg_status status =
            zg_step_run(&lozo, rig.engine, rig.state, step, batch, NULL, &got, &err);
        if (!zg_rig_expect(status == ZG_OK, "%s, step %d: %s", what, (int)step, err.text))
            break;
        const double want = reference_step(rig.reference, &lozo, step, batch);
        rig.n_writes += zg_rig_writes(&rig) ? 5 : 0;
        const double tolerance = zg_rig_tolerance(&rig, fmax(got.loss[0], got.loss[1])) / eps;
        zg_rig_expect(fabs(got.answer.gradient[0] - want) <= tolerance,
                      "%s, step %d: projected gradient %.9g, reference %.9g +- %.2g", what,
                      (int)step, got.answer.gradient[0], want, tolerance);
        const double scale_d = rms ? sqrt(1 / rank) : 1, largest_d = 25 * scale_d;
        moved += pow(want * lr * scale_d, 2) * rank;
        allowed += tolerance * lr * largest_d;
        largest_c = fmax(largest_c, fabs(want));
    }
    double scale = 0;
    const double difference = zg_rig_weight_difference(&rig, &scale);
    const double unit = zg_rig_unit(&rig);
    allowed += 5 * N_STEPS * unit * scale;
    zg_rig_expect(difference <= allowed, "%s: weights differ by %.3g, allowed %.3g", what,
                  difference, allowed);
    /* The test says something only where the weights moved (rms of an element) further than they
     * may differ. */
    moved = sqrt(moved);
    zg_rig_expect(moved > 5 * allowed || rig.options.dtype != ZG_FP32,
                  "%s: weights moved by %.3g only, allowed %.3g", what, moved, allowed);
    printf("c up to %.2g, dW %.1g of %.1g ", largest_c, difference, allowed);
    zg_rig_close(&rig);
}

static void test_correct(void)
{
    run_steps("lozo:nu=4", zg_conformance_subject->mechanisms, "correct");
}
static void test_official(void)
{
    run_steps("lozo:nu=4+direction=official", zg_conformance_subject->mechanisms, "official");
}
static void test_rms(void)
{
    run_steps("lozo:nu=4+direction-scale=rms", zg_conformance_subject->mechanisms, "rms scale");
}

/* V redrawn in each step, in every second, in every third: folded, and banked where the engine has
 * a bank. */
static void test_redraws(void)
{
    const uint32_t bank = ZG_MECHANISM_BIT(ZG_M_BANK);
    const uint32_t in_use = zg_conformance_subject->mechanisms & ~bank;
    const uint32_t kept = in_use | (zg_conformance_subject->engine->mechanisms & bank);
    static const char *const texts[] = {"lozo:nu=1", "lozo:nu=2", "lozo:nu=3"};
    for (int i = 0; i < 3; i++) {
        if (zg_conformance_subject->dtype == ZG_FP32)
            run_steps(texts[i], in_use, "folded");
        if (kept & bank)
            run_steps(texts[i], kept, "bank");
    }
}

/* Two updates of two directions at once, then losses, then a change of V: pending state must be
 * folded or kept. */
static void test_many_updates(void)
{
    struct zg_rig rig;
    if (!zg_rig_open(&rig, zg_fixture_shape(2, NULL), zg_conformance_subject->mechanisms,
                     zg_conformance_subject->n_threads))
        return;
    const struct zg_batch *batch = zg_fixture_batch_find("shared and equal examples");
    const struct zg_probe probes[] = {{0, 1e-2f}, {1, -1e-2f}, {0, 0}};
    for (uint64_t v = 0; v < 3; v++)
        for (uint64_t u = 0; u < 2; u++) {
            const struct zg_direction d[] = {zg_rig_direction(10 * v + u, v, 2),
                                             zg_rig_direction(10 * v + u + 5, v, 2)};
            const struct zg_update updates[] = {{0, 0.02f}, {1, -0.03f}};
            struct zg_error err = {0};
            zg_rig_compare(&rig, "before two updates", batch, d, 2, probes, 3);
            const enum zg_status status = rig.engine->apply(rig.state, updates, 2, 0.0f, &err);
            zg_rig_expect(status == ZG_OK, "apply: %s", err.text);
            zg_reference_add(rig.reference, &d[0], -(double)updates[0].coefficient);
            zg_reference_add(rig.reference, &d[1], -(double)updates[1].coefficient);
        }
    double scale = 0;
    const double difference = zg_rig_weight_difference(&rig, &scale);
    /* 12 updates; a score of naive writes the weights 4 times, and 12 scores were made */
    const double unit = zg_rig_unit(&rig);
    zg_rig_expect(difference <= (12 + 4 * 12) * unit * scale, "weights differ by %.3g", difference);
    zg_rig_close(&rig);
}

/* Decay is honoured, or refused in words; with an update, and alone. */
static void decay(int64_t n_updates)
{
    struct zg_rig rig;
    if (!zg_rig_open(&rig, zg_fixture_shape(0, NULL), zg_conformance_subject->mechanisms, 1))
        return;
    struct zg_error err = {0};
    const struct zg_direction d = zg_rig_direction(3, 4, 2);
    const struct zg_update update = {0, 0.01f};
    enum zg_status status = rig.engine->begin(rig.state, &d, 1, &err);
    if (zg_rig_expect(status == ZG_OK, "begin: %s", err.text)) {
        float before = 0, after = 0;
        const int32_t q = zg_tensor_layer(0, ZG_T_Q_WEIGHT);
        struct zg_reference *r = rig.reference;
        const double w = zg_reference_weight(r, q, 0, 0);
        if (n_updates > 0)
            zg_reference_add(r, &d, -(double)update.coefficient);
        const double step = zg_reference_weight(r, q, 0, 0) - w;
        float row[64];
        status = rig.engine->read(rig.state, q, 0, 1, row, 64, &err);
        before = row[0];
        status = status ? status : rig.engine->apply(rig.state, &update, n_updates, 0.25f, &err);
        if (status == ZG_OK) {
            status = rig.engine->read(rig.state, q, 0, 1, row, 64, &err);
            after = row[0];
            zg_rig_expect(fabs((double)after - (0.75 * (double)before + step)) <
                              4 * zg_rig_unit(&rig) * (fabs((double)before) + fabs(step)),
                          "%d updates and decay: %.9g became %.9g", (int)n_updates, (double)before,
                          (double)after);
        } else {
            zg_rig_expect(status == ZG_USAGE && err.text[0], "decay: status %d", (int)status);
        }
    }
    zg_rig_close(&rig);
}

static void test_decay(void)
{
    decay(1);
    decay(0);
}

const struct zg_test zg_conformance_steps[] = {
    {"eleven LoZO steps across redraws of V", test_correct},
    {"the same with the official update", test_official},
    {"the same with rms scale", test_rms},
    {"redraws of V in every step, in every second, in every third", test_redraws},
    {"two updates a step, three V", test_many_updates},
    {"weight decay", test_decay},
    {NULL, NULL},
};
