/* test_bank.c - mechanism `bank`: W is read only, a full bank is refused in words, ranks may
 * differ. */
#include "engines/zo.h"
#include "tests/support/cunit_run.h"
#include "tests/support/fixtures.h"
#include "tests/support/reference.h"

#include <math.h>
#include <string.h>

#define LAZY (ZG_MECHANISM_BIT(ZG_M_LAZY) | ZG_MECHANISM_BIT(ZG_M_ADAPTER))
#define BANK (LAZY | ZG_MECHANISM_BIT(ZG_M_BANK))

struct bench {
    const struct zg_engine *engine;
    struct zg_engine_options options;
    struct zg_model *model;
    struct zg_engine_state *state;
};

static void open_bench(struct bench *b, uint32_t mechanisms, int64_t max_bank)
{
    *b = (struct bench){.engine = zg_engine_find("fused")};
    b->options = zg_engine_options_default(b->engine);
    b->options.mechanisms |= mechanisms;
    b->options.limits.max_rank = 3;
    b->options.limits.max_bank = max_bank;
    zg_engine_limits_include(&b->options.limits, zg_fixture_batch(0, NULL));
    CU_ASSERT_FATAL(!zg_model_open_shape(&b->model, "bank", zg_fixture_shape(1, NULL), 7, NULL));
    CU_ASSERT_FATAL(!b->engine->open(&b->state, b->model, &b->options, NULL));
}

static void close_bench(struct bench *b)
{
    b->engine->close(&b->state);
    zg_model_close(&b->model);
}

static struct zg_direction direction(uint64_t seed_u, uint64_t seed_v, int64_t rank)
{
    return (struct zg_direction){.rank = rank, .scale = 1, .seed_u = seed_u, .seed_v = seed_v};
}

/* One step with a fixed coefficient; the loss at W + 1e-2 D. */
static double step(struct bench *b, const struct zg_direction *d, struct zg_error *err)
{
    const struct zg_probe probe = {0, 1e-2f};
    const struct zg_update update = {0, 0.02f};
    double loss = NAN;
    struct zg_scores out = {.loss = &loss};
    enum zg_status status = b->engine->begin(b->state, d, 1, err);
    status = status ? status
                    : b->engine->score(b->state, zg_fixture_batch(0, NULL), &probe, 1, &out, err);
    status = status ? status : b->engine->apply(b->state, &update, 1, 0, err);
    return status ? NAN : loss;
}

static void test_full(void)
{
    struct bench b;
    struct zg_error err = {0};
    open_bench(&b, BANK, 2);
    for (uint64_t v = 0; v < 3;
         v++) { /* two redraws with an update to keep, and one that has none */
        const struct zg_direction d = direction(v, v, 2);
        CU_ASSERT(isfinite(step(&b, &d, &err)));
    }
    const struct zg_direction next = direction(3, 3, 2), same = direction(3, 2, 2);
    CU_ASSERT_EQUAL(b.engine->begin(b.state, &next, 1, &err), ZG_USAGE);
    CU_ASSERT_STRING_EQUAL(err.text,
                           "the bank is full after 2 redraws of V: open with a larger one, or "
                           "redraw V less often (nu)");
    err = (struct zg_error){0};
    CU_ASSERT(isfinite(step(&b, &same, &err))); /* the engine goes on with the V that it has */
    close_bench(&b);
}

/* A V that was never updated leaves nothing to keep. */
static void test_no_update(void)
{
    struct bench b;
    open_bench(&b, BANK, 0);
    for (uint64_t v = 0; v < 4; v++) {
        const struct zg_direction d = direction(v, v, 2);
        CU_ASSERT_EQUAL(b.engine->begin(b.state, &d, 1, NULL), ZG_OK);
    }
    close_bench(&b);
}

/* Ranks 1, 3, 2, 1, ...: losses and weights as the reference has them. */
static void test_ranks(void)
{
    enum { N_STEPS = 8 };
    struct bench b;
    struct zg_reference *reference = NULL;
    struct zg_error err = {0};
    const struct zg_batch *batch = zg_fixture_batch(0, NULL);
    open_bench(&b, BANK, N_STEPS);
    CU_ASSERT_FATAL(!zg_reference_open(&reference, b.model, NULL));
    for (uint64_t i = 0; i < N_STEPS; i++) {
        const struct zg_direction d = direction(i, 90 + i, (int64_t)(i * 2 % 3) + 1);
        const double loss = step(&b, &d, &err);
        zg_reference_add(reference, &d, (double)1e-2f);
        const double want = zg_reference_score(reference, batch, NULL, NULL);
        zg_reference_add(reference, &d, -(double)1e-2f - (double)0.02f);
        /* as conformance.c derives it: 2 u sqrt(40) sqrt(18) < 60 u */
        CU_ASSERT_DOUBLE_EQUAL(loss, want, 60 * 0x1p-24 * (1 + want));
    }
    const struct zg_model_shape *shape = zg_model_shape(b.model);
    double difference = 0, largest = 0;
    for (int32_t id = zg_tensor_layer(0, ZG_T_Q_WEIGHT); id < zg_tensor_end(shape->n_layers);
         id++) {
        int64_t n_rows, n_cols;
        float row[64];
        CU_ASSERT_FATAL(zg_model_tensor_size(shape, id, &n_rows, &n_cols) && n_cols <= 64);
        for (int64_t i = 0; i < n_rows; i++) {
            CU_ASSERT_FATAL(!b.engine->read(b.state, id, i, 1, row, 64, NULL));
            for (int64_t k = 0; k < n_cols; k++) {
                const double want = zg_reference_weight(reference, id, i, k);
                difference = fmax(difference, fabs((double)row[k] - want));
                largest = fmax(largest, fabs(want));
            }
        }
    }
    /* at most 3 products a step, each rounded once when added and once in the sum */
    CU_ASSERT(difference <= 2 * 3 * N_STEPS * 0x1p-24 * largest);
    zg_reference_close(&reference);
    close_bench(&b);
}

/* The bank is executed work and no useful one. */
static void test_cost(void)
{
    struct bench b[2];
    struct zg_cost cost[2];
    const uint32_t mechanisms[2] = {LAZY, BANK};
    for (int i = 0; i < 2; i++) {
        open_bench(&b[i], mechanisms[i], 4);
        for (uint64_t v = 0; v < 4; v++) {
            const struct zg_direction d = direction(v, v, 2);
            CU_ASSERT(isfinite(step(&b[i], &d, NULL)));
        }
        b[i].engine->cost(b[i].state, &cost[i]);
        close_bench(&b[i]);
    }
    CU_ASSERT_EQUAL(cost[0].useful_flops, cost[1].useful_flops);
    CU_ASSERT(cost[0].phase_flops[ZG_PHASE_FOLD] > 0 && cost[1].phase_flops[ZG_PHASE_FOLD] == 0);
    /* t = V^T x with four V in the place of one; the panels' columns A of three more V */
    CU_ASSERT(cost[1].phase_flops[ZG_PHASE_ADAPTER] > 2 * cost[0].phase_flops[ZG_PHASE_ADAPTER]);
    CU_ASSERT(cost[1].phase_flops[ZG_PHASE_FC1] > cost[0].phase_flops[ZG_PHASE_FC1]);
}

int main(void)
{
    static const struct zg_test tests[] = {{"a full bank is refused", test_full},
                                           {"a V without updates takes no room", test_no_update},
                                           {"ranks may differ", test_ranks},
                                           {"cost", test_cost},
                                           {NULL, NULL}};
    return zg_test_run("engines/runtime/bank", tests);
}
