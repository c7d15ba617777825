/* test_engine.c - what conformance leaves of the loop: a model whose layers repeat costs what its
 * full depth would, and a change enters its weights once; bf16.  Losses are test_conformance's
 * (--layers-resident, --dtype). */
#include <string.h>

#include "engines/zo.h"
#include "tests/support/cunit_run.h"
#include "tests/support/fixtures.h"

static const struct zg_model_shape shape = {.n_layers = 5,
                                            .d_model = 16,
                                            .n_heads = 2,
                                            .d_ffn = 40,
                                            .n_vocab = 101,
                                            .n_positions = 64,
                                            .tied_head = true};

static struct zg_model *model_open(int64_t n_resident)
{
    struct zg_model *model = NULL;
    CU_ASSERT_FATAL(!zg_model_open_shape(&model, "five layers", &shape, 7, NULL));
    CU_ASSERT_FATAL(!zg_model_alias_layers(model, n_resident, NULL));
    return model;
}

static struct zg_engine_state *engine_open(const struct zg_model *model, enum zg_dtype dtype,
                                           int64_t n_threads)
{
    const struct zg_engine *engine = zg_engine_find("naive");
    const struct zg_engine_setting setting = {"gemm", "reference"};
    struct zg_engine_options o = zg_engine_options_default(engine);
    o.dtype = o.dtype_d = dtype;
    o.n_threads = n_threads;
    o.settings = &setting;
    o.n_settings = 1;
    o.limits.max_probes = 4;
    zg_engine_limits_include(&o.limits, zg_fixture_batch(0, NULL));
    struct zg_engine_state *state = NULL;
    CU_ASSERT_FATAL(!engine->open(&state, model, &o, NULL));
    return state;
}

static struct zg_direction direction_of(enum zg_direction_kind kind, enum zg_scope scope)
{
    return (struct zg_direction){
        .kind = kind, .scope = scope, .rank = 2, .scale = 1, .seed_u = 3, .seed_v = 4};
}

static struct zg_cost step_cost(enum zg_dtype dtype, int64_t n_resident,
                                const struct zg_direction *direction)
{
    const struct zg_engine *engine = zg_engine_find("naive");
    struct zg_model *model = model_open(n_resident);
    struct zg_engine_state *state = engine_open(model, dtype, 2);
    const struct zg_probe pair[] = {{0, 1e-2f}, {0, -1e-2f}};
    const struct zg_update update = {0, 1e-2f};
    double loss[2];
    struct zg_scores out = {.loss = loss};
    struct zg_cost cost;
    CU_ASSERT(!engine->begin(state, direction, 1, NULL));
    CU_ASSERT(!engine->score(state, zg_fixture_batch(0, NULL), pair, 2, &out, NULL));
    CU_ASSERT(!engine->apply(state, &update, 1, 0, NULL));
    engine->cost(state, &cost);
    engine->close(&state);
    zg_model_close(&model);
    return cost;
}

/* Counts of work are sums of integers below 2^53: exact, in any order. */
static void test_cost(void)
{
    for (int kind = ZG_DIRECTION_LOWRANK; kind <= ZG_DIRECTION_RADEMACHER; kind++)
        for (int scope = ZG_SCOPE_LINEAR; scope <= ZG_SCOPE_FULL; scope++) {
            const struct zg_direction d =
                direction_of((enum zg_direction_kind)kind, (enum zg_scope)scope);
            const struct zg_cost full = step_cost(ZG_FP32, 5, &d);
            for (int64_t n_resident = 1; n_resident < 5; n_resident++) {
                const struct zg_cost cost = step_cost(ZG_FP32, n_resident, &d);
                CU_ASSERT_EQUAL(cost.useful_flops, full.useful_flops);
                CU_ASSERT_EQUAL(cost.executed_flops, full.executed_flops);
                for (int p = 0; p < ZG_N_PHASES; p++) {
                    CU_ASSERT_EQUAL(cost.phase_flops[p], full.phase_flops[p]);
                    CU_ASSERT_EQUAL(cost.phase_bytes[p], full.phase_bytes[p]);
                }
            }
        }
}

/* Products count, norms, sums and ReLU do not: the runtime's engines count the same. */
static void test_cost_of_products(void)
{
    const struct zg_direction d = direction_of(ZG_DIRECTION_LOWRANK, ZG_SCOPE_LINEAR);
    const struct zg_cost cost = step_cost(ZG_FP32, 5, &d);
    const double n_rows = 2 * (double)cost.n_rows, square = 2.0 * 16 * 16, mlp = 2.0 * 16 * 40;
    CU_ASSERT_EQUAL(cost.phase_flops[ZG_PHASE_QKV], 5 * n_rows * 3 * square);
    CU_ASSERT_EQUAL(cost.phase_flops[ZG_PHASE_OUT], 5 * n_rows * square);
    CU_ASSERT_EQUAL(cost.phase_flops[ZG_PHASE_FC1], 5 * n_rows * mlp);
    CU_ASSERT_EQUAL(cost.phase_flops[ZG_PHASE_FC2], 5 * n_rows * mlp);
    CU_ASSERT_EQUAL(cost.phase_flops[ZG_PHASE_HEAD], n_rows * 2 * 16 * 101);
    CU_ASSERT_EQUAL(cost.phase_flops[ZG_PHASE_PERTURB],
                    3 * 5 * (4 * square + 2 * mlp) * (double)d.rank);
    const enum zg_phase none[] = {ZG_PHASE_EMBED, ZG_PHASE_NORM, ZG_PHASE_LOSS};
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(cost.phase_flops[none[i]], 0);
}

/* A dense direction has no rank, whatever its field says. */
static void test_cost_dense(void)
{
    struct zg_direction d = direction_of(ZG_DIRECTION_DENSE, ZG_SCOPE_LINEAR);
    static const struct zg_probe pair[] = {{0, 1e-2f}, {0, -1e-2f}};
    const double useful = zg_useful_flops(&shape, zg_fixture_batch(0, NULL), pair, 2, &d);
    for (d.rank = 0; d.rank <= 2; d.rank++)
        CU_ASSERT_EQUAL(step_cost(ZG_FP32, 5, &d).useful_flops, useful);
}

/* Which directions the probes have is counted, not which were announced; a clean one has none. */
static void test_cost_directions(void)
{
    const struct zg_engine *engine = zg_engine_find("naive");
    struct zg_direction d[2] = {direction_of(ZG_DIRECTION_DENSE, ZG_SCOPE_LINEAR),
                                direction_of(ZG_DIRECTION_DENSE, ZG_SCOPE_LINEAR)};
    d[1].seed_u = 5;
    const struct {
        int64_t n_probes;
        struct zg_probe probes[4];
    } known[] = {
        {1, {{1, 1e-2f}}},
        {2, {{0, 0}, {1, 0}}},
        {3, {{0, 0}, {1, 1e-2f}, {1, -1e-2f}}},
        {4, {{1, 1e-2f}, {1, -1e-2f}, {1, 2e-2f}, {1, -2e-2f}}},
        {4, {{0, 1e-2f}, {1, 1e-2f}, {0, -1e-2f}, {1, -1e-2f}}},
    };
    struct zg_model *model = model_open(5);
    struct zg_engine_state *state = engine_open(model, ZG_FP32, 1);
    const struct zg_batch *batch = zg_fixture_batch(0, NULL);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        double loss[4];
        struct zg_scores out = {.loss = loss};
        struct zg_cost cost;
        CU_ASSERT(!engine->begin(state, d, 2, NULL));
        CU_ASSERT(!engine->score(state, batch, known[i].probes, known[i].n_probes, &out, NULL));
        engine->cost(state, &cost);
        CU_ASSERT_EQUAL(cost.useful_flops,
                        zg_useful_flops(&shape, batch, known[i].probes, known[i].n_probes, d));
    }
    engine->close(&state);
    zg_model_close(&model);
}

/* A weight of bf16 is read and written as two bytes; the products are as many. */
static void test_cost_bf16(void)
{
    const struct zg_direction d = direction_of(ZG_DIRECTION_LOWRANK, ZG_SCOPE_LINEAR);
    const struct zg_cost wide = step_cost(ZG_FP32, 3, &d), low = step_cost(ZG_BF16, 3, &d);
    CU_ASSERT_EQUAL(low.executed_flops, wide.executed_flops);
    CU_ASSERT_EQUAL(2 * low.phase_bytes[ZG_PHASE_PERTURB], wide.phase_bytes[ZG_PHASE_PERTURB]);
    CU_ASSERT_EQUAL(2 * low.phase_bytes[ZG_PHASE_UPDATE], wide.phase_bytes[ZG_PHASE_UPDATE]);
    CU_ASSERT(low.phase_bytes[ZG_PHASE_FC1] < wide.phase_bytes[ZG_PHASE_FC1]);
}

/* The weights of layer 1 after one update with decay, which are the same in both: ids name the
 * streams. */
static void weights_after(enum zg_dtype dtype, int64_t n_resident, int64_t n_threads,
                          const struct zg_direction *direction, float *q, float *bias)
{
    const struct zg_engine *engine = zg_engine_find("naive");
    struct zg_model *model = model_open(n_resident);
    struct zg_engine_state *state = engine_open(model, dtype, n_threads);
    const struct zg_update update = {0, 0.3f};
    CU_ASSERT(!engine->begin(state, direction, 1, NULL));
    CU_ASSERT(!engine->apply(state, &update, 1, 0.25f, NULL));
    const int32_t id = zg_tensor_layer(1, ZG_T_Q_WEIGHT);
    CU_ASSERT(!engine->read(state, id, 0, 16, q, 16, NULL));
    CU_ASSERT(!engine->read(state, id + 1, 0, 16, bias, 1, NULL));
    engine->close(&state);
    zg_model_close(&model);
}

static void test_change_enters_once(void)
{
    const struct zg_direction directions[] = {direction_of(ZG_DIRECTION_LOWRANK, ZG_SCOPE_FULL),
                                              direction_of(ZG_DIRECTION_DENSE, ZG_SCOPE_FULL)};
    const enum zg_dtype dtypes[] = {ZG_FP32, ZG_BF16};
    for (int i = 0; i < 4; i++) {
        const struct zg_direction *d = &directions[i / 2];
        float want[256], want_bias[16], q[256], bias[16];
        weights_after(dtypes[i % 2], 5, 1, d, want, want_bias);
        for (int64_t n_resident = 2; n_resident < 5; n_resident++)
            for (int64_t n_threads = 1; n_threads <= 3; n_threads++) {
                weights_after(dtypes[i % 2], n_resident, n_threads, d, q, bias);
                CU_ASSERT_EQUAL(memcmp(q, want, sizeof q), 0);
                CU_ASSERT_EQUAL(memcmp(bias, want_bias, sizeof bias), 0);
            }
    }
}

/* Without a setting bf16 opens; a library that lacks it here is refused, and the message says which
 * have it. */
static void test_gemm_of_bf16(void)
{
    const struct zg_engine *engine = zg_engine_find("naive");
    const struct zg_engine_setting setting = {"gemm", "onednn"};
    struct zg_engine_options o = zg_engine_options_default(engine);
    struct zg_engine_state *state = NULL;
    struct zg_error err = {0};
    struct zg_model *model = model_open(1);
    o.dtype = o.dtype_d = ZG_BF16;
    CU_ASSERT_EQUAL(engine->open(&state, model, &o, &err), ZG_OK);
    engine->close(&state);
    o.settings = &setting;
    o.n_settings = 1;
    if (engine->open(&state, model, &o, &err)) {
        CU_ASSERT_PTR_NULL(state);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "use gemm="));
        o.n_settings = 0;
        CU_ASSERT_STRING_NOT_EQUAL(zg_engine_setting_value(engine, &o, "gemm"), "onednn");
    }
    engine->close(&state);
    zg_model_close(&model);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"cost of the full depth", test_cost},
        {"cost of bf16", test_cost_bf16},
        {"cost of products", test_cost_of_products},
        {"cost of dense directions", test_cost_dense},
        {"cost of several directions", test_cost_directions},
        {"a change enters once", test_change_enters_once},
        {"gemm of bf16", test_gemm_of_bf16},
        {NULL, NULL},
    };
    return zg_test_run("naive engine", tests);
}
