/* test_cost.c - what the engine says that it moved: weights in their dtype, of a pair in both. */
#include "engines/zo.h"
#include "tests/support/cunit_run.h"
#include "tests/support/fixtures.h"

enum { N_LAYERS = 3, D = 16, FFN = 40, RANK = 2 };

static const struct zg_model_shape shape = {.n_layers = N_LAYERS,
                                            .d_model = D,
                                            .n_heads = 2,
                                            .d_ffn = FFN,
                                            .n_vocab = 101,
                                            .n_positions = 64,
                                            .tied_head = true};

static struct zg_cost step_cost(enum zg_dtype dtype, enum zg_dtype dtype_d, uint32_t off)
{
    const struct zg_engine *engine = zg_engine_find("fused");
    const struct zg_direction direction = {.rank = RANK, .scale = 1, .seed_u = 3, .seed_v = 4};
    const struct zg_probe pair[] = {{0, 1e-2f}, {0, -1e-2f}};
    struct zg_engine_options o = zg_engine_options_default(engine);
    struct zg_engine_state *state = NULL;
    struct zg_model *model = NULL;
    struct zg_cost cost;
    double loss[2];
    struct zg_scores out = {.loss = loss};
    o.dtype = dtype;
    o.dtype_d = dtype_d;
    o.mechanisms = engine->mechanisms & ~off;
    zg_engine_limits_include(&o.limits, zg_fixture_batch(0, NULL));
    CU_ASSERT_FATAL(!zg_model_open_shape(&model, "three layers", &shape, 7, NULL));
    CU_ASSERT_FATAL(!engine->open(&state, model, &o, NULL));
    CU_ASSERT(!engine->begin(state, &direction, 1, NULL));
    CU_ASSERT(!engine->score(state, zg_fixture_batch(0, NULL), pair, 2, &out, NULL));
    engine->cost(state, &cost);
    engine->close(&state);
    zg_model_close(&model);
    return cost;
}

/* An fp32 weight is four bytes, and the layers visit each once a step.  Sums of integers: exact. */
static void test_bytes(void)
{
    const double n = N_LAYERS * FFN * D; /* of fc1, and of fc2 */
    const enum zg_dtype dtypes[][2] = {
        {ZG_BF16, ZG_BF16}, {ZG_INT8, ZG_INT8}, {ZG_BF16, ZG_INT8}, {ZG_FP32, ZG_BF16}};
    const double weight_bytes[] = {2, 1, 2 + 1, 4 + 2};
    const struct zg_cost wide = step_cost(ZG_FP32, ZG_FP32, 0);
    for (int i = 0; i < 4; i++) {
        const struct zg_cost cost = step_cost(dtypes[i][0], dtypes[i][1], 0);
        /* Both panels of a pair have the adapters' columns, RANK floats a row: U alone, for there
         * was no update. */
        const double extra = dtypes[i][0] != dtypes[i][1] ? 4 * N_LAYERS * RANK : 0;
        const double more = (weight_bytes[i] - 4) * n;
        CU_ASSERT_EQUAL(cost.executed_flops, wide.executed_flops);
        CU_ASSERT_EQUAL(cost.phase_bytes[ZG_PHASE_FC1],
                        wide.phase_bytes[ZG_PHASE_FC1] + more + extra * FFN);
        CU_ASSERT_EQUAL(cost.phase_bytes[ZG_PHASE_FC2],
                        wide.phase_bytes[ZG_PHASE_FC2] + more + extra * D);
        CU_ASSERT_EQUAL(cost.phase_bytes[ZG_PHASE_HEAD], wide.phase_bytes[ZG_PHASE_HEAD]);
    }
}

/* Where the first layer's q, k, v part, U t is a product a probe; centred one a pair. */
static void test_expand(void)
{
    const struct zg_cost centred = step_cost(ZG_FP32, ZG_FP32, 0);
    const struct zg_cost plain = step_cost(ZG_FP32, ZG_FP32, ZG_MECHANISM_BIT(ZG_M_CENTRED));
    const double n_rows = (double)plain.n_rows / 2; /* of one probe */
    CU_ASSERT_EQUAL(centred.n_rows, plain.n_rows);
    CU_ASSERT_EQUAL(plain.executed_flops - centred.executed_flops, n_rows * 2 * 3 * D * RANK);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"bytes by dtype", test_bytes}, {"one U t for a centred pair", test_expand}, {NULL, NULL}};
    return zg_test_run("engines/runtime/cost", tests);
}
