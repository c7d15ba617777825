/* conformance_passes.c - a batch in several passes has the losses of one; and steps done again from
 * their losses come to the same weights, bit for bit, also in an engine that writes its probes into
 * them. */
#include "tests/engines/conformance.h"

#include "engines/algorithm/passes.h"
#include "engines/algorithm/step.h"
#include "tests/support/fixtures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows of a pass in these tests: one example, two or so, most, all. */
static const int64_t rows[] = {1, 24, 60, 0};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

/* ---- losses ---------------------------------------------------------------------------------- */

static void compare_arrays(const struct zg_rig *rig, const char *what, const double *a,
                           const double *b, int64_t n)
{
    double difference = 0, allowed = 0;
    for (int64_t i = 0; i < n; i++) {
        difference = fmax(difference, fabs(a[i] - b[i]));
        allowed = fmax(allowed, 2 * zg_rig_tolerance(rig, fmax(fabs(a[i]), fabs(b[i]))));
    }
    zg_rig_expect(difference <= allowed, "%s: differ by %.3g, allowed %.3g", what, difference,
                  allowed);
}

static void test_batch(struct zg_rig *rig, const char *name, const struct zg_batch *batch)
{
    static const struct zg_probe probes[] = {{0, 1e-2f}, {0, -1e-2f}, {0, 0}};
    const struct zg_direction direction = zg_rig_direction(3, 4, 2);
    const int64_t n_examples = batch->n_examples, n_options = zg_fixture_n_options(batch);
    const size_t n = (size_t)(3 * (n_examples + n_options));
    double *const whole = calloc(2 * n, sizeof *whole), *const parts = whole + n;
    double loss[3], loss_parts[3];
    struct zg_passes room = {0};
    struct zg_error err = {0};
    struct zg_scores scores = {
        .loss = loss, .example_loss = whole, .option_score = whole + 3 * n_examples};
    enum zg_status status = rig->engine->begin(rig->state, &direction, 1, &err);
    if (!status)
        status = rig->engine->score(rig->state, batch, probes, 3, &scores, &err);
    if (!status)
        status = zg_passes_open(&room, &rig->options.limits, &err);
    for (int i = 0; i < N_ROWS && !status; i++) {
        char what[128];
        snprintf(what, sizeof what, "%s in passes of %d", name, (int)rows[i]);
        scores = (struct zg_scores){
            .loss = loss_parts, .example_loss = parts, .option_score = parts + 3 * n_examples};
        status = zg_passes_score(&room, rig->engine, rig->state, batch, rows[i], probes, 3, &scores,
                                 &err);
        if (status)
            break;
        compare_arrays(rig, what, loss, loss_parts, 3);
        compare_arrays(rig, what, whole, parts, (int64_t)n);
        status =
            zg_passes_loss(rig->engine, rig->state, batch, rows[i], probes, 3, loss_parts, &err);
        compare_arrays(rig, what, loss, loss_parts, 3);
    }
    zg_rig_expect(status == ZG_OK, "%s: %s", name, err.text);
    zg_passes_close(&room);
    free(whole);
}

static void test_losses(void)
{
    struct zg_rig rig;
    const struct zg_batch *batch;
    const char *name;
    if (!zg_rig_open(&rig, zg_fixture_shape(1, NULL), zg_conformance_subject->mechanisms,
                     zg_conformance_subject->n_threads))
        return;
    for (int64_t i = 0; (batch = zg_fixture_batch(i, &name)); i++)
        test_batch(&rig, name, batch);
    zg_rig_close(&rig);
}

/* ---- steps again ----------------------------------------------------------------------------- */

enum { N_STEPS = 9 };

static bool same_weights(struct zg_rig *a, struct zg_rig *b)
{
    bool same = true;
    for (int32_t id = 0; id < zg_tensor_end(zg_shape_n_resident(&a->shape)) && same; id++) {
        int64_t n_rows, n_cols;
        if (!zg_model_tensor_size(&a->shape, id, &n_rows, &n_cols))
            continue;
        const size_t n = (size_t)(n_rows * n_cols);
        float *const x = calloc(2 * n, sizeof *x), *const y = x + n;
        same = !a->engine->read(a->state, id, 0, n_rows, x, n_cols, NULL) &&
               !b->engine->read(b->state, id, 0, n_rows, y, n_cols, NULL) &&
               memcmp(x, y, n * sizeof *x) == 0;
        free(x);
    }
    return same;
}

/* One rig trains in passes of max_rows, evaluating in between; the other does the steps again. */
static void replay_steps(const char *text, enum zg_scope scope, uint32_t mechanisms,
                         int64_t max_rows)
{
    static const char *const batches[] = {"long and short", "different option counts",
                                          "language model, gold answers"};
    struct zg_algorithm_choice choice = {0};
    struct zg_rig trained, again;
    struct zg_step step;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(zg_algorithm_parse(text, &choice, NULL), ZG_OK);
    choice.seed = 5;
    choice.scope = scope;
    if (!zg_rig_open_algorithm(&trained, zg_fixture_shape(1, NULL), mechanisms,
                               zg_conformance_subject->n_threads, &choice))
        return;
    if (!zg_rig_open_algorithm(&again, zg_fixture_shape(1, NULL), mechanisms,
                               zg_conformance_subject->n_threads, &choice)) {
        zg_rig_close(&trained);
        return;
    }
    enum zg_status status = ZG_OK;
    for (uint64_t t = 0; t < N_STEPS && !status; t++) {
        static const struct zg_probe clean = {0, 0};
        const struct zg_batch *const batch = zg_fixture_batch_find(batches[t % 3]);
        double loss[ZG_MAX_PROBES];
        status = zg_step_run_passes(&choice, trained.engine, trained.state, t, batch, max_rows,
                                    NULL, &step, &err);
        zg_rig_expect(step.n_passes == (max_rows ? zg_passes_count(batch, max_rows) : 1),
                      "%d passes", (int)step.n_passes);
        memcpy(loss, step.loss, sizeof loss);
        if (!status)
            status = zg_step_replay(&choice, again.engine, again.state, t, loss, step.n_passes,
                                    NULL, &step, &err);
        if (t + 1 == N_STEPS) /* the last update is pending in both */
            break;
        struct zg_question next; /* what an evaluation announces */
        choice.algorithm->announce(&choice, t + 1, NULL, &next);
        if (!status)
            status = trained.engine->begin(trained.state, next.directions, next.n_directions, &err);
        if (!status)
            status = zg_passes_loss(trained.engine, trained.state, batch, max_rows, &clean, 1, loss,
                                    &err);
    }
    zg_rig_expect(status == ZG_OK, "%s: %s", text, err.text);
    zg_rig_expect(same_weights(&trained, &again), "%s, passes of %d: other weights", text,
                  (int)max_rows);
    zg_rig_close(&trained);
    zg_rig_close(&again);
}

static void test_replay(void)
{
    const uint32_t all = zg_conformance_subject->mechanisms;
    for (int i = 0; i < N_ROWS; i++)
        replay_steps("lozo:nu=4+lr=1e-3+eps=1e-2", ZG_SCOPE_LINEAR, all, rows[i]);
    replay_steps("lozo:nu=1+lr=1e-3+eps=1e-2", ZG_SCOPE_LINEAR, all, 24);
    replay_steps("lozo:nu=4+lr=1e-3+eps=1e-2+direction=official", ZG_SCOPE_LINEAR, all, 24);
    if (zg_conformance_subject->engine->scopes & 1u << ZG_SCOPE_FULL)
        replay_steps("lozo:nu=4+lr=1e-3+eps=1e-2", ZG_SCOPE_FULL, all, 24);
    if (zg_conformance_subject->dtype == ZG_FP32) /* weights written from probe to probe */
        replay_steps("lozo:nu=4+lr=1e-3+eps=1e-2", ZG_SCOPE_LINEAR, 0, 24);
}

static void test_refused(void)
{
    struct zg_rig rig;
    struct zg_error err = {0};
    const struct zg_direction d = zg_rig_direction(1, 2, 2);
    const struct zg_probe bad = {1, 0.1f};
    if (!zg_rig_open(&rig, zg_fixture_shape(0, NULL), zg_conformance_subject->mechanisms, 1))
        return;
    CU_ASSERT_EQUAL(rig.engine->begin(rig.state, &d, 1, NULL), ZG_OK);
    if (rig.engine->retrace) {
        CU_ASSERT_EQUAL(rig.engine->retrace(rig.state, &bad, 1, &err), ZG_USAGE);
        CU_ASSERT_STRING_EQUAL(err.text, "probe 0: direction 1 of 1 announced");
    }
    zg_rig_close(&rig);
}

const struct zg_test zg_conformance_passes[] = {
    {"losses in passes are those of one", test_losses},
    {"steps again from their losses", test_replay},
    {"what cannot be retraced", test_refused},
    {NULL, NULL},
};
